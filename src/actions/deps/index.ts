export { addDependencies, type Edited, removeDependencies } from "./edit.js";
export { type Dependency, type DependencyReport, gatherDependencies, notebooksOf } from "./gather.js";
export { type Lock, type LockPlatform, lockFor } from "./lock.js";
