import type { BundleDiff, BundleView, Change } from "../actions/bundle/index.js";
import type { Style } from "../core/host.js";
import { table } from "../ui/table.js";

/** A bundle for people. */
export function showText(view: BundleView, style: Style, columns: number): string {
  const { verification: proof, served, source } = view;
  const parts = [
    `${style.bold(view.name)}  ${view.digest.slice(0, 12)}  ${proof.equal ? style.green("proved") : style.red("not proved")}`,
    served === null ? "" : `serves ${served.name} (${served.class}) as cell ${served.cell} uses it: ${served.why}`,
    source === null ? "" : `rows of ${source.call} (cell ${source.cell}, ${source.rows} rows)`,
    `notebook ${view.notebook.path}${view.git === null ? "" : `, commit ${view.git.commit.slice(0, 12)}${view.git.changed ? " + changes" : ""}`}`,
    `proved on ${proof.rows.batch} rows together, ${proof.rows.single} one by one, ${proof.rows.required_only} with required columns only`,
    `  ${style.dim(proof.predictions.tolerance)}`,
    heading(style, "Cells"),
    table(
      ["cell", "verdict", "reason"],
      view.cells.map((cell) => [String(cell.cell), cell.verdict, cell.reason]),
      columns,
    ),
  ];
  if (view.frozen.length > 0) {
    parts.push(
      heading(style, "Learned values"),
      table(
        ["name", "value", "cell", "statement"],
        view.frozen.map((value) => [value.name, cut(value.summary, 32), String(value.cell), oneLine(value.text)]),
        columns,
      ),
    );
  }
  parts.push(
    heading(style, "Models"),
    table(
      ["name", "class", "cell", "parameters"],
      view.models.map((model) => [model.name, model.class, String(model.cell), brief(model.params)]),
      columns,
    ),
    heading(style, "Contract"),
    table(
      ["column", "type", "needed", "missing", "seen"],
      view.contract.columns.map((column) => [
        column.name,
        column.type,
        column.required ? "required" : column.target ? "target" : "optional",
        column.nullable ? "may be" : "never",
        column.categories?.join(", ") ?? (column.min === null ? "" : `${column.min} to ${column.max}`),
      ]),
      columns,
    ),
  );
  const checks = view.checks.map((check) => `cell ${check.cell}: ${check.text} (${check.dropped} of ${check.of} rows)`);
  if (checks.length > 0) parts.push(heading(style, "Rows that scoring refuses or does not check"), ...checks);
  const warnings = view.warnings.map(
    (warning) => `${warning.cell === null ? "" : `cell ${warning.cell}: `}${warning.text}`,
  );
  if (warnings.length > 0) parts.push(heading(style, "Warnings"), ...warnings.map(style.yellow));
  parts.push(
    heading(style, "Files"),
    table(
      ["file", "bytes", ""],
      view.files.map((file) => [file.path, String(file.bytes), file.code ? "code" : ""]),
      columns,
    ),
    `${view.files.length} files, ${view.bytes} bytes; loading these runs code: ${view.code.join(", ")}`,
    `folder ${view.dir}`,
  );
  if (view.damaged.length > 0)
    parts.push(style.red(`changed or missing since it was written: ${view.damaged.join(", ")}`));
  return parts.filter((part) => part !== "").join("\n");
}

/** A comparison for people: only what changed. */
export function diffText(diff: BundleDiff, style: Style): string {
  const head = `${diff.from.slice(0, 12)} -> ${diff.to.slice(0, 12)}`;
  if (diff.same) return `${head}: the same content is served`;
  const groups: [string, Change[]][] = [
    ["Served", diff.served],
    ["Models", diff.models],
    ["Learned values", diff.frozen],
    ["Contract", diff.contract],
    ["Output", diff.output],
    ["Cells", diff.cells],
    ["Parameters", diff.parameters],
    ["Data files", diff.data],
    ["Versions", diff.packages],
    ["Proof", diff.proof],
    ["Files", diff.files],
  ];
  const parts = [head];
  for (const [title, changes] of groups) {
    if (changes.length > 0) parts.push(heading(style, title), ...changes.map((change) => changeText(change, style)));
  }
  if (diff.score.length > 0) parts.push(heading(style, "score.py"), ...diff.score.map((line) => lineText(line, style)));
  return parts.join("\n");
}

function changeText({ name, from, to }: Change, style: Style): string {
  if (from === null) return style.green(`+ ${name}: ${brief(to)}`);
  if (to === null) return style.red(`- ${name}: ${brief(from)}`);
  return `  ${name}: ${brief(from)} -> ${brief(to)}`;
}

function lineText(line: string, style: Style): string {
  if (line.startsWith("+")) return style.green(line);
  if (line.startsWith("-")) return style.red(line);
  return line.startsWith("@@") ? style.cyan(line) : line;
}

function heading(style: Style, text: string): string {
  return `\n${style.bold(text)}`;
}

function brief(value: unknown): string {
  if (value !== null && typeof value === "object" && !Array.isArray(value))
    return Object.entries(value)
      .map(([name, part]) => `${name}=${cut(String(part), 24)}`)
      .join(" ");
  return cut(typeof value === "string" ? value : JSON.stringify(value), 80);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function cut(text: string, width: number): string {
  const line = oneLine(text);
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
