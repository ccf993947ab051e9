import type { RouteDocument, RouteVersion } from "./route.js";
import { placeOf, versionAt } from "./sticky.js";

export type Choice =
  | { kind: "version"; version: RouteVersion }
  /** The client named a version that is not there. */
  | { kind: "unknown"; name: string }
  /** The route has no version at all. */
  | { kind: "none" };

/**
 * Smooth weighted round robin: each version collects its weight at every request, the richest is taken and pays the whole. Over any
 * 1000 requests each version gets exactly its weight, spread as evenly as can be, and a version of weight zero is never taken.
 * The choice never looks at health: a broken version keeps its share of failures, the other one is not blamed for its load.
 */
export class VersionChooser {
  #route: RouteDocument;
  #credit = new Map<string, number>();
  #turn = new Map<string, number>();

  constructor(route: RouteDocument) {
    this.#route = route;
  }

  get route(): RouteDocument {
    return this.#route;
  }

  /** Only requests chosen from now on follow the new route. Credits are kept when the weights are the same. */
  update(route: RouteDocument): void {
    const same =
      route.versions.length === this.#route.versions.length &&
      route.versions.every((version, i) => {
        const before = this.#route.versions[i];
        return before?.name === version.name && before.weight === version.weight;
      });
    if (!same) this.#credit.clear();
    this.#route = route;
  }

  /** From now on requests that one version would have got go to another, until the next route comes. */
  divert(from: string, to: string): void {
    const share = this.#route.versions.find(({ name }) => name === from)?.weight ?? 0;
    const versions = this.#route.versions.map((version) => {
      if (version.name === from) return { ...version, weight: 0 };
      return version.name === to ? { ...version, weight: version.weight + share } : version;
    });
    this.update({ ...this.#route, versions });
  }

  /**
   * @param forced the value of `X-Iapp-Version`, which overrides the weights
   * @param client what names the client, where the route sends the same one to the same version
   */
  choose(forced?: string, client?: string): Choice {
    if (forced !== undefined) {
      const version = this.#route.versions.find(({ name }) => name === forced);
      return version === undefined ? { kind: "unknown", name: forced } : { kind: "version", version };
    }
    const { sticky, versions } = this.#route;
    if (sticky !== undefined && client !== undefined) {
      const version = versionAt(placeOf(client, sticky.salt), versions, sticky.to);
      return version === undefined ? { kind: "none" } : { kind: "version", version };
    }
    let total = 0;
    let best: RouteVersion | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const version of this.#route.versions) {
      if (version.weight === 0) continue;
      total += version.weight;
      const credit = (this.#credit.get(version.name) ?? 0) + version.weight;
      this.#credit.set(version.name, credit);
      if (credit > most) {
        most = credit;
        best = version;
      }
    }
    if (best === undefined) return { kind: "none" };
    this.#credit.set(best.name, most - total);
    return { kind: "version", version: best };
  }

  /** The version's endpoints as they are now, in turn. Undefined when none is live. */
  endpoint(version: string): string | undefined {
    const endpoints = this.#route.versions.find(({ name }) => name === version)?.endpoints ?? [];
    if (endpoints.length === 0) return undefined;
    const turn = this.#turn.get(version) ?? 0;
    this.#turn.set(version, (turn + 1) % 1_000_000);
    return endpoints[turn % endpoints.length];
  }
}
