/** One-sided 95 %. */
export const Z95 = 1.6448536269514722;

/** Wilson's score interval of a proportion (Wilson 1927), `[lower, upper]`. No trials: everything is possible. */
export function wilson(hits: number, trials: number, z = Z95): [number, number] {
  if (trials === 0) return [0, 1];
  const p = hits / trials;
  const z2 = z * z;
  const middle = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (z / (1 + z2 / trials)) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * Interval of a difference of two proportions, `a - b`, from their Wilson intervals (Newcombe 1998, method 10). Each end is one-sided at
 * the level of `z`.
 */
export function difference(
  a: { hits: number; trials: number },
  b: { hits: number; trials: number },
  z = Z95,
): [number, number] {
  const [pa, pb] = [a.trials === 0 ? 0 : a.hits / a.trials, b.trials === 0 ? 0 : b.hits / b.trials];
  const [la, ua] = wilson(a.hits, a.trials, z);
  const [lb, ub] = wilson(b.hits, b.trials, z);
  return [pa - pb - Math.hypot(pa - la, ub - pb), pa - pb + Math.hypot(ua - pa, pb - lb)];
}
