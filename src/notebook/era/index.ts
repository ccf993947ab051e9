export { type Failed, rangesOf } from "./errors.js";
export { printedVersions } from "./evidence.js";
export type { ApiRange } from "./facts.js";
export { type ApiUse, apiUses } from "./uses.js";
