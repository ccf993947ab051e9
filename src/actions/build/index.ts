export { parseReference, type Reference } from "../../image/reference.js";
export { type BuildPlan, type BuildResult, layerCache } from "./finish.js";
export { recomposeScoring } from "./recompose.js";
export { buildScoring, type ScoringInput } from "./scoring.js";
export { ENGINES, type Engine, type Sink } from "./sinks.js";
export { buildTool } from "./tool.js";
export { buildTraining, type TrainingInput } from "./training.js";
