import type { Finding } from "./issues.js";
import type { Config } from "./schema.js";
import { requirementName } from "./words.js";

type Rule = (config: Config) => Finding[];

/** What no single key can say: relations between keys. Pure. */
export function checkRules(config: Config): Finding[] {
  return [servedCellRuns, limitsFit, ownVariables, secretsElsewhere, packagesOnce, openPort, movableNotebook].flatMap(
    (rule) => rule(config),
  );
}

const finding = (
  severity: Finding["severity"],
  path: Finding["path"],
  message: string,
  hint: string | null = null,
): Finding => ({
  severity,
  path,
  at: "value",
  message,
  hint,
});

const servedCellRuns: Rule = ({ serve, skip }) =>
  serve?.cell !== undefined && skip?.includes(serve.cell) === true
    ? [finding("error", ["serve", "cell"], `serve.cell is ${serve.cell}, and skip leaves that cell out`)]
    : [];

const limitsFit: Rule = ({ limits }) =>
  limits?.cell_seconds !== undefined && limits.run_seconds !== undefined && limits.cell_seconds > limits.run_seconds
    ? [
        finding(
          "warning",
          ["limits", "cell_seconds"],
          `limits.cell_seconds (${limits.cell_seconds}) has no effect: limits.run_seconds (${limits.run_seconds}) is shorter`,
        ),
      ]
    : [];

/** These would work against what iapp sets itself. */
const ownVariables: Rule = ({ env }) =>
  Object.keys(env ?? {})
    .filter((name) => name.startsWith("IAPP_"))
    .map((name) => ({
      ...finding(
        "error",
        ["env", name],
        `env: '${name}' is one of iapp's own`,
        name === "IAPP_ON_DROPPED_ROWS" ? "use on_dropped_rows" : null,
      ),
      at: "key" as const,
    }));

const secretsElsewhere: Rule = ({ env }) =>
  Object.entries(env ?? {})
    .filter(
      ([name, value]) => /PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY/i.test(name) && typeof value === "string",
    )
    .map(([name]) => ({
      ...finding(
        "warning",
        ["env", name],
        `env: ${name} looks like a secret in a file that is shared`,
        `{from: ${name}}`,
      ),
      at: "key" as const,
    }));

const packagesOnce: Rule = ({ packages = [] }) => {
  const seen = new Map<string, number>();
  return packages.flatMap((text, i) => {
    // The same package may stand there for several platforms.
    const name = text.includes(";") ? text : requirementName(text);
    const before = seen.get(name);
    seen.set(name, i);
    return before === undefined ? [] : [finding("error", ["packages", i], `${name} is listed twice`)];
  });
};

const openPort: Rule = ({ port }) =>
  port !== undefined && port < 1024
    ? [finding("warning", ["port"], `port ${port} needs the rights of an administrator on most systems`)]
    : [];

const movableNotebook: Rule = ({ notebook }) =>
  notebook !== undefined && /^(\/|[A-Za-z]:[\\/]|~)/.test(notebook)
    ? [finding("warning", ["notebook"], "an absolute path does not exist on other machines", "relative to this file")]
    : [];
