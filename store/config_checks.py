"""What every change of the configuration checks, and the number that it raises."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Column, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store import tables as t
from store.errors import AlreadyThere, NotFound, UnknownReference


async def note_change(conn: AsyncConnection) -> None:
    """Raise the configuration's version by one."""
    raised = await conn.execute(
        update(t.config_version).values(version=t.config_version.c.version + 1)
    )
    if raised.rowcount == 0:
        await conn.execute(insert(t.config_version).values(id=1, version=1))


async def exists(conn: AsyncConnection, column: Column[str], value: str) -> bool:
    """True if a row has this value."""
    return await conn.scalar(select(column).where(column == value)) is not None


async def must_exist(conn: AsyncConnection, kind: str, column: Column[str], value: str) -> None:
    """Raises NotFound unless a row has this value."""
    if not await exists(conn, column, value):
        raise NotFound(kind, value)


async def must_be_free(
    conn: AsyncConnection, kind: str, column: Column[str], value: str, field: str = "id"
) -> None:
    """Raises AlreadyThere if a row has this value."""
    if await exists(conn, column, value):
        raise AlreadyThere(kind, value, field)


async def first_ids(
    conn: AsyncConnection, column: Column[str], where: Column[str], value: str
) -> list[str]:
    """Up to eleven values of `column` where `where` is `value`: ten are shown, one says more."""
    found = await conn.scalars(select(column).where(where == value).order_by(column).limit(11))
    return list(found)


async def must_all_exist(
    conn: AsyncConnection, kind: str, column: Column[str], wanted: Collection[str], referrer: str
) -> None:
    """Raises UnknownReference for the first of `wanted` that no row has; `referrer` names it."""
    if not wanted:
        return
    found = set(await conn.scalars(select(column).where(column.in_(wanted))))
    for value in wanted:
        if value not in found:
            raise UnknownReference(kind, value, referrer)
