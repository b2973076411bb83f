"""Which rows a report is counted from: the SQL behind `store/reporting.py`.

Only what belongs to callers is read as contacts, visits and handle time: consultations, callbacks,
messages and calls that agents place are other things, with figures of their own.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Row, and_, case, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import AgentState, CallKind, EndedBy, Outcome, SegmentKind, VisitOutcome
from kpi.rows import (
    CallbackRow,
    ContactRow,
    LossRow,
    MediaLossRow,
    MessageRow,
    SegmentRow,
    StateRow,
    TransferRow,
    VisitRow,
)
from store import tables as t
from store.follow_up import MESSAGE_DONE_AT
from store.queries import GAVE_UP_SHORTLY, HANDLED

_contact: Final = t.contact.c
_visit: Final = t.queue_visit.c
_segment: Final = t.segment.c
_transfer: Final = t.transfer.c
_COUNTED: Final = [
    kind.value
    for kind in SegmentKind
    if kind not in (SegmentKind.IVR, SegmentKind.DIAL, SegmentKind.MESSAGE)
]
TAKEN_BACK: Final = "taken_back"


class Range(msgspec.Struct, frozen=True):
    """UTC ms [since, until); one queue or agent only, None: all."""

    since: int
    until: int
    queue_id: str | None = None
    agent_id: str | None = None


def _within(at: ColumnElement[int], span: Range) -> ColumnElement[bool]:
    return and_(at >= span.since, at < span.until)


def _of_queue(column: ColumnElement[str | None], span: Range) -> list[ColumnElement[bool]]:
    return [] if span.queue_id is None else [column == span.queue_id]


async def contacts(conn: AsyncConnection, span: Range) -> list[ContactRow]:
    """Callers who arrived."""
    rows = await conn.execute(
        select(
            _contact.arrived_at,
            HANDLED.label("handled"),
            _contact.outcome,
            GAVE_UP_SHORTLY.label("short"),
            _contact.in_hours,
        ).where(_within(_contact.arrived_at, span), _contact.kind == CallKind.INBOUND.value)
    )
    return [
        ContactRow(
            arrived_at,
            bool(handled),
            None if outcome is None else Outcome(outcome),
            short=bool(short),
            in_hours=in_hours is not False,
        )
        for arrived_at, handled, outcome, short, in_hours in rows
    ]


async def visits(conn: AsyncConnection, span: Range) -> list[VisitRow]:
    """Callers' visits that began."""
    statement = select(
        _visit.queue_id,
        _visit.agent_id,
        _visit.enqueued_at,
        _visit.left_at,
        _visit.outcome,
        _visit.service_level_ms,
        _visit.short_abandon_ms,
        _visit.estimate_ms,
        _visit.waited_before_ms,
    ).where(
        _within(_visit.enqueued_at, span),
        _visit.kind == CallKind.INBOUND.value,
        *_of_queue(_visit.queue_id, span),
    )
    if span.agent_id is not None:
        statement = statement.where(_visit.agent_id == span.agent_id)
    return [
        VisitRow(
            queue_id=row.queue_id,
            agent_id=row.agent_id,
            enqueued_at=row.enqueued_at,
            left_at=row.left_at,
            outcome=None if row.outcome is None else VisitOutcome(row.outcome),
            service_level_ms=row.service_level_ms,
            short_abandon_ms=row.short_abandon_ms,
            estimate_ms=row.estimate_ms,
            waited_before_ms=row.waited_before_ms or 0,
        )
        for row in await conn.execute(statement)
    ]


def _overlaps(
    started_at: ColumnElement[int], ended_at: ColumnElement[int], span: Range
) -> list[ColumnElement[bool]]:
    return [started_at < span.until, or_(ended_at > span.since, ended_at.is_(None))]


def _callers_queue() -> ColumnElement[str | None]:
    """The queue that a stretch of time belongs to.

    Of a ring: the one for which it rang. Of the rest, only callers' calls have one: that of the
    visit, or where a consultation brought the agent, of the visit that the caller made.
    """
    own = t.queue_visit.alias("own")
    callers = (
        select(own.c.queue_id)
        .where(
            own.c.contact_id == _segment.contact_id,
            own.c.kind == CallKind.INBOUND.value,
            own.c.outcome == VisitOutcome.ANSWERED.value,
            own.c.left_at <= _segment.started_at,
        )
        .order_by(own.c.left_at.desc())
        .limit(1)
        .correlate(t.segment)
        .scalar_subquery()
    )
    beside = or_(
        _segment.consult_id.is_not(None),
        _segment.kind == SegmentKind.CONFERENCE.value,
        _visit.kind == CallKind.CONSULT.value,
    )
    return case(
        (_segment.kind == SegmentKind.RING.value, _visit.queue_id),
        (or_(_contact.kind.is_(None), _contact.kind != CallKind.INBOUND.value), null()),
        (beside, callers),
        else_=_visit.queue_id,
    )


async def segments(conn: AsyncConnection, span: Range) -> list[SegmentRow]:
    """Stretches of calls' time that touch the range."""
    queue_id = _callers_queue()
    statement = (
        select(
            _segment.contact_id,
            queue_id.label("queue_id"),
            _segment.agent_id,
            _segment.kind,
            _segment.started_at,
            _segment.ended_at,
            _segment.end_reason,
            _segment.consult_id,
        )
        .select_from(
            t.segment.outerjoin(t.queue_visit, _visit.id == _segment.visit_id).outerjoin(
                t.contact, _contact.id == _segment.contact_id
            )
        )
        .where(
            _segment.kind.in_(_COUNTED),
            *_overlaps(_segment.started_at, _segment.ended_at, span),
            *_of_queue(queue_id, span),
        )
    )
    if span.agent_id is not None:
        statement = statement.where(_segment.agent_id == span.agent_id)
    return [
        SegmentRow(
            contact_id,
            queue_id,
            agent_id,
            SegmentKind(kind),
            started_at,
            ended_at,
            end_reason,
            consult_id is not None,
        )
        for contact_id, queue_id, agent_id, kind, started_at, ended_at, end_reason, consult_id in (
            await conn.execute(statement)
        )
    ]


