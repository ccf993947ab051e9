"""A function of the notebook as the service: its arguments are what a request brings."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from iapp_runtime.score.replay.asking import as_column, plain_answer

from ..instrument import HOOK
from ..recorder.asked import Asked
from ..recorder.state import Recording
from ..slicer.refusals import Refused
from .closure import Closure
from .keys import known_values, numbers_like, spread

_AGAIN = 5
# Slow functions are asked less, but never less than this.
_SECONDS = 60.0
_FEWEST = 20


class FunctionServed:
    """The function, how it was called, and what it answers to everything that is known to be asked."""

    def __init__(self, recording: Recording, asked: Asked) -> None:
        self.recording = recording
        self.asked = asked
        self.closure = Closure(recording, {asked.name})
        self.statement = recording.statements[asked.statement]
        self.known: dict[str, list[Any]] = {}

    def refusal(self, reason: str, remedy: str) -> Refused:
        """A refusal that names the call."""
        return Refused(
            "IAPP_NOTEBOOK_FUNCTION",
            f"cell {self.statement.cell.number}: {reason}",
            remedy,
            self.statement.cell.number,
            self.statement.line,
            " ".join(self.statement.text().split())[:200],
        )

    def answers(self) -> tuple[pd.DataFrame, Any]:
        """Rows of arguments, and the live function's answers to them. Raises `Refused` where they cannot be trusted."""
        self._check_signature()
        asked = self._arguments()
        rows: list[dict[str, Any]] = []
        found: list[Any] = []
        with self._unwatched():
            deadline = time.monotonic() + _SECONDS
            for arguments in asked:
                if len(found) >= _FEWEST and time.monotonic() > deadline:
                    break
                try:
                    found.append(plain_answer(self.asked.function(**arguments)))
                except Exception:
                    # A key that the notebook itself cannot answer: the service refuses it.
                    if arguments is asked[0]:
                        raise self._changed() from None
                    continue
                rows.append(arguments)
            again = [plain_answer(self.asked.function(**arguments)) for arguments in rows[:_AGAIN]]
        if again != found[:_AGAIN]:
            raise self.refusal(
                f"{self.asked.name} gives another answer when it is asked the same again",
                "let the answer depend on its arguments and on what was learned alone",
            )
        if found[0] != plain_answer(self.asked.result):
            raise self._changed()
        return pd.DataFrame(rows), as_column(found)

    def _changed(self) -> Refused:
        return self.refusal(
            f"{self.asked.name} gives another answer at the end of the notebook than here: what it reads was changed "
            "in between",
            f"call {self.asked.name} once more after everything that it reads is final",
        )

    def _check_signature(self) -> None:
        if self.asked.result is None:
            raise self.refusal(
                f"{self.asked.name} shows its answer and gives nothing back",
                f"let {self.asked.name} return what it found",
            )
        try:
            plain_answer(self.asked.result)
        except TypeError as error:
            reason = f"{self.asked.name} gives what cannot be sent: {error}"
            raise self.refusal(reason, "return lists, numbers, texts or a table") from None
        parameters = inspect.signature(self.asked.function).parameters
        if any(p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL) for p in parameters.values()):
            raise self.refusal(f"arguments of {self.asked.name} have no names", "name each argument of the function")

    def _arguments(self) -> list[dict[str, Any]]:
        """What to ask: the recorded call first, then everything known, all arguments changing together."""
        given = {name: _plain(value) for name, value in self.asked.arguments.items()}
        columns: dict[str, list[Any]] = {}
        for name, value in given.items():
            known = known_values(self.closure.values.values(), value)
            if known:
                self.known[name] = known
                columns[name] = spread(known, value)
            elif isinstance(value, (bool, str)):
                columns[name] = [value]
            else:
                columns[name] = numbers_like(self.recording, name, value)
        if all(len(values) < 2 for values in columns.values()):
            raise self.refusal(
                f"which values {', '.join(given)} may have is not known: nothing that {self.asked.name} reads holds "
                f"{' or '.join(repr(value) for value in given.values())}",
                "look the argument up in an index, a column or a dict of what was learned",
            )
        count = max(len(values) for values in columns.values())
        rows = [given]
        for turn in range(1, count):
            rows.append({name: values[turn % len(values)] for name, values in columns.items()})
        return rows

    @contextlib.contextmanager
    def _unwatched(self) -> Iterator[None]:
        """The notebook's code runs as written and is not heard. Random numbers go on as if it had not run."""
        hooks = self.recording.namespace.get(HOOK)
        state = np.random.get_state()
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            if hooks is not None:
                hooks.row_loop += 1
            try:
                yield
            finally:
                np.random.set_state(state)
                if hooks is not None:
                    hooks.row_loop -= 1


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def find_function(recording: Recording) -> FunctionServed | None:
    """The function that the notebook asked last, of those that answer from something learned."""
    program = recording.program
    found = None
    for asked in recording.asked.values():
        statement = recording.statements[asked.statement]
        if program.serve_name not in (None, asked.name) or program.serve_cell not in (None, statement.cell.number):
            continue
        if not _at_the_top(statement.node, recording.sites[asked.site]):
            continue
        if recording.namespace.get(asked.name) is not asked.function or not recording.facts[asked.statement].ok:
            continue
        served = FunctionServed(recording, asked)
        if served.closure.learned() and (found is None or asked.statement >= found.asked.statement):
            found = served
    return found


def _at_the_top(tree: ast.AST, node: ast.AST) -> bool:
    if isinstance(tree, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    return tree is node or any(_at_the_top(child, node) for child in ast.iter_child_nodes(tree))
