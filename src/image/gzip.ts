import { gzipSync } from "fflate";

/** Each member of the file holds this many bytes of the tar: bounds memory and lets others work in between. */
const MEMBER = 4 << 20;

/**
 * Compresses as a series of gzip members (RFC 1952, 2.2), which every reader takes as one file. The compressor is written in JavaScript on
 * purpose: Node's own gives other bytes on other versions and processors, and a layer must have one digest everywhere.
 */
export async function* gzipMembers(source: AsyncIterable<Buffer>, level: 4 | 6 = 4): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (data: Buffer): Buffer => {
    // mtime 0 means "no time stamp" in the member's header.
    const member = Buffer.from(gzipSync(data, { level, mtime: 0 }));
    // Byte 9 names the operating system; 255 is "unknown".
    member[9] = 255;
    return member;
  };
  for await (const chunk of source) {
    let rest = chunk;
    while (size + rest.length >= MEMBER) {
      const cut = MEMBER - size;
      parts.push(rest.subarray(0, cut));
      rest = rest.subarray(cut);
      yield take(Buffer.concat(parts, MEMBER));
      await new Promise((resolve) => setImmediate(resolve));
      parts = [];
      size = 0;
    }
    if (rest.length > 0) {
      parts.push(rest);
      size += rest.length;
    }
  }
  if (size > 0) yield take(Buffer.concat(parts, size));
}
