import { html } from "./html.js";
import { notebookSection } from "./notebook.js";
import {
  cellsSection,
  contentsSection,
  contractSection,
  frozenSection,
  proofSection,
  remarksSection,
  scoreSection,
  summarySection,
} from "./sections.js";
import { STYLE } from "./style.js";
import type { ReportInput } from "./types.js";

export type { ReportInput } from "./types.js";

/**
 * `report.html`: the answer to "what exactly is served?" on one page that needs nothing else. No script, no request; what
 * comes from the notebook is escaped, or in a frame that can do nothing.
 */
export function renderReport(input: ReportInput): string {
  const verdicts = new Map(input.lineage.cells.map((cell) => [cell.cell, cell.verdict]));
  const sections = [
    summarySection(input),
    proofSection(input),
    cellsSection(input),
    scoreSection(input),
    frozenSection(input),
    contractSection(input),
    remarksSection(input),
    contentsSection(input),
    notebookSection(input.notebook, verdicts),
  ];
  const links = [
    ["summary", "served"],
    ["proof", "proof"],
    ["cells", "cells"],
    ["score", "score.py"],
    ["frozen", "learned values"],
    ["contract", "contract"],
    ["remarks", "remarks"],
    ["contents", "files"],
    ["notebook", "notebook"],
  ].filter(([id]) => sections.some((part) => part?.text.startsWith(`<section id="${id}"`)));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${input.name}: what is served</title>
`;
  // The style is ours and holds quotes that must stay.
  return `${page.text}<style>${STYLE}</style>
</head>
<body>
${
  html`<h1>${input.name}</h1>
<nav>${links.map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>
${sections}`.text
}</body>
</html>
`;
}
