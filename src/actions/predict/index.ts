import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ContractDocument } from "../../core/contract.js";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { readJson } from "../../core/fs.js";
import { isSupervised, livingProcesses } from "../../local/control.js";
import { type App, adopt, resolveApp, urlOf } from "../apps/index.js";
import { type Examples, readExamples } from "../deploy/candidate.js";
import { currentVersion } from "../deploy/plan.js";
import { answered, batches, rowError } from "./batches.js";
import { type PredictAnswer, PredictClient, Rejected } from "./client.js";
import { csvHeader, csvLine, jsonLine, PredictionColumns } from "./columns.js";
import { type ParquetTool, ParquetWriter } from "./parquet.js";
import type { Sink } from "./sink.js";
import type { InputRow, RowSource } from "./source.js";

/** A service that can be asked, wherever it runs. */
export interface Service {
  name: string;
  /** The version that is asked: the named one, else the one that gets the requests. */
  version: string;
  forced: boolean;
  contract: ContractDocument | null;
  /** Folder of its bundle. */
  bundle: string;
  /** The interpreter that has its packages, where that is on this machine. */
  python: string | null;
  /** A way to it. Rejects with how to start it where it does not run. */
  reach: () => Promise<Way>;
}

export interface Way {
  url: string;
  close: () => Promise<void>;
}

/** The service on this machine and what its version expects. Needs nothing to run. */
export async function findService(
  ctx: Context,
  name: string | undefined,
  version: string | undefined,
): Promise<Service> {
  const app = await resolveApp(ctx, name);
  const { state } = app;
  const wanted = version ?? currentVersion(state) ?? state.desired.versions[0]?.name;
  const record = state.versions.find((known) => known.name === wanted);
  if (record === undefined) {
    const known = state.desired.versions.map((v) => v.name);
    throw noVersion(app.name, version, known);
  }
  return {
    name: app.name,
    version: record.name,
    forced: version !== undefined,
    contract: await readJson<ContractDocument>(join(record.bundle.dir, "contract.json")),
    bundle: record.bundle.dir,
    python: record.command[0]!,
    reach: async () => reachLocal(ctx, app),
  };
}

export function noVersion(app: string, version: string | undefined, known: readonly string[]): UserError {
  return new UserError(
    "IAPP_PREDICT_VERSION",
    version === undefined ? `${app} has no version yet` : `${app} has no version ${version}`,
    {
      remedy:
        known.length === 0 ? "Deploy its notebook with `iapp deploy NOTEBOOK`." : `There is: ${known.join(", ")}.`,
    },
  );
}

function reachLocal(ctx: Context, app: App): Way {
  adopt(ctx, app);
  if (!app.state.desired.running || (livingProcesses(app.state).length === 0 && !isSupervised(app.state))) {
    throw new OperationError("IAPP_PREDICT_STOPPED", `${app.name} does not run`, {
      remedy: `Start it with \`iapp restart ${app.name}\`.`,
    });
  }
  return { url: urlOf(app.state), close: async () => undefined };
}

/** Parquet is read and written by the service's own Python. */
export function parquetTool(ctx: Context, { python }: Service): ParquetTool {
  if (python === null) {
    throw new UserError("IAPP_PREDICT_PARQUET", "Parquet needs the service's packages, which are not on this machine", {
      remedy: "Send CSV or NDJSON instead.",
    });
  }
  return { python, env: ctx.env, signal: ctx.signal };
}

/** A client for a service that runs; an error that says how to start it when it does not. */
export async function connect(ctx: Context, service: Service, proba: boolean): Promise<PredictClient> {
  const { version, forced } = service;
  if (proba && service.contract?.output.proba === false) {
    throw new UserError("IAPP_PREDICT_PROBA", `the model of ${service.name} gives no probabilities`);
  }
  const way = await service.reach();
  return new PredictClient(
    { url: way.url, version: forced ? version : undefined, proba, signal: ctx.signal },
    way.close,
  );
}

export interface ExampleResult {
  row: Record<string, unknown>;
  answer: PredictAnswer;
  /** The notebook's own answer for this row. */
  expected: unknown;
}

