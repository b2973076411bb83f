"""Reading what came to pass: calls, one call whole, routing reasons, recordings.

Decides which calls stand behind a figure: `CallFilter` with the range and scope of a report's row
lists the very calls that the row counts. What was done to a call is read by `store/call_acts.py`.
Times are UTC ms, ranges [since, until).
"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, case, false, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.facts import Candidate
from acd.model import CallKind, Outcome, SegmentKind, SkillLevel, VisitOutcome
from store import tables as t
from store.decode import to_struct
from store.errors import NotFound


class CallFilter(msgspec.Struct, frozen=True):
    """Which calls. None: no restriction.

    Without queue and `answered_by`, `since` and `until` are about arrival and `outcome` about the
    contact (`short_abandon`: one of its visits was one). With one of them they are about the visit:
    entry into the queue, and the visit's outcome (an Outcome that no visit can have matches
    nothing). This is the cohort of the reports. A call that an agent placed for a queue counts as
    that queue's by its arrival. `answered_by` answered the visit, `agent_id` had any part in the
    call. `number` is the other side's, exact; `kind` is what the call is, and its visits are.
    """

    since: int | None = None
    until: int | None = None
    queue_id: str | None = None
    agent_id: str | None = None
    answered_by: str | None = None
    outcome: Outcome | None = None
    number: str | None = None
    kind: CallKind | None = None
    short_abandon: bool = False


class CallCursor(msgspec.Struct, frozen=True):
    """The last call of a page; the next page begins below it."""

    arrived_at: int
    id: str


class CallRow(msgspec.Struct, frozen=True):
    """A call in a list. `outcome` is `answered` once an agent was connected; None: in progress.

    `queue_id` and `agent_id` are those of its last visit to a queue, else those for which and by
    whom it was placed. `root_id` is the call that it follows from, its own id for a first one.
    `withheld`: the caller hid the number, which is None then.
    """

    id: str
    kind: CallKind | None
    direction: str | None
    root_id: str | None
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
    withheld: bool


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
    kind: CallKind | None
    estimate_ms: int | None
    overflow_to: str | None
    moved_by: str | None


class SegmentRow(msgspec.Struct, frozen=True):
    """A stretch of a call's time; `consult_id` tells the stretches of a consultation apart."""

    id: str
    visit_id: str | None
    agent_id: str | None
    team: str | None
    kind: str | None
    started_at: int | None
    ended_at: int | None
    end_reason: str | None
    consult_id: str | None


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
    """Why a call was given to this agent, or to nobody, at that moment.

    What is None was not kept: decisions of before steps, strategies and delays existed.
    """

    visit_id: str
    queue_id: str
    trigger: str
    agent_id: str | None
    decided_at: int
    signed_in: int
    waiting_ahead: int
    candidates: tuple[Candidate, ...]
    step: int | None = None
    steps: int | None = None
    strategy: str | None = None
    waited_ms: int | None = None
    delay_s: int | None = None
    only_agent_id: str | None = None
    could_serve: int | None = None


class RecordingRow(msgspec.Struct, frozen=True):
    """A recording; `state` is started, kept or lost. `fault`: why a kept one may not be whole."""

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
    fault: str | None


class CallDetail(msgspec.Struct, frozen=True):
    """One call with all that is known of it, each list in order of time.

    `data` is what was attached to it when it ended, None before.
    """

    call: CallRow
    data: dict[str, str] | None
    visits: tuple[VisitRow, ...]
    segments: tuple[SegmentRow, ...]
    steps: tuple[FlowStepRow, ...]
    events: tuple[EventRow, ...]
    recordings: tuple[RecordingRow, ...]


_skills: Final = msgspec.json.Decoder(tuple[SkillLevel, ...])
_candidates: Final = msgspec.json.Decoder(tuple[Candidate, ...])
_data: Final = msgspec.json.Decoder(dict[str, str])
_contact: Final = t.contact.c
_visit: Final = t.queue_visit.c
_segment: Final = t.segment.c

WAIT_MS: Final = _visit.left_at - _visit.enqueued_at
WAITED_IN_ALL_MS: Final = WAIT_MS + func.coalesce(_visit.waited_before_ms, 0)
"""How long the caller had waited when the visit ended, other queues before it included."""

SHORT_VISIT: Final = and_(
    _visit.outcome == VisitOutcome.ABANDONED.value,
    _visit.short_abandon_ms >= WAITED_IN_ALL_MS,
)
"""Whether a visit is a short abandon."""

GAVE_UP_SHORTLY: Final = (
    select(_visit.id)
    .where(_visit.contact_id == _contact.id, _visit.kind == _contact.kind, SHORT_VISIT)
    .correlate(t.contact)
    .exists()
)
"""Whether this contact made a short abandon."""

HANDLED: Final = (
    select(_segment.id)
    .where(
        _segment.contact_id == _contact.id,
        _segment.kind == SegmentKind.TALK.value,
        _segment.agent_id.is_not(None),
    )
    .correlate(t.contact)
    .exists()
)
"""Whether an agent has talked on this contact."""
_OUTCOME: Final = case((HANDLED, Outcome.ANSWERED.value), else_=_contact.outcome)


def between(
    at: ColumnElement[int], since: int | None, until: int | None
) -> list[ColumnElement[bool]]:
    """The conditions of [since, until); None: no limit on that side."""
    limits = []
    if since is not None:
        limits.append(at >= since)
    if until is not None:
        limits.append(at < until)
    return limits