async def states(conn: AsyncConnection, span: Range) -> list[StateRow]:
    """Agents' states that touch the range; all agents', whoever the report is about."""
    state = t.agent_state.c
    rows = await conn.execute(
        select(
            state.agent_id,
            state.state,
            state.started_at,
            state.ended_at,
            state.productive,
            state.paid,
        ).where(*_overlaps(state.started_at, state.ended_at, span))
    )
    return [
        StateRow(agent_id, AgentState(name), started_at, ended_at, productive, paid)
        for agent_id, name, started_at, ended_at, productive, paid in rows
    ]


async def transfers(conn: AsyncConnection, span: Range) -> list[TransferRow]:
    """Callers given away by agents, and not taken back, of those who came in the range."""
    had = and_(
        _visit.contact_id == _transfer.contact_id,
        _visit.kind == CallKind.INBOUND.value,
        _visit.outcome == VisitOutcome.ANSWERED.value,
        _visit.left_at <= _transfer.at,
    )
    rows = await conn.execute(
        select(
            _transfer.subject,
            _transfer.seq,
            _transfer.contact_id,
            _transfer.from_agent_id,
            _transfer.kind,
            _contact.arrived_at,
            _visit.queue_id,
            _visit.enqueued_at,
            _visit.agent_id.label("answered_by"),
        )
        .select_from(
            t.transfer.join(t.contact, _contact.id == _transfer.contact_id).outerjoin(
                t.queue_visit, had
            )
        )
        .where(
            _contact.kind == CallKind.INBOUND.value,
            # Nobody is given away before arriving; who arrived before may enter a queue in it.
            _transfer.at >= span.since,
            _contact.arrived_at < span.until,
        )
        .order_by(_transfer.contact_id, _transfer.at, _transfer.seq, _visit.left_at)
    )
    found: list[TransferRow] = []
    for _, joined in groupby(rows, key=lambda row: (row.contact_id, row.subject, row.seq)):
        _give_away(found, list(joined))
    return found


def _give_away(found: list[TransferRow], joined: list[Row[*tuple[object, ...]]]) -> None:
    """Add one transfer, or take back the one before it.

    `joined` are the answered visits that the contact had made by then: the transfer belongs to the
    last of its own agent, else to the last of all.
    """
    row = joined[-1]
    given_by = (row.contact_id, row.from_agent_id)
    if row.kind == TAKEN_BACK:
        if found and (found[-1].contact_id, found[-1].agent_id) == given_by:
            found.pop()
        return
    own = [visit for visit in joined if visit.answered_by == row.from_agent_id]
    had = own[-1] if own else row
    found.append(TransferRow(*given_by, had.queue_id, row.arrived_at, had.enqueued_at))


async def callbacks(conn: AsyncConnection, span: Range) -> list[CallbackRow]:
    """Callbacks booked."""
    callback = t.callback.c
    rows = await conn.execute(
        select(
            callback.queue_id,
            callback.agent_id,
            callback.booked_at,
            callback.asked_at,
            callback.ended_at,
            callback.outcome,
        ).where(_within(callback.booked_at, span), *_of_queue(callback.queue_id, span))
    )
    return [CallbackRow(*row) for row in rows]


async def messages(conn: AsyncConnection, span: Range) -> list[MessageRow]:
    """Messages left."""
    message = t.voicemail.c
    rows = await conn.execute(
        select(message.queue_id, message.agent_id, message.left_at, MESSAGE_DONE_AT).where(
            _within(message.left_at, span), *_of_queue(message.queue_id, span)
        )
    )
    return [MessageRow(*row) for row in rows]


async def losses(conn: AsyncConnection, span: Range) -> list[LossRow]:
    """Calls lost."""
    lost = t.lost_call.c
    rows = await conn.execute(
        select(lost.queue_id, lost.lost_at, lost.resolved_at).where(
            _within(lost.lost_at, span), *_of_queue(lost.queue_id, span)
        )
    )
    return [LossRow(queue_id, lost_at, at is not None) for queue_id, lost_at, at in rows]


async def media_losses(conn: AsyncConnection, span: Range) -> list[MediaLossRow]:
    """Calls that the switch cut because the sound of one side was lost."""
    queue_id = func.coalesce(
        select(_visit.queue_id)
        .where(_visit.contact_id == _contact.id, _visit.kind == _contact.kind)
        .order_by(_visit.seq.desc())
        .limit(1)
        .scalar_subquery(),
        _contact.queue_id,
    )
    agent_id = (
        select(_segment.agent_id)
        .where(
            _segment.contact_id == _contact.id,
            _segment.kind.in_([SegmentKind.TALK.value, SegmentKind.HOLD.value]),
            _segment.end_reason == EndedBy.MEDIA_LOST.value,
        )
        .order_by(_segment.started_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await conn.execute(
        select(queue_id, agent_id, _contact.ended_at).where(
            _contact.ended_by == EndedBy.MEDIA_LOST.value, _within(_contact.ended_at, span)
        )
    )
    return [
        MediaLossRow(*row)
        for row in rows
        if span.queue_id in (None, row[0]) and span.agent_id in (None, row[1])
    ]
