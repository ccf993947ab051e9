"""Why a notebook cannot be served."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A refusal under way; `document()` is what record.json holds."""

    def __init__(
        self,
        code: str,
        reason: str,
        remedy: str | None,
        cell: int | None = None,
        line: int | None = None,
        statement: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.cell = cell
        self.line = line
        self.statement = statement

    def document(self) -> dict[str, Any]:
        """`Refusal` of the contract."""
        return {
            "code": self.code,
            "cell": self.cell,
            "line": self.line,
            "statement": self.statement,
            "reason": self.reason,
            "remedy": self.remedy,
        }
