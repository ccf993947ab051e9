export { type Generated, type GenerateOptions, generate } from "./generate.js";
export { HELPERS } from "./helpers.js";
export type { ScoreMapEntry } from "./writer.js";
