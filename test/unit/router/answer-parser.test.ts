import { describe, expect, it } from "vitest";
import { AnswerParser } from "../../../src/router/answer-parser.js";

interface Read {
  status: number | null;
  reason: string;
  headers: string[];
  body: string;
  end: boolean | null;
}

/** Reads an answer that arrives in pieces of this many bytes. */
function read(text: string, size = text.length, { method = "GET", closes = false } = {}): Read {
  const found: Read = { status: null, reason: "", headers: [], body: "", end: null };
  const parser = new AnswerParser({
    head: (status, reason, headers) => Object.assign(found, { status, reason, headers }),
    data: (piece) => {
      found.body += piece.toString("latin1");
    },
    end: (reusable) => {
      expect(found.end).toBe(null);
      found.end = reusable;
    },
  });
  parser.begin(method);
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
  if (closes) parser.close();
  return found;
}

const lines = (...all: string[]): string => all.join("\r\n");
const LENGTH = lines(
  "HTTP/1.1 200 OK",
  "Content-Length: 5",
  "X-a:  b \t",
  "Set-Cookie: 1",
  "Set-Cookie: 2",
  "",
  "hello",
);
const CHUNKED = lines(
  "HTTP/1.1 200 OK",
  "Transfer-Encoding: chunked",
  "",
  "3;x=y",
  "abc",
  "A",
  "0123456789",
  "0",
  "T: t",
  "",
  "",
);

describe("an answer", () => {
  it.each([
    ["with a length", LENGTH, { status: 200, reason: "OK", body: "hello", end: true }],
    ["in chunks, with trailers", CHUNKED, { status: 200, body: "abc0123456789", end: true }],
    [
      "behind interim ones",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n${LENGTH}`,
      { status: 200, body: "hello", end: true },
    ],
    ["without a body", lines("HTTP/1.1 204 No Content", "", ""), { status: 204, body: "", end: true }],
    ["that has not changed", lines("HTTP/1.1 304 ", "Content-Length: 9", "", ""), { status: 304, body: "", end: true }],
    ["of no bytes", lines("HTTP/1.1 200 OK", "Content-Length: 0", "", ""), { body: "", end: true }],
    ["without a reason", lines("HTTP/1.1 404", "Content-Length: 1", "", "x"), { status: 404, reason: "", body: "x" }],
    [
      "that ends its connection",
      lines("HTTP/1.1 200 OK", "Connection: close", "Content-Length: 1", "", "x"),
      { end: false },
    ],
    ["of an old server", lines("HTTP/1.0 200 OK", "Content-Length: 1", "", "x"), { body: "x", end: false }],
    [
      "with chunks and a length",
      lines("HTTP/1.1 200 OK", "Content-Length: 99", "Transfer-Encoding: chunked", "", "1", "x", "0", "", ""),
      { body: "x", end: false },
    ],
  ] as const)("%s is the same in whatever pieces it comes", (_what, text, expected) => {
    const whole = read(text);
    expect(whole).toMatchObject(expected);
    for (const size of [1, 2, 3, 7, 50]) expect(read(text, size)).toEqual(whole);
  });

  it("keeps its headers in order, with repeats, without blanks around", () => {
    expect(read(LENGTH).headers).toEqual(["Content-Length", "5", "X-a", "b", "Set-Cookie", "1", "Set-Cookie", "2"]);
  });

  it("to HEAD has no body whatever its headers say", () => {
    const text = lines("HTTP/1.1 200 OK", "Content-Length: 5", "", "");
    expect(read(text, 1, { method: "HEAD" })).toMatchObject({ body: "", end: true });
    expect(read(text)).toMatchObject({ end: null });
  });

  it("without a length ends with its connection, and only then", () => {
    const text = lines("HTTP/1.1 200 OK", "", "all of it");
    expect(read(text, 4)).toMatchObject({ body: "all of it", end: null });
    expect(read(text, 4, { closes: true })).toMatchObject({ body: "all of it", end: false });
    // One that was to be longer is not whole.
    for (const cut of [LENGTH.slice(0, -1), CHUNKED.slice(0, -2), LENGTH.slice(0, 30)]) {
      expect(read(cut, 9, { closes: true }).end).toBe(null);
    }
  });

  it.each([
    ["nothing of the kind", "hello\r\n\r\n"],
    ["another version", "HTTP/2 200 OK\r\n\r\n"],
    ["another protocol", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"],
    ["two lengths", lines("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6", "", "hello!")],
    ["a length that is none", lines("HTTP/1.1 200 OK", "Content-Length: +5", "", "hello")],
    ["an encoding that is not known", lines("HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked", "", "")],
    ["a folded line", lines("HTTP/1.1 200 OK", "X: a", " b", "", "")],
    ["a header without a name", lines("HTTP/1.1 200 OK", ": a", "", "")],
    ["a blank before the colon", lines("HTTP/1.1 200 OK", "Content-Length : 5", "", "hello")],
    ["a chunk size that is none", lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "0x5", "hello")],
    ["a chunk that is longer than it says", lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "2", "hello")],
    ["something behind it", `${LENGTH}HTTP/1.1 200 OK\r\n\r\n`],
    ["endless headers", `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(20_000)}`],
  ])("with %s is refused", (_what, text) => {
    expect(() => read(text)).toThrow();
    expect(() => read(text, 100)).toThrow();
  });
});
