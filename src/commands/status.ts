import type { ClusterStatus, ClusterVersionStatus } from "../actions/cluster/status.js";
import type { AppStatus } from "../actions/status/index.js";
import type { Host } from "../core/host.js";
import { table } from "../ui/table.js";
import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "what runs, where, since when, and how it is",
  description:
    "Shows the named app, or every app of this project. Exit code 1 when one of them should run and does not.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  options: [TARGET_OPTION],
  examples: ["iapp status", "iapp status churn --json", "iapp status --target prod"],
  async run(input, host) {
    const target = await targetOf(host, input);
    const apps: (AppStatus | ClusterStatus)[] =
      target === null
        ? await (await import("../actions/status/index.js")).status(host, input.args[0])
        : await (await import("../actions/cluster/status.js")).clusterStatus(host, target, input.args[0]);
    const document = input.args[0] === undefined ? { schema: "iapp.status-list/1", apps } : apps[0]!;
    host.result(document, () => apps.map((app) => text(app, host)).join("\n\n"));
    return apps.some(({ phase }) => ["failed", "down", "degraded"].includes(phase)) ? 1 : 0;
  },
});

const HELP: Partial<Record<AppStatus["phase"], string>> = {
  stopped: "start it with `iapp restart`",
  down: "it should run, but nothing does (was the machine restarted?); start it with `iapp restart`",
  failed: "given up; see `iapp logs`, then try again with `iapp restart` or deploy a mended notebook",
};

function text(app: AppStatus | ClusterStatus, host: Host): string {
  const { style } = host;
  const colour = app.phase === "ready" ? style.green : app.phase === "stopped" ? style.dim : style.yellow;
  const phase = app.phase === "failed" || app.phase === "down" ? style.red(app.phase) : colour(app.phase);
  const where = "namespace" in app ? style.dim(`  ${app.target}, namespace ${app.namespace}`) : "";
  const lines = [`${style.bold(app.name)}  ${phase}${app.url === null ? "" : `  ${app.url}`}${where}`];
  if (HELP[app.phase] !== undefined) lines.push(`  ${HELP[app.phase]}`);
  const rows = app.versions.map((version) => [
    version.name,
    version.color,
    `${version.weight / 10} %`,
    version.phase,
    ...("pid" in version
      ? [version.pid === null ? "-" : String(version.pid), version.uptime === null ? "-" : duration(version.uptime)]
      : [`${version.ready}/${version.wanted}${rangeText(version)}`]),
    String(version.restarts),
    requests(version.requests),
    version.digest.slice(0, 12),
  ]);
  if (rows.length > 0) {
    const where = app.target === "local" ? ["PID", "UP"] : ["PODS"];
    const head = ["VERSION", "COLOUR", "TRAFFIC", "STATE", ...where, "RESTARTS", "REQUESTS", "BUNDLE"];
    lines.push(
      ...table(head, rows, host.columns - 2)
        .split("\n")
        .map((line) => `  ${line}`),
    );
  }
  for (const part of [...app.versions, { name: "router", ...app.router }]) {
    if (part.problem === null) continue;
    lines.push(`  ${style.red(`${part.name} ${part.problem.text}`)}`);
    lines.push(...part.problem.lines.slice(-8).map((line) => `    ${style.dim(line)}`));
  }
  for (const version of app.versions) {
    if ("autoscale" in version && version.autoscale?.problem != null)
      lines.push(`  ${style.yellow(`${version.name} is not counted by load: ${version.autoscale.problem}`)}`);
  }
  if ("applied" in app && app.applied)
    lines.push(`  ${style.dim("applied from rendered files: iapp shows it, and changes nothing")}`);
  if ("schedule" in app && app.schedule !== null) lines.push(`  ${style.dim(scheduleText(app.schedule))}`);
  return lines.join("\n");
}

const rangeText = ({ autoscale }: ClusterVersionStatus): string =>
  autoscale === null ? "" : ` (${autoscale.min}..${autoscale.max})`;

function scheduleText({ cron, time_zone, suspended, last }: NonNullable<ClusterStatus["schedule"]>): string {
  const when = `trained anew at ${cron}${time_zone === null ? "" : ` (${time_zone})`}${suspended ? ", suspended" : ""}`;
  return last === null
    ? when
    : `${when}; last: ${(last.ended ?? last.began).slice(0, 10)} ${last.outcome}: ${last.text}`;
}

/** `1 204 (3 failed)`: failed are the 5xx and what was cut off. */
function requests(counts: Record<string, number>): string {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const failed = counts["5xx"] ?? 0;
  return failed === 0 ? String(all) : `${all} (${failed} failed)`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}
