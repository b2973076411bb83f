"""What a floor asks of SQL when it starts: today's counts, and recordings nobody has verified."""

from __future__ import annotations

import msgspec
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import AgentId, CallId, QueueId, RecordingId, VisitOutcome
from acd.tally import QueueCounts
from store import tables as t


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
    """Visits per queue that entered since `since` (UTC ms), counted as `acd.tally` counts them."""
    visit = t.queue_visit.c
    waited = visit.left_at - visit.enqueued_at
    answered = visit.outcome == VisitOutcome.ANSWERED
    abandoned = visit.outcome == VisitOutcome.ABANDONED
    rows = await conn.execute(
        select(
            visit.queue_id,
            func.count(),
            func.sum(case((answered, 1), else_=0)),
            func.sum(case((answered & (waited <= visit.service_level_ms), 1), else_=0)),
            func.sum(case((abandoned, 1), else_=0)),
            func.sum(case((abandoned & (waited <= visit.short_abandon_ms), 1), else_=0)),
        )
        .where(visit.enqueued_at >= since, visit.queue_id.is_not(None))
        .group_by(visit.queue_id)
    )
    return {QueueId(row[0]): QueueCounts(*(int(value or 0) for value in row[1:])) for row in rows}
