"""The facts about what each version of a library has, held against the libraries that are installed here."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ERA = Path(__file__).resolve().parents[2] / "notebook/era"
DISTRIBUTIONS = {"sklearn": "scikit-learn", "imblearn": "imbalanced-learn"}
#: They are still there, to say that they are gone.
STUBS = {"interpolate.interp2d", "tsa.arima_model.ARIMA", "tsa.arima_model.ARMA"}
#: A module that is imported on demand, or a class that only says that it is gone, may be seen differently.
TOLERATED = 0.01


def _version(library: str) -> tuple[int, ...] | None:
    try:
        return _order(version(DISTRIBUTIONS.get(library, library)))
    except PackageNotFoundError:
        return None


def _order(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def _resolve(library: str, name: str) -> Any:
    found = importlib.import_module(library)
    parts = name.split(".")
    for i, part in enumerate(parts):
        try:
            found = getattr(found, part)
        except AttributeError:
            found = importlib.import_module(".".join([library, *parts[: i + 1]]))
    return found


def _exists(library: str, fact: str) -> bool | None:
    """Whether the name, parameter or value is there; None when that cannot be seen."""
    name, _, given = fact.partition("(")
    parameter, _, value = given.rstrip(")").partition("=")
    try:
        found = _resolve(library, name)
    except Exception:
        return None if parameter else False
    if value:
        return _takes(found, parameter, value.strip("'"))
    if not parameter:
        return True
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):
        return None
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return None
    return parameter in parameters


def _takes(estimator: Any, parameter: str, value: str) -> bool:
    X = np.random.default_rng(0).random((40, 3))
    try:
        estimator(**{parameter: value}).fit(X, (X[:, 0] > 0.5).astype(int))
    except Exception:
        return False
    return True


def _facts(file: str, kind: str) -> list[tuple[str, str, str]]:
    table = json.loads((ERA / file).read_text(encoding="utf-8"))[kind]
    return [
        (library, at, name)
        for library, versions in table.items()
        for at, names in versions.items()
        for name in names.split(" ")
    ]


@pytest.mark.parametrize("file", ["facts.json", "by-hand.json"])
def test_what_is_gone_is_gone_and_what_is_not_yet_gone_is_there(file: str) -> None:
    warnings.simplefilter("ignore")
    wrong, tried = [], 0
    for library, below, name in _facts(file, "gone"):
        installed = _version(library)
        exists = None if installed is None else _exists(library, name)
        if installed is None or exists is None or name in STUBS:
            continue
        tried += 1
        # A series before those that were read says nothing.
        if exists and installed >= _order(below):
            wrong.append(f"{library} {installed}: {name} is said to be gone since {below}")
        elif not exists and installed < _order(below) and file == "by-hand.json":
            wrong.append(f"{library} {installed}: {name} is said to be there until {below}")
    assert tried > 100
    assert len(wrong) <= TOLERATED * tried, "\n".join(wrong)


def test_what_came_with_a_version_is_there_from_it_on() -> None:
    warnings.simplefilter("ignore")
    wrong, tried = [], 0
    for library, since, name in _facts("facts.json", "came"):
        installed = _version(library)
        exists = None if installed is None else _exists(library, name)
        if installed is None or exists is None:
            continue
        tried += 1
        if exists != (installed >= _order(since)):
            wrong.append(f"{library} {installed}: {name} is said to be there since {since}")
    assert tried > 100
    assert len(wrong) <= TOLERATED * tried, "\n".join(wrong[:50])
