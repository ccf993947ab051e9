import { type Document, isMap, isNode, isPair, isScalar, isSeq, type LineCounter, type Node, type Pair } from "yaml";

export type Path = readonly (string | number)[];

/** Offsets: start and end (yaml gives a third, behind the blanks that follow). */
type Range = readonly [start: number, end: number, ...rest: number[]];

export interface Place {
  line: number;
  column: number;
  length: number;
}

/**
 * Where in the text a value (or, with `key`, its name) stands. Where the file does not hold it, the nearest thing around it.
 */
export function locate(document: Document, counter: LineCounter, path: Path, what: "key" | "value"): Place {
  let node: Node | null = isNode(document.contents) ? document.contents : null;
  let range: Range = firstOf(node);
  for (const [i, step] of path.entries()) {
    const last = i === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item) === String(step));
      if (pair === undefined) break;
      if (isNode(pair.key) && (what === "key" || !isNode(pair.value) || !last)) range = pair.key.range ?? range;
      if (isNode(pair.value) && !(last && what === "key"))
        range = startsBelow(pair.value) ? range : (pair.value.range ?? range);
      node = isNode(pair.value) ? pair.value : null;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (!isNode(item)) break;
      range = item.range ?? range;
      node = item;
    } else break;
  }
  const [start, end] = range;
  const { line, col } = counter.linePos(start);
  return { line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, end - start) };
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** A block map or list starts at its first entry: its own key says better what is meant. */
function startsBelow(value: Node): boolean {
  return (isMap(value) || isSeq(value)) && value.flow !== true;
}

function firstOf(node: Node | null): Range {
  if (node === null || node.range === null || node.range === undefined) return [0, 1];
  if (isMap(node)) {
    const first = node.items[0];
    if (isPair(first) && isNode(first.key) && first.key.range) return [first.key.range[0], first.key.range[1]];
  }
  return [node.range[0], Math.min(node.range[1], node.range[0] + 1)];
}
