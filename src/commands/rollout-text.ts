import {
  type Explanation,
  formatDuration,
  type RolloutState,
  type RolloutStatus,
  WORSE,
} from "../actions/rollout/index.js";
import type { Style } from "../core/host.js";
import { table } from "../ui/table.js";

/** Where a rollout stands, for people. */
export function statusText(view: RolloutStatus, style: Style, columns: number): string {
  const driver = view.over || view.driven ? "" : style.yellow("  nobody drives it: iapp rollout resume");
  const step = view.step === null ? "" : ` ${view.step.number} of ${view.step.of}`;
  const lines = [
    `${style.bold(`${view.app}: ${view.to} beside ${view.from}`)}  ${phaseText(view.phase, style)}${step}, ${view.weight / 10} %${driver}`,
  ];
  if (view.paused !== null)
    lines.push(`paused by ${view.paused.by}${view.paused.why === null ? "" : `: ${view.paused.why}`}`);
  if (!view.over && view.in_step_ms !== null && view.step_ms !== null)
    lines.push(style.dim(`since ${formatDuration(view.in_step_ms)}, at least ${formatDuration(view.step_ms)}`));
  if (view.verdict !== null) lines.push(view.verdict.reason);
  lines.push("", armsTable(view, columns), ...answersText(view));
  return lines.join("\n");
}

const share = (part: number): string => `${(100 * part).toFixed(2)} %`;

/** How the answers of the two compare: shown always, judged only against what was expected. */
function answersText({ shadow, predictions, to, from }: Explanation): string[] {
  const lines: string[] = [];
  const alike = shadow?.agreement.share ?? null;
  if (shadow !== null && alike !== null) {
    const { agreement, noise, delta } = shadow;
    const wanted = agreement.wanted === null ? "" : `; expected is ${share(agreement.wanted)}`;
    const range = `${share(agreement.lower)} to ${share(agreement.upper)}`;
    lines.push(`${share(alike)} of ${shadow.rows} copied rows answered alike (${range})${wanted}`);
    if (noise !== null) lines.push(`${from} agrees with itself in ${share(noise)}`);
    if (delta !== null) {
      lines.push(
        `new minus old: mean ${short(delta.mean)} (${short(delta.lower)} to ${short(delta.upper)}), half below ${short(delta.p50)}, 95 % below ${short(delta.p95)}, largest ${short(delta.max)}`,
      );
    }
  }
  if (predictions.psi !== null) {
    const limit = predictions.limit === null ? "" : `; a step waits above ${predictions.limit} beyond that`;
    lines.push(
      `distribution of answers, ${to} against ${from}: PSI ${predictions.psi.toFixed(3)}, equal ones have about ${predictions.noise.toFixed(3)}${limit}`,
    );
  }
  return lines.length === 0 ? [] : ["", ...lines];
}

/** What became of the copies, and where the two differ most. */
function shadowText({ shadow }: Explanation, columns: number): string[] {
  if (shadow === null) return [];
  const { outcomes: o, dropped } = shadow;
  const lost = Object.entries(dropped).map(([reason, count]) => `${reason.replace("_", " ")} ${count}`);
  const lines = [
    "",
    `copies: ${shadow.sent} answered, ${shadow.compared} compared (at least ${shadow.wanted}); only the new version failed ${o.new_failed}, refused ${o.new_refused}, was not valid ${o.new_invalid}; only the old one failed ${o.old_failed}; both ${o.neither}`,
    ...(lost.length === 0 ? [] : [`not copied: ${lost.join(", ")}`]),
  ];
  if (shadow.slices.length > 0) {
    const rows = shadow.slices.map((one) => [
      one.feature,
      one.value,
      String(one.rows),
      share(one.unequal),
      one.delta === null ? "" : short(one.delta),
    ]);
    lines.push("", table(["they differ most where", "is", "rows", "unequal", "mean size"], rows, columns));
  }
  return lines;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

function armsTable({ arms }: Explanation, columns: number): string {
  const ms = (seconds: number | null): string => (seconds === null ? "" : `${(seconds * 1000).toFixed(1)} ms`);
  return table(
    ["version", "requests", "errors", "share", "p50", "p95"],
    arms.map(({ version, requests, errors, p50, p95 }) => [
      version,
      String(requests),
      String(errors),
      requests === 0 ? "" : `${((100 * errors) / requests).toFixed(2)} %`,
      ms(p50),
      ms(p95),
    ]),
    columns,
  );
}

/** Why it is where it is, with the numbers. */
export function explainText(view: RolloutStatus, style: Style, columns: number): string {
  const tests = view.tests.map(({ name, log_evidence, log_limit }) => [
    WORSE[name],
    Math.exp(Math.min(log_evidence, 50)).toPrecision(3),
    Math.exp(log_limit).toPrecision(3),
  ]);
  const parts = [
    statusText(view, style, columns),
    "",
    table(["evidence that the new version", "is", "rolled back at"], tests, columns),
    "",
    `the new version's share of errors is larger by ${share(view.excess.lower)} to ${share(view.excess.upper)}; a step ends below ${share(view.excess.limit)}`,
    ...shadowText(view, columns),
  ];
  if (view.verdict !== null && view.verdict.lines.length > 0) parts.push("", ...view.verdict.lines);
  parts.push("", style.bold("what happened"), ...view.history.map(({ at_ms, text }) => `  ${time(at_ms)}  ${text}`));
  return parts.join("\n");
}

export function historyText(rollouts: readonly RolloutState[], columns: number): string {
  if (rollouts.length === 0) return "no rollout yet: iapp rollout NOTEBOOK";
  return table(
    ["began", "from", "to", "end", "by", "why"],
    rollouts.map((one) => [time(one.started_ms), one.from, one.to, one.phase, one.by, one.verdict?.reason ?? ""]),
    columns,
  );
}

export function endText(state: RolloutState, style: Style): string {
  const { phase, verdict, to } = state;
  const head = { promoted: style.green(`${to} is promoted`), aborted: style.yellow(`${to} was aborted`) } as Record<
    string,
    string
  >;
  const first = head[phase] ?? style.red(`${to} was rolled back`);
  const lines = verdict === null ? [] : [`  ${verdict.reason}`, ...verdict.lines.slice(-10).map((line) => `  ${line}`)];
  const { requests_new: requests, errors_new: errors } = verdict?.numbers ?? {};
  if (requests !== undefined)
    lines.push(style.dim(`  ${requests} requests answered by ${to}, ${errors} of them failed`));
  return [first, ...lines, "", "why: iapp rollout explain", "back: iapp rollback"]
    .slice(0, phase === "promoted" ? undefined : -1)
    .join("\n");
}

function phaseText(phase: string, style: Style): string {
  if (phase === "promoted") return style.green(phase);
  return phase === "rolled-back" || phase === "aborted" ? style.red(phase) : style.cyan(phase);
}

const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
