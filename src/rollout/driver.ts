import { OperationError } from "../core/errors.js";
import type { RouterEvidence } from "../core/evidence.js";
import type { Platform, RouteWish, VersionView } from "./platform.js";
import { applied, type Decision, decide, failedToStart, started } from "./reducer.js";
import { isOver, type RolloutState } from "./state.js";

/** Where a rollout is kept. A write on top of somebody else's is refused. */
export interface RolloutStore {
  load(): Promise<RolloutState>;
  /**
   * Writes the state when its revision is still the one that was read; requests that people have added meanwhile are kept. Resolves with
   * the state as written, or null when somebody else drives now.
   */
  save(state: RolloutState): Promise<RolloutState | null>;
}

export interface DriverOptions {
  platform: Platform;
  store: RolloutStore;
  now: () => number;
  /** Waits; rejects when the driver is to stop. */
  pause: (ms: number) => Promise<void>;
  /** Tries the version before it gets a request, and warms it up. Rejects with why it must not. */
  preflight: (endpoint: string) => Promise<void>;
  onState: (state: RolloutState) => void;
}

const LOOK_MS = 500;

/** The rollout was taken over: whoever drove it must do nothing more. */
export class TakenOver extends OperationError {
  constructor() {
    super("IAPP_ROLLOUT_TAKEN_OVER", "somebody else drives this rollout now", { remedy: "iapp rollout status" });
  }
}

/**
 * Drives a rollout until it is over. May be stopped, or killed, at any time and be followed by another driver: what is to be done is
 * written before it is done, and doing it again changes nothing.
 */
export async function drive(options: DriverOptions): Promise<RolloutState> {
  const { platform, store, now } = options;
  let state = await store.load();
  const { term } = state;
  const keep = async (next: RolloutState): Promise<void> => {
    const written = await store.save(next);
    if (written === null) throw new TakenOver();
    state = written;
    options.onState(state);
  };
  const carryOut = async ({ state: next, effects }: Decision): Promise<void> => {
    await keep(next);
    for (const effect of effects) {
      if (effect.kind === "retire") await platform.retire(effect.version);
      else {
        const weights = new Map([[state.to, effect.weight]]);
        if (effect.weight < 1000 || state.phase !== "promoted") weights.set(state.from, 1000 - effect.weight);
        const generation = await platform.weights(weights, wishOf(state, effect.weight));
        if (!isOver(state)) await keep(applied(state, generation, now()));
      }
    }
  };
  if (isOver(state)) await finish(platform, state);
  if (state.phase === "starting") await carryOut(await bringUp(options, state));
  // A driver that follows another confirms what was begun, and begins the step's time anew.
  else if (!isOver(state)) await keep({ ...state, since_ms: null });
  while (!isOver(state)) {
    state = await store.load();
    // Whoever slept meanwhile reads what is new like anybody else: it must not go on with that.
    if (state.term !== term) throw new TakenOver();
    const views = await platform.view().catch((): VersionView[] | null => null);
    const evidence = await platform.evidence().catch((): RouterEvidence[] => []);
    await carryOut(decide(state, { views, evidence }, now()));
    if (!isOver(state)) await options.pause(LOOK_MS);
  }
  return state;
}

/** What the routers do besides, while the new version has this weight. */
function wishOf({ from, to, phase, shadow, sticky }: RolloutState, weight: number): RouteWish {
  return {
    ...(weight > 0 ? { guarded: to } : {}),
    ...(phase === "shadow" && shadow !== null ? { mirror: { from, to, share: shadow.share } } : {}),
    ...(phase === "step" && sticky !== null ? { sticky: { ...sticky, to } } : {}),
  };
}

async function bringUp({ platform, preflight, now }: DriverOptions, state: RolloutState): Promise<Decision> {
  const outcome = await platform.start(state.to);
  if (!outcome.ready) return failedToStart(state, outcome.failure.reason, outcome.failure.lines, now());
  try {
    await preflight(outcome.endpoint);
  } catch (error) {
    return failedToStart(state, (error as Error).message, [], now());
  }
  const generations = (await platform.evidence()).map(({ epochs }) => epochs.at(-1)?.generation ?? 1);
  return started(state, Math.max(1, ...generations), now());
}

/** A driver that died after the verdict may have left its last steps undone. */
async function finish(platform: Platform, state: RolloutState): Promise<void> {
  const [winner, loser] = state.phase === "promoted" ? [state.to, state.from] : [state.from, state.to];
  const views = await platform.view();
  if (!views.some(({ name }) => name === loser)) return;
  await platform.weights(new Map([[winner, 1000]]));
  await platform.retire(loser);
}
