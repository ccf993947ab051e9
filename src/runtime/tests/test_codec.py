"""Frozen values come back exactly as they were, dtype by dtype, through a reader that has one number type."""

from __future__ import annotations

import collections
import datetime
import json
import math

import numpy as np
import pandas as pd
import pytest

from iapp_runtime.codec import decode, encode
from iapp_runtime.codec.core import side_files

NEW = tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (2, 0)


def through_json(document):
    """What a JavaScript program in the middle does: floats without a fraction become integers."""

    def one_number_type(value):
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, list):
            return [one_number_type(item) for item in value]
        if isinstance(value, dict):
            return {key: one_number_type(item) for key, item in value.items()}
        assert not isinstance(value, int) or isinstance(value, bool) or abs(value) <= 2**53
        return value

    return one_number_type(json.loads(json.dumps(document, allow_nan=False)))


def round_trip(value, tmp_path, name="value"):
    return decode(through_json(encode(value, tmp_path, name)), tmp_path)


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, float):
        assert (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            same(x, y)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape
        assert a.flags.f_contiguous == b.flags.f_contiguous
        if a.dtype == object:
            for x, y in zip(a.ravel(), b.ravel()):
                same(x, y)
        else:
            assert np.array_equal(a, b, equal_nan=a.dtype.kind in "fc") or (a.dtype.kind == "M" and str(a) == str(b))
    elif isinstance(a, np.generic):
        assert a.dtype == b.dtype and (a == b or (a != a and b != b))
    elif isinstance(a, pd.Index):
        pd.testing.assert_index_equal(a, b, exact=True)
        assert getattr(a, "freq", None) == getattr(b, "freq", None)
    elif isinstance(a, pd.Series):
        pd.testing.assert_series_equal(a, b, check_exact=True, check_index_type="equiv", check_freq=True)
        assert type(a.index) is type(b.index)
    elif isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, check_exact=True, check_column_type="exact")
        assert [str(d) for d in a.dtypes] == [str(d) for d in b.dtypes]
    elif a is pd.NaT or a is pd.NA:
        assert a is b
    else:
        assert a == b


PLAIN = {
    "none": None,
    "flags": [True, False, None],
    "integral float": 28.0,
    "float": 0.1,
    "tiny": 5e-324,
    "minus zero": -0.0,
    "large float": 1e300,
    "nan": float("nan"),
    "infinite": [float("inf"), float("-inf")],
    "floats": [1.0, 2.5, float("nan"), -0.0, 1e22],
    "mixed numbers": [1, 1.0, True, "1"],
    "large integer": 2**80,
    "int64": [2**53 + 1, -(2**62)],
    "text": "Zürich \u2028 😀 \udc80",
    "bytes": b"\x00\xff",
    "complex": 1.5 - 2j,
    "tuple": (1, (2.0, "x"), []),
    "set": {"b", "a", 1.0},
    "frozenset": frozenset([(1, 2)]),
    "keys of all kinds": {1: "a", "1": "b", 1.5: "c", None: "d", ("x", 2): [1.0]},
    "number-like keys": {"10": "a", "9": "b"},
    "dollar": {"$": "float", "v": "1"},
    "proto": {"__proto__": 1},
    "order": {"b": 1, "a": 2},
    "ordered": collections.OrderedDict([("z", 1), ("a", 2)]),
    "counter": collections.Counter("aab"),
    "range": range(0, 10, 3),
    "slice": slice(None, 5),
    "date": datetime.date(2024, 2, 29),
    "datetime": datetime.datetime(2024, 2, 29, 12, 1, 2, 3, tzinfo=datetime.timezone.utc),
    "timedelta": datetime.timedelta(days=-1, microseconds=5),
    "types": [int, str, np.float32, object],
    "unknown class": [datetime.timezone(datetime.timedelta(hours=2)), 1],
}

