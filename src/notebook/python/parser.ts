import type { TreeCursor, Parser as TreeSitter, Tree as TreeSitterTree } from "web-tree-sitter";
import type { Node, SyntaxFault, Tree } from "./tree.js";

/** The compiled grammar and its engine, as bytes: whoever calls reads them (`assetPath` in `core/assets.ts`). */
export interface ParserAssets {
  engine: Uint8Array;
  grammar: Uint8Array;
}

/** Parses masked Python. Tolerant: faults are reported beside whatever tree could be made. */
export interface PythonParser {
  parse(source: string): Tree;
}

let loaded: Promise<PythonParser> | undefined;

/** Loads the grammar once for the life of the process (about 30 ms); `assets` is asked for its bytes only then. */
export function loadParser(assets: () => Promise<ParserAssets>): Promise<PythonParser> {
  loaded ??= load(assets).catch((error) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(assets: () => Promise<ParserAssets>): Promise<PythonParser> {
  const [{ Language, Parser }, { engine, grammar }] = await Promise.all([import("web-tree-sitter"), assets()]);
  await Parser.init({ wasmBinary: engine });
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return { parse: (source) => parse(parser, source) };
}

function parse(parser: TreeSitter, source: string): Tree {
  const parsed = parser.parse(source);
  if (parsed === null) throw new Error("the parser gave no tree");
  try {
    const cursor = parsed.walk();
    const root = copy(cursor, null);
    cursor.delete();
    return { source, root, faults: parsed.rootNode.hasError ? faultsOf(parsed, source) : [] };
  } finally {
    parsed.delete();
  }
}

function copy(cursor: TreeCursor, field: string | null): Node {
  const children: Node[] = [];
  const node: Node = { type: cursor.nodeType, field, start: cursor.startIndex, end: cursor.endIndex, children };
  if (!cursor.gotoFirstChild()) return node;
  let end = node.start;
  do {
    if (!cursor.nodeIsNamed) end = cursor.endIndex;
    else if (cursor.nodeType !== "comment") {
      const one = copy(cursor, cursor.currentFieldName);
      children.push(one);
      end = one.end;
    }
  } while (cursor.gotoNextSibling());
  cursor.gotoParent();
  // The grammar counts comments at the end of a block to it; Python does not.
  if (node.type !== "module") node.end = end;
  return node;
}

function faultsOf(parsed: TreeSitterTree, source: string): SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const visit = (node: TreeSitterTree["rootNode"]): void => {
    if (node.isMissing) faults.push({ index: node.startIndex, missing: node.type });
    else if (node.isError) {
      // The error node may cover much that is right; its first token that is not blank is where reading stopped.
      const skipped = /\S/.exec(source.slice(node.startIndex, node.endIndex))?.index ?? 0;
      faults.push({ index: node.startIndex + skipped, missing: null });
      return;
    }
    if (node.hasError) for (const one of node.children) if (one !== null) visit(one);
  };
  visit(parsed.rootNode);
  return faults.sort((a, b) => a.index - b.index);
}
