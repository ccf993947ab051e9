import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Candidate } from "../../src/actions/deploy/candidate.js";
import { type DeployInput, type DeployResult, deploy } from "../../src/actions/deploy/index.js";
import type { Context, IappEvent } from "../../src/core/events.js";
import { layoutOf, type ProjectLayout } from "../../src/project/layout.js";
import { fakeService, LocalApp } from "./local-app.js";
import { type Outcome, runIapp } from "./run-iapp.js";

/** A project folder in which bundles are fake services; deploying, routing and supervising are real. */
export class LocalProject {
  readonly events: IappEvent[] = [];
  readonly layout: ProjectLayout;

  constructor(
    readonly root: string,
    readonly entry: string,
  ) {
    this.layout = layoutOf(root);
  }

  static async create(entry: string): Promise<LocalProject> {
    const root = await realpath(await mkdtemp(join(tmpdir(), "iapp-project-")));
    await mkdir(join(root, ".iapp"));
    return new LocalProject(root, entry);
  }

  get env(): Record<string, string | undefined> {
    return { ...process.env, IAPP_ENTRY: this.entry };
  }

  run(
    line: string,
    options: { signal?: AbortSignal; stdin?: string; answers?: Record<string, unknown> } = {},
  ): Promise<Outcome> {
    const argv = line.split(" ").filter((word) => word !== "");
    return runIapp(argv, { cwd: this.root, env: this.env, ...options });
  }

  /**
   * What training would give: a bundle folder with example rows, and an interpreter that, whatever it is told, runs the fake service
   * with these switches.
   */
  async candidate(digest: string, switches: string[] = [], factor = 2): Promise<Candidate> {
    const dir = join(this.layout.bundles, digest);
    const run = join(this.layout.runs, digest);
    await mkdir(dir, { recursive: true });
    await mkdir(run, { recursive: true });
    const examples = { rows: [{ x: 3, note: "three" }], predictions: [3 * 2] };
    const output = { task: "regression", type: "number", classes: null, proba: true };
    const contract = { rows: "table", columns: [], output, limits: { rows: 10_000 } };
    await writeFile(join(dir, "examples.json"), JSON.stringify(examples));
    const documents = {
      "contract.json": contract,
      "bundle.json": { schema: "iapp.bundle/1", name: "demo", digest, files: [] },
      "lineage.json": { schema: "iapp.lineage/1", name: "demo" },
      "verification.json": { schema: "iapp.verification/1", equal: true },
      "frozen.json": { values: {} },
    };
    for (const [name, document] of Object.entries(documents)) {
      await writeFile(join(dir, name), JSON.stringify(document));
    }
    const trained = {
      t: Date.now() / 1000,
      component: "training",
      cell: 2,
      stream: "stdout",
      line: `trained ${digest}`,
    };
    await writeFile(join(run, "logs.ndjson"), `${JSON.stringify(trained)}\n`);
    const python = join(dir, "python");
    const options = [`--folder=${dir}`, `--factor=${factor}`, ...switches];
    await writeFile(
      python,
      `#!${process.execPath}
const version = process.argv[process.argv.indexOf("--version") + 1];
process.argv = [...process.argv.slice(0, 2), "--name=" + version, ...${JSON.stringify(options)}];
import(${JSON.stringify(pathToFileURL(fakeService).href)});
`,
    );
    await chmod(python, 0o755);
    return { notebook: join(this.root, "demo.ipynb"), run, bundle: { digest, dir }, python, examples, reused: false };
  }

  context(signal: AbortSignal = AbortSignal.timeout(60_000)): Context {
    return {
      cwd: this.root,
      env: this.env,
      emit: (event) => void this.events.push(event),
      signal,
      now: () => Date.now(),
    };
  }

  deploy(candidate: Candidate, more: Partial<DeployInput> & { signal?: AbortSignal } = {}): Promise<DeployResult> {
    const { signal, ...input } = more;
    return deploy(this.context(signal), {
      layout: this.layout,
      name: "demo",
      source: "demo.ipynb",
      port: undefined,
      prepare: async () => candidate,
      ...input,
    });
  }

  app(name = "demo"): LocalApp {
    return new LocalApp(join(this.layout.apps, name), this.entry);
  }

  async dispose(names = ["demo"]): Promise<void> {
    for (const name of names) await this.app(name).dispose();
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
