"""Which characters a text may hold that is kept, and what becomes of one that may not stay. Pure.

Two kinds are fit for nobody: halves of a character (surrogates, U+D800 to U+DFFF, which no UTF-8
can write; RFC 3629, section 3) and control characters, of which PostgreSQL refuses NUL and a
terminal obeys the others. Tab and line breaks may stay. Each door refuses or replaces them once;
past the doors nobody needs to ask.
"""

from __future__ import annotations

import re
from typing import Final

UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""One character that no text may hold."""

INSTEAD: Final = "\N{REPLACEMENT CHARACTER}"
"""What stands where a character could not stay."""

_HALVES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def joined(text: str) -> str:
    """The text with both halves of a character made one, as JSON and YAML escapes may write it.

    `\\ud83d\\udc51` (RFC 8259, section 7) is one crown. A half without the other stays as it is.
    """
    return _HALVES.sub(
        lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text
    )


def fit(text: str) -> str:
    """The text with `INSTEAD` in the place of each character that cannot stay."""
    return UNFIT.sub(INSTEAD, joined(text)) if UNFIT.search(text) else text


def refusal(text: str) -> str | None:
    """Why this text cannot be kept, as a part of a sentence; None where it can."""
    found = UNFIT.search(joined(text))
    return None if found is None else why_unfit(found[0])


def why_unfit(char: str) -> str:
    """The same of one character."""
    code = f"U+{ord(char):04X}"
    if "\ud800" <= char <= "\udfff":
        return f"{code} is half a character (a surrogate without its other half)"
    kind = "a control character" if char < "\xa0" else "no character"
    return f"{code} is {kind}: it is not allowed here"
