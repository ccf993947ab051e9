import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { placeFiles } from "../../../src/actions/init/place.js";
import { runIapp, temporaryFolder } from "../../helpers/run-iapp.js";

const never = new AbortController().signal;
const files = (action: "create" | "overwrite", ...paths: string[]) =>
  paths.map((path) => ({ path, data: `new ${path}`, action }));

describe("files are placed all or none", () => {
  it("in a folder that is new, with the folders above it", async () => {
    const root = await temporaryFolder();
    await placeFiles(join(root, "a/b"), files("create", "x", "deep/er/y"), never);
    expect(await readFile(join(root, "a/b/deep/er/y"), "utf8")).toBe("new deep/er/y");
    expect(await readdir(join(root, "a"))).toEqual(["b"]);
  });

  it("takes back what it placed when one cannot be", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "old"), "as it was");
    await writeFile(join(root, "taken"), "theirs");
    const wanted = [...files("overwrite", "old"), ...files("create", "new", "deep/er/new", "taken")];
    await expect(placeFiles(root, wanted, never)).rejects.toMatchObject({ code: "IAPP_INIT_CONFLICT", exitCode: 2 });
    expect((await readdir(root)).sort()).toEqual(["old", "taken"]);
    expect(await readFile(join(root, "old"), "utf8")).toBe("as it was");
    expect(await readFile(join(root, "taken"), "utf8")).toBe("theirs");
  });

  it("leaves nothing when it is interrupted", async () => {
    const root = await temporaryFolder();
    const abort = new AbortController();
    abort.abort();
    await expect(placeFiles(join(root, "a/b"), files("create", "x"), abort.signal)).rejects.toMatchObject({
      exitCode: 130,
    });
    expect(await readdir(root)).toEqual([]);
  });

  it("says which part of a path is no folder", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "file"), "");
    const { code, stderr } = await runIapp(["init", "file", "--template", "churn"], { cwd: root });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/file is a file/)]);
    const below = await runIapp(["init", "file/x", "--template", "churn"], { cwd: root });
    expect([below.code, below.stderr]).toEqual([1, expect.stringContaining("a part of the path is not a folder")]);
    await mkdir(join(root, "x/README.md"), { recursive: true });
    const folder = await runIapp(["init", "x", "--template", "churn", "--force"], { cwd: root });
    expect([folder.code, folder.stderr]).toEqual([2, expect.stringContaining("README.md is a folder")]);
    expect(await readdir(join(root, "x"))).toEqual(["README.md"]);
  });
});

describe("a folder that may not be written", () => {
  // An administrator may write everywhere: such a test stands in for another user.
  const administrator = process.getuid?.() === 0;
  afterEach(() => {
    if (administrator) process.seteuid!(0);
  });

  it.each([["x"], ["."]])("is a clear error (%s), and nothing is left", async (dir) => {
    const root = await temporaryFolder();
    await chmod(root, 0o555);
    if (administrator) process.seteuid!(65534);
    const { code, stderr } = await runIapp(["init", dir, "--template", "churn", "--yes"], { cwd: root });
    if (administrator) process.seteuid!(0);
    await chmod(root, 0o755);
    expect([code, stderr]).toEqual([1, expect.stringContaining("permission is denied")]);
    expect(await readdir(root)).toEqual([]);
  });
});
