import type { RouterStatus } from "../router/server.js";
import { probe } from "./probe.js";

/** Asks a router what it has applied and what is in flight; null when it does not answer. */
export async function routerStatus(admin: number): Promise<RouterStatus | null> {
  const { status, body } = await probe(admin, "/-/iapp/router", 2000);
  if (status !== 200) return null;
  try {
    return JSON.parse(body) as RouterStatus;
  } catch {
    return null;
  }
}
