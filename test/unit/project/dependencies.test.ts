import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addDependencies, removeDependencies } from "../../../src/actions/deps/index.js";
import { pypiTwin } from "../../../src/project/conda-names.js";
import { withoutCredentials } from "../../../src/project/environment/lock-text.js";
import { torchSettings, torchSettingsOf } from "../../../src/project/environment/torch.js";
import { systemHints } from "../../../src/project/system-libraries.js";
import { runIapp, temporaryFolder } from "../../helpers/run-iapp.js";

const SECRET = "s3cret-3b1f9e-value";

describe("declared packages", () => {
  it("are changed in requirements.txt with order and comments kept", async () => {
    const root = await temporaryFolder();
    const path = join(root, "requirements.txt");
    await writeFile(path, "# tables\npandas==1.5.3  # as in production\n-r more.txt\nscikit_learn\n");
    const added = await addDependencies(root, ["pandas>=2", "lightgbm", "scikit_learn"]);
    expect(added).toEqual({ file: "requirements.txt", added: ["pandas>=2", "lightgbm"], removed: ["pandas==1.5.3"] });
    expect(await readFile(path, "utf8")).toBe(
      "# tables\npandas>=2  # as in production\n-r more.txt\nscikit_learn\nlightgbm\n",
    );
    const removed = await removeDependencies(root, ["Scikit-Learn"]);
    expect(removed.removed).toEqual(["scikit_learn"]);
    expect(await readFile(path, "utf8")).not.toContain("scikit");
    await expect(removeDependencies(root, ["keras"])).rejects.toThrow("keras is not declared in requirements.txt");
    await expect(addDependencies(root, ["a b"])).rejects.toThrow('"a b" is not a package');
  });

  it("are changed in pyproject.toml where that declares them", async () => {
    const root = await temporaryFolder();
    const path = join(root, "pyproject.toml");
    const rest = '[project]\nname = "x"\nversion = "1"\n';
    await writeFile(
      path,
      `${rest}dependencies = [\n  "pandas>=1",  # tables\n  "numpy",\n]\n\n[tool.other]\nkey = "]"\n`,
    );
    await addDependencies(root, ["pandas>=2", "joblib"]);
    await removeDependencies(root, ["numpy"]);
    const text = await readFile(path, "utf8");
    expect(text).toContain('dependencies = [\n  "pandas>=2",\n  "joblib",\n]');
    expect(text).toContain('[tool.other]\nkey = "]"\n');
  });

  it("make a requirements.txt where there is nothing", async () => {
    const root = await temporaryFolder();
    expect((await addDependencies(root, ["pandas"])).file).toBe("requirements.txt");
    expect(await readFile(join(root, "requirements.txt"), "utf8")).toBe("pandas\n");
  });
});

describe("names", () => {
  it.each([
    ["pytorch", "torch"],
    ["py-opencv", "opencv-python"],
    ["scikit-learn", "scikit-learn"],
    ["cudatoolkit", null],
    ["r-base", null],
    ["libgcc-ng", null],
    ["pytables", "tables"],
  ])("of the conda package %s on PyPI: %s", (conda, pypi) => expect(pypiTwin(conda)).toBe(pypi));

  it("of system packages that Python's own do not bring", () => {
    expect(systemHints(["pandas", "lightgbm", "opencv-python"])).toMatchObject([
      { distribution: "lightgbm", debian: ["libgomp1"] },
      { distribution: "opencv-python", debian: ["libgl1", "libglib2.0-0"] },
    ]);
  });
});

describe("withoutCredentials", () => {
  it.each([
    [`a @ git+https://user:${SECRET}@git.example/a`, "a @ git+https://git.example/a"],
    [`a @ https://${SECRET}@files.example/a.whl`, "a @ https://files.example/a.whl"],
    ["a @ git+ssh://git@git.example/a", "a @ git+ssh://git@git.example/a"],
    ["a==1 --hash=sha256:ab", "a==1 --hash=sha256:ab"],
  ])("%s", (text, shown) => expect(withoutCredentials(text)).toBe(shown));
});

