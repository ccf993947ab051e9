"""The tables that the trap notebooks read: synthetic people, some values missing, rare categories, texts and dates."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 200


def write_tables(folder: Path, rows: int = ROWS) -> None:
    """`people.csv` with the targets `y` and `price`, `new.csv` of other people without them, `regions.csv`, `pictures.npy`, `labels.npy`."""
    people = _people(rows, 5)
    people.to_csv(folder / "people.csv", index=False)
    _people(60, 6, first=1000).drop(columns=["y", "price"]).to_csv(folder / "new.csv", index=False)
    regions = {
        "city": ["north", "south", "east", "west"],
        "rent": [9.5, 7.25, 8.0, 6.5],
        "coast": ["yes", "no", "no", "yes"],
    }
    pd.DataFrame(regions).to_csv(folder / "regions.csv", index=False)
    rng = np.random.RandomState(7)
    labels = rng.randint(0, 3, 140)
    pictures = rng.randint(0, 90, (140, 6, 6)) + labels[:, None, None] * 60
    np.save(folder / "pictures.npy", pictures.astype(np.uint8))
    np.save(folder / "labels.npy", labels)


def _people(count: int, seed: int, first: int = 1) -> pd.DataFrame:
    rng = np.random.RandomState(seed)
    title = rng.choice(["Mr", "Mrs", "Miss", "Dr", "Rev"], count, p=[0.45, 0.25, 0.2, 0.06, 0.04])
    age = rng.randint(18, 80, count).astype(float)
    income = rng.gamma(4.0, 9.0, count).round(2)
    city = rng.choice(["north", "south", "east", "west"], count, p=[0.5, 0.3, 0.17, 0.03])
    frame = pd.DataFrame({
        "id": np.arange(first, first + count),
        "name": [f"Family{i}, {word}. Given" for i, word in enumerate(title)],
        "age": age,
        "income": income,
        "rooms": [f"{n} BHK" for n in rng.randint(1, 6, count)],
        "area": [f"{a}" if rng.rand() > 0.15 else f"{a - 20} - {a + 20}" for a in rng.randint(300, 2000, count)],
        "city": city,
        "sex": np.where(np.isin(title, ["Mrs", "Miss"]), "female", "male"),
        "grade": rng.choice(["low", "mid", "high"], count),
        "smoker": rng.choice(["Yes", "No"], count),
        "since": [f"{d.day:02d}/{d.month:02d}/{d.year}" for d in pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.randint(0, 2000, count), "D")],
        "note": [" ".join(rng.choice(["good", "bad", "late", "fast", "broken", "kind"], 4)) for _ in range(count)],
    })  # fmt: skip
    score = (frame.age > 45) * 1.0 + (frame.income > 35) * 1.0 + (frame.sex == "female") * 0.7 + rng.rand(count)
    frame["y"] = (score > 1.8).astype(int)
    frame["price"] = (20 + income * 2 + age / 3 + rng.rand(count) * 5).round(2)
    frame.loc[rng.choice(count, count // 10, replace=False), "age"] = np.nan
    frame.loc[rng.choice(count, count // 20, replace=False), "city"] = None
    return frame
