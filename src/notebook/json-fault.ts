/** Where a text stops being JSON. */
export interface JsonFault {
  /** True when everything up to the end of the text was well-formed: it is cut off. */
  truncated: boolean;
  index: number;
  /** Keys and array indices down to the fault, e.g. `["cells", 3, "source"]`. */
  path: (string | number)[];
}

class Fault extends Error {
  constructor(
    readonly index: number,
    readonly atEnd: boolean,
  ) {
    super();
  }
}

/**
 * Finds the first fault of a text that `JSON.parse` refused (whose messages name no place when the text is cut off).
 * Returns null when there is none.
 */
export function findJsonFault(text: string): JsonFault | null {
  const path: (string | number)[] = [];
  let at = 0;
  const fail = (): never => {
    throw new Fault(at, at >= text.length);
  };
  const space = (): void => {
    while (at < text.length && " \t\r\n".includes(text[at]!)) at++;
  };
  const word = (expected: string): void => {
    for (const letter of expected) {
      if (text[at] !== letter) fail();
      at++;
    }
  };
  const string = (): string => {
    const start = at;
    word('"');
    for (;;) {
      const unit = text.charCodeAt(at);
      if (Number.isNaN(unit) || unit < 32) fail();
      if (unit === 34) break;
      if (unit === 92) {
        const escaped = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at, at + 6));
        if (escaped === null) {
          // A cut inside an escape is a cut, too.
          if (at + 6 > text.length && /^\\(u[0-9a-fA-F]{0,3})?$/.test(text.slice(at))) at = text.length;
          fail();
        }
        at += escaped![0].length;
      } else at++;
    }
    at++;
    return text.slice(start + 1, at - 1);
  };
  const value = (): void => {
    space();
    const first = text[at];
    if (first === "{") members();
    else if (first === "[") items();
    else if (first === '"') string();
    else if (first === "t") word("true");
    else if (first === "f") word("false");
    else if (first === "n") word("null");
    else {
      const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(text.slice(at, at + 400));
      if (number === null) {
        if (text[at] === "-" && at + 1 === text.length) at++;
        fail();
      }
      at += number![0].length;
    }
    space();
  };
  const members = (): void => {
    at++;
    space();
    if (text[at] === "}") return void at++;
    for (;;) {
      space();
      path.push(string());
      space();
      word(":");
      value();
      path.pop();
      if (text[at] === ",") at++;
      else break;
    }
    word("}");
  };
  const items = (): void => {
    at++;
    space();
    if (text[at] === "]") return void at++;
    for (let i = 0; ; i++) {
      path.push(i);
      value();
      path.pop();
      if (text[at] === ",") at++;
      else break;
    }
    word("]");
  };
  try {
    value();
    if (at < text.length) fail();
    return null;
  } catch (fault) {
    if (fault instanceof Fault) return { truncated: fault.atEnd, index: fault.index, path };
    // Nested too deeply to follow: the place is where the stack ended.
    return { truncated: false, index: at, path: [] };
  }
}
