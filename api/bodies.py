"""What a body may hold: UTF-8, and JSON as RFC 8259 has it, each thing in it told once.

The one door for the texts of requests. Python's reader takes doubled names, NaN and halves of
characters, which no store keeps; here each is a fault with its line and column.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final

from acd.texts import fit
from api.problems import Fault, Problem
from ivr import json_text
from ivr.document_text import TextFault, decoded
from store.config_diff import escaped

DEEPEST: Final = 30
"""Levels of nesting of a body; none of ours has ten."""

_SUSPICIOUS: Final = re.compile(
    r"\\(?:u(?:[dD][89a-fA-F]|00[01]|007[fF])|[bf])|\x7f",
)
"""Escapes that may stand for what nobody can keep; others are read by the quick reader alone."""

_BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|([\[{])|([\]}])', re.DOTALL)


def text_of(body: bytes) -> str:
    """The text of a body without its byte order mark. Raises Problem 422 with line and column."""
    try:
        return decoded(body)
    except TextFault as fault:
        raise problem_of(fault.line, fault.column, fault.message) from fault


def problem_of(line: int, column: int, message: str, pointer: str | None = None) -> Problem:
    """422 about one place in a body."""
    return Problem(
        422,
        "invalid",
        f"Line {line}, column {column}: {fit(message)}.",
        f"Ligne {line}, colonne {column} : ce texte ne peut pas être gardé ({fit(message)}).",
        errors=[
            Fault(
                pointer=None if pointer is None else fit(pointer),
                line=line,
                column=column,
                message=fit(message),
            )
        ],
    )


def check_json(body: bytes) -> None:
    """Raises Problem 422 where a body is not JSON that can be kept."""
    text = text_of(body)
    try:
        tree(text)
    except (ValueError, RecursionError):
        _first_fault(text)
        raise problem_of(1, 1, "this is no JSON that can be kept") from None


def tree(text: str) -> object:
    """JSON read quickly. Raises ValueError where something is wrong with it, without the place."""
    if _SUSPICIOUS.search(text):
        _first_fault(text)
    if _depth(text) > DEEPEST:
        raise ValueError("nested too deep")
    return json.loads(
        text, object_pairs_hook=_each_once, parse_constant=_no_number, parse_float=_finite
    )


class _Walk:
    """Where in a tree the reader is: one step for each object and array that is open."""

    def __init__(self) -> None:
        self._names: list[set[str] | None] = []
        self._steps: list[str | int] = []

    def at(self, event: json_text.Opened | json_text.Scalar) -> str:
        """The JSON pointer of what the event is about, a name being about its value."""
        if self._steps and not (isinstance(event, json_text.Scalar) and event.key):
            step = self._steps[-1]
            if isinstance(step, int):
                self._steps[-1] = step + 1
        elif self._steps:
            self._steps[-1] = event.raw if isinstance(event, json_text.Scalar) else ""
        return "".join(f"/{escaped(str(step))}" for step in self._steps)

    def doubled(self, name: str) -> bool:
        """Whether the name has been met in this object; it has from now on."""
        names = self._names[-1] if self._names else None
        if names is None or name in names:
            return names is not None
        names.add(name)
        return False

    def go(self, event: json_text.Opened | json_text.Closed) -> None:
        """Into an object or array, or out of it."""
        if isinstance(event, json_text.Closed):
            self._names.pop()
            self._steps.pop()
        else:
            self._names.append(set() if event.mapping else None)
            self._steps.append("" if event.mapping else -1)


def _first_fault(text: str) -> None:
    """Raises Problem at the first fault of a text in JSON; where there is none, nothing."""
    walk = _Walk()
    try:
        for event in json_text.events(text, DEEPEST):
            if isinstance(event, json_text.Closed):
                walk.go(event)
                continue
            pointer = walk.at(event)
            if isinstance(event, json_text.Opened):
                walk.go(event)
                continue
            if event.fault is not None:
                raise problem_of(*event.fault, pointer)
            if event.key and walk.doubled(event.raw):
                said = f"“{event.raw[:80]}” stands here twice"
                raise problem_of(event.line, event.column, said, pointer)
    except TextFault as fault:
        raise problem_of(fault.line, fault.column, fault.message) from fault


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for found in _BRACKETS.finditer(text):
        if found[1]:
            depth += 1
            deepest = max(deepest, depth)
        elif found[2]:
            depth -= 1
    return deepest


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _finite(raw: str) -> float:
    value = float(raw)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value
