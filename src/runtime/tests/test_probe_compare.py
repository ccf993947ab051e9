"""When two answers count as the same, and which rows are worth sending alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from iapp_runtime.train.compare import compare
from iapp_runtime.train.json_rows import NotSendable, json_rows, sendable
from iapp_runtime.train.row_choice import single_rows

NAN = float("nan")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0, NAN, 0.0], [1.0, NAN, -0.0]),
        ([1, 2], [1.0, 2.0]),
        ([1.0], [1.0 + 1e-12]),
        ([np.float32(0.1)] * 2, [np.float32(0.1000001)] * 2),
        (["a", None], ["a", NAN]),
        (np.array(["2020-01-01", "NaT"], "M8[ns]"), np.array(["2020-01-01", "NaT"], "M8[ns]")),
        ([1000.0, 3e-14], [1000.0, 5e-14]),
        ([[1, 2], [3]], [[1, 2], [3]]),
    ],
)
def test_same(a, b):
    assert compare(np.asarray(a, object if isinstance(a[0], list) else None), b).equal


@pytest.mark.parametrize(
    ("a", "b", "row"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-7], 1),
        ([1.0, NAN], [1.0, 2.0], 1),
        ([1.0], [float("inf")], 0),
        ([2**53 + 1], [2**53], 0),
        (["a", "b"], ["a", "c"], 1),
        (["1"], [1], 0),
        ([True, False], [True, True], 1),
        ([[1, 2], [3]], [[1, 2], [4]], 1),
    ],
)
def test_not_the_same(a, b, row):
    kind = object if isinstance(a[0], (list, str)) or isinstance(b[0], str) else None
    found = compare(np.asarray(a, kind), np.asarray(b, kind))
    assert not found.equal
    assert found.first is not None and found.first.row == row


def test_exact_allows_no_rounding():
    assert compare(np.array([1.0]), np.array([1.0 + 1e-15])).equal
    assert not compare(np.array([1.0]), np.array([1.0 + 1e-15]), exact=True).equal


def test_the_wide_bound_is_for_numbers_of_32_bits_only():
    many = np.random.RandomState(0).rand(50)
    assert not compare(many, many * (1 + 3e-6)).equal
    assert compare(many.astype(np.float32), (many * (1 + 3e-6)).astype(np.float32)).equal
    # By their nature: 64-bit storage of 32-bit results.
    single = many.astype(np.float32).astype(float)
    found = compare(single, single * (1 + 3e-6))
    assert found.equal and found.single_precision


def test_columns_in_another_order_are_a_difference():
    frame = pd.DataFrame({"a": [1.0], "b": [1.0]})
    found = compare(frame, frame[["b", "a"]])
    assert not found.equal and found.first is not None and found.first.column == "a"
    assert not compare(frame, frame[["a"]]).equal
    assert not compare(frame, frame.to_numpy()).equal


def test_sparse_matrices_by_place():
    a = sparse.random(20, 30, 0.2, random_state=1, format="csr")
    b = a.copy()
    assert compare(a, b).exact
    b[7, 3] = 5.0
    found = compare(a, b)
    assert not found.equal and found.first is not None and (found.first.row, found.first.column) == (7, "3")
    assert not compare(a, a.toarray()).equal


def test_another_number_of_rows():
    assert not compare(np.zeros((3, 2)), np.zeros((2, 2))).equal


def test_rows_travel_as_json():
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "f": [0.1, NAN],
            "s": ["ü", None],
            "b": [True, False],
            "t": pd.to_datetime(["2020-01-02 03:04", None]),
        }
    )
    assert json_rows(frame, [0, 1]) == [
        {"i": 1, "f": 0.1, "s": "ü", "b": True, "t": "2020-01-02T03:04:00"},
        {"i": 2, "f": None, "s": None, "b": False, "t": None},
    ]
    assert json_rows(frame, [1], ["s", "i"]) == [{"i": 2, "s": None}]
    assert json_rows(np.array([[1.5, 2.0]]), [0]) == [[1.5, 2.0]]
    assert json_rows(["a", "b"], [1]) == ["b"]
    assert json_rows(pd.Series([1, 2], name="x"), [1]) == [{"x": 2}]


def test_what_json_cannot_carry_is_named():
    frame = pd.DataFrame({"x": [1.0, np.inf, 3.0]})
    with pytest.raises(NotSendable) as problem:
        json_rows(frame, [0, 1])
    assert (problem.value.position, problem.value.column) == (1, "x")
    good, bad = sendable(frame, [0, 1, 2])
    assert good == [0, 2]
    assert bad[0][0] == 1


def test_chosen_rows_hold_the_extremes_the_rare_and_the_holes():
    frame = pd.DataFrame(
        {"x": np.arange(2000.0), "c": np.where(np.arange(2000) == 777, "rare", "usual").astype(object)}
    )
    frame.loc[[100, 1500], "x"] = np.nan
    chosen = single_rows(frame, range(2000))
    assert {0, 1999, 777, 100, 1500} <= set(chosen)
    assert 30 <= len(chosen) <= 110
    assert single_rows(frame, [5, 6]) == [5, 6] or set(single_rows(frame, [5, 6])) == {5, 6}
