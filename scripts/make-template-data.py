"""Makes the data sets of `templates/` again: `python scripts/make-template-data.py [churn] [house-prices] [tickets]`.

Needs numpy only. Everything is drawn from a seeded generator: no row stands for a person, a house or a message that
exists. The same numpy gives the same bytes.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from template_data import churn, house_prices, tickets

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
SETS = {
    "churn": ("customers.csv", churn.rows),
    "house-prices": ("homes.csv", house_prices.rows),
    "tickets": ("tickets.csv", tickets.rows),
}


def main(names: list[str]) -> None:
    """Writes the named data sets, all when none is named."""
    for name in names or list(SETS):
        file, make = SETS[name]
        head, rows = make()
        path = TEMPLATES / name / file
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(head)
            writer.writerows(rows)
        print(f"{path.relative_to(TEMPLATES.parent)}: {len(rows)} rows, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
