import {
  DEFAULT_GUARD,
  DEFAULT_LIMITS,
  DEFAULT_MIRROR,
  type RouteDocument,
  type RouteGuard,
  type RouteVersion,
} from "../router/route.js";
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
    ...mirrorOf(state, versions),
    ...stickyOf(state, versions),
  };
}

/** The version that is being rolled out is guarded while another one is there to take its requests. */
function guardOf({ desired }: AppState, versions: readonly RouteVersion[]): RouteGuard | null {
  const { guarded } = desired;
  const fallback = versions.find(({ name, endpoints }) => name !== guarded && endpoints.length > 0)?.name;
  if (guarded === undefined || fallback === undefined || !versions.some(({ name }) => name === guarded)) return null;
  return { version: guarded, fallback, ...DEFAULT_GUARD };
}

function mirrorOf({ desired }: AppState, versions: readonly RouteVersion[]): Pick<RouteDocument, "mirror"> {
  const { mirror } = desired;
  const isThere = (name: string): boolean => versions.some((version) => version.name === name);
  return mirror !== undefined && isThere(mirror.from) && isThere(mirror.to)
    ? { mirror: { ...DEFAULT_MIRROR, ...mirror } }
    : {};
}

function stickyOf({ name, desired }: AppState, versions: readonly RouteVersion[]): Pick<RouteDocument, "sticky"> {
  const { sticky } = desired;
  const isThere = sticky !== undefined && versions.some((version) => version.name === sticky.to);
  return isThere ? { sticky: { ...sticky, salt: name } } : {};
}

/** Do two routes send requests to the same places? */
export function sameRoute(a: RouteDocument, b: RouteDocument): boolean {
  return JSON.stringify({ ...a, generation: 0 }) === JSON.stringify({ ...b, generation: 0 });
}
