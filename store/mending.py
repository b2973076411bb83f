"""Makes a value fit to be kept: the last net, for what no door has refused or replaced.

A value is mended where JSON could not write it or would not read it again: half characters, numbers
beyond 64 bits, texts without end. What can stay, stays. Decides nothing of what a value means.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeVar

import msgspec

from acd.texts import fit

S = TypeVar("S", bound=msgspec.Struct)

LONGEST_TEXT: Final = 1_000
"""Characters that are left of a text in a value which is too large as a whole."""

_DEEPEST: Final = 50
_MOST, _LEAST = 2**63 - 1, -(2**63)


def mended(value: S, kind: Any, longest: int | None = None) -> S:
    """The value as JSON can keep it; `kind` is its type, or the union that it belongs to.

    `longest` cuts its texts. Raises ValueError, TypeError or RecursionError where it is past help.
    """
    made: S = msgspec.convert(_fit(msgspec.to_builtins(value), longest, 0), kind)
    return made


def _fit(plain: object, longest: int | None, depth: int) -> object:
    if depth > _DEEPEST:
        return None
    match plain:
        case str():
            text = fit(plain)
            return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"
        case bool():
            return plain
        case int():
            return max(_LEAST, min(_MOST, plain))
        case float():
            return plain if math.isfinite(plain) else 0.0
        case dict():
            return {
                _fit(key, longest, depth + 1): _fit(each, longest, depth + 1)
                for key, each in plain.items()
            }
        case list() | tuple():
            return [_fit(each, longest, depth + 1) for each in plain]
        case _:
            return plain
