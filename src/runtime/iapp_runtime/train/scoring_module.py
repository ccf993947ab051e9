"""The generated module, loaded from its folder as the service loads it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Optional


class ScoringModule:
    """`score.py` of a folder. What it prints or warns while it works is kept from the terminal."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "score.py"
        self.source = self.path.read_text("utf-8")
        modules = str(folder / "modules")
        if modules not in sys.path:
            sys.path.insert(0, modules)
        with quiet():
            self.module = _load(self.path)

    def features(self, rows: list) -> Any:
        with quiet():
            return self.module.features(rows)

    def predict(self, rows: list) -> Any:
        with quiet():
            return self.module.predict(rows)

    @property
    def predict_proba(self) -> Optional[Callable[[list], Any]]:
        """Class probabilities, or None where the notebook's model has none."""
        function = getattr(self.module, "predict_proba", None)
        if function is None:
            return None

        def call(rows: list) -> Any:
            with quiet():
                return function(rows)

        return call


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("iapp_score", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules["iapp_score"] = module
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def is_refused(error: BaseException) -> bool:
    """True for the error by which a module refuses rows (`iapp_runtime.score.replay.Refused`)."""
    return any(kind.__name__ == "Refused" for kind in type(error).__mro__)
