import { describe, expect, it } from "vitest";
import type { RequestHead } from "../../../src/router/request-head.js";
import { type ReadRequest, readRequests, wire } from "./read-requests.js";

const whole = (text: string): ReadRequest[] => readRequests(text).requests;
const refused = (text: string, bytes?: number): number | null => readRequests(text, [], bytes).refused;
/** A request with these lines behind its first two. */
const get = (...more: string[]): string => wire("GET /a HTTP/1.1", "Host: a", ...more, "", "");
const post = (body: string, ...more: string[]): string => wire("POST /p HTTP/1.1", "Host: a", ...more, "", body);
const chunked = (body: string): string => post(body, "Transfer-Encoding: chunked");

describe("a request that is taken", () => {
  it.each<[what: string, text: string, expected: Partial<RequestHead> & { body?: string }]>([
    ["without a body", get(), { method: "GET", target: "/a", headers: ["Host", "a"], body: "", keepAlive: true }],
    ["with a length", post("hello", "Content-Length: 5"), { method: "POST", length: 5, body: "hello" }],
    ["with a length of zero", post("", "content-length: 0"), { length: 0, body: "" }],
    ["in chunks", chunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"), { length: null, body: "abc0123456789" }],
    ["in chunks, in any spelling", post("0\r\n\r\n", "TRANSFER-encoding:  Chunked"), { length: null, body: "" }],
    ["with chunk extensions", chunked('3;a;b=c;d="e \t!"\r\nabc\r\n0;x\r\n\r\n'), { body: "abc" }],
    ["with trailers, which are dropped", chunked("1\r\nx\r\n0\r\nT: t\r\nU:\r\n\r\n"), { body: "x" }],
    ["with blanks around values", get("X:\t a b \t", "Y:"), { headers: ["Host", "a", "X", "a b", "Y", ""] }],
    [
      "with repeats and bytes of other alphabets",
      get("X: \xe9", "x: 2"),
      { headers: ["Host", "a", "X", "\xe9", "x", "2"] },
    ],
    ["behind empty lines", `\r\n\r\n${get()}`, { target: "/a" }],
    ["with an empty host", wire("GET / HTTP/1.1", "Host:", "", ""), { target: "/" }],
    ["for an IPv6 host", wire("GET / HTTP/1.1", "Host: [::1]:80", "", ""), { target: "/" }],
    ["with a whole address", wire("GET http://b:1/x?y HTTP/1.1", "Host: a", "", ""), { target: "http://b:1/x?y" }],
    ["about everything", wire("OPTIONS * HTTP/1.1", "Host: a", "", ""), { target: "*" }],
    ["that ends its connection", get("Connection: x, Close"), { keepAlive: false }],
    ["of an old client", wire("GET / HTTP/1.0", "", ""), { isOld: true, keepAlive: false }],
    ["of an old client that stays", wire("GET / HTTP/1.0", "Connection: Keep-Alive", "", ""), { keepAlive: true }],
    ["that waits to go on", post("x", "Expect: 100-Continue", "Content-Length: 1"), { waits: true, body: "x" }],
    ["that would switch", get("Connection: Upgrade", "Upgrade: websocket"), { switches: true }],
    ["that only names a protocol", get("Upgrade: h2c"), { switches: false }],
    ["that wants a tunnel", wire("CONNECT a:1 HTTP/1.1", "Host: a", "", ""), { switches: true }],
  ])("%s", (_what, text, expected) => {
    const found = readRequests(text);
    expect(found.refused).toBe(null);
    expect(found.requests).toMatchObject([expected]);
  });

  it("is followed by the next one on the same connection", () => {
    const found = whole(get() + post("hello", "Content-Length: 5") + chunked("1\r\nx\r\n0\r\n\r\n") + get("X: y"));
    expect(found.map(({ method, body }) => `${method} ${body}`)).toEqual(["GET ", "POST hello", "POST x", "GET "]);
  });

  it("is not there before its last byte", () => {
    for (const text of [get(), post("hello", "Content-Length: 5"), chunked("1\r\nx\r\n0\r\n\r\n")]) {
      expect(readRequests(text.slice(0, -1))).toMatchObject({ requests: [], refused: null });
    }
  });
});

describe("a request that is refused", () => {
  it.each<[what: string, text: string, status?: number]>([
    ["nonsense", "NONSENSE\r\n\r\n"],
    ["another protocol, at its first byte", "\x16\x03\x01"],
    ["what cannot be a method, at its first byte", '{"rows":'],
    ["the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["other versions", wire("GET / HTTP/1.2", "Host: a", "", "")],
    ["versions in another spelling", wire("GET / http/1.1", "Host: a", "", "")],
    ["a version of two digits", wire("GET / HTTP/1.10", "Host: a", "", "")],
    ["no version", wire("GET /", "Host: a", "", "")],
    ["a method nobody knows", wire("GETS / HTTP/1.1", "Host: a", "", "")],
    ["a method in small letters", wire("get / HTTP/1.1", "Host: a", "", "")],
    ["two blanks in the request line", wire("GET  / HTTP/1.1", "Host: a", "", "")],
    ["a tab in the request line", wire("GET\t/ HTTP/1.1", "Host: a", "", "")],
    ["a blank behind the request line", wire("GET / HTTP/1.1 ", "Host: a", "", "")],
    ["a target that is none", wire("GET a HTTP/1.1", "Host: a", "", "")],
    ["a target with other bytes", wire("GET /\xe9 HTTP/1.1", "Host: a", "", "")],
    ["everything, but for OPTIONS", wire("GET * HTTP/1.1", "Host: a", "", "")],
    ["an address with a user", wire("GET http://me@b/ HTTP/1.1", "Host: a", "", "")],
    ["an address of another kind", wire("GET ftp://b/ HTTP/1.1", "Host: a", "", "")],
    ["no host", wire("GET / HTTP/1.1", "", "")],
    ["two hosts", get("Host: a")],
    ["a host that is none", wire("GET / HTTP/1.1", "Host: a b", "", "")],
    ["a host with a path", wire("GET / HTTP/1.1", "Host: a/b", "", "")],
    ["a host with a user", wire("GET / HTTP/1.1", "Host: me@a", "", "")],
    ["lines that end with LF alone", "GET / HTTP/1.1\nHost: a\n\n"],
    ["one line that ends with LF alone", get("X: y\nZ: z")],
    ["a CR alone", get("X: y\rZ: z")],
    ["a CR alone at the end", get("X: y\r")],
    ["a CR instead of an empty line", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a NUL", get("X: a\0b")],
    ["a control character", get("X: a\x01b")],
    ["DEL", get("X: a\x7fb")],
    ["a folded line", get("X: a", " b")],
    ["a folded first line", wire("GET / HTTP/1.1", " X: a", "Host: a", "", "")],
    ["a blank before the colon", get("X : a")],
    ["a header without a name", get(": a")],
    ["a header without a colon", get("X")],
    ["a name with a character that must not be there", get("X(y): a")],
    ["a name with other bytes", get("\xe9: a")],
    ["a length that is none", post("hello", "Content-Length: +5")],
    ["a length with a fraction", post("hello", "Content-Length: 5.0")],
    ["a length in another system", post("hello", "Content-Length: 0x5")],
    ["an empty length", post("hello", "Content-Length:")],
    ["a length below zero", post("hello", "Content-Length: -5")],
    ["a length beyond all bounds", post("hello", "Content-Length: 9999999999999999")],
    ["a list of lengths", post("hello", "Content-Length: 5, 5")],
    ["two lengths", post("hello", "Content-Length: 5", "Content-Length: 6")],
    ["two equal lengths", post("hello", "Content-Length: 5", "Content-Length: 5")],
    ["chunks and a length", post("0\r\n\r\n", "Content-Length: 4", "Transfer-Encoding: chunked")],
    ["chunks and a length, turned round", post("0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 4")],
    ["chunks from an old client", wire("POST / HTTP/1.0", "Transfer-Encoding: chunked", "", "0\r\n\r\n")],
    ["chunks that are not the last coding", post("", "Transfer-Encoding: chunked, gzip")],
    ["chunks twice", post("0\r\n\r\n", "Transfer-Encoding: chunked, chunked")],
    ["chunks in two headers", post("0\r\n\r\n", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")],
    ["a coding without chunks", post("", "Transfer-Encoding: identity")],
    ["an empty coding", post("", "Transfer-Encoding:")],
    ["what looks like chunks", post("0\r\n\r\n", "Transfer-Encoding: xchunked")],
    ["what looks like chunks behind a control character", post("0\r\n\r\n", "Transfer-Encoding: \x0bchunked")],
    ["another coding besides chunks", post("0\r\n\r\n", "Transfer-Encoding: gzip, chunked"), 501],
    ["an expectation nobody can meet", get("Expect: more"), 417],
    ["a chunk size that is none", chunked("0x5\r\nhello")],
    ["a chunk size below zero", chunked("-1\r\nhello")],
    ["a chunk without a size", chunked("\r\nhello")],
    ["a chunk beyond all bounds", chunked("fffffffff\r\nhello")],
    ["a blank behind the size of a chunk", chunked("5 \r\nhello\r\n0\r\n\r\n")],
    ["a chunk that is longer than it says", chunked("2\r\nhello")],
    ["a chunk line that ends with LF alone", chunked("5\nhello\r\n0\r\n\r\n")],
    ["a chunk that ends with LF alone", chunked("5\r\nhello\n0\r\n\r\n")],
    ["an extension that is none", chunked("5;=\r\nhello")],
    ["a CR in an extension", chunked("5;a\rb\r\nhello")],
    ["an endless chunk line", chunked(`5;${"a".repeat(300)}`)],
    ["endless extensions", chunked(`1;${"a".repeat(200)}\r\nx\r\n`.repeat(30))],
    ["a trailer without a name", chunked("0\r\n: x\r\n\r\n")],
    ["a length among the trailers", chunked("0\r\nContent-Length: 5\r\n\r\n")],
    ["endless trailers", chunked(`0\r\n${"T: t\r\n".repeat(5000)}`), 431],
    ["an endless trailer", chunked(`0\r\nT: ${"t".repeat(20_000)}`), 431],
    ["endless headers", get(...new Array(5000).fill("X: y")), 431],
    ["an endless header", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}`, 431],
    ["an endless target", `GET /${"x".repeat(20_000)}`, 431],
  ])("has %s", (_what, text, status = 400) => {
    expect(refused(text)).toBe(status);
    for (const size of [1, 2, 3, 7, 50]) {
      const cuts = Array.from({ length: Math.min(2000, Math.ceil(text.length / size)) }, (_, i) => i * size);
      expect(readRequests(text, cuts).refused).toBe(status);
    }
  });

  it("is as long as it may be, and one byte longer", () => {
    const text = get("X: y");
    expect(refused(text, text.length)).toBe(null);
    expect(refused(text, text.length - 1)).toBe(431);
    const cuts = Array.from({ length: text.length }, (_, i) => i);
    expect(readRequests(text, cuts, text.length - 1).refused).toBe(431);
  });
});
