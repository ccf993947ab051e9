import { relative } from "node:path";
import type { DeletePlan } from "../actions/delete/index.js";
import type { Host } from "../core/host.js";
import type { Target } from "../project/targets.js";
import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { type CommandInput, defineCommand } from "./command.js";

export default defineCommand({
  summary: "stop and remove an app, leaving nothing behind",
  description:
    "Ends every process of the app and removes its folder and the bundles and training runs that only it uses. Asks first; the notebook and your data are never touched.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  options: [
    { flags: "--keep-bundles", summary: "keep the bundles and training runs" },
    { flags: "--dry-run", summary: "only list what would be removed" },
    TARGET_OPTION,
  ],
  examples: ["iapp delete", "iapp delete churn --yes", "iapp delete churn --dry-run"],
  async run(input, host) {
    const target = await targetOf(host, input);
    if (target !== null) return onCluster(host, target, input);
    const { applyDelete, planDelete } = await import("../actions/delete/index.js");
    const plan = await planDelete(host, input.args[0], input.options.keepBundles === true);
    const { name } = plan.app;
    const list = (verb: string): string => lines(plan, host, verb).join("\n");
    const document = { schema: "iapp.delete/1", name, removals: plan.removals, kept: plan.kept };
    if (input.options.dryRun === true) {
      host.result({ ...document, removed: false }, () => list("would remove"));
      return 0;
    }
    if (!host.yes) {
      host.emit({ code: "delete.plan", level: "info", text: list("will remove"), data: { name } });
      if (!(await host.confirm(`Delete ${name}?`, { flag: "--yes" }))) {
        host.emit({ code: "delete.declined", level: "info", text: "nothing was removed" });
        return 3;
      }
    }
    await applyDelete(host, plan);
    host.result({ ...document, removed: true }, () => `${list("removed")}\n${name} is gone.`);
    return 0;
  },
});

async function onCluster(host: Host, target: Target, { args, options }: CommandInput): Promise<number> {
  const { deleteOnCluster, planClusterDelete } = await import("../actions/cluster/delete.js");
  const { name, objects } = await planClusterDelete(host, target, args[0]);
  const list = (verb: string, what: typeof objects): string =>
    what.map((object) => `${verb} ${object.kind} ${object.name}`).join("\n");
  const document = { schema: "iapp.delete/1", name, target: target.name, objects };
  if (options.dryRun === true) {
    host.result({ ...document, removed: false }, () => list("would remove", objects));
    return 0;
  }
  if (!host.yes) {
    host.emit({ code: "delete.plan", level: "info", text: list("will remove", objects), data: { name } });
    if (!(await host.confirm(`Delete ${name} from ${target.name}?`, { flag: "--yes" }))) {
      host.emit({ code: "delete.declined", level: "info", text: "nothing was removed" });
      return 3;
    }
  }
  const removed = await deleteOnCluster(host, target, name);
  const text = `${list("removed", removed)}\n${name} is gone from ${target.name}; its images stay in ${target.registry}.`;
  host.result({ ...document, objects: removed, removed: true }, text);
  return 0;
}

function lines(plan: DeletePlan, host: Host, verb: string): string[] {
  const short = (path: string): string => relative(host.cwd, path) || ".";
  return [
    ...plan.removals.map(({ path, what, bytes }) => `${verb} ${short(path)}  (${what}, ${size(bytes)})`),
    ...plan.kept.map(({ path, why }) => `keep ${short(path)}  (${why})`),
  ];
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  const step = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(1)} ${units[step - 1]}`;
}
