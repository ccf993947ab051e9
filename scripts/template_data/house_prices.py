"""Homes sold in a made-up city: size, age, place and the price they fetched."""

from __future__ import annotations

import numpy as np

SEED = 20240527
N = 3200
HEAD = [
    "id",
    "sold_on",
    "district",
    "type",
    "living_area",
    "lot_area",
    "bedrooms",
    "bathrooms",
    "floor",
    "year_built",
    "year_renovated",
    "condition",
    "heating",
    "energy_class",
    "garage",
    "balcony",
    "distance_center_km",
    "price",
]
# Price level against the city's mean, share of sales, kilometres from the centre.
DISTRICTS = {
    "Harbour": (1.34, 0.10, 1.6),
    "Old Town": (1.28, 0.12, 0.8),
    "Riverside": (1.12, 0.15, 2.9),
    "Station": (0.92, 0.14, 2.2),
    "Hillcrest": (1.18, 0.09, 5.4),
    "Northfield": (0.86, 0.18, 6.8),
    "Mill Park": (0.95, 0.13, 4.6),
    "Eastgate": (0.78, 0.09, 8.3),
}
CONDITIONS = {"poor": 0.80, "fair": 0.92, "good": 1.0, "very good": 1.07, "new": 1.16}


def rows() -> tuple[list[str], list[list[object]]]:
    """Header and rows: log-normal prices around a hedonic model; holes in lot, renovation, energy class and garage."""
    rng = np.random.default_rng(SEED)
    names = list(DISTRICTS)
    share = np.array([DISTRICTS[name][1] for name in names])
    out: list[list[object]] = []
    for i in range(N):
        district = names[int(rng.choice(len(names), p=share / share.sum()))]
        level, _, distance = DISTRICTS[district]
        house = rng.random() < (0.15 if distance < 3 else 0.55)
        area = float(round(rng.lognormal(np.log(138 if house else 78), 0.28 if house else 0.36)))
        bedrooms = int(np.clip(round(area / 38 + rng.normal(0, 0.6)), 1, 8))
        bathrooms = float(np.clip(round((0.6 + area / 95 + rng.normal(0, 0.3)) * 2) / 2, 1, 4))
        lot = None if not house else float(round(area * rng.lognormal(1.0, 0.45)))
        built = int(np.clip(rng.normal(1936 if district == "Old Town" else 1978, 26), 1870, 2023))
        renovated = int(rng.integers(max(built + 8, 1990), 2024)) if built < 2005 and rng.random() < 0.34 else None
        fresh = max(built, renovated or 0)
        wear = (2024 - fresh) / 50
        conditions = list(CONDITIONS)
        weights = np.exp(-0.5 * ((np.arange(5) - (3.6 - 2.0 * wear)) / 0.9) ** 2)
        condition = conditions[int(rng.choice(5, p=weights / weights.sum()))]
        heating = _pick(
            rng,
            ["gas", "district", "heat pump", "oil", "electric"],
            [0.2, 0.2, 0.5, 0.02, 0.08] if fresh > 2012 else [0.46, 0.26, 0.07, 0.14, 0.07],
        )
        energy = "ABCDEFG"[int(np.clip(round(5.4 - (fresh - 1950) / 14 + rng.normal(0, 0.9)), 0, 6))]
        garage = int(rng.choice(3, p=[0.25, 0.55, 0.2] if house else [0.62, 0.34, 0.04]))
        km = round(max(0.2, distance * rng.normal(1.0, 0.18)), 1)
        month = int(rng.integers(0, 36))
        log_price = (
            np.log(4350 * level * CONDITIONS[condition])
            + 0.88 * np.log(area)
            + 0.05 * (bathrooms - 1)
            + 0.045 * garage
            + (0.05 + 0.00016 * (lot or 0) if house else 0.0)
            - 0.0021 * (2024 - fresh)
            - 0.011 * "ABCDEFG".index(energy)
            - 0.012 * (km - distance)
            + 0.0035 * month
            + rng.normal(0, 0.115)
        )
        out.append(
            [
                5000 + i,
                f"{2021 + month // 12}-{month % 12 + 1:02d}-{int(rng.integers(1, 29)):02d}",
                district,
                "house" if house else "flat",
                area,
                lot if lot is None or rng.random() > 0.07 else None,
                bedrooms,
                bathrooms if rng.random() > 0.02 else None,
                None if house else int(rng.integers(0, 7)),
                built,
                renovated,
                condition,
                heating if rng.random() > 0.03 else None,
                energy if rng.random() > 0.16 else None,
                garage if rng.random() > 0.05 else None,
                "yes" if rng.random() < (0.3 if house else 0.65) else "no",
                km,
                int(round(float(np.exp(log_price)) / 500) * 500),
            ]
        )
    return HEAD, out


def _pick(rng: np.random.Generator, values: list, weights: list[float]) -> object:
    return values[int(rng.choice(len(values), p=weights))]
