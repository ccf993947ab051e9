import { basename, dirname, resolve } from "node:path";
import {
  DEFAULT_SHADOW,
  DEFAULT_STAGES,
  formatDuration,
  parseDuration,
  parseShadow,
  parseStages,
  parseSticky,
  type RolloutInput,
  type RolloutState,
  requestRollout,
  rolloutHistory,
  rolloutStatus,
  shortestTime,
  startRollout,
} from "../actions/rollout/index.js";
import { projectConfig } from "../config/index.js";
import { ExitCode, Interrupted, UserError } from "../core/errors.js";
import type { Host } from "../core/host.js";
import { findProject } from "../project/layout.js";
import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { type CommandInput, defineCommand } from "./command.js";
import { candidateOf } from "./deploy.js";
import { endText, explainText, historyText, statusText } from "./rollout-text.js";
import { TRAIN_OPTIONS } from "./train.js";

const APP = { name: "[app]", summary: "name of the app (default: the only one)" };
const WHY = { flags: "--why <text>", summary: "kept in the history" };

export default defineCommand({
  summary: "bring a new version up beside the old one and move requests step by step",
  description:
    "Trains the notebook unless nothing has changed, starts the new version beside the old one, and moves requests to it in steps. A step ends when its time is over and the evidence is there; a version that fails more often, answers more slowly, or dies is rolled back by itself. The old version stays warm until the end. Any person may look, pause, go on or abort from another terminal; Ctrl-C leaves it holding.",
  arguments: [{ name: "<source>", summary: "the notebook; or a bundle: its folder, or the beginning of its digest" }],
  options: [
    { flags: "--name <name>", summary: "name of the app (default: the notebook's file name)" },
    { flags: "--blue-green", summary: "no steps: all requests at once, the old version waits beside it" },
    {
      flags: "--stage <stage>",
      summary: `percent, shortest time, least requests: 10,5m,200req (repeatable; default: ${DEFAULT_STAGES.join(" ")})`,
      collect: true,
    },
    { flags: "--bake <time>", summary: "how long the old version waits after the last step", default: "2m" },
    {
      flags: "--shadow <plan>",
      summary: "first only copies of requests, whose answers are compared: shortest time, least pairs (5m,200req)",
    },
    {
      flags: "--expect-agreement <share>",
      summary: "rows that both versions answer alike, such as 0.98; else it goes back (implies --shadow)",
    },
    {
      flags: "--expect-mean-shift <size>",
      summary: "most that the mean of numeric answers may move; else it goes back (implies --shadow)",
    },
    { flags: "--expect-psi <index>", summary: "a step waits while answers are distributed otherwise than this allows" },
    { flags: "--sticky <key>", summary: "the same client gets the same version: header:X-User or cookie:NAME" },
    { flags: "--excess <points>", summary: "percentage points by which errors may be more", default: "2" },
    { flags: "--accept-unproven", summary: "let time alone end a step: for apps with few requests" },
    { flags: "--allow-contract-change", summary: "although requests that were good may be refused" },
    { flags: "--detach", summary: "leave it to a process of its own" },
    { flags: "--on-interrupt <what>", summary: "at Ctrl-C", choices: ["hold", "rollback"], default: "hold" },
    TARGET_OPTION,
    ...TRAIN_OPTIONS,
  ],
  examples: [
    "iapp rollout churn.ipynb",
    "iapp rollout churn.ipynb --blue-green --bake 10m",
    "iapp rollout churn.ipynb --stage 5,5m,200req --stage 25,10m,500req --detach",
    "iapp rollout churn.ipynb --shadow 10m,500req --expect-agreement 0.98",
    "iapp rollout status",
    "iapp rollout abort --why 'wrong data'",
  ],
  subcommands: {
    status: {
      summary: "where it stands; exit 4 while it is not over",
      arguments: [APP],
      options: [{ flags: "--watch", summary: "go on until it is over" }, TARGET_OPTION],
      examples: ["iapp rollout status", "iapp rollout status churn --watch"],
      run: async (input, host) => {
        let view = await statusOf(host, input);
        while (input.options.watch === true && !view.over && !host.signal.aborted) {
          host.emit({ code: "rollout.status", level: "info", text: statusText(view, host.style, host.columns) });
          await new Promise((done) => setTimeout(done, 2000));
          view = await statusOf(host, input);
        }
        host.result(view, () => statusText(view, host.style, host.columns));
        return view.over ? 0 : ExitCode.held;
      },
    },
    explain: {
      summary: "why it is where it is, with the numbers",
      arguments: [APP],
      options: [TARGET_OPTION],
      examples: ["iapp rollout explain"],
      run: async (input, host) => {
        const view = await statusOf(host, input);
        host.result(view, () => explainText(view, host.style, host.columns));
        return 0;
      },
    },
    history: {
      summary: "rollouts of the app, newest first",
      arguments: [APP],
      options: [TARGET_OPTION],
      examples: ["iapp rollout history", "iapp rollout history churn --json"],
      run: async (input, host) => {
        const target = await targetOf(host, input);
        const rollouts =
          target === null
            ? await rolloutHistory(host, input.args[0])
            : await (await onClusters()).clusterRolloutHistory(host, target, input.args[0]);
        host.result({ schema: "iapp.rollout-history/1", rollouts }, () => historyText(rollouts, host.columns));
        return 0;
      },
    },
    pause: {
      summary: "stay at this step until somebody resumes",
      arguments: [APP],
      options: [WHY, TARGET_OPTION],
      examples: ["iapp rollout pause --why 'looking at the answers'"],
      run: (input, host) => ask(host, input, "pause"),
    },
    resume: {
      summary: "go on: after a pause, or where the driver is gone",
      arguments: [APP],
      options: [
        {
          flags: "--take-over",
          summary: "also from a driver that lives but does not go on: it can change nothing any more",
        },
        WHY,
        TARGET_OPTION,
      ],
      examples: ["iapp rollout resume", "iapp rollout resume churn --take-over"],
      run: (input, host) => ask(host, input, "resume"),
    },
    promote: {
      summary: "end this step now, whatever the evidence",
      arguments: [APP],
      options: [{ flags: "--full", summary: "move all requests now" }, WHY, TARGET_OPTION],
      examples: ["iapp rollout promote", "iapp rollout promote --full --why 'checked by hand'"],
      run: (input, host) => ask(host, input, input.options.full === true ? "promote-full" : "promote"),
    },
    abort: {
      summary: "give all requests back to the old version and end the new one",
      arguments: [APP],
      options: [WHY, TARGET_OPTION],
      examples: ["iapp rollout abort --why 'wrong data'"],
      run: (input, host) => ask(host, input, "abort"),
    },
  },
  async run(input, host) {
    const given = input.args[0]!;
    const layout = await findProject(given.endsWith(".ipynb") ? dirname(resolve(host.cwd, given)) : host.cwd);
    const { config } = await projectConfig(layout.root);
    const { name, prepare } = await candidateOf(host, layout, input, config.name);
    const texts = (input.options.stage as string[] | undefined) ?? [];
    const stages = input.options.blueGreen === true ? [] : stagesOf(texts.length > 0 ? texts : DEFAULT_STAGES);
    const bakeMs = parseDuration(String(input.options.bake));
    if (bakeMs === null)
      throw new UserError("IAPP_CLI_TIME", `--bake ${String(input.options.bake)} is not a time such as 90s or 5m`);
    const excess = Number(input.options.excess) / 100;
    if (!(excess > 0 && excess < 1)) {
      throw new UserError(
        "IAPP_CLI_NUMBER",
        `--excess ${String(input.options.excess)} is not a number of percentage points`,
      );
    }
    const answers = answersOf(input);
    host.emit({
      code: "rollout.plan",
      level: "info",
      text: `at least ${formatDuration(shortestTime(stages, bakeMs, 0, answers.shadow))}; both versions run until the end; back at any time: iapp rollback ${name}`,
    });
    const unproven = input.options.acceptUnproven === true;
    try {
      const target = await targetOf(host, input, layout.root);
      const detach = input.options.detach === true;
      if (target !== null && detach) throw noDetach();
      const wanted: RolloutInput = {
        layout,
        name,
        source: basename(given),
        prepare,
        stages,
        bakeMs,
        limits: { excess, alpha: 0.01, unproven },
        ...answers,
        allowContractChange: input.options.allowContractChange === true,
        detach,
      };
      const outcome =
        target === null
          ? await startRollout(host, wanted)
          : await (await onClusters()).startClusterRollout(host, target, wanted);
      if (outcome.kind === "unchanged") {
        const document = { schema: "iapp.rollout/1", changed: false, version: outcome.version };
        host.result(document, `nothing has changed: ${name} ${outcome.version} serves this already`);
        return 0;
      }
      if (outcome.kind === "detached") {
        host.result(outcome.state, `${outcome.state.to} is being rolled out; see: iapp rollout status ${name} --watch`);
        return 0;
      }
      return end(host, outcome.state);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      return interrupted(host, input, name);
    }
  },
});

