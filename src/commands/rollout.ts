import { basename, dirname, resolve } from "node:path";
import {
  formatDuration,
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
import { refuseData, refuseFlags, TARGET_OPTION, TRAIN_ON_OPTIONS, targetOf } from "./cluster-options.js";
import { type CommandInput, defineCommand } from "./command.js";
import { candidateOf, trainThere } from "./deploy.js";
import { PACE_OPTIONS, paceOf } from "./pace.js";
import { endText, explainText, historyText, statusText } from "./rollout-text.js";
import { TRAIN_OPTIONS } from "./train.js";

const APP = { name: "[app]", summary: "name of the app (default: the only one)" };
const WHY = { flags: "--why <text>", summary: "kept in the history" };

export default defineCommand({
  summary: "bring a new version up beside the old one and move requests step by step",
  description:
    "Trains the notebook unless nothing has changed, starts the new version beside the old one, and moves requests to it in steps. A step ends when its time is over and the evidence is there; a version that fails more often, answers more slowly, or dies is rolled back by itself. The old version stays warm until the end. Any person may look, pause, go on or abort from another terminal; Ctrl-C leaves it holding.",
  arguments: [
    {
      name: "[source]",
      summary: "the notebook; or a bundle: its folder, or the beginning of its digest; with --retrain: the app",
    },
  ],
  options: [
    { flags: "--name <name>", summary: "name of the app (default: the notebook's file name)" },
    {
      flags: "--retrain",
      summary: "the app's own notebook and settings with the data of today; the source may be left out",
    },
    ...PACE_OPTIONS,
    { flags: "--detach", summary: "leave it to a process of its own; on a cluster, to a job there" },
    { flags: "--on-interrupt <what>", summary: "at Ctrl-C", choices: ["hold", "rollback"], default: "hold" },
    TARGET_OPTION,
    ...TRAIN_ON_OPTIONS,
    ...TRAIN_OPTIONS,
  ],
  examples: [
    "iapp rollout churn.ipynb",
    "iapp rollout churn --retrain",
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
            : await (await control()).clusterRolloutHistory(host, target, input.args[0]);
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
  async run(typed, host) {
    const input = typed.options.retrain === true ? await retrained(host, typed) : typed;
    const given = input.args[0];
    if (given === undefined) {
      throw new UserError("IAPP_ROLLOUT_SOURCE", "it is not said what is rolled out", {
        remedy: "Name a notebook or a bundle; with --retrain the app's own notebook is taken.",
      });
    }
    const layout = await findProject(given.endsWith(".ipynb") ? dirname(resolve(host.cwd, given)) : host.cwd);
    const { config } = await projectConfig(layout.root);
    const { name, prepare } = await candidateOf(host, layout, input, config.name);
    const pace = paceOf(input);
    host.emit({
      code: "rollout.plan",
      level: "info",
      text: `at least ${formatDuration(shortestTime(pace.stages, pace.bakeMs, 0, pace.shadow))}; both versions run until the end; back at any time: iapp rollback ${name}`,
    });
    try {
      const target = await targetOf(host, input, layout.root);
      refuseFlags(input, target);
      const there = target !== null && input.options.trainOn === "cluster" && given.endsWith(".ipynb");
      refuseData(input, there);
      const wanted: RolloutInput = {
        layout,
        name,
        source: basename(given),
        prepare: there ? await trainThere(layout, target, resolve(host.cwd, given), name, input) : prepare,
        ...pace,
        detach: input.options.detach === true,
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

/** The command line that `--retrain` stands for: the app's own notebook, run although nothing that is seen from here has changed. */
async function retrained(host: Host, { args, rest, options }: CommandInput): Promise<CommandInput> {
  const [given] = args;
  if (given?.endsWith(".ipynb") === true) return { args, rest, options: { ...options, force: true } };
  const target = await targetOf(host, { args, rest, options });
  const own =
    target === null
      ? await (await import("../actions/rollout/own-source.js")).ownSource(host, given)
      : await (await import("../actions/cluster/own-source.js")).ownClusterSource(host, target, given);
  const said = (options.param as string[] | undefined) ?? [];
  return {
    args: [own.notebook],
    rest,
    options: {
      ...options,
      name: own.name,
      force: true,
      param: [...own.parameters, ...said],
      ...(options.serve === undefined && own.serve !== null ? { serve: own.serve } : {}),
    },
  };
}

const onClusters = (): Promise<typeof import("../actions/cluster/rollout.js")> =>
  import("../actions/cluster/rollout.js");
const control = (): Promise<typeof import("../actions/cluster/rollout-control.js")> =>
  import("../actions/cluster/rollout-control.js");

async function statusOf(host: Host, input: CommandInput): ReturnType<typeof rolloutStatus> {
  const target = await targetOf(host, input);
  return target === null
    ? rolloutStatus(host, input.args[0])
    : (await control()).clusterRolloutStatus(host, target, input.args[0]);
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
    : (await control()).requestClusterRollout(host, target, name, what, why, takeOver);
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
