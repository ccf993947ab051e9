export { type AnalysedCell, analyse, type Statement } from "./analysis.js";
export { parseNotebook } from "./nbformat.js";
export type { Cell, CodeCell, Notebook, StoredOutput, TextCell } from "./notebook.js";
export { buildProgram, DEFAULT_LIMITS, type ProgramOptions } from "./program.js";
export { loadParser, type ParserAssets, type PythonParser } from "./python/parser.js";
export { foreignPath } from "./report/problems/paths.js";
export type { Problem } from "./report/problems/problem.js";
export { type StaticReport, type StaticReportOptions, staticReport } from "./report.js";
export { type NotebookRequirement, requirements } from "./requirements.js";
