export { createEnvironment, type Environment, environmentDigest } from "./create.js";
export type { Resolver } from "./install.js";
export { scoringEnvironment } from "./scoring.js";
