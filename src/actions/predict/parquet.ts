import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { OperationError, UserError } from "../../core/errors.js";
import { runtimePath } from "../../core/runtime-path.js";

/** The interpreter of the service's environment, which reads and writes Parquet where it has pyarrow. */
export interface ParquetTool {
  python: string;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

type Child = ReturnType<typeof spawn>;

function start(tool: ParquetTool, args: string[]): { child: Child; ended: Promise<void> } {
  const env = { PATH: tool.env.PATH, HOME: tool.env.HOME, PYTHONPATH: runtimePath(), PYTHONIOENCODING: "utf-8" };
  const child = spawn(tool.python, ["-m", "iapp_runtime.data.parquet", ...args], { env, signal: tool.signal });
  let words = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-4000);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(problem(code, words.trim()))));
  });
  // Looked at later; a failure before that is no unhandled one.
  ended.catch(() => undefined);
  return { child, ended };
}

function problem(code: number | null, words: string): Error {
  if (code === 3) {
    return new UserError("IAPP_PREDICT_PYARROW", "Parquet needs pyarrow, which the service's environment has not", {
      remedy: "Add pyarrow to the project's packages and deploy again, or give the rows as CSV or NDJSON.",
    });
  }
  const last = words.split("\n").at(-1) ?? "";
  return new OperationError("IAPP_PREDICT_PARQUET", `the Parquet file cannot be used: ${last || `exit code ${code}`}`);
}

/** The rows of a Parquet file as raw JSON, one by one. */
export async function* parquetRows(tool: ParquetTool, path: string): AsyncGenerator<string> {
  const { child, ended } = start(tool, ["read", path]);
  try {
    for await (const line of createInterface({
      input: child.stdout as Readable,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      if (line !== "") yield line;
    }
    await ended;
  } finally {
    child.kill();
  }
}

/** Writes a Parquet file again with columns added. */
export class ParquetWriter {
  readonly #child: Child;
  readonly #ended: Promise<void>;

  /** @param floats columns that hold floating point numbers */
  constructor(tool: ParquetTool, source: string, target: string, floats: string[]) {
    const { child, ended } = start(tool, ["write", source, target, ...floats]);
    this.#child = child;
    this.#ended = ended;
    child.stdin!.on("error", () => undefined);
  }

  async write(columns: Record<string, unknown>[]): Promise<void> {
    const text = columns.map((row) => `${JSON.stringify(row)}\n`).join("");
    if (this.#child.stdin!.write(text)) return;
    await Promise.race([new Promise((resolve) => this.#child.stdin!.once("drain", resolve)), this.#ended]);
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    await this.#ended;
  }

  abort(): void {
    this.#child.kill();
  }
}
