export * from "./driver.js";
export * from "./names.js";
export * from "./pod.js";
export * from "./router.js";
export * from "./schedule.js";
export * from "./training.js";
export * from "./version.js";
