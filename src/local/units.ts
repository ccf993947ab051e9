import { readFileSync } from "node:fs";
import { join } from "node:path";
import { launchRouter, launchScoring, markOf, type OwnCommand } from "./launch.js";
import { type AppPaths, logFileOf, processFileOf } from "./paths.js";
import { holderText } from "./ports.js";
import { probe } from "./probe.js";
import type { AppState } from "./state.js";
import { lastLines } from "./tail.js";
import { Unit, type UnitSpec } from "./unit.js";

/** What a supervisor makes its units with. */
export interface Workshop {
  paths: AppPaths;
  own: OwnCommand;
  env: Record<string, string>;
  say: UnitSpec["say"];
}

const LAST_LINES = 20;

export const scoringUnitName = (version: string, serial: number): string => `scoring-${version}-${serial}`;
export const routerUnitName = (serial: number): string => `router-${serial}`;

/** A process that scores with one version. Undefined when the state does not know the version. */
export function scoringUnit(shop: Workshop, state: AppState, name: string, serial: number): Unit | undefined {
  const version = state.versions.find((known) => known.name === name);
  if (version === undefined) return undefined;
  const unit = scoringUnitName(name, serial);
  return new Unit({
    unit,
    serial,
    mark: markOf(shop.paths, unit),
    processFile: processFileOf(shop.paths, unit),
    settings: state.settings,
    launch: () => launchScoring(shop.paths, unit, version, shop.own, shop.env, state.settings),
    check: ({ port }) => (port === null ? null : probe(port, "/readyz")),
    lastWords: () => withRuntimeWords(shop.paths, unit, lastLines(logFileOf(shop.paths, unit), LAST_LINES)),
    say: shop.say,
  });
}

export function routerUnit(shop: Workshop, state: AppState, serial: number): Unit {
  const unit = routerUnitName(serial);
  return new Unit({
    unit,
    serial,
    mark: markOf(shop.paths, unit),
    processFile: processFileOf(shop.paths, unit),
    settings: state.settings,
    launch: () => launchRouter(shop.paths, unit, shop.own, shop.env),
    check: ({ port, admin }) => (port === null || admin === null ? null : probe(admin, "/readyz")),
    lastWords: () => {
      const { number } = state.port;
      const holder = holderText(number);
      const lines = lastLines(logFileOf(shop.paths, "router"), 5);
      return withRuntimeWords(shop.paths, unit, holder === "" ? lines : [...lines, `port ${number} is used${holder}`]);
    },
    say: shop.say,
  });
}

/** What Node itself said when it died (out of memory, a file that is gone). */
function withRuntimeWords(paths: AppPaths, unit: string, lines: string[]): string[] {
  let words = "";
  try {
    words = readFileSync(join(paths.logs, `${unit}.stderr`), "utf8").trim();
  } catch {
    // Never started.
  }
  return words === "" ? lines : [...lines, ...words.split("\n").slice(-5)];
}
