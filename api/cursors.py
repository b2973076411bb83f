"""Where a page ends, as an opaque text: instant and id of its last row (keyset pagination)."""

from __future__ import annotations

import base64
import binascii

from api.problems import invalid_parameter
from store import queries


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
        return queries.CallCursor(int(at), id_)
    except (ValueError, binascii.Error) as error:
        raise invalid_parameter("cursor", "This is not the `next` of a page.") from error
