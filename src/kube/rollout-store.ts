import { OperationError, UserError } from "../core/errors.js";
import type { RolloutStore } from "../rollout/driver.js";
import { fenced, isOver, parseRollout, type Request, type RolloutState, revised } from "../rollout/state.js";
import type { KubeApi } from "./client/api.js";
import { CONFIG_MAP, rewriteConfigMap } from "./config-map.js";
import { labelsOf, names } from "./manifests/index.js";
import type { ConfigMapObject } from "./router-feed.js";

const NOW = "rollout.json";
/** Ended ones, newest first. */
const PAST = "past.json";
const KEPT = 20;

interface Kept {
  state: RolloutState | null;
  past: RolloutState[];
}

function parse(app: string, data: Record<string, string> | undefined): Kept {
  const text = data?.[NOW];
  try {
    const past = JSON.parse(data?.[PAST] ?? "[]") as RolloutState[];
    return { state: text === undefined ? null : parseRollout(JSON.parse(text)), past };
  } catch (cause) {
    throw new OperationError("IAPP_ROLLOUT_STATE", `the rollout of ${app} is not read: ${(cause as Error).message}`, {
      remedy: "Use the version of iapp that began it.",
    });
  }
}

async function read(api: KubeApi, app: string): Promise<Kept> {
  const found = await api.find<ConfigMapObject>({ ...CONFIG_MAP, name: names.rollout(app) });
  return parse(app, found?.data);
}

/** The app's last rollout, or null where there was none. */
export async function readRollout(api: KubeApi, app: string): Promise<RolloutState | null> {
  return (await read(api, app)).state;
}

/** Ended rollouts, newest first. */
export async function pastRollouts(api: KubeApi, app: string): Promise<RolloutState[]> {
  return (await read(api, app)).past;
}

/** @throws UserError while a rollout is under way, whether somebody drives it or not */
export async function refuseUnfinished(api: KubeApi, app: string): Promise<void> {
  const rollout = await readRollout(api, app);
  if (rollout === null || isOver(rollout)) return;
  const since = new Date(rollout.started_ms).toISOString();
  throw new UserError("IAPP_ROLLOUT_UNDER_WAY", `${rollout.to} is being rolled out by ${rollout.by} since ${since}`, {
    remedy: `iapp rollout status ${app}, resume ${app}, or abort ${app}`,
  });
}

function change(
  api: KubeApi,
  app: string,
  make: (before: RolloutState | null) => RolloutState | null,
): Promise<RolloutState | null> {
  return rewriteConfigMap(api, { name: names.rollout(app), labels: labelsOf(app, "state") }, (found) => {
    const { state, past } = parse(app, found?.data);
    const after = make(state);
    if (after === null) return { value: null, data: null };
    const kept = isOver(after)
      ? [withoutEpochs(after), ...past.filter(({ id }) => id !== after.id)].slice(0, KEPT)
      : past;
    return { value: after, data: { [NOW]: JSON.stringify(after), [PAST]: JSON.stringify(kept) } };
  });
}

/** A ConfigMap holds a megabyte: of ended rollouts the verdict is kept, with its numbers, not every count. */
const withoutEpochs = (state: RolloutState): RolloutState => ({ ...state, epochs: [], mirrors: [] });

/** Leaves a request for whoever drives. Null where no rollout is under way. */
export function askRollout(api: KubeApi, app: string, request: Request): Promise<RolloutState | null> {
  return change(api, app, (state) => (state === null || isOver(state) ? null : { ...state, request }));
}

/** Makes every write of the one who drove it so far fail. Null where no rollout is under way. */
export function fenceRollout(api: KubeApi, app: string, text: string): Promise<RolloutState | null> {
  return change(api, app, (state) => (state === null || isOver(state) ? null : fenced(state, Date.now(), text)));
}

/** A rollout in a ConfigMap; the server's resource version tells who came second. */
export class ClusterRolloutStore implements RolloutStore {
  readonly #api: KubeApi;
  readonly #app: string;
  #seen: Request | null = null;

  constructor(api: KubeApi, app: string) {
    this.#api = api;
    this.#app = app;
  }

  async create(state: RolloutState): Promise<void> {
    await change(this.#api, this.#app, () => state);
  }

  async load(): Promise<RolloutState> {
    const state = await readRollout(this.#api, this.#app);
    if (state === null) throw new OperationError("IAPP_ROLLOUT_GONE", "the rollout's state is gone");
    this.#seen = state.request;
    return state;
  }

  save(state: RolloutState): Promise<RolloutState | null> {
    return change(this.#api, this.#app, (before) => revised(state, before, this.#seen));
  }
}
