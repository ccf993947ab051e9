import { UserError } from "../../core/errors.js";
import { type ClusterApp, type ClusterSettings, currentVersion, type RunSettings } from "../../kube/app-state.js";
import type { Autoscale, EnvSource, Expose, Network, Placement, Resources } from "../../kube/manifests/index.js";
import type { Target } from "../../project/targets.js";

/** What a person has said of how the pods are to be run; what is left out stays as it is, or takes its default. */
export interface SettingsInput {
  replicas?: number | undefined;
  /** Null: nothing counts the pods any more. */
  autoscale?: Autoscale | null | undefined;
  /** Null: no policies any more. */
  network?: Network | null | undefined;
  cpu?: string | undefined;
  memory?: string | undefined;
  expose?: Expose | undefined;
  /** `secret/NAME` or `configmap/NAME`. */
  envFrom?: string[] | undefined;
  /** `NAME=VALUE`. */
  env?: string[] | undefined;
  nodeSelector?: string[] | undefined;
  /** `KEY=VALUE:EFFECT`, `KEY:EFFECT`, `KEY`. */
  tolerations?: string[] | undefined;
  /** Data of training jobs: `pvc:CLAIM[:/FOLDER]=PATH`, `s3://BUCKET[/PREFIX]=PATH`. */
  data?: string[] | undefined;
  /** Name of the Secret with the credentials of their buckets. */
  dataSecret?: string | undefined;
  trainCpu?: string | undefined;
  trainMemory?: string | undefined;
  gpus?: number | undefined;
}

export const DEFAULT_REPLICAS = 2;
const ROUTERS = 2;
const DEFAULT_RESOURCES: Resources = { cpu: "100m", memory: "256Mi", memoryLimit: "1Gi" };

/** How an app shall be run: as it is, changed by what was said. */
export function wantedSettings(
  app: ClusterApp | null,
  input: SettingsInput,
  target: Target,
  routerImage: string,
): { run: RunSettings; settings: ClusterSettings } {
  const before = app?.settings;
  const autoscale = input.autoscale === undefined ? (before?.autoscale ?? null) : input.autoscale;
  const network = input.network === undefined ? (before?.network ?? null) : input.network;
  if (input.replicas !== undefined && autoscale !== null) throw countedByLoad(app?.name ?? "the app", autoscale);
  const current = app?.versions.find(({ name }) => name === currentVersion(app))?.run;
  const resources = { ...(current?.resources ?? DEFAULT_RESOURCES) };
  if (input.cpu !== undefined) resources.cpu = quantity("--cpu", input.cpu);
  if (input.memory !== undefined) {
    // A pod that may have more than it asks for is the first to be ended when a node is short.
    resources.memory = quantity("--memory", input.memory);
    resources.memoryLimit = resources.memory;
  }
  const source = { pullSecrets: target.pull_secrets, ...placement(input, current?.source) };
  return {
    run: {
      resources,
      env: input.env === undefined ? (current?.env ?? []) : variables(input.env),
      envFrom: input.envFrom === undefined ? (current?.envFrom ?? []) : input.envFrom.map(envSource),
      source,
    },
    settings: {
      replicas: input.replicas ?? before?.replicas ?? DEFAULT_REPLICAS,
      ...(autoscale === null ? {} : { autoscale }),
      ...(network === null ? {} : { network }),
      expose: input.expose ?? before?.expose ?? { kind: "none" },
      router: { image: routerImage, replicas: before?.router.replicas ?? ROUTERS, source },
    },
  };
}

export function countedByLoad(name: string, { min, max, cpu }: Autoscale): UserError {
  return new UserError("IAPP_SCALE_AUTO", `the pods of ${name} are counted by load: ${min} to ${max} at ${cpu} %`, {
    remedy: `Other bounds: iapp scale ${name} MIN..MAX. A fixed number again: iapp scale ${name} NUMBER --fixed`,
  });
}

/** `2..10`. @param cpu percent, as text */
export function parseAutoscale(text: string, cpu: string | undefined): Autoscale {
  const [, low, high] = /^(\d{1,4})\.\.(\d{1,4})$/.exec(text) ?? [];
  const [min, max, percent] = [Number(low), Number(high), Number(cpu ?? "70")];
  if (!(min >= 1 && max >= min)) {
    throw new UserError("IAPP_CLI_AUTOSCALE", `${text} does not say from how many to how many pods`, {
      remedy: "Write 2..10.",
    });
  }
  if (!(Number.isSafeInteger(percent) && percent >= 1 && percent <= 1000)) {
    throw new UserError("IAPP_CLI_AUTOSCALE", `--cpu-target ${cpu} is no percentage`, { remedy: "Write 70." });
  }
  return { min, max, cpu: percent };
}

