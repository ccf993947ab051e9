"""Two notebooks as run folders: customers who leave, and prices of homes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import numpy as np
import pandas as pd
from run_folders import make_run, write_score
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler


def churn_table(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Customers with holes in `charges`, three plans, an identifier that says nothing, and the answer."""
    random = np.random.RandomState(seed)
    tenure = random.randint(0, 72, n)
    charges = np.round(random.gamma(4, 15, n), 2)
    plan = random.choice(["basic", "plus", "pro"], n, p=[0.5, 0.35, 0.15])
    gone = random.rand(n) < 1 / (1 + np.exp(0.06 * tenure - 0.02 * charges + (plan == "pro")))
    charges[random.rand(n) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "customer": [f"C{i:04d}" for i in range(n)],
            "tenure": tenure,
            "charges": charges,
            "gender": random.choice(["Female", "Male"], n),
            "plan": plan.astype(object),
            "visits": random.randint(1, 9, n),
            "Churn": np.where(gone, "Yes", "No").astype(object),
        }
    )


CHURN: list[tuple[str, str]] = [
    (
        "df['charges'] = df['charges'].fillna(df['charges'].median())",
        "df['charges'] = df['charges'].fillna(frozen.charges_median)",
    ),
    ("df['gender'] = df['gender'].map({'Female': 0, 'Male': 1})",) * 2,
    ("df['Churn'] = df['Churn'].map({'No': 0, 'Yes': 1}).astype(int)",) * 2,
    (
        "df = pd.concat([df, pd.get_dummies(df['plan'], dtype=float)[['basic', 'plus', 'pro']]], axis=1)",
        "df = pd.concat([df, pd.DataFrame({c: (df['plan'] == c).astype(float) for c in frozen.plans})], axis=1)",
    ),
    (
        "df[['tenure', 'charges']] = StandardScaler().fit_transform(df[['tenure', 'charges']])",
        "df[['tenure', 'charges']] = scaler.transform(df[['tenure', 'charges']])",
    ),
]
CHURN_RESULT = "df[['tenure', 'charges', 'gender', 'basic', 'plus', 'pro']]"


def churn_run(folder: Path, statements: Optional[list] = None, result: str = CHURN_RESULT, **changes: Any) -> Path:
    """The churn notebook. With `statements`, `result` or `frozen` another score.py than the right one is written."""
    raw = churn_table()
    df = raw.copy()
    median = float(df["charges"].median())
    df["charges"] = df["charges"].fillna(median)
    scaler = StandardScaler().fit(df[["tenure", "charges"]].astype(float))
    space: dict[str, Any] = {"StandardScaler": StandardScaler, "df": raw.copy(), "pd": pd}
    for text, _ in CHURN:
        exec(text, space)
    kind = changes.pop("estimator", RandomForestClassifier(20, random_state=1, max_depth=6))
    model = kind.fit(eval(CHURN_RESULT, space), space["df"]["Churn"])
    frozen = {"charges_median": median, "plans": ["basic", "plus", "pro"], **changes.pop("frozen", {})}
    make_run(
        folder,
        raw,
        CHURN,
        CHURN_RESULT,
        {"StandardScaler": StandardScaler},
        frozen,
        {"scaler": scaler, "clf": model},
        "clf",
        target="Churn",
        **changes,
    )
    if statements is not None or result != CHURN_RESULT:
        write_score(
            folder, raw, statements or CHURN, result, ["scaler", "clf"], "clf", hasattr(model, "predict_proba"), {}
        )
    return folder


def price_run(folder: Path, statements: Optional[list] = None) -> Path:
    """A regression: rows without rooms dropped, a learned area share, a linear model."""
    random = np.random.RandomState(4)
    n = 300
    area = np.round(random.gamma(5, 25, n), 1)
    rooms = np.round(area / 30 + random.rand(n))
    raw = pd.DataFrame({"area": area, "rooms": rooms, "town": random.choice(["A", "B", "C"], n).astype(object)})
    raw.loc[random.rand(n) < 0.08, "rooms"] = np.nan
    raw["price"] = np.round(area * 2.5 + 10 * rooms.clip(1) + random.randn(n), 2)
    right = [
        ("df = df.dropna()", "check(df['rooms'].notnull(), 'cell 1 drops rows where rooms is missing')"),
        ("df['share'] = df['area'] / df['area'].mean()", "df['share'] = df['area'] / frozen.area_mean"),
        ("df['town'] = df['town'].map({'A': 0, 'B': 1, 'C': 2})",) * 2,
    ]
    space: dict[str, Any] = {"df": raw.copy(), "pd": pd}
    for text, _ in right:
        exec(text, space)
    result = "df[['area', 'rooms', 'share', 'town']]"
    model = LinearRegression().fit(eval(result, space), space["df"]["price"])
    frozen = {"area_mean": float(raw.dropna()["area"].mean())}
    make_run(folder, raw, right, result, {}, frozen, {"reg": model}, "reg", target="price", task="regression")
    if statements is not None:
        write_score(folder, raw, statements, result, ["reg"], "reg", False, {})
    return folder
