import {
  DEFAULT_SHADOW,
  DEFAULT_STAGES,
  parseDuration,
  parseShadow,
  parseStages,
  parseSticky,
  type RolloutPlan,
} from "../actions/rollout/index.js";
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
  {
    flags: "--shadow <plan>",
    summary: "first only copies of requests, whose answers are compared: shortest time, least pairs (5m,200req)",
  },
  {
    flags: "--expect-agreement <share>",
    summary: "rows that both versions answer alike, such as 0.98; else it goes back (implies --shadow)",
  },
  {
    flags: "--expect-mean-shift <size>",
    summary: "most that the mean of numeric answers may move; else it goes back (implies --shadow)",
  },
  { flags: "--expect-psi <index>", summary: "a step waits while answers are distributed otherwise than this allows" },
  { flags: "--sticky <key>", summary: "the same client gets the same version: header:X-User or cookie:NAME" },
  { flags: "--excess <points>", summary: "percentage points by which errors may be more", default: "2" },
  { flags: "--accept-unproven", summary: "let time alone end a step: for apps with few requests" },
  { flags: "--allow-contract-change", summary: "although requests that were good may be refused" },
];

export type Pace = RolloutPlan & Pick<RolloutInput, "allowContractChange">;

/** @throws UserError naming the flag that is wrong */
export function paceOf(input: CommandInput): Pace {
  const { options } = input;
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
    ...answersOf(input),
    allowContractChange: options.allowContractChange === true,
  };
}

/** What is to be looked at in the answers themselves, and which clients stay together. */
function answersOf({ options }: CommandInput): Pick<RolloutPlan, "shadow" | "sticky" | "expect"> {
  const number = (flag: string, value: unknown, most: number): number | null => {
    if (value === undefined) return null;
    const read = Number(value);
    if (read > 0 && read <= most) return read;
    const range = most === 1 ? "between 0 and 1" : "above 0";
    throw new UserError("IAPP_CLI_NUMBER", `${flag} ${String(value)} is not a number ${range}`);
  };
  const expect = {
    agreement: number("--expect-agreement", options.expectAgreement, 1),
    mean_shift: number("--expect-mean-shift", options.expectMeanShift, Number.MAX_VALUE),
    psi: number("--expect-psi", options.expectPsi, Number.MAX_VALUE),
  };
  const implied = expect.agreement !== null || expect.mean_shift !== null ? DEFAULT_SHADOW : undefined;
  const shadow = (options.shadow as string | undefined) ?? implied;
  try {
    return {
      expect,
      shadow: shadow === undefined ? null : parseShadow(shadow),
      sticky: options.sticky === undefined ? null : parseSticky(String(options.sticky)),
    };
  } catch (error) {
    throw new UserError("IAPP_ROLLOUT_PLAN", (error as Error).message);
  }
}

function stagesOf(texts: readonly string[]): ReturnType<typeof parseStages> {
  try {
    return parseStages(texts);
  } catch (error) {
    throw new UserError("IAPP_ROLLOUT_STAGE", (error as Error).message);
  }
}
