import { isKeyword } from "./names.js";
import type { ModuleParts } from "./parts.js";
import type { Definition } from "./scope.js";
import type { Block } from "./writer.js";

/** How `features` begins: the raw table of the request, before anything learned is read. */
export interface Opening {
  lines: string[];
  /** The author's statement that reads the table, where it can stand first as it is. */
  first: Block | null;
  /** The rest, with the table under the name that `lines` gave it. */
  rest: Block[];
  rewrite(code: string): string;
}

const CALL = "\\([^()]*\\)"; // the call of rows_in has nothing but names as arguments

/**
 * The call of `rows_in` starts the request, so it has to come first and once. Where the notebook reads its table later,
 * inside a function or more than once, the table is made first and these places get it (each a copy of its own).
 */
export function openingOf(
  parts: ModuleParts,
  blocks: readonly Block[],
  definitions: readonly Definition[],
  learnsNothing: boolean,
): Opening {
  const { naming, served } = parts;
  const { source } = served;
  const rowsIn = naming.of("rows_in");
  const call = `${rowsIn}(${naming.of("rows")}, SOURCE, REQUIRED, OPTIONAL)`;
  const pattern = new RegExp(`(?<![\\w.])${rowsIn}${CALL}`, "g");
  const count = (code: string): number => code.match(pattern)?.length ?? 0;
  const inBlocks = blocks.reduce((sum, block) => sum + count(block.code), 0);
  const inFunctions = definitions.some((definition) => count(definition.code) > 0);
  const same = (code: string): string => code;
  if (inBlocks === 0 && !inFunctions) {
    if (!isName(source.name)) throw new Error(`the raw table has no name to bind: ${source.name}`);
    const comment = `# cell ${source.cell}: the notebook reads ${shortened(source.call)}`;
    return { lines: [comment, `${source.name} = ${call}`], first: null, rest: [...blocks], rewrite: same };
  }
  const [first, ...others] = blocks;
  if (inBlocks === 1 && !inFunctions && count(first!.code) === 1) {
    if (learnsNothing) return { lines: [], first: null, rest: [...blocks], rewrite: same };
    if (new RegExp(`^[\\p{L}_][\\p{L}\\p{N}_]* *= *${rowsIn}${CALL}( *#.*)?$`, "u").test(first!.code)) {
      return { lines: [], first: first!, rest: others, rewrite: same };
    }
  }
  const table = naming.fresh("request");
  const copy = source.kind === "list" ? `list(${table})` : `${table}.${source.kind === "polars" ? "clone" : "copy"}()`;
  const name = inBlocks === 1 && !inFunctions ? table : copy;
  const rewrite = (code: string): string => code.replace(pattern, name);
  const rest = blocks.map((block) => ({ ...block, code: rewrite(block.code) }));
  return { lines: [`${table} = ${call}`], first: null, rest, rewrite };
}

function isName(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && !isKeyword(name);
}

function shortened(call: string): string {
  const flat = call.replace(/\s+/g, " ").trim();
  return flat.length > 90 ? `${flat.slice(0, 87)}...` : flat;
}
