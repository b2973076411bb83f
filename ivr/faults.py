"""What can be wrong with a flow document, and where: line and column of every fault.

Decides how a fault reads; refuses to know what is being checked.
"""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """An error keeps the flow out of use; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class FlowFault(msgspec.Struct, frozen=True, order=True):
    """One fault. `line` and `column` count from 1, as editors do."""

    line: int
    column: int
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.severity}: {self.message}"


class FlowInvalid(Exception):
    """The document cannot be used. `faults` holds all that was found, warnings too, by place."""

    def __init__(self, faults: Iterable[FlowFault]) -> None:
        self.faults = tuple(sorted(faults))
        errors = sum(fault.severity is Severity.ERROR for fault in self.faults)
        lines = "\n".join(str(fault) for fault in self.faults)
        super().__init__(f"the flow has {errors} error{'s' if errors != 1 else ''}\n{lines}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """End of a sentence that helps: the likeliest meant word, or all of them if they are few.

    Returns text that begins with a colon or a semicolon, or the empty string.
    """
    words = sorted(set(known))
    close = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean “{close[0]}”?"
    if words and len(words) <= 12:
        return f"; it may be one of: {', '.join(words)}"
    return ""
