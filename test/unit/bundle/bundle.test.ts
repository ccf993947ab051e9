import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleDigest, diffBundles, readBundle, writeBundle } from "../../../src/actions/bundle/index.js";
import { runIapp, temporaryFolder } from "../../helpers/run-iapp.js";
import { context, makeRun, type RunChanges, sha256 } from "./run-folder.js";

async function bundleOf(root: string, run: string, changes: RunChanges = {}) {
  return writeBundle(context(root), await makeRun(root, run, changes));
}

describe("writeBundle", () => {
  it("holds what serves and what explains it, each file with its digest and whether it is code", async () => {
    const root = await temporaryFolder();
    const { digest, dir } = await bundleOf(root, "r1");
    expect(dir).toBe(join(root, ".iapp", "bundles", digest));
    const index = JSON.parse(await readFile(join(dir, "bundle.json"), "utf8"));
    expect(index).toMatchObject({ schema: "iapp.bundle/1", name: "churn", digest });
    expect(index.files.map((file: { path: string }) => file.path)).toEqual([
      "contract.json",
      "examples.json",
      "frozen.json",
      "frozen/edges.npy",
      "lineage.json",
      "model/clf.pkl",
      "modules/helpers/text.py",
      "profile.json",
      "report.html",
      "requirements.lock",
      "score.map.json",
      "score.py",
      "training.lock",
      "verification.json",
    ]);
    for (const file of index.files) {
      const text = await readFile(join(dir, file.path), "utf8");
      expect(file.sha256, file.path).toBe(sha256(text));
      expect(file.bytes).toBe(Buffer.byteLength(text));
    }
    const code = index.files.filter((file: { code: boolean }) => file.code).map((file: { path: string }) => file.path);
    expect(code).toEqual(["model/clf.pkl", "modules/helpers/text.py", "score.py"]);
    expect(JSON.parse(await readFile(join(dir, "frozen.json"), "utf8"))).toMatchObject({
      schema: "iapp.frozen/1",
      values: { age_median: { access: "constant", value: { v: 41 } } },
      models: { clf: { file: "model/clf.pkl", access: "constant" } },
    });
    expect(await readFile(join(dir, "report.html"), "utf8")).toContain(digest);
  });

  it("gives the same content the same digest, whatever the times, the place and the run", async () => {
    const [here, there] = [await temporaryFolder(), await temporaryFolder()];
    const a = await bundleOf(here, "r1", { seconds: 1 });
    const b = await bundleOf(there, "another", { seconds: 99 });
    expect(b.digest).toBe(a.digest);
    expect(JSON.parse(await readFile(join(a.dir, "lineage.json"), "utf8"))).toEqual(
      JSON.parse(await readFile(join(b.dir, "lineage.json"), "utf8")),
    );
    expect(await readFile(join(a.dir, "lineage.json"), "utf8")).not.toContain(here);
  });

  it("gives other content another digest", async () => {
    const root = await temporaryFolder();
    const changes: RunChanges[] = [{}, { median: 42 }, { model: "another" }, { nullable: false }, { score: "x = 1\n" }];
    const digests: string[] = [];
    for (const [n, change] of changes.entries()) digests.push((await bundleOf(root, `r${n}`, change)).digest);
    expect(new Set(digests).size).toBe(changes.length);
  });

  it("renews the explanations of content that is there, mends a damaged one, leaves nothing beside", async () => {
    const root = await temporaryFolder();
    const first = await bundleOf(root, "r1", { seconds: 1 });
    const second = await bundleOf(root, "r2", { seconds: 7 });
    expect(second).toEqual(first);
    expect((await readBundle(first.dir)).verification.seconds).toBe(7);
    await writeFile(join(first.dir, "model", "clf.pkl"), "flipped");
    await bundleOf(root, "r3");
    expect(await readFile(join(first.dir, "model", "clf.pkl"), "utf8")).toBe("pickle of a forest");
    expect(await readdir(join(root, ".iapp", "bundles"))).toEqual([first.digest]);
  });

  it("writes nothing for a run whose proof does not hold, nor when a file is missing", async () => {
    const root = await temporaryFolder();
    await expect(bundleOf(root, "r1", { equal: false })).rejects.toMatchObject({ code: "IAPP_BUNDLE_UNPROVED" });
    const input = await makeRun(root, "r2");
    await rm(join(input.runDir, "objects", "clf.pkl"));
    await expect(writeBundle(context(root), input)).rejects.toMatchObject({ code: "IAPP_FILE_ENOENT" });
    expect(await readdir(join(root, ".iapp", "bundles")).catch(() => [])).toEqual([]);
  });

  it("decides the digest by what is served alone", () => {
    const file = (path: string, role: string, text: string) => ({
      path,
      role,
      sha256: sha256(text),
      bytes: 1,
      code: false,
    });
    const base = [file("score.py", "score", "a"), file("report.html", "report", "b")];
    expect(bundleDigest("x", base)).toBe(bundleDigest("x", [file("report.html", "report", "c"), base[0]!]));
    expect(bundleDigest("x", base)).not.toBe(bundleDigest("y", base));
    expect(bundleDigest("x", base)).not.toBe(bundleDigest("x", [file("score.py", "score", "c"), base[1]!]));
  });
});

