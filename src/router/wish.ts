import { DEFAULT_MIRROR, type RouteDocument, type RouteMirror, type RouteSticky, type RouteVersion } from "./route.js";

/** What is asked of routers besides sharing out the requests, before it is known which versions are there. */
export interface Wish {
  mirror?: Pick<RouteMirror, "from" | "to" | "share">;
  sticky?: Omit<RouteSticky, "salt">;
}

/** The parts of a route for it: those whose versions the route has. @param salt the same for all rollouts of an app: its name */
export function wished(
  { mirror, sticky }: Wish,
  versions: readonly RouteVersion[],
  salt: string,
): Pick<RouteDocument, "mirror" | "sticky"> {
  const isThere = (name: string): boolean => versions.some((version) => version.name === name);
  return {
    ...(mirror !== undefined && isThere(mirror.from) && isThere(mirror.to)
      ? { mirror: { ...DEFAULT_MIRROR, ...mirror } }
      : {}),
    ...(sticky !== undefined && isThere(sticky.to) ? { sticky: { ...sticky, salt } } : {}),
  };
}
