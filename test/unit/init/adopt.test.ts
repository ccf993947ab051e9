import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { InitResult } from "../../../src/actions/init/index.js";
import { runIapp, temporaryFolder } from "../../helpers/run-iapp.js";
import { MODEL, notebook } from "./notebooks.js";

const there = (path: string): Promise<string | null> => readFile(path, "utf8").catch(() => null);

describe("iapp init in a folder with notebooks", () => {
  it("says what would be served and writes nothing", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    const { code, stdout } = await runIapp(["init"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/one\.ipynb {2}LinearRegression model \(cell \d\); reads rows\.csv \(not here\)/);
    expect(stdout).toContain("Nothing to write");
    expect(stdout).toMatch(/Next\n {2}iapp check one\.ipynb\n {2}iapp deploy one\.ipynb/);
    expect(await readdir(cwd)).toEqual(["one.ipynb"]);
  });

  it("keeps its own folder out of a repository, once", async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, ".git"));
    await mkdir(join(cwd, "study"));
    await writeFile(join(cwd, "study/one.ipynb"), MODEL);
    await writeFile(join(cwd, "study/.gitignore"), "*.log");
    await runIapp(["init", "study"], { cwd });
    expect(await there(join(cwd, "study/.gitignore"))).toBe("*.log\n.iapp/\n");
    await runIapp(["init", "study"], { cwd });
    expect(await there(join(cwd, "study/.gitignore"))).toBe("*.log\n.iapp/\n");
  });

  it.each([[".iapp"], [".iapp/"], ["**/.iapp"], ["/study/.iapp/"], [".*"]])(
    "sees that a repository ignores it already: %s",
    async (rule) => {
      const cwd = await temporaryFolder();
      await mkdir(join(cwd, ".git"));
      await mkdir(join(cwd, "study"));
      await writeFile(join(cwd, ".gitignore"), `${rule}\n`);
      await writeFile(join(cwd, "study/one.ipynb"), MODEL);
      await runIapp(["init", "study"], { cwd });
      expect(await there(join(cwd, "study/.gitignore"))).toBeNull();
    },
  );

  it("takes the only notebook with a model, and remembers which", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "explore.ipynb"), notebook("print(1)"));
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    await writeFile(join(cwd, "broken.ipynb"), '{"cells": [');
    const { json } = await runIapp(["init", "--json"], { cwd });
    const result = json() as InitResult;
    expect(result.notebook).toBe("one.ipynb");
    expect(result.found.map(({ path, problem }) => [path, problem === null])).toEqual([
      ["broken.ipynb", false],
      ["explore.ipynb", false],
      ["one.ipynb", true],
    ]);
    expect(await there(join(cwd, "iapp.yaml"))).toBe("notebook: one.ipynb\n");
  });

  it("asks which of several, or fails naming the flag", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    await mkdir(join(cwd, "deep/er"), { recursive: true });
    await writeFile(join(cwd, "deep/er/two.ipynb"), MODEL);
    await mkdir(join(cwd, ".ipynb_checkpoints"));
    await writeFile(join(cwd, ".ipynb_checkpoints/one-checkpoint.ipynb"), MODEL);
    const unasked = await runIapp(["init", "--yes"], { cwd });
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toMatch(/2 notebooks.*\n.*one\.ipynb: LinearRegression.*\n.*two\.ipynb.*\n.*--notebook/);
    expect(await readdir(cwd)).not.toContain("iapp.yaml");

    const flag = await runIapp(["init", "--notebook", "deep/er/two.ipynb", "--name", "other"], { cwd });
    expect(flag.code).toBe(0);
    expect(await there(join(cwd, "iapp.yaml"))).toBe("name: other\nnotebook: deep/er/two.ipynb\n");

    const near = await runIapp(["init", "--notebook", "tow.ipynb"], { cwd });
    expect([near.code, near.stderr]).toEqual([2, expect.stringContaining("Did you mean two.ipynb?")]);
  });

  it("keeps what iapp.yaml says, and its comments", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    await writeFile(join(cwd, "two.ipynb"), MODEL);
    await writeFile(join(cwd, "iapp.yaml"), "# ours\nport: 8123 # fixed\n");
    await runIapp(["init", "--notebook", "two.ipynb"], { cwd });
    expect(await there(join(cwd, "iapp.yaml"))).toBe("# ours\nport: 8123 # fixed\nnotebook: two.ipynb\n");
    // From now on the file answers.
    expect((await runIapp(["init", "--json"], { cwd })).json()).toMatchObject({ notebook: "two.ipynb" });
    // Another answer is a conflict with what a person may have written.
    const other = await runIapp(["init", "--notebook", "one.ipynb", "--yes"], { cwd });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("iapp.yaml")]);
    await runIapp(["init", "--notebook", "one.ipynb", "--force"], { cwd });
    expect(await there(join(cwd, "iapp.yaml"))).toBe("# ours\nport: 8123 # fixed\nnotebook: one.ipynb\n");
  });

  it("reports everything that is wrong in iapp.yaml", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    await writeFile(join(cwd, "iapp.yaml"), "nme: x\n");
    const { code, stderr } = await runIapp(["init"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("iapp.yaml:1:1: unknown key 'nme' (did you mean name?)");
  });

  it("shows what it would write with --dry-run", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    const { json } = await runIapp(["init", "--name", "mine", "--dry-run", "--json"], { cwd });
    expect(json()).toMatchObject({ dry_run: true, files: [{ path: "iapp.yaml", action: "create" }] });
    expect(await readdir(cwd)).toEqual(["one.ipynb"]);
  });

  it("wants a name that is a name everywhere", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    const { code, stderr } = await runIapp(["init", "--name", "My App"], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("--name my-app")]);
  });
});
