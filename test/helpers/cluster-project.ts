import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { KubeObject } from "../../src/kube/client/resources.js";
import { ClusterSpace, registry } from "./cluster-app.js";
import { notebookText } from "./notebook-file.js";
import { type Ran, run } from "./run.js";

const bin = resolve(import.meta.dirname, "../../bin/iapp.js");

/** What is said to train the project's notebook there. */
export const DEPLOY_THERE = ["deploy", "nb.ipynb", "--train-on", "cluster", "--replicas", "1"];

/** A project, and a namespace to which its commands go with exactly the rights that `iapp target check --role` prints. */
export class ClusterProject {
  private constructor(
    readonly space: ClusterSpace,
    readonly root: string,
  ) {}

  static async create(cells: string[]): Promise<ClusterProject> {
    const space = await ClusterSpace.create({ "pod-security.kubernetes.io/enforce": "restricted" });
    const project = new ClusterProject(space, await mkdtemp(join(tmpdir(), "iapp-kube-")));
    await mkdir(join(project.folder, ".iapp"), { recursive: true });
    await project.write(cells);
    await cp(process.env.IAPP_TEST_KUBECONFIG!, project.admin);
    await project.#addTarget();
    return project;
  }

  get folder(): string {
    return join(this.root, "project");
  }

  /** A kubeconfig of the administrator. */
  get admin(): string {
    return join(this.root, "kubeconfig");
  }

  get env(): Record<string, string> {
    return {
      XDG_CACHE_HOME: join(this.root, "cache"),
      XDG_CONFIG_HOME: join(this.root, "config"),
      UV_CACHE_DIR: packageCache(this.root),
      KUBECONFIG: this.admin,
    };
  }

  async write(cells: string[]): Promise<void> {
    await writeFile(join(this.folder, "nb.ipynb"), notebookText(cells));
  }

  iapp(...args: string[]): Promise<Ran> {
    return run(process.execPath, [bin, ...args], this.folder, this.env);
  }

  kubectl(...args: string[]): Promise<Ran> {
    return run("kubectl", ["-n", this.space.namespace, ...args], this.root, { KUBECONFIG: this.admin });
  }

  /** The document that a command prints, which ends with this code. */
  async json<T>(args: string[], code = 0): Promise<T> {
    const ran = await this.iapp(...args, "--json", "--yes");
    if (ran.code !== code) throw new Error(`${args.join(" ")} ended with ${ran.code}\n${ran.stderr}${ran.stdout}`);
    return JSON.parse(ran.stdout) as T;
  }

  async remove(): Promise<void> {
    await this.space.remove();
    await rm(this.root, { recursive: true, force: true });
  }

  async #addTarget(): Promise<void> {
    const { namespace } = this.space;
    const base = `${registry}/iapp/python:3.11`;
    const common = ["--namespace", namespace, "--registry", `${registry}/${namespace}`, "--base", base].concat([
      "--tool-base",
      base,
      "--registry-for-pods",
      `registry.kube-system:5000/${namespace}`,
    ]);
    await this.json(["target", "add", "prod", ...common]);
    const { stdout: role } = await this.iapp("target", "check", "prod", "--role");
    await this.space.api.call({
      method: "PATCH",
      path: this.space.api.path({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", name: "iapp" }),
      query: { fieldManager: "test" },
      type: "application/apply-patch+yaml",
      body: await roleDocument(role),
    });
    const limited = join(this.root, "limited");
    await limitedAccount(this.space, this.admin, limited);
    await this.json(["target", "add", "prod", "--kubeconfig", limited]);
    await this.json(["target", "use", "prod"]);
  }
}

/** Where packages are kept that were fetched: one folder for all tests of a run where it is given, else the test's own. */
export const packageCache = (root: string): string => process.env.IAPP_TEST_PACKAGES ?? join(root, "uv");

/** The printed YAML, without a parser of its own: `kubectl` reads it. */
export async function roleDocument(text: string): Promise<object> {
  const { parse } = await import("yaml");
  return parse(text) as object;
}

/** A kubeconfig of a service account that has the Role `iapp` and nothing else. */
export async function limitedAccount(space: ClusterSpace, admin: string, path: string): Promise<void> {
  const metadata = { name: "limited" };
  await space.api.create({ apiVersion: "v1", kind: "ServiceAccount", metadata } as KubeObject);
  await space.api.create({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "iapp" },
    subjects: [{ kind: "ServiceAccount", name: "limited", namespace: space.namespace }],
  } as KubeObject);
  const account = space.api.path({ apiVersion: "v1", kind: "ServiceAccount", name: "limited" });
  const { status } = await space.api.call<{ status: { token: string } }>({
    method: "POST",
    path: `${account}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 7200 } },
  });
  const { parse, stringify } = await import("yaml");
  const config = parse(await readFile(admin, "utf8"));
  config.users[0].user = { token: status.token };
  await writeFile(path, stringify(config));
}
