import { attribute, type Shares } from "./attribution.js";
import { type Epoch, errorShares, invalidShares, refusedShares } from "./evidence.js";
import type { RolloutState } from "./state.js";
import { logOf, type Wager } from "./wager.js";

export type TestName = "errors" | "slow" | "refused" | "invalid";

/** What was counted against each version, and the natural logarithm of the evidence that the new one is worse. */
export interface Test {
  log: number;
  onNew: number;
  onOld: number;
}

/** What is tested of the new version in every look, in this order. */
export function testsOf({ epochs, sticky, pace, wagers }: RolloutState): Record<TestName, Test> {
  const all = sharesOf(epochs, sticky !== null);
  const test = (name: keyof typeof wagers): Test => {
    const sum = (side: "onNew" | "onOld"): number => all[name].reduce((total, share) => total + share[side], 0);
    return { log: logOf(wagers[name]), onNew: sum("onNew"), onOld: sum("onOld") };
  };
  const { compared } = pace;
  const slow = { log: logOf(pace.wager), onNew: compared.new.slow, onOld: compared.old.slow };
  return { errors: test("errors"), slow, refused: test("refused"), invalid: test("invalid") };
}

/** What each of them accuses the new version of. */
export const WORSE: Record<TestName, string> = {
  errors: "fails more often",
  slow: "answers more slowly",
  refused: "refuses more (4xx)",
  invalid: "gives no prediction more often",
};

/** What has been gathered against the new version when this much has been counted. */
export function gathered({ epochs: before, sticky, wagers }: RolloutState, epochs: readonly Epoch[]): Wagers {
  const [known, all] = [sharesOf(before, sticky !== null), sharesOf(epochs, sticky !== null)];
  const gather = (name: keyof Wagers): Wager => attribute(wagers[name], added(known[name], all[name]));
  return { errors: gather("errors"), refused: gather("refused"), invalid: gather("invalid") };
}

/**
 * What has come since; epochs keep their places. The chance is that of the whole epoch: where it is a share of what was counted, a look
 * that saw a single answer would know of none.
 */
function added(before: readonly Shares[], after: readonly Shares[]): Shares[] {
  return after.map(({ weight, onNew, onOld }, i) => ({
    weight,
    onNew: Math.max(0, onNew - (before[i]?.onNew ?? 0)),
    onOld: Math.max(0, onOld - (before[i]?.onOld ?? 0)),
  }));
}

type Wagers = RolloutState["wagers"];

const sharesOf = (epochs: readonly Epoch[], sticky: boolean): Record<keyof Wagers, Shares[]> => ({
  errors: errorShares(epochs, sticky),
  refused: refusedShares(epochs, sticky),
  invalid: invalidShares(epochs),
});
