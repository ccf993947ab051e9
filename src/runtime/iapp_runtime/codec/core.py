"""What all encoders share: the dispatch by type, the table of decoders, and the side files."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Optional, Union

Json = Any  # None, bool, int, float, str, list or dict of the same
Namespace = Union[ModuleType, dict[str, Any], None]
TAG = "$"
FOLDER = "frozen"


class Opaque(Exception):
    """The value, or a part of it, has no document: it has to be pickled as a whole."""


class Sink:
    """Collects the side files of one value and writes them only when the whole value could be encoded."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.stem = file_stem(name)
        self.pending: list[tuple[Path, Callable[[Path], object]]] = []

    def file(self, suffix: str, write: Callable[[Path], object]) -> str:
        """Plans a side file, returns its path relative to the folder (always with forward slashes)."""
        number = f".{len(self.pending)}" if self.pending else ""
        relative = f"{FOLDER}/{self.stem}{number}{suffix}"
        self.pending.append((self.folder / relative, write))
        return relative

    def json_file(self, document: Json) -> Json:
        """Plans a JSON file. The reference to it lists the files it refers to, so that one look finds all of them."""
        text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
        relative = self.file(".json", lambda path: path.write_text(text, encoding="ascii"))
        inside = [{TAG: "values", "file": name} for name in side_files(document)]
        return {TAG: "values", "file": relative, **({"files": inside} if inside else {})}

    def flush(self) -> None:
        for path, write in self.pending:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)

    def pickle(self, value: Any) -> Json:
        from iapp_runtime import pickles

        self.pending.clear()
        relative = f"{FOLDER}/{self.stem}.pkl"
        path = self.folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return {TAG: "pickle", "file": relative, "main_names": pickles.dump(value, path)}


class Source:
    """Where a document's side files are, and what `__main__` means in its pickles."""

    def __init__(self, folder: Path, main: Namespace = None) -> None:
        self.folder = folder
        self.main = main

    def path(self, relative: str) -> Path:
        parts = relative.split("/")
        if len(parts) != 2 or parts[0] != FOLDER or parts[1] in ("", ".", "..") or "\\" in relative:
            raise ValueError(f"a side file of a frozen value is outside its folder: {relative!r}")
        return self.folder / parts[0] / parts[1]

    def json_file(self, relative: str) -> Json:
        return json.loads(self.path(relative).read_text(encoding="ascii"))


def side_files(document: Json) -> list[str]:
    """The side files a document refers to, in the order met."""
    if isinstance(document, list):
        return [name for item in document for name in side_files(item)]
    if not isinstance(document, dict):
        return []
    own = [document["file"]] if TAG in document and isinstance(document.get("file"), str) else []
    return own + [name for item in document.values() for name in side_files(item)]


def file_stem(name: str) -> str:
    """A file name for a Python name, distinct also where the file system ignores case."""
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:80] or "value"
    return (
        safe
        if safe == name and name == name.lower()
        else f"{safe}-{zlib.crc32(name.encode('utf-8', 'surrogatepass')):08x}"
    )


Encoder = Callable[[Any, Sink], Json]
Decoder = Callable[[dict[str, Any], Source], Any]
DECODERS: dict[str, Decoder] = {}


def decoder(tag: str) -> Callable[[Decoder], Decoder]:
    def register(function: Decoder) -> Decoder:
        DECODERS[tag] = function
        return function

    return register


def find_encoder(value: Any) -> Optional[Encoder]:
    """The encoder for the value's exact type; a subclass may carry more than its base can tell."""
    from iapp_runtime.codec import plain

    kind = type(value)
    if kind in plain.ENCODERS:
        return plain.ENCODERS[kind]
    library = (kind.__module__ or "").split(".")[0]
    if library == "numpy" or isinstance(value, type):
        from iapp_runtime.codec import numeric

        return numeric.find_encoder(value)
    if library == "pandas":
        from iapp_runtime.codec import tables

        return tables.find_encoder(value)
    return None


def enc(value: Any, sink: Sink) -> Json:
    encoder = find_encoder(value)
    if encoder is None:
        raise Opaque(type(value).__name__)
    return encoder(value, sink)


def dec(document: Json, source: Source) -> Any:
    if isinstance(document, list):
        return [dec(item, source) for item in document]
    if not isinstance(document, dict):
        return document
    tag = document.get(TAG)
    if tag is None:
        return {key: dec(item, source) for key, item in document.items()}
    if tag not in DECODERS:
        load_decoders()
    if tag not in DECODERS:
        raise ValueError(f"unknown kind of frozen value: {tag!r} (written by a newer version?)")
    return DECODERS[tag](document, source)


def load_decoders() -> None:
    from iapp_runtime.codec import plain

    del plain
    try:
        from iapp_runtime.codec import numeric, tables
    except ImportError:  # a service whose model needs neither numpy nor pandas
        return
    del numeric, tables


@decoder("pickle")
def _pickle(document: dict[str, Any], source: Source) -> Any:
    from iapp_runtime import pickles

    return pickles.load(source.path(document["file"]), source.main)
