"""Random notebooks that prepare a table row by row, each with an independent statement of what it must compute.

Every step is written twice: as the author would write it, and as `learn` (what it takes from the training table) and
`apply` (what it does to any rows with that). The reference for new rows is `apply` of what was learned in training;
nothing of the product is used for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

import numpy as np
from random_codes import code_part, date_part, newest_date
from random_gaps import fill_by_group, fill_number, fill_word, gap_flag
from random_numbers import arithmetic, bins, condition, learned_limit, loop, scaler
from random_tables import REGIONS, Columns, Frame, Step, raw_table
from random_words import dummies, group_statistic, merge, rare_word, word_numbers

Maker = Callable[[np.random.RandomState, Columns], Optional[Step]]
__all__ = ["REGIONS", "RandomProgram", "random_program", "raw_table", "reference"]

MAKERS: list[Maker] = [
    fill_number, fill_number, fill_by_group, fill_word, gap_flag, arithmetic, arithmetic, condition, learned_limit,
    scaler, bins, word_numbers, word_numbers, group_statistic, rare_word, dummies, merge, code_part, date_part,
    newest_date, loop,
]  # fmt: skip


@dataclass
class RandomProgram:
    seed: int
    cells: list[str]
    steps: list[Step]
    numbers: list[str]
    model: str

    def columns(self, table: Frame) -> list[str]:
        """The columns of the feature table, in the notebook's order."""
        found: list[str] = []
        for name in self.numbers:
            found += [col for col in table.columns if col.startswith(name[1:])] if name.startswith("*") else [name]
        return list(dict.fromkeys(found))


def random_program(seed: int) -> RandomProgram:
    """A notebook of three to nine steps. The same seed gives the same one, whatever the libraries."""
    rng = np.random.RandomState(seed)
    columns = Columns()
    steps: list[Step] = []
    for _ in range(rng.randint(3, 10)):
        step = MAKERS[rng.randint(len(MAKERS))](rng, columns)
        if step is not None:
            steps.append(step)
    model = ["LinearRegression()", "DecisionTreeRegressor(max_depth=5, random_state=0)"][rng.randint(2)]
    listed = ", ".join(
        f'*[c for c in df.columns if c.startswith("{n[1:]}")]' if n.startswith("*") else f'"{n}"'
        for n in columns.numbers
    )
    head = "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
    head += "from sklearn.tree import DecisionTreeRegressor\nfrom sklearn.model_selection import train_test_split"
    cells = [head, 'df = pd.read_csv("rows.csv")\ndf.head()', *(step.source for step in steps)]
    cells.append(f"chosen = list(dict.fromkeys([{listed}]))\nX = df[chosen]\ny = df['target']")
    if rng.rand() < 0.5:
        cells.append(
            "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1)\n"
            f"model = {model}\nmodel.fit(X_train, y_train)\nprint(model.score(X_test, y_test))\n"
            "answers = model.predict(X_test)"
        )
    else:
        cells.append(f"model = {model}.fit(X, y)\nanswers = model.predict(X)")
    return RandomProgram(seed, cells, steps, columns.numbers, model)


def reference(program: RandomProgram, training: Frame, fresh: Frame) -> tuple[Frame, Frame]:
    """Feature tables of the training rows and of new rows, by the independent statement of every step."""
    for step in program.steps:
        learned = step.learn(training)
        training, fresh = step.apply(training, learned), step.apply(fresh, learned)
    names = program.columns(training)
    return training[names], fresh[names]
