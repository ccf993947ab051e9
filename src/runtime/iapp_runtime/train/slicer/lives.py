"""Names whose value was learned: bound once for the module, or just before the statement that reads them."""

from __future__ import annotations

from ..kinds import same
from .cut import Cut, Kept, Live
from .entries import Entries, Entry


class Binding:
    """A line `name = reference` before the piece that starts at statement `at`."""

    def __init__(self, name: str, at: int, entry: Entry) -> None:
        self.name = name
        self.at = at
        self.entry = entry

    def text(self) -> str:
        """The line."""
        return f"{self.name} = {self.entry.reference()}"


class Lives:
    """Resolves live names into module entries and bindings."""

    def __init__(self, cut: Cut, entries: Entries, bound: set[str]) -> None:
        self.entries = entries
        self.module: list[Entry] = []
        self.bindings: list[Binding] = []
        self.local: set[str] = set()
        grouped: dict[str, list[Live]] = {}
        for live in cut.live:
            grouped.setdefault(live.name, []).append(live)
        self.plan: list[tuple[str, list[Live], bool]] = []
        for name, lives in sorted(grouped.items()):
            one = all(_alike(lives[0], other) for other in lives[1:])
            self.plan.append((name, lives, one and name not in bound))
            if not (one and name not in bound):
                self.local.add(name)

    def name_module(self, cut: Cut) -> None:
        """Entries for names that mean one thing throughout; they keep the author's name."""
        for name, lives, module in self.plan:
            if module:
                entry = self._entry(cut, name, lives[0])
                entry.name = name
                entry.bind_module = entry.kind == "frozen"
                self.module.append(entry)

    def name_local(self, cut: Cut) -> None:
        """Entries for names that change: each value under its own name, bound where it is read."""
        for name, lives, module in self.plan:
            if module:
                continue
            for live in sorted(lives, key=lambda one: one.at):
                entry = self._entry(cut, name, live)
                if not entry.name:
                    entry.name = self.entries.name(name)
                if not any(b.at == live.at and b.name == name for b in self.bindings):
                    self.bindings.append(Binding(name, live.at, entry))

    def _entry(self, cut: Cut, name: str, live: Live) -> Entry:
        origin = (cut.recording.statements[_origin(cut, live)], None)
        if live.state is not None:
            for entry in self.entries.all:
                if entry.kind == "model" and entry.access == "constant" and entry.value is live.state:
                    return entry
            return self.entries.add("model", name, "constant", live.state, None, origin)
        return self.entries.add("frozen", name, "constant", live.value, None, origin)


def _alike(left: Live, right: Live) -> bool:
    if left.state is not None or right.state is not None:
        return left.state is right.state
    return same(left.value, right.value) or left.value is right.value


def _origin(cut: Cut, live: Live) -> int:
    """The statement that last changed the name before it was read."""
    for index in range(live.at - 1, -1, -1):
        if live.name in cut.recording.facts[index].changed:
            return index
    return live.at


def bound_names(kept: list[Kept]) -> set[str]:
    """Names that the kept statements bind."""
    return {name for one in kept if one.kind == "statement" for name in one.binds}
