"""Names a piece of code reads and binds, with Python's scopes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Names(ast.NodeVisitor):
    """Free names read, and names bound in the code's own scope.

    With `plans` (edits by `id(node)`), of the text that remains after them.
    """

    def __init__(self, plans: Mapping[int, Any] | None = None) -> None:
        self.reads: set[str] = set()
        self.binds: set[str] = set()
        self.plans = plans or {}

    def visit(self, node: ast.AST) -> None:
        plan = self.plans.get(id(node))
        if plan is None:
            super().visit(node)
            return
        for hole in plan.holes:
            self.visit(hole)
        self.reads |= plan.reads
        self.binds |= plan.binds or set()

    def visit_Name(self, node: ast.Name) -> None:
        (self.reads if isinstance(node.ctx, ast.Load) else self.binds).add(node.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.reads.add(node.target.id)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.reads.add(target.id)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.binds |= imported(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.binds |= imported(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.binds.add(node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.binds.add(node.name)
        for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.visit(part)
        inner = names_in(node.body, self.plans)
        self.reads |= inner.reads  # a class body may read an outer name before it binds its own

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.binds.add(node.name)
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._function(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node.args, [node.body])

    def _function(self, args: ast.arguments, body: Iterable[ast.AST]) -> None:
        for default in (*args.defaults, *(d for d in args.kw_defaults if d is not None)):
            self.visit(default)
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        every += [a for a in (args.vararg, args.kwarg) if a is not None]
        for argument in every:
            if argument.annotation is not None:
                self.visit(argument.annotation)
        inner = names_in(body, self.plans)
        outer = {name for node in body for name in _declared_outer(node)}
        local = ({a.arg for a in every} | inner.binds) - outer
        self.reads |= inner.reads - local
        self.reads |= outer & inner.reads
        self.binds |= {name for node in body for name in _declared_outer(node, ast.Global)} & inner.binds

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        inner = Names(self.plans)
        for generator in node.generators:
            inner.visit(generator)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            inner.visit(part)
        targets = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        first = Names(self.plans)
        first.visit(node.generators[0].iter)
        self.reads |= (inner.reads - targets) | first.reads
        self.binds |= inner.binds - targets  # assignment expressions leave the comprehension

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension


def _declared_outer(node: ast.AST, kinds: tuple[type, ...] | type = (ast.Global, ast.Nonlocal)) -> set[str]:
    found: set[str] = set()
    if isinstance(node, kinds):
        found |= set(node.names)  # type: ignore[attr-defined]
    if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        for child in ast.iter_child_nodes(node):
            found |= _declared_outer(child, kinds)
    return found


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Names an import statement binds (a star binds none that can be known here)."""
    if isinstance(node, ast.Import):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return {alias.asname or alias.name for alias in node.names if alias.name != "*"}


def names_in(nodes: Iterable[ast.AST] | ast.AST, plans: Mapping[int, Any] | None = None) -> Names:
    """Reads and binds of one node or a sequence of them."""
    names = Names(plans)
    for node in [nodes] if isinstance(nodes, ast.AST) else nodes:
        names.visit(node)
    return names


# Library functions that change what they are given; others only look.
CHANGES_ARGUMENTS = {"shuffle", "put", "copyto", "fill_diagonal", "place", "putmask", "heapify", "insort"}


def mutated(node: ast.AST) -> set[str]:
    """Names whose value the code may change in place: stores through them, and calls of their methods."""
    found: set[str] = set()
    for part in ast.walk(node):
        base: ast.AST | None = None
        if isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(part.ctx, ast.Load):
            base = part.value
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            function = part.value.func
            base = function.value if isinstance(function, ast.Attribute) else None
            if not isinstance(function, ast.Attribute) or function.attr in CHANGES_ARGUMENTS:
                found |= {a.id for a in part.value.args if isinstance(a, ast.Name)}
        name = root_name(base)
        if name is not None:
            found.add(name)
    return found


def root_name(node: ast.AST | None) -> str | None:
    """The name an attribute, subscript or call chain starts with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def exposed(node: ast.AST, plans: Mapping[int, Any] | None = None) -> set[str]:
    """Names a statement reads before it binds them itself: a loop does not read its own variable."""
    plans = plans or {}
    if id(node) in plans or not isinstance(node, (ast.For, ast.If, ast.With, ast.While, ast.Try)):
        return names_in(node, plans).reads
    if isinstance(node, ast.For):
        targets = names_in(node.target, plans)
        body = exposed_block(node.body, plans) - targets.binds
        return names_in(node.iter, plans).reads | targets.reads | body | exposed_block(node.orelse, plans)
    if isinstance(node, ast.With):
        items = names_in([*node.items], plans)
        return items.reads | (exposed_block(node.body, plans) - items.binds)
    if isinstance(node, ast.Try):
        parts = [node.body, node.orelse, node.finalbody, *(handler.body for handler in node.handlers)]
        handlers = {n for h in node.handlers if h.type is not None for n in names_in(h.type, plans).reads}
        return handlers.union(*(exposed_block(part, plans) for part in parts))
    return names_in(node.test, plans).reads | exposed_block(node.body, plans) | exposed_block(node.orelse, plans)


def exposed_block(body: Iterable[ast.stmt], plans: Mapping[int, Any]) -> set[str]:
    """The same for statements that run one after another."""
    found: set[str] = set()
    bound: set[str] = set()
    for node in body:
        found |= exposed(node, plans) - bound
        if isinstance(node, (ast.Assign, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
            bound |= names_in(node, plans).binds
    return found
