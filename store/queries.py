"""Reading what came to pass: calls, one call whole, routing reasons, recordings.

Decides which calls stand behind a figure: `CallFilter` with the range and scope of a report's row
lists the very calls that the row counts. Times are UTC ms, ranges [since, until).
"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.facts import Candidate
from acd.model import Outcome, SkillLevel, VisitOutcome
from store import tables as t
from store.decode import to_struct
from store.errors import NotFound


class CallFilter(msgspec.Struct, frozen=True):
    """Which calls. None: no restriction.

    Without queue, agent and `short_abandon`, `since` and `until` are about arrival and `outcome`
    about the contact. With one of them they are about the visit: entry into the queue, and the
    visit's outcome (an Outcome that no visit can have matches nothing). This is the cohort of the
    reports. `number` is the caller's, exact.
    """

    since: int | None = None
    until: int | None = None
    queue_id: str | None = None
    agent_id: str | None = None
    outcome: Outcome | None = None
    number: str | None = None
    short_abandon: bool = False


class CallCursor(msgspec.Struct, frozen=True):
    """The last call of a page; the next page begins below it."""

    arrived_at: int
    id: str


class CallRow(msgspec.Struct, frozen=True):
    """A call in a list. `outcome` is `answered` once an agent was connected; None: in progress.

    `queue_id` and `agent_id` are those of its last visit to a queue.
    """

    id: str
    arrived_at: int
    ended_at: int | None
    dnis: str | None
    number: str | None
    name: str | None
    flow_id: str | None
    outcome: Outcome | None
    ended_by: str | None
    reason: str | None
    queue_id: str | None
    agent_id: str | None
    wait_ms: int | None


class Counted(msgspec.Struct, frozen=True):
    """How many calls match a filter, and how many visits of theirs (a call may queue twice)."""

    calls: int
    visits: int


class VisitRow(msgspec.Struct, frozen=True):
    """A stay in a queue."""

    id: str
    seq: int | None
    queue_id: str | None
    required: tuple[SkillLevel, ...]
    priority: int | None
    enqueued_at: int | None
    left_at: int | None
    outcome: str | None
    agent_id: str | None
    ringing: bool | None
    service_level_ms: int | None
    short_abandon_ms: int | None


class SegmentRow(msgspec.Struct, frozen=True):
    """A stretch of a call's time."""

    id: str
    visit_id: str | None
    agent_id: str | None
    team: str | None
    kind: str | None
    started_at: int | None
    ended_at: int | None
    end_reason: str | None


class FlowStepRow(msgspec.Struct, frozen=True):
    """A node of the flow that the caller went through."""

    flow_id: str
    version: int
    node: str
    kind: str
    input: str | None
    entered_at: int
    left_at: int


class EventRow(msgspec.Struct, frozen=True):
    """A fact as it was told; `payload` is its JSON."""

    subject: str
    seq: int
    kind: str
    agent_id: str | None
    occurred_at: int
    received_at: int
    payload: str


class DecisionRow(msgspec.Struct, frozen=True):
    """Why a call was given to this agent, or to nobody, at that moment."""

    visit_id: str
    queue_id: str
    trigger: str
    agent_id: str | None
    decided_at: int
    signed_in: int
    waiting_ahead: int
    candidates: tuple[Candidate, ...]


class RecordingRow(msgspec.Struct, frozen=True):
    """A recording; `state` is started, kept or lost."""

    id: str
    contact_id: str
    agent_id: str | None
    queue_id: str | None
    started_at: int | None
    state: str
    path: str | None
    size_bytes: int | None
    duration_ms: int | None
    sha256: str | None
    lost_reason: str | None


class CallDetail(msgspec.Struct, frozen=True):
    """One call with all that is known of it, each list in order of time."""

    call: CallRow
    visits: tuple[VisitRow, ...]
    segments: tuple[SegmentRow, ...]
    steps: tuple[FlowStepRow, ...]
    events: tuple[EventRow, ...]
    recordings: tuple[RecordingRow, ...]


