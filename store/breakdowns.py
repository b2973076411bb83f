"""Reports that go into shares: pauses by reason, conversations by disposition.

Ranges are UTC ms [since, until).
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import AgentState, CallKind, VisitOutcome
from store import tables as t


class PauseRow(msgspec.Struct, frozen=True):
    """An agent's pauses for one reason: how many began in the range, and their time within it.

    `productive` and `paid` are what the reason was worth then; None where that was not kept.
    """

    agent_id: str
    reason: str | None
    productive: bool | None
    paid: bool | None
    count: int
    total_ms: int


class DispositionShare(msgspec.Struct, frozen=True):
    """How often a queue's contacts were qualified so; `code` None: not qualified.

    `share` is among all contacts that the queue's agents talked to, 0 to 1.
    """

    queue_id: str
    code: str | None
    count: int
    share: float


async def pauses(
    conn: AsyncConnection, since: int, until: int, now_ms: int, *, agent_id: str | None = None
) -> list[PauseRow]:
    """Pauses that touch the range, by agent and reason; one that goes on lasts until `now_ms`."""
    state = t.agent_state.c
    query = select(
        state.agent_id,
        state.reason,
        state.productive,
        state.paid,
        state.started_at,
        state.ended_at,
    ).where(
        state.state == AgentState.PAUSED.value,
        state.started_at < until,
        or_(state.ended_at > since, state.ended_at.is_(None)),
    )
    if agent_id is not None:
        query = query.where(state.agent_id == agent_id)
    counts: defaultdict[tuple[str, str | None, bool | None, bool | None], int] = defaultdict(int)
    times = counts.copy()
    for row in await conn.execute(query):
        key = (row.agent_id, row.reason, row.productive, row.paid)
        end = min(now_ms if row.ended_at is None else row.ended_at, until)
        counts[key] += row.started_at >= since
        times[key] += max(0, end - max(row.started_at, since))
    order = sorted(times, key=lambda key: (key[0], -times[key], key[1] or ""))
    return [PauseRow(*key, counts[key], times[key]) for key in order]


async def dispositions(
    conn: AsyncConnection,
    since: int,
    until: int,
    *,
    queue_id: str | None = None,
    agent_id: str | None = None,
) -> list[DispositionShare]:
    """The contacts that queues' agents answered, by their last disposition there.

    They count by their entry into the queue; callbacks are among them, consultations and messages
    are not. `agent_id`: only visits that this agent answered, and only their dispositions.
    """
    last = await _last_codes(conn, since, until, queue_id, agent_id)
    counts: defaultdict[tuple[str, str | None], int] = defaultdict(int)
    totals: defaultdict[str, int] = defaultdict(int)
    for (_, queue), code in last.items():
        counts[(queue, code)] += 1
        totals[queue] += 1
    order = sorted(counts, key=lambda key: (key[0], key[1] is None, -counts[key], key[1] or ""))
    return [
        DispositionShare(queue, code, counts[(queue, code)], counts[(queue, code)] / totals[queue])
        for queue, code in order
    ]


async def _last_codes(
    conn: AsyncConnection, since: int, until: int, queue_id: str | None, agent_id: str | None
) -> dict[tuple[str, str], str | None]:
    """The code of each (contact, queue) in the range; None: not qualified."""
    visit, made = t.queue_visit.c, t.disposition.c
    its_own = and_(made.contact_id == visit.contact_id, made.queue_id == visit.queue_id)
    if agent_id is not None:
        its_own = and_(its_own, made.agent_id == agent_id)
    query = (
        select(visit.contact_id, visit.queue_id, made.code)
        .select_from(t.queue_visit.outerjoin(t.disposition, its_own))
        .where(
            visit.enqueued_at >= since,
            visit.enqueued_at < until,
            visit.outcome == VisitOutcome.ANSWERED.value,
            visit.kind.in_([CallKind.INBOUND.value, CallKind.CALLBACK.value]),
        )
        .order_by(visit.contact_id, made.at, made.subject, made.seq)
    )
    if queue_id is not None:
        query = query.where(visit.queue_id == queue_id)
    if agent_id is not None:
        query = query.where(visit.agent_id == agent_id)
    return {(row.contact_id, row.queue_id): row.code for row in await conn.execute(query)}