NUMPY = {
    "float64": np.float64(28),
    "float64 nan": np.float64("nan"),
    "float32": np.float32(0.1),
    "int64": np.int64(2**62 + 1),
    "uint64": np.uint64(2**64 - 1),
    "bool": np.bool_(True),
    "str": np.str_("abc"),
    "datetime64": np.datetime64("2024-01-01T00:00:00.123456789"),
    "nat": np.datetime64("NaT", "D"),
    "timedelta64": np.timedelta64(5, "h"),
    "floats": np.array([1.0, np.nan, -0.0]),
    "f4": np.array([0.1, 1e30], dtype="f4"),
    "big-endian": np.array([1, 2, 3], dtype=">i4"),
    "empty": np.array([], dtype="i2"),
    "matrix": np.arange(6.0).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "large fortran": np.asfortranarray(np.arange(600.0).reshape(20, 30)),
    "zero dimensions": np.array(3),
    "strings": np.array(["a", "bcd"]),
    "bytes": np.array([b"a", b"bc"]),
    "complex": np.array([1 + 2j]),
    "objects": np.array(["a", None, 1.0, float("nan"), True, 3], dtype=object),
    "object matrix": np.array([["a", 1], [None, 2.0]], dtype=object),
    "many objects": np.array(["x", None, 0.5] * 100, dtype=object),
    "dates": np.array(["2024-01-01", "NaT"], dtype="M8[s]"),
    "many": np.random.default_rng(0).normal(size=1000),
    "records": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "dtype": np.dtype("int32"),
}

CATEGORY = pd.CategoricalDtype(["low", "high"], ordered=True)
PANDAS = {
    "timestamp": pd.Timestamp("2024-03-31 02:30:00.000000001"),
    "zone": pd.Timestamp("2024-10-27 00:30", tz="UTC").tz_convert("Europe/Berlin"),
    "offset": pd.Timestamp("2024-10-27 02:30", tz=datetime.timezone.utc),
    "timedelta": pd.Timedelta(days=3, nanoseconds=7),
    "missing": [pd.NaT, pd.NA],
    "interval": pd.Interval(0.5, 2.0, closed="left"),
    "range index": pd.RangeIndex(2, 20, 3, name="n"),
    "index": pd.Index(["a", "b", None], name="k"),
    "object index": pd.Index(["a", "b"], dtype=object),
    "int index": pd.Index([3, 1, 2]),
    "float index": pd.Index([0.5, np.nan, 2.0]),
    "mixed index": pd.Index(["a", 1, 2.0, ("t", 1)], tupleize_cols=False),
    "bool index": pd.Index([True, False]),
    "multi index": pd.MultiIndex.from_tuples([("a", 1), ("b", 2), ("a", 2)], names=["x", None]),
    "dates": pd.date_range("2024-01-01", periods=3, freq="D", tz="UTC"),
    "no freq": pd.DatetimeIndex(["2024-01-01", "2024-01-05", pd.NaT]),
    "deltas": pd.to_timedelta([1, 2, 7], unit="s"),
    "intervals": pd.cut(pd.Series([1, 5, 9]), [0, 3, 9]).cat.categories,
    "categories": pd.CategoricalIndex(["low", "high", "low"], dtype=CATEGORY),
    "periods": pd.period_range("2024-01", periods=3, freq="M"),
    "category dtype": CATEGORY,
    "interval dtype": pd.qcut(pd.Series(np.arange(10.0)), 4).dtype,
    "zone dtype": pd.DatetimeTZDtype("ns", "Europe/Paris"),
    "nullable dtype": pd.Int64Dtype(),
    "string dtype": pd.StringDtype(),
    "series": pd.Series([1, 2], index=["a", "b"], name="s"),
    "series of text": pd.Series(["a", None, "c"]),
    "object series": pd.Series(["a", "b"], dtype=object),
    "nested objects": pd.Series([[1, 2], {"a": 1}, None]),
    "category series": pd.Series(["low", None, "high"]).astype(CATEGORY),
    "nullable": pd.Series([1, None, 3], dtype="Int64"),
    "nullable bool": pd.Series([True, None], dtype="boolean"),
    "string series": pd.Series(["a", None], dtype="string"),
    "dates series": pd.Series(pd.to_datetime(["2024-01-01", None])),
    "long series": pd.Series(np.arange(3000.0), name=("a", 1)),
    "tuple name": pd.Series([1], name=("a", 1)),
    "array": pd.array([1, None], dtype="Int64"),
    "keyed series": {"a": pd.Series({"x": 1.0}), "b": pd.Series({2: "y"})},
}
FRAME = pd.DataFrame(
    {
        "i": [1, 2, 3],
        "f": [0.5, np.nan, 2.0],
        "o": pd.Series(["a", None, 1.5], dtype=object),
        "t": ["x", "y", None],
        "b": [True, False, True],
        "c": pd.Categorical(["low", "high", None], dtype=CATEGORY),
        "d": pd.date_range("2024-01-01", periods=3, tz="Asia/Tokyo"),
        "u": np.array([1, 2, 3], dtype="u1"),
    },
    index=pd.Index([5, 3, 9], name="id"),
)
FRAMES = {
    "frame": FRAME,
    "empty": pd.DataFrame(),
    "no rows": FRAME.iloc[:0],
    "no columns": pd.DataFrame(index=[1, 2]),
    "same names": pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"]),
    "integer names": pd.DataFrame(np.eye(2)),
    "levels": FRAME[["i", "f"]].groupby(FRAME["b"]).agg(["mean", "max"]),
    "long": pd.concat([FRAME] * 400, ignore_index=True),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_values(name, tmp_path):
    same(PLAIN[name], round_trip(PLAIN[name], tmp_path))


@pytest.mark.parametrize("name", NUMPY)
def test_numpy_values(name, tmp_path):
    same(NUMPY[name], round_trip(NUMPY[name], tmp_path))


@pytest.mark.parametrize("name", PANDAS)
def test_pandas_values(name, tmp_path):
    same(PANDAS[name], round_trip(PANDAS[name], tmp_path))


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name, tmp_path):
    same(FRAMES[name], round_trip(FRAMES[name], tmp_path))