_skills: Final = msgspec.json.Decoder(tuple[SkillLevel, ...])
_candidates: Final = msgspec.json.Decoder(tuple[Candidate, ...])
_contact: Final = t.contact.c
_visit: Final = t.queue_visit.c

WAIT_MS: Final = _visit.left_at - _visit.enqueued_at
HANDLED: Final = (
    select(_visit.id)
    .where(_visit.contact_id == _contact.id, _visit.outcome == VisitOutcome.ANSWERED.value)
    .correlate(t.contact)
    .exists()
)
_OUTCOME: Final = case((HANDLED, Outcome.ANSWERED.value), else_=_contact.outcome)


def _between(
    at: ColumnElement[int], since: int | None, until: int | None
) -> list[ColumnElement[bool]]:
    limits = []
    if since is not None:
        limits.append(at >= since)
    if until is not None:
        limits.append(at < until)
    return limits


def _by_visit(wanted: CallFilter) -> bool:
    return wanted.queue_id is not None or wanted.agent_id is not None or wanted.short_abandon


def _visit_conditions(wanted: CallFilter) -> ColumnElement[bool]:
    conditions = [
        _visit.contact_id == _contact.id,
        *_between(_visit.enqueued_at, wanted.since, wanted.until),
    ]
    if wanted.queue_id is not None:
        conditions.append(_visit.queue_id == wanted.queue_id)
    if wanted.agent_id is not None:
        conditions.append(_visit.agent_id == wanted.agent_id)
    if wanted.outcome is not None:
        conditions.append(_visit.outcome == wanted.outcome.value)
    if wanted.short_abandon:
        conditions.append(_visit.outcome == VisitOutcome.ABANDONED.value)
        conditions.append(_visit.short_abandon_ms >= WAIT_MS)
    return and_(*conditions)


def _contact_conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_contact.arrived_at.is_not(None)]
    if wanted.number is not None:
        conditions.append(_contact.number == wanted.number)
    if _by_visit(wanted):
        entered = select(_visit.id).where(_visit_conditions(wanted)).correlate(t.contact)
        conditions.append(entered.exists())
        return conditions
    conditions += _between(_contact.arrived_at, wanted.since, wanted.until)
    if wanted.outcome is Outcome.ANSWERED:
        conditions.append(HANDLED)
    elif wanted.outcome is not None:
        conditions.append(_contact.outcome == wanted.outcome.value)
        conditions.append(~HANDLED)
    return conditions


def _select_calls() -> Select[*tuple[object, ...]]:
    own = t.queue_visit.alias("own")
    last = (
        select(own.c.id)
        .where(own.c.contact_id == _contact.id)
        .order_by(own.c.seq.desc(), own.c.enqueued_at.desc())
        .limit(1)
        .scalar_subquery()
        .correlate(t.contact)
    )
    final = t.queue_visit.alias("final")
    return select(
        _contact.id,
        _contact.arrived_at,
        _contact.ended_at,
        _contact.dnis,
        _contact.number,
        _contact.name,
        _contact.flow_id,
        _OUTCOME.label("outcome"),
        _contact.ended_by,
        _contact.reason,
        final.c.queue_id,
        final.c.agent_id,
        (final.c.left_at - final.c.enqueued_at).label("wait_ms"),
    ).select_from(t.contact.outerjoin(final, final.c.id == last))


def _call(row: Row[*tuple[object, ...]]) -> CallRow:
    return to_struct(row, CallRow)


async def list_calls(
    conn: AsyncConnection,
    wanted: CallFilter,
    *,
    limit: int = 100,
    below: CallCursor | None = None,
) -> list[CallRow]:
    """Calls that match, newest arrival first; `below` continues after the last row of a page."""
    query = _select_calls().where(*_contact_conditions(wanted))
    if below is not None:
        same = and_(_contact.arrived_at == below.arrived_at, _contact.id < below.id)
        query = query.where(or_(_contact.arrived_at < below.arrived_at, same))
    query = query.order_by(_contact.arrived_at.desc(), _contact.id.desc()).limit(limit)
    return [_call(row) for row in await conn.execute(query)]


