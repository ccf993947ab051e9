export { configError, type Diagnostic, diagnosticLines } from "./diagnostic.js";
export { withKeys } from "./edit.js";
export { configEnvironment } from "./environment.js";
export { CONFIG_FILE, type LoadedConfig, loadConfig, projectConfig } from "./load.js";
export { parseConfig } from "./parse.js";
export { type Config, configSchema, defaultConfig, type EnvironmentValue } from "./schema.js";
export { isRequirement } from "./words.js";
