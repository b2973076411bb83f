"""Telephone numbers as people write them, made E.164. Whether one may be called is the floor's.

National numbers are understood where the national prefix is 0, as in France and most of Europe;
elsewhere the international form is to be sent.
"""

from __future__ import annotations

import re
from typing import Final

_BETWEEN: Final = re.compile(r"[\s.()/\u2010-\u2015-]")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT: Final = re.compile(r"[0-9]{2,8}")


def to_e164(text: str, country_code: str) -> str:
    """The number in international form (ITU-T E.164: `+` and 7 to 15 digits).

    `country_code` is that of numbers written nationally (`33`). Raises ValueError with a sentence.
    """
    compact = _BETWEEN.sub("", text.replace("(0)", ""))
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    elif compact.startswith("0"):
        compact = f"+{country_code}{compact[1:]}"
    if not _E164.fullmatch(compact):
        raise ValueError(
            "this is no telephone number: write it as +33123456789, or nationally as 01 23 45 67 89"
        )
    return compact


def as_dialled(text: str, country_code: str) -> str:
    """What an agent dials: 2 to 8 digits (a colleague, a service) as they are, else E.164.

    Raises ValueError.
    """
    compact = _BETWEEN.sub("", text)
    return compact if _SHORT.fullmatch(compact) else to_e164(text, country_code)