async def count_calls(conn: AsyncConnection, wanted: CallFilter) -> Counted:
    """How many calls (a report's contacts) and visits (a queue's or agent's figures) match.

    `visits` counts those that match themselves; without queue, agent or `short_abandon` it counts
    all visits of the calls.
    """
    matching = _contact_conditions(wanted)
    calls = await conn.scalar(select(func.count()).select_from(t.contact).where(*matching))
    joined = _visit.contact_id == _contact.id
    if _by_visit(wanted):
        joined = _visit_conditions(wanted)
    visits = await conn.scalar(
        select(func.count()).select_from(t.queue_visit.join(t.contact, joined)).where(*matching)
    )
    return Counted(calls=calls or 0, visits=visits or 0)


async def get_call(conn: AsyncConnection, call_id: str) -> CallDetail:
    """One call whole. Raises NotFound."""
    found = await conn.execute(_select_calls().where(_contact.id == call_id))
    row = found.one_or_none()
    if row is None or row.arrived_at is None:
        raise NotFound("call", call_id)
    visit, segment, step, event = t.queue_visit.c, t.segment.c, t.flow_step.c, t.event.c
    visits = await conn.execute(
        select(t.queue_visit).where(visit.contact_id == call_id).order_by(visit.seq)
    )
    segments = await conn.execute(
        select(t.segment)
        .where(segment.contact_id == call_id)
        .order_by(segment.started_at, segment.id)
    )
    steps = await conn.execute(
        select(t.flow_step).where(step.contact_id == call_id).order_by(step.entered_at, step.seq)
    )
    events = await conn.execute(
        select(t.event)
        .where(event.contact_id == call_id)
        .order_by(event.occurred_at, event.subject, event.seq)
    )
    return CallDetail(
        call=_call(row),
        visits=tuple(_visit_row(item) for item in visits),
        segments=tuple(to_struct(item, SegmentRow) for item in segments),
        steps=tuple(to_struct(item, FlowStepRow) for item in steps),
        events=tuple(to_struct(item, EventRow) for item in events),
        recordings=tuple(await list_recordings(conn, call_id=call_id)),
    )


def _visit_row(row: Row[*tuple[object, ...]]) -> VisitRow:
    return to_struct(row, VisitRow, required=_skills.decode(row.required or "[]"))


async def list_decisions(conn: AsyncConnection, call_id: str) -> list[DecisionRow]:
    """What the router saw and decided for a call, in order; empty for a call never queued."""
    decision = t.routing_decision
    rows = await conn.execute(
        select(decision)
        .where(decision.c.contact_id == call_id)
        .order_by(decision.c.decided_at, decision.c.seq)
    )
    return [
        to_struct(row, DecisionRow, candidates=_candidates.decode(row.candidates)) for row in rows
    ]


# ---- recordings -------------------------------------------------------------------------------


def _recording(row: Row[*tuple[object, ...]]) -> RecordingRow:
    state = "kept" if row.kept_at is not None else "lost" if row.lost_at is not None else "started"
    return to_struct(row, RecordingRow, state=state)


async def list_recordings(
    conn: AsyncConnection,
    *,
    call_id: str | None = None,
    queue_id: str | None = None,
    agent_id: str | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = 100,
    below: CallCursor | None = None,
) -> list[RecordingRow]:
    """Recordings, newest first; `below` holds `started_at` and id of the last one of a page."""
    recording = t.recording.c
    query = select(t.recording).where(*_between(recording.started_at, since, until))
    for column, value in (
        (recording.contact_id, call_id),
        (recording.queue_id, queue_id),
        (recording.agent_id, agent_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if below is not None:
        same = and_(recording.started_at == below.arrived_at, recording.id < below.id)
        query = query.where(or_(recording.started_at < below.arrived_at, same))
    query = query.order_by(recording.started_at.desc(), recording.id.desc()).limit(limit)
    return [_recording(row) for row in await conn.execute(query)]


async def get_recording(conn: AsyncConnection, recording_id: str) -> RecordingRow:
    """One recording. Raises NotFound."""
    query = select(t.recording).where(t.recording.c.id == recording_id)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise NotFound("recording", recording_id)
    return _recording(row)