function noDetach(): UserError {
  return new UserError("IAPP_ROLLOUT_DETACH", "--detach is for this machine so far", {
    remedy: "Let the command run; Ctrl-C leaves the rollout holding, and `iapp rollout resume` goes on from anywhere.",
  });
}

/** What is to be looked at in the answers themselves, and which clients stay together. */
function answersOf({ options }: CommandInput): Pick<RolloutInput, "shadow" | "sticky" | "expect"> {
  const number = (flag: string, value: unknown, most: number): number | null => {
    if (value === undefined) return null;
    const read = Number(value);
    if (read > 0 && read <= most) return read;
    const range = most === 1 ? "between 0 and 1" : "above 0";
    throw new UserError("IAPP_CLI_NUMBER", `${flag} ${String(value)} is not a number ${range}`);
  };
  const expect = {
    agreement: number("--expect-agreement", options.expectAgreement, 1),
    mean_shift: number("--expect-mean-shift", options.expectMeanShift, Number.MAX_VALUE),
    psi: number("--expect-psi", options.expectPsi, Number.MAX_VALUE),
  };
  const implied = expect.agreement !== null || expect.mean_shift !== null ? DEFAULT_SHADOW : undefined;
  const shadow = (options.shadow as string | undefined) ?? implied;
  try {
    return {
      expect,
      shadow: shadow === undefined ? null : parseShadow(shadow),
      sticky: options.sticky === undefined ? null : parseSticky(String(options.sticky)),
    };
  } catch (error) {
    throw new UserError("IAPP_ROLLOUT_PLAN", (error as Error).message);
  }
}