describe("iapp bundle", () => {
  it("shows the newest or a named one, for people and as JSON", async () => {
    const root = await temporaryFolder();
    const { digest, dir } = await bundleOf(root, "r1");
    const shown = await runIapp(["bundle", "show"], { cwd: root });
    expect(shown.code).toBe(0);
    for (const text of [
      "serves clf (RandomForestClassifier)",
      "age_median",
      "df.age.median()",
      "100 rows together",
      "model/clf.pkl",
      "random_state",
    ])
      expect(shown.stdout).toContain(text);
    const named = await runIapp(["bundle", "show", digest.slice(0, 8), "--json"], { cwd: root });
    expect(named.json()).toMatchObject({
      digest,
      dir,
      damaged: [],
      code: ["model/clf.pkl", "modules/helpers/text.py", "score.py"],
    });
    const score = await runIapp(["bundle", "show", dir, "--score"], { cwd: root });
    expect(score.stdout).toContain("def predict(rows):");
  });

  it("says when a file was changed after the bundle was written", async () => {
    const root = await temporaryFolder();
    const { dir } = await bundleOf(root, "r1");
    await writeFile(join(dir, "score.py"), "import os\n");
    const shown = await runIapp(["bundle", "show"], { cwd: root });
    expect(shown.code).toBe(1);
    expect(shown.stdout).toContain("changed or missing since it was written: score.py");
  });

  it("fails clearly where there is no such bundle", async () => {
    const root = await temporaryFolder();
    const none = await runIapp(["bundle", "show"], { cwd: root });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("no bundle was made")]);
    await bundleOf(root, "r1");
    const other = await runIapp(["bundle", "show", "ffff"], { cwd: root });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("there is no bundle ffff")]);
  });

  it("compares two: what changed and nothing else", async () => {
    const root = await temporaryFolder();
    const a = await bundleOf(root, "r1");
    const changedScore = (await readFile(join(a.dir, "score.py"), "utf8")).replace("# cell 2", "# cell 2: holes");
    const b = await bundleOf(root, "r2", { median: 43, trees: 200, nullable: false, score: changedScore });
    const diff = await runIapp(["bundle", "diff", a.digest.slice(0, 10), b.digest.slice(0, 10), "--json"], {
      cwd: root,
    });
    expect(diff.json()).toMatchObject({
      same: false,
      served: [],
      models: [{ name: "clf.n_estimators", from: 100, to: 200 }],
      frozen: [{ name: "age_median", from: "41", to: "43" }],
      contract: [{ name: "age.nullable", from: true, to: false }],
      packages: [],
      data: [],
      score: expect.arrayContaining(["-    # cell 2", "+    # cell 2: holes"]),
    });
    const text = await runIapp(["bundle", "diff", a.digest, b.digest], { cwd: root });
    expect(text.stdout).toContain("age_median: 41 -> 43");
    expect(text.stdout).not.toContain("Versions");
    const same = diffBundles(await readBundle(a.dir), await readBundle(a.dir));
    expect(Object.entries(same).filter(([, value]) => Array.isArray(value) && value.length > 0)).toEqual([]);
  });
});
