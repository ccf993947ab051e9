import type { RouterEvidence } from "../core/evidence.js";

/** Why a version cannot be used: the process's own last words are with it. */
export interface StartFailure {
  version: string;
  reason: string;
  lines: string[];
}

export type StartOutcome = { ready: true; endpoint: string } | { ready: false; failure: StartFailure };

export interface VersionView {
  name: string;
  color: "blue" | "green";
  /** Thousandths of the new requests. */
  weight: number;
  /** Processes that take requests. */
  ready: number;
  problem: string | null;
  /** Last lines of a process with a problem. */
  lines: string[];
}

/** What routers do besides sharing out the requests. What is left out ends. */
export interface RouteWish {
  /** Is taken out by the routers themselves when it does nothing but fail. */
  guarded?: string;
  /** A share (thousandths) of what `from` answers is copied to `to`. */
  mirror?: { from: string; to: string; share: number };
  /** Clients stay with one version, and only move to `to` as its weight grows. */
  sticky?: { by: "header" | "cookie"; name: string; to: string };
}

/**
 * What a rollout needs of the place where an app runs. Both targets implement it; a rollout never asks which one it is.
 * All of it may be called again after an interruption: what is already so stays so.
 */
export interface Platform {
  view(): Promise<VersionView[]>;
  /** Brings a version up beside what runs, without requests. Resolves when it is ready or has failed. */
  start(version: string): Promise<StartOutcome>;
  /**
   * Sets all weights at once (sum 1000), and what else the routers do. Resolves, with the generation of the route, when every router has
   * applied it.
   */
  weights(weights: ReadonlyMap<string, number>, wish?: RouteWish): Promise<number>;
  /** Ends a version of weight zero after what it has in flight. */
  retire(version: string): Promise<void>;
  /** What each router has counted; none of one that does not answer. */
  evidence(): Promise<RouterEvidence[]>;
}
