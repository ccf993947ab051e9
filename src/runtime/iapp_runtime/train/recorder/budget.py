"""How much watching one statement is worth: a loop of a million turns must not take minutes."""

from __future__ import annotations

from .state import Recording

# Steps (calls, turns of loops) in a row that touch no rows: what comes after will not either.
IDLE = 20_000
# Operations on rows in one statement: training by hand goes on for longer, making features does not.
BUSY = 60_000


class Budget:
    """Counts the steps of one statement. When spent, the rest of the statement runs as written.

    A statement cut short while it worked on rows is marked: if the slice needs values of it, that is a refusal.
    """

    __slots__ = ("_before", "_events", "_idle", "_recording", "spent")

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._before = recording.events
        self._events = recording.events
        self._idle = 0
        self.spent = False

    def step(self) -> bool:
        """One more step. Returns whether the budget is spent."""
        events = self._recording.events
        if events != self._events:
            self._events = events
            self._idle = 0
            if events - self._before > BUSY:
                self.spent = True
                self._recording.facts[self._recording.statement].degraded = True
        else:
            self._idle += 1
            if self._idle > IDLE:
                self.spent = True
        return self.spent
