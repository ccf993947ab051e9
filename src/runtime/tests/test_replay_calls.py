"""Calls that learn from all rows give for one row what they gave for it in training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from iapp_runtime.score import replay
from iapp_runtime.score.replay.request import begin

FRAME = pd.DataFrame(
    {
        "port": ["S", "C", None, "Q", "S", "C"],
        "cls": [1, 2, 3, 1, 2, 3],
        "fare": [7.25, 71.28, 8.05, np.nan, 26.0, 13.0],
        "name": ["Braund, Mr. Owen", "Cumings, Mrs. John", "Heikki", "Futrelle, Mrs. J", "Allen", "Moran, Mr."],
    }
)
SUBSETS = [[0], [2], [3], [5, 1], [0, 1, 2, 3, 4, 5]]


def part(rows):
    begin(len(rows))
    return FRAME.iloc[rows].reset_index(drop=True)


def same(got, expected):
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(got, expected.reset_index(drop=True))
    else:
        pd.testing.assert_series_equal(got, expected.reset_index(drop=True))


DUMMIES = {
    "all": {},
    "one column": {"columns": ["cls"]},
    "two columns": {"columns": ["cls", "port"], "prefix": ["klass", "p"], "prefix_sep": "="},
    "prefix by name": {"columns": ["cls", "port"], "prefix": {"cls": "c", "port": "p"}},
    "drop first": {"columns": ["port", "cls"], "drop_first": True},
    "missing too": {"columns": ["port"], "dummy_na": True},
    "floats": {"columns": ["port"], "dtype": float},
}


@pytest.mark.parametrize("rows", SUBSETS, ids=str)
@pytest.mark.parametrize("case", DUMMIES)
def test_dummies_of_a_frame(case, rows):
    data = FRAME.drop(columns=["name"])
    trained = pd.get_dummies(data, **DUMMIES[case])
    got = replay.dummies(part(rows).drop(columns=["name"]), trained.columns, **DUMMIES[case])
    same(got, trained.iloc[rows])


@pytest.mark.parametrize("rows", SUBSETS, ids=str)
@pytest.mark.parametrize("options", [{}, {"prefix": "p"}, {"dummy_na": True}, {"drop_first": True}], ids=str)
@pytest.mark.parametrize("column", ["port", "cls"])
def test_dummies_of_a_series(column, options, rows):
    trained = pd.get_dummies(FRAME[column], **options)
    same(replay.dummies(part(rows)[column], trained.columns, **options), trained.iloc[rows])


def test_dummies_of_a_number_column_with_a_hole_keep_the_others():
    trained = pd.get_dummies(FRAME[["cls"]], columns=["cls"])
    begin(2)
    got = replay.dummies(pd.DataFrame({"cls": [np.nan, 2.0]}), trained.columns, columns=["cls"])
    assert got.astype(int).values.tolist() == [[0, 0, 0], [0, 1, 0]]


def test_dummies_of_an_unseen_category_are_zero():
    begin(1)
    names = ["port_C", "port_Q", "port_S"]
    assert replay.dummies(pd.DataFrame({"port": ["Z"]}), names).astype(int).values.tolist() == [[0, 0, 0]]


def test_dummies_of_a_column_that_is_boolean_in_training_and_has_a_hole_now():
    begin(2)
    got = replay.dummies(pd.DataFrame({"b": [True, None], "p": ["x", "y"]}), ["b", "p_x", "p_y"])
    assert got["b"].tolist()[0] is True and got["b"].isna().tolist() == [False, True]


def test_sparse_dummies():
    trained = pd.get_dummies(FRAME["port"], sparse=True)
    got = replay.dummies(part([1])["port"], trained.columns, sparse=True)
    assert (
        got.dtypes.tolist() == trained.dtypes.tolist()
        and got.to_numpy().tolist() == trained.iloc[[1]].to_numpy().tolist()
    )


@pytest.mark.parametrize("rows", SUBSETS, ids=str)
def test_expand_of_split(rows):
    trained = FRAME["name"].str.split(",", expand=True)
    got = replay.expand(part(rows)["name"].str.split(",", expand=True), trained.columns)
    expected = trained.iloc[rows].reset_index(drop=True)
    assert got.columns.tolist() == expected.columns.tolist() and got.dtypes.tolist() == expected.dtypes.tolist()
    assert got.astype(object).where(got.notna(), None).equals(expected.astype(object).where(expected.notna(), None))


def test_expand_refuses_more_parts_than_training_had():
    begin(2)
    frame = pd.Series(["a,b", "a,b,c"]).str.split(",", expand=True)
    with pytest.raises(replay.Refused, match="more parts") as refused:
        replay.expand(frame, [0, 1])
    assert refused.value.rows == [1]


@pytest.mark.parametrize("rows", SUBSETS, ids=str)
@pytest.mark.parametrize("labels", [None, False, ["low", "mid", "high"]], ids=str)
@pytest.mark.parametrize("how", ["cut", "qcut"])
def test_bins(how, labels, rows):
    trained, edges = getattr(pd, how)(FRAME["fare"], 3, labels=labels, retbins=True)
    dtype = trained.dtype if labels is not False else None
    got = replay.bins(part(rows)["fare"], edges, labels=labels, include_lowest=how == "qcut", dtype=dtype)
    expected = trained.iloc[rows].reset_index(drop=True)
    if labels is False:  # codes of rows without a hole are integers, with one floats
        assert got.astype(float).equals(expected.astype(float))
    else:
        pd.testing.assert_series_equal(got, expected)


def test_bins_refuse_what_is_outside_or_leave_it_missing():
    begin(2)
    x = pd.Series([5.0, 500.0], name="fare")
    with pytest.raises(replay.Refused, match="fare: outside the range") as refused:
        replay.bins(x, [0, 10, 100])
    assert refused.value.rows == [1]
    assert replay.bins(x, [0, 10, 100], outside="missing").isna().tolist() == [False, True]
    assert list(replay.bins(np.array([5.0]), [0, 10, 100], labels=["a", "b"])) == ["a"]


@pytest.mark.parametrize("rows", SUBSETS, ids=str)
@pytest.mark.parametrize("column", ["port", "cls", "fare"])
def test_codes(column, rows):
    codes, uniques = pd.factorize(FRAME[column])
    got, again = replay.codes(part(rows)[column], uniques)
    assert got.tolist() == codes[rows].tolist() and got.dtype == codes.dtype and again is uniques


def test_codes_refuse_the_unseen():
    begin(2)
    with pytest.raises(replay.Refused, match="port: a value that was never seen") as refused:
        replay.codes(pd.Series(["S", "Z"], name="port"), pd.Index(["S"]))
    assert (refused.value.rows, refused.value.field) == ([1], "port")


@pytest.mark.parametrize("rows", SUBSETS, ids=str)
def test_group_statistics(rows):
    learned = FRAME.groupby("cls")["fare"].mean()
    trained = FRAME.groupby("cls")["fare"].transform("mean")
    for table in (learned, learned.to_dict()):
        same(replay.by_group(part(rows)["fare"], part(rows)["cls"], table), trained.iloc[rows])


@pytest.mark.parametrize("rows", SUBSETS, ids=str)
def test_group_fill(rows):
    table = FRAME.groupby("cls")["fare"].median()
    trained = FRAME["fare"].fillna(FRAME.groupby("cls")["fare"].transform("median"))
    same(replay.by_group(part(rows)["fare"], part(rows)["cls"], table, fill=True), trained.iloc[rows])


def test_groups_by_several_keys_and_missing_keys():
    frame = pd.DataFrame({"a": ["x", "x", "y", None], "b": [1, 2, 1, 1], "v": [1.0, 2.0, 3.0, 4.0]})
    trained = frame.groupby(["a", "b"])["v"].transform("max")
    table = frame.groupby(["a", "b"])["v"].max()
    begin(4)
    same(replay.by_group(frame["v"], [frame["a"], frame["b"]], table), trained)
    same(replay.by_group(frame["v"], [frame["a"]], {"x": 2.0, "y": 3.0}), pd.Series([2.0, 2.0, 3.0, np.nan], name="v"))


def test_an_unseen_group_is_refused_or_left_missing():
    begin(2)
    values, keys = pd.Series([np.nan, 2.0], name="v"), pd.Series(["new", "x"], name="k")
    with pytest.raises(replay.Refused, match="k: a group that was never seen") as refused:
        replay.by_group(values, keys, {"x": 1.0})
    assert (refused.value.rows, refused.value.field) == ([0], "k")
    same(replay.by_group(values, keys, {"x": 1.0}, fill=True), values)


def test_group_statistics_of_a_frame():
    frame = FRAME[["fare", "cls"]]
    trained = frame.groupby("cls").transform("mean")
    table = frame.groupby("cls").mean()
    begin(6)
    same(replay.by_group(frame[["fare"]], frame["cls"], table), trained)


def test_recorded_dtypes():
    begin(3)
    kind = pd.CategoricalDtype(["C", "Q", "S"])
    assert replay.as_recorded(pd.Series(["S", None]), kind).cat.codes.tolist() == [2, -1]
    with pytest.raises(replay.Refused, match="never seen"):
        replay.as_recorded(pd.Series(["Z"]), kind)
    assert replay.as_recorded(pd.Series([1.0, 2.0]), "int64").dtype == np.int64
    assert replay.as_recorded(pd.Series([1.0, None]), np.dtype("int64")).dtype == np.float64
    assert replay.as_recorded(np.array([1, 2]), "float32").dtype == np.float32
    assert replay.as_recorded(pd.Series([1, 2]), "Int64").dtype == "Int64"
    frame = replay.as_recorded(pd.DataFrame({"a": [1], "b": [2]}), {"a": "float64"})
    assert frame.dtypes.astype(str).tolist() == ["float64", "int64"]
    same_object = pd.Series([1])
    assert replay.as_recorded(same_object, same_object.dtype) is same_object


def test_scaled():
    x = FRAME[["cls"]].to_numpy(dtype=float)
    got = replay.scaled(FRAME[["cls"]].iloc[[4]], x.mean(axis=0), x.std(axis=0))
    assert np.array_equal(got, ((x - x.mean(axis=0)) / x.std(axis=0))[[4]])


def test_checks(monkeypatch):
    frame = part([0, 1, 2, 3])
    replay.check(frame["cls"] > 0, "never")
    replay.check(True, "never")
    with pytest.raises(replay.Refused, match="cell 3: port is missing") as refused:
        replay.check(frame["port"].notna(), "cell 3: port is missing")
    assert refused.value.rows == [2]
    with pytest.raises(replay.Refused) as refused:
        replay.check(frame.iloc[[3, 2, 1]]["fare"] > 10, "small")
    assert refused.value.rows == [2, 3], "by label, and a missing comparison does not pass"
    with pytest.raises(replay.Refused) as refused:
        replay.check(pd.array([True, None, True, False], dtype="boolean"), "nullable")
    assert refused.value.rows == [1, 3]
    with pytest.raises(replay.Refused) as refused:
        replay.check(np.bool_(False), "all")
    assert refused.value.rows == [0, 1, 2, 3]
    replay.check([True, False, True, True], "noted", on_fail="flag")
    assert replay.flagged() == [("noted", [1])]


def test_identity_on_rows_gives_objects_of_their_own():
    frame = part([0, 1])
    array, texts = np.zeros(2), ["a", "b"]
    for make in (replay.keep, lambda x: replay.split(x)[1]):
        kept = [make(frame), make(array), make(texts)]
        kept[0]["fare"] = 0.0
        kept[1][:] = 1
        kept[2].append("c")
    assert frame["fare"].iloc[0] == 7.25 and array.sum() == 0 and texts == ["a", "b"]
    train, test = replay.split(frame)
    train["fare"] = train["fare"] / 2
    test["fare"] = test["fare"] / 2
    assert train["fare"].iloc[0] == test["fare"].iloc[0] == 7.25 / 2


def test_request_order_comes_back():
    frame = part([0, 1, 2, 3, 4, 5])
    grouped = pd.concat([group for _, group in frame.groupby("cls")])
    pd.testing.assert_frame_equal(replay.in_request_order(grouped), frame)
    for lost in (grouped.iloc[:3], pd.concat([grouped, grouped]), grouped.set_axis(list("abcdef")), [1, 2]):
        with pytest.raises(ValueError, match="rows"):
            replay.in_request_order(lost)
    assert replay.in_request_order(np.arange(6)).tolist() == [0, 1, 2, 3, 4, 5]


def test_concat_uses_the_parts_with_rows_of_the_request():
    frame = part([0, 1])
    other = FRAME.drop(columns=["port"])
    names = ["name", "cls", "fare", "label"]
    for live in ([True, False], [0]):
        got = replay.concat_rows([frame, other], live, names)
        assert got.columns.tolist() == names and len(got) == 2 and got["label"].isna().all()
    parts = [frame.iloc[[1]], frame.iloc[[0]]]
    pd.testing.assert_frame_equal(replay.concat_rows(parts, [True, True]), frame)
    assert replay.concat_rows([np.zeros((2, 1)), np.ones((5, 1))], [True, False]).shape == (2, 1)
    with pytest.raises(ValueError, match="none of the parts"):
        replay.concat_rows([frame], [False])


class Encoder:
    classes = ("S", "C")

    def transform(self, x):
        if any(value not in self.classes for value in x):
            raise ValueError("unseen")
        return np.array([self.classes.index(value) for value in x])

    def broken(self, x):
        if len(x) > 1:
            raise ValueError("fails in company only")


def test_restored_estimators_refuse_the_rows_they_cannot_handle():
    begin(3)
    series = pd.Series(["S", "Z", "C"], name="port")
    assert replay.restored(Encoder(), "transform", series[series != "Z"]).tolist() == [0, 1]
    with pytest.raises(replay.Refused, match=r"port: Encoder.transform cannot handle") as refused:
        replay.restored(Encoder(), "transform", series)
    assert (refused.value.rows, refused.value.field) == ([1], "port") and "Z" not in refused.value.message
    with pytest.raises(ValueError, match="fails in company only"):
        replay.restored(Encoder(), "broken", series)
