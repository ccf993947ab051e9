"""What the head of a request says: who asks, whether anybody waits for the answer, and what the body is."""

from __future__ import annotations

import re
import uuid
from typing import Any

from .errors import ServiceError

Scope = dict[str, Any]

ID = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")


def request_id_of(scope: Scope) -> str:
    """The caller's own identifier, where it is a sound one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            if ID.match(text):
                return str(text)
    return uuid.uuid4().hex


def is_copy(scope: Scope) -> bool:
    """A copy of a request that another version has answered: no client waits for it, and it is not traffic."""
    return any(name == b"x-iapp-mirror" and value == b"1" for name, value in scope["headers"])


def content_type(scope: Scope) -> str:
    """`application/json` or `text/csv`.

    Raises:
        ServiceError: 415 for anything else.
    """
    kinds = [value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"]
    kind = kinds[0].split(";")[0].strip().lower() if kinds else "application/json"
    if kind in ("application/json", "text/csv"):
        charset = re.search(r"charset\s*=\s*\"?([\w-]+)", kinds[0], re.I) if kinds else None
        if charset is None or charset.group(1).lower() in ("utf-8", "utf8", "us-ascii"):
            return kind
        raise ServiceError(415, "media_type", "only the charset UTF-8 is read")
    raise ServiceError(415, "media_type", "send application/json or text/csv")
