import { dirname, resolve } from "node:path";
import type { ScheduleRun, ScheduleView } from "../actions/cluster/schedule-view.js";
import { projectConfig } from "../config/index.js";
import { UserError } from "../core/errors.js";
import type { Host } from "../core/host.js";
import { findProject } from "../project/layout.js";
import type { Target } from "../project/targets.js";
import { table } from "../ui/table.js";
import { CLUSTER_OPTIONS, settingsInput, TARGET_OPTION, TRAIN_ON_OPTIONS, targetOf } from "./cluster-options.js";
import { type CommandInput, defineCommand, type OptionSpec } from "./command.js";
import { candidateOf, LARGEST_PROJECT } from "./deploy.js";
import { PACE_OPTIONS, paceOf } from "./pace.js";
import { TRAIN_OPTIONS, trainInput } from "./train.js";

const APP = { name: "[app]", summary: "name of the app (default: the only one)" };

/** Of how pods are run, what is about the training job. */
const JOB_FLAGS = /^--(env|env-from|node-selector|toleration|train-cpu|train-memory|gpu|data|data-secret) /;
const JOB_OPTIONS: OptionSpec[] = [...CLUSTER_OPTIONS, ...TRAIN_ON_OPTIONS].filter(({ flags }) =>
  JOB_FLAGS.test(flags),
);

export default defineCommand({
  summary: "train an app on a cluster anew by the clock, and roll out the result",
  description:
    "Makes a CronJob there that trains the notebook as it serves now, with the data of that time, proves the result, and rolls it out in the same steps as `iapp rollout`. The same model as before, one that is not proved, or one that is rolled back changes nothing, and is told by `iapp schedule history`. After a person has rolled out something else it rests until it is made anew.",
  arguments: [{ name: "<notebook>", summary: "the notebook from which the app was deployed" }],
  options: [
    { flags: "--cron <fields>", summary: 'when: minute hour day month weekday, "0 3 * * 1"' },
    { flags: "--time-zone <name>", summary: "of these times: Europe/Berlin (default: the cluster's own)" },
    { flags: "--name <name>", summary: "name of the app (default: the notebook's file name)" },
    TARGET_OPTION,
    ...PACE_OPTIONS,
    ...JOB_OPTIONS,
    ...TRAIN_OPTIONS.filter(({ flags }) => flags !== "--force"),
  ],
  examples: [
    'iapp schedule churn.ipynb --cron "0 3 * * 1" --time-zone Europe/Berlin --target prod',
    'iapp schedule churn.ipynb --cron "@daily" --data pvc:lake:/churn=data --target prod',
    'iapp schedule churn.ipynb --cron "@daily" --data s3://lake/churn=data --data-secret lake --target prod',
    "iapp schedule run churn --wait",
    "iapp schedule history churn",
  ],
  subcommands: {
    list: {
      summary: "all schedules, and what came of their last runs",
      options: [TARGET_OPTION],
      examples: ["iapp schedule list --target prod"],
      async run(input, host) {
        const { listSchedules } = await views();
        const schedules = await listSchedules(host, await clusterOf(host, input));
        host.result({ schema: "iapp.schedules/1", schedules }, () => listText(schedules, host));
        return 0;
      },
    },
    history: {
      summary: "what came of the runs, newest first",
      arguments: [APP],
      options: [TARGET_OPTION],
      examples: ["iapp schedule history churn", "iapp schedule history churn --json"],
      async run(input, host) {
        const { scheduleHistory } = await views();
        const { app, runs } = await scheduleHistory(host, await clusterOf(host, input), input.args[0]);
        host.result({ schema: "iapp.schedule-history/1", app, runs }, () => runsText(runs, host));
        return 0;
      },
    },
    run: {
      summary: "train anew now",
      arguments: [APP],
      options: [
        { flags: "--wait", summary: "until it is over; exit 1 failed, 2 refused, 3 rolled back" },
        TARGET_OPTION,
      ],
      examples: ["iapp schedule run churn --wait"],
      async run(input, host) {
        const target = await clusterOf(host, input);
        const { app, id } = await (await actions()).runSchedule(host, target, input.args[0]);
        if (input.options.wait !== true) {
          host.result(
            { schema: "iapp.schedule-run/1", app, id },
            `${id} is started; see: iapp schedule history ${app}`,
          );
          return 0;
        }
        const [{ awaitRun }, { RUN_CODES }] = await Promise.all([views(), import("../actions/cluster/retrain.js")]);
        const run = await awaitRun(host, target, app, id);
        host.result({ schema: "iapp.schedule-run/1", app, ...run }, `${run.outcome}: ${run.text}`);
        return RUN_CODES[run.outcome];
      },
    },
    suspend: {
      summary: "begin no run until it is resumed",
      arguments: [APP],
      options: [TARGET_OPTION],
      examples: ["iapp schedule suspend churn"],
      run: (input, host) => suspend(host, input, true),
    },
    resume: {
      summary: "go on by the clock",
      arguments: [APP],
      options: [TARGET_OPTION],
      examples: ["iapp schedule resume churn"],
      run: (input, host) => suspend(host, input, false),
    },
    remove: {
      summary: "train no more by the clock; what serves goes on",
      arguments: [APP],
      options: [TARGET_OPTION],
      examples: ["iapp schedule remove churn"],
      async run(input, host) {
        const { name, removed } = await (await actions()).removeSchedule(
          host,
          await clusterOf(host, input),
          input.args[0],
        );
        host.result(
          { schema: "iapp.schedule-remove/1", app: name, removed },
          removed ? `${name} is not trained by the clock any more` : `${name} had no schedule`,
        );
        return 0;
      },
    },
  },
  async run(input, host) {
    const notebook = resolve(host.cwd, input.args[0]!);
    if (!notebook.endsWith(".ipynb")) {
      throw new UserError("IAPP_SCHEDULE_SOURCE", `${input.args[0]} is no notebook`, {
        remedy: "A schedule trains a notebook: name the .ipynb from which the app was deployed.",
      });
    }
    const cron = input.options.cron as string | undefined;
    if (cron === undefined) {
      throw new UserError("IAPP_SCHEDULE_TIME", "it is not said when", { remedy: 'Give --cron "0 3 * * 1".' });
    }
    const layout = await findProject(dirname(notebook));
    const { config } = await projectConfig(layout.root);
    const { name } = await candidateOf(host, layout, input, config.name);
    const target = await clusterOf(host, input, layout.root);
    const schedule = await (await actions()).scheduleOnCluster(host, {
      layout,
      target,
      name,
      cron,
      timeZone: (input.options.timeZone as string | undefined) ?? null,
      train: trainInput(notebook, input, name),
      settings: await settingsInput(input),
      rollout: paceOf(input),
      maxBytes: LARGEST_PROJECT,
    });
    const zone = schedule.time_zone === null ? "" : ` (${schedule.time_zone})`;
    const { training: _training, ...shown } = schedule;
    host.result(shown, () =>
      [
        `${host.style.bold(name)} is trained anew at ${cron}${zone} on ${target.name}`,
        `  try it now: ${host.style.cyan(`iapp schedule run ${name} --wait`)}`,
      ].join("\n"),
    );
    return 0;
  },
});

