"""The raw table of a request is the one that reading a file with these rows would have given."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from iapp_runtime.score.replay import Refused, row_count, rows_in

CSV = "age,fare,sex,alive,when\n22,7.25,male,True,2024-01-05\n38,71.0,female,False,2024-02-29\n4,,,True,\n"
TEXT = str(pd.read_csv(io.StringIO(CSV))["sex"].dtype)  # object, or str since pandas 3
SOURCE = {
    "kind": "frame",
    "columns": {"age": "int64", "fare": "float64", "sex": TEXT, "alive": "bool", "when": "datetime64[ns]"},
}
REQUIRED = {"age": int, "fare": float, "sex": str}
OPTIONAL = {"alive": True, "when": None}


def raw():
    return pd.read_csv(io.StringIO(CSV), parse_dates=["when"]).astype({"when": "datetime64[ns]"})


def as_dicts(frame):
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{k: v.isoformat() if isinstance(v, pd.Timestamp) else v for k, v in row.items()} for row in rows]


@pytest.mark.parametrize("rows", [[0], [1], [2], [0, 1, 2], [2, 0], []])
def test_dicts_give_the_table_as_read(rows):
    frame = rows_in(as_dicts(raw().iloc[rows]), SOURCE, REQUIRED, OPTIONAL)
    pd.testing.assert_frame_equal(frame, raw().iloc[rows].reset_index(drop=True))
    assert row_count() == len(rows)


@pytest.mark.parametrize("rows", [[1], [2, 0], [0, 1, 2]])
def test_the_raw_table_passes_unchanged(rows):
    given = raw().iloc[rows]
    frame = rows_in(given, SOURCE, REQUIRED, OPTIONAL)
    pd.testing.assert_frame_equal(frame, given.reset_index(drop=True))
    frame["age"] = -1
    frame.loc[0, "fare"] = -1.0
    assert (given["age"] != -1).all() and given["fare"].iloc[0] != -1


def test_optional_columns_get_their_default_and_others_are_ignored():
    frame = rows_in([{"sex": "male", "fare": 1, "age": 3, "extra": 1}], SOURCE, REQUIRED, OPTIONAL)
    assert list(frame.columns) == ["age", "fare", "sex", "alive", "when"]
    assert frame["alive"].tolist() == [True] and frame["when"].isna().all()
    assert str(frame["when"].dtype) == "datetime64[ns]"
    frame = rows_in(raw()[["age", "fare", "sex"]], SOURCE, REQUIRED, OPTIONAL)
    assert frame["alive"].tolist() == [True] * 3


def test_a_hole_in_integers_makes_floats_as_read_csv_does():
    rows = [{"age": None, "fare": 1, "sex": "a"}, {"age": 3.0, "fare": 2, "sex": None}]
    frame = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)
    assert frame["age"].dtype == np.float64 and np.isnan(frame["age"][0]) and frame["age"][1] == 3
    expected = pd.read_csv(io.StringIO("age\n\n3\n"), skip_blank_lines=False)["age"]
    pd.testing.assert_series_equal(frame["age"], expected)


def test_a_hole_in_booleans_makes_objects_as_read_csv_does():
    rows = [{"age": 1, "fare": 1, "sex": "a", "alive": None}, {"age": 1, "fare": 2, "sex": None, "alive": True}]
    frame = rows_in(rows, SOURCE, REQUIRED, OPTIONAL)
    assert frame["alive"].dtype == object and frame["alive"].isna().tolist() == [True, False]


WRONG = [
    ("age", "22", "not a whole number"),
    ("age", 22.5, "not a whole number"),
    ("age", True, "not a whole number"),
    ("age", 2**70, "outside the range of int64"),
    ("age", [1], "not a whole number"),
    ("fare", "7", "not a number"),
    ("fare", False, "not a number"),
    ("fare", 10**400, "outside the range of numbers"),
    ("alive", "yes", "neither true nor false"),
    ("alive", 1, "neither true nor false"),
    ("when", "soon", "not a date or time"),
    ("when", 17, "not a date or time"),
    ("when", "2024-01-01T00:00:00+02:00", "not a date or time"),
]


@pytest.mark.parametrize(("column", "value", "words"), WRONG)
def test_values_of_another_type_are_refused_by_row_and_column(column, value, words):
    rows = as_dicts(raw())
    rows[1] = {**rows[1], column: value}
    with pytest.raises(Refused, match=words) as refused:
        rows_in(rows, SOURCE, REQUIRED, OPTIONAL)
    assert (refused.value.rows, refused.value.field) == ([1], column)
    assert str(value) not in refused.value.message.replace("int64", "")


def test_an_absent_required_column_is_refused():
    with pytest.raises(Refused, match="fare: this column is needed") as refused:
        rows_in([{"age": 1, "sex": "a", "fare": 1}, {"age": 1, "sex": "a"}], SOURCE, REQUIRED, OPTIONAL)
    assert refused.value.rows == [1]


DTYPES = {
    "int8": [1, -5],
    "uint16": [1, 65535],
    "float32": [0.1, None],
    "Int64": [1, None],
    "Float64": [0.5, None],
    "boolean": [True, None],
    "string": ["a", None],
    "datetime64[ns, Europe/Berlin]": ["2024-10-27T00:30:00+00:00", None],
    "timedelta64[ns]": ["1 days 02:00:00", None],
}


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_dtypes(dtype):
    source = {"kind": "frame", "columns": {"x": dtype}}
    for values in (DTYPES[dtype], DTYPES[dtype][:1]):
        frame = rows_in([{"x": value} for value in values], source, {"x": object}, {})
        assert str(frame["x"].dtype) == dtype
        assert frame["x"].isna().tolist() == [value is None for value in values]
    again = rows_in(frame, source, {"x": object}, {})
    pd.testing.assert_frame_equal(frame, again)


def test_categories_are_those_of_training():
    source = {"kind": "frame", "columns": {"deck": {"categories": ["A", "B", "C"], "ordered": True}}}
    frame = rows_in([{"deck": "C"}, {"deck": None}], source, {"deck": str}, {})
    assert frame["deck"].cat.codes.tolist() == [2, -1] and frame["deck"].cat.ordered
    with pytest.raises(Refused, match="never seen in training"):
        rows_in([{"deck": "Z"}], source, {"deck": str}, {})
    with pytest.raises(TypeError, match="categories of column 'deck' are not recorded"):
        rows_in([{"deck": "A"}], {"kind": "frame", "columns": {"deck": "category"}}, {"deck": str}, {})


def test_number_names_are_found_by_text():
    source = {"kind": "frame", "columns": {0: "float64", 1: TEXT}}
    frame = rows_in([{"0": 1.5, "1": "a"}], source, {0: float, 1: str}, {})
    assert list(frame.columns) == [0, 1] and frame[0][0] == 1.5
    assert rows_in([[1.5, "a"]], source, {0: float, 1: str}, {}).equals(frame)


def test_series_arrays_and_lists():
    series = {"kind": "series", "columns": {"text": TEXT}}
    got = rows_in(["a", None], series, {"text": str}, {})
    assert got.name == "text" and str(got.dtype) == TEXT and got.isna().tolist() == [False, True]
    assert rows_in([{"text": "a"}, {"text": None}], series, {"text": str}, {}).equals(got)
    assert rows_in(got.iloc[1:], series, {"text": str}, {}).index.tolist() == [0]

    array = {"kind": "array", "columns": {"0": "float64", "1": "float64"}}
    expected = np.array([[1.0, np.nan], [3.0, 4.0]])
    for rows in ([[1, None], [3, 4]], [{"0": 1, "1": None}, {"0": 3, "1": 4}], expected):
        got = rows_in(rows, array, {"0": float, "1": float}, {})
        assert got.dtype == np.float64 and np.array_equal(got, expected, equal_nan=True)
    with pytest.raises(Refused, match="1: this column is needed"):
        rows_in([[1]], array, {}, {})

    images = {"kind": "array", "columns": {"0": "float64"}, "shape": [2, 2]}
    assert rows_in([[[1, 2], [3, 4]]], images, {}, {}).shape == (1, 2, 2)
    with pytest.raises(Refused, match="not of the shape"):
        rows_in([[[1, 2]]], images, {}, {})

    texts = {"kind": "list", "columns": {"text": "object"}}
    assert rows_in(["a", "b"], texts, {"text": str}, {}) == ["a", "b"]
    assert rows_in([{"text": "a"}, {"text": "b"}], texts, {"text": str}, {}) == ["a", "b"]
