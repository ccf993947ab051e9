"""Runs the notebook's cells statement by statement inside an IPython shell, observed."""

from __future__ import annotations

import ast
import os
import time
import traceback
from typing import Any

from .instrument import HOOK, instrument, number_nodes
from .program import Cell, Program
from .recorder.facts import Failure, Unread
from .recorder.hooks import Hooks
from .recorder.state import Recording
from .recorder.statements import Observer

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Stepper:
    """Replaces the shell's way of running a cell, for cells of the notebook only."""

    def __init__(self, shell: Any, program: Program) -> None:
        self.shell = shell
        self.recording = Recording(program, shell.user_ns)
        self.hooks = Hooks(self.recording)
        self.observer = Observer(self.recording)
        self.pending: int | None = None
        self.files: dict[str, int] = {}
        self.cell = 0
        self.above = 0
        shell.user_ns[HOOK] = self.hooks
        shell.user_ns_hidden[HOOK] = self.hooks
        self._run_nodes = shell.run_ast_nodes
        self._exception = shell._get_exc_info
        shell.run_ast_nodes = self.run_nodes
        shell._get_exc_info = self.exception
        shell.events.register("post_run_cell", self.after_cell)

    def begin_cell(self, number: int) -> None:
        """The next cell that runs is this one of the program. A cell of magics alone runs them now."""
        self.pending = number
        self.cell = number
        cell = self.recording.program.cells.get(number)
        if cell is not None and not cell.source.strip():
            self._magics(cell, None)
            self.pending = None

    def after_cell(self, result: Any) -> None:
        """A cell that does not parse never came to `run_nodes`: what it would have done is not known."""
        number, self.pending = self.pending, None
        error = getattr(result, "error_before_exec", None)
        if number is None or error is None:
            return
        cell = self.recording.program.cells.get(number)
        if cell is not None:
            line = (getattr(error, "lineno", None) or 1) + lines_removed(cell.source)
            self.recording.unread.append(Unread(cell, line, type(error).__name__, str(error)[:500]))

    async def run_nodes(self, nodes: list[ast.stmt], cell_name: str, *args: Any, **kwargs: Any) -> bool:
        """Stands in for `InteractiveShell.run_ast_nodes`. True when a statement failed."""
        number, self.pending = self.pending, None
        cell = self.recording.program.cells.get(number) if number is not None else None
        if cell is None:
            return bool(await self._run_nodes(nodes, cell_name, *args, **kwargs))
        compiler = kwargs.get("compiler") or (args[1] if len(args) > 1 else compile)
        result = kwargs.get("result") or (args[2] if len(args) > 2 else None)
        self.files[cell_name] = cell.number
        self.above = lines_removed(cell.source)
        done = -1
        for place, node in enumerate(nodes):
            done = self._magics(cell, node.lineno + self.above, done)
            last = place == len(nodes) - 1
            if await self._statement(cell, node, cell_name, compiler, result, last):
                for rest in nodes[place + 1 :]:
                    ast.increment_lineno(rest, self.above)
                    number_nodes(rest, len(self.recording.sites))
                    self.observer.skipped(cell, rest)
                return True
        self._magics(cell, None, done)
        return False

    async def _statement(self, cell: Cell, node: ast.stmt, name: str, compiler: Any, result: Any, last: bool) -> bool:
        recording = self.recording
        recording.sites += number_nodes(node, len(recording.sites))
        self.hooks.reset()
        statement = self.observer.begin(cell, node)
        modules = {n for n, v in self.shell.user_ns.items() if type(v).__name__ == "module"}
        try:
            tree = instrument(node, modules)
            code = self._compile(tree, node, name, compiler, last)
        except (ValueError, TypeError, SyntaxError) as error:  # a form we do not know: run it as written
            recording.fault(error)
            code = self._compile(node, node, name, compiler, last)
        ast.increment_lineno(node, self.above)
        started = time.perf_counter()
        asynchronous = bool(code.co_flags & 0x80)
        failed = bool(await self.shell.run_code(code, result, async_=asynchronous))
        recording.user_seconds += time.perf_counter() - started
        self.hooks.reset()
        if failed:
            self._failure(statement, result)
        self.observer.end(statement, not failed)
        return failed

    def _compile(self, tree: ast.AST, node: ast.stmt, name: str, compiler: Any, last: bool) -> Any:
        shown = last and isinstance(node, ast.Expr)
        flags = getattr(compiler, "flags", 0)
        with self.shell.builtin_trap:
            if shown:
                return _compiled(compiler, ast.Interactive([tree]), name, "single", flags)  # type: ignore[list-item]
            return _compiled(compiler, ast.Module([tree], []), name, "exec", flags)  # type: ignore[list-item]

    def _failure(self, statement: Any, result: Any) -> None:
        error = getattr(result, "error_in_exec", None)
        if error is None:
            return
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in self.files]
        line = frames[0].lineno + self.above if frames and frames[0].lineno else statement.line
        shown = [f"cell {self.files[f.filename]}, line {f.lineno}: {(f.line or '').strip()}" for f in frames]
        missing = error.name if isinstance(error, NameError) and getattr(error, "name", None) else None
        self.recording.facts[statement.index].failure = Failure(
            line, type(error).__name__, str(error)[:500], shown, missing
        )

    def exception(self, exc_tuple: Any = None) -> Any:
        """Tracebacks as the user sees them: without the frames of the recorder."""
        kind, value, trace = self._exception(exc_tuple)
        return kind, value, without_ours(trace)

    def _magics(self, cell: Cell, before: int | None, done: int = -1) -> int:
        """Run the magics and shell lines that stand before a line; returns the number of the last one done."""
        for number, magic in enumerate(cell.magics):
            if number <= done or (before is not None and magic["line"] >= before):
                continue
            done = number
            if magic.get("action") == "run":
                self._magic(magic)
        return done

    def _magic(self, magic: dict[str, Any]) -> None:
        text, name = magic["text"], magic.get("assigns")
        command = text.split("=", 1)[1].strip() if name else text.strip()
        if command.startswith("!"):
            value = self.shell.getoutput(command[1:]) if name else self.shell.system(command.lstrip("!"))
        elif command.startswith("%%"):
            head, _, body = command[2:].partition("\n")
            word, _, line = head.partition(" ")
            value = self.shell.run_cell_magic(word, line, body)
        else:
            word, _, line = command.lstrip("%").partition(" ")
            value = self.shell.run_line_magic(word, line)
        if name:
            self.shell.user_ns[name] = value

    def close(self) -> None:
        """Give the shell its own methods back."""
        self.shell.run_ast_nodes = self._run_nodes
        self.shell._get_exc_info = self._exception
        self.shell.events.unregister("post_run_cell", self.after_cell)


def lines_removed(source: str) -> int:
    """Empty lines at the top of a cell: the shell takes them away before it parses and counts lines."""
    lines = source.splitlines()
    count = next((i for i, line in enumerate(lines) if line.strip()), 0)
    return count


def _compiled(compiler: Any, tree: ast.AST, name: str, mode: str, flags: int) -> Any:
    top_level_await = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0)
    if compiler is compile:
        return compile(tree, name, mode, top_level_await)  # type: ignore[call-overload]
    extra = getattr(compiler, "extra_flags", None)
    if extra is not None:
        with extra(top_level_await):
            return compiler(tree, name, mode)
    return compiler(tree, name, mode)


def without_ours(trace: Any) -> Any:
    """A traceback without frames of this package."""
    kept = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_OWN):
            kept.append(trace)
        trace = trace.tb_next
    for step, following in zip(kept, [*kept[1:], None]):
        step.tb_next = following
    return kept[0] if kept else None
