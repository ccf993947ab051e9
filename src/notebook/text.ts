const encoder = new TextEncoder();

/** Length in UTF-8 bytes. */
export function byteLength(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return encoder.encode(text).length;
  return text.length;
}

/** Blanks of the same UTF-8 length as `text`, its line ends kept: masking moves nothing. */
export function blank(text: string): string {
  return text.replace(/[^\r\n]+/g, (run) => " ".repeat(byteLength(run)));
}

/** Translates indices of a JavaScript string (UTF-16) to UTF-8 byte offsets, lines (1-based) and byte columns (0-based). */
export class Offsets {
  readonly #bytes: Uint32Array | null;
  readonly #lines: number[] = [0];

  constructor(text: string) {
    let ascii = true;
    const bytes = new Uint32Array(text.length + 1);
    let at = 0;
    for (let i = 0; i < text.length; i++) {
      bytes[i] = at;
      const unit = text.charCodeAt(i);
      if (unit < 0x80) at += 1;
      else {
        ascii = false;
        if (unit < 0x800) at += 2;
        else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
          // A pair is four bytes; the index between its halves counts as the pair's end.
          bytes[++i] = at + 4;
          at += 4;
        } else at += 3;
      }
      // Python ends lines at \n, \r and \r\n.
      if (unit === 10 || (unit === 13 && text.charCodeAt(i + 1) !== 10)) this.#lines.push(i + 1);
    }
    bytes[text.length] = at;
    this.#bytes = ascii ? null : bytes;
  }

  byte(index: number): number {
    return this.#bytes === null ? index : this.#bytes[index]!;
  }

  /** 1-based line of an index. */
  line(index: number): number {
    let [low, high] = [0, this.#lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** 0-based column in bytes. */
  column(index: number): number {
    return this.byte(index) - this.byte(this.#lines[this.line(index) - 1]!);
  }
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
