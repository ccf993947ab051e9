/** Width of a text in terminal columns; escape sequences count nothing, wide East Asian characters count two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(/\u001b\[[0-9;]*m/g, "")) {
    const code = character.codePointAt(0)!;
    if (code < 32 || (code >= 0x300 && code <= 0x36f) || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f))
      continue;
    width += isWide(code) ? 2 : 1;
  }
  return width;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff)
  );
}

export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = "";
  let used = 0;
  for (const character of text) {
    const more = displayWidth(character);
    if (used + more > width - 1) break;
    out += character;
    used += more;
  }
  return `${out}…`;
}

/** Columns aligned by spaces; the last column is cut at `columns`. */
export function table(head: string[], rows: string[][], columns: number): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => displayWidth(row[i] ?? ""))));
  return all
    .map((row) => {
      let used = 0;
      const cells = row.map((cell, i) => {
        if (i === row.length - 1) return truncate(cell, Math.max(8, columns - used));
        used += widths[i]! + 2;
        return cell + " ".repeat(widths[i]! - displayWidth(cell));
      });
      return cells.join("  ").trimEnd();
    })
    .join("\n");
}
