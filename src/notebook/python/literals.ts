import { child, type Node, type Tree, textOf } from "./tree.js";

export type LiteralKind = "string" | "number" | "boolean" | "none" | "collection";

/** The kind of a constant expression (`-3`, `"a"`, `[1, 2]`, `60 * 60`), or null when it is computed from something. */
export function literalKind(node: Node): LiteralKind | null {
  switch (node.type) {
    case "integer":
    case "float":
      return "number";
    case "true":
    case "false":
      return "boolean";
    case "none":
      return "none";
    case "string":
      return node.children.some((one) => one.type === "interpolation") ? null : "string";
    case "concatenated_string":
      return node.children.every((one) => literalKind(one) === "string") ? "string" : null;
    case "parenthesized_expression":
      return node.children.length === 1 ? literalKind(node.children[0]!) : null;
    case "unary_operator":
      return literalKind(child(node, "argument") ?? node) === "number" ? "number" : null;
    case "binary_operator":
      return node.children.every((one) => literalKind(one) === "number") ? "number" : null;
    case "list":
    case "tuple":
    case "set":
    case "expression_list":
    case "dictionary":
      return node.children.every((one) => literalKind(one) !== null) ? "collection" : null;
    case "pair":
      return node.children.every((one) => literalKind(one) !== null) ? "collection" : null;
    default:
      return null;
  }
}

/** The text of a plain string constant with simple escapes read; null for anything else (f-strings, bytes, joined strings). */
export function stringValue(tree: Tree, node: Node | undefined): string | null {
  if (node?.type === "parenthesized_expression" && node.children.length === 1)
    return stringValue(tree, node.children[0]);
  if (node?.type !== "string") return null;
  const match = /^([rRuU]?)('''|"""|'|")([\s\S]*)\2$/.exec(textOf(tree, node));
  if (match === null) return null;
  const [, prefix = "", , body = ""] = match;
  if (/r/i.test(prefix)) return body;
  return body.replace(/\\(\r?\n|[\s\S])/g, (whole, escaped: string) => ESCAPES[escaped] ?? whole);
}

const ESCAPES: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
  "\r\n": "",
};
