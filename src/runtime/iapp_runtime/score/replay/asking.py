"""Services that are asked instead of given rows: one call of the notebook's own function for each row of arguments."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from iapp_runtime.score.replay.refused import Refused


def ask(function: Callable[..., Any], rows: Any) -> Any:
    """The function's answer for each row, its columns being the arguments.

    Raises `Refused` for a row for which it has none: a key that the notebook never saw.
    """
    names = [str(name) for name in rows.columns]
    found = []
    for number, values in enumerate(zip(*(rows.iloc[:, i].tolist() for i in range(len(names))))):
        try:
            answer = function(**dict(zip(names, values)))
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            field = names[0] if len(names) == 1 else None
            what = f"{getattr(function, '__name__', 'the function')} has no answer for it ({type(error).__name__})"
            raise Refused([number], what, field) from error
        found.append(plain_answer(answer))
    return as_column(found)


def as_column(answers: list[Any]) -> Any:
    """Answers as one column: numbers as numbers, lists and everything else as objects."""
    if answers and all(type(answer) in (int, float, bool) for answer in answers):
        return np.asarray(answers)
    column = np.empty(len(answers), dtype=object)
    for place, answer in enumerate(answers):
        column[place] = answer
    return column


def plain_answer(value: Any, depth: int = 0) -> Any:
    """Tables, series and arrays as lists, with labels where those say something. Raises TypeError for the rest."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if value == value else None
    if isinstance(value, np.generic):
        return plain_answer(value.item(), depth)
    if hasattr(value, "isoformat"):
        return value.isoformat() if value == value else None
    if depth > 6:
        raise TypeError("an answer is nested too deeply")
    if isinstance(value, dict):
        return {str(key): plain_answer(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, range)):
        return [plain_answer(item, depth + 1) for item in value]
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        return _labelled(value, {str(name): value[name].tolist() for name in value.columns}, depth)
    if hasattr(value, "index") and hasattr(value, "tolist"):
        if _numbered(value.index):
            return plain_answer(value.tolist(), depth + 1)
        return _labelled(value, {str(value.name or "value"): value.tolist()}, depth)
    if hasattr(value, "tolist"):
        return plain_answer(value.tolist(), depth + 1)
    raise TypeError(f"a {type(value).__name__} is no answer that JSON can carry")


def _labelled(table: Any, columns: dict[str, list[Any]], depth: int) -> list[Any]:
    if not _numbered(table.index):
        columns = {str(table.index.name or "key"): table.index.tolist(), **columns}
    return [dict(zip(columns, plain_answer(list(row), depth + 1))) for row in zip(*columns.values())]


def _numbered(index: Any) -> bool:
    return bool(str(getattr(index, "dtype", "")).startswith(("int", "uint")))
