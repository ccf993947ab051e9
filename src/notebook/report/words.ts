import { stringValue } from "../python/literals.js";
import { rootOf } from "../python/roots.js";
import { child, textOf, walk } from "../python/tree.js";
import type { SourceCall } from "./facts.js";
import type { FlowStatement } from "./flow.js";

/** Names in words: `` `a`, `b` and 4 more ``, with `what` in front (in the plural when there are several). */
export function listed(what: string, names: Iterable<string>): string {
  const all = [...new Set(names)];
  const shown = all.slice(0, 4).map((name) => `\`${name}\``);
  const rest = all.length - shown.length;
  const text = rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
  return what === "" ? text : `${what}${all.length === 1 ? "" : "s"} ${text}`;
}

/** Columns that a statement stores, by the name of their table: `df["Age"] = ...`. */
export function columnsStored({ tree, node }: FlowStatement): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const one of walk(node)) {
    if (one.type !== "subscript" || one.field !== "left") continue;
    const root = rootOf(one);
    const column = stringValue(tree, child(one, "subscript"));
    if (root === null || column === null) continue;
    const name = textOf(tree, root);
    found.set(name, (found.get(name) ?? new Set()).add(column));
  }
  return found;
}

/** ` from "churn.csv"`, where the call names a file or a data set. */
export function sourceText(source: SourceCall | undefined): string {
  if (source === undefined || source.literal) return "";
  const { tree } = source.statement;
  const path = stringValue(tree, source.call.args[0]);
  if (path !== null) return ` from ${path}`;
  return /^(load|fetch|make)_/.test(source.call.method) ? ` by ${source.call.method}` : "";
}
