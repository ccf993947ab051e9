import type { ContractDocument } from "../core/contract.js";

/** What requests that are good for the old version would meet at the new one. Empty: they are good for both. */
export function contractBreaks(from: ContractDocument, to: ContractDocument): string[] {
  const breaks: string[] = [];
  if (from.rows !== to.rows) return [`rows are a ${to.rows} and were a ${from.rows}`];
  const had = new Map(from.columns.map((column) => [column.name, column]));
  for (const column of to.columns) {
    const before = had.get(column.name);
    if (before === undefined) {
      if (column.required) breaks.push(`column ${column.name} is required and was not known`);
      continue;
    }
    if (column.required && !before.required) breaks.push(`column ${column.name} is required and was not`);
    if (column.type !== before.type && !(before.type === "integer" && column.type === "number"))
      breaks.push(`column ${column.name} is ${column.type} and was ${before.type}`);
    if (before.nullable && !column.nullable) breaks.push(`column ${column.name} may not be empty and might`);
  }
  if (from.output.type !== to.output.type) breaks.push(`answers are ${to.output.type} and were ${from.output.type}`);
  if (from.output.task !== to.output.task) breaks.push(`the task is ${to.output.task} and was ${from.output.task}`);
  const classes = new Set((to.output.classes ?? []).map(String));
  const gone = (from.output.classes ?? []).map(String).filter((one) => !classes.has(one));
  if (to.output.classes !== null && gone.length > 0) breaks.push(`it never answers ${gone.join(", ")}`);
  return breaks;
}
