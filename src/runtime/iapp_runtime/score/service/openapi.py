"""OpenAPI 3.1 of one model: its real columns, types, ranges, categories, and an example row."""

from __future__ import annotations

from typing import Any, Optional

TYPES = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "string": "string",
    "datetime": "string",
}


def document(contract: dict[str, Any], name: str, examples: Optional[dict[str, Any]]) -> dict[str, Any]:
    """The document for a contract (contract.json), the app's name, and examples.json."""
    rows = (examples or {}).get("rows") or []
    predictions = (examples or {}).get("predictions") or []
    output = contract.get("output") or {}
    row: dict[str, Any] = {
        "type": "object",
        "properties": {column["name"]: _property(column) for column in contract["columns"]},
        "required": [column["name"] for column in contract["columns"] if column["required"]],
    }
    answer = {
        "type": "object",
        "required": ["predictions", "version", "id"],
        "properties": {
            "predictions": {"type": "array", "items": _prediction(output), "description": "one for each row, in order"},
            "probabilities": {
                "type": "array",
                "items": {"type": "object", "additionalProperties": {"type": "number"}},
                "description": "per row, by class; with `explain=proba` only",
            },
            "version": {"type": "string"},
            "id": {"type": "string", "description": "names this answer in logs and for `/feedback`"},
        },
    }
    request_example = {"rows": rows[:1]} if rows else None
    answer_example = {"predictions": predictions[:1], "version": "v1", "id": "5f0c"} if predictions else None
    body = {"oneOf": [{"$ref": "#/components/schemas/Rows"}, {"$ref": "#/components/schemas/Row"}]}
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1", "description": _about(output)},
        "paths": {
            "/predict": {
                "post": {
                    "summary": "Predictions for rows",
                    "operationId": "predict",
                    "parameters": [_explain()] if output.get("proba") else [],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": _with_example({"schema": body}, request_example),
                            "text/csv": {"schema": {"type": "string", "description": "a header line, then rows"}},
                        },
                    },
                    "responses": {
                        "200": {
                            "description": "one prediction a row",
                            "content": {"application/json": _with_example({"schema": answer}, answer_example)},
                        },
                        **{code: _failure(text) for code, text in FAILURES.items()},
                    },
                }
            },
            "/feedback": {
                "post": {
                    "summary": "The truth about an earlier answer",
                    "operationId": "feedback",
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Feedback"}}},
                    },
                    "responses": {"202": {"description": "noted"}, "400": _failure(FAILURES["400"])},
                }
            },
            "/readyz": {"get": {"summary": "Ready to answer", "responses": {"200": {"description": "ready"}}}},
            "/livez": {"get": {"summary": "Alive", "responses": {"200": {"description": "alive"}}}},
            "/metrics": {"get": {"summary": "Prometheus text", "responses": {"200": {"description": "metrics"}}}},
        },
        "components": {
            "schemas": {
                "Row": row,
                "Rows": {
                    "type": "object",
                    "required": ["rows"],
                    "properties": {
                        "rows": {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/Row"},
                            "maxItems": (contract.get("limits") or {}).get("rows", 10000),
                        }
                    },
                },
                "Feedback": {
                    "type": "object",
                    "required": ["id", "truth"],
                    "properties": {"id": {"type": "string"}, "truth": {"type": "array"}},
                },
                "Error": ERROR,
            }
        },
    }


FAILURES = {
    "400": "the body cannot be read",
    "413": "the body or the number of rows is too large",
    "415": "neither JSON nor CSV",
    "422": "rows do not fit the contract; `details` says which, where and why",
    "503": "too many requests are waiting; come back after `Retry-After` seconds",
}
ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("code", "message", "id")},
        },
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "row": {"type": ["integer", "null"]},
                    "field": {"type": ["string", "null"]},
                    "reason": {
                        "enum": ["type", "missing", "extra", "range", "category", "nonfinite", "size", "refused"]
                    },
                },
            },
        },
    },
}


def _property(column: dict[str, Any]) -> dict[str, Any]:
    kind = column["type"]
    categories = column.get("categories") or []
    if kind == "category":
        kinds = {type(value) for value in categories}
        type_ = "boolean" if kinds == {bool} else "number" if kinds and kinds <= {int, float} else "string"
    else:
        type_ = TYPES[kind]
    found: dict[str, Any] = {"type": [type_, "null"] if column["nullable"] else type_}
    if kind == "datetime":
        found["format"] = "date-time"
    notes = []
    if categories:
        notes.append("seen in training: " + ", ".join(str(value) for value in categories[:50]))
    if column.get("min") is not None and column.get("max") is not None:
        notes.append(f"seen in training: {column['min']} to {column['max']}")
    if not column["required"]:
        notes.append("does not change the answer")
    if notes:
        found["description"] = "; ".join(notes)
    if column.get("example") is not None:
        found["examples"] = [column["example"]]
    return found


def _prediction(output: dict[str, Any]) -> dict[str, Any]:
    if output.get("classes"):
        return {"enum": output["classes"]}
    return {"type": output["type"]} if output.get("type") in ("number", "integer", "string", "boolean") else {}


def _about(output: dict[str, Any]) -> str:
    return f"Answers as the notebook it was made from ({output.get('task', 'other')})."


def _explain() -> dict[str, Any]:
    return {"name": "explain", "in": "query", "schema": {"enum": ["proba"]}, "description": "also probabilities"}


def _failure(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


def _with_example(content: dict[str, Any], example: Any) -> dict[str, Any]:
    return content if example is None else {**content, "example": example}
