import { html, Safe } from "./html.js";

const KEYWORDS = new Set(
  (
    "and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield None True False"
  ).split(" "),
);

// Comments, strings (triple-quoted ones first), numbers, names; all else passes as it is.
const TOKEN =
  /(#[^\n]*)|([rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|(\b\d[\w.]*)|([A-Za-z_]\w*)/g;

/** Python source as HTML with light colouring: comments, strings, numbers, keywords, definitions, frozen values. */
export function highlightPython(source: string): Safe {
  const out: Safe[] = [];
  let at = 0;
  let previous = "";
  for (const match of source.matchAll(TOKEN)) {
    if (match.index > at) out.push(html`${source.slice(at, match.index)}`);
    const [text, comment, string, number, name] = match;
    out.push(token(text, comment, string, number, name, previous));
    if (name !== undefined) previous = name;
    at = match.index + text.length;
  }
  out.push(html`${source.slice(at)}`);
  return new Safe(out.map((part) => part.text).join(""));
}

function token(text: string, comment?: string, string?: string, number?: string, name?: string, previous = ""): Safe {
  if (comment !== undefined) return html`<i class="c">${text}</i>`;
  if (string !== undefined) return html`<i class="s">${text}</i>`;
  if (number !== undefined) return html`<i class="n">${text}</i>`;
  if (KEYWORDS.has(name!)) return html`<b class="k">${text}</b>`;
  if (previous === "def" || previous === "class") return html`<b class="d">${text}</b>`;
  if (name === "frozen") return html`<b class="f">${text}</b>`;
  return html`${text}`;
}
