"""Python's own scalars and containers."""

from __future__ import annotations

import base64
import collections
import datetime
import decimal
import json
import math
import re
from typing import Any

from iapp_runtime.codec.core import TAG, Encoder, Json, Sink, Source, dec, decoder, enc

EXACT = 2**53  # beyond it a reader with one number type loses digits
NUMBER_LIKE = re.compile(r"(0|[1-9][0-9]*)\Z")  # such keys are reordered by JavaScript


def integer(value: int) -> Json:
    return value if -EXACT <= value <= EXACT else {TAG: "int", "v": str(value)}


def loose_float(value: float) -> Json:
    """A number where the reader knows that a float is meant, a string for what JSON cannot say."""
    if not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0) or abs(value) >= EXACT:
        return repr(value)
    return value


def _float(value: float, sink: Sink) -> Json:
    loose = loose_float(value)
    return {TAG: "float", "v": repr(value)} if isinstance(loose, str) or value.is_integer() else value


def _list(value: list, sink: Sink) -> Json:
    if value and all(type(item) is float for item in value):
        return {TAG: "floats", "v": [loose_float(item) for item in value]}
    return [enc(item, sink) for item in value]


def _dict(value: dict, sink: Sink) -> Json:
    plain = all(type(key) is str and key != TAG and key != "__proto__" and not NUMBER_LIKE.match(key) for key in value)
    if plain and type(value) is dict:
        return {key: enc(item, sink) for key, item in value.items()}
    pairs = [[enc(key, sink), enc(item, sink)] for key, item in value.items()]
    kind = {} if type(value) is dict else {"kind": type(value).__name__}
    return {TAG: "dict", **kind, "v": pairs}


def _sequence(tag: str) -> Encoder:
    return lambda value, sink: {TAG: tag, "v": [enc(item, sink) for item in value]}


def _set(tag: str) -> Encoder:
    # Sorted by their documents: the order of a set differs from process to process, a bundle's digest must not.
    return lambda value, sink: {TAG: tag, "v": sorted((enc(item, sink) for item in value), key=sort_key)}


def sort_key(document: Json) -> str:
    return json.dumps(document, sort_keys=True)


def _moment(tag: str) -> Encoder:
    def encode(value: Any, sink: Sink) -> Json:
        zone = getattr(value, "tzinfo", None)
        if zone is not None and zone is not datetime.timezone.utc:
            from iapp_runtime.codec.core import Opaque

            raise Opaque("a time with its own zone object")
        return {TAG: tag, "v": value.isoformat()}

    return encode


ENCODERS: dict[type, Encoder] = {
    type(None): lambda value, sink: None,
    bool: lambda value, sink: value,
    int: lambda value, sink: integer(value),
    str: lambda value, sink: value,
    float: _float,
    complex: lambda value, sink: {TAG: "complex", "v": [repr(value.real), repr(value.imag)]},
    bytes: lambda value, sink: {TAG: "bytes", "v": base64.b64encode(value).decode("ascii")},
    list: _list,
    tuple: _sequence("tuple"),
    set: _set("set"),
    frozenset: _set("frozenset"),
    dict: _dict,
    collections.OrderedDict: _dict,
    collections.Counter: _dict,
    range: lambda value, sink: {TAG: "range", "v": [integer(n) for n in (value.start, value.stop, value.step)]},
    slice: lambda value, sink: {TAG: "slice", "v": [enc(part, sink) for part in (value.start, value.stop, value.step)]},
    decimal.Decimal: lambda value, sink: {TAG: "decimal", "v": str(value)},
    datetime.datetime: _moment("datetime"),
    datetime.date: _moment("date"),
    datetime.time: _moment("time"),
    datetime.timedelta: lambda value, sink: {TAG: "days", "v": [value.days, value.seconds, value.microseconds]},
}

DICTS: dict[str, type] = {"OrderedDict": collections.OrderedDict, "Counter": collections.Counter}


def _items(document: dict[str, Any], source: Source) -> list[Any]:
    return [dec(item, source) for item in document["v"]]


decoder("int")(lambda document, source: int(document["v"]))
decoder("float")(lambda document, source: float(document["v"]))
decoder("floats")(lambda document, source: [float(item) for item in document["v"]])
decoder("complex")(lambda document, source: complex(float(document["v"][0]), float(document["v"][1])))
decoder("bytes")(lambda document, source: base64.b64decode(document["v"]))
decoder("tuple")(lambda document, source: tuple(_items(document, source)))
decoder("set")(lambda document, source: set(_items(document, source)))
decoder("frozenset")(lambda document, source: frozenset(_items(document, source)))
decoder("range")(lambda document, source: range(*_items(document, source)))
decoder("slice")(lambda document, source: slice(*_items(document, source)))
decoder("decimal")(lambda document, source: decimal.Decimal(document["v"]))
decoder("date")(lambda document, source: datetime.date.fromisoformat(document["v"]))
decoder("time")(lambda document, source: datetime.time.fromisoformat(document["v"]))
decoder("datetime")(lambda document, source: datetime.datetime.fromisoformat(document["v"]))
decoder("days")(lambda document, source: datetime.timedelta(*document["v"]))


@decoder("dict")
def _decode_dict(document: dict[str, Any], source: Source) -> Any:
    pairs = [(dec(key, source), dec(item, source)) for key, item in document["v"]]
    return DICTS.get(document.get("kind", ""), dict)(dict(pairs))
