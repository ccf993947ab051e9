import type { RuntimeEvent } from "../../core/contract.js";
import { OperationError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { exec } from "../../core/exec.js";
import { redact } from "../../core/redact.js";
import { runtimePath } from "../../core/runtime-path.js";

export type Step = "run" | "probe" | "needs" | "prove";

/**
 * Runs one step of the runtime in its own process. Its events come over a pipe of their own. The process ends by itself when this one is
 * gone, and is stopped with its children when the person interrupts.
 */
export async function runStep(
  ctx: Context,
  step: Step,
  python: string,
  runDir: string,
  onEvent: (event: RuntimeEvent) => void,
): Promise<void> {
  const args = ["-m", "iapp_runtime.train", step, runDir, "--events", "fd:3", "--parent", String(process.pid)];
  // Compiled modules are kept in the environments: the next step, and the service, then start several times faster.
  const { VIRTUAL_ENV: _active, PYTHONHOME: _home, PYTHONDONTWRITEBYTECODE: _slow, ...env } = ctx.env;
  const tail: string[] = [];
  const result = await exec(python, args, {
    cwd: runDir,
    env: { ...env, PYTHONPATH: runtimePath(), PYTHONNOUSERSITE: "1" },
    signal: ctx.signal,
    onThird: (line) => {
      try {
        onEvent(JSON.parse(line) as RuntimeEvent);
      } catch {
        ctx.emit({ code: "train.unreadable", level: "debug", text: redact(line) });
      }
    },
    onStderr: (line) => {
      tail.push(line);
      if (tail.length > 30) tail.shift();
      ctx.emit({ code: "train.stderr", level: "debug", text: redact(line) });
    },
  });
  if (result.code === 0) return;
  const how = result.signal === null ? `ended with code ${result.code}` : `was ended by ${result.signal}`;
  throw new OperationError("IAPP_TRAIN_RUNTIME", `the step "${step}" ${how}`, {
    lines: tail.slice(-12).map(redact),
    remedy: `What it wrote is in ${runDir}.`,
  });
}
