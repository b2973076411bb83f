"""Reads what nodes carry beside their targets: numbers outside, and words attached to a call."""

from __future__ import annotations

from acd.phone_numbers import international
from ivr.source import Place

DATA_LIMIT = 32
DATA_TEXT_LIMIT = 500


def number(place: Place) -> str:
    """A number outside in international form (E.164); what stands between digits is left out."""
    text = international(place.raw)
    digits = text.removeprefix("+")
    if not text.startswith("+") or not digits.isascii() or not digits.isdigit():
        place.fault(f"“{text[:80]}” is not a number; write it like +33123456789")
    elif not 7 <= len(digits) <= 15:
        place.fault(f"{text[:80]} has not from 7 to 15 digits")
    return text


def data(place: Place | None) -> dict[str, str]:
    """Words that are attached to the call, for agents and programs."""
    found: dict[str, str] = {}
    for key, value in place.pairs("“data”") if place is not None else ():
        name, words = key.name("the name of a value"), value.text("a value of “data”")
        if len(found) >= DATA_LIMIT:
            key.fault(f"“data” has at most {DATA_LIMIT} values")
            break
        if words is not None and len(words) > DATA_TEXT_LIMIT:
            value.fault(f"a value of “data” has at most {DATA_TEXT_LIMIT} characters")
        elif name is not None and words is not None:
            found[name] = words
    return found
