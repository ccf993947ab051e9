import type { Context } from "../../core/events.js";
import { parseReference } from "../../image/reference.js";
import type { KubeApi } from "../../kube/client/api.js";
import { KubeError } from "../../kube/client/errors.js";
import type { KubeObject } from "../../kube/client/resources.js";
import { neededRights, type Right, rightText, roleText } from "../../kube/rights.js";
import type { Target } from "../../project/targets.js";
import { openSession } from "../build/base.js";
import { openTarget } from "../cluster/access.js";
import { type Finding, fail, ok, warn } from "../doctor/finding.js";

/** The oldest Kubernetes whose objects are used here. */
const OLDEST_MINOR = 25;

export interface TargetCheck {
  findings: Finding[];
  /** A Role with exactly the rights that iapp needs, as YAML. */
  role: string;
}

/** Looks at a target from all sides without changing anything there. */
export async function checkTarget(ctx: Context, target: Target): Promise<TargetCheck> {
  const role = roleText(target.namespace);
  const findings: Finding[] = [];
  let api: KubeApi;
  try {
    api = openTarget(ctx, target);
    findings.push(await reachable(api));
  } catch (error) {
    const reason = (error as Error).message;
    findings.push(fail("cluster", reason, "Is it running, and are the credentials of the kubeconfig good?"));
    return { findings: [...findings, await pushable(ctx, target)], role };
  }
  try {
    const checks = [namespace, rights, nodes, quotas, security, secrets, metrics];
    const found = await Promise.all(checks.map((check) => check(api, target).catch(unknown(check.name))));
    findings.push(...found.flat(), await pushable(ctx, target));
    return { findings, role };
  } finally {
    api.close();
  }
}

const unknown =
  (check: string) =>
  (error: unknown): Finding[] => {
    // What may not be looked at is no fault: iapp works without.
    const denied = error instanceof KubeError && error.status === 403;
    return [denied ? ok(check, "may not be looked at with these rights") : warn(check, (error as Error).message, null)];
  };

async function reachable(api: KubeApi): Promise<Finding> {
  const version = await api.call<{ gitVersion: string; minor: string }>({
    method: "GET",
    path: "/version",
    patienceMs: 0,
  });
  const minor = Number.parseInt(version.minor, 10);
  const text = `Kubernetes ${version.gitVersion} at ${api.server}`;
  return minor >= OLDEST_MINOR ? ok("cluster", text) : warn("cluster", `${text} is older than 1.${OLDEST_MINOR}`, null);
}

async function namespace(api: KubeApi, { namespace: name }: Target): Promise<Finding[]> {
  // Reading Namespace objects is a right of its own; listing in it is what is needed.
  await api.list({ apiVersion: "v1", kind: "ConfigMap" }, { limit: 1 });
  const found = await api.find<KubeObject>({ apiVersion: "v1", kind: "Namespace", name }).catch(() => undefined);
  return [
    found === null
      ? fail("namespace", `there is no namespace ${name}`, `Make it: kubectl create namespace ${name}`)
      : ok("namespace", name),
  ];
}

async function rights(api: KubeApi): Promise<Finding[]> {
  const all = neededRights();
  const allowed = await Promise.all(all.map((right) => may(api, right)));
  const missing = all.filter((_, i) => !allowed[i]);
  if (missing.length === 0) return [ok("rights", `all ${all.length} that are needed`)];
  const text = `missing: ${missing.map(rightText).join(", ")}`;
  return [fail("rights", text, "Ask for the Role that `iapp target check NAME --role` prints.")];
}

async function may(api: KubeApi, { group, resource, verb }: Right): Promise<boolean> {
  const [name, subresource] = resource.split("/");
  const attributes = {
    namespace: api.namespace,
    group,
    resource: name,
    verb,
    ...(subresource === undefined ? {} : { subresource }),
  };
  const review = await api.call<{ status: { allowed: boolean } }>({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: attributes },
    },
  });
  return review.status.allowed;
}

