import type { RouterEvidence } from "../core/evidence.js";
import type { RouterStatus } from "../router/server.js";
import { probe } from "./probe.js";

/** What a router has counted; null when it does not answer. */
export async function routerEvidence(admin: number): Promise<RouterEvidence | null> {
  const { status, body } = await probe(admin, "/-/iapp/evidence", 2000);
  if (status !== 200) return null;
  try {
    return JSON.parse(body) as RouterEvidence;
  } catch {
    return null;
  }
}

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
