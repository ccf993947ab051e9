"""`input()` without a person: the answer that was typed when the notebook was saved, where its outputs still show it.

Notebook front ends keep prompt and answer as a line of output, the older ones as if it had been printed, the newer ones
in a stream of its own (`stdin`) with a blank after the prompt.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

Line = dict[str, Any]


class NoStoredAnswer(EOFError):
    """Nobody is there to answer, and the notebook does not show what was answered."""


class Answers:
    """What was typed in each cell, in order."""

    def __init__(self, stored: dict[str, list[Line]], remarks: list[dict[str, Any]]) -> None:
        self._stored = {int(cell): lines for cell, lines in stored.items()}
        self._remarks = remarks
        self.begin(0)

    def begin(self, cell: int) -> None:
        """The next questions are asked by this cell."""
        self._cell = cell
        self._left = list(self._stored.get(cell, []))

    def input(self, prompt: object = "", /) -> str:
        """Stands in for the built-in function. What is shown is what the older front ends show."""
        question = str(prompt)
        answer = self._next(question.split("\n")[-1])
        if answer is None:
            raise NoStoredAnswer(f"input({question!r}) waits for a person, and no stored output shows the answer")
        self._remarks.append({
            "code": "IAPP_NOTEBOOK_INPUT", "cell": self._cell, "line": None,
            "text": f"input({question!r}) was answered with {answer!r}, as in the stored output of cell {self._cell}",
        })  # fmt: skip
        sys.stdout.write(f"{question}{answer}\n")
        return answer

    def getpass(self, prompt: str = "Password: ", *_: Any, **__: Any) -> NoReturn:
        """A password is stored nowhere."""
        raise NoStoredAnswer(f"getpass({prompt!r}) waits for a person")

    def _next(self, prompt: str) -> str | None:
        """The rest of the next line that begins with the prompt; without a prompt only what is known to be typed."""
        for place, line in enumerate(self._left):
            text, typed = line["text"], line["typed"]
            if not text.startswith(prompt) or (prompt == "" and not typed):
                continue
            del self._left[: place + 1]
            answer = text[len(prompt) :]
            return answer[1:] if typed and answer.startswith(" ") else answer
        return None
