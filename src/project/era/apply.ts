import type { EnvironmentWish } from "../wanted.js";
import { type VersionBound, withCompanions } from "./bounds.js";

/** What is asked for, and what there is to say of it. */
type Asked = Pick<EnvironmentWish, "wanted" | "notes">;

/** Always in an environment, whether the notebook asks for them or not. */
const ALWAYS = ["pandas", "numpy"];

/** The bounds that keep something of what will be in the environment from its newest version. */
export function relevant(bounds: readonly VersionBound[], { wanted }: Pick<Asked, "wanted">): VersionBound[] {
  const there = new Set([...ALWAYS, ...wanted.map(({ name }) => name)]);
  if (there.has("scikit-learn")) there.add("scipy");
  // What came with some version is in the newest one anyway.
  return bounds.filter(({ distribution, below }) => below !== null && there.has(distribution));
}

/**
 * Narrows requirements that leave the version open. What the project or the notebook asks for by version stays; where that contradicts a
 * bound, a note says so.
 */
export function narrowed<W extends Asked>(wish: W, bounds: readonly VersionBound[]): W {
  const notes: string[] = [];
  const own = relevant(bounds, wish);
  const all = new Map(relevant(withCompanions(own), wish).map((bound) => [bound.distribution, bound]));
  const asked = new Set(wish.wanted.map(({ name }) => name));
  const wanted = wish.wanted.map((one) => {
    const bound = one.name === null ? undefined : all.get(one.name);
    if (bound === undefined) return one;
    const bare = /^[A-Za-z0-9._-]+(\[[^\]]*\])?\s*$/.test(one.text);
    if (bare) return { ...one, text: `${one.text.trim()}${specifier(bound)}`, origin: `${one.origin}; ${bound.why}` };
    if (own.some(({ distribution }) => distribution === one.name) && !one.inferred) {
      notes.push(`${one.origin} asks for ${one.text}; ${bound.why} would need ${one.name}${specifier(bound)}`);
    }
    return one;
  });
  for (const [distribution, bound] of all) {
    if (asked.has(distribution) || bound.below === null) continue;
    wanted.push({ text: `${distribution}${specifier(bound)}`, name: distribution, origin: bound.why, inferred: true });
  }
  return { ...wish, wanted, notes: [...wish.notes, ...notes] };
}

/** `<2.0`, `>=1.2,<1.4`. */
export function specifier({ below, from }: Pick<VersionBound, "below" | "from">): string {
  return [from === null ? null : `>=${from}`, below === null ? null : `<${below}`]
    .filter((part) => part !== null)
    .join(",");
}
