"""Fields of record.json that are made of a cut: its pieces in notebook order, the table it reads, samples, answers."""

from __future__ import annotations

from typing import Any

from .polars_values import is_polars_frame
from .recorder.state import Recording
from .slicer.cut import Cut, Kept
from .slicer.lives import Lives
from .slicer.pieces import Writer
from .slicer.post import Post


def features_of(
    writer: Writer, cut: Cut, lives: Lives, defined: list[tuple[str, Kept]], inside: set[str]
) -> tuple[list[dict[str, Any]], list[int | None]]:
    """Pieces of `features` in notebook order, with the statement index of each."""
    numbered: list[tuple[float, dict[str, Any], int | None]] = []
    reading = {at for kept in cut.kept for at in [kept.at]}
    last = max([*reading, -1]) + 0.5
    for name, kept in defined:
        if name in inside:
            numbered.append((kept.at, writer.piece(kept, "definition"), None))
    for binding in lives.bindings:
        at = binding.at if binding.at in reading else last
        statement = cut.recording.statements[binding.at]
        piece = {
            "cell": statement.cell.number, "line": statement.line, "span": list(statement.span()), "kind": "bind",
            "text": binding.text(), "edits": [], "binds": [binding.name], "reads": [], "note": None,
        }  # fmt: skip
        numbered.append((at - 0.25, piece, None))
    for kept in cut.kept:
        numbered.append((kept.at, writer.piece(kept), kept.at))
    numbered.sort(key=lambda one: one[0])
    return [piece for _, piece, _ in numbered], [index for _, _, index in numbered]


def inner_piece(writer: Writer, cut: Cut, part: Any) -> dict[str, Any]:
    """A part of the served call's own statement: a statement in it, or a line that binds a parameter."""
    if isinstance(part, Kept):
        return writer.piece(part)
    statement = part.statement
    if part.expression is None:
        text, span, line = cut.entries.fill(part.mark), statement.span(), statement.line
    else:
        piece = writer.piece(part.expression)
        text, span, line = _expression_text(piece, part.expression), piece["span"], piece["line"]
        if "\n" in text:
            text = f"({text})"
    return {
        "cell": statement.cell.number, "line": line, "span": list(span), "kind": "bind",
        "text": f"{part.name} = {text}", "edits": [], "binds": [part.name],
        "reads": sorted(part.expression.reads) if part.expression else [], "note": None,
    }  # fmt: skip


def post_fields(writer: Writer, post: Post, lives: Lives) -> dict[str, Any]:
    pieces = [writer.piece(kept) for kept in post.kept]
    result: Any = post.result
    if isinstance(result, Kept):
        piece = writer.piece(result)
        result = _expression_text(piece, result)
    return {"post": pieces, "post_input": post.start, "post_result": result}


def _expression_text(piece: dict[str, Any], kept: Kept) -> str:
    from .render import render

    return render(kept.statement.source.data, piece)


def source_document(recording: Recording, served: Any) -> dict[str, Any]:
    import ast

    import numpy as np
    import pandas as pd

    source = recording.sources[served.source]
    statement = recording.statements[source.statement]
    raw = source.raw
    shape: list[int] | None = None
    targets = statement.node.targets if isinstance(statement.node, ast.Assign) else []
    name = next((t.id for t in targets if isinstance(t, ast.Name)), "rows")
    if isinstance(raw, pd.DataFrame):
        kind, columns = (
            "frame",
            [
                {"name": str(c), "dtype": str(raw[c].dtype) if raw.columns.is_unique else str(d)}
                for c, d in raw.dtypes.items()
            ],
        )
    elif is_polars_frame(raw):
        kind, columns = "polars", [{"name": name, "dtype": str(dtype)} for name, dtype in raw.schema.items()]
    elif isinstance(raw, pd.Series):
        kind, columns = (
            "series",
            [{"name": str(raw.name if raw.name is not None else "value"), "dtype": str(raw.dtype)}],
        )
    elif isinstance(raw, list):
        kind, columns = "list", [{"name": "value", "dtype": "object"}]
    else:
        width = int(np.prod(raw.shape[1:])) if getattr(raw, "ndim", 1) > 1 else 1
        kind, columns = "array", [{"name": str(i), "dtype": str(raw.dtype)} for i in range(width)]
        if getattr(raw, "ndim", 1) > 2:
            shape = [int(size) for size in raw.shape[1:]]
    # The last one in the table: what is made from a target stands beside it only when the notebook says so.
    target = next((c["name"] for c in reversed(columns) if c["name"] in served.targets), None)
    return {
        # Pictures: the numbers of a row, counted through, are its columns.
        **({"shape": shape} if shape is not None else {}),
        "name": name,
        "cell": statement.cell.number,
        "line": statement.line,
        "call": source.call,
        "kind": kind,
        "rows": len(raw) if not hasattr(raw, "shape") else int(raw.shape[0]),
        "columns": columns,
        "target": target,
    }


def final_answers(recording: Recording, candidate: Any, number: int, post: Post) -> Any:
    """The recorded final answers of the served call."""
    from .postvalue import final_value

    return final_value(recording, candidate, number, post)


def samples_of(
    recording: Recording, source: int, features: list[dict[str, Any]], indices: list[int | None]
) -> list[dict[str, Any]]:
    found = []
    for place, (piece, index) in enumerate(zip(features, indices)):
        if index is None:
            continue
        for name in piece["binds"] or recording.facts[index].samples:
            sample = recording.facts[index].samples.get(name, {}).get(str(source))
            if sample is not None:
                rows, columns, values = sample
                found.append({"piece": place, "name": name, "columns": columns, "rows": rows, "values": values})
    return found
