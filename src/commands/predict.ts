import { resolve } from "node:path";
import type { ExampleResult, Service } from "../actions/predict/index.js";
import type { ParquetTool } from "../actions/predict/parquet.js";
import type { Format } from "../actions/predict/source.js";
import { UserError } from "../core/errors.js";
import type { Host } from "../core/host.js";
import { TARGET_OPTION, targetOf } from "./cluster-options.js";
import { type CommandInput, defineCommand } from "./command.js";

const BATCH = 1000;

export default defineCommand({
  summary: "send rows to the running service",
  description:
    "Sends a stored real row (--example), or the rows of a file or of standard input, and writes them back with the prediction beside them, in the same format. Large files go through in batches.",
  arguments: [{ name: "[app]", summary: "name of the app" }],
  options: [
    { flags: "--example", summary: "send a real row that is stored with the model" },
    { flags: "-i, --input <file>", summary: "CSV, NDJSON, JSON or Parquet file with rows, `-` for standard input" },
    { flags: "-o, --output <file>", summary: "write there instead of to standard output" },
    {
      flags: "--format <format>",
      summary: "format of the input, when its name does not say it",
      choices: ["json", "ndjson", "csv", "parquet"],
    },
    { flags: "--batch-size <rows>", summary: "rows in one request", default: String(BATCH) },
    { flags: "--proba", summary: "also the probability of each class" },
    { flags: "--print-request", summary: "print the body of the (first) request instead of sending it" },
    { flags: "--version <name>", summary: "ask this version, whatever its share of the traffic is" },
    TARGET_OPTION,
  ],
  examples: [
    "iapp predict --example",
    "iapp predict -i new-customers.csv -o scored.csv",
    "iapp predict --example --print-request | curl -d @- -H 'Content-Type: application/json' URL/predict",
    "cat rows.ndjson | iapp predict -i - --proba",
  ],
  async run(input, host) {
    const service = await find(host, input);
    if (input.options.example === true) {
      if (input.options.input !== undefined) throw usage("--example and -i exclude each other", "Give one of them.");
      return example(input, host, service);
    }
    return rows(input, host, service);
  },
});

async function find(host: Host, input: CommandInput): Promise<Service> {
  const [name, version] = [input.args[0], input.options.version as string | undefined];
  const target = await targetOf(host, input);
  if (target === null) return (await import("../actions/predict/index.js")).findService(host, name, version);
  return (await import("../actions/cluster/predict.js")).findClusterService(host, target, name, version);
}

async function example(input: CommandInput, host: Host, service: Service): Promise<number> {
  const { connect, firstExample, predictExample } = await import("../actions/predict/index.js");
  if (input.options.printRequest === true) {
    const { rows: stored } = await firstExample(service);
    await host.write(`${JSON.stringify({ rows: stored.slice(0, 1) })}\n`);
    return 0;
  }
  const client = await connect(host, service, input.options.proba === true);
  try {
    const result = await predictExample(service, client);
    const { row, answer, expected } = result;
    const { predictions, probabilities, version, id } = answer;
    const document = {
      schema: "iapp.predict/1",
      rows: [row],
      predictions,
      probabilities,
      version,
      id,
      expected: [expected],
    };
    host.result(document, () => exampleText(result, host));
    return 0;
  } finally {
    await client.close();
  }
}

function exampleText({ row, answer, expected }: ExampleResult, host: Host): string {
  const { style } = host;
  const width = Math.max(...Object.keys(row).map((name) => name.length));
  const cells = Object.entries(row).map(([name, value]) => `  ${name.padEnd(width)}  ${JSON.stringify(value)}`);
  const probabilities = Object.entries(answer.probabilities?.[0] ?? {}).map(([name, p]) => `  ${name}: ${p}`);
  return [
    "row",
    ...cells,
    `prediction  ${style.bold(JSON.stringify(answer.predictions[0]))}`,
    ...(probabilities.length > 0 ? ["probabilities", ...probabilities] : []),
    style.dim(`the notebook's own answer: ${JSON.stringify(expected)}`),
    style.dim(`${answer.version ?? ""} answered in ${answer.ms.toFixed(1)} ms`),
  ].join("\n");
}

async function rows(input: CommandInput, host: Host, service: Service): Promise<number> {
  const [actions, { fileSource, streamSource }, { FileSink, streamSink }, { bodyOf }, { batches }] = await Promise.all([
    import("../actions/predict/index.js"),
    import("../actions/predict/source.js"),
    import("../actions/predict/sink.js"),
    import("../actions/predict/columns.js"),
    import("../actions/predict/batches.js"),
  ]);
  const { options } = input;
  const size = batchSize(String(options.batchSize), service);
  const format = options.format as Format | undefined;
  const path = options.input as string | undefined;
  const tool = (): ParquetTool => actions.parquetTool(host, service);
  const piped = path === undefined || path === "-" ? host.stdin() : null;
  if (piped === null && (path === undefined || path === "-")) {
    throw usage("there are no rows to send", "Give --example, -i FILE, or pipe rows into it.");
  }
  const file = resolve(host.cwd, path ?? "");
  const source = piped === null ? await fileSource(file, format, tool) : await streamSource(piped, format);
  if (options.printRequest === true) {
    for await (const batch of batches(source.rows, size)) {
      await host.write(`${bodyOf(source, batch).body.trimEnd()}\n`);
      break;
    }
    return 0;
  }
  const target = options.output === undefined ? undefined : resolve(host.cwd, String(options.output));
  if (source.format === "parquet" && target === undefined) {
    throw usage("Parquet cannot be written to standard output", "Give -o FILE.");
  }
  const client = await actions.connect(host, service, options.proba === true);
  try {
    const sink = target === undefined ? streamSink((text) => host.write(text)) : new FileSink(target);
    const output =
      source.format === "parquet"
        ? actions.parquetOutput(tool(), file, target!, service)
        : actions.textOutput(source, sink);
    const result = await actions.predictRows(host, source, client, size, output);
    const text = `${result.rows} rows answered by ${result.versions.join(", ")} in ${result.seconds.toFixed(1)} s`;
    if (target === undefined) host.emit({ code: "predict.done", level: "info", text, data: { ...result } });
    else host.result({ schema: "iapp.predict-rows/1", ...result, output: target }, `${text}: ${options.output}`);
    return 0;
  } finally {
    await client.close();
  }
}

function batchSize(text: string, service: Service): number {
  const size = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (size < 1) throw usage(`--batch-size ${text} cannot be used`, "Give a whole number of rows.");
  return Math.min(size, service.contract?.limits.rows ?? BATCH);
}

function usage(problem: string, remedy: string): UserError {
  return new UserError("IAPP_CLI_VALUE", problem, { remedy });
}
