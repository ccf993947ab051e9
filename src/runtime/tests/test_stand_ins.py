"""Answers that were typed when the notebook was saved stand in for the person who typed them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from record_helper import prove, record
from trap_data import write_tables

from iapp_runtime.train.answers import Answers, NoStoredAnswer

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
