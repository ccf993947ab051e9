import { inspect } from "node:util";

/** A secret that shows itself only when asked: printing, JSON and string building give `***`. */
export class Sensitive {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
    register(value);
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "***";
  }
  toJSON(): string {
    return "***";
  }
  [inspect.custom](): string {
    return "***";
  }
}

const registered = new Set<string>();

/** From now on `redact` hides this text in each of the encodings it is met in. */
export function register(secret: string): void {
  if (secret.length < 4) return;
  for (const form of [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64"),
    JSON.stringify(secret).slice(1, -1),
  ]) {
    registered.add(form);
  }
}

const PATTERNS: [RegExp, string][] = [
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi, "$1***@"],
  [/\b(authorization|proxy-authorization)\s*[:=]\s*\S+(\s+\S+)?/gi, "$1: ***"],
  [
    /\b([A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY)[A-Z0-9_]*)\s*[=:]\s*["']?[^\s"',;]+/gi,
    "$1=***",
  ],
  [/\b(ghp|gho|ghs|github_pat|glpat|xox[abpr]|sk)[-_][A-Za-z0-9_-]{16,}/g, "***"],
  [/\bAKIA[0-9A-Z]{16}\b/g, "***"],
];

/** The text without registered secrets and without what looks like one. */
export function redact(text: string): string {
  let out = text;
  for (const secret of registered) out = out.split(secret).join("***");
  for (const [pattern, replacement] of PATTERNS) out = out.replace(pattern, replacement);
  return out;
}
