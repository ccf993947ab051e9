import type { RecordDocument } from "../core/contract.js";
import { tokenize } from "./python-text.js";

type RecordedImport = RecordDocument["imports"][number];

interface Clause {
  /** As written: `StandardScaler as S`. */
  text: string;
  binds: string;
}

/** An import split into its clauses: `from M import` + clauses, or `import` + clauses. */
interface Parsed {
  head: string;
  clauses: Clause[];
}

/**
 * The author's imports, each name once and only those in `used`, in notebook order.
 *
 * @returns lines, and those that must come first of all (`from __future__`).
 */
export function importLines(
  imports: readonly RecordedImport[],
  used: ReadonlySet<string>,
): { future: string[]; lines: string[] } {
  const seen = new Set<string>();
  const heads = new Map<string, Clause[]>();
  const future: string[] = [];
  for (const recorded of imports) {
    const { head, clauses } = parse(recorded);
    if (head === "from __future__ import") {
      for (const { text } of clauses) if (!seen.has(`${head} ${text}`)) future.push(`${head} ${text}`);
      for (const { text } of clauses) seen.add(`${head} ${text}`);
      continue;
    }
    for (const clause of clauses) {
      const key = `${head} ${clause.text}`;
      if (seen.has(key) || !(clause.binds === "*" || used.has(clause.binds))) continue;
      seen.add(key);
      // A second `from M import` joins the first; plain imports stay one a line.
      const group = head === "import" ? key : head;
      heads.set(group, [...(heads.get(group) ?? []), clause]);
    }
  }
  const lines = [...heads].flatMap(([group, clauses]) => write(group, clauses));
  return { future, lines };
}

/** The import statements that bind `name`, for a function that binds the name again. */
export function importsOf(imports: readonly RecordedImport[], name: string): string[] {
  return imports.flatMap((recorded) => {
    const { head, clauses } = parse(recorded);
    return clauses.filter((clause) => clause.binds === name).map((clause) => `${head} ${clause.text}`);
  });
}

function write(group: string, clauses: readonly Clause[]): string[] {
  if (group.startsWith("import ")) return [group];
  const single = `${group} ${clauses.map((clause) => clause.text).join(", ")}`;
  if (single.length <= 110) return [single];
  return [`${group} (`, ...clauses.map((clause) => `    ${clause.text},`), ")"];
}

function parse(recorded: RecordedImport): Parsed {
  const words = tokenize(recorded.text)
    .filter(
      (token) => token.kind === "name" || (token.kind === "operator" && ".,*".includes(recorded.text[token.start]!)),
    )
    .map((token) => recorded.text.slice(token.start, token.end));
  const from = words[0] === "from" ? words.indexOf("import") : 0;
  const head = from > 0 ? `from ${words.slice(1, from).join("")} import` : "import";
  const clauses: Clause[] = [];
  let clause: string[] = [];
  for (const word of [...words.slice(from + 1), ","]) {
    if (word !== ",") clause.push(word);
    else if (clause.length > 0) {
      const as = clause.indexOf("as");
      const name = (as < 0 ? clause : clause.slice(0, as)).join("");
      const alias = as < 0 ? null : clause[as + 1]!;
      const binds = alias ?? (from > 0 ? name : name.split(".")[0]!);
      clauses.push({ text: alias === null ? name : `${name} as ${alias}`, binds });
      clause = [];
    }
  }
  return { head, clauses };
}
