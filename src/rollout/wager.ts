/**
 * What somebody has made of 1 who bets on the new version's being worse, each time that something was counted. In a game that is fair to
 * the new version P(ever >= 1/alpha) <= alpha, however often one looks (Ville's inequality; Shafer and Vovk, "Game-Theoretic Foundations
 * for Probability and Finance").
 */
export interface Wager {
  rounds: number;
  /** Not put on anything yet. A version that turns bad late is found out with it: what was lost until then is not all that there is. */
  reserve: number;
  /** One for each strategy. */
  stakes: number[];
}

export const newWager = (strategies: number): Wager => ({
  rounds: 0,
  reserve: 1,
  stakes: new Array<number>(strategies).fill(0),
});

/** More than is ever needed, and less than what JSON cannot hold when some of them are added up. */
const MOST = 1e300;

/** One round. @param logs natural logarithm of what each strategy makes of 1: in the mean not more than 1 where the new version is no worse */
export function bet({ rounds, reserve, stakes }: Wager, logs: readonly number[]): Wager {
  const added = reserve / (rounds + 2);
  return {
    rounds: rounds + 1,
    reserve: reserve - added,
    stakes: stakes.map((stake, i) => Math.min(MOST, (stake + added / stakes.length) * Math.exp(logs[i]!))),
  };
}

/** The natural logarithm of the evidence. */
export const logOf = ({ reserve, stakes }: Wager): number =>
  Math.log(stakes.reduce((sum, stake) => sum + stake, reserve));
