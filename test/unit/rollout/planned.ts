import type { NewRollout } from "../../../src/rollout/state.js";

/** A short rollout from v1 to v2, for tests that look at one thing in it. */
export const PLANNED: NewRollout = {
  id: "r",
  from: "v1",
  to: "v2",
  by: "somebody",
  stages: [{ weight: 100, ms: 1000, requests: 10 }],
  bake_ms: 1000,
  limits: { excess: 0.02, alpha: 0.01, unproven: false },
};