/** Training needs more than serving, and only for a while. */
const TRAINING_RESOURCES: Resources = { cpu: "500m", memory: "1Gi", memoryLimit: "4Gi" };

/** How a training job is run. */
export function jobSettings(input: SettingsInput, target: Target): RunSettings {
  const resources = { ...TRAINING_RESOURCES };
  if (input.trainCpu !== undefined) resources.cpu = quantity("--train-cpu", input.trainCpu);
  if (input.trainMemory !== undefined) {
    resources.memory = quantity("--train-memory", input.trainMemory);
    resources.memoryLimit = resources.memory;
  }
  if (input.gpus !== undefined) resources.extended = { "nvidia.com/gpu": String(input.gpus) };
  return {
    resources,
    env: variables(input.env ?? []),
    envFrom: (input.envFrom ?? []).map(envSource),
    source: { pullSecrets: target.pull_secrets, ...placement(input) },
  };
}

/** On which nodes pods may run: as was said, else as before. */
function placement(input: SettingsInput, before: Placement = {}): Placement {
  const nodeSelector = input.nodeSelector === undefined ? before.nodeSelector : pairs(input.nodeSelector);
  const tolerations = input.tolerations?.map(toleration) ?? before.tolerations;
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations }),
  };
}

function toleration(text: string): Record<string, unknown> {
  const [, key, value, effect] =
    /^([^=:\s]+)(?:=([^:\s]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(text) ?? [];
  if (key === undefined) {
    throw new UserError("IAPP_CLI_TOLERATION", `--toleration ${text} is not KEY[=VALUE][:EFFECT]`, {
      remedy: "Write it as the taint of the node, for example gpu=yes:NoSchedule.",
    });
  }
  const how = value === undefined ? { operator: "Exists" } : { operator: "Equal", value };
  return { key, ...how, ...(effect === undefined ? {} : { effect }) };
}

/** A quantity of Kubernetes: `500m`, `2`, `512Mi`, `1.5Gi`. */
function quantity(flag: string, text: string): string {
  if (/^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.test(text)) return text;
  throw new UserError("IAPP_CLI_QUANTITY", `${flag} ${text} is no quantity`, {
    remedy: flag.endsWith("cpu") ? "Write 500m or 2." : "Write 512Mi or 2Gi.",
  });
}

function envSource(text: string): { secret?: string; configMap?: string } {
  const [, kind, name] = /^(secret|configmap)\/([a-z0-9][a-z0-9.-]*)$/.exec(text) ?? [];
  if (name === undefined) {
    throw new UserError("IAPP_CLI_ENV_FROM", `--env-from ${text} names nothing of the cluster`, {
      remedy: "Write secret/NAME or configmap/NAME.",
    });
  }
  return kind === "secret" ? { secret: name } : { configMap: name };
}

const SECRET = /PASSWORD|PASSWD|SECRET|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|TOKEN$/i;

function variables(texts: readonly string[]): EnvSource[] {
  return Object.entries(pairs(texts))
    .map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new UserError("IAPP_CLI_ENV", `--env ${name} is not the name of a variable`);
      }
      if (SECRET.test(name)) {
        throw new UserError(
          "IAPP_CLI_ENV_SECRET",
          `--env ${name} looks like a secret, which anybody could read there`,
          {
            remedy: "Put it into a Secret of the namespace and name that: --env-from secret/NAME",
          },
        );
      }
      return { name, value };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw new UserError("IAPP_CLI_PAIR", `${JSON.stringify(text)} is not NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** `nodeport`, `loadbalancer`, `ingress:HOST[,CLASS]`, `gateway:HOST,GATEWAY`, `none`. */
export function parseExpose(text: string | undefined): Expose | undefined {
  if (text === undefined) return undefined;
  const [kind, rest = ""] = text.split(/:(.*)/s);
  const [host = "", more] = rest.split(",");
  if ((kind === "none" || kind === "nodeport" || kind === "loadbalancer") && rest === "") return { kind };
  if (kind === "ingress" && host !== "") return { kind, host, className: more ?? null };
  if (kind === "gateway" && host !== "" && more !== undefined) return { kind, host, gateway: more };
  throw new UserError("IAPP_CLI_EXPOSE", `--expose ${text} is no way to reach an app`, {
    remedy: "Write none, nodeport, loadbalancer, ingress:HOST[,CLASS] or gateway:HOST,GATEWAY.",
  });
}
