"""Lists as answers: every one is `items` and `next`; what asks for a page, and where it ends.

`next` is an opaque text that is sent back as `cursor`. Of what grows without end (calls, the audit
log) it is instant and id of the page's last row; of what people configure, its place and id.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import Field

from acd.phone_numbers import as_written, is_somebodys
from api.context import Context
from api.problems import Problem, invalid_parameter
from api.shapes import LARGEST_ROW, LATEST_MS, GivenInstant, Out, no_controls
from store import queries

LARGEST_PAGE: Final = 500

Since = Annotated[GivenInstant | None, Query(description="from this instant on")]
Until = Annotated[GivenInstant | None, Query(description="before this instant")]
Number = Annotated[
    str | None,
    Query(
        max_length=64,
        description="the other side's, as people write it: `06 12…`, `+33612…`, `3631`",
    ),
]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="items a page")]
Cursor = Annotated[str | None, Query(max_length=300, description="`next` of the page before")]

T = TypeVar("T")
R = TypeVar("R")


class Page(Out, Generic[T]):
    """A list, or a page of one."""

    items: list[T]
    next: str | None = Field(
        default=None,
        description="send it back as `cursor` for the next page; null: this was the last",
    )


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
    if not 0 <= cursor.arrived_at <= LATEST_MS:
        raise _foreign()
    return cursor


def numbered(text: str | None) -> int | None:
    """The number in a cursor of rows that are told apart by one. Raises Problem 422."""
    cursor = decode_cursor(text)
    if cursor is None:
        return None
    if not 1 <= cursor.arrived_at <= LARGEST_ROW:
        raise _foreign()
    return cursor.arrived_at


def _foreign() -> Problem:
    return invalid_parameter(
        "cursor", "This is not the `next` of a page.", "Ce n’est pas le « next » d’une page."
    )


# ---- lists that are short enough to be read whole ----------------------------------------------


@dataclass(frozen=True, slots=True)
class Cut:
    """Which page of such a list is wanted; `limit` None: all of it."""

    limit: int | None
    cursor: queries.CallCursor | None


def cut(
    limit: Annotated[
        int | None, Query(ge=1, le=LARGEST_PAGE, description="items a page; left out: all")
    ] = None,
    cursor: Cursor = None,
) -> Cut:
    """The page that is wanted (dependency). Raises Problem 422."""
    return Cut(limit, decode_cursor(cursor))


AsPage = Annotated[Cut, Depends(cut)]


def cut_from(rows: Sequence[R], cut: Cut, key: Callable[[R], object]) -> tuple[list[R], str | None]:
    """The page of `rows`, which stand in the order of the list, and its `next`.

    `key` tells them apart. The page goes on behind the row that ended the one before, wherever that
    stands by now; where it has gone, at its old place.
    """
    start = 0
    if cut.cursor is not None:
        keys = [str(key(row)) for row in rows]
        last = cut.cursor.id
        start = keys.index(last) + 1 if last in keys else max(0, cut.cursor.arrived_at - 1)
    end = len(rows) if cut.limit is None else start + cut.limit
    after = encode_cursor(end, str(key(rows[end - 1]))) if end < len(rows) else None
    return list(rows[start:end]), after


# ---- what is looked for ------------------------------------------------------------------------


def sought(context: Context, number: str | None) -> str | None:
    """A telephone number in the form in which numbers are kept; None: any.

    A blank in front may be the `+` of an address that was not encoded.
    """
    if number is None:
        return None
    country = context.settings.country_code
    if number.startswith(" ") and is_somebodys(plus := as_written(f"+{number}", country)):
        return plus
    return as_written(number, country)
