import {
  DEFAULT_GUARD,
  DEFAULT_LIMITS,
  type RouteDocument,
  type RouteGuard,
  type RouteVersion,
} from "../router/route.js";
import { wished } from "../router/wish.js";
import type { AppState } from "./state.js";

/** The live processes of a version, as `host:port`. */
export type LiveEndpoints = (version: string) => string[];

/** The route that the desired state and the live processes ask for, with the given generation. */
export function planRoute(state: AppState, live: LiveEndpoints, generation: number): RouteDocument {
  const versions: RouteVersion[] = state.desired.running
    ? state.desired.versions.map(({ name, weight }) => ({
        name,
        color: state.versions.find((version) => version.name === name)?.color ?? null,
        weight,
        endpoints: live(name),
      }))
    : [];
  return {
    schema: "iapp.route/1",
    generation,
    versions,
    drain_ms: state.settings.drain_ms,
    limits: DEFAULT_LIMITS,
    guard: guardOf(state, versions),
    ...wished(state.desired, versions, state.name),
  };
}

/** The version that is being rolled out is guarded while another one is there to take its requests. */
function guardOf({ desired }: AppState, versions: readonly RouteVersion[]): RouteGuard | null {
  const { guarded } = desired;
  const fallback = versions.find(({ name, endpoints }) => name !== guarded && endpoints.length > 0)?.name;
  if (guarded === undefined || fallback === undefined || !versions.some(({ name }) => name === guarded)) return null;
  return { version: guarded, fallback, ...DEFAULT_GUARD };
}

/** Do two routes send requests to the same places? */
export function sameRoute(a: RouteDocument, b: RouteDocument): boolean {
  return JSON.stringify({ ...a, generation: 0 }) === JSON.stringify({ ...b, generation: 0 });
}
