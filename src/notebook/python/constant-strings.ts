import { dottedName, type ImportNames } from "./calls.js";
import { stringValue } from "./literals.js";
import { child, type Node, type Tree, textOf } from "./tree.js";

/** Names of the notebook whose text is known without running it. */
export type KnownStrings = ReadonlyMap<string, string>;

/**
 * The text of an expression that can be told without running it: constants, known names, `+`, f-strings, `os.path.join`, `Path(...) / "x"`,
 * `str(...)`. Null where a part is not known.
 */
export function constantString(
  tree: Tree,
  node: Node | undefined,
  known: KnownStrings,
  imports: ImportNames,
): string | null {
  const of = (one: Node | undefined): string | null => constantString(tree, one, known, imports);
  if (node === undefined) return null;
  switch (node.type) {
    case "string":
      return stringValue(tree, node) ?? formatted(tree, node, of);
    case "identifier":
      return known.get(textOf(tree, node)) ?? null;
    case "parenthesized_expression":
      return node.children.length === 1 ? of(node.children[0]) : null;
    case "concatenated_string":
      return joined(node.children.map(of), "");
    case "binary_operator": {
      const operator = tree.source.slice(child(node, "left")!.end, child(node, "right")!.start).trim();
      if (operator !== "+" && operator !== "/") return null;
      return joined([of(child(node, "left")), of(child(node, "right"))], operator === "+" ? "" : "/");
    }
    case "call": {
      const name = dottedName(tree, child(node, "function")!, imports);
      const args = child(node, "arguments")?.children ?? [];
      if (/^(os\.path|posixpath)\.join$|^(pathlib\.)?Path$/.test(name)) return joined(args.map(of), "/");
      return /^(str|os\.path\.(expanduser|abspath)|.*\.resolve)$/.test(name) ? of(args[0]) : null;
    }
    default:
      return null;
  }
}

function joined(parts: (string | null)[], by: string): string | null {
  if (parts.length === 0 || parts.some((part) => part === null)) return null;
  let text = parts[0]!;
  for (const part of parts.slice(1)) {
    if (by === "/" && part!.startsWith("/")) text = part!;
    else text = by === "/" ? `${text.replace(/\/$/, "")}/${part}` : text + part;
  }
  return text;
}

/** An f-string whose parts are all known and plainly formatted. */
function formatted(tree: Tree, node: Node, of: (one: Node | undefined) => string | null): string | null {
  const parts: string[] = [];
  for (const one of node.children) {
    if (one.type === "string_content") parts.push(textOf(tree, one));
    else if (one.type === "interpolation") {
      const value = one.children.length === 1 ? of(one.children[0]) : null;
      if (value === null) return null;
      parts.push(value);
    } else if (one.type === "string_start" && !/^[fF]/.test(textOf(tree, one))) return null;
  }
  return parts.join("");
}
