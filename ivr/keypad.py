"""What keys pressed so far mean against a menu's choices. Pure; knows neither time nor prompts.

Where one choice begins another (`1` and `12`), more keys are awaited; `#` ends an entry at once
unless a choice uses it.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec


class Chosen(msgspec.Struct, frozen=True):
    """A choice was made with the first `used` keys."""

    choice: str
    used: int


class Incomplete(msgspec.Struct, frozen=True):
    """Another key may follow."""


class Invalid(msgspec.Struct, frozen=True):
    """No choice begins like this."""


Entry = Chosen | Incomplete | Invalid


def match_entry(digits: str, choices: Collection[str], *, late: bool) -> Entry:
    """Match keys against choices; `late`: no more keys will come.

    Keys beyond a choice are left over for the next menu. `13` where only `1` and `12` exist is
    invalid rather than `1`: the caller meant something else.
    """
    for length in range(1, len(digits) + 1):
        entry = digits[:length]
        longer = any(choice != entry and choice.startswith(entry) for choice in choices)
        if entry in choices and not longer:
            return Chosen(entry, length)
        if not longer:
            if entry[-1] == "#" and entry[:-1] in choices:
                return Chosen(entry[:-1], length)
            return Invalid()
    if not late:
        return Incomplete()
    return Chosen(digits, len(digits)) if digits in choices else Invalid()
