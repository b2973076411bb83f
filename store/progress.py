"""How far SQL has come with what a floor's journal holds."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from store import tables as t


async def reached(conn: AsyncConnection, journal: str, segment: int, offset: int) -> bool:
    """Whether SQL has all that stands before this place of this journal.

    True too for a journal that SQL has never heard of: nothing can be waited for.
    """
    place = t.journal_checkpoint.c
    found = await conn.execute(
        select(place.segment, place.offset).where(place.journal_id == journal)
    )
    row = found.one_or_none()
    return row is None or (row.segment, row.offset) >= (segment, offset)
