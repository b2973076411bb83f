"""The versions of the configuration: each accepted change keeps the whole document as it then was.

Numbers rise by one with each change. A document is JSON, compressed; flows stand in it with their
version, since they keep their own.
"""

from __future__ import annotations

import zlib

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store import tables as t
from store.config_document import Configuration
from store.decode import to_struct
from store.errors import NotFound


class ConfigVersionRow(msgspec.Struct, frozen=True):
    """Who made this version, when, and what they said of it."""

    version: int
    created_at: int
    created_by: str
    comment: str


async def lock_version(conn: AsyncConnection) -> int:
    """The newest version's number; until the transaction ends nobody else makes another.

    Must be the transaction's first statement: SQLite then takes its write lock before anything is
    read, PostgreSQL that of the row.
    """
    column = t.config_version.c.version
    held = await conn.execute(update(t.config_version).values(version=column))
    if held.rowcount == 0:
        await conn.execute(insert(t.config_version).values(id=1, version=0))
    return await conn.scalar(select(column)) or 0


async def keep_version(
    conn: AsyncConnection, row: ConfigVersionRow, document: Configuration
) -> None:
    """Keep the whole as `row.version`, and make that the newest number."""
    await conn.execute(update(t.config_version).values(version=row.version))
    packed = zlib.compress(msgspec.json.encode(document), 6)
    columns = msgspec.structs.asdict(row)
    await conn.execute(insert(t.config_document).values(**columns, document=packed))


async def keep_what_was(
    conn: AsyncConnection, version: int, document: Configuration, now_ms: int
) -> None:
    """Keep the document of a number that has none (written by an older release, or past the API).

    So the first change after it can be undone too.
    """
    table = t.config_document
    known = await conn.scalar(select(table.c.version).where(table.c.version == version))
    if known is None and document != Configuration():
        row = ConfigVersionRow(version, now_ms, "system", "As it was found")
        await keep_version(conn, row, document)


async def list_versions(
    conn: AsyncConnection, *, limit: int = 100, before: int | None = None
) -> list[ConfigVersionRow]:
    """Versions, newest first; `before` continues below the last of a page."""
    table = t.config_document
    query = select(table.c.version, table.c.created_at, table.c.created_by, table.c.comment)
    query = query.order_by(table.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(table.c.version < before)
    return [to_struct(row, ConfigVersionRow) for row in await conn.execute(query)]


async def get_version(
    conn: AsyncConnection, version: int
) -> tuple[ConfigVersionRow, Configuration]:
    """One version with its document. Raises NotFound."""
    table = t.config_document
    row = (await conn.execute(select(table).where(table.c.version == version))).one_or_none()
    if row is None:
        raise NotFound("version of the configuration", str(version))
    document = msgspec.json.decode(zlib.decompress(row.document), type=Configuration)
    return to_struct(row, ConfigVersionRow), document
