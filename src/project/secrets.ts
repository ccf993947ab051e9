import { open } from "node:fs/promises";

/** Files whose very name says what they hold. */
const NAMES: [pattern: RegExp, what: string][] = [
  [/(^|\/)\.env(\.[\w-]+)?$/, "environment settings"],
  [/(^|\/)id_(rsa|dsa|ecdsa|ed25519)$/, "a private key"],
  [/\.(pem|key|p12|pfx|jks|keystore|ppk)$/i, "a key"],
  [/(^|\/)\.(netrc|pypirc|htpasswd|git-credentials|pgpass)$/, "credentials"],
  [/(^|\/)(\.aws|\.kube|\.docker|\.ssh|\.gnupg)\//, "credentials"],
  [
    /(^|\/)(kubeconfig|credentials(\.json)?|secrets?\.(ya?ml|json|toml)|service[-_]account[\w-]*\.json)$/i,
    "credentials",
  ],
];

const CONTENTS: [pattern: RegExp, what: string][] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, "a private key"],
  [/\bAKIA[0-9A-Z]{16}\b/, "an access key"],
  [/\b(?:ghp|gho|ghs|github_pat|glpat)[-_][A-Za-z0-9_-]{20,}/, "a token"],
  [/\bxox[abpr]-[A-Za-z0-9-]{20,}/, "a token"],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:"']+:[^\s/@"']+@[\w.-]+/i, "a password in an address"],
  [/"private_key"\s*:\s*"-----BEGIN/, "a private key"],
];

/** Examples are there to be shown. */
const HARMLESS = /(^|\/)\.env\.(example|sample|template|dist)$/;
/** Larger files are data: what looks like a token there is chance. */
const MOST = 2 << 20;

/** What a file would give away, in words, or null. `path` is relative to the project. */
export async function secretIn(path: string, file: string, bytes: number): Promise<string | null> {
  if (HARMLESS.test(path)) return null;
  const byName = NAMES.find(([pattern]) => pattern.test(path));
  if (byName !== undefined) return byName[1];
  if (bytes > MOST || bytes === 0) return null;
  const handle = await open(file, "r");
  try {
    const text = (await handle.readFile()).toString("latin1");
    return CONTENTS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
  } finally {
    await handle.close();
  }
}
