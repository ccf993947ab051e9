import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { type ExecResult, exec } from "../../core/exec.js";
import { resolverTrouble } from "../../project/environment/failure.js";
import { lockedVersions, withoutCredentials } from "../../project/environment/lock-text.js";
import { isTorchIndexDown, TORCH_INDEX_DOWN, torchSettings } from "../../project/environment/torch.js";
import { findUv } from "../../project/environment/uv.js";
import { fitting, narrowed } from "../../project/era/index.js";
import type { Interpreter } from "../../project/python.js";
import type { DependencyReport } from "./gather.js";

/** Names of uv for what a cluster's machines are. */
const PLATFORMS = { "linux/amd64": "x86_64-manylinux_2_28", "linux/arm64": "aarch64-manylinux_2_28" } as const;
export type LockPlatform = keyof typeof PLATFORMS;

export interface Lock {
  /** Plain requirements format with hashes: `pip install --require-hashes -r` takes it. */
  text: string;
  packages: Record<string, string>;
}

/** Resolves requirements for a platform that need not be this one. No address, credential or path of this machine gets into the text. */
export async function lockFor(
  ctx: Context,
  resolve: DependencyReport["resolve"],
  { python, version, platform }: { python: Interpreter; version: string; platform: LockPlatform },
): Promise<Lock> {
  const uv = await findUv(ctx, python);
  if (uv === null) {
    throw new OperationError("IAPP_DEPS_NO_UV", "only uv can lock for another platform, and it cannot be had here", {
      remedy: "Install uv, or let it be fetched from the package index.",
    });
  }
  const { options, bounds } = resolve;
  const { wanted } = narrowed({ wanted: resolve.wanted, notes: [] }, fitting(bounds, Number(version.split(".")[1])));
  const folder = await mkdtemp(join(tmpdir(), "iapp-lock-"));
  try {
    const input = join(folder, "requirements.in");
    const output = join(folder, "requirements.lock");
    await writeFile(input, `${[...options, ...wanted.map(({ text }) => text)].join("\n")}\n`, { mode: 0o600 });
    const args = ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"];
    const target = ["--python-version", version, "--python-platform", PLATFORMS[platform]];
    const { VIRTUAL_ENV: _active, ...env } = ctx.env;
    const compile = (settings: Record<string, string>): Promise<ExecResult> =>
      exec(uv, [...args, ...target, "--output-file", output, input], {
        env: { ...env, ...settings },
        signal: ctx.signal,
        timeout: 10 * 60_000,
      });
    const names = wanted.map(({ name }) => name);
    let result = await compile(torchSettings(ctx.env, names, false));
    if (result.code !== 0 && isTorchIndexDown(result.stderr)) {
      ctx.emit({ code: "env.torch", level: "warn", text: TORCH_INDEX_DOWN });
      result = await compile({});
    }
    if (result.code !== 0) throw resolverTrouble(result.stderr + result.stdout, wanted).error;
    const text = withoutCredentials(await readFile(output, "utf8"));
    return { text, packages: lockedVersions(text) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
