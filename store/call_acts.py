"""What was done to a call: given away, qualified, written about, supervised; and what followed it.

Each list is in order of time. What the call itself was is read by `store/queries.py`.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import CallKind, TargetKind
from store import tables as t
from store.decode import S, to_struct
from store.follow_up import CallbackRow, MessageRow, callbacks_of, messages_of


class TransferRow(msgspec.Struct, frozen=True):
    """An agent gave the call away or took it back; `kind` is how (acd.facts.Transferred)."""

    from_agent_id: str | None
    kind: str
    target_kind: TargetKind
    target_id: str | None
    at: int


class DispositionRow(msgspec.Struct, frozen=True):
    """An agent qualified the call; the last of an agent in a queue is the one that counts."""

    agent_id: str | None
    queue_id: str | None
    code: str
    note: str | None
    at: int


class NoteRow(msgspec.Struct, frozen=True):
    """Something written down about the call."""

    agent_id: str | None
    text: str
    at: int


class SupervisionRow(msgspec.Struct, frozen=True):
    """A supervisor's act; `by` is who (`user:ID`, `key:ID`), `agent_id` whom it concerned."""

    act: str
    by: str
    agent_id: str | None
    detail: str | None
    at: int


class FollowingRow(msgspec.Struct, frozen=True):
    """A call that this one led to: a callback, or a message being listened to."""

    id: str
    kind: CallKind
    arrived_at: int
    outcome: str | None


class CallActs(msgspec.Struct, frozen=True):
    """All that was done to one call."""

    transfers: tuple[TransferRow, ...]
    dispositions: tuple[DispositionRow, ...]
    notes: tuple[NoteRow, ...]
    supervision: tuple[SupervisionRow, ...]
    callbacks: tuple[CallbackRow, ...]
    messages: tuple[MessageRow, ...]
    following: tuple[FollowingRow, ...]


async def read_acts(conn: AsyncConnection, call_id: str) -> CallActs:
    """What was done to this call; empty for one that is not known."""
    contact = t.contact.c
    following = await conn.execute(
        select(t.contact)
        .where(contact.prev_id == call_id, contact.root_id == call_id)
        .order_by(contact.arrived_at, contact.id)
    )
    return CallActs(
        transfers=await _of(conn, t.transfer, TransferRow, call_id),
        dispositions=await _of(conn, t.disposition, DispositionRow, call_id),
        notes=await _of(conn, t.contact_note, NoteRow, call_id),
        supervision=await _of(conn, t.supervision_act, SupervisionRow, call_id),
        callbacks=tuple(await callbacks_of(conn, call_id)),
        messages=tuple(await messages_of(conn, call_id)),
        following=tuple(to_struct(row, FollowingRow) for row in following),
    )


async def _of(conn: AsyncConnection, table: Table, shape: type[S], call_id: str) -> tuple[S, ...]:
    rows = await conn.execute(
        select(table)
        .where(table.c.contact_id == call_id)
        .order_by(table.c.at, table.c.subject, table.c.seq)
    )
    return tuple(to_struct(row, shape) for row in rows)
