"""What the service answers instead of predictions, and how it reads on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: More details than this in one answer help nobody; the rest is counted in `omitted`.
MAX_DETAILS = 100

#: Why a row or a field is not accepted.
REASONS = ("type", "missing", "extra", "range", "category", "nonfinite", "size", "refused")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one row. `field` is a column of the contract or None; the value is never kept.

    `row` is the position in the request (from 0), or None when it cannot be told.
    """

    row: int | None
    field: str | None
    reason: str
    message: str | None = None

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"row": self.row, "field": self.field, "reason": self.reason}
        if self.message is not None:
            found["message"] = self.message
        return found


@dataclass
class ServiceError(Exception):
    """An answer other than 200: status, stable code, a sentence for people, and what is wrong row by row."""

    status: int
    code: str
    message: str
    details: list[Problem] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"

    def to_json(self, request_id: str) -> dict[str, Any]:
        """The body: `{"error": {"code", "message", "id"}, "details": [...]}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "id": request_id}
        if len(self.details) > MAX_DETAILS:
            error["omitted"] = len(self.details) - MAX_DETAILS
        return {"error": error, "details": [problem.to_json() for problem in self.details[:MAX_DETAILS]]}


def malformed(message: str) -> ServiceError:
    """400: the body cannot be read at all."""
    return ServiceError(400, "malformed", message)


def invalid_rows(problems: list[Problem]) -> ServiceError:
    """422: the body reads, but rows do not fit the contract."""
    rows = {problem.row for problem in problems}
    counted = "1 row does" if len(rows) == 1 else f"{len(rows)} rows do"
    return ServiceError(422, "invalid", f"{counted} not fit the contract; nothing was scored", problems)


def refused_rows(problems: list[Problem]) -> ServiceError:
    """422: rows fit the contract, but the notebook's own code does not take them."""
    message = problems[0].message or "the notebook does not take these rows"
    return ServiceError(422, "refused", message, problems)


def too_large(limit: int) -> ServiceError:
    """413, and the connection is closed: what is left of the body is not read."""
    message = f"the body is larger than {limit} bytes; send fewer rows a request"
    return ServiceError(413, "too_large", message, headers={"connection": "close"})


def overloaded(
    retry_after: int, message: str = "more requests are waiting than can be answered in time"
) -> ServiceError:
    """503 with the seconds after which trying again makes sense."""
    return ServiceError(503, "overloaded", message, headers={"retry-after": str(retry_after)})


def internal() -> ServiceError:
    """500: ours or the model's fault. The log line with the same id has the reason; the answer has not."""
    return ServiceError(500, "internal", "scoring failed; the service's log has the reason under this id")
