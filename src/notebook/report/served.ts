import { aliasesOf } from "./aliases.js";
import { askedFunction } from "./asked.js";
import { isFromModelLibrary, isTransformer, METRIC } from "./catalogue.js";
import type { Facts, ModelCall } from "./facts.js";
import type { FlowStatement } from "./flow.js";
import { identifiersIn } from "./names.js";

export type Confidence = "certain" | "likely" | "guess";

export interface ServedGuess {
  name: string;
  class: string | null;
  /** Where rows are given to it: the prediction, or the fit where nothing is predicted. */
  cell: number;
  line: number;
  method: string;
  why: string;
  confidence: Confidence;
  alternatives: { name: string; class: string | null; cell: number; method: string }[];
}

export interface Served {
  guess: ServedGuess;
  /** The call whose rows are the service's input. */
  call: ModelCall;
  /** The last fit of that name before or at it, where one is seen. */
  fit: ModelCall | null;
}

interface Candidate {
  name: string;
  fit: ModelCall | null;
  predictions: ModelCall[];
  saved: ModelCall | null;
  /** The last place where its predictions are measured or written out. */
  reported: number;
}

/** Guesses which model a service should answer with. `explicit` is what the person said. Null where no model is found. */
export function servedModel(
  facts: Facts,
  flow: readonly FlowStatement[],
  explicit: { name?: string | null; cell?: number | null },
): Served | null {
  const candidates = candidatesOf(facts, flow);
  const name = explicit.name ?? null;
  const cell = explicit.cell ?? null;
  const named = name !== null && !candidates.some((one) => one.name === name);
  if (named || candidates.every(isAskedOnly)) {
    const call = askedFunction(facts, flow, explicit);
    if (call !== null) return asked(call);
  }
  if (name !== null || cell !== null) {
    const chosen = candidates.filter(
      (one) => (name === null || one.name === name) && (cell === null || callIn(one, cell) !== null),
    );
    const best = chosen.at(-1);
    return best === undefined ? null : served(best, candidates, "it was asked for", "certain", cell);
  }
  const only = candidates.length === 1;
  const saved = candidates.filter((one) => one.saved !== null && (one.fit !== null || one.predictions.length > 0));
  const last = saved.sort((a, b) => a.saved!.statement.index - b.saved!.statement.index).at(-1);
  if (last !== undefined) {
    const why = `it is saved in cell ${last.saved!.statement.cell}`;
    return served(last, candidates, why, only ? "certain" : "likely", null);
  }
  const reported = candidates
    .filter((one) => one.reported >= 0)
    .sort((a, b) => a.reported - b.reported)
    .at(-1);
  if (reported !== undefined) {
    const why = only
      ? "it is the only model"
      : `its predictions are measured or written last (cell ${flow[reported.reported]!.cell})`;
    return served(reported, candidates, why, only ? "certain" : candidates.length === 2 ? "likely" : "guess", null);
  }
  const final = candidates.sort((a, b) => lastIndex(a) - lastIndex(b)).at(-1);
  if (final === undefined) return null;
  const why = only ? "it is the only model" : `it is the last one used (cell ${flow[lastIndex(final)]!.cell})`;
  return served(final, candidates, why, only && final.fit !== null ? "likely" : "guess", null);
}

/** Gives neighbours, no predictions: a function of the notebook may ask it. */
function isAskedOnly(one: Candidate): boolean {
  return one.predictions.length === 0 && shortName(one.fit?.className ?? "") === "NearestNeighbors";
}

function asked(call: ModelCall): Served {
  const { cell, line } = call.statement;
  const guess: ServedGuess = {
    name: call.name!,
    class: call.className,
    cell,
    line,
    method: call.method,
    why: "the notebook asks it by a key, and gives no model rows of a table",
    confidence: "likely",
    alternatives: [],
  };
  return { guess, call, fit: null };
}

function candidatesOf(facts: Facts, flow: readonly FlowStatement[]): Candidate[] {
  const byName = new Map<string, Candidate>();
  for (const call of facts.models) {
    if (call.name === null) continue;
    const one = byName.get(call.name) ?? { name: call.name, fit: null, predictions: [], saved: null, reported: -1 };
    if (call.kind === "fit") one.fit = call;
    if (call.kind === "predict" && !call.literal) one.predictions.push(call);
    if (call.kind === "dump") one.saved = call;
    byName.set(call.name, one);
  }
  const all = [...byName.values()].filter((one) => one.fit !== null || one.predictions.length > 0);
  for (const one of all) one.reported = lastReport(one, facts, flow);
  return withoutKept(
    all.filter((one) => !preparesOnly(one, facts)),
    flow,
  );
}

