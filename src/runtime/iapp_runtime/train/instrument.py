"""Instrumentation: a statement's tree with every observable expression routed through the recorder's hooks.

Each original node gets a number (`node.site`), which the hooks pass along; by it the slicer finds what was seen there.
Bodies of functions and loops exist twice, as written and observed: which one runs is decided each time it is entered,
so code that the library calls row by row costs one test and no more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

HOOK = "_iapp_"
_OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Mod: "mod", ast.Pow: "pow",
    ast.FloorDiv: "floordiv", ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor", ast.MatMult: "matmul",
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.USub: "neg", ast.Invert: "invert",
}  # fmt: skip
# Calls that look at the frame they are made in, or whose results never matter to rows.
_BARE = {"print", "super", "display", "globals", "locals", "vars", "dir", "eval", "exec", "isinstance", "input"}


def number_nodes(tree: ast.AST, first: int) -> list[ast.AST]:
    """Give every node of a statement its site number, from `first` on; returns the nodes in that order."""
    nodes = list(ast.walk(tree))
    for offset, node in enumerate(nodes):
        node.site = first + offset  # type: ignore[attr-defined]
    return nodes


def instrument(statement: ast.stmt, modules: set[str]) -> ast.stmt:
    """A copy of the (numbered) statement that reports to the hooks. `modules`: names that are modules now."""
    observed = _Observe(modules).visit(_copy(statement))
    return ast.fix_missing_locations(observed)


# Python's parser makes one node of each of these and puts it into every tree.
_SHARED = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)


def _copy(node: Any) -> Any:
    """A copy of a tree, or of a list of them, with places and site numbers.

    Not `copy.deepcopy`: what formats tracebacks hangs a `parent` on every node, the shared ones included, and one
    failing cell would make each later copy as large as the source file that the error came through.
    """
    if isinstance(node, list):
        return [_copy(part) for part in node]
    if not isinstance(node, ast.AST) or isinstance(node, _SHARED):
        return node
    made = type(node)(**{name: _copy(value) for name, value in ast.iter_fields(node)})
    for name in (*node._attributes, "site"):
        if hasattr(node, name):
            setattr(made, name, getattr(node, name))
    return made


class _Observe(ast.NodeTransformer):
    def __init__(self, modules: set[str]) -> None:
        self.modules = modules

    def hook(self, method: str, node: Any, arguments: list[ast.expr], keywords: Iterable[ast.keyword] = ()) -> ast.Call:
        name = ast.Attribute(ast.Name(HOOK, ast.Load()), method, ast.Load())
        call = ast.Call(name, [ast.Constant(node.site), *arguments], list(keywords))
        return ast.copy_location(call, node) if hasattr(node, "lineno") else call

    def switch(self, plain: ast.expr, observed: ast.expr) -> ast.expr:
        """`observed if _iapp_.on else plain`."""
        return ast.copy_location(ast.IfExp(_active(), observed, plain), plain)

    # ---- expressions
    def visit_Call(self, node: ast.Call) -> Any:
        func = node.func
        if isinstance(func, ast.Name) and func.id in _BARE:
            node.args = [self.visit(argument) for argument in node.args]
            node.keywords = [self.visit(keyword) for keyword in node.keywords]
            return node
        args = [self.visit(argument) for argument in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if isinstance(func, ast.Attribute):
            return self.hook("m", node, [self.visit(func.value), ast.Constant(func.attr), *args], keywords)
        return self.hook("c", node, [self.visit(func), *args], keywords)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        root: ast.AST = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.modules:
            return node
        node.value = self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            return node
        return self.hook("a", node, [node.value, ast.Constant(node.attr)])

    def index(self, node: Any) -> ast.expr:
        if isinstance(node, ast.Slice):
            bounds = [
                self.visit(b) if b is not None else ast.Constant(None) for b in (node.lower, node.upper, node.step)
            ]
            return ast.copy_location(ast.Call(ast.Name("slice", ast.Load()), bounds, []), node)
        if isinstance(node, ast.Tuple):
            return ast.copy_location(ast.Tuple([self.index(item) for item in node.elts], ast.Load()), node)
        return self.visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        value = self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            node.value, node.slice = value, self.visit(node.slice)
            return node
        return self.hook("g", node, [value, self.index(node.slice)])

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        name = _OPERATORS.get(type(node.op))
        if name is None:
            return self.generic_visit(node)
        return self.hook("b", node, [ast.Constant(name), self.visit(node.left), self.visit(node.right)])

    def visit_Compare(self, node: ast.Compare) -> Any:
        name = _OPERATORS.get(type(node.ops[0]))
        if len(node.ops) != 1 or name is None:
            return self.generic_visit(node)
        return self.hook("b", node, [ast.Constant(name), self.visit(node.left), self.visit(node.comparators[0])])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        name = _OPERATORS.get(type(node.op))
        if name is None or isinstance(node.operand, ast.Constant):
            return self.generic_visit(node)
        return self.hook("u", node, [ast.Constant(name), self.visit(node.operand)])

    def visit_List(self, node: ast.List) -> Any:
        if (
            isinstance(node.ctx, ast.Load)
            and node.elts
            and all(isinstance(e, (ast.Name, ast.Attribute)) for e in node.elts)
        ):
            return self.hook(
                "d", node, [ast.copy_location(ast.List([self.visit(e) for e in node.elts], ast.Load()), node)]
            )
        return self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)][:2]
        if not names or _suspends([node.body], (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)):
            return node
        observed = self.visit(_copy(node.body))
        test = ast.Call(
            ast.Attribute(ast.Name(HOOK, ast.Load()), "table", ast.Load()), [ast.Name(n, ast.Load()) for n in names], []
        )
        thunk = ast.Lambda(ast.arguments([], [], None, [], [], None, []), observed)
        scoped = ast.Call(ast.Attribute(ast.Name(HOOK, ast.Load()), "scoped", ast.Load()), [thunk], [])
        node.body = ast.copy_location(ast.IfExp(test, scoped, node.body), node.body)
        return node

    def _comprehension(self, node: Any) -> Any:
        for generator in node.generators:
            generator.iter = self.hook("it", generator, [self.visit(generator.iter)])
            ast.copy_location(generator.iter, node)
            generator.ifs = [self.switch(test, self.visit(_copy(test))) for test in generator.ifs]
        for field in ("elt", "key", "value"):
            part = getattr(node, field, None)
            if part is not None and not isinstance(part, (ast.Name, ast.Constant)):
                setattr(node, field, self.switch(part, self.visit(_copy(part))))
        return self.hook("lc", node, [node]) if isinstance(node, ast.ListComp) else node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    # ---- statements
    def body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(statement) for statement in _copy(statements)]

    def visit_For(self, node: ast.For) -> Any:
        node.iter = self.hook("it", node, [self.visit(node.iter)])
        node.body = [_either(_active(), self.body(node.body), node.body)]
        node.orelse = [self.visit(statement) for statement in node.orelse]
        return node

    def visit_While(self, node: ast.While) -> Any:
        again = ast.Call(ast.Attribute(ast.Name(HOOK, ast.Load()), "again", ast.Load()), [], [])
        node.body = [_either(again, self.body(node.body), node.body)]
        node.orelse = [self.visit(statement) for statement in node.orelse]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        if _suspends(node.body) or any(isinstance(part, ast.Nonlocal) for part in ast.walk(node)):
            return node
        head = [s for s in node.body[:1] if _is_docstring(s)]
        rest = node.body[len(head) :]
        outer = [s for part in rest for s in _hoisted(part)]
        rest = [s for part in rest for s in _without_global(part)]
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)][:2]
        enter = ast.Call(
            ast.Attribute(ast.Name(HOOK, ast.Load()), "enter", ast.Load()), [ast.Name(n, ast.Load()) for n in names], []
        )
        token = ast.Name("_iapp_token", ast.Store())
        leave = ast.Call(
            ast.Attribute(ast.Name(HOOK, ast.Load()), "leave", ast.Load()), [ast.Name("_iapp_token", ast.Load())], []
        )
        observed = ast.Try(self.body(rest) or [ast.Pass()], [], [], [ast.Expr(leave)])
        test = ast.Compare(ast.Name("_iapp_token", ast.Load()), [ast.IsNot()], [ast.Constant(None)])
        node.body = [*head, *outer, ast.Assign([token], enter), _either(test, [observed], rest or [ast.Pass()])]
        for part in node.body[len(head) + len(outer) :]:
            ast.copy_location(part, node.body[0] if head else node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Any:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        node.body = [self.visit(s) if isinstance(s, ast.FunctionDef) else s for s in node.body]
        return node

    def visit_Match(self, node: Any) -> Any:
        node.subject = self.visit(node.subject)
        for case in node.cases:
            case.body = [self.visit(statement) for statement in case.body]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_Delete(self, node: ast.Delete) -> Any:
        return node


def _active() -> ast.expr:
    return ast.Attribute(ast.Name(HOOK, ast.Load()), "on", ast.Load())


def _either(test: ast.expr, observed: list[ast.stmt], plain: list[ast.stmt]) -> ast.stmt:
    return ast.copy_location(ast.If(test, observed, plain), plain[0])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _suspends(body: Iterable[ast.AST], kinds: tuple[type, ...] = (ast.Yield, ast.YieldFrom, ast.Await)) -> bool:
    """True for generators and coroutines: left as written, since the hooks' state would not survive a pause."""
    todo = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, kinds):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))
    return False


def _hoisted(node: ast.stmt) -> list[ast.stmt]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Global)] if not _defines(node) else []


def _without_global(node: ast.stmt) -> list[ast.stmt]:
    """The statement without its `global` declarations, which stand once, in front of both bodies."""
    if isinstance(node, ast.Global):
        return []
    if not _defines(node):
        _Strip().visit(node)
    return [node]


def _defines(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


class _Strip(ast.NodeTransformer):
    def visit_Global(self, node: ast.Global) -> Any:
        return ast.copy_location(ast.Pass(), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef  # type: ignore[assignment]
