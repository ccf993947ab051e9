"""Answers that were typed when the notebook was saved stand in for the person who typed them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from record_helper import prove, record
from trap_data import write_tables

from iapp_runtime.train.answers import Answers, NoStoredAnswer
from iapp_runtime.train.paths import Paths

READ = "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\ndf = pd.read_csv('people.csv')"
FIT = "X = df[['age', 'income']].fillna(fill)\nm = LinearRegression().fit(X, df['price'])\nm.predict(X)"


def lines(*texts: str, typed: bool = False) -> list[dict[str, Any]]:
    return [{"text": text, "typed": typed} for text in texts]


def test_the_answer_is_what_follows_the_prompt() -> None:
    answers = Answers({"1": lines("Hello", "Age: 42", "Name:  Ann ")}, [])
    answers.begin(1)
    assert answers.input("Age: ") == "42"
    assert answers.input("Name: ") == " Ann "


def test_newer_front_ends_put_a_blank_after_the_prompt() -> None:
    answers = Answers({"1": lines("Age:  42", " 7", typed=True)}, [])
    answers.begin(1)
    assert answers.input("Age: ") == "42"
    assert answers.input() == "7"


def test_questions_are_answered_in_order_and_once() -> None:
    answers = Answers({"2": lines("n: 1", "n: 2")}, [])
    answers.begin(2)
    assert [answers.input("n: "), answers.input("n: ")] == ["1", "2"]
    with pytest.raises(NoStoredAnswer):
        answers.input("n: ")
    answers.begin(3)
    with pytest.raises(NoStoredAnswer):
        answers.input("n: ")


def test_printed_lines_answer_no_question_without_a_prompt() -> None:
    answers = Answers({"1": lines("42")}, [])
    answers.begin(1)
    with pytest.raises(NoStoredAnswer):
        answers.input()
    with pytest.raises(NoStoredAnswer):
        answers.getpass("Token: ")


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: dict[str, Any]) -> Any:
    write_tables(tmp_path)
    cells = [READ, "fill = float(input('Fill holes with: '))", FIT]
    return record(cells, tmp_path, monkeypatch, answers=stored)


def test_the_model_is_made_with_the_stored_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(tmp_path, monkeypatch, {"2": lines("Fill holes with: 3.5")})
    prove(ran)
    assert "3.5" in ran.document["warnings"][0]["text"]
    assert "frozen.fill" in ran.text or "3.5" in str(ran.document["frozen"])


def test_without_one_the_run_is_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = run(tmp_path, monkeypatch, {}).document["refusal"]
    assert "cell 2 fails here (NoStoredAnswer: input('Fill holes with: ') waits for a person" in refusal["reason"]
    assert "-p NAME=value" in refusal["remedy"]


@pytest.mark.parametrize(
    "read",
    [
        "pd.read_csv('/kaggle/input/people/people.csv')",
        "pd.read_csv('C:\\\\data\\\\people.csv')",
        "pd.read_csv('../input/people.csv')",
        "pd.read_csv(open('/content/people.csv'))",
        "pd.read_csv('http://localhost:1/people.csv')",
    ],
)
def test_a_file_of_another_machine_is_read_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    write_tables(tmp_path)
    named = read.split("'")[1].replace("\\\\", "\\")
    cells = [READ.split("df =")[0] + f"df = {read}", "fill = 0", FIT]
    here = str(tmp_path / "people.csv")
    ran = record(cells, tmp_path, monkeypatch, paths={named: here})
    prove(ran)
    assert ran.document["warnings"][0]["text"] == f"{named} is not here: people.csv was read in its place"
    assert here in [file["path"] for file in ran.document["data_files"]]
    assert ran.document["source"]["name"] == "df"


def test_what_is_there_is_read_as_it_is_and_nothing_is_written_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("own")
    (tmp_path / "twin.txt").write_text("twin")
    table = {str(tmp_path / name): str(tmp_path / "twin.txt") for name in ("a.txt", "b.txt", "no/c.txt")}
    remarks: list[dict[str, Any]] = []
    paths = Paths(table, remarks)
    try:
        assert (tmp_path / "a.txt").read_text() == "own"
        assert remarks == []
        assert os.path.exists(tmp_path / "b.txt") and (tmp_path / "b.txt").read_text() == "twin"
        assert len(remarks) == 1
        with pytest.raises(FileNotFoundError):
            (tmp_path / "no/c.txt").write_text("")
    finally:
        paths.close()
    assert not os.path.exists(tmp_path / "b.txt")
