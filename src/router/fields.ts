/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, 5.5: no control but the tab. RFC 9112, 2.2: a line ends with both characters; one alone is how messages are smuggled. */
const UNSOUND = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/;
const UNSOUND_SO_FAR = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n|$)|(?<!\r)\n/;

/** Has this head of a message a character that must not be there? */
export const isUnsound = (text: string): boolean => UNSOUND.test(text);
/** The same for the beginning of one. */
export const isUnsoundSoFar = (text: string): boolean => UNSOUND_SO_FAR.test(text);

/**
 * Reads the header or trailer on the line from one place to another: its name, and its value without the blanks around (RFC 9112, 5), are
 * put behind the others. False where it has no name. A folded line begins with a blank, and has none either; nor is there one before a
 * blank and the colon (5.1).
 */
export function readField(fields: string[], text: string, from: number, to: number): boolean {
  const colon = text.indexOf(":", from);
  const name = colon < 0 || colon >= to ? "" : text.slice(from, colon);
  if (!TOKEN.test(name)) return false;
  let [first, last] = [colon + 1, to];
  while (first < last && isBlank(text.charCodeAt(first))) first += 1;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1;
  fields.push(name, text.slice(first, last));
  return true;
}

const isBlank = (code: number): boolean => code === 32 || code === 9;
