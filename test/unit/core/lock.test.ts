import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { acquireLock, readOwner } from "../../../src/core/lock.js";

it("can be taken from somebody who lives, who sees it and leaves the new one's lock alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "iapp-lock-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "lock");
  const first = await acquireLock(path, { command: "first" });
  expect(first.held()).toBe(true);
  await expect(acquireLock(path, { command: "second" })).rejects.toMatchObject({ code: "IAPP_LOCK_TAKEN" });
  const second = await acquireLock(path, { command: "second", force: true });
  expect([first.held(), second.held()]).toEqual([false, true]);
  await first.release();
  expect(await readOwner(path)).toMatchObject({ command: "second" });
  await second.release();
  expect(await readOwner(path)).toBe(null);
  expect(second.held()).toBe(false);
});
