"""The exception for rows that the notebook itself could not, or would not, have scored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional


class Refused(Exception):
    """Rows of the request that cannot be scored, and the notebook's reason.

    `rows` are positions in the request, sorted; an empty list means that it is not known which rows are at fault.
    `message` names the condition and never a value of a row. `field` is the raw column, where one is to blame.
    """

    def __init__(self, rows: Iterable[int], message: str, field: Optional[str] = None) -> None:
        super().__init__(message)
        self.rows = sorted({int(row) for row in rows})
        self.message = message
        self.field = field

    def __reduce__(self) -> tuple:
        return (Refused, (self.rows, self.message, self.field))
