export { narrowed, specifier } from "./apply.js";
export { authorEra, USUAL_ERA } from "./author.js";
export { boundsOf, eraBounds, fitting, merged, type VersionBound } from "./bounds.js";
export { checkedEra, type EnvironmentPlan, getPython, planEnvironment } from "./plan.js";
