import { UserError } from "../core/errors.js";
import { register } from "../core/redact.js";
import type { Config } from "./schema.js";

/**
 * The environment variables that a configuration asks for. Values that come from elsewhere are treated as secrets.
 * @throws UserError when the calling environment lacks some of them, all named
 */
export function configEnvironment(
  config: Config,
  calling: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const found: Record<string, string> = {};
  const missing: string[] = [];
  for (const [name, value] of Object.entries(config.env ?? {})) {
    if (typeof value !== "object") {
      found[name] = String(value);
      continue;
    }
    const secret = calling[value.from];
    if (secret === undefined) {
      missing.push(value.from);
      continue;
    }
    register(secret);
    found[name] = secret;
  }
  if (missing.length > 0) {
    const names = missing.join(", ");
    throw new UserError("IAPP_CONFIG_ENV_MISSING", `iapp.yaml takes values from variables that are not set: ${names}`, {
      remedy: `Set ${names} and try again.`,
      data: { missing },
    });
  }
  return found;
}
