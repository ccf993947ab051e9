import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { InitResult } from "../../../src/actions/init/index.js";
import { runIapp, temporaryFolder } from "../../helpers/run-iapp.js";

describe("iapp init from a template", () => {
  it("lists the templates, also as JSON", async () => {
    const cwd = await temporaryFolder();
    const { code, json } = await runIapp(["init", "--list-templates", "--json"], { cwd });
    expect(code).toBe(0);
    const { templates } = json() as { templates: { name: string; notebook: string; description: string }[] };
    expect(templates.map(({ name }) => name)).toEqual(["churn", "house-prices", "tickets"]);
    for (const one of templates) expect(one.description.length).toBeGreaterThan(20);
    expect((await runIapp(["init", "-l"], { cwd })).stdout).toMatch(/^tickets +Which queue/m);
  });

  it.each(["churn", "house-prices", "tickets"])("copies %s whole, without asking", async (name) => {
    const cwd = await temporaryFolder();
    const { code, json } = await runIapp(["init", "a/project", "--template", name, "--yes", "--json"], { cwd });
    expect(code).toBe(0);
    const result = json() as InitResult;
    const files = await readdir(join(cwd, "a/project"));
    expect(files.sort()).toEqual(result.files.map(({ path }) => path).sort());
    expect(files).toEqual(expect.arrayContaining([result.notebook, "README.md", "requirements.txt", ".gitignore"]));
    expect(files).not.toContain("template.json");
    expect(files).not.toContain("iapp.yaml");
    expect([await readdir(cwd), await readdir(join(cwd, "a"))]).toEqual([["a"], ["project"]]);
    expect(result.next).toEqual([
      "cd a/project",
      `iapp check ${name}.ipynb`,
      `iapp deploy ${name}.ipynb`,
      "iapp predict --example",
      "iapp logs",
    ]);
  });

  it("takes the template that the folder is named after", async () => {
    const cwd = await temporaryFolder();
    expect((await runIapp(["init", "tickets"], { cwd })).code).toBe(0);
    expect(await readdir(join(cwd, "tickets"))).toContain("tickets.csv");
  });

  it("never fills the current folder unasked", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "letter.txt"), "mine");
    expect((await runIapp(["init", "--template", "churn"], { cwd })).code).toBe(0);
    expect((await readdir(cwd)).sort()).toEqual(["churn", "letter.txt"]);
    expect((await runIapp(["init", ".", "--template", "churn"], { cwd })).code).toBe(0);
    expect(await readdir(cwd)).toContain("churn.ipynb");
  });

  it("changes nothing when it is run again", async () => {
    const cwd = await temporaryFolder();
    await runIapp(["init", "x", "--template", "churn", "--yes"], { cwd });
    const { code, json } = await runIapp(["init", "x", "--template", "churn", "--yes", "--json"], { cwd });
    expect(code).toBe(0);
    expect((json() as InitResult).files.every(({ action }) => action === "keep")).toBe(true);
  });

  it("never overwrites without being told, not even with --yes", async () => {
    const cwd = await temporaryFolder();
    const mine = join(cwd, "requirements.txt");
    await writeFile(mine, "mine\n");
    const command = ["init", ".", "--template", "churn"];
    for (const refused of [await runIapp(command, { cwd }), await runIapp([...command, "--yes"], { cwd })]) {
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/requirements\.txt[\s\S]*--force/)]);
    }
    const declined = await runIapp(command, { cwd, answers: { "--force": false } });
    expect([declined.code, declined.stderr]).toEqual([3, expect.stringContaining("nothing was written")]);
    expect([await readFile(mine, "utf8"), await readdir(cwd)]).toEqual(["mine\n", ["requirements.txt"]]);
    expect((await runIapp(command, { cwd, answers: { "--force": true } })).code).toBe(0);
    expect(await readFile(mine, "utf8")).toContain("pandas");
    await writeFile(mine, "mine\n");
    expect((await runIapp([...command, "--force"], { cwd })).code).toBe(0);
    expect(await readFile(mine, "utf8")).toContain("pandas");
  });

  it("replaces a link, not what it leads to", async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, "x"));
    await writeFile(join(cwd, "elsewhere"), "theirs");
    await symlink("../elsewhere", join(cwd, "x/README.md"));
    expect((await runIapp(["init", "x", "--template", "churn", "--force"], { cwd })).code).toBe(0);
    expect(await readFile(join(cwd, "elsewhere"), "utf8")).toBe("theirs");
    expect(await readFile(join(cwd, "x/README.md"), "utf8")).toMatch(/^# Customer churn/);
  });

  it("names the app", async () => {
    const cwd = await temporaryFolder();
    await runIapp(["init", "x", "--template", "churn", "--name", "leavers"], { cwd });
    expect(await readFile(join(cwd, "x/iapp.yaml"), "utf8")).toBe("name: leavers\n");
  });

  it("asks for the template on a terminal, and names the flag where nobody can be asked", async () => {
    const cwd = await temporaryFolder();
    const silent = await runIapp(["init"], { cwd });
    expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining("--template churn | house-prices")]);
    const unknown = await runIapp(["init", "x", "--template", "chrun"], { cwd });
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("Did you mean churn?")]);
    const { listTemplates } = await import("../../../src/project/templates.js");
    const [, , tickets] = await listTemplates();
    expect((await runIapp(["init", "x"], { cwd, answers: { "--template": tickets } })).code).toBe(0);
    expect(await readdir(join(cwd, "x"))).toContain("tickets.ipynb");
  });

  it("shows what it would write with --dry-run", async () => {
    const cwd = await temporaryFolder();
    const { stdout } = await runIapp(["init", "x", "--template", "tickets", "--dry-run"], { cwd });
    expect(stdout).toMatch(/would write to .*x:[\s\S]* tickets\.ipynb/);
    expect(await readdir(cwd)).toEqual([]);
  });
});
