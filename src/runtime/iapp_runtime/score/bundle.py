"""A bundle's folder as the service needs it: the generated module and the documents beside it."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from .service.contract import Contract, parse_contract


class BundleError(Exception):
    """The folder is no bundle that can be served; the message says why."""


@dataclass(frozen=True)
class Bundle:
    folder: Path
    name: str
    module: ModuleType
    contract: Contract
    examples: dict[str, Any]
    profile: dict[str, Any]
    openapi: dict[str, Any] | None

    @property
    def has_proba(self) -> bool:
        return hasattr(self.module, "predict_proba")

    @property
    def classes(self) -> list[Any]:
        return list(getattr(self.module, "MODEL_CLASSES", None) or [])


def load_bundle(folder: Path) -> Bundle:
    """Reads the documents and imports `score.py`, which restores the models.

    Raises:
        BundleError: a document is missing or damaged, or the module cannot be imported.
    """
    index = _document(folder, "bundle.json", required=False) or {}
    document = _document(folder, "contract.json")
    contract = parse_contract(document)
    if document.get("on_dropped_rows") == "score":
        # Read by `check` of the generated module (iapp_runtime.score.replay.checks).
        os.environ.setdefault("IAPP_ON_DROPPED_ROWS", "score")
    return Bundle(
        folder=folder,
        name=str(index.get("name") or folder.name),
        module=_module(folder),
        contract=contract,
        examples=_document(folder, "examples.json"),
        profile=_document(folder, "profile.json", required=False) or {},
        openapi=_document(folder, "openapi.json", required=False),
    )


def _document(folder: Path, name: str, required: bool = True) -> Any:
    try:
        return json.loads((folder / name).read_text("utf-8"))
    except FileNotFoundError:
        if not required:
            return None
        raise BundleError(f"{folder} has no {name}: it is no complete bundle") from None
    except ValueError as error:
        raise BundleError(f"{name} of {folder} is damaged: {error}") from None


def _module(folder: Path) -> ModuleType:
    modules = str(folder / "modules")
    if modules not in sys.path:
        sys.path.insert(0, modules)
    spec = importlib.util.spec_from_file_location("iapp_score", folder / "score.py")
    if spec is None or spec.loader is None or not (folder / "score.py").is_file():
        raise BundleError(f"{folder} has no score.py: it is no complete bundle")
    module = importlib.util.module_from_spec(spec)
    # Restored objects look their classes up by this name.
    sys.modules["iapp_score"] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BundleError(f"score.py cannot be loaded: {type(error).__name__}: {error}") from error
    return module
