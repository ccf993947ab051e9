import { highlightPython } from "./highlight.js";
import { escapeHtml, html, Safe, section } from "./html.js";
import { isImageData, renderMarkdown } from "./markdown.js";

/** Characters of one cell's text outputs, of one HTML output, and of one picture; the rest is said to be left out. */
const MOST_TEXT = 20_000;
const MOST_HTML = 200_000;
const MOST_IMAGE = 3_000_000;
/** Of all outputs together: a report must open in a browser. */
const MOST_OF_ALL = 20_000_000;

const FRAME_STYLE =
  "body{font:13px system-ui,sans-serif;margin:4px}table,tr,td,th{border:0!important;border-collapse:collapse}" +
  "td,th{padding:2px 8px!important;text-align:right;white-space:nowrap;border-bottom:1px solid #ddd!important}";

type Text = string | string[];

interface Output {
  output_type?: string;
  name?: string;
  text?: Text;
  data?: Record<string, Text | object>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
}

interface Cell {
  cell_type?: string;
  source?: Text;
  outputs?: Output[];
  attachments?: Record<string, Record<string, string>>;
}

/** The part of an nbformat 4 notebook that a report shows. */
export interface ExecutedNotebook {
  cells?: Cell[];
}

/** The executed notebook, each code cell with its number and verdict, its outputs limited in size and harmless. */
export function notebookSection(notebook: unknown, verdicts: Map<number, string>): Safe | null {
  const cells = (notebook as ExecutedNotebook | null)?.cells;
  if (!Array.isArray(cells)) return null;
  const budget = { left: MOST_OF_ALL };
  let number = 0;
  const shown = cells.map((cell) => {
    if (cell.cell_type === "markdown")
      return html`<div class="md">${renderMarkdown(join(cell.source), images(cell))}</div>\n`;
    if (cell.cell_type !== "code") return null;
    number += 1;
    return codeCell(cell, number, verdicts.get(number), budget);
  });
  return section("notebook", "The notebook as it ran", html`<div class="notebook">${shown}</div>`);
}

function codeCell(cell: Cell, number: number, verdict: string | undefined, budget: { left: number }): Safe {
  const outputs = Array.isArray(cell.outputs) ? cell.outputs : [];
  return html`<div class="cell" id="cell-${number}"><div class="no">cell ${number}${verdict && html` <span class="v ${verdict}">${verdict}</span>`}</div>
<pre class="code">${highlightPython(join(cell.source))}</pre>${outputs.map((output) => outputOf(output, budget))}</div>\n`;
}

function outputOf(output: Output, budget: { left: number }): Safe {
  if (budget.left <= 0) return note("output left out: the report has reached its size limit");
  const shown = contentOf(output);
  budget.left -= shown.text.length;
  return shown;
}

function contentOf(output: Output): Safe {
  if (output.output_type === "stream") return textOutput(join(output.text), output.name === "stderr" ? "err" : "");
  if (output.output_type === "error") {
    const trace = (output.traceback ?? []).join("\n") || `${output.ename}: ${output.evalue}`;
    return textOutput(trace, "err");
  }
  const data = output.data ?? {};
  for (const type of ["image/png", "image/jpeg", "image/gif"]) {
    const value = data[type];
    if (isText(value)) return image(type, join(value));
  }
  if (isText(data["text/html"]))
    return frame(join(data["text/html"]), isText(data["text/plain"]) ? join(data["text/plain"]) : "");
  if (isText(data["text/markdown"]))
    return html`<div class="md out">${renderMarkdown(join(data["text/markdown"]))}</div>`;
  return isText(data["text/plain"]) ? textOutput(join(data["text/plain"]), "") : note("an output of another kind");
}

function image(type: string, base64: string): Safe {
  const source = `data:${type};base64,${base64.replace(/\s/g, "")}`;
  if (source.length > MOST_IMAGE) return note(`a picture of ${Math.round(base64.length / 1.37e6)} MB left out`);
  return isImageData(source)
    ? html`<img class="out" src="${source}" alt="output">`
    : note("a picture that cannot be shown");
}

/** HTML of the notebook's libraries in a frame of its own: no scripts, no requests, no reach into this page. */
function frame(source: string, plain: string): Safe {
  if (source.length > MOST_HTML) return textOutput(plain || "HTML output left out: too large", "");
  // A table of pandas is shown whole; anything else gets a fixed height and scrolls.
  const rows = (source.match(/<tr\b/g) ?? []).length;
  const height = rows > 0 ? Math.min(420, 34 + rows * 22) : 160;
  const page = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"><style>${FRAME_STYLE}</style>${source}`;
  return new Safe(
    `<iframe class="out" sandbox="" loading="lazy" style="height:${height}px" srcdoc="${escapeHtml(page)}"></iframe>`,
  );
}

function textOutput(text: string, kind: string): Safe {
  // Terminal colours and cursor movements have no meaning on a page.
  const clean = text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
  if (clean === "") return new Safe("");
  const half = MOST_TEXT / 2;
  const cut =
    clean.length <= MOST_TEXT
      ? clean
      : `${clean.slice(0, half)}\n… ${clean.length - MOST_TEXT} characters left out …\n${clean.slice(-half)}`;
  return html`<pre class="out ${kind}">${cut}</pre>`;
}

function note(text: string): Safe {
  return html`<p class="gone">[${text}]</p>`;
}

function images(cell: Cell): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, types] of Object.entries(cell.attachments ?? {})) {
    const [type, data] = Object.entries(types ?? {})[0] ?? [];
    if (type !== undefined && typeof data === "string") found[name] = `data:${type};base64,${data}`;
  }
  return found;
}

function isText(value: unknown): value is Text {
  return typeof value === "string" || (Array.isArray(value) && value.every((part) => typeof part === "string"));
}

function join(text: Text | undefined): string {
  return Array.isArray(text) ? text.join("") : (text ?? "");
}
