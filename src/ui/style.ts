import type { Style } from "../core/host.js";

const same = (text: string): string => text;

export const plainStyle: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

/** Colours where the stream is a terminal; `NO_COLOR` and `FORCE_COLOR` are obeyed by chalk. */
export async function styleFor(
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Style> {
  if ((env.NO_COLOR ?? "") !== "" || (!stream.isTTY && (env.FORCE_COLOR ?? "") === "")) return plainStyle;
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  return {
    bold: chalk.bold,
    dim: chalk.dim,
    red: chalk.red,
    green: chalk.green,
    yellow: chalk.yellow,
    cyan: chalk.cyan,
  };
}
