"""Instants as clients write them: UTC milliseconds, or RFC 3339 with its offset.

Answers say milliseconds only. A text without offset is refused: whose clock it is, nobody can know.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from acd.errors import Unreadable

_WRITTEN: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+\- ]\d\d:\d\d)?", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_HINT: Final = "write UTC milliseconds since 1970, or RFC 3339 as 2026-03-29T09:00:00+02:00"
_ASTUCE: Final = (
    "écrivez des millisecondes UTC depuis 1970, ou RFC 3339 comme 2026-03-29T09:00:00+02:00"
)


def read_instant(value: object) -> object:
    """UTC milliseconds of a text; what is no text is passed on. Raises Unreadable with a hint.

    Digits alone are milliseconds, since query parameters are text. A blank where the offset's `+`
    belongs is one: an address that was not encoded carries it so.
    """
    if not isinstance(value, str):
        return value
    if _DIGITS.fullmatch(value):
        return int(value)
    found = _WRITTEN.fullmatch(value)
    if found is None:
        raise Unreadable(f"this is no instant: {_HINT}", f"ce n’est pas une heure : {_ASTUCE}")
    day, clock, fraction, offset = found.groups()
    if offset is None:
        raise Unreadable(
            f"this says no offset (Z, or +02:00): {_HINT}",
            f"il manque le décalage horaire (Z ou +02:00) : {_ASTUCE}",
        )
    offset = "+00:00" if offset in "Zz" else offset.replace(" ", "+")
    try:
        since = datetime.fromisoformat(f"{day}T{clock}{offset}") - _EPOCH
    except (ValueError, OverflowError) as error:
        raise Unreadable(
            f"there is no such time: {_HINT}", f"cette heure n’existe pas : {_ASTUCE}"
        ) from error
    return since // timedelta(milliseconds=1) + int(((fraction or "") + "000")[:3])
