import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/events.js";
import { type ExecResult, exec } from "../../core/exec.js";
import type { Wanted } from "../declared.js";
import type { Interpreter } from "../python.js";
import { resolverTrouble } from "./failure.js";
import { isTorchIndexDown, TORCH_INDEX_DOWN, torchSettings, torchSettingsOf } from "./torch.js";

export type Resolver = { kind: "uv"; program: string } | { kind: "pip" };

export interface InstallInput {
  resolver: Resolver;
  python: Interpreter;
  /** Folder of the virtual environment that is made. */
  venv: string;
  wanted: readonly Wanted[];
  options: readonly string[];
  /** Builds of PyTorch for graphics cards instead of those for processors. */
  cuda?: boolean;
}

const MINUTES = 60_000;

function run(
  ctx: Context,
  program: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<ExecResult> {
  // VIRTUAL_ENV of the calling shell must not draw uv's attention.
  const { VIRTUAL_ENV: _active, PYTHONPATH: _path, ...own } = ctx.env;
  const env = { ...own, ...settings };
  const onLine = (line: string): void => {
    const text = line.trim();
    if (/^(Resolved|Prepared|Installed|Downloading|Building|Built|Collecting|Downloaded)/.test(text)) {
      ctx.emit({
        code: "env.progress",
        level: "progress",
        text: `packages: ${text}`,
        data: { progress: { label: "packages" } },
      });
    }
  };
  return exec(program, args, { env, signal: ctx.signal, timeout: 60 * MINUTES, onStderr: onLine, onStdout: onLine });
}

/** Makes an empty virtual environment. */
export async function makeVenv(ctx: Context, { resolver, python, venv }: InstallInput): Promise<void> {
  const result =
    resolver.kind === "uv"
      ? await run(ctx, resolver.program, ["venv", "--no-project", "--python", python.path, venv])
      : await run(ctx, python.path, ["-m", "venv", venv]);
  if (result.code !== 0) throw resolverTrouble(result.stderr + result.stdout, []).error;
}

/**
 * Resolves and installs, and returns the lock: plain requirements format, exact versions, with hashes when uv has made it.
 * A package that was only guessed from an import and does not exist is left out, which is returned in `left`.
 */
export async function resolveAndInstall(ctx: Context, input: InstallInput): Promise<{ lock: string; left: Wanted[] }> {
  const left: Wanted[] = [];
  let wanted = [...input.wanted];
  for (;;) {
    const result = await (input.resolver.kind === "uv" ? byUv(ctx, input, wanted) : byPip(ctx, input, wanted));
    if (typeof result === "string") return { lock: result, left };
    const trouble = resolverTrouble(result.output, wanted);
    const guessed = wanted.filter(({ inferred, name }) => inferred && name !== null && trouble.absent.includes(name));
    if (guessed.length === 0) throw trouble.error;
    left.push(...guessed);
    wanted = wanted.filter((one) => !guessed.includes(one));
  }
}

type Failed = { output: string };

async function byUv(
  ctx: Context,
  { resolver, venv, options, cuda }: InstallInput,
  wanted: Wanted[],
): Promise<string | Failed> {
  const program = resolver.kind === "uv" ? resolver.program : "";
  const python = join(venv, "bin/python");
  const input = join(venv, "requirements.in");
  const lock = join(venv, "requirements.lock");
  await writeFile(input, `${[...options, ...wanted.map(({ text }) => text)].join("\n")}\n`);
  const compile = [
    "pip",
    "compile",
    "--no-header",
    "--no-annotate",
    "--generate-hashes",
    "--python",
    python,
    "--output-file",
    lock,
    input,
  ];
  const names = wanted.map(({ name }) => name);
  let compiled = await run(ctx, program, compile, torchSettings(ctx.env, names, cuda === true));
  if (compiled.code !== 0 && isTorchIndexDown(compiled.stderr)) {
    ctx.emit({ code: "env.torch", level: "warn", text: TORCH_INDEX_DOWN });
    compiled = await run(ctx, program, compile);
  }
  if (compiled.code !== 0) return { output: compiled.stderr + compiled.stdout };
  const text = await readFile(lock, "utf8");
  const installed = await installLock(ctx, { kind: "uv", program }, venv, lock, text);
  return installed ?? text;
}

async function byPip(ctx: Context, { venv, options }: InstallInput, wanted: Wanted[]): Promise<string | Failed> {
  const python = join(venv, "bin/python");
  const input = join(venv, "requirements.in");
  await writeFile(input, `${[...options, ...wanted.map(({ text }) => text)].join("\n")}\n`);
  const quiet = ["-m", "pip", "--disable-pip-version-check", "--no-input"];
  const installed = await run(ctx, python, [...quiet, "install", "-r", input]);
  if (installed.code !== 0) return { output: installed.stderr + installed.stdout };
  const frozen = await run(ctx, python, [...quiet, "freeze", "--all"]);
  if (frozen.code !== 0) return { output: frozen.stderr + frozen.stdout };
  const lines = frozen.stdout
    .split(/\r?\n/)
    .filter((line) => /^[\w.-]+==/.test(line) && !/^(pip|setuptools|wheel)==/.test(line));
  return `${lines.sort().join("\n")}\n`;
}

/** Installs exactly what a lock lists, nothing else. Null when it went well. */
export async function installLock(
  ctx: Context,
  resolver: Resolver,
  venv: string,
  lockFile: string,
  lock: string,
): Promise<Failed | null> {
  const python = join(venv, "bin/python");
  const hashed = /--hash=/.test(lock) ? ["--require-hashes"] : [];
  const result =
    resolver.kind === "uv"
      ? await run(
          ctx,
          resolver.program,
          ["pip", "install", "--python", python, "--no-deps", ...hashed, "-r", lockFile],
          torchSettingsOf(lock),
        )
      : await run(ctx, python, [
          "-m",
          "pip",
          "--disable-pip-version-check",
          "--no-input",
          "install",
          "--no-deps",
          ...hashed,
          "-r",
          lockFile,
        ]);
  return result.code === 0 ? null : { output: result.stderr + result.stdout };
}
