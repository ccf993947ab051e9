"""Compares what the releases of each library offer, and writes facts.json: python facts.py FOLDER (of collect.py).

A name is gone with the first series of an unbroken row to the newest that lacks it, while what holds it is still there: its module or class,
or, for a parameter, a callable whose signature can be read and that does not take any.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

from libraries import LIBRARIES, order

TARGET = Path(__file__).resolve().parents[2] / "src/notebook/era/facts.json"
_NOISE = re.compile(r"(_request|Parallel\.|\.deprecated)")
_INNER = {
    "np", "pd", "plt", "warnings", "division", "absolute_import", "print_function", "unicode_literals", "test", "tests", "setup",
    "setup_module", "Tester", "logger",
}  # fmt: skip
#: Members are kept of these pandas classes only: the others have hundreds that nobody calls by hand.
_TABLES = {"DataFrame", "Series", "Index", "Timestamp", "Timedelta", "DatetimeIndex", "Categorical", "ExcelWriter"}
_SKLEARN_FUNCTIONS = {
    "datasets", "metrics", "model_selection", "preprocessing", "utils", "feature_extraction", "inspection", "neighbors", "externals",
    "ensemble", "linear_model", "cluster", "decomposition",
}  # fmt: skip
_BUILTIN = set().union(*(dir(kind) for kind in (list, dict, str, set, int, float, tuple, bytes)))
_BUILTIN |= {"read", "write", "close", "open", "sort", "search", "next"}


class Name:
    """`sklearn.svm.SVC.fit(X)` taken apart: parts without the library's name, the parameter, and where its class is."""

    def __init__(self, full: str) -> None:
        self.full = full
        self.base, _, parameter = full.partition("(")
        self.parameter = parameter.rstrip(")")
        self.library, *self.parts = self.base.split(".")
        at = next((i for i, part in enumerate(self.parts) if part[:1].isupper()), None)
        self.owner = self.base.rpartition(".")[0]
        self.is_member = at is not None and at < len(self.parts) - 1
        self.kind = self.parts[at] if at is not None else ""
        self.depth = len(self.parts) - self.is_member


def is_public(name: Name, deepest: int) -> bool:
    """Whether people write this name: neither an inner one nor one that only came in by an import of the library's own."""
    parts = name.parts
    if not parts or name.parameter == "**" or _NOISE.search(name.full):
        return False
    if any(part.startswith("_") or part in _INNER for part in parts):
        return False
    if name.depth > deepest and (name.parameter or name.is_member or name.depth > 3):
        return False
    small = parts[-1][0].islower()
    if name.library == "pandas":
        if name.is_member:
            return len(parts) == 2 and name.kind in _TABLES
        return len(parts) == 1 or parts[0] in ("plotting", "tools") or parts[:2] == ["io", "json"]
    if name.library == "numpy":
        if name.is_member:
            return parts[0] == "ndarray"
        return parts[0] == "ndarray" or (len(parts) == 1 and not parts[0].isupper()) or parts[0] in ("random", "linalg", "fft")
    if name.library == "sklearn":
        if (parts[0] == "utils" and len(parts) > 2) or (parts[0] in ("base", "isotonic") and small):
            return False
        return name.is_member or bool(name.parameter) or not small or len(parts) == 1 or parts[0] in _SKLEARN_FUNCTIONS
    if name.library == "scipy":
        return not name.is_member and len(parts) <= 2 and not parts[-1].isupper() and not parts[0].startswith("np_")
    if name.library == "matplotlib":
        return not name.is_member and (len(parts) == 1 or (len(parts) == 2 and parts[0] in ("pyplot", "cm", "style", "mlab")))
    return name.library != "statsmodels" or not name.is_member or bool(name.parameter)


def says(offered: set[str], name: Name) -> bool:
    """Whether a release would list the name if it had it."""
    if name.parameter:
        return name.base in offered and f"{name.base}(**)" not in offered
    return name.owner in offered or name.owner == name.library


def changes(series: list[str], offers: list[set[str]], deepest: int) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Names by the series they are gone with, and by the one they came with."""
    gone: dict[str, set[str]] = defaultdict(set)
    came: dict[str, set[str]] = defaultdict(set)
    for full in set().union(*offers):
        name = Name(full)
        if not is_public(name, deepest):
            continue
        there = [i for i, offered in enumerate(offers) if full in offered]
        first, last = there[0], there[-1]
        if last + 1 < len(offers):
            if all(says(offered, name) for offered in offers[last + 1 :]):
                gone[series[last + 1]].add(full)
        elif first and says(offers[first - 1], name) and len(there) == len(offers) - first and name.depth <= deepest:
            came[series[first]].add(full)
    modules = {full for names in gone.values() for full in names if full.count(".") <= 2 and "(" not in full}
    for names in gone.values():
        names -= {full for full in names if any(full.startswith((f"{module}.", f"{module}(")) for module in modules)}
    return gone, came


def unmistakable(gone: dict[str, dict[str, set[str]]], newest: dict[str, set[str]]) -> dict[str, dict[str, set[str]]]:
    """Methods of tables and estimators that nothing else is called like: they are known without their object's class."""
    names = [Name(full) for offered in newest.values() for full in offered]
    taken = _BUILTIN | {name.parts[-1] for name in names if name.parts}
    open_to_all = {name.parts[-1] for name in names if name.parameter == "**"}
    parameters = {f"{name.parts[-1]}({name.parameter})" for name in names if name.parameter}
    found: dict[str, tuple[str, str]] = {}
    for library in ("pandas", "sklearn"):
        for version, fulls in gone.get(library, {}).items():
            for name in map(Name, fulls):
                if not name.is_member or (library == "pandas" and name.kind not in ("DataFrame", "Series", "Index")):
                    continue
                method = name.parts[-1]
                key = f"{method}({name.parameter})" if name.parameter else method
                known = key in parameters or method in open_to_all if name.parameter else key in taken or key.endswith("_")
                if known or (name.parameter and library != "pandas"):
                    continue
                if key not in found or order(found[key][1]) < order(version):
                    found[key] = (library, version)
    loose: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for key, (library, version) in found.items():
        loose[library][version].add(key)
    return loose


def written(table: dict[str, dict[str, set[str]]], prefixed: bool) -> dict[str, dict[str, str]]:
    return {
        library: {
            version: " ".join(sorted(name[len(library) + 1 :] if prefixed else name for name in versions[version]))
            for version in sorted(versions, key=order)
            if versions[version]
        }
        for library, versions in table.items()
        if any(versions.values())
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    gone, came, newest = {}, {}, {}
    for distribution, (library, deepest) in LIBRARIES.items():
        files = sorted(folder.glob(f"{distribution}-[0-9]*.json"), key=lambda file: order(file.stem.rpartition("-")[2]))
        offers = [set(json.loads(file.read_text(encoding="utf-8"))) for file in files]
        series = [file.stem.rpartition("-")[2] for file in files]
        gone[library], came[library] = changes(series, offers, deepest)
        newest[library] = offers[-1]
    loose = unmistakable(gone, newest)
    # New names matter where old ones do too; of the others there are too many for their use.
    came = {library: came[library] for library in ("pandas", "sklearn", "imblearn")}
    table = {"gone": written(gone, True), "came": written(came, True), "loose": written(loose, False)}
    TARGET.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    for kind, libraries in table.items():
        print(kind, {library: sum(len(names.split()) for names in versions.values()) for library, versions in libraries.items()})
