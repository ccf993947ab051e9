import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildEntry } from "../helpers/local-app.js";
import { LocalProject } from "../helpers/local-project.js";

let entry: Awaited<ReturnType<typeof buildEntry>>;
beforeAll(async () => {
  entry = await buildEntry();
});
afterAll(() => entry.remove());

const projects: LocalProject[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.dispose(["demo", "copy"]);
});

const digest = (character: string): string => character.repeat(64);

/** A bundle's folder with all that deploying reads of it; its interpreter is the fake service. */
async function bundle(
  project: LocalProject,
  character: string,
  equal = true,
): Promise<{ dir: string; python: string }> {
  const { bundle: made, python } = await project.candidate(digest(character));
  const documents = {
    "bundle.json": { schema: "iapp.bundle/1", name: "demo", digest: digest(character), files: [] },
    "lineage.json": { schema: "iapp.lineage/1", name: "demo" },
    "verification.json": { schema: "iapp.verification/1", equal },
    "frozen.json": { values: {} },
  };
  for (const [name, document] of Object.entries(documents)) {
    await writeFile(join(made.dir, name), JSON.stringify(document));
  }
  await writeFile(join(made.dir, "requirements.lock"), "scikit-learn==1.9.0\n");
  return { dir: made.dir, python };
}

async function create(): Promise<LocalProject> {
  const project = await LocalProject.create(entry.path);
  projects.push(project);
  return project;
}

describe("deploying a bundle", () => {
  it("says what it would do, does it, and does nothing the second time", async () => {
    const project = await create();
    const { dir, python } = await bundle(project, "a");
    const dry = await project.run(`deploy ${dir} --python ${python} --dry-run`);
    expect(dry.stdout).toContain("start demo v1\n");
    expect((await project.run("status")).code).toBe(2);
    const done = await project.run(`deploy ${dir} --python ${python}`);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toMatch(/^demo v1 is running: http:\/\/127\.0\.0\.1:\d+\n/);
    expect(done.stdout).toContain("answered with 6, as by the notebook");
    expect(done.stdout).toContain("iapp predict --example");
    const again = await project.run(`deploy aaaa --python ${python}`);
    expect(again.stdout).toContain("nothing has changed: demo v1 is running already");
    const next = await bundle(project, "b");
    const plan = await project.run(`deploy ${next.dir} --python ${next.python} --dry-run --json`);
    expect(plan.json()).toMatchObject({ version: "v2", replaces: "v1" });
    const replaced = await project.run(`deploy ${next.dir} --python ${next.python} --json`);
    expect(replaced.json()).toMatchObject({ schema: "iapp.deploy/1", version: "v2", replaced: "v1", changed: true });
  });

  it("finds the interpreter of a version with the same packages", async () => {
    const project = await create();
    const { dir, python } = await bundle(project, "a");
    const unknown = await project.run(`deploy ${dir}`);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("--python") });
    expect((await project.run(`deploy ${dir} --python ${python}`)).code).toBe(0);
    const copy = await project.run(`deploy ${dir} --name copy`);
    expect(copy.code, copy.stderr).toBe(0);
    expect(copy.stdout).toContain("copy v1 is running");
  });

  it("never starts one whose proof failed, and keeps what serves", async () => {
    const project = await create();
    const good = await bundle(project, "a");
    await project.run(`deploy ${good.dir} --python ${good.python}`);
    const bad = await bundle(project, "b", false);
    const refused = await project.run(`deploy ${bad.dir} --python ${bad.python}`);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("does not compute what its notebook computes"),
    });
    expect((await project.app().state()).versions).toHaveLength(1);
    expect((await project.run("predict --example --json")).json()).toMatchObject({ version: "v1" });
  });

  it.each([
    ["examples.json", 1, "holds no example row"],
    ["verification.json", 1, "lacks verification.json"],
  ])("refuses one without %s", async (name, code, words) => {
    const project = await create();
    const { dir, python } = await bundle(project, "a");
    await rm(join(dir, name));
    expect(await project.run(`deploy ${dir} --python ${python}`)).toMatchObject({
      code,
      stderr: expect.stringContaining(words),
    });
    expect((await project.run("status")).code).toBe(2);
  });

  it.each([
    ["deploy nowhere", "there is no bundle nowhere"],
    ["deploy . --name Not_A_Name", "there is no bundle ."],
    ["deploy aaaa --name Not_A_Name", "is no name of an app"],
    ["deploy aaaa --port 0", "is no port"],
  ])("%s fails in words", async (line, words) => {
    const project = await create();
    await bundle(project, "a");
    expect(await project.run(line)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
  });
});
