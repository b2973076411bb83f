"""Where a page ends, as an opaque text: instant and id of its last row (keyset pagination)."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from api.problems import Problem, invalid_parameter
from api.shapes import no_controls
from store import queries

_LATEST: Final = 2**53


def encode_cursor(at: int, id_: str) -> str:
    """The place below which the next page begins."""
    return base64.urlsafe_b64encode(f"{at} {id_}".encode()).decode().rstrip("=")


def decode_cursor(text: str | None) -> queries.CallCursor | None:
    """The other way round. Raises Problem 422."""
    if text is None:
        return None
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
        at, _, id_ = plain.partition(" ")
        cursor = queries.CallCursor(int(at), no_controls(id_))
    except (ValueError, binascii.Error) as error:
        raise _foreign() from error
    if not 0 <= cursor.arrived_at <= _LATEST:
        raise _foreign()
    return cursor


def _foreign() -> Problem:
    return invalid_parameter("cursor", "This is not the `next` of a page.")
