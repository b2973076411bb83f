"""Queues; part of `store.config`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store import tables as t
from store.config_checks import must_be_free, must_exist, note_change
from store.config_json import from_row, to_columns
from store.config_people import load_levels, replace_levels
from store.errors import NotFound
from store.rows import QueueRow

_JSON: Final = (
    "steps",
    "dispositions",
    "messages",
    "exits",
    "on_max_wait",
    "on_full",
    "on_closed",
    "on_nobody",
    "callback",
    "voicemail",
)
_IN_OTHER_TABLES: Final = ("required",)


async def list_queues(conn: AsyncConnection) -> list[QueueRow]:
    """All queues, by id."""
    return await _queues(conn, None)


async def get_queue(conn: AsyncConnection, queue_id: str) -> QueueRow:
    """One queue. Raises NotFound."""
    found = await _queues(conn, queue_id)
    if not found:
        raise NotFound("queue", queue_id)
    return found[0]


async def _queues(conn: AsyncConnection, only: str | None) -> list[QueueRow]:
    query = select(t.queue).order_by(t.queue.c.id)
    if only is not None:
        query = query.where(t.queue.c.id == only)
    levels = await load_levels(conn, t.queue_skill, "queue_id", "min_level", only)
    return [
        from_row(row, QueueRow, _JSON, required=levels.get(row.id, ()))
        for row in await conn.execute(query)
    ]


async def create_queue(conn: AsyncConnection, queue: QueueRow) -> QueueRow:
    """Add a queue with the skills it asks for. Raises AlreadyThere, UnknownReference.

    What it names beside skills is the caller's to check (`store.config_rules`).
    """
    await must_be_free(conn, "queue", t.queue.c.id, queue.id)
    await conn.execute(insert(t.queue).values(to_columns(queue, _JSON, _IN_OTHER_TABLES)))
    owner = ("queue", "queue_id", queue.id)
    await replace_levels(conn, t.queue_skill, owner, "min_level", queue.required)
    await note_change(conn)
    return await get_queue(conn, queue.id)


async def update_queue(conn: AsyncConnection, queue: QueueRow) -> QueueRow:
    """Replace a queue whole, required skills included. Raises NotFound, UnknownReference."""
    await must_exist(conn, "queue", t.queue.c.id, queue.id)
    columns = to_columns(queue, _JSON, (*_IN_OTHER_TABLES, "id"))
    await conn.execute(update(t.queue).where(t.queue.c.id == queue.id).values(columns))
    owner = ("queue", "queue_id", queue.id)
    await replace_levels(conn, t.queue_skill, owner, "min_level", queue.required)
    await note_change(conn)
    return await get_queue(conn, queue.id)


async def delete_queue(conn: AsyncConnection, queue_id: str) -> None:
    """Remove a queue; its history stays. Flows and queues that name it are the caller's to check.

    Raises NotFound.
    """
    await must_exist(conn, "queue", t.queue.c.id, queue_id)
    await conn.execute(delete(t.queue).where(t.queue.c.id == queue_id))
    await note_change(conn)
