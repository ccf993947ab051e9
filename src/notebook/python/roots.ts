import { child, type Node } from "./tree.js";

/** The name at the root of `a.b[c].d`, or null where it is no name (`f().x`). */
export function rootOf(node: Node): Node | null {
  let at: Node | undefined = node;
  while (at !== undefined) {
    if (at.type === "identifier") return at;
    at = at.type === "attribute" ? child(at, "object") : at.type === "subscript" ? child(at, "value") : undefined;
  }
  return null;
}
