"""One column (or index) of a pandas table: its dtype as a document and its values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from iapp_runtime.codec.core import Json, Opaque, Sink, Source
from iapp_runtime.codec.numeric import pack, unpack

NULLABLE = {
    **{name: name.lower() for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")},
    "Float32": "float32",
    "Float64": "float64",
    "boolean": "bool",
}


def encode_dtype(dtype: Any, sink: Sink) -> Json:
    from iapp_runtime.codec.tables import encode_index

    if isinstance(dtype, np.dtype) and dtype.kind != "V":
        return str(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        categories = None if dtype.categories is None else encode_index(dtype.categories, sink)
        return {"kind": "category", "categories": categories, "ordered": bool(dtype.ordered)}
    if isinstance(dtype, pd.DatetimeTZDtype):
        return {"kind": "datetime", "unit": dtype.unit, "tz": zone_name(dtype.tz)}
    if isinstance(dtype, pd.StringDtype):
        missing = "NA" if getattr(dtype, "na_value", pd.NA) is pd.NA else "nan"
        return {"kind": "string", "storage": getattr(dtype, "storage", "python"), "missing": missing}
    if str(dtype) in NULLABLE:
        return {"kind": "nullable", "name": str(dtype)}
    if isinstance(dtype, pd.IntervalDtype):
        closed = getattr(dtype, "closed", "right") or "right"
        return {"kind": "interval", "subtype": encode_dtype(dtype.subtype, sink), "closed": closed}
    if isinstance(dtype, pd.PeriodDtype):
        return {"kind": "period", "name": str(dtype)}
    raise Opaque(f"dtype {dtype}")


def decode_dtype(document: Json, source: Source) -> Any:
    from iapp_runtime.codec.tables import decode_index

    if isinstance(document, str):
        return np.dtype(document)
    kind = document["kind"]
    if kind == "category":
        categories = document["categories"]
        return pd.CategoricalDtype(
            None if categories is None else decode_index(categories, source), document["ordered"]
        )
    if kind == "datetime":
        return pd.DatetimeTZDtype(document["unit"], document["tz"])
    if kind == "string":
        return string_dtype(document["storage"], document["missing"])
    if kind == "nullable":
        return pd.api.types.pandas_dtype(document["name"])
    if kind == "interval":
        return pd.api.types.pandas_dtype(f"interval[{document['subtype']}, {document['closed']}]")
    return pd.api.types.pandas_dtype(document["name"])


def string_dtype(storage: str, missing: str) -> Any:
    """The string dtype, stored in plain Python where pyarrow is absent: the values are the same."""
    for tried in (storage, "python"):
        try:
            return pd.StringDtype(tried, na_value=np.nan) if missing == "nan" else pd.StringDtype(tried)
        except ImportError:
            continue
        except TypeError:  # a pandas that knows one missing value, or one storage, only
            return pd.StringDtype()
    raise ImportError("no string dtype can be made in this environment")


def zone_name(zone: Any) -> str:
    """A name from which pandas makes an equal zone again."""
    for name in (getattr(zone, "key", None), getattr(zone, "zone", None), str(zone)):
        if not name:
            continue
        try:
            if str(pd.Timestamp("2020-01-01", tz=name).tz) == str(zone):
                return str(name)
        except Exception:
            continue
    raise Opaque("a time zone without a name")


def encode_column(values: Any, sink: Sink) -> dict[str, Json]:
    """`{"dtype", "values"}` of a one-dimensional numpy or pandas array."""
    if type(values).__name__ in ("PandasArray", "NumpyExtensionArray"):
        values = values.to_numpy()
    dtype = values.dtype
    document = encode_dtype(dtype, sink)
    if isinstance(dtype, pd.CategoricalDtype):
        return {"dtype": document, "values": pack(np.asarray(values.codes), sink)}
    if isinstance(dtype, (pd.DatetimeTZDtype, pd.PeriodDtype)):
        return {"dtype": document, "values": pack(np.asarray(values.asi8), sink)}
    if isinstance(dtype, pd.IntervalDtype):
        sides = [
            encode_column(side._values if hasattr(side, "_values") else side, sink)
            for side in (values.left, values.right)
        ]
        return {"dtype": document, "values": sides}
    if isinstance(dtype, pd.StringDtype):
        objects = np.asarray(values.astype(object), dtype=object).copy()
        objects[np.asarray(pd.isna(values))] = None
        return {"dtype": document, "values": pack(objects, sink)}
    if isinstance(document, dict):
        hole = np.asarray(values.isna())
        data = values.to_numpy(dtype=NULLABLE[document["name"]], na_value=False if document["name"] == "boolean" else 0)
        if data.dtype.kind == "f" and np.isnan(data[~hole]).any():
            raise Opaque("a nullable column that holds both NaN and NA")
        return {"dtype": document, "values": pack(data, sink), "missing": pack(hole, sink)}
    return {"dtype": document, "values": pack(np.asarray(values), sink)}


def decode_column(document: dict[str, Any], source: Source) -> Any:
    """The numpy or pandas array of `encode_column`'s document."""
    dtype = decode_dtype(document["dtype"], source)
    values = document["values"]
    if isinstance(dtype, np.dtype):
        return unpack(values, dtype, source)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Categorical.from_codes(unpack(values, code_dtype(dtype), source), dtype=dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        stamps = unpack(values, np.dtype("i8"), source).view(f"M8[{dtype.unit}]")
        moments: Any = pd.DatetimeIndex(stamps).tz_localize("UTC").tz_convert(dtype.tz)
        return moments._values
    if isinstance(dtype, pd.PeriodDtype):
        return pd.arrays.PeriodArray(unpack(values, np.dtype("i8"), source), dtype=dtype)
    if isinstance(dtype, pd.IntervalDtype):
        left, right = (pd.Index(decode_column(side, source)) for side in values)
        return pd.arrays.IntervalArray.from_arrays(left, right, closed=document["dtype"]["closed"])
    if isinstance(dtype, pd.StringDtype):
        return pd.array(unpack(values, np.dtype(object), source).tolist(), dtype=dtype)
    data = unpack(values, np.dtype(NULLABLE[document["dtype"]["name"]]), source)
    hole = unpack(document["missing"], np.dtype(bool), source)
    out = pd.array(data, dtype=dtype)
    out[hole] = pd.NA
    return out


def code_dtype(dtype: Any) -> np.dtype:
    count = len(dtype.categories)
    return np.dtype("i1" if count < 128 else "i2" if count < 32768 else "i4" if count < 2**31 else "i8")
