"""What is owed to callers who did not wait: callbacks and voice messages, listed and read.

The floor makes and carries out both; only that somebody marked a message as done without hearing
it from the floor stands here alone. Times are UTC ms, ranges [since, until).
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import CallKind, VisitOutcome
from store import tables as t
from store.decode import to_struct
from store.errors import NotFound
from store.queries import CallCursor, between


class CallbackRow(msgspec.Struct, frozen=True):
    """A callback; `id` is that of its own call. `state` is the last told (acd.facts).

    `asked_at` is when the customer wanted it, `due_at` when it is tried next; `outcome` and
    `ended_at` are None while it is still to be made. `agent_id` is who is looked for first, or who
    took it; `by` who booked it, None: the caller.
    """

    id: str
    origin_contact_id: str | None
    queue_id: str | None
    number: str | None
    state: str | None
    attempts: int | None
    booked_at: int | None
    asked_at: int | None
    due_at: int | None
    ended_at: int | None
    outcome: str | None
    agent_id: str | None
    by: str | None


class MessageState(StrEnum):
    """Where a message is: nobody had it, an agent has taken it, or it has been dealt with."""

    NEW = "new"
    ASSIGNED = "assigned"
    DONE = "done"


class MessageRow(msgspec.Struct, frozen=True):
    """A voice message; `id` is that of the work item that it made, `contact_id` the caller's call.

    `agent_id` has taken or heard it; `marked_by` says who marked it as done instead. The recording
    may not be kept yet (`duration_ms` None).
    """

    id: str
    contact_id: str | None
    queue_id: str | None
    number: str | None
    recording_id: str | None
    duration_ms: int | None
    left_at: int | None
    state: MessageState
    agent_id: str | None
    done_at: int | None
    marked_by: str | None


class FollowUpFilter(msgspec.Struct, frozen=True):
    """Which callbacks or messages; None: no restriction. `states` as the rows have them."""

    since: int | None = None
    until: int | None = None
    queues: Collection[str] | None = None
    states: Collection[str] | None = None
    number: str | None = None


_callback: Final = t.callback.c
_message: Final = t.voicemail.c

MESSAGE_DONE_AT: Final[ColumnElement[int | None]] = func.coalesce(
    case(
        (_message.heard_at <= _message.marked_at, _message.heard_at),
        (_message.marked_at < _message.heard_at, _message.marked_at),
        else_=null(),
    ),
    _message.heard_at,
    _message.marked_at,
)
"""When a message was dealt with, by hearing or by hand, whichever came first; NULL: not yet."""


# ---- callbacks ---------------------------------------------------------------------------------


def _callbacks() -> Select[*tuple[object, ...]]:
    return select(t.callback).where(_callback.booked_at.is_not(None))


async def list_callbacks(
    conn: AsyncConnection,
    wanted: FollowUpFilter,
    *,
    limit: int = 100,
    below: CallCursor | None = None,
) -> list[CallbackRow]:
    """Callbacks that match, newest booking first."""
    query = _callbacks().where(*between(_callback.booked_at, wanted.since, wanted.until))
    if wanted.queues is not None:
        query = query.where(_callback.queue_id.in_(wanted.queues))
    if wanted.states is not None:
        query = query.where(_callback.state.in_(wanted.states))
    if wanted.number is not None:
        query = query.where(_callback.number == wanted.number)
    if below is not None:
        same = and_(_callback.booked_at == below.arrived_at, _callback.id < below.id)
        query = query.where(or_(_callback.booked_at < below.arrived_at, same))
    query = query.order_by(_callback.booked_at.desc(), _callback.id.desc()).limit(limit)
    return [to_struct(row, CallbackRow) for row in await conn.execute(query)]


async def get_callback(conn: AsyncConnection, callback_id: str) -> CallbackRow:
    """One callback. Raises NotFound."""
    row = (await conn.execute(_callbacks().where(_callback.id == callback_id))).one_or_none()
    if row is None:
        raise NotFound("callback", callback_id)
    return to_struct(row, CallbackRow)


async def booked_by(conn: AsyncConnection, callback_id: str) -> str | None:
    """Who booked the callback (`user:ID`, `key:ID`); None: the caller, or there is no such one."""
    by: str | None = await conn.scalar(select(_callback.by).where(_callback.id == callback_id))
    return by


async def callbacks_of(conn: AsyncConnection, contact_id: str) -> list[CallbackRow]:
    """The callbacks that this call asked for, or that it is itself, by booking."""
    mine = or_(_callback.origin_contact_id == contact_id, _callback.id == contact_id)
    rows = await conn.execute(_callbacks().where(mine).order_by(_callback.booked_at))
    return [to_struct(row, CallbackRow) for row in rows]


# ---- messages ----------------------------------------------------------------------------------


def _messages() -> Select[*tuple[object, ...]]:
    visit, recording = t.queue_visit.c, t.recording.c
    # One whose agent hung up before hearing it stands in the queue again: by another visit.
    answered = visit.outcome == VisitOutcome.ANSWERED.value
    taker = (
        select(case((answered, visit.agent_id), else_=null()))
        .where(visit.contact_id == _message.id, visit.kind == CallKind.VOICEMAIL.value)
        .order_by(visit.seq.desc())
        .limit(1)
        .correlate(t.voicemail)
        .scalar_subquery()
    )
    at_work = (
        select(t.contact.c.id)
        .where(t.contact.c.id == _message.id, t.contact.c.ended_at.is_(None))
        .correlate(t.voicemail)
        .exists()
    )
    state = case(
        (MESSAGE_DONE_AT.is_not(None), MessageState.DONE.value),
        (and_(taker.is_not(None), at_work), MessageState.ASSIGNED.value),
        else_=MessageState.NEW.value,
    )
    return (
        select(
            _message.id,
            _message.contact_id,
            _message.queue_id,
            _message.number,
            _message.recording_id,
            recording.duration_ms,
            _message.left_at,
            state.label("state"),
            func.coalesce(_message.agent_id, taker).label("agent_id"),
            MESSAGE_DONE_AT.label("done_at"),
            _message.marked_by,
        )
        .select_from(t.voicemail.outerjoin(t.recording, recording.id == _message.recording_id))
        .where(_message.left_at.is_not(None))
    )


async def list_messages(
    conn: AsyncConnection,
    wanted: FollowUpFilter,
    *,
    limit: int = 100,
    below: CallCursor | None = None,
) -> list[MessageRow]:
    """Messages that match, newest first."""
    query = _messages().where(*between(_message.left_at, wanted.since, wanted.until))
    if wanted.queues is not None:
        query = query.where(_message.queue_id.in_(wanted.queues))
    if wanted.number is not None:
        query = query.where(_message.number == wanted.number)
    if below is not None:
        same = and_(_message.left_at == below.arrived_at, _message.id < below.id)
        query = query.where(or_(_message.left_at < below.arrived_at, same))
    if wanted.states is not None:
        found = query.subquery()
        query = select(found).where(found.c.state.in_(wanted.states))
        query = query.order_by(found.c.left_at.desc(), found.c.id.desc())
    else:
        query = query.order_by(_message.left_at.desc(), _message.id.desc())
    return [to_struct(row, MessageRow) for row in await conn.execute(query.limit(limit))]


async def get_message(conn: AsyncConnection, message_id: str) -> MessageRow:
    """One message. Raises NotFound."""
    row = (await conn.execute(_messages().where(_message.id == message_id))).one_or_none()
    if row is None:
        raise NotFound("voice message", message_id)
    return to_struct(row, MessageRow)


async def messages_of(conn: AsyncConnection, contact_id: str) -> list[MessageRow]:
    """The messages that this call left, or that it is about, in order."""
    mine = or_(_message.contact_id == contact_id, _message.id == contact_id)
    rows = await conn.execute(_messages().where(mine).order_by(_message.left_at))
    return [to_struct(row, MessageRow) for row in rows]


async def mark_done(conn: AsyncConnection, message_id: str, by: str, now_ms: int) -> MessageRow:
    """Say that a message was dealt with; who said so first stays. Raises NotFound."""
    found = await get_message(conn, message_id)
    if found.done_at is None:
        # The floor's clock may be ahead of this one.
        at = max(now_ms, found.left_at or 0)
        await conn.execute(
            update(t.voicemail)
            .where(_message.id == message_id, _message.marked_at.is_(None))
            .values(marked_by=by, marked_at=at)
        )
    return await get_message(conn, message_id)