def _by_visit(wanted: CallFilter) -> bool:
    return wanted.queue_id is not None or wanted.answered_by is not None


def _visit_conditions(wanted: CallFilter) -> ColumnElement[bool]:
    conditions = between(_visit.enqueued_at, wanted.since, wanted.until)
    if wanted.queue_id is not None:
        conditions.append(_visit.queue_id == wanted.queue_id)
    if wanted.answered_by is not None:
        conditions.append(_visit.agent_id == wanted.answered_by)
        conditions.append(_visit.outcome == VisitOutcome.ANSWERED.value)
    if wanted.kind is not None:
        conditions.append(_visit.kind == wanted.kind.value)
    if wanted.outcome is not None:
        conditions.append(_visit.outcome == wanted.outcome.value)
    if wanted.short_abandon:
        conditions.append(SHORT_VISIT)
    return and_(*conditions)


def _contact_conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_contact.arrived_at.is_not(None)]
    if wanted.number is not None:
        conditions.append(_contact.number == wanted.number)
    if wanted.kind is not None:
        conditions.append(_contact.kind == wanted.kind.value)
    if wanted.agent_id is not None:
        conditions.append(_took_part(wanted.agent_id, wanted.since))
    if _by_visit(wanted):
        entered = select(_visit.contact_id).where(_visit_conditions(wanted))
        conditions.append(_contact.id.in_(union_all(entered, _placed_for_queue(wanted))))
        return conditions
    conditions += between(_contact.arrived_at, wanted.since, wanted.until)
    if wanted.short_abandon:
        conditions.append(GAVE_UP_SHORTLY)
    if wanted.outcome is Outcome.ANSWERED:
        conditions.append(HANDLED)
    elif wanted.outcome is not None:
        conditions.append(_contact.outcome == wanted.outcome.value)
        conditions.append(~HANDLED)
    return conditions


def _took_part(agent_id: str, since: int | None) -> ColumnElement[bool]:
    """Whether the agent placed the call or had a part in it; that it rang for them is none."""
    began = [] if since is None else [_segment.started_at >= since]
    in_it = select(_segment.contact_id).where(
        _segment.agent_id == agent_id, _segment.kind != SegmentKind.RING.value, *began
    )
    other = t.contact.alias("other")
    placed = select(other.c.id).where(other.c.agent_id == agent_id)
    return _contact.id.in_(union_all(in_it, placed))


def _placed_for_queue(wanted: CallFilter) -> Select[str]:
    """Calls that agents placed for the queue: such calls make no visit."""
    other = t.contact.alias("other")
    placed = select(other.c.id).where(
        other.c.kind == CallKind.MANUAL.value,
        other.c.queue_id == wanted.queue_id,
        *between(other.c.arrived_at, wanted.since, wanted.until),
    )
    if wanted.queue_id is None or wanted.answered_by is not None or wanted.short_abandon:
        return placed.where(false())
    if wanted.outcome is not None:
        # An agent had somebody on the line, or the call ended without: it says so itself.
        placed = placed.where(other.c.outcome == wanted.outcome.value)
    return placed


def _select_calls() -> Select[*tuple[object, ...]]:
    own = t.queue_visit.alias("own")
    last = (
        select(own.c.id)
        .where(own.c.contact_id == _contact.id, own.c.kind == _contact.kind)
        .order_by(own.c.seq.desc(), own.c.enqueued_at.desc())
        .limit(1)
        .scalar_subquery()
        .correlate(t.contact)
    )
    final = t.queue_visit.alias("final")
    return select(
        _contact.id,
        _contact.kind,
        _contact.direction,
        _contact.root_id,
        _contact.data,
        _contact.arrived_at,
        _contact.ended_at,
        _contact.dnis,
        _contact.number,
        _contact.name,
        _contact.flow_id,
        _OUTCOME.label("outcome"),
        _contact.ended_by,
        _contact.reason,
        func.coalesce(final.c.queue_id, _contact.queue_id).label("queue_id"),
        func.coalesce(final.c.agent_id, _contact.agent_id).label("agent_id"),
        (final.c.left_at - final.c.enqueued_at).label("wait_ms"),
        func.coalesce(_contact.withheld, false()).label("withheld"),
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

    `visits` counts those that match themselves; without queue or `answered_by` it counts all visits
    of the calls (of their own kind: no consultation's).
    """
    matching = _contact_conditions(wanted)
    calls = await conn.scalar(select(func.count()).select_from(t.contact).where(*matching))
    joined = and_(_visit.contact_id == _contact.id, _visit.kind == _contact.kind)
    if _by_visit(wanted):
        joined = and_(_visit.contact_id == _contact.id, _visit_conditions(wanted))
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
        data=None if row.data is None else _data.decode(row.data),
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


async def names_of_agents_and_skills(
    conn: AsyncConnection,
) -> tuple[dict[str, str], dict[str, str]]:
    """What agents and skills are called, by id."""
    agents = await conn.execute(select(t.agent.c.id, t.agent.c.name))
    skills = await conn.execute(select(t.skill.c.id, t.skill.c.name))
    return {row.id: row.name for row in agents}, {row.id: row.name for row in skills}


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
    query = select(t.recording).where(*between(recording.started_at, since, until))
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
