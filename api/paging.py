"""Pages of a list: what asks for one, and where it ends, as an opaque text.

The text is instant and id of its last row (keyset pagination).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query

from api.problems import Problem, invalid_parameter
from api.shapes import GivenInstant, no_controls
from store import queries

_LATEST: Final = 2**53

Since = Annotated[GivenInstant | None, Query(description="from this instant on, UTC ms")]
Until = Annotated[GivenInstant | None, Query(description="before this instant, UTC ms")]
Number = Annotated[str | None, Query(max_length=64, description="the customer's, exact")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]

R = TypeVar("R")


def page_of(
    found: Sequence[R], limit: int, place: Callable[[R], tuple[int | None, str]]
) -> tuple[Sequence[R], str | None]:
    """The rows of a page and its `next`; None: it is the last.

    `found` has one row more than `limit` where there are more; `place` is a row's instant and id.
    """
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    at, id_ = place(page[-1])
    return page, encode_cursor(at or 0, id_)


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
