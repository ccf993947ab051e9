"""numpy scalars, arrays and dtypes; and the packing of one-dimensional values that tables use too."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from iapp_runtime.codec.core import TAG, Encoder, Json, Opaque, Sink, Source, dec, decoder, enc
from iapp_runtime.codec.plain import integer, loose_float

INLINE = 64  # values; more of them go to a side file
BUILTIN_TYPES = {
    kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, object, list, tuple, dict, set)
}


def find_encoder(value: Any) -> Optional[Encoder]:
    if isinstance(value, type):
        return _type
    if isinstance(value, np.dtype):
        return _dtype
    if type(value) is np.ndarray:
        return _array
    if isinstance(value, np.generic) and type(value).__module__ == "numpy":
        return _scalar
    return None


def _type(value: type, sink: Sink) -> Json:
    if BUILTIN_TYPES.get(value.__name__) is value:
        return {TAG: "type", "v": value.__name__}
    if issubclass(value, np.generic) and getattr(np, value.__name__, None) is value:
        return {TAG: "type", "v": f"numpy.{value.__name__}"}
    raise Opaque("a class")


@decoder("type")
def _decode_type(document: dict[str, Any], source: Source) -> Any:
    name = document["v"]
    return getattr(np, name[len("numpy.") :]) if name.startswith("numpy.") else BUILTIN_TYPES[name]


def _dtype(value: np.dtype, sink: Sink) -> Json:
    if value.kind == "V":
        raise Opaque("a structured dtype")
    return {TAG: "dtype", "v": str(value)}


def _scalar(value: np.generic, sink: Sink) -> Json:
    packed = pack(np.asarray(value).reshape(1), sink)
    if not isinstance(packed, list):
        raise Opaque("a numpy scalar of a rare kind")
    return {TAG: "np", "dtype": str(value.dtype), "v": packed[0]}


@decoder("np")
def _decode_scalar(document: dict[str, Any], source: Source) -> Any:
    return unpack([document["v"]], np.dtype(document["dtype"]), source)[0]


def _array(value: np.ndarray, sink: Sink) -> Json:
    if value.dtype.kind in "Vc" or (value.dtype.kind == "O" and value.dtype.metadata):
        return {TAG: "array", "file": npy(value, sink)}
    fortran = value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous
    if value.size > INLINE and value.dtype.kind != "O":
        return {TAG: "array", "file": npy(value, sink)}
    flat = value.reshape(-1, order="F" if fortran else "C")
    document = {TAG: "array", "dtype": str(value.dtype), "shape": list(value.shape), "values": pack(flat, sink)}
    return {**document, "order": "F"} if fortran else document


@decoder("array")
def _decode_array(document: dict[str, Any], source: Source) -> Any:
    if "file" in document:
        return np.load(source.path(document["file"]), allow_pickle=False)
    flat = unpack(document["values"], np.dtype(document["dtype"]), source)
    return flat.reshape(document["shape"], order=document.get("order", "C"))


def npy(value: np.ndarray, sink: Sink) -> str:
    """Plans a `.npy` file without a pickle inside; the values are copied now, the caller may go on changing them."""
    if value.dtype.hasobject:
        raise Opaque("objects inside a structured array")
    stored = value.copy(order="K")
    return sink.file(".npy", lambda path: np.save(path, stored, allow_pickle=False))


def pack(values: np.ndarray, sink: Sink) -> Json:
    """The elements of a one-dimensional array: a list when short, else `{"$": "values", "file": ...}`."""
    kind = values.dtype.kind
    if kind == "O":
        items = [enc(item, sink) for item in values.tolist()]
        return items if len(items) <= INLINE else sink.json_file(items)
    if kind not in "biufUMm" or (kind == "f" and values.dtype.itemsize > 8) or len(values) > INLINE:
        return {TAG: "values", "file": npy(values, sink)}
    if kind in "Mm":
        return [str(item) for item in values.astype(values.dtype.newbyteorder("="), copy=False).view("i8").tolist()]
    if kind == "f":
        return [loose_float(float(item)) for item in values.tolist()]
    if kind in "iu":
        return [item if isinstance(integer(item), int) else str(item) for item in values.tolist()]
    return values.tolist()


def unpack(packed: Json, dtype: np.dtype, source: Source) -> np.ndarray:
    """The array of what `pack` gave."""
    if isinstance(packed, dict):
        name = packed["file"]
        if not name.endswith(".json"):
            return np.load(source.path(name), allow_pickle=False)
        packed = source.json_file(name)
    if dtype.kind == "O":
        out = np.empty(len(packed), dtype=object)
        for i, item in enumerate(packed):  # one by one: numpy would spread nested lists over dimensions
            out[i] = dec(item, source)
        return out
    if dtype.kind in "Mm":
        return (
            np.array([int(item) for item in packed], dtype="i8").view(dtype.newbyteorder("=")).astype(dtype, copy=False)
        )
    if dtype.kind == "f":
        return np.array([float(item) for item in packed], dtype=dtype)
    if dtype.kind in "iu":
        return np.array([int(item) for item in packed], dtype=dtype)
    return np.array(packed, dtype=dtype)