function stagesOf(texts: readonly string[]): ReturnType<typeof parseStages> {
  try {
    return parseStages(texts);
  } catch (error) {
    throw new UserError("IAPP_ROLLOUT_STAGE", (error as Error).message);
  }
}

const onClusters = (): Promise<typeof import("../actions/cluster/rollout.js")> =>
  import("../actions/cluster/rollout.js");

async function statusOf(host: Host, input: CommandInput): ReturnType<typeof rolloutStatus> {
  const target = await targetOf(host, input);
  return target === null
    ? rolloutStatus(host, input.args[0])
    : (await onClusters()).clusterRolloutStatus(host, target, input.args[0]);
}

async function request(
  host: Host,
  input: CommandInput,
  what: Parameters<typeof requestRollout>[2],
  name: string | undefined,
  why: string | null,
): Promise<RolloutState> {
  const target = await targetOf(host, input);
  const takeOver = input.options.takeOver === true;
  return target === null
    ? requestRollout(host, name, what, why, takeOver)
    : (await onClusters()).requestClusterRollout(host, target, name, what, why, takeOver);
}

async function ask(host: Host, input: CommandInput, what: Parameters<typeof requestRollout>[2]): Promise<number> {
  const state = await request(host, input, what, input.args[0], (input.options.why as string | undefined) ?? null);
  if (what === "abort" && state.phase === "aborted") {
    host.result(state, () => endText(state, host.style));
    return 0;
  }
  return end(host, state);
}

/** The exit code says how it ended: 0 promoted, 3 rolled back, 4 it holds, 5 aborted by a person. */
function end(host: Host, state: RolloutState): number {
  const codes: Record<string, number> = {
    promoted: ExitCode.done,
    "rolled-back": ExitCode.declined,
    aborted: ExitCode.aborted,
  };
  const code = codes[state.phase];
  host.result(state, () =>
    code === undefined
      ? `${state.to} ${state.paused === null ? "goes on" : "is paused"}: iapp rollout status`
      : endText(state, host.style),
  );
  return code ?? ExitCode.done;
}

/** Ctrl-C: it holds where it is, unless it was said that it shall go back. */
async function interrupted(host: Host, input: CommandInput, name: string): Promise<number> {
  const never = new AbortController().signal;
  if (input.options.onInterrupt === "rollback") {
    const state = await request({ ...host, signal: never }, input, "abort", name, "interrupted").catch(() => null);
    if (state !== null) return end(host, state);
  }
  const text = `left as it is; go on with iapp rollout resume ${name}, go back with iapp rollback ${name}`;
  host.emit({ code: "rollout.held", level: "warn", text });
  return ExitCode.interrupted;
}
