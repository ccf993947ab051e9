"""Synthetic tables for the recorder's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def churn(folder: Path, count: int = 240) -> None:
    rng = np.random.RandomState(3)
    frame = pd.DataFrame({
        "customer": [f"C{i:04d}" for i in range(count)],
        "age": rng.randint(18, 80, count).astype(float),
        "tenure": rng.randint(0, 72, count),
        "charges": rng.gamma(3.0, 20.0, count).round(2),
        "plan": rng.choice(["basic", "plus", "pro"], count),
        "gender": rng.choice(["Male", "Female"], count),
        "city": rng.choice(["north", "south", "east", "west"], count),
        "paperless": rng.choice(["Yes", "No"], count),
    })  # fmt: skip
    frame.loc[rng.choice(count, 20, replace=False), "age"] = np.nan
    frame.loc[rng.choice(count, 12, replace=False), "charges"] = np.nan
    score = frame["tenure"] * -0.05 + frame["charges"].fillna(60) * 0.03 + (frame["plan"] == "basic") + rng.randn(count)
    frame["churn"] = np.where(score > score.median(), "Yes", "No")
    frame.to_csv(folder / "churn.csv", index=False)


def tickets(folder: Path, count: int = 150) -> None:
    rng = np.random.RandomState(5)
    bad = ["refund", "broken", "angry", "late", "missing"]
    good = ["thanks", "great", "works", "question", "manual"]
    texts, labels = [], []
    for _ in range(count):
        label = int(rng.rand() < 0.5)
        words = rng.choice(bad if label else good, 4).tolist() + rng.choice(["the", "order", "my", "box"], 3).tolist()
        texts.append(" ".join(words))
        labels.append("urgent" if label else "normal")
    pd.DataFrame({"text": texts, "label": labels}).to_csv(folder / "tickets.csv", index=False)


def passengers(folder: Path, count: int = 220) -> None:
    rng = np.random.RandomState(11)

    def make(n: int, target: bool, start: int) -> pd.DataFrame:
        title = rng.choice(["Mr", "Mrs", "Miss", "Master", "Dr", "Rev"], n, p=[0.5, 0.18, 0.2, 0.06, 0.04, 0.02])
        frame = pd.DataFrame({
            "id": np.arange(start, start + n),
            "cls": rng.choice([1, 2, 3], n),
            "name": [f"Family{i}, {t}. First" for i, t in enumerate(title)],
            "sex": np.where(np.isin(title, ["Mrs", "Miss"]), "female", "male"),
            "age": rng.randint(1, 80, n).astype(float),
            "fare": rng.gamma(2.0, 15.0, n).round(2),
            "port": rng.choice(["S", "C", "Q"], n),
        })  # fmt: skip
        frame.loc[rng.choice(n, n // 6, replace=False), "age"] = np.nan
        frame.loc[rng.choice(n, 2, replace=False), "port"] = None
        if target:
            frame.insert(1, "survived", ((frame["sex"] == "female") ^ (rng.rand(n) < 0.2)).astype(int))
        return frame

    make(count, True, 1).to_csv(folder / "train.csv", index=False)
    test = make(90, False, 1 + count)
    test.loc[5, "fare"] = np.nan
    test.to_csv(folder / "test.csv", index=False)


def homes(folder: Path, count: int = 400) -> None:
    rng = np.random.RandomState(7)
    places = [f"place{i}" for i in range(12)]
    frame = pd.DataFrame({
        "location": rng.choice(places, count, p=[0.2, 0.2, 0.15, 0.1, 0.1, 0.08, 0.06, 0.05, 0.03, 0.01, 0.01, 0.01]),
        "size": [f"{n} BHK" for n in rng.randint(1, 5, count)],
        "sqft": [f"{a}" if rng.rand() > 0.1 else f"{a - 50} - {a + 50}" for a in rng.randint(500, 3000, count)],
        "bath": rng.randint(1, 4, count).astype(float),
        "society": rng.choice(["a", "b", None], count),
        "price": rng.gamma(6.0, 15.0, count).round(1) + 20,
    })  # fmt: skip
    frame.loc[rng.choice(count, 9, replace=False), "bath"] = np.nan
    frame.to_csv(folder / "homes.csv", index=False)
