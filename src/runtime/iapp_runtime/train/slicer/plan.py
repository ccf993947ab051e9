"""One edit of the author's text, as a template with holes for parts that stay."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .editor import Editor

_ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.List, ast.Dict)
_BRACKETED = (ast.Call, ast.Subscript, ast.List, ast.Dict, ast.Name, ast.Constant)


def escape(text: str) -> str:
    """Literal text for a template."""
    return text.replace("{", "{{").replace("}", "}}")


class Plan:
    """Replace `node` by `template`; `{i}` stands for the (edited) text of `holes[i]`."""

    def __init__(self, editor: Editor, node: Any) -> None:
        self.editor = editor
        self.node = node
        self.template = ""
        self.holes: list[Any] = []
        self.helpers: set[str] = set()
        self.reads: set[str] = set()
        # For whole assignments: the names still bound, and which expression each is now the same as.
        self.binds: set[str] | None = None
        self.flows: list[tuple[str, Any]] = []
        # The part whose rows this is, when it is only that (identity, check); what becomes of the columns.
        self.same_as: Any = None
        self.check: str | None = None
        self.encodes: Any = None
        self.selects: tuple[Any, Any] | None = None

    def hole(self, node: Any, tight: bool = False, closed: bool = False) -> str:
        """Reference to a part that stays; `tight` before a dot or bracket, `closed` where no bracket surrounds it."""
        if not hasattr(node, "lineno"):
            return escape(repr(node.value))
        if node not in self.holes:
            self.holes.append(node)
        text = f"{{{self.holes.index(node)}}}"
        loose = tight and not isinstance(node, _ATOMS)
        loose = loose or (closed and node.end_lineno != node.lineno and not isinstance(node, _BRACKETED))
        return f"({text})" if loose else text

    def helper(self, name: str) -> Plan:
        """Note a function of the replay library that the template calls."""
        self.helpers.add(name)
        return self

    def done(self, template: str) -> Plan:
        """Set the template."""
        self.template = template
        return self

    def identity(self, node: Any) -> Plan:
        """The same rows as `node`, as an object of its own."""
        self.same_as = node
        return self.helper("keep").done(f"keep({self.hole(node)})")

    def checked(self, node: Any, mask: str, message: str, tail: str) -> Plan:
        """The same rows as `node`, after a check of `mask` (text of a template)."""
        if not tail:
            self.same_as = node
            self.check = f"check({mask}, {message})"
        return self.helper("checked").done(f"checked({self.hole(node)}, {mask}, {message}){tail}")

    def inside(self, node: ast.Call) -> str:
        """The node's own text with its parts as holes, for wrapping it."""
        parts = [node.func.value] if isinstance(node.func, ast.Attribute) else [node.func]
        parts += [*node.args, *(keyword.value for keyword in node.keywords)]
        source = self.editor.statement.source
        start, end = source.span(node)
        text, at = "", start
        for part in sorted(parts, key=source.span):
            begin, stop = source.span(part)
            text += escape(source.data[at:begin].decode("utf-8")) + self.hole(part)
            at = stop
        return text + escape(source.data[at:end].decode("utf-8"))
