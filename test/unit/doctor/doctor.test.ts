import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { judgeSpace } from "../../../src/actions/doctor/folder.js";
import { runIapp } from "../../helpers/run-iapp.js";
import { clinic } from "./clinic.js";

describe("iapp doctor on a machine that is well", () => {
  it("says so, and exits with 0", async () => {
    const { run, cwd, env } = await clinic();
    await writeFile(join(cwd, "a.ipynb"), "{}");
    const { code, result } = await run();
    expect(result.findings.filter(({ level }) => level !== "ok")).toEqual([]);
    expect([code, result.ok]).toEqual([0, true]);
    const checks = new Set(result.findings.map(({ check }) => check));
    for (const check of ["node", "python", "resolver", "index", "clock", "folder", "disk", "notebook", "locks"])
      expect(checks).toContain(check);
    expect((await runIapp(["doctor"], { cwd, env })).stdout).toMatch(/All is well\.$/);
  });
});

describe("iapp doctor finds", () => {
  it("that there is no Python", async () => {
    const { cwd, env } = await clinic();
    const { code, stdout } = await runIapp(["doctor"], { cwd, env: { ...env, PATH: join(cwd, "nothing") } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/fail {2}python +no Python is found on the path\n +→ Install Python 3\.9 to 3\.13/);
  });

  it("that the only Python is too old, or none", async () => {
    const { cwd, env, run, found } = await clinic();
    const bin = join(cwd, "bin");
    await mkdir(bin);
    const program = (text: string): Promise<void> =>
      writeFile(join(bin, "python3"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    env.PATH = `${bin}:/nowhere`;
    await program(`echo '["/old/python3", "3.6.15", true]'`);
    expect(found((await run()).result, "python")).toEqual([
      "fail no Python that notebooks can run in; found: 3.6.15 (/old/python3)",
    ]);
    await program("echo 'Python was not found; get it from the shop'; exit 9");
    expect(found((await run()).result, "python")).toEqual(["fail no Python is found on the path"]);
    await program(`echo '["/usr/bin/python3", "3.11.2", false]'`);
    const { result } = await run();
    expect(found(result, "python")).toEqual([
      "fail no Python can make virtual environments: 3.11.2 (/usr/bin/python3)",
    ]);
    expect(found(result, "resolver")).toEqual(["warn neither uv nor a Python with pip"]);
    await writeFile(join(bin, "uv"), "#!/bin/sh\necho 'uv 0.9.9 (abc 2026-01-01)'\n", { mode: 0o755 });
    const { result: helped } = await run();
    expect(found(helped, "resolver")).toEqual([`ok uv 0.9.9 (${bin}/uv)`]);
    expect(found(helped, "python")).toEqual(["ok Python 3.11.2 (/usr/bin/python3)"]);
  });

  it("what is wrong in iapp.yaml, and a notebook that it names in vain", async () => {
    const { cwd, run, found } = await clinic();
    await writeFile(join(cwd, "iapp.yaml"), "nme: x\nport: 80\n");
    const broken = await run();
    expect(found(broken.result, "config")).toEqual(["fail iapp.yaml:1:1: unknown key 'nme' (did you mean name?)"]);
    expect(broken.code).toBe(1);
    await writeFile(join(cwd, "iapp.yaml"), "notebook: gone.ipynb\n");
    const { code, result } = await run();
    expect(found(result, "config")).toEqual(["ok iapp.yaml is right"]);
    expect(found(result, "notebook")).toEqual(["fail iapp.yaml names gone.ipynb, which is not there"]);
    expect(code).toBe(1);
  });

  const administrator = process.getuid?.() === 0;
  afterEach(() => {
    if (administrator) process.seteuid!(0);
  });

  it("that the folder may not be written to", async () => {
    const { cwd, run, found } = await clinic();
    await chmod(join(cwd, ".."), 0o755);
    await chmod(cwd, 0o555);
    // An administrator may write everywhere: stand in for another user.
    if (administrator) process.seteuid!(65534);
    const { code, result } = await run();
    if (administrator) process.seteuid!(0);
    await chmod(cwd, 0o755);
    expect(found(result, "folder")).toEqual([`fail ${cwd} cannot be written to: permission is denied`]);
    expect(code).toBe(1);
  });

  it.each([
    [100e9, 1e6, "ok 93 GB free"],
    [3e9, null, "ok 2861 MB free"],
    [1e9, 1e6, "warn 953 MB free: enough for a small environment only"],
    [2e8, 1e6, "fail 190 MB free: too little for an environment"],
    [100e9, 12, "fail the file system has room for 12 more files only"],
  ])("how much room there is: %d bytes, %d inodes", (bytes, inodes, expected) => {
    const { level, text } = judgeSpace(bytes, inodes);
    expect(`${level} ${text}`).toBe(expected);
  });
});
