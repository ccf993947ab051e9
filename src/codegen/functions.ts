import { breaksLine } from "./expression.js";
import { insideFunction } from "./globals.js";
import { importsOf } from "./imports.js";
import { isKeyword, namesIn } from "./names.js";
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
  const call = `${rowsIn}(${rows}, SOURCE, REQUIRED, OPTIONAL)`;
  let blocks = parts.features.map(inside);
  const reads = blocks.findIndex((block) => namesIn(block.code).has(rowsIn));
  if (reads < 0 && !isName(source.name)) throw new Error(`the raw table has no name to bind: ${source.name}`);
  const bound = new Set([...boundBy(record.features), ...(reads < 0 ? [source.name] : [])]);
  const plan = planFor(parts, [...blocks, parts.result], bound);
  const opening: string[] = [];
  if (reads < 0) {
    opening.push(`# cell ${source.cell}: the notebook reads ${shortened(source.call)}`, `${source.name} = ${call}`);
  } else if (reads > 0 || !isEmpty(plan)) {
    // The request begins with this call: nothing learned may be read before it.
    const table = naming.fresh("request");
    opening.push(`${table} = ${call}`);
    blocks = blocks.map((block, i) =>
      i === reads ? { ...block, code: withoutCall(block.code, rowsIn, table) } : block,
    );
  }
  const result = parts.result.code.trim();
  const returned: Block = { ...parts.result, code: `return ${breaksLine(result) ? `(${result})` : result}` };
  return {
    needs: needs(plan, [...blocks, parts.result], bound),
    nested: plan.definitions,
    write(writer) {
      writer.line(`def features(${rows}):`, `${INDENT}"""What the model is given for these rows, in their order."""`);
      for (const line of opening) writer.line(INDENT + line);
      writePlan(writer, parts, plan);
      writer.blocks([...blocks, returned], INDENT);
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

function planFor(parts: ModuleParts, blocks: readonly { code: string }[], bound: ReadonlySet<string>): BodyPlan {
  const code = blocks.map((block) => block.code).join("\n");
  const plan = planBody(parts.record, parts.definitions, {
    code,
    mentions: namesIn(code.replaceAll("{X}", "X")),
    bound,
  });
  for (const name of plan.models)
    if (!parts.aliases.has(name)) parts.aliases.set(name, parts.naming.fresh(`${name}_model`));
  return plan;
}

function writePlan(writer: Writer, parts: ModuleParts, plan: BodyPlan): void {
  const frozen = parts.naming.of("frozen");
  for (const name of plan.imports) for (const line of importsOf(parts.record.imports, name)) writer.line(INDENT + line);
  for (const value of plan.liveIns) writer.line(INDENT + bindLine(value, frozen));
  for (const name of plan.models) writer.line(`${INDENT}${name} = ${parts.aliases.get(name)}`);
  for (const name of plan.unbound) writer.line(`${INDENT}${name} = None`);
  writer.blocks(plan.definitions.map(nestedBlock), INDENT);
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

function isName(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && !isKeyword(name);
}

/** Replaces the call of `rows_in` (it has only names as arguments) by the name of what it gave. */
function withoutCall(code: string, rowsIn: string, name: string): string {
  return code.replace(new RegExp(`(?<![\\w.])${rowsIn}\\([^()]*\\)`), name);
}

function shortened(call: string): string {
  const flat = call.replace(/\s+/g, " ").trim();
  return flat.length > 90 ? `${flat.slice(0, 87)}...` : flat;
}
