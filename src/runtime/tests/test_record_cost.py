"""What watching costs: a share of the run, not a multiple of it, also in loops of a million turns."""

# ruff: noqa: E501 (cells stand on one line here)

from __future__ import annotations

import record_data as data
from record_helper import record

from iapp_runtime.train.recorder.budget import BUSY, IDLE, Budget


def test_long_loops_are_not_watched_to_the_end(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd, numpy as np\nfrom sklearn.linear_model import LogisticRegression\ndf = pd.read_csv('churn.csv')",
            "steps = 0\nwhile steps < 200000:\n    steps += 1\nvalues = [a * b for a in range(300) for b in range(300)]",
            "X = df[['tenure']].to_numpy()\nw = np.zeros(1)\nfor k in range(12000):\n    w = w - 1e-9 * X.T.dot(X.dot(w) - 1)",
            "m = LogisticRegression().fit(df[['tenure']], df.churn)\nm.predict(df[['tenure']])",
        ],
        tmp_path,
        monkeypatch,
    )
    assert run.document["status"] == "ok"
    assert run.document["timing"]["tracking_seconds"] < run.document["timing"]["run_seconds"]


class Steps:
    """A recording as the budget sees it."""

    def __init__(self):
        self.events = 0
        self.statement = 0
        self.facts = [type("Facts", (), {"degraded": False})()]


def test_steps_without_rows_are_given_up_quietly():
    steps = Steps()
    budget = Budget(steps)
    assert sum(not budget.step() for _ in range(IDLE * 2)) == IDLE
    assert not steps.facts[0].degraded


def test_rows_keep_the_budget_alive_until_it_is_spent():
    steps = Steps()
    budget = Budget(steps)
    for _ in range(BUSY):
        steps.events += 1
        assert not budget.step()
    steps.events += 1
    assert budget.step()
    assert steps.facts[0].degraded
