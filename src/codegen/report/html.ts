/** Text made safe for element content and for attribute values in double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** HTML that is already safe. Everything else given to `html` is escaped. */
export class Safe {
  constructor(readonly text: string) {}
}

type Part = string | number | boolean | null | undefined | Safe | readonly Part[];

/** Template tag: what is put in is escaped unless it is `Safe`; lists are joined; null, undefined and false are nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Safe {
  return new Safe(strings.reduce((text, string, i) => text + string + (i < parts.length ? render(parts[i]) : ""), ""));
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false || part === true) return "";
  if (part instanceof Safe) return part.text;
  if (Array.isArray(part)) return part.map(render).join("");
  return escapeHtml(String(part));
}

/** A table; rows of cells that are text or safe HTML. Nothing where there are no rows. */
export function tableOf(head: string[], rows: (Part | readonly Part[])[][]): Safe | null {
  if (rows.length === 0) return null;
  return html`<div class="wide"><table><thead><tr>${head.map((name) => html`<th>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

/** A section with a heading and an anchor; nothing where it has no content. */
export function section(id: string, title: string, ...content: (Safe | null)[]): Safe | null {
  if (content.every((part) => part === null)) return null;
  return html`<section id="${id}"><h2>${title}</h2>${content}</section>\n`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A JSON value in one line, at most `most` characters. */
export function brief(value: unknown, most = 120): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
