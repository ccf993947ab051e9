"""What CPython says of the names of each top-level statement: read a JSON list of sources, write their names."""

from __future__ import annotations

import ast
import json
import symtable
import sys


def main() -> None:
    json.dump([of_source(source) for source in json.load(sys.stdin)], sys.stdout)


def of_source(source: str) -> list[dict[str, object]]:
    lines = source.encode().split(b"\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    found = []
    for statement in ast.parse(source).body:
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
        column = statement.col_offset if first == statement.lineno else 0
        start = offsets[first - 1] + column
        end = offsets[statement.end_lineno - 1] + statement.end_col_offset
        found.append({"span": [start, end], **of_statement(statement)})
    return found


def of_statement(statement: ast.stmt) -> dict[str, list[str]]:
    text = ast.unparse(Plain().visit(ast.Module([statement], [])))
    table = symtable.symtable(text, "cell", "exec")
    binds = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    reads = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    called: set[str] = set()
    for child in table.get_children():
        below(child, reads, binds if child.get_name() in COMPREHENSIONS else called)
    return {"binds": sorted(binds), "reads": sorted(reads - {"__class__"}), "binds_when_called": sorted(called)}


COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}


class Plain(ast.NodeTransformer):
    """What `symtable` says in its own way: it takes `x: int` for a store, and `x += 1` for a store only."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None or not isinstance(node.target, ast.Name):
            return node
        return ast.Expr(node.annotation)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], ast.BinOp(read, node.op, node.value), lineno=1)


def below(table: symtable.SymbolTable, reads: set[str], binds: set[str]) -> None:
    for symbol in table.get_symbols():
        if symbol.is_global():
            if symbol.is_referenced():
                reads.add(symbol.get_name())
            if symbol.is_assigned() or symbol.is_imported():
                binds.add(symbol.get_name())
    for child in table.get_children():
        below(child, reads, binds)


main()
