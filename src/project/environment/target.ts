import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import type { Interpreter } from "../python.js";
import { resolverTrouble } from "./failure.js";
import { torchSettingsOf } from "./torch.js";
import { findUv } from "./uv.js";

/** Operating system and processor of an image, as OCI names them. */
export interface TargetPlatform {
  os: "linux";
  architecture: "amd64" | "arm64";
}

/** glibc 2.28 is what the oldest supported base images have (Debian 10, Enterprise Linux 8). */
const PLATFORMS: Record<TargetPlatform["architecture"], { uv: string; pip: string[] }> = {
  amd64: { uv: "x86_64-manylinux_2_28", pip: ["manylinux_2_28_x86_64", "manylinux2014_x86_64", "manylinux1_x86_64"] },
  arm64: { uv: "aarch64-manylinux_2_28", pip: ["manylinux_2_28_aarch64", "manylinux2014_aarch64"] },
};

export interface InstallTarget {
  /** File with the lock: exact versions, hashes where it was made by uv. */
  lockFile: string;
  lock: string;
  /** Folder that the packages are put into. */
  into: string;
  python: Interpreter;
  platform: TargetPlatform;
}

/**
 * Puts exactly what a lock lists into a folder, for a platform that need not be this one.
 * @throws UserError or OperationError that names the package.
 */
export async function installForTarget(ctx: Context, input: InstallTarget): Promise<void> {
  const { VIRTUAL_ENV: _active, PYTHONPATH: _path, ...env } = ctx.env;
  const hashed = /--hash=/.test(input.lock) ? ["--require-hashes"] : [];
  const uv = await findUv(ctx, input.python);
  const names = PLATFORMS[input.platform.architecture];
  const onLine = (line: string): void => {
    const text = line.trim();
    if (/^(Resolved|Prepared|Installed|Downloading|Downloaded|Built|Collecting)/.test(text))
      ctx.emit({ code: "build.packages", level: "progress", text: `packages: ${text}` });
  };
  const common = ["--no-deps", ...hashed, "-r", input.lockFile, "--target", input.into];
  const [program, args] =
    uv === null
      ? [
          input.python.path,
          ["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-compile"].concat(
            ["--only-binary", ":all:", "--python-version", input.python.minor, "--implementation", "cp"],
            names.pip.flatMap((name) => ["--platform", name]),
            common,
          ),
        ]
      : [
          uv,
          ["pip", "install", "--link-mode", "copy", "--python", input.python.path].concat(
            ["--python-version", input.python.minor, "--python-platform", names.uv],
            common,
          ),
        ];
  const options = {
    env: { ...env, ...torchSettingsOf(input.lock) },
    signal: ctx.signal,
    timeout: 60 * 60_000,
    onStderr: onLine,
    onStdout: onLine,
  };
  const result = await exec(program, args, options);
  if (result.code !== 0) throw resolverTrouble(result.stderr + result.stdout, []).error;
}

/**
 * Compiles the modules of a folder as they will be loaded from `shown` (see `iapp_runtime.build.bytecode`).
 * @param runtime the folder with `iapp_runtime`
 */
export async function compileModules(
  ctx: Context,
  { python, folder, shown, runtime }: { python: Interpreter; folder: string; shown: string; runtime: string },
): Promise<void> {
  const env = { PATH: ctx.env.PATH, HOME: ctx.env.HOME, PYTHONPATH: runtime, PYTHONHASHSEED: "0" };
  const args = ["-m", "iapp_runtime.build.bytecode", folder, shown];
  const result = await exec(python.path, args, { env, signal: ctx.signal, timeout: 30 * 60_000, cwd: runtime });
  if (result.code !== 0) {
    throw new OperationError("IAPP_BUILD_BYTECODE", "the modules of the image cannot be compiled", {
      lines: result.stderr.split(/\r?\n/).filter(Boolean).slice(-5),
    });
  }
}
