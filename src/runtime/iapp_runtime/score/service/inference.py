"""Open Inference Protocol, version 2: one input tensor for each column, so that its clients work unchanged."""

from __future__ import annotations

from typing import Any

from .contract import Contract
from .errors import ServiceError, malformed

DATATYPES = {"integer": "INT64", "number": "FP64", "boolean": "BOOL", "string": "BYTES", "datetime": "BYTES"}


def metadata(contract: Contract, name: str, version: str) -> dict[str, Any]:
    """`GET /v2/models/{name}`."""
    return {
        "name": name,
        "versions": [version],
        "platform": "iapp",
        "inputs": [
            {"name": column.name, "datatype": DATATYPES.get(column.type, "BYTES"), "shape": [-1]}
            for column in contract.columns
        ],
        "outputs": [{"name": "prediction", "datatype": _output_type(contract), "shape": [-1]}],
    }


def rows_of_inputs(document: Any, contract: Contract) -> list[dict[str, Any]]:
    """Rows from `{"inputs": [{"name", "shape", "datatype", "data"}]}`.

    Raises:
        ServiceError: 400 when inputs are malformed or of different lengths.
    """
    inputs = document.get("inputs") if type(document) is dict else None
    if type(inputs) is not list or not inputs:
        raise malformed('the body has no "inputs"')
    columns: dict[str, list[Any]] = {}
    for one in inputs:
        if type(one) is not dict or type(one.get("name")) is not str or type(one.get("data")) is not list:
            raise malformed("an input needs a name and data as a list")
        data = one["data"]
        if data and all(type(value) is list and len(value) == 1 for value in data):
            data = [value[0] for value in data]
        if one["name"] in columns:
            raise malformed("an input is named twice")
        columns[one["name"]] = data
    lengths = {len(data) for data in columns.values()}
    if len(lengths) != 1:
        raise malformed("the inputs have different lengths")
    count = lengths.pop()
    if count > contract.limits.rows:
        raise ServiceError(413, "too_large", f"a request may hold {contract.limits.rows} rows")
    names = list(columns)
    return [dict(zip(names, values)) for values in zip(*columns.values())]


def answer(predictions: list[Any], contract: Contract, name: str, version: str, request_id: str) -> dict[str, Any]:
    return {
        "model_name": name,
        "model_version": version,
        "id": request_id,
        "outputs": [
            {
                "name": "prediction",
                "datatype": _output_type(contract),
                "shape": [len(predictions)],
                "data": predictions,
            }
        ],
    }


def _output_type(contract: Contract) -> str:
    return DATATYPES.get(contract.output.type, "BYTES")
