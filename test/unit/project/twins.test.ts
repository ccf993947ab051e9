import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { twinsOf } from "../../../src/project/twins.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";

type Access = "read" | "write";

/** The files of the project that are found for paths read in a notebook in `folder` of it. */
async function found(
  files: Record<string, string>,
  paths: string[],
  { folder = ".", access = "read" }: { folder?: string; access?: Access } = {},
): Promise<Record<string, string[]>> {
  const root = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const data = paths.map((path) => ({
    path,
    access,
    kind: /^https?:/.test(path) ? ("url" as const) : ("file" as const),
    cell: 1,
    line: 1,
    needed: true,
    made_in: null,
  }));
  const twins = await twinsOf(root, join(root, folder), data);
  return Object.fromEntries(twins.map((twin) => [twin.path, twin.files.map((file) => relative(root, file))]));
}

describe("files of other machines", () => {
  it.each([
    "/kaggle/input/titanic/train.csv",
    "../input/titanic/train.csv",
    "/content/train.csv",
    "/content/drive/MyDrive/Colab Notebooks/train.csv",
    "C:\\Users\\ann\\Data\\train.csv",
    "E:/data/TRAIN.CSV",
    "/home/ann/train.csv",
    "~/train.csv",
    "https://example.org/data/train.csv?raw=true",
  ])("are found by their name: %s", async (path) => {
    expect(await found({ "data/train.csv": "a" }, [path])).toEqual({ [path]: ["data/train.csv"] });
  });

  it("are those that share the longest end of the path", async () => {
    const files = { "titanic/train.csv": "a", "houses/train.csv": "b" };
    expect(await found(files, ["/kaggle/input/houses/train.csv"])).toEqual({
      "/kaggle/input/houses/train.csv": ["houses/train.csv"],
    });
  });

  it("are not decided between where the ends are the same and the contents are not", async () => {
    const path = "/content/train.csv";
    expect(await found({ "a/train.csv": "1", "b/train.csv": "2" }, [path])).toEqual({
      [path]: ["a/train.csv", "b/train.csv"],
    });
    expect(await found({ "b/train.csv": "1", "a/train.csv": "1" }, [path], { folder: "b" })).toEqual({
      [path]: ["b/train.csv"],
    });
  });

  it("are not looked for where the path is there, is the project's own, or is written", async () => {
    const files = { "train.csv": "a" };
    expect(await found(files, ["train.csv", "data/train.csv", import.meta.filename])).toEqual({});
    expect(await found(files, ["/content/train.csv"], { access: "write" })).toEqual({});
    expect(await found(files, ["/content/Train.csv", "/content/rain.csv", "https://example.org/"])).toEqual({});
  });

  it("are not taken from environments and hidden folders", async () => {
    const files = { ".cache/train.csv": "a", "venv/pyvenv.cfg": "", "venv/train.csv": "a" };
    expect(await found(files, ["/content/train.csv"])).toEqual({});
  });
});
