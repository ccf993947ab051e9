import type { Candidate } from "../actions/deploy/candidate.js";
import type { DeployResult } from "../actions/deploy/index.js";
import type { Context } from "../core/events.js";
import type { Host } from "../core/host.js";
import { findProject, type ProjectLayout } from "../project/layout.js";
import { type CommandInput, defineCommand } from "./command.js";

export default defineCommand({
  summary: "start a proved bundle, answer an example, print the URL",
  description:
    "Starts a bundle on this machine beside what runs, and moves the requests over when it answers the example rows as the notebook did. A bundle whose proof failed is never started.",
  arguments: [{ name: "<bundle>", summary: "folder of a bundle, or the beginning of its digest" }],
  options: [
    { flags: "--name <name>", summary: "name of the app (default: the bundle's own)" },
    { flags: "--port <port>", summary: "listen on this port (default: a free one, then always the same)" },
    { flags: "--dry-run", summary: "only say what would be done" },
    { flags: "--python <path>", summary: "interpreter that has the bundle's packages" },
  ],
  examples: [
    "iapp deploy .iapp/bundles/3f2a91… --python .venv/bin/python",
    "iapp deploy 3f2a91 --name churn-eu --port 8200",
  ],
  async run(input, host) {
    const [{ appName, deploy }, { parsePort }] = await Promise.all([
      import("../actions/deploy/index.js"),
      import("../actions/apps/port.js"),
    ]);
    const given = input.args[0]!;
    const layout = await findProject(host.cwd);
    const port = parsePort(input.options.port as string | undefined);
    const { findBundle, readBundle } = await import("../actions/bundle/index.js");
    const dir = await findBundle(host.cwd, layout, given);
    const { name: own } = (await readBundle(dir)).index;
    const name = appName(input.options.name as string | undefined, own);
    if (input.options.dryRun === true) return dryRun(host, layout, { name, given, port });
    const prepare = (ctx: Context): Promise<Candidate> => bundleCandidate(ctx, layout, dir, input);
    const result = await deploy(host, { layout, name, source: given, port, prepare });
    host.result(result, () => text(result, host));
    return 0;
  },
});

async function bundleCandidate(
  ctx: Context,
  layout: ProjectLayout,
  path: string,
  input: CommandInput,
): Promise<Candidate> {
  const [{ readBundle }, { fromBundle }, { pythonForBundle }] = await Promise.all([
    import("../actions/bundle/index.js"),
    import("../actions/deploy/candidate.js"),
    import("../actions/deploy/bundle-python.js"),
  ]);
  const { index } = await readBundle(path);
  const python = await pythonForBundle(ctx, layout, path, input.options.python as string | undefined);
  return fromBundle(path, index.digest, python);
}

interface DryRun {
  name: string;
  given: string;
  port: number | undefined;
}

async function dryRun(host: Host, layout: ProjectLayout, { name, given, port }: DryRun): Promise<number> {
  const { describeDeploy } = await import("../actions/deploy/index.js");
  const plan = await describeDeploy(layout, name);
  const listen = port ?? plan.port;
  const steps = [
    `check that ${given} was proved`,
    `unless this very bundle serves already: start ${name} ${plan.version}${plan.replaces === null ? "" : ` beside ${plan.replaces}`}`,
    "wait until it answers the example rows as the notebook did",
    plan.replaces === null
      ? `listen on ${listen === null ? "a free port" : `port ${listen}`} of 127.0.0.1`
      : `move all requests from ${plan.replaces} to ${plan.version}, then end ${plan.replaces}`,
  ];
  const document = { schema: "iapp.deploy-plan/1", name, ...plan, port: listen, steps };
  host.result(document, () => ["would", ...steps.map((step) => `  - ${step}`)].join("\n"));
  return 0;
}

function text(result: DeployResult, host: Host): string {
  const { style } = host;
  const { name, version, url, changed, replaced, example } = result;
  const head = changed
    ? `${style.bold(`${name} ${version}`)} is running: ${style.green(url)}${replaced === null ? "" : `  (${replaced} has ended)`}`
    : `nothing has changed: ${style.bold(`${name} ${version}`)} is running already: ${style.green(url)}`;
  const answer = `the example row was answered with ${JSON.stringify(example.prediction)}, as by the notebook, in ${example.ms.toFixed(1)} ms`;
  const next = ["iapp predict --example", "iapp logs -f", "iapp status"];
  return [head, `  ${style.dim(answer)}`, "", "next:", ...next.map((command) => `  ${style.cyan(command)}`)].join("\n");
}
