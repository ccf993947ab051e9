import type { FrozenValue, Piece, RecordDocument } from "../core/contract.js";
import { declaredGlobal } from "./globals.js";

/** Names of the generated module that callers rely on; an author's variable of that name has to be local. */
export const PUBLIC = new Set([
  "features",
  "predict",
  "predict_proba",
  "REQUIRED",
  "OPTIONAL",
  "SOURCE",
  "MODEL_CLASSES",
]);

/** A definition of the notebook with what it needs to know about names. */
export interface Definition {
  piece: Piece;
  code: string;
  comments: string[];
  /** Names that occur in its code. */
  mentions: ReadonlySet<string>;
}

/** What one generated function uses and binds itself. */
export interface Body {
  code: string;
  mentions: ReadonlySet<string>;
  bound: ReadonlySet<string>;
  /** Definitions that belong inside for a reason of their own. */
  pinned(definition: Definition): boolean;
}

/** What has to stand inside a generated function although the notebook had it at its top level. */
export interface BodyPlan {
  /** Frozen values bound inside: rebound there, or changeable, or named like a public name. */
  liveIns: FrozenValue[];
  /** Models and imports whose names the function binds again. */
  models: string[];
  imports: string[];
  /** Functions that write or read variables of the body. */
  definitions: Definition[];
  /** Variables that only such a function binds. */
  unbound: string[];
}

/** Decides what moves into the function: whatever reads or writes a variable that is the function's own. */
export function planBody(record: RecordDocument, definitions: readonly Definition[], body: Body): BodyPlan {
  const reached = reach(definitions, body.mentions);
  const mentions = new Set([...body.mentions, ...reached.flatMap((definition) => [...definition.mentions])]);
  const globals = new Set(reached.flatMap((definition) => declaredGlobal(definition.code)));
  const own = new Set([...body.bound, ...globals]);
  const live = record.frozen.filter((value) => value.bind === "module" && mentions.has(value.name));
  for (const { name } of live)
    if (PUBLIC.has(name) || changes(body.code, name) || reached.some(changing(name))) own.add(name);
  const nested = new Set<Definition>();
  for (let before = -1; before !== nested.size; ) {
    before = nested.size;
    for (const definition of reached) {
      const reads = definition.piece.reads.some((name) => own.has(name));
      const binds = definition.piece.binds.some((name) => own.has(name) || PUBLIC.has(name));
      if (!body.pinned(definition) && !reads && !binds && declaredGlobal(definition.code).length === 0) continue;
      nested.add(definition);
      for (const name of definition.piece.binds) own.add(name);
    }
  }
  const liveIns = live.filter(({ name, value }) => own.has(name) || (body.mentions.has(name) && isChangeable(value)));
  const models = record.models.map((model) => model.name);
  const imported = new Set(record.imports.flatMap((recorded) => recorded.binds));
  const provided = new Set([...body.bound, ...liveIns.map((value) => value.name)]);
  return {
    liveIns,
    models: models.filter((name) => mentions.has(name) && (own.has(name) || PUBLIC.has(name))),
    imports: [...imported].filter((name) => mentions.has(name) && own.has(name)),
    definitions: definitions.filter((definition) => nested.has(definition)),
    unbound: [...globals].filter((name) => !provided.has(name)),
  };
}

/** Definitions whose names occur in `mentions`, or in definitions so reached. */
export function reach(definitions: readonly Definition[], mentions: ReadonlySet<string>): Definition[] {
  const found = new Set<Definition>();
  const names = new Set(mentions);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const definition of definitions) {
      if (found.has(definition) || !definition.piece.binds.some((name) => names.has(name))) continue;
      found.add(definition);
      for (const name of definition.mentions) names.add(name);
    }
  }
  return definitions.filter((definition) => found.has(definition));
}

const CHANGING = "append|extend|insert|pop|remove|clear|sort|reverse|update|setdefault|popitem|add|discard";

const changing = (name: string) => (definition: Definition) =>
  definition.piece.reads.includes(name) && changes(definition.code, name);

/** True when the text changes the thing that `name` stands for (not the name itself). */
function changes(code: string, name: string): boolean {
  const target = `(?<![\\w.])${name}`;
  const stores = `${target}\\s*(\\.(${CHANGING})\\(|\\[[^=\\n]*\\]\\s*([-+*/|&%^]|//|\\*\\*|<<|>>)?=(?!=))`;
  return new RegExp(`${stores}|\\bdel\\s+${name}\\s*\\[`, "u").test(code);
}

const CONSTANT_TAGS = new Set(
  (
    "float int np complex bytes range slice decimal datetime date time days type dtype categories timestamp timedelta " +
    "interval missing index"
  ).split(" "),
);

/** True for an encoded value that code can change in place: such a value is handed out once per request. */
export function isChangeable(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  const { $: tag, v } = value as { $?: unknown; v?: unknown };
  if (typeof tag !== "string") return true;
  if ((tag === "tuple" || tag === "frozenset") && Array.isArray(v)) return v.some(isChangeable);
  return !CONSTANT_TAGS.has(tag);
}
