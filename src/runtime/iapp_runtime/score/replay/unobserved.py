"""What stands for the recorder in functions that a stored model carries by value, such as lambdas in a pipeline."""

from __future__ import annotations


class Unobserved:
    """Functions ask it whether to observe themselves: never, so that they run as their author wrote them."""

    on = False

    def table(self, *arguments: object) -> bool:
        """Is a lambda to observe its body?"""
        return False

    def enter(self, *arguments: object) -> None:
        """A token when a function is to observe its body."""
        return None
