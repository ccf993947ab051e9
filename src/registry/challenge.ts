/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). */
export interface Challenge {
  scheme: string;
  parameters: Record<string, string>;
}

/** Reads all challenges of a header. What cannot be read ends the list: an unknown challenge is no challenge. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
  const parameter = /\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z/:-]+))/y;
  let at = 0;
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    at += pattern.exec(header)?.[0].length ?? 0;
  };
  while (at < header.length) {
    skip(/[\s,]*/y);
    token.lastIndex = at;
    const scheme = token.exec(header)?.[0];
    if (scheme === undefined) break;
    at += scheme.length;
    const challenge: Challenge = { scheme: scheme.toLowerCase(), parameters: {} };
    challenges.push(challenge);
    for (;;) {
      const before = at;
      skip(/[\s,]*/y);
      parameter.lastIndex = at;
      const match = parameter.exec(header);
      if (match === null) {
        at = Math.max(before, at);
        break;
      }
      challenge.parameters[match[1]!.toLowerCase()] = match[2]?.replace(/\\(.)/g, "$1") ?? match[3]!;
      at += match[0].length;
    }
  }
  return challenges;
}
