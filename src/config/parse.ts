import { type Document, isMap, isScalar, LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import type { Diagnostic } from "./diagnostic.js";
import { type Finding, findingsOf, pathText } from "./issues.js";
import { knownKeys } from "./known-keys.js";
import { locate, type Place } from "./locate.js";
import { checkRules } from "./rules.js";
import { type Config, configSchema } from "./schema.js";

/** Text to configuration, with everything that is wrong in one list, by place. Pure. */
export function parseConfig(
  bytes: Uint8Array | string,
  file: string,
): { config: Config | null; diagnostics: Diagnostic[] } {
  const decoded = decode(bytes);
  if (decoded.text === null) return failed([{ ...START, ...blank(file), message: decoded.problem }]);
  const { text } = decoded;
  const lines = text.split(/\r\n|\n|\r/);
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const place = (finding: Pick<Finding, "severity" | "message" | "hint">, at: Place, key: string): Diagnostic => ({
    ...finding,
    ...at,
    file,
    key,
    source: lines[at.line - 1] ?? "",
  });
  if (!Array.isArray(documents) || documents.length === 0) return { config: configSchema.parse({}), diagnostics: [] };
  const [document, second] = documents as Document[];
  const syntax = [...document!.errors, ...document!.warnings].map((error) => fromYaml(error, counter, place));
  if (second !== undefined) {
    const at = locate(second, counter, [], "key");
    syntax.push(place({ severity: "error", message: "a second document begins here", hint: "keep one" }, at, ""));
  }
  if (syntax.length > 0) return failed(syntax);

  let value: unknown;
  try {
    value = plain(document!);
  } catch (cause) {
    // Aliases that unfold to a huge document.
    const finding = { severity: "error" as const, message: `cannot be read: ${(cause as Error).message}`, hint: null };
    return failed([place(finding, START, "")]);
  }
  const parsed = configSchema.safeParse(value ?? {});
  const findings = parsed.success ? checkRules(parsed.data) : findingsOf(parsed.error.issues, value, knownKeys);
  const diagnostics = findings
    .map((finding) =>
      place(strip(finding), locate(document!, counter, finding.path, finding.at), pathText(finding.path)),
    )
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const broken = diagnostics.some(({ severity }) => severity === "error");
  return { config: parsed.success && !broken ? parsed.data : null, diagnostics };
}

const START: Place = { line: 1, column: 1, length: 1 };

const blank = (file: string): Omit<Diagnostic, keyof Place | "message"> => ({
  severity: "error",
  file,
  key: "",
  hint: null,
  source: "",
});

function failed(diagnostics: Diagnostic[]): { config: null; diagnostics: Diagnostic[] } {
  return { config: null, diagnostics };
}

function strip({ severity, message, hint }: Finding): Pick<Finding, "severity" | "message" | "hint"> {
  return { severity, message, hint };
}

/** The document as plain values. `python: 3.10` is a version, not the number 3.1. */
function plain(document: Document): unknown {
  if (isMap(document.contents)) {
    for (const { key, value } of document.contents.items) {
      if (isScalar(key) && key.value === "python" && isScalar(value) && typeof value.value === "number")
        value.value = value.source ?? String(value.value);
    }
  }
  return document.toJS({ maxAliasCount: 100 });
}

function fromYaml(
  error: YAMLError,
  counter: LineCounter,
  place: (finding: Pick<Finding, "severity" | "message" | "hint">, at: Place, key: string) => Diagnostic,
): Diagnostic {
  const { line, col } = counter.linePos(error.pos[0]);
  const message =
    error.code === "DUPLICATE_KEY" ? "this key stands here a second time" : `not valid YAML: ${error.message}`;
  const at = { line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, error.pos[1] - error.pos[0]) };
  return place({ severity: "error", message, hint: null }, at, "");
}

function decode(bytes: Uint8Array | string): { text: string; problem: "" } | { text: null; problem: string } {
  if (typeof bytes === "string") return { text: bytes, problem: "" };
  if (bytes.length > 1_000_000) return { text: null, problem: "larger than 1 MB: this is no configuration" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), problem: "" };
  } catch {
    return { text: null, problem: "not UTF-8 text" };
  }
}