/** A loop's model of which the best was kept under another name, that then predicts, is no candidate of its own: the kept one is. */
function withoutKept(all: Candidate[], flow: readonly FlowStatement[]): Candidate[] {
  const kept = new Set<Candidate>();
  for (const { name, of, index } of aliasesOf(flow)) {
    const [best, model] = [all.find((one) => one.name === name), all.find((one) => one.name === of)];
    if (best === undefined || model?.fit === undefined || model.fit === null || best.fit !== null) continue;
    const goesOn = best.predictions.some(({ statement }) => statement.index > index);
    if (!goesOn || model.predictions.some(({ statement }) => statement.index > index)) continue;
    best.fit = model.fit;
    kept.add(model);
  }
  return all.filter((one) => !kept.has(one));
}

/** Scalers, encoders and their like, by their class or because nothing but `transform` is called on them. */
function preparesOnly(one: Candidate, facts: Facts): boolean {
  const full = one.fit?.className ?? facts.classes.get(one.name) ?? "";
  const className = shortName(full);
  if (className !== "" && isTransformer(className)) return true;
  if (one.predictions.length > 0) return false;
  if (one.fit?.method === "fit_transform" || one.fit?.method === "fit_resample") return true;
  const transforms = facts.calls.some((calls) =>
    calls.some((call) => call.root === one.name && /^(transform|inverse_transform|texts_to_\w+)$/.test(call.method)),
  );
  return transforms && !isFromModelLibrary(full);
}

/** Index of the last statement that measures its predictions or writes them out, -1 where none does. */
function lastReport(one: Candidate, facts: Facts, flow: readonly FlowStatement[]): number {
  const results = new Set(one.predictions.flatMap((call) => call.result));
  let last = -1;
  for (const statement of flow) {
    for (const call of facts.calls[statement.index] ?? []) {
      if (!METRIC.test(call.method) && !/^to_(csv|excel|parquet|sql|json)$/.test(call.method)) continue;
      const own =
        call.root === one.name ||
        call.args.some((argument) => {
          const names = identifiersIn(statement.tree, argument);
          return (
            names.includes(one.name) || names.some((name) => results.has(name) && comesFrom(statement, name, one, flow))
          );
        });
      if (own) last = Math.max(last, statement.index);
    }
  }
  return last;
}

/** Whether `name` holds, at this statement, what one of the candidate's own predictions gave. */
function comesFrom(statement: FlowStatement, name: string, one: Candidate, flow: readonly FlowStatement[]): boolean {
  const givers = statement.uses.get(name) ?? [];
  return givers.some((index) => one.predictions.some((call) => call.statement === flow[index]));
}

function lastIndex(one: Candidate): number {
  return Math.max(one.fit?.statement.index ?? -1, one.predictions.at(-1)?.statement.index ?? -1);
}

function callIn(one: Candidate, cell: number): ModelCall | null {
  return (
    [...one.predictions, ...(one.fit === null ? [] : [one.fit])].find((call) => call.statement.cell === cell) ?? null
  );
}

function served(one: Candidate, all: Candidate[], why: string, confidence: Confidence, cell: number | null): Served {
  const call = (cell === null ? null : callIn(one, cell)) ?? bestCall(one);
  return {
    guess: {
      name: one.name,
      class: classOf(one),
      cell: call.statement.cell,
      line: call.statement.line,
      method: call.method,
      why,
      confidence,
      alternatives: all
        .filter((other) => other !== one)
        .map((other) => ({
          name: other.name,
          class: classOf(other),
          cell: bestCall(other).statement.cell,
          method: bestCall(other).method,
        })),
    },
    call,
    fit: one.fit,
  };
}

/** The last prediction on rows of a table with `predict`, else any other method, else the fit. */
function bestCall(one: Candidate): ModelCall {
  const withRows = one.predictions.filter((call) => call.inputs.length > 0);
  return (
    withRows.filter((call) => call.method === "predict").at(-1) ?? withRows.at(-1) ?? one.predictions.at(-1) ?? one.fit!
  );
}

function classOf(one: Candidate): string | null {
  const full = one.fit?.className ?? one.predictions.at(-1)?.className ?? null;
  return full === null ? null : shortName(full);
}

function shortName(full: string): string {
  return full.slice(full.lastIndexOf(".") + 1);
}
