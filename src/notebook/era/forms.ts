import type { Call } from "../python/calls.js";
import { stringValue } from "../python/literals.js";
import { child, type Node, type Tree, textOf, walk } from "../python/tree.js";
import type { ApiRange } from "./facts.js";

type Form = ApiRange & { what: string };

const below = (what: string, module: string, version: string): Form => ({ what, module, below: version, from: null });

/** Offsets that pandas 3 knows under other names only. */
const OLD_FREQUENCY = /^\d*(?:A|AS|Y|Q|M|BM|BQ|BA|BAS|BY|H|BH|T|S|L|U|N)(?:-[A-Z]{3})?$/;

/**
 * Ways of writing that a version of a library stopped understanding, or understands differently without a word. The second kind is the
 * worse one: the notebook runs through and its numbers are others.
 */
export function formsOf(tree: Tree, node: Node, calls: readonly Call[], classes: ReadonlyMap<string, string>): Form[] {
  return [...chained(tree, node, calls, classes), ...objectColumns(tree, node, calls), ...called(tree, calls)];
}

/** `df["a"][mask] = v` and `df.a.fillna(v, inplace=True)` change a copy in pandas 3: nothing happens. */
function chained(tree: Tree, node: Node, calls: readonly Call[], classes: ReadonlyMap<string, string>): Form[] {
  const form = below("assignment to a column through another selection", "pandas", "3.0");
  const isTable = (at: Node | undefined): boolean =>
    at?.type === "identifier" && classes.get(textOf(tree, at)) === "pandas.DataFrame";
  const isColumn = (at: Node | undefined): boolean => {
    if (at?.type === "attribute")
      return isTable(child(at, "object")) && !/^(i?loc|i?at|values|columns|index)$/.test(lastName(tree, at));
    if (at?.type !== "subscript" || !isTable(child(at, "value"))) return false;
    return child(at, "subscript")?.type !== "slice";
  };
  for (const one of walk(node)) {
    if (one.type !== "assignment" && one.type !== "augmented_assignment") continue;
    const left = child(one, "left");
    if (left?.type !== "subscript") continue;
    const base = child(left, "value");
    if (isColumn(base)) return [form];
    // df["a"].loc[mask] = v
    if (base?.type === "attribute" && /^i?loc$/.test(lastName(tree, base)) && isColumn(child(base, "object")))
      return [form];
  }
  for (const { keywords, receiver } of calls) {
    if (receiver !== null && keywords.get("inplace")?.type === "true" && isColumn(receiver)) return [form];
  }
  return [];
}

function lastName(tree: Tree, attribute: Node): string {
  const name = child(attribute, "attribute");
  return name === undefined ? "" : textOf(tree, name);
}

/** Columns of texts are `str`, no longer `object`, in pandas 3: a question for `object` finds none. */
function objectColumns(tree: Tree, node: Node, calls: readonly Call[]): Form[] {
  const form = below("columns of texts as object", "pandas", "3.0");
  const isObject = (at: Node): boolean =>
    /^(object|["'](object|O|object_)["']|(np|numpy)\.object_?)$/.test(textOf(tree, at));
  for (const one of walk(node)) {
    if (one.type !== "comparison_operator") continue;
    if (/\bdtypes?\b/.test(textOf(tree, one)) && one.children.some(isObject)) return [form];
  }
  // select_dtypes finds texts under both names for the time being.
  return calls.some(({ method, args }) => method === "is_object_dtype" && args.length > 0) ? [form] : [];
}

function called(tree: Tree, calls: readonly Call[]): Form[] {
  const found: Form[] = [];
  for (const { method, callee, receiver, args, keywords } of calls) {
    const isNumber = (at: Node | undefined): boolean => at !== undefined && /^[01]$/.test(textOf(tree, at));
    if (receiver !== null && method === "drop" && isNumber(args[1])) {
      found.push(below("drop(..., 1) with the axis by position", "pandas", "2.0"));
    }
    if (callee === "pandas.concat" && isNumber(args[1])) {
      found.push(below("concat(..., 1) with the axis by position", "pandas", "2.0"));
    }
    const frequency = /^(resample|asfreq)$/.test(method)
      ? (args[0] ?? keywords.get("rule") ?? keywords.get("freq"))
      : /^pandas\.(date_range|Grouper|timedelta_range)$/.test(callee)
        ? keywords.get("freq")
        : undefined;
    const text = frequency === undefined ? null : stringValue(tree, frequency);
    // The frequency of a period kept its letter.
    if (text !== null && OLD_FREQUENCY.test(text)) {
      found.push(below(`the frequency "${text}"`, "pandas", "3.0"));
    }
    if (callee === "matplotlib.pyplot.style.use" || callee === "matplotlib.style.use") {
      const style = stringValue(tree, args[0]);
      if (style !== null && /^seaborn(-(?!v0)[\w-]+)?$/.test(style))
        found.push(below(`the style "${style}"`, "matplotlib", "3.8"));
    }
  }
  return found;
}
