import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { treeEntries } from "../../../src/image/tree.js";
import { projectIgnore } from "../../../src/project/ignore.js";
import { secretIn } from "../../../src/project/secrets.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "iapp-secrets-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text: string): Promise<string> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

describe("secretIn", () => {
  it.each([
    [".env", "A=1", "environment settings"],
    ["conf/.env.production", "A=1", "environment settings"],
    ["deploy/id_ed25519", "x", "a private key"],
    ["tls/server.pem", "x", "a key"],
    [".aws/config", "x", "credentials"],
    ["service_account_prod.json", "{}", "credentials"],
    ["notes.md", "-----BEGIN RSA PRIVATE KEY-----\nabc", "a private key"],
    ["load.py", 'url = "postgres://reader:hunter22@db.example/prices"', "a password in an address"],
    ["nb.ipynb", `{"outputs": ["ghp_${"a1".repeat(18)}"]}`, "a token"],
  ])("finds it in %s", async (path, text, what) => {
    expect(await secretIn(path, await put(path, text), text.length)).toBe(what);
  });

  it.each([
    [".env.example", "A="],
    ["data.csv", "a,b\n1,2\n"],
    ["environment.yml", "dependencies: [pandas]"],
    ["train.py", 'requests.get("https://example.org/a@b")'],
    ["keys.py", "KEYS = ['a']"],
  ])("finds nothing in %s", async (path, text) => {
    expect(await secretIn(path, await put(path, text), text.length)).toBeNull();
  });

  it("does not read through large data", async () => {
    const file = await put("big.csv", `${"0".repeat(3 << 20)}AKIA${"A".repeat(16)}`);
    expect(await secretIn("big.csv", file, (await stat(file)).size)).toBeNull();
  });
});

describe("projectIgnore", () => {
  it("follows the rules of .iappignore and leaves out what is never needed", async () => {
    for (const path of [
      "nb.ipynb",
      "data/a.csv",
      "data/b.csv",
      "raw/x.bin",
      ".git/config",
      ".iapp/x",
      "m/__pycache__/a.pyc",
    ])
      await put(path, "x");
    await put(".iappignore", "# raw data\nraw/\ndata/*\n!data/b.csv\n");
    const entries = await treeEntries(root, { prefix: "p", skip: await projectIgnore(root) });
    expect(entries.filter(({ type }) => type === "file").map(({ path }) => path)).toEqual([
      "p/data/b.csv",
      "p/nb.ipynb",
    ]);
  });
});
