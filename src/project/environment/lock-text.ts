import { normalise } from "../import-names.js";

/** Names and versions in a lock (plain requirements format). What is locked to an address has that as its version. */
export function lockedVersions(lock: string): Record<string, string> {
  const found: [string, string][] = [];
  for (const match of lock.matchAll(/^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:==\s*([^\s;\\]+)|@\s*([^\s;\\]+))/gm)) {
    found.push([normalise(match[1]!), match[2] ?? match[3]!]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A lock without the user names and passwords of its addresses: it travels further than they may. */
export function withoutCredentials(text: string): string {
  // `ssh://git@host` names an account that everybody shares.
  return text.replace(/((?:git\+)?https?:\/\/)[^\s/@]+@/gi, "$1").replace(/([a-z+]+:\/\/[^\s/@:]+):[^\s/@]+@/gi, "$1@");
}