const actions = (): Promise<typeof import("../actions/cluster/schedule.js")> =>
  import("../actions/cluster/schedule.js");
const views = (): Promise<typeof import("../actions/cluster/schedule-view.js")> =>
  import("../actions/cluster/schedule-view.js");

async function clusterOf(host: Host, input: CommandInput, from = host.cwd): Promise<Target> {
  const target = await targetOf(host, input, from);
  if (target !== null) return target;
  throw new UserError("IAPP_SCHEDULE_LOCAL", "schedules are kept by a cluster, and this goes to this machine", {
    remedy: "Name a cluster with --target; here, let cron call: iapp rollout NOTEBOOK --retrain",
  });
}

async function suspend(host: Host, input: CommandInput, suspended: boolean): Promise<number> {
  const target = await clusterOf(host, input);
  const { app } = await (await actions()).suspendSchedule(host, target, input.args[0], suspended);
  const text = suspended
    ? `${app} is not trained until: iapp schedule resume ${app}`
    : `${app} is trained by the clock`;
  host.result({ schema: "iapp.schedule-suspend/1", app, suspended }, text);
  return 0;
}

function listText(schedules: readonly ScheduleView[], host: Host): string {
  if (schedules.length === 0) return 'no schedule; make one with iapp schedule NOTEBOOK --cron "0 3 * * 1"';
  const rows = schedules.map(({ app, cron, time_zone, suspended, notebook, last }) => [
    app,
    suspended ? `${cron} (suspended)` : cron,
    time_zone ?? "",
    notebook,
    last === null ? "" : `${time(last.ended ?? last.began)} ${last.outcome}`,
  ]);
  return table(["APP", "CRON", "ZONE", "NOTEBOOK", "LAST RUN"], rows, host.columns);
}

function runsText(runs: readonly ScheduleRun[], host: Host): string {
  if (runs.length === 0) return "no run yet";
  const rows = runs.map(({ began, outcome, version, text }) => [time(began), outcome, version ?? "", text]);
  return table(["BEGAN", "OUTCOME", "VERSION", "WHY"], rows, host.columns);
}

const time = (iso: string): string => iso.slice(0, 16).replace("T", " ");
