import { Marked, type Tokens } from "marked";
import { escapeHtml, Safe } from "./html.js";

/**
 * Markdown of a notebook as HTML. Raw HTML in it is shown as text; links go to http, https, mailto or inside the page;
 * images only where they are in the page itself (data: or an attachment), so that the report asks nothing of a network.
 */
export function renderMarkdown(source: string, attachments: Record<string, string> = {}): Safe {
  const marked = new Marked({ gfm: true, async: false });
  marked.use({
    renderer: {
      html({ text }: Tokens.HTML | Tokens.Tag): string {
        return escapeHtml(text);
      },
      link({ href, tokens }: Tokens.Link): string {
        const inside = this.parser.parseInline(tokens);
        if (!/^(https?:|mailto:|#)/i.test(href)) return inside;
        return `<a href="${escapeHtml(href)}" rel="noopener noreferrer">${inside}</a>`;
      },
      image({ href, text }: Tokens.Image): string {
        const source = href.startsWith("attachment:") ? attachments[href.slice("attachment:".length)] : href;
        if (source === undefined || !isImageData(source))
          return `<span class="gone">[image: ${escapeHtml(text || href)}]</span>`;
        return `<img src="${escapeHtml(source)}" alt="${escapeHtml(text)}">`;
      },
    },
  });
  return new Safe(marked.parse(source) as string);
}

/** A picture that is in the text itself and is no vector file (which could carry scripts). */
export function isImageData(source: string): boolean {
  return /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$/.test(source);
}
