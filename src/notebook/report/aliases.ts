import { child, type Node, textOf, walk } from "../python/tree.js";
import type { FlowStatement } from "./flow.js";

/** Names that are given to the object of another name, also inside loops and branches: `best, top = model, score`. */
export function aliasesOf(flow: readonly FlowStatement[]): { name: string; of: string; index: number }[] {
  return flow.flatMap(({ tree, node, index }) =>
    [...walk(node)].flatMap((at) => {
      if (at.type !== "assignment") return [];
      const [left, right] = [child(at, "left"), child(at, "right")];
      if (left === undefined || right === undefined) return [];
      const [targets, values] = [parts(left), parts(right)];
      if (targets.length !== values.length) return [];
      return targets.flatMap((target, i) => {
        const value = values[i]!;
        if (target.type !== "identifier" || value.type !== "identifier") return [];
        return [{ name: textOf(tree, target), of: textOf(tree, value), index }];
      });
    }),
  );
}

function parts(node: Node): Node[] {
  return /^(pattern_list|tuple_pattern|list_pattern|expression_list|tuple|list)$/.test(node.type)
    ? node.children
    : [node];
}
