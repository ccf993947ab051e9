import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { OperationError } from "../core/errors.js";
import { exec } from "../core/exec.js";
import { register, Sensitive } from "../core/redact.js";
import { DEFAULT_REGISTRY } from "../image/reference.js";

export interface Credential {
  username: string;
  password: Sensitive;
  /** The password is an OAuth2 refresh token (helpers say so by the user name `<token>`). */
  identityToken: boolean;
}

interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** How the default registry is spelled in Docker's file. */
const HUB_KEYS = ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];

/**
 * Finds the credential for a registry as Docker and podman do: `credHelpers`, then `credsStore`, then `auths`, in
 * `$DOCKER_AUTH_CONFIG` (inline), `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, `$REGISTRY_AUTH_FILE`, podman's run-time file.
 * Null when there is none: the registry is then asked without.
 */
export async function findCredential(registry: string, env: Env, signal?: AbortSignal): Promise<Credential | null> {
  for (const config of await configs(env)) {
    const helper = lookUp(config.credHelpers, registry) ?? config.credsStore;
    if (helper !== undefined) {
      const found = await askHelper(helper, registry, env, signal);
      if (found !== null) return found;
    }
    const entry = lookUp(config.auths, registry);
    const found = entry === undefined ? null : fromEntry(entry);
    if (found !== null) return found;
  }
  return null;
}

async function configs(env: Env): Promise<DockerConfig[]> {
  const found: DockerConfig[] = [];
  if (env.DOCKER_AUTH_CONFIG) found.push(parse(env.DOCKER_AUTH_CONFIG, "DOCKER_AUTH_CONFIG"));
  const home = env.HOME ?? homedir();
  const paths = [
    join(env.DOCKER_CONFIG ?? join(home, ".docker"), "config.json"),
    env.REGISTRY_AUTH_FILE,
    env.XDG_RUNTIME_DIR === undefined ? undefined : join(env.XDG_RUNTIME_DIR, "containers/auth.json"),
    join(home, ".config/containers/auth.json"),
  ];
  for (const path of paths) {
    if (path === undefined) continue;
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) found.push(parse(text, path));
  }
  return found;
}

function parse(text: string, where: string): DockerConfig {
  try {
    return JSON.parse(text) as DockerConfig;
  } catch {
    // The parser's message would quote the content.
    throw new OperationError("IAPP_REGISTRY_CONFIG", "the registry credentials are not valid JSON", { where });
  }
}

function lookUp<T>(table: Record<string, T> | undefined, registry: string): T | undefined {
  if (table === undefined) return undefined;
  const names = registry === DEFAULT_REGISTRY ? HUB_KEYS : [registry, `https://${registry}`, `http://${registry}`];
  for (const name of names) {
    for (const key of [name, `${name}/`, `${name}/v1/`, `${name}/v2/`]) if (key in table) return table[key];
  }
  return undefined;
}

function fromEntry(entry: NonNullable<DockerConfig["auths"]>[string]): Credential | null {
  if (entry.identitytoken) {
    return { username: "<token>", password: new Sensitive(entry.identitytoken), identityToken: true };
  }
  let { username, password } = entry;
  if (entry.auth) {
    register(entry.auth);
    const text = Buffer.from(entry.auth, "base64").toString();
    const colon = text.indexOf(":");
    if (colon < 0) return null;
    username = text.slice(0, colon);
    password = text.slice(colon + 1).replace(/\0+$/, "");
  }
  if (username === undefined || password === undefined || username === "") return null;
  return { username, password: new Sensitive(password), identityToken: false };
}

/** Runs `docker-credential-NAME get` (docker-credential-helpers protocol): the registry on stdin, JSON on stdout. */
async function askHelper(name: string, registry: string, env: Env, signal?: AbortSignal): Promise<Credential | null> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    throw new OperationError("IAPP_REGISTRY_HELPER", `${JSON.stringify(name)} is not the name of a credential helper`);
  }
  const server = registry === DEFAULT_REGISTRY ? HUB_KEYS[0]! : registry;
  const result = await exec(`docker-credential-${name}`, ["get"], {
    env,
    input: server,
    timeout: 30_000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.code !== 0) {
    if (/credentials not found/i.test(result.stdout + result.stderr)) return null;
    throw new OperationError("IAPP_REGISTRY_HELPER", `docker-credential-${name} failed for ${registry}`, {
      remedy: `Log in to ${registry} again, or take the helper out of Docker's config.`,
    });
  }
  const answer = JSON.parse(result.stdout) as { Username?: string; Secret?: string };
  if (!answer.Username || !answer.Secret) return null;
  return {
    username: answer.Username,
    password: new Sensitive(answer.Secret),
    identityToken: answer.Username === "<token>",
  };
}