describe("builds of PyTorch", () => {
  it("are those for processors unless somebody chose", () => {
    expect(torchSettings({}, ["torch", "pandas"], false)).toEqual({ UV_TORCH_BACKEND: "cpu" });
    expect(torchSettings({}, ["torch"], true)).toEqual({});
    expect(torchSettings({ UV_TORCH_BACKEND: "cu128" }, ["torch"], false)).toEqual({});
    expect(torchSettings({}, ["pandas", null], false)).toEqual({});
    expect(torchSettingsOf("torch==2.9.0+cpu \\\n  --hash=sha256:aa\n")).toEqual({ UV_TORCH_BACKEND: "cpu" });
    expect(torchSettingsOf("torch==2.9.0\n")).toEqual({});
  });
});

describe("iapp deps", () => {
  async function project(files: Record<string, string>): Promise<string> {
    const root = await temporaryFolder();
    const cells = [
      "import pandas as pd\nimport helper\nfrom sklearn.svm import SVC\n!pip install shap==0.46.0",
      "import json",
    ];
    const notebook = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: cells.map((source) => ({ cell_type: "code", metadata: {}, source, outputs: [], execution_count: null })),
    };
    await mkdir(join(root, ".iapp"));
    await writeFile(join(root, "nb.ipynb"), JSON.stringify(notebook));
    await writeFile(join(root, "helper.py"), "");
    for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
    return root;
  }

  it("tells declared, asked for in the notebook, and missing packages apart, and declares what is missing", async () => {
    const cwd = await project({ "requirements.txt": "pandas==2.2.3\n" });
    const before = await runIapp(["deps", "list", "--json"], { cwd });
    expect(before.code).toBe(1);
    const report = JSON.parse(before.stdout);
    expect(report.missing).toEqual(["scikit-learn"]);
    expect(report.local).toEqual(["helper"]);
    expect(report.dependencies.map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
      ["pandas", "declared"],
      ["scikit-learn", "missing"],
      ["shap", "notebook"],
    ]);
    expect((await runIapp(["deps", "list", "--fix"], { cwd })).code).toBe(0);
    expect(await readFile(join(cwd, "requirements.txt"), "utf8")).toBe("pandas==2.2.3\nscikit-learn\n");
    expect((await runIapp(["deps", "list"], { cwd })).code).toBe(0);
  });

  it("follows the project's own modules to what they import", async () => {
    const cwd = await project({
      "helper.py": "import tools.draw\ntry:\n    import absent_one\nexcept ImportError:\n    absent_one = None\n",
      "draw.py": "import wordcloud  # never imported",
    });
    await mkdir(join(cwd, "tools"));
    await writeFile(join(cwd, "tools", "__init__.py"), "from . import shapes\nimport helper\n");
    const draw =
      "import seaborn as sn\nimport json\nimport shapes\ndef later():\n    import torch\nif __name__ == '__main__':\n    import click\n";
    await writeFile(join(cwd, "tools", "draw.py"), draw);
    await writeFile(join(cwd, "tools", "shapes.py"), "from sklearn import tree\nimport graphviz\n");
    const report = JSON.parse((await runIapp(["deps", "list", "--json"], { cwd })).stdout);
    expect(report.missing).toEqual(["graphviz", "pandas", "scikit-learn", "seaborn"]);
    const { origin } = report.dependencies.find(({ name }: { name: string }) => name === "graphviz");
    expect(origin).toBe("import graphviz in tools/shapes.py");
  });

  it("never shows the credentials of an index or an address", async () => {
    const cwd = await project({
      "requirements.txt": `--extra-index-url https://user:${SECRET}@pypi.example/simple\nmine @ git+https://${SECRET}@git.example/mine\n`,
    });
    for (const args of [
      ["deps", "list"],
      ["deps", "list", "--json"],
      ["deps", "list", "-v"],
    ]) {
      const { stdout, stderr } = await runIapp(args, { cwd });
      expect(stdout).toContain("mine");
      expect(stdout + stderr).not.toContain(SECRET);
    }
  });

  it("refuses a version of Python that is none", async () => {
    const cwd = await project({});
    const { code, stderr } = await runIapp(["deps", "lock", "--python", "three"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("--python three is not a version such as 3.11");
  });
});
