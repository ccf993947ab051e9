import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/events.js";

const DEFAULT_INDEX = "https://pypi.org/simple/";

/** Where packages come from: what uv or pip was told, by environment variable or configuration file, else their default. */
export async function configuredIndex(env: Context["env"]): Promise<{ url: string; from: string }> {
  for (const name of ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"]) {
    // uv allows a name in front: `internal=https://...`.
    const url = (env[name] ?? "").trim().replace(/^[\w.-]+=(?=https?:)/, "");
    if (url !== "") return { url, from: name };
  }
  const home = env.HOME ?? "/";
  const config = env.XDG_CONFIG_HOME ?? join(home, ".config");
  const files = [env.PIP_CONFIG_FILE, join(home, ".pip/pip.conf"), join(config, "pip/pip.conf"), "/etc/pip.conf"];
  for (const file of files.filter((path) => path !== undefined && path !== "")) {
    const text = await readFile(file!, "utf8").catch(() => null);
    const url = text === null ? null : /^\s*index[-_]url\s*[=:]\s*(\S+)/m.exec(text)?.[1];
    if (url != null) return { url, from: file! };
  }
  return { url: DEFAULT_INDEX, from: "default" };
}
