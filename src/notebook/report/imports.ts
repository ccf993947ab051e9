import type { AnalysedCell } from "../analysis.js";
import { stringValue } from "../python/literals.js";
import type { PythonParser } from "../python/parser.js";
import { child, childrenOf, type Node, textOf, walk } from "../python/tree.js";
import { STDLIB } from "./stdlib.js";

export interface ImportedModule {
  /** Top-level import name (`sklearn`). */
  name: string;
  kind: "stdlib" | "local" | "package";
  /** Full names as imported (`sklearn.linear_model`). */
  modules: string[];
  cells: number[];
  /** Only tried: inside `try` with an `except`, so that its absence is provided for. */
  optional: boolean;
}

export interface Imports {
  modules: ImportedModule[];
  /** Local name to full name, of the whole notebook; a later import of the same name wins. */
  names: Map<string, string>;
}

/** What a Python file imports when it is imported itself. What only its functions do, or it as a program, counts as optional. */
export function importsOfModule(source: string, parser: PythonParser, local: ReadonlySet<string>): ImportedModule[] {
  return importsOf([{ cell: 1, tree: parser.parse(source) }], local, LAZY).modules;
}

const LAZY = /^(function_definition|lambda|if_statement)$/;

/**
 * What the notebook imports.
 * @param local names of modules and packages that lie beside it
 * @param lazy kinds of nodes within which imports are optional
 */
export function importsOf(
  cells: readonly Pick<AnalysedCell, "cell" | "tree">[],
  local: ReadonlySet<string>,
  lazy?: RegExp,
): Imports {
  const found = new Map<string, ImportedModule>();
  const names = new Map<string, string>();
  for (const { cell, tree } of cells) {
    const add = (module: string, relative: boolean, optional: boolean): void => {
      const name = module.split(".")[0]!;
      const kind = relative || local.has(name) ? "local" : STDLIB.has(name) ? "stdlib" : "package";
      const entry = found.get(name) ?? { name, kind, modules: [], cells: [], optional };
      if (!entry.modules.includes(module)) entry.modules.push(module);
      if (!entry.cells.includes(cell)) entry.cells.push(cell);
      entry.optional &&= optional;
      if (name !== "") found.set(name, entry);
    };
    const visit = (node: Node, tried: boolean): void => {
      if (node.type === "import_statement") {
        for (const one of node.children) {
          const module = textOf(tree, child(one, "name") ?? one);
          add(module, false, tried);
          const alias = child(one, "alias");
          names.set(
            alias === undefined ? module.split(".")[0]! : textOf(tree, alias),
            alias === undefined ? module.split(".")[0]! : module,
          );
        }
      } else if (node.type === "import_from_statement") {
        const from = child(node, "module_name");
        const module = from === undefined ? "" : textOf(tree, from);
        const relative = module.startsWith(".");
        const plain = module.replace(/^\.+/, "");
        const members = childrenOf(node, "name");
        if (relative && plain === "")
          for (const one of members) add(textOf(tree, child(one, "name") ?? one), true, tried);
        else add(plain, relative, tried);
        for (const one of members) {
          const member = textOf(tree, child(one, "name") ?? one);
          const alias = child(one, "alias");
          names.set(alias === undefined ? member : textOf(tree, alias), `${plain}.${member}`);
        }
      } else if (
        node.type === "call" &&
        /(^|\.)(import_module|__import__)$/.test(textOf(tree, child(node, "function")!))
      ) {
        const module = stringValue(tree, child(node, "arguments")?.children[0]);
        if (module !== null && /^\w[\w.]*$/.test(module)) add(module, false, tried);
      }
      const handled = node.type === "try_statement" && node.children.some((one) => one.type === "except_clause");
      const later = lazy?.test(node.type) === true;
      for (const one of node.children) visit(one, tried || handled || later);
    };
    visit(tree.root, false);
  }
  return { modules: [...found.values()], names };
}

/** Whether any name may have come in unseen: a star import, `%run`, `%pylab`, `exec`, `globals()[...] = ...`. */
export function bringsUnseenNames(cell: AnalysedCell): boolean {
  if (cell.statements.some(({ names }) => names.stars.length > 0)) return true;
  if (
    cell.masked.magics.some(
      ({ text, action }) => action === "run" && /^%{0,2}(run|pylab|load|store|macro|R|sql|cython|rerun)\b/.test(text),
    )
  )
    return true;
  for (const node of walk(cell.tree.root)) {
    if (node.type !== "call") continue;
    const callee = textOf(cell.tree, child(node, "function")!);
    if (/^(exec|eval|globals|locals|run_line_magic|get_ipython\(\)\.\w+)$/.test(callee)) return true;
  }
  return false;
}
