"""JSON as strict as a service needs it: every oddity is a 400 here and never reaches the model."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from .errors import malformed

#: Rows are `{"rows": [{column: scalar}]}`: three levels. Open Inference bodies need a few more.
MAX_DEPTH = 16


def decode_json(body: bytes) -> Any:
    """Reads one JSON document.

    Raises:
        ServiceError: 400, for anything that is not strict JSON in UTF-8: NaN and Infinity, numbers beyond a double,
            a byte order mark, lone surrogates, duplicate keys, nesting deeper than `MAX_DEPTH`.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise malformed("the body starts with a byte order mark; send plain UTF-8")
    try:
        document = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise malformed("the body is not valid UTF-8") from None
    except RecursionError:
        raise malformed("the body is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise malformed(_without_values(str(error))) from None
    keys, colons, depth = _measure(document)
    if depth > MAX_DEPTH:
        raise malformed("the body is nested too deeply")
    # Decoders keep the last of two equal keys without a word. Outside strings a colon follows every key and stands
    # nowhere else; so unless colons are hidden in escapes the text must hold exactly the colons of what was kept.
    if b"\\u" in body:
        _refuse_duplicates(body)
    elif body.count(b":") != keys + colons:
        raise malformed("an object has the same key twice")
    return document


def _measure(document: Any) -> tuple[int, int, int]:
    """Number of keys, number of colons within strings, and depth. Iterative: the depth is the client's choice."""
    keys = colons = depth = 0
    level = [document]
    while level:
        below: list[Any] = []
        nested = False
        for value in level:
            if type(value) is str:
                colons += value.count(":")
            elif type(value) is dict:
                nested = True
                keys += len(value)
                for key in value:
                    colons += key.count(":")
                below.extend(value.values())
            elif type(value) is list:
                nested = True
                below.extend(value)
        depth += nested
        level = below
    return keys, colons, depth


def _refuse_duplicates(body: bytes) -> None:
    def pairs(found: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in found}) != len(found):
            raise malformed("an object has the same key twice")

    # Cheap in memory: the hook keeps nothing. Depth and numbers were checked by the first decoder.
    json.loads(body, object_pairs_hook=pairs)


def _without_values(message: str) -> str:
    """msgspec says where and what kind, and never repeats the input; only its capital and path are taken off."""
    return "the body is not JSON: " + message.split(" - at ")[0].replace("JSON is malformed: ", "").lower()
