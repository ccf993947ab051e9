import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";

const bin = resolve(import.meta.dirname, "../bin/iapp.js");
const { NODE_EXTRA_CA_CERTS: _unset, NODE_OPTIONS: _none, ...env } = process.env;

function once(args: string[]): number {
  const start = performance.now();
  execFileSync(process.execPath, args, { env, stdio: "pipe" });
  return performance.now() - start;
}

/**
 * Overhead over bare Node in milliseconds. Both are run in turn, so that a change of the machine's speed meets both; the least of
 * several is the run that was disturbed least.
 */
function overhead(args: string[], rounds = 20): number {
  let bare = Number.POSITIVE_INFINITY;
  let ours = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) {
    bare = Math.min(bare, once(["-e", "0"]));
    ours = Math.min(ours, once([bin, ...args]));
  }
  return ours - bare;
}

/** A slow or busy machine stretches everything: the limits are stated for one on which bare Node starts in 40 ms. */
function scale(): number {
  return Math.max(1, Math.min(...Array.from({ length: 10 }, () => once(["-e", "0"]))) / 40);
}

/** Other tests run beside this one and disturb it: the least of up to five measurements counts. */
function within(args: string[], limit: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5 && least > limit; i++) least = Math.min(least, overhead(args));
  return least;
}

describe.runIf(existsSync(resolve(import.meta.dirname, "../dist/cli.js")))("start-up of the built command line", () => {
  it("prints its version within 20 ms of bare Node", () => {
    const limit = 20 * scale();
    expect(within(["--version"], limit)).toBeLessThanOrEqual(limit);
  });

  it("prints its help within 35 ms of bare Node", () => {
    const limit = 35 * scale();
    expect(within(["--help"], limit)).toBeLessThanOrEqual(limit);
  });
});
