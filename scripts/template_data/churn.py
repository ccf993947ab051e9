"""Customers of a mobile operator: who left within the quarter."""

from __future__ import annotations

import numpy as np

SEED = 20240311
N = 4800
HEAD = [
    "customer_id",
    "gender",
    "age",
    "region",
    "tenure_months",
    "plan",
    "contract",
    "payment_method",
    "paperless_billing",
    "device",
    "monthly_charge",
    "total_charge",
    "data_gb",
    "support_calls",
    "late_payments",
    "satisfaction",
    "churned",
]
PRICE = {"Basic": 22.0, "Plus": 38.0, "Premium": 61.0, "Family": 79.0}


def rows() -> tuple[list[str], list[list[object]]]:
    """Header and rows. About 27 % left; holes in age, data_gb, satisfaction; total_charge blank for new customers."""
    rng = np.random.default_rng(SEED)
    out: list[list[object]] = []
    for i in range(N):
        # Many customers are new, a second hump has stayed since the launch offer.
        tenure = int(rng.integers(0, 73)) if rng.random() < 0.55 else int(min(72, rng.exponential(14)))
        contract = _pick(rng, ["Month-to-month", "One year", "Two year"], _contract_weights(tenure))
        age = float(np.clip(rng.normal(43, 15), 18, 91).round())
        plan = _pick(rng, list(PRICE), [0.30, 0.36, 0.22, 0.12] if age < 60 else [0.52, 0.28, 0.14, 0.06])
        monthly = round(max(9.0, PRICE[plan] * rng.normal(1.0, 0.09) + (6.5 if rng.random() < 0.3 else 0.0)), 2)
        calls = int(rng.poisson(1.1 + 0.9 * (plan == "Premium")))
        late = int(rng.poisson(0.5 + 0.4 * (contract == "Month-to-month")))
        usage = {"Basic": 1.4, "Plus": 2.3, "Premium": 3.0, "Family": 3.3}[plan]
        data = round(float(rng.lognormal(usage - 0.008 * max(0.0, age - 40), 0.55)), 1)
        payment = _pick(
            rng, ["Electronic check", "Credit card", "Bank transfer", "Mailed check"], [0.33, 0.27, 0.24, 0.16]
        )
        paperless = "Yes" if rng.random() < (0.68 if payment != "Mailed check" else 0.25) else "No"
        satisfaction = float(np.clip(round(4.1 - 0.42 * calls - 0.18 * late + rng.normal(0, 0.8)), 1, 5))
        region = _pick(rng, ["North", "South", "East", "West", "Central"], [0.22, 0.27, 0.18, 0.21, 0.12])
        logit = (
            -1.75
            + {"Month-to-month": 1.25, "One year": -0.35, "Two year": -1.5}[contract]
            - 0.034 * tenure
            + 0.38 * calls
            + 0.42 * late
            + 0.017 * (monthly - 40)
            + (0.45 if payment == "Electronic check" else 0.0)
            - 0.30 * (satisfaction - 3)
            + (0.2 if region == "South" else 0.0)
        )
        churned = "Yes" if rng.random() < 1 / (1 + np.exp(-logit)) else "No"
        total = f"{monthly * tenure * rng.normal(1.0, 0.02):.2f}" if tenure > 0 else " "
        device = _pick(rng, ["Android", "iPhone", "Other", None], [0.52, 0.38, 0.06, 0.04])
        out.append(
            [
                f"C{100000 + 7 * i}",
                _pick(rng, ["Female", "Male"], [0.51, 0.49]),
                _hole(rng, int(age), 0.06),
                region,
                tenure,
                plan,
                contract,
                payment,
                paperless,
                device,
                monthly,
                total,
                # Who uses little is metered less reliably: not missing at random.
                _hole(rng, data, 0.09 if data < 8 else 0.03),
                calls,
                late,
                _hole(rng, int(satisfaction), 0.18),
                churned,
            ]
        )
    return HEAD, out


def _contract_weights(tenure: int) -> list[float]:
    if tenure < 12:
        return [0.78, 0.16, 0.06]
    return [0.46, 0.29, 0.25] if tenure < 40 else [0.22, 0.30, 0.48]


def _pick(rng: np.random.Generator, values: list, weights: list[float]) -> object:
    return values[int(rng.choice(len(values), p=weights))]


def _hole(rng: np.random.Generator, value: object, share: float) -> object:
    return None if rng.random() < share else value
