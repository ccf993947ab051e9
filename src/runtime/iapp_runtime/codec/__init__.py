"""Frozen values as JSON, and back, with every dtype kept.

A value learned in training is stored in a form a person can read and that runs no code when it is loaded: JSON, with
`.npy` or `.json` side files for what is large. Only what has no such form becomes a pickle, and its document says so
(`{"$": "pickle", ...}`), so that a bundle can list which of its files are code.
The document survives a reader that has only one number type (JavaScript): integral floats, large integers and objects
with number-like keys are tagged.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from iapp_runtime.codec.core import Json, Namespace, Opaque, Sink, Source, dec, enc

__all__ = ["Json", "decode", "encode"]


def encode(value: Any, folder: Path, name: str) -> Json:
    """Returns the document of `value`; side files, named after `name`, go to `folder / "frozen"`.

    The same value and name give the same document and the same bytes.
    Raises `pickle.PicklingError` (see `iapp_runtime.pickles`) when the value can be stored in no way at all.
    """
    sink = Sink(Path(folder), name)
    try:
        document = enc(value, sink)
    except (Opaque, RecursionError):
        return sink.pickle(value)
    sink.flush()
    return document


def decode(document: Json, folder: Path, main: Namespace = None) -> Any:
    """Returns the value of a document made by `encode`; `folder` is the one that holds its side files.

    `main` (a module or its namespace) stands in for the notebook's `__main__` when a pickle refers to classes
    defined there.
    """
    return dec(document, Source(Path(folder), main))