async function nodes(api: KubeApi, { platform }: Target): Promise<Finding[]> {
  const { items } = await api.list<KubeObject & { status: { nodeInfo: { architecture: string } } }>({
    apiVersion: "v1",
    kind: "Node",
  });
  const wanted = platform.split("/")[1]!;
  const fitting = items.filter(({ status }) => status.nodeInfo.architecture === wanted).length;
  if (fitting > 0) return [ok("nodes", `${fitting} of ${items.length} run ${platform}`)];
  const kinds = [...new Set(items.map(({ status }) => status.nodeInfo.architecture))].join(", ");
  return [fail("nodes", `no node runs ${platform}; there is ${kinds || "none"}`, "Set the target's --platform.")];
}

async function quotas(api: KubeApi): Promise<Finding[]> {
  const kind = { apiVersion: "v1", kind: "ResourceQuota" };
  const { items } = await api.list<KubeObject & { status?: { hard?: object; used?: Record<string, string> } }>(kind);
  return items.map(({ metadata, status }) => {
    const parts = Object.entries(status?.hard ?? {}).map(
      ([name, hard]) => `${name} ${status?.used?.[name] ?? 0} of ${hard}`,
    );
    return ok("quota", `${metadata.name}: ${parts.join(", ")}`);
  });
}

async function security(api: KubeApi, { namespace: name }: Target): Promise<Finding[]> {
  const found = await api.find<KubeObject>({ apiVersion: "v1", kind: "Namespace", name });
  const level = found?.metadata.labels?.["pod-security.kubernetes.io/enforce"] ?? "none";
  return [ok("security", `Pod Security level ${level}; iapp's pods keep to "restricted"`)];
}

async function secrets(api: KubeApi, { pull_secrets, push_secret }: Target): Promise<Finding[]> {
  const wanted = [...pull_secrets, ...(push_secret === null ? [] : [push_secret])];
  return Promise.all(
    wanted.map(async (name) => {
      const found = await api.find<KubeObject & { type?: string }>({ apiVersion: "v1", kind: "Secret", name });
      if (found === null) {
        const remedy = `Make it: kubectl create secret docker-registry ${name} ...`;
        return fail("secrets", `there is no Secret ${name}`, remedy);
      }
      return found.type === "kubernetes.io/dockerconfigjson"
        ? ok("secrets", name)
        : fail("secrets", `the Secret ${name} is no login of a registry (${found.type})`, null);
    }),
  );
}

async function metrics(api: KubeApi): Promise<Finding[]> {
  const { groups } = await api.call<{ groups: { name: string }[] }>({ method: "GET", path: "/apis" });
  const interesting: Record<string, string> = {
    "metrics.k8s.io": "metrics API",
    "monitoring.coreos.com": "Prometheus operator",
    "gateway.networking.k8s.io": "Gateway API",
    "kueue.x-k8s.io": "Kueue",
    "jobset.x-k8s.io": "JobSet",
    "serving.kserve.io": "KServe",
    "argoproj.io": "Argo",
  };
  const found = groups.map(({ name }) => interesting[name]).filter((name) => name !== undefined);
  return [ok("controllers", found.length === 0 ? "none that iapp knows; plain objects are used" : found.join(", "))];
}

/** Does the registry answer, and does it take our credentials? Nothing is written there. */
async function pushable(ctx: Context, target: Target): Promise<Finding> {
  const reference = parseReference(`${target.registry}/iapp`);
  try {
    const session = await openSession(ctx, reference.registry, target.insecure.includes(reference.registry));
    try {
      const answer = await session.ask({
        method: "GET",
        target: `${reference.repository}/tags/list`,
        scope: `repository:${reference.repository}:pull,push`,
      });
      answer.stream.resume();
      if (answer.status === 200 || answer.status === 404) return ok("registry", target.registry);
      return fail(
        "registry",
        `${target.registry} answers with status ${answer.status}`,
        "Log in to it, for example with `docker login`.",
      );
    } finally {
      session.close();
    }
  } catch (error) {
    return fail("registry", `${target.registry}: ${(error as Error).message}`, null);
  }
}
