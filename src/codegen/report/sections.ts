import type { Agreement } from "../../core/agreement.js";
import type { ContractColumn } from "../../core/contract.js";
import { highlightPython } from "./highlight.js";
import { brief, bytesText, html, type Safe, section, tableOf } from "./html.js";
import type { ReportInput } from "./types.js";

/** What is served, in one sentence and the facts behind it. */
export function summarySection({ lineage, verification, files, digest }: ReportInput): Safe | null {
  const { served, source, notebook, git } = lineage;
  const facts: [string, string | Safe | null][] = [
    [
      "Model",
      served &&
        html`<code>${served.name}</code>, a ${served.class}, fitted or used in ${cellLink(served.cell)} (${served.why}; ${served.confidence})`,
    ],
    [
      "Raw table",
      source &&
        html`<code>${source.call}</code> in ${cellLink(source.cell)}: ${source.rows} rows${source.target && html`; target <code>${source.target}</code>`}`,
    ],
    ["Notebook", html`<code>${notebook.path}</code>, SHA-256 <code>${notebook.sha256.slice(0, 12)}</code>`],
    [
      "Commit",
      git && html`<code>${git.commit.slice(0, 12)}</code>${git.changed ? ", with changes that are not in it" : ""}`,
    ],
    [
      "Parameters",
      lineage.parameters.length === 0
        ? null
        : lineage.parameters.map(({ name, value }) => `${name}=${brief(value)}`).join(", "),
    ],
    ["Python", `${verification.python} (training: ${lineage.python.training})`],
    [
      "Bundle",
      html`<code>${digest}</code>, ${files.length} files, ${bytesText(files.reduce((sum, file) => sum + file.bytes, 0))}`,
    ],
  ];
  return section(
    "summary",
    "What is served",
    served &&
      html`<p class="lead">The service answers with <code>${served.name}.${served.method}</code> as the notebook calls it in ${cellLink(served.cell)}: the rows it is sent go through the statements shown under <a href="#score">score.py</a>, with the values learned in training.</p>`,
    html`<dl class="facts">${facts.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`,
    served && served.alternatives.length > 0
      ? html`<p class="dim">Other models in this notebook: ${served.alternatives.map((other) => `${other.name} (${other.class}, cell ${other.cell})`).join(", ")}. Another one is chosen by <code>iapp deploy --serve NAME</code>.</p>`
      : null,
  );
}

/** What was compared and with which outcome. */
export function proofSection({ verification, agreement }: ReportInput): Safe | null {
  const { rows, features, predictions, first_difference: first } = verification;
  const size = (value: number | null): string => (value === null ? "-" : value === 0 ? "none" : value.toPrecision(2));
  return section(
    "proof",
    "Proof",
    html`<p><span class="seal ${verification.equal ? "ok" : "no"}">${verification.equal ? "equal" : "NOT equal"}</span> Recorded rows were sent through score.py as JSON, in a process with the scoring packages only, and compared with the notebook's own feature rows and predictions.</p>`,
    tableOf(
      ["rows", "number"],
      [
        ["all together", rows.batch],
        ["one by one (random ones, holes in each column, rarest values, extremes)", rows.single],
        ["one by one with the required columns only", rows.required_only],
      ],
    ),
    html`<p class="dim">Largest difference: features ${size(features.max_difference)}, predictions ${size(predictions.max_difference)}. Rule: ${predictions.tolerance}.</p>`,
    first &&
      html`<pre class="out err">cell ${first.cell}, line ${first.line}: ${first.statement}\ncolumn ${first.column}, row ${first.row}: ${first.expected} expected, ${first.actual} found</pre>`,
    ...(verification.notes ?? []).map((note) => html`<p>${note}.</p>`),
    agreement && agreementPart(agreement),
  );
}

/** Whether the run printed what the notebook's author had seen. */
function agreementPart({ equal, close, different, cells }: Agreement): Safe | null {
  if (cells.length === 0) return null;
  const off = cells.filter(({ first }) => first !== null);
  return html`<p>Outputs: of ${cells.length} cells whose numbers can be compared with those stored in the notebook, ${equal} printed the same, ${close} nearly the same, ${different} others.</p>${tableOf(
    ["cell", "agreement", "first number then", "now"],
    off.map(({ cell, verdict, first }) => [cellLink(cell), verdict, first!.stored, first!.now]),
  )}`;
}