@pytest.mark.parametrize("cases", [PLAIN, NUMPY, PANDAS, FRAMES], ids=["plain", "numpy", "pandas", "frames"])
def test_only_the_unknown_class_is_code(cases, tmp_path):
    code = [
        name for name in cases if isinstance(d := encode(cases[name], tmp_path, "v"), dict) and d.get("$") == "pickle"
    ]
    assert code == (["unknown class"] if cases is PLAIN else [])


def test_side_files_never_hold_a_pickle(tmp_path):
    document = encode(np.random.default_rng(1).normal(size=(50, 50)), tmp_path, "weights")
    assert document == {"$": "array", "file": "frozen/weights.npy"}
    np.load(tmp_path / document["file"], allow_pickle=False)


def test_the_same_value_gives_the_same_document(tmp_path):
    names = {f"name {i}" for i in range(50)}
    assert encode(names, tmp_path, "a") == encode({f"name {i}" for i in reversed(range(50))}, tmp_path, "a")


def test_every_side_file_is_named_in_the_document(tmp_path):
    value = {"t": FRAMES["long"], "s": PANDAS["long series"], "o": np.array([np.arange(99.0), None] * 50, dtype=object)}
    document = encode(value, tmp_path, "value")
    assert sorted(set(side_files(document))) == sorted(
        f"frozen/{path.name}" for path in (tmp_path / "frozen").iterdir()
    )
    same(value, decode(through_json(document), tmp_path))


def test_names_that_differ_in_case_get_different_files(tmp_path):
    upper = encode(np.zeros(100), tmp_path, "X")
    lower = encode(np.ones(100), tmp_path, "x")
    assert upper["file"].lower() != lower["file"].lower()
    assert decode(upper, tmp_path).sum() == 0


def test_a_changed_array_does_not_change_what_was_encoded(tmp_path):
    value = [np.zeros(100)]
    document = encode(value, tmp_path, "a")
    value[0][:] = 1
    assert decode(document, tmp_path)[0].sum() == 0


@pytest.mark.parametrize("path", ["../x.npy", "frozen/../../x.npy", "/etc/passwd", "frozen/a/b.npy", "frozen/.."])
def test_a_document_cannot_reach_outside_its_folder(path, tmp_path):
    with pytest.raises(ValueError, match="outside its folder"):
        decode({"$": "array", "file": path}, tmp_path)


def test_an_unknown_tag_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown kind of frozen value"):
        decode({"$": "quaternion", "v": 1}, tmp_path)
