import { DEFAULT_STAGES, parseDuration, parseStages } from "../actions/rollout/index.js";
import type { RolloutInput } from "../actions/rollout/start.js";
import { UserError } from "../core/errors.js";
import type { CommandInput, OptionSpec } from "./command.js";

/** How fast a rollout goes, and what it may cost: of every command that begins one. */
export const PACE_OPTIONS: OptionSpec[] = [
  { flags: "--blue-green", summary: "no steps: all requests at once, the old version waits beside it" },
  {
    flags: "--stage <stage>",
    summary: `percent, shortest time, least requests: 10,5m,200req (repeatable; default: ${DEFAULT_STAGES.join(" ")})`,
    collect: true,
  },
  { flags: "--bake <time>", summary: "how long the old version waits after the last step", default: "2m" },
  { flags: "--excess <points>", summary: "percentage points by which errors may be more", default: "2" },
  { flags: "--accept-unproven", summary: "let time alone end a step: for apps with few requests" },
  { flags: "--allow-contract-change", summary: "although requests that were good may be refused" },
];

export type Pace = Pick<RolloutInput, "stages" | "bakeMs" | "limits" | "allowContractChange">;

/** @throws UserError naming the flag that is wrong */
export function paceOf({ options }: CommandInput): Pace {
  const texts = (options.stage as string[] | undefined) ?? [];
  const stages = options.blueGreen === true ? [] : stagesOf(texts.length > 0 ? texts : DEFAULT_STAGES);
  const bakeMs = parseDuration(String(options.bake));
  if (bakeMs === null)
    throw new UserError("IAPP_CLI_TIME", `--bake ${String(options.bake)} is not a time such as 90s or 5m`);
  const excess = Number(options.excess) / 100;
  if (!(excess > 0 && excess < 1)) {
    throw new UserError("IAPP_CLI_NUMBER", `--excess ${String(options.excess)} is not a number of percentage points`);
  }
  return {
    stages,
    bakeMs,
    limits: { excess, alpha: 0.01, unproven: options.acceptUnproven === true },
    allowContractChange: options.allowContractChange === true,
  };
}

function stagesOf(texts: readonly string[]): ReturnType<typeof parseStages> {
  try {
    return parseStages(texts);
  } catch (error) {
    throw new UserError("IAPP_ROLLOUT_STAGE", (error as Error).message);
  }
}
