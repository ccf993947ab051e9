import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { DoctorResult } from "../../../src/actions/doctor/index.js";
import { type Outcome, runIapp, temporaryFolder } from "../../helpers/run-iapp.js";

const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"]).toString().trim();

export interface Clinic {
  cwd: string;
  env: Record<string, string>;
  run: (...flags: string[]) => Promise<Outcome & { result: DoctorResult }>;
  /** Levels and texts of one check. */
  found: (result: DoctorResult, check: string) => string[];
}

/** A project folder, a home and a path of its own with one Python, and a package index on loopback. */
export async function clinic(
  answer: RequestListener = (_, response) => response.end("<html></html>"),
): Promise<Clinic> {
  const root = await temporaryFolder();
  const [cwd, bin] = [join(root, "project"), join(root, "bin")];
  await mkdir(cwd);
  await mkdir(bin);
  await symlink(python, join(bin, "python3"));
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const port = (server.address() as AddressInfo).port;
  const env = { PATH: bin, HOME: root, PIP_INDEX_URL: `http://127.0.0.1:${port}/simple` };
  return {
    cwd,
    env,
    run: async (...flags) => {
      const outcome = await runIapp(["doctor", "--json", ...flags], { cwd, env });
      return { ...outcome, result: outcome.json() as DoctorResult };
    },
    found: (result, check) =>
      result.findings.filter((one) => one.check === check).map(({ level, text }) => `${level} ${text}`),
  };
}

/** The id of a process that has ended. */
export function goneProcess(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

export async function writeLock(path: string, pid: number, more: Record<string, unknown> = {}): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  const owner = { pid, start: null, host: hostname(), command: "iapp train a.ipynb", since: "2024-01-01T00:00:00Z" };
  await writeFile(path, JSON.stringify({ ...owner, ...more }));
}
