"""Lays out in RUN_DIR what score.py finds beside it in a bundle: frozen.json, model/ and modules/."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from .evidence import write_document


def stage(run_dir: Path, record: dict[str, Any], workdir: Path) -> None:
    """Makes the files anew from the record; models are linked, not copied, where the file system can."""
    write_document(run_dir / "frozen.json", frozen_document(record))
    for model in record.get("models") or []:
        _place(run_dir / model["file"], run_dir / "model" / Path(model["file"]).name)
    for module in record.get("modules") or []:
        source = Path(module["path"])
        source = source if source.is_absolute() else workdir / source
        _place(source, run_dir / "modules" / _inside(source, workdir))


def frozen_document(record: dict[str, Any]) -> dict[str, Any]:
    """frozen.json: each value with the way it is read, and where it came from in words."""
    return {
        "schema": "iapp.frozen/1",
        "values": {
            entry["name"]: {"access": entry["access"], "value": entry["value"]} for entry in record.get("frozen") or []
        },
        "models": {
            entry["name"]: {
                "file": f"model/{Path(entry['file']).name}",
                "access": entry["access"],
                "keys": entry.get("keys"),
            }
            for entry in record.get("models") or []
        },
    }


def _inside(source: Path, workdir: Path) -> Path:
    """A module keeps its place in its package below the notebook's folder."""
    try:
        return source.resolve().relative_to(workdir.resolve())
    except ValueError:
        return Path(source.name)


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
