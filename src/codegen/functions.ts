import { breaksLine } from "./expression.js";
import { insideFunction } from "./globals.js";
import { importsOf } from "./imports.js";
import { namesIn } from "./names.js";
import { openingOf } from "./opening.js";
import { boundBy, type ModuleParts } from "./parts.js";
import { type BodyPlan, type Definition, planBody } from "./scope.js";
import { bindLine } from "./sections.js";
import { fillTemplate } from "./splice.js";
import type { Block, Writer } from "./writer.js";

const INDENT = "    ";

/** A function of the generated module. */
export interface GeneratedFunction {
  /** Names it takes from the module. */
  needs: ReadonlySet<string>;
  /** Definitions that stand inside it. */
  nested: readonly Definition[];
  write(writer: Writer): void;
}

/** `features(rows)`: from raw rows to what the model is given. */
export function featuresFunction(parts: ModuleParts): GeneratedFunction {
  const { record, naming } = parts;
  const { source } = parts.served;
  const rows = naming.of("rows");
  const rowsIn = naming.of("rows_in");
  const blocks = [...parts.features.map(inside), parts.result];
  const readsTable = (definition: Definition): boolean => definition.mentions.has(rowsIn);
  const reads = blocks.some((block) => namesIn(block.code).has(rowsIn)) || parts.definitions.some(readsTable);
  const bound = new Set([...boundBy(record.features), ...(reads ? [] : [source.name])]);
  const plan = planFor(parts, blocks, bound, readsTable);
  const opening = openingOf(parts, blocks, plan.definitions, isEmpty(plan));
  const result = opening.rest.pop()!;
  const expression = result.code.trim();
  const returned = { ...result, code: `return ${breaksLine(expression) ? `(${expression})` : expression}` };
  return {
    needs: needs(plan, blocks, bound),
    nested: plan.definitions,
    write(writer) {
      writer.line(`def features(${rows}):`, `${INDENT}"""What the model is given for these rows, in their order."""`);
      for (const line of opening.lines) writer.line(INDENT + line);
      if (opening.first !== null) writer.blocks([opening.first], INDENT);
      writePlan(writer, parts, plan, opening.rewrite);
      writer.blocks([...opening.rest, returned], INDENT);
    },
  };
}

/** `predict(rows)`: the model's answer, and what the notebook makes of it. */
export function predictFunction(parts: ModuleParts): GeneratedFunction {
  const { record, naming } = parts;
  const rows = naming.of("rows");
  const input = record.post_input ?? naming.fresh("predicted");
  const blocks = parts.post.map(inside);
  const direct = blocks.length === 0 && record.post_result === null;
  const bound = new Set(direct ? [] : [...boundBy(record.post), input]);
  const call = naming.respell(parts.served.predict.call);
  const answer = record.post_result === null ? input : naming.respell(record.post_result);
  const plan = planFor(parts, [...blocks, text(call), text(answer)], bound);
  const needed = needs(plan, [...blocks, text(call), text(direct ? "" : answer)], bound);
  return {
    needs: needed,
    nested: plan.definitions,
    write(writer) {
      const answered = fillTemplate(call.replaceAll("{X}", "{0}"), [`features(${rows})`]);
      writer.line(`def predict(${rows}):`);
      writePlan(writer, parts, plan);
      if (direct) writer.line(`${INDENT}return ${answered}`);
      else {
        writer.line(`${INDENT}${input} = ${answered}`);
        writer.blocks(blocks, INDENT);
        writer.line(`${INDENT}return ${answer}`);
      }
    },
  };
}

/** `predict_proba(rows)`: one column for each of `MODEL_CLASSES`. */
export function probaFunction(parts: ModuleParts): GeneratedFunction {
  const call = parts.naming.respell(parts.record.proba ?? "");
  const rows = parts.naming.of("rows");
  const plan = planFor(parts, [text(call)], new Set());
  return {
    needs: needs(plan, [text(call)], new Set()),
    nested: plan.definitions,
    write(writer) {
      writer.line(`def predict_proba(${rows}):`);
      writePlan(writer, parts, plan);
      writer.line(`${INDENT}return ${fillTemplate(call.replaceAll("{X}", "{0}"), [`features(${rows})`])}`);
    },
  };
}

function planFor(
  parts: ModuleParts,
  blocks: readonly { code: string }[],
  bound: ReadonlySet<string>,
  pinned: (definition: Definition) => boolean = () => false,
): BodyPlan {
  const code = blocks.map((block) => block.code).join("\n");
  const plan = planBody(parts.record, parts.definitions, {
    code,
    mentions: namesIn(code.replaceAll("{X}", "X")),
    bound,
    pinned,
  });
  for (const name of plan.models)
    if (!parts.aliases.has(name)) parts.aliases.set(name, parts.naming.fresh(`${name}_model`));
  return plan;
}

function writePlan(
  writer: Writer,
  parts: ModuleParts,
  plan: BodyPlan,
  rewrite: (code: string) => string = (code) => code,
): void {
  const frozen = parts.naming.of("frozen");
  for (const name of plan.imports) for (const line of importsOf(parts.record.imports, name)) writer.line(INDENT + line);
  for (const value of plan.liveIns) writer.line(INDENT + bindLine(value, frozen));
  for (const name of plan.models) writer.line(`${INDENT}${name} = ${parts.aliases.get(name)}`);
  for (const name of plan.unbound) writer.line(`${INDENT}${name} = None`);
  const nested = plan.definitions.map(nestedBlock);
  writer.blocks(
    nested.map((block) => ({ ...block, code: rewrite(block.code) })),
    INDENT,
  );
}

/** A block as it reads in a function; a declaration of globals alone says nothing there. */
function inside(block: Block): Block {
  const code = insideFunction(block.code);
  return { ...block, code: code === "pass" && block.code !== "pass" ? "" : code };
}

function nestedBlock({ piece, code, comments }: Definition): Block {
  return { cell: piece.cell, comments, code: insideFunction(code), piece: null, mapped: false };
}

function needs(plan: BodyPlan, blocks: readonly { code: string }[], bound: ReadonlySet<string>): Set<string> {
  const own = new Set([
    ...bound,
    ...plan.liveIns.map((value) => value.name),
    ...plan.models,
    ...plan.imports,
    ...plan.definitions.flatMap((definition) => definition.piece.binds),
  ]);
  const mentioned = [
    ...blocks.map((block) => namesIn(block.code.replaceAll("{X}", "X"))),
    ...plan.definitions.map((d) => d.mentions),
  ];
  return new Set(mentioned.flatMap((names) => [...names]).filter((name) => !own.has(name)));
}

function isEmpty(plan: BodyPlan): boolean {
  return [plan.liveIns, plan.models, plan.imports, plan.definitions, plan.unbound].every((list) => list.length === 0);
}

function text(code: string): { code: string } {
  return { code };
}
