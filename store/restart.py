"""What a floor asks of SQL when it starts: what a journal does not hold, or held and was lost.

Today's counts, recordings that nobody has verified, who last talked to whom, how far numbers went,
and work that is still owed to callers.
"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.counting.tally import QueueCounts
from acd.model import (
    AgentId,
    CallId,
    CallKind,
    QueueId,
    RecordingId,
    SegmentKind,
    VisitOutcome,
)
from store import tables as t

_LAST_AGENTS: Final = 100_000


class UnverifiedRecording(msgspec.Struct, frozen=True):
    """A recording that was started and of which nothing more is known."""

    recording_id: RecordingId
    call_id: CallId
    started_at: int


async def unverified_recordings(conn: AsyncConnection) -> list[UnverifiedRecording]:
    """Recordings that are neither kept nor lost, oldest first."""
    table = t.recording
    rows = await conn.execute(
        select(table.c.id, table.c.contact_id, table.c.started_at)
        .where(table.c.kept_at.is_(None), table.c.lost_at.is_(None))
        .order_by(table.c.started_at)
    )
    return [
        UnverifiedRecording(RecordingId(row.id), CallId(row.contact_id), row.started_at or 0)
        for row in rows
    ]


async def last_seqs(conn: AsyncConnection) -> dict[AgentId, int]:
    """The highest `seq` of each agent's facts: a new journal must go on from there."""
    rows = await conn.execute(
        select(t.event.c.subject, func.max(t.event.c.seq))
        .join(t.agent, t.agent.c.id == t.event.c.subject)
        .group_by(t.event.c.subject)
    )
    return {AgentId(row[0]): int(row[1]) for row in rows}


async def counts_since(conn: AsyncConnection, since: int) -> dict[QueueId, QueueCounts]:
    """Callers' visits per queue since `since` (UTC ms, by entry), as `acd.counting.tally`."""
    visit = t.queue_visit.c
    waited = visit.left_at - visit.enqueued_at
    answered = visit.outcome == VisitOutcome.ANSWERED
    in_all = waited + func.coalesce(visit.waited_before_ms, 0)
    abandoned = visit.outcome == VisitOutcome.ABANDONED
    rows = await conn.execute(
        select(
            visit.queue_id,
            func.count(),
            func.sum(case((answered, 1), else_=0)),
            func.sum(case((answered & (waited <= visit.service_level_ms), 1), else_=0)),
            func.sum(case((abandoned, 1), else_=0)),
            func.sum(case((abandoned & (in_all <= visit.short_abandon_ms), 1), else_=0)),
        )
        .where(
            visit.enqueued_at >= since,
            visit.queue_id.is_not(None),
            visit.kind == CallKind.INBOUND.value,
            or_(
                visit.outcome.is_(None),
                visit.outcome != VisitOutcome.ANSWERED_ELSEWHERE.value,
            ),
        )
        .group_by(visit.queue_id)
    )
    return {QueueId(row[0]): QueueCounts(*(int(value or 0) for value in row[1:])) for row in rows}


async def last_agents(
    conn: AsyncConnection, since: int, most: int = _LAST_AGENTS
) -> dict[str, AgentId]:
    """Who last talked to each caller's number since then (UTC ms), the latest talks last.

    At most `most` numbers, those of the latest talks. Outgoing calls of agents are not among them.
    """
    contact, segment = t.contact.c, t.segment.c
    query = (
        select(contact.number, segment.agent_id)
        .select_from(t.segment.join(t.contact, contact.id == segment.contact_id))
        .where(
            segment.started_at >= since,
            segment.kind == SegmentKind.TALK.value,
            segment.agent_id.is_not(None),
            contact.number.startswith("+"),
            contact.kind.in_([CallKind.INBOUND.value, CallKind.CALLBACK.value]),
        )
        .order_by(segment.started_at.desc(), segment.id.desc())
    )
    newest_first: dict[str, AgentId] = {}
    async with conn.stream(query) as rows:
        async for number, agent_id in rows:
            newest_first.setdefault(number, AgentId(agent_id))
            if len(newest_first) >= most:
                break
    return dict(reversed(newest_first.items()))


async def alert_seqs(conn: AsyncConnection) -> dict[str, int]:
    """The highest `seq` told of each alert's subject: its numbers must go on from there."""
    alert = t.alert_event.c
    told = alert.seq + case((alert.cleared_at.is_not(None), 1), else_=0)
    rows = await conn.execute(select(alert.subject, func.max(told)).group_by(alert.subject))
    return {row[0]: int(row[1]) for row in rows}


class OpenWork(msgspec.Struct, frozen=True):
    """A callback or a message that SQL knows as not dealt with; `number` None: withheld."""

    call_id: CallId
    kind: CallKind
    queue_id: QueueId
    number: str | None
    since: int


async def open_work(conn: AsyncConnection) -> list[OpenWork]:
    """Callbacks and messages that were not over when the floor was last heard, oldest first.

    The journal has each of them too: one that it does not know was lost with it.
    """
    callback, message, contact = t.callback.c, t.voicemail.c, t.contact.c
    callbacks = await conn.execute(
        select(callback.id, callback.queue_id, callback.number, callback.booked_at).where(
            callback.ended_at.is_(None), callback.booked_at.is_not(None)
        )
    )
    messages = await conn.execute(
        select(message.id, message.queue_id, message.number, message.left_at)
        .select_from(t.voicemail.outerjoin(t.contact, contact.id == message.id))
        .where(
            message.heard_at.is_(None),
            message.marked_at.is_(None),
            message.left_at.is_not(None),
            contact.ended_at.is_(None),
        )
    )
    found = [OpenWork(CallId(row[0]), CallKind.CALLBACK, *row[1:]) for row in callbacks]
    found += [OpenWork(CallId(row[0]), CallKind.VOICEMAIL, *row[1:]) for row in messages]
    return sorted(found, key=lambda work: (work.since, work.call_id))
