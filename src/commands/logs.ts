import { UserError } from "../core/errors.js";
import type { Host, Style } from "../core/host.js";
import type { LogFilter } from "../observe/filter.js";
import { parseSince } from "../observe/filter.js";
import type { Level, LogRecord } from "../observe/record.js";
import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { type CommandInput, defineCommand } from "./command.js";

const COMPONENTS = ["training", "scoring", "router", "supervisor"];

export default defineCommand({
  summary: "training, scoring and router logs in one stream",
  description:
    "Shows the newest lines of every component in the order of their times; with -f goes on with what comes. Interrupt it with Ctrl-C.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  options: [
    { flags: "-f, --follow", summary: "go on with new lines" },
    { flags: "-n, --tail <lines>", summary: "how many past lines to show, or `all`", default: "100" },
    { flags: "--since <when>", summary: "only lines since then: 10m, 2h, 1d, 2026-03-01T12:00" },
    { flags: "--component <name>", summary: `only this component: ${COMPONENTS.join(", ")}`, collect: true },
    { flags: "--version <name>", summary: "only this version, for example v2", collect: true },
    { flags: "--level <level>", summary: "only this level and worse", choices: ["debug", "info", "warn", "error"] },
    { flags: "--grep <pattern>", summary: "only lines that match this regular expression" },
    { flags: "--request <id>", summary: "only lines about this request" },
    {
      flags: "--window <seconds>",
      summary: "how long a line waits for earlier ones of other components",
      default: "1",
    },
    TARGET_OPTION,
  ],
  examples: [
    "iapp logs",
    "iapp logs -f --component scoring",
    "iapp logs --since 1h --level warn",
    "iapp logs --json -f",
  ],
  async run(input, host) {
    const { options } = input;
    const tail = options.tail === "all" ? Number.POSITIVE_INFINITY : count(String(options.tail), "--tail");
    const window = Number(options.window);
    if (!(window >= 0 && window <= 60)) throw usage("--window", "a number of seconds from 0 to 60");
    const filter = filterOf(input, host);
    const show = async (records: LogRecord[]): Promise<void> => {
      if (records.length === 0) return;
      const lines = records.map((record) => (host.json ? json(record) : text(record, host.style)));
      await host.write(`${lines.join("\n")}\n`);
    };
    const wanted = { name: input.args[0], filter, tail, follow: options.follow === true, window };
    const target = await targetOf(host, input);
    if (target === null) await (await import("../actions/logs/index.js")).logs(host, wanted, show);
    else await (await import("../actions/cluster/logs.js")).clusterLogs(host, target, wanted, show);
    // Ctrl-C is how following ends: no error to show, and nothing but log lines on standard output.
    return host.signal.aborted ? 130 : 0;
  },
});

function filterOf({ options }: CommandInput, host: Host): LogFilter {
  const filter: LogFilter = {
    components: (options.component as string[] | undefined) ?? [],
    versions: (options.version as string[] | undefined) ?? [],
  };
  const unknown = filter.components?.find((name) => !COMPONENTS.includes(name));
  if (unknown !== undefined) throw usage(`--component ${unknown}`, `one of ${COMPONENTS.join(", ")}`);
  if (options.level !== undefined) filter.level = options.level as Level;
  if (options.request !== undefined) filter.request = String(options.request);
  if (options.since !== undefined) {
    const since = parseSince(String(options.since), host.now() / 1000);
    if (since === null)
      throw usage(`--since ${options.since}`, "a span like 10m, 2h, 1d or a time like 2026-03-01T12:00");
    filter.since = since;
  }
  if (options.grep !== undefined) {
    try {
      filter.grep = new RegExp(String(options.grep));
    } catch (error) {
      throw usage(`--grep ${options.grep}`, `a regular expression (${(error as Error).message})`);
    }
  }
  return filter;
}

function count(value: string, flag: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw usage(`${flag} ${value}`, "a whole number, or `all`");
}

function usage(given: string, wanted: string): UserError {
  return new UserError("IAPP_CLI_VALUE", `${given} cannot be used`, { remedy: `Give ${wanted}.` });
}

/** One document a line, the same fields for every component. */
function json(record: LogRecord): string {
  const { fields, ...known } = record;
  const time = new Date(record.t * 1000).toISOString();
  const set = Object.entries(known).filter(([, value]) => value !== null);
  return JSON.stringify({ time, ...Object.fromEntries(set), ...(Object.keys(fields).length > 0 ? { fields } : {}) });
}

function text(record: LogRecord, style: Style): string {
  const time = new Date(record.t * 1000);
  const clock = `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  const who = [record.component, record.version, record.color].filter(Boolean).join(" ");
  const cell = record.cell === null ? "" : `[cell ${record.cell}] `;
  const paint = record.level === "error" ? style.red : record.level === "warn" ? style.yellow : (line: string) => line;
  return `${style.dim(clock)} ${hue(who, style)(who.padEnd(16))} ${paint(`${cell}${record.message}`)}`;
}

/** The same writer has the same colour in every run. */
function hue(who: string, style: Style): (text: string) => string {
  let hash = 0;
  for (const character of who) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return [style.cyan, style.green, style.yellow, style.bold][hash % 4]!;
}
