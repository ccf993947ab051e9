import { createHash } from "node:crypto";
import { valuesOf } from "./headers.js";
import type { RouteSticky, RouteVersion } from "./route.js";

/** What names the client of a request, or undefined where nothing does. */
export function clientKey(raw: readonly string[], { by, name }: RouteSticky): string | undefined {
  if (by === "header") return valuesOf(raw, name.toLowerCase())[0]?.trim() || undefined;
  for (const cookie of valuesOf(raw, "cookie").flatMap((value) => value.split(";"))) {
    const equals = cookie.indexOf("=");
    if (equals > 0 && cookie.slice(0, equals).trim() === name) return cookie.slice(equals + 1).trim() || undefined;
  }
  return undefined;
}

/** A place between 0 and 999 that a client keeps as long as the salt is the same. */
export function placeOf(key: string, salt: string): number {
  const digest = createHash("sha256").update(`${salt}\n${key}`).digest();
  // 48 bits: the remainder favours no place by more than one in 2^38.
  return digest.readUIntBE(0, 6) % 1000;
}

/** The version at a place. The new one takes the first places, so that a larger weight only adds clients to it. */
export function versionAt(place: number, versions: readonly RouteVersion[], to: string): RouteVersion | undefined {
  let end = 0;
  const inOrder = [...versions].sort((a, b) => Number(b.name === to) - Number(a.name === to));
  for (const version of inOrder) {
    end += version.weight;
    if (place < end) return version;
  }
  return undefined;
}
