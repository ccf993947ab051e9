export * from "./names.js";
export * from "./pod.js";
export * from "./router.js";
export * from "./version.js";