/** Every cell with its verdict and the reason. */
export function cellsSection({ lineage }: ReportInput): Safe | null {
  const rows = lineage.cells.map((cell) => [
    cellLink(cell.cell),
    html`<span class="v ${cell.verdict}">${cell.verdict}</span>`,
    cell.reason,
  ]);
  return section(
    "cells",
    "What each cell is for",
    html`<p class="dim">score: runs for every request. train: needed to make the model. drop: neither. failed: it raised an error in this run.</p>`,
    tableOf(["cell", "verdict", "reason"], rows),
  );
}

export function scoreSection({ scorePy }: ReportInput): Safe | null {
  return section("score", "score.py", html`<pre class="code">${highlightPython(scorePy)}</pre>`);
}

/** Values and models that training learned. */
export function frozenSection({ lineage }: ReportInput): Safe | null {
  const values = tableOf(
    ["name", "value", "learned in", "statement"],
    lineage.frozen.map((value) => [
      html`<code>${value.name}</code>`,
      brief(value.summary),
      cellLink(value.cell),
      html`<code>${brief(value.text, 160)}</code>`,
    ]),
  );
  const models = tableOf(
    ["model", "class", "fitted in", "parameters"],
    lineage.models.map((model) => [
      html`<code>${model.name}</code>`,
      model.class,
      cellLink(model.cell),
      html`<code>${brief(
        Object.entries(model.params)
          .map(([name, value]) => `${name}=${brief(value, 40)}`)
          .join(", "),
        400,
      )}</code>`,
    ]),
  );
  return section("frozen", "Learned in training, never recomputed", values, models);
}

/** The input contract, column by column. */
export function contractSection({ contract }: ReportInput): Safe | null {
  const rows = contract.columns.map((column) => [
    html`<code>${column.name}</code>${column.target ? " (target)" : ""}`,
    column.type,
    column.required ? "required" : `optional, default ${brief(column.default, 40)}`,
    column.nullable ? "may be missing" : "never missing",
    seen(column),
    brief(column.example, 40),
  ]);
  return section(
    "contract",
    "What a request must hold",
    html`<p class="dim">Learned from the training data. A column is optional when no other value of it ever changed what the model is given.</p>`,
    tableOf(["column", "type", "", "missing", "seen in training", "example"], rows),
  );
}

/** Rows the notebook drops, warnings, failing cells. */
export function remarksSection({ lineage }: ReportInput): Safe | null {
  const checks = tableOf(
    ["cell", "rows left out of training", "condition", "columns"],
    lineage.checks.map((check) => [
      cellLink(check.cell),
      `${check.dropped} of ${check.of}`,
      check.text,
      check.columns.join(", "),
    ]),
  );
  const warnings = lineage.warnings.map(
    (warning) =>
      html`<li class="warn">${warning.cell === null ? null : html`${cellLink(warning.cell)}: `}${warning.text}</li>`,
  );
  const failures = lineage.failures.map(
    (failure) =>
      html`<li>${cellLink(failure.cell)}, line ${failure.line}: ${failure.ename}: ${brief(failure.evalue, 300)} <span class="dim">(${failure.why})</span></li>`,
  );
  return section(
    "remarks",
    "Checks on rows, warnings, failing cells",
    checks,
    warnings.length === 0 ? null : html`<h3>Warnings</h3><ul>${warnings}</ul>`,
    failures.length === 0 ? null : html`<h3>Cells that failed</h3><ul>${failures}</ul>`,
  );
}

/** Files, versions and data by digest. */
export function contentsSection({ lineage, files, verification }: ReportInput): Safe | null {
  return section(
    "contents",
    "Files, data and versions",
    tableOf(
      ["file", "size", ""],
      files.map((file) => [html`<code>${file.path}</code>`, bytesText(file.bytes), file.code ? "holds code" : ""]),
    ),
    tableOf(
      ["data file", "size", "SHA-256"],
      lineage.data_files.map((file) => [
        html`<code>${file.path}</code>`,
        bytesText(file.bytes),
        html`<code>${file.sha256.slice(0, 16)}</code>`,
      ]),
    ),
    tableOf(
      ["package", "scoring", "training"],
      Object.entries(verification.packages).map(([name, version]) => [
        name,
        version,
        lineage.packages.training[name] ?? "",
      ]),
    ),
  );
}

function seen(column: ContractColumn): string {
  if (column.categories !== null) return brief(column.categories.join(", "), 120);
  if (column.min === null && column.max === null) return "";
  const gaps = column.missing_seen > 0 ? `, ${column.missing_seen} missing` : "";
  return `${brief(column.min)} to ${brief(column.max)}${gaps}`;
}

function cellLink(cell: number): Safe {
  return html`<a href="#cell-${cell}">cell ${cell}</a>`;
}
