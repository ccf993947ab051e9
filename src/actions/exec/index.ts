import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname } from "node:path";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { listApps, resolveApp } from "../apps/index.js";
import { currentVersion } from "../deploy/plan.js";

/** Which of an app's processes, and what is run there. */
export interface ExecInput {
  /** Perhaps the name of an app, then the program and its arguments. */
  words: string[];
  version: string | undefined;
  component: "scoring" | "router";
}

/**
 * Splits `churn python -V`: the first word is an app when there is one of that name, else all of it is the command of the only app.
 * @throws UserError where no command is left
 */
export function splitWords(
  words: readonly string[],
  apps: readonly string[],
): { name: string | undefined; command: string[] } {
  const named = apps.includes(words[0] ?? "");
  const command = words.slice(named ? 1 : 0);
  if (command.length > 0) return { name: named ? words[0] : undefined, command };
  throw new UserError("IAPP_EXEC_NOTHING", "it is not said what shall be run", {
    remedy: "Write the command after two hyphens: iapp exec churn -- python3 -V",
  });
}

/** Runs a program in a version's environment on this machine: its Python comes first, stdin and terminal are its own. */
export async function execHere(ctx: Context, { words, version }: ExecInput): Promise<number> {
  const apps = await listApps(ctx);
  const { name, command } = splitWords(
    words,
    apps.map((app) => app.name),
  );
  const { state, ...app } = await resolveApp(ctx, name);
  const wanted = version ?? currentVersion(state) ?? state.desired.versions[0]?.name;
  const record = state.versions.find((one) => one.name === wanted);
  if (record === undefined)
    throw noSuchVersion(
      app.name,
      version,
      state.versions.map((one) => one.name),
    );
  const { env, cwd } = record;
  const path = [dirname(record.command[0]!), env.PATH ?? ctx.env.PATH ?? ""].join(":");
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { cwd, env: { ...env, PATH: path }, stdio: "inherit" });
    child.on("error", (cause) =>
      reject(new OperationError("IAPP_EXEC_START", `${program} cannot be started: ${cause.message}`)),
    );
    // A shell's convention: 128 and the number of the signal.
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}

export function noSuchVersion(app: string, version: string | undefined, known: readonly string[]): UserError {
  return new UserError("IAPP_EXEC_VERSION", `${app} has no version ${version ?? "that runs"}`, {
    remedy: known.length === 0 ? "Deploy its notebook." : `There is: ${known.join(", ")}.`,
  });
}
