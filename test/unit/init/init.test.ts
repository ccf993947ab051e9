import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runIapp, temporaryFolder } from "../../helpers/run-iapp.js";

const notebook = (...cells: string[]): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "python3", language: "python", display_name: "Python 3" } },
    cells: cells.map((source, i) => ({
      cell_type: "code",
      id: `c${i}`,
      metadata: {},
      execution_count: i + 1,
      source,
      outputs: [],
    })),
  });
const MODEL = notebook(
  "import pandas as pd\nfrom sklearn.linear_model import LinearRegression",
  "df = pd.read_csv('rows.csv')",
  "model = LinearRegression().fit(df[['a']], df['b'])",
  "pred = model.predict(df[['a']])",
);

describe("iapp init", () => {
  it("lists its templates, also as JSON", async () => {
    const cwd = await temporaryFolder();
    const { code, json } = await runIapp(["init", "--list-templates", "--json"], { cwd });
    expect(code).toBe(0);
    const { templates } = json() as { templates: { name: string; notebook: string; description: string }[] };
    expect(templates.map(({ name }) => name)).toEqual(["churn", "house-prices", "tickets"]);
    for (const one of templates) expect(one.description.length).toBeGreaterThan(20);
  });

  it.each(["churn", "house-prices", "tickets"])("scaffolds %s without asking", async (name) => {
    const cwd = await temporaryFolder();
    const { code, json } = await runIapp(["init", "project", "--template", name, "--yes", "--json"], { cwd });
    expect(code).toBe(0);
    const files = await readdir(join(cwd, "project"));
    expect(files).toEqual(
      expect.arrayContaining([(json() as { notebook: string }).notebook, "requirements.txt", ".gitignore"]),
    );
    expect(files).not.toContain("template.json");
    expect(await readdir(cwd)).toEqual(["project"]);
  });

  it("changes nothing when it is run again", async () => {
    const cwd = await temporaryFolder();
    await runIapp(["init", ".", "--template", "churn", "--yes"], { cwd });
    const { code, json } = await runIapp(["init", ".", "--template", "churn", "--yes", "--json"], { cwd });
    expect(code).toBe(0);
    expect((json() as { written: string[] }).written).toEqual([]);
  });

  it("never overwrites without being told", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "requirements.txt"), "mine\n");
    const refused = await runIapp(["init", ".", "--template", "churn", "--yes"], { cwd });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/1 file is in the way .*requirements\.txt/);
    expect(await readFile(join(cwd, "requirements.txt"), "utf8")).toBe("mine\n");
    expect(await readdir(cwd)).toEqual(["requirements.txt"]);
    const declined = await runIapp(["init", ".", "--template", "churn"], { cwd, answers: { "--force": false } });
    expect(declined.code).toBe(3);
    expect((await runIapp(["init", ".", "--template", "churn", "--force"], { cwd })).code).toBe(0);
    expect(await readFile(join(cwd, "requirements.txt"), "utf8")).not.toBe("mine\n");
  });

  it("adopts a folder, saying what would be served", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    await mkdir(join(cwd, ".git"));
    const { code, stdout } = await runIapp(["init"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/serves model \(LinearRegression, cell [34]/);
    expect(stdout).toMatch(/rows\.csv \(not found here\)/);
    expect(stdout).toMatch(/iapp deploy one\.ipynb/);
    expect(await readFile(join(cwd, ".gitignore"), "utf8")).toBe(".iapp/\n");
    expect(await readdir(cwd)).not.toContain("iapp.yaml");
  });

  it("asks which of several notebooks, or takes the only one with a model", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "explore.ipynb"), notebook("print(1)"));
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    expect((await runIapp(["init", "--json"], { cwd })).json()).toMatchObject({ notebook: "one.ipynb" });
    await writeFile(join(cwd, "two.ipynb"), MODEL);
    await writeFile(join(cwd, "iapp.yaml"), "name: kept\n");
    const unasked = await runIapp(["init"], { cwd });
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toMatch(/--notebook FILE/);
    expect((await runIapp(["init", "--notebook", "two.ipynb", "--json"], { cwd })).json()).toMatchObject({
      notebook: "two.ipynb",
    });
    expect(await readFile(join(cwd, "iapp.yaml"), "utf8")).toBe("name: kept\n");
  });

  it("writes iapp.yaml when a name is given", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "one.ipynb"), MODEL);
    await runIapp(["init", "--name", "My App", "--yes"], { cwd });
    expect(await readFile(join(cwd, "iapp.yaml"), "utf8")).toBe("name: my-app\n");
  });

  it("names the nearest template, and says what an empty folder needs", async () => {
    const cwd = await temporaryFolder();
    expect((await runIapp(["init", "x", "--template", "chrun"], { cwd })).stderr).toMatch(/Did you mean churn\?/);
    const { code, stderr } = await runIapp(["init"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/holds no notebook/);
  });

  it("shows what it would write with --dry-run", async () => {
    const cwd = await temporaryFolder();
    const { stdout } = await runIapp(["init", "x", "--template", "tickets", "--dry-run"], { cwd });
    expect(stdout).toMatch(/Would write into .*tickets\.ipynb/s);
    expect(await readdir(cwd)).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)("says that a folder is read-only", async () => {
    const cwd = await temporaryFolder();
    await chmod(cwd, 0o555);
    const { code, stderr } = await runIapp(["init", "x", "--template", "churn", "--yes"], { cwd });
    await chmod(cwd, 0o755);
    expect(code).toBe(1);
    expect(stderr).toMatch(/permission is denied/);
  });
});