export async function firstExample(service: Service): Promise<Examples> {
  return readExamples(service.bundle);
}

/** Sends the first stored row. */
export async function predictExample(service: Service, client: PredictClient): Promise<ExampleResult> {
  const examples = await firstExample(service);
  const row = examples.rows[0]!;
  try {
    const answer = await client.send(JSON.stringify({ rows: [row] }), "application/json");
    return { row, answer, expected: examples.predictions[0] };
  } catch (error) {
    if (error instanceof Rejected) throw rowError(error, [{ raw: "", where: "the example row" }]);
    throw error;
  }
}

export interface RowsResult {
  rows: number;
  requests: number;
  versions: string[];
  seconds: number;
}

/** Sends all rows in batches and writes each row with its prediction, in the input's own format. */
export async function predictRows(
  ctx: Context,
  source: RowSource,
  client: PredictClient,
  batchSize: number,
  out: RowOutput,
): Promise<RowsResult> {
  const started = ctx.now();
  const versions = new Set<string>();
  let count = 0;
  let requests = 0;
  try {
    for await (const batch of batches(source.rows, batchSize)) {
      for await (const { rows, answer } of answered(client, source, batch)) {
        const columns = out.columns ?? new PredictionColumns(source.names());
        out.columns = columns;
        await out.write(
          rows,
          rows.map((_, i) => columns.of(answer, i)),
        );
        count += rows.length;
        requests += 1;
        if (answer.version !== null) versions.add(answer.version);
        const text = `${count} rows`;
        ctx.emit({
          code: "predict.rows",
          level: "progress",
          text,
          data: { rows: count, progress: { label: "predict" } },
        });
      }
    }
    if (count === 0) throw new UserError("IAPP_PREDICT_EMPTY", "the input holds no row");
    await out.end();
  } catch (error) {
    await out.abort();
    throw error;
  }
  if (versions.size > 1) {
    const text = `several versions answered: ${[...versions].join(", ")}; name one with --version`;
    ctx.emit({ code: "predict.mixed", level: "warn", text, data: { versions: [...versions] } });
  }
  return { rows: count, requests, versions: [...versions], seconds: (ctx.now() - started) / 1000 };
}

/** Writes rows with added columns. */
export interface RowOutput {
  columns?: PredictionColumns;
  write(rows: InputRow[], columns: Record<string, unknown>[]): Promise<void>;
  end(): Promise<void>;
  abort(): Promise<void>;
}

/** CSV, NDJSON or JSON to a stream or file. */
export function textOutput(source: RowSource, sink: Sink): RowOutput {
  let first = true;
  const array = (): boolean => source.format === "json" && source.layout() === "array";
  return {
    async write(rows, columns) {
      const lines = rows.map((row, i) =>
        source.format === "csv" ? csvLine(row, columns[i]!) : jsonLine(row, columns[i]!),
      );
      if (source.format === "csv" && first) lines.unshift(csvHeader(source.header()!, columns[0]!));
      const text = array() ? `${first ? "[\n" : ",\n"}${lines.join(",\n")}` : `${lines.join("\n")}\n`;
      first = false;
      await sink.write(text);
    },
    async end() {
      if (array()) await sink.write("\n]\n");
      await sink.end();
    },
    abort: () => sink.abort(),
  };
}

/** A Parquet file beside the one that is read. */
export function parquetOutput(tool: ParquetTool, source: string, target: string, service: Service): RowOutput {
  const temporary = `${resolve(target)}.part`;
  let writer: ParquetWriter | null = null;
  const output: RowOutput = {
    async write(_rows, columns) {
      const isNumber = service.contract?.output.type === "number";
      writer ??= new ParquetWriter(tool, source, temporary, output.columns!.floats(Object.keys(columns[0]!), isNumber));
      await writer.write(columns);
    },
    async end() {
      await writer?.end();
      await rename(temporary, target);
    },
    async abort() {
      writer?.abort();
      await rm(temporary, { force: true });
    },
  };
  return output;
}
