import { wire } from "./read-requests.js";

/** Sound requests, each alone or with another one behind it. */
const GET = wire("GET /a?b=c HTTP/1.1", "Host: a.test:80", "Accept: */*", "X-Blank:", "", "");
const POST = wire("POST /predict HTTP/1.1", "Host: a", "Content-Length: 11", "X-a:\t v \t", "", '{"rows":[]}');
const CHUNKED = wire(
  "PUT /p HTTP/1.1",
  "Host: a",
  "Transfer-Encoding: chunked",
  "",
  "4;x=y",
  "abcd",
  "0A",
  "0123456789",
  "0",
  "T: t",
  "",
  "",
);
const OTHERS = [
  wire("GET http://b.test/x?y HTTP/1.1", "Host: a", "Connection: keep-alive, x", "", ""),
  wire("OPTIONS * HTTP/1.1", "Host: a", "", ""),
  wire("HEAD / HTTP/1.0", "Connection: keep-alive", "", ""),
  wire("DELETE / HTTP/1.0", "", ""),
  wire("GET / HTTP/1.1", "Host: a", "Connection: close", "", ""),
  wire("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "", ""),
  wire("CONNECT a:1 HTTP/1.1", "Host: a", "", ""),
  wire("POST / HTTP/1.1", "Host: a", "Content-Length: 0", "Expect: 100-continue", "", ""),
];
const SOUND = [
  GET,
  POST,
  CHUNKED,
  GET + POST,
  POST + GET,
  CHUNKED + POST + GET,
  ...OTHERS,
  ...OTHERS.map((one) => one + GET),
];

const BYTES = [...'\r\n\0 \t:,;="0159aAzZ-/?#*_\x01\x0b\x7f\x80\xe9\xff', "\r\n", "\r\n\r\n", "\n\n", " \r\n "];
const LINES = [
  "Host: b",
  "Host: ",
  "Content-Length: 3",
  "Content-Length: 11",
  "Content-Length: 0",
  "content-length : 3",
  "Content-Length:\t3 ",
  "Content-Length: 3, 3",
  "Content-Length: -1",
  "Content-Length: 18446744073709551617",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding:\x0bchunked",
  "Transfer-Encoding : chunked",
  " Transfer-Encoding: chunked",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: upgrade",
  "Upgrade: h2c",
  "Expect: more",
  "X: y\nTransfer-Encoding: chunked",
  " folded",
  "",
];

/** Numbers between 0 and 1, the same ones for the same seed. */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A sound request, or one in which one to three things were changed. */
export function mutatedRequest(random: () => number): string {
  const upTo = (count: number): number => Math.floor(random() * count);
  const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length)]!;
  let text = oneOf(SOUND);
  for (let left = upTo(4); left > 0; left--) {
    const at = upTo(text.length);
    const lines = text.split("\r\n");
    const line = 1 + upTo(Math.max(1, lines.length - 1));
    const change = [
      () => text.slice(0, at) + oneOf(BYTES) + text.slice(at),
      () => text.slice(0, at) + oneOf(BYTES) + text.slice(at + 1),
      () => text.slice(0, at) + text.slice(at + 1 + upTo(3)),
      () => lines.toSpliced(line, 0, oneOf(LINES)).join("\r\n"),
      () => lines.toSpliced(1, 0, oneOf(LINES)).join("\r\n"),
      () => lines.toSpliced(line, 1).join("\r\n"),
      () => lines.toSpliced(line, 0, lines[line - 1]!).join("\r\n"),
    ];
    text = oneOf(change)();
  }
  return text;
}

/** Up to eight places at which a text of this length is cut. */
export function cutsOf(length: number, random: () => number): number[] {
  return Array.from({ length: Math.floor(random() * 9) }, () => Math.floor(random() * length));
}
