import { UserError } from "../core/errors.js";
import { Sensitive } from "../core/redact.js";

/** How a store of buckets is spoken to. */
export interface Connection {
  keyId: Sensitive;
  key: Sensitive;
  token: Sensitive | null;
  region: string;
  /** Null: Amazon's own. */
  endpoint: string | null;
  /** The Secret that all of this comes from, for messages. */
  secret: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The first that is set: by the names of Amazon's own tools, and by those of Open Data Hub's data connections. */
const ENDPOINTS = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_S3_ENDPOINT"];
const REGIONS = ["AWS_REGION", "AWS_DEFAULT_REGION"];
/** What stores take that have no regions. */
const ANY_REGION = "us-east-1";

/** @throws UserError naming what the Secret does not hold */
export function connectionOf(env: Env, secret: string): Connection {
  const [keyId, key] = [needed(env, "AWS_ACCESS_KEY_ID", secret), needed(env, "AWS_SECRET_ACCESS_KEY", secret)];
  const token = value(env, "AWS_SESSION_TOKEN");
  return {
    keyId: new Sensitive(keyId),
    key: new Sensitive(key),
    token: token === undefined ? null : new Sensitive(token),
    region: firstOf(env, REGIONS)?.[1] ?? ANY_REGION,
    endpoint: endpointOf(env, secret),
    secret,
  };
}

/** Made with `echo`, it has a line break at its end; forms of web pages leave empty ones. */
function value(env: Env, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === "" ? undefined : text;
}

const firstOf = (env: Env, names: readonly string[]): [name: string, text: string] | undefined => {
  for (const name of names) {
    const text = value(env, name);
    if (text !== undefined) return [name, text];
  }
  return undefined;
};

function needed(env: Env, name: string, secret: string): string {
  const text = value(env, name);
  if (text !== undefined) return text;
  throw new UserError("IAPP_DATA_SECRET", `the Secret ${secret} holds no ${name}`, {
    remedy: `Put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into it; for a store that is not Amazon's AWS_ENDPOINT_URL_S3, too.`,
  });
}

function endpointOf(env: Env, secret: string): string | null {
  const found = firstOf(env, ENDPOINTS);
  if (found === undefined) return null;
  const [name, text] = found;
  // Data connections often name the host alone.
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "" && url.hash === "") {
    return full.replace(/\/+$/, "");
  }
  throw new UserError("IAPP_DATA_SECRET", `${name} in the Secret ${secret} is not the address of a store`, {
    remedy: "Write https://HOST or http://HOST:PORT, without a name, a password and a query.",
  });
}
