"""pandas: time stamps, dtypes, indexes of every kind, series and frames."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import pandas as pd

from iapp_runtime.codec.columns import decode_column, decode_dtype, encode_column, encode_dtype, zone_name
from iapp_runtime.codec.core import TAG, Encoder, Json, Opaque, Sink, Source, dec, decoder, enc


def find_encoder(value: Any) -> Optional[Encoder]:
    if value is pd.NaT or value is pd.NA:
        return lambda value, sink: {TAG: "missing", "v": "NaT" if value is pd.NaT else "NA"}
    for kind, encoder in (
        (pd.Timestamp, _timestamp),
        (pd.Timedelta, _timedelta),
        (pd.Interval, _interval),
        (pd.Series, _series),
        (pd.DataFrame, _frame),
    ):
        if type(value) is kind:
            return encoder
    if isinstance(value, pd.Index):
        return encode_index
    if isinstance(value, pd.api.extensions.ExtensionDtype):
        return _dtype
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return lambda value, sink: {TAG: "column", **encode_column(value, sink)}
    return None


def _timestamp(value: pd.Timestamp, sink: Sink) -> Json:
    moment = value if value.tz is None else value.tz_convert("UTC").tz_localize(None)
    zone = None if value.tz is None else zone_name(value.tz)
    return {TAG: "timestamp", "v": moment.isoformat(), "unit": getattr(value, "unit", "ns"), "tz": zone}


@decoder("timestamp")
def _decode_timestamp(document: dict[str, Any], source: Source) -> Any:
    moment = pd.Timestamp(document["v"])
    if hasattr(moment, "as_unit"):
        moment = moment.as_unit(document["unit"])
    return moment if document["tz"] is None else moment.tz_localize("UTC").tz_convert(document["tz"])


def _timedelta(value: pd.Timedelta, sink: Sink) -> Json:
    return {TAG: "timedelta", "v": str(value.value), "unit": getattr(value, "unit", "ns")}


@decoder("timedelta")
def _decode_timedelta(document: dict[str, Any], source: Source) -> Any:
    span = pd.Timedelta(int(document["v"]), unit="ns")
    return span.as_unit(document["unit"]) if hasattr(span, "as_unit") else span


def _interval(value: pd.Interval, sink: Sink) -> Json:
    return {TAG: "interval", "v": [enc(value.left, sink), enc(value.right, sink)], "closed": value.closed}


@decoder("interval")
def _decode_interval(document: dict[str, Any], source: Source) -> Any:
    left, right = (dec(side, source) for side in document["v"])
    return pd.Interval(left, right, closed=document["closed"])


decoder("missing")(lambda document, source: pd.NaT if document["v"] == "NaT" else pd.NA)
decoder("column")(lambda document, source: decode_column(document, source))


def _dtype(value: Any, sink: Sink) -> Json:
    document = encode_dtype(value, sink)
    if isinstance(value, pd.CategoricalDtype):
        return {TAG: "categories", "values": document["categories"], "ordered": document["ordered"]}
    return {TAG: "dtype", "v": document}


decoder("dtype")(lambda document, source: decode_dtype(document["v"], source))


@decoder("categories")
def _decode_categories(document: dict[str, Any], source: Source) -> Any:
    return decode_dtype({"kind": "category", "categories": document["values"], "ordered": document["ordered"]}, source)


def encode_index(value: Any, sink: Sink) -> Json:
    if type(value) is pd.RangeIndex:
        bounds = [int(value.start), int(value.stop), int(value.step)]
        return {TAG: "index", "kind": "range", "v": bounds, "name": enc(value.name, sink)}
    if type(value) is pd.MultiIndex:
        levels = [encode_index(level, sink) for level in value.levels]
        codes = [enc(np.asarray(code), sink) for code in value.codes]
        return {TAG: "index", "kind": "multi", "levels": levels, "codes": codes, "names": enc(list(value.names), sink)}
    if type(value).__module__.split(".")[0] != "pandas":
        raise Opaque("an index class of another library")
    document = {TAG: "index", **encode_column(value._values, sink), "name": enc(value.name, sink)}
    freq = getattr(value, "freq", None)
    return {**document, "freq": freq.freqstr} if freq is not None and "period" not in str(value.dtype) else document


@decoder("index")
def decode_index(document: Json, source: Source) -> Any:
    kind = document.get("kind")
    if kind == "range":
        start, stop, step = document["v"]
        return pd.RangeIndex(start, stop, step, name=dec(document["name"], source))
    if kind == "multi":
        levels = [decode_index(level, source) for level in document["levels"]]
        codes = [dec(code, source) for code in document["codes"]]
        return pd.MultiIndex(levels=levels, codes=codes, names=dec(document["names"], source), verify_integrity=False)
    values = decode_column(document, source)
    index = pd.Index(values, dtype=values.dtype, name=dec(document["name"], source))
    if "freq" in document:
        index.freq = document["freq"]
    return index


def _series(value: pd.Series, sink: Sink) -> Json:
    if value.attrs:
        raise Opaque("a series with attributes of its own")
    name, index = enc(value.name, sink), encode_index(value.index, sink)
    return {TAG: "series", "name": name, "index": index, **encode_column(value._values, sink)}


@decoder("series")
def _decode_series(document: dict[str, Any], source: Source) -> Any:
    values, index = decode_column(document, source), decode_index(document["index"], source)
    return pd.Series(values, index=index, name=dec(document["name"], source), dtype=values.dtype)


def _frame(value: pd.DataFrame, sink: Sink) -> Json:
    if value.attrs:
        raise Opaque("a frame with attributes of its own")
    columns, index = encode_index(value.columns, sink), encode_index(value.index, sink)
    data = [encode_column(value.iloc[:, i]._values, sink) for i in range(value.shape[1])]
    return {TAG: "frame", "columns": columns, "index": index, "data": data}


@decoder("frame")
def _decode_frame(document: dict[str, Any], source: Source) -> Any:
    index = decode_index(document["index"], source)
    columns: dict[int, Any] = {}
    for i, column in enumerate(document["data"]):
        values = decode_column(column, source)
        # The dtype is given again: a constructor left to itself would make strings of objects.
        columns[i] = pd.Series(values, index=index, dtype=values.dtype)
    frame = pd.DataFrame(columns, index=index)
    frame.columns = decode_index(document["columns"], source)
    return frame
