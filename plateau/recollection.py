"""What a floor that starts asks SQL of its earlier life: counts, last agents, numbers of alerts.

The journal brings back calls and agents; this is what it does not keep.
"""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.counting.alerts import Alerts
from acd.counting.tally import Tally
from acd.engine import Engine
from acd.facts import VisitOpened
from acd.queues.stay import in_queue
from store.restart import alert_seqs, counts_since, last_agents, open_work

log = structlog.get_logger(__name__)

LAST_AGENTS_MS = 30 * 86_400_000
"""How far back the agent is looked for who last served a caller."""


async def recollect(conn: AsyncConnection, engine: Engine, tally: Tally) -> Alerts:
    """Give the floor its counts of today and its memory of callers; the alerts go on numbering.

    The journal must be in SQL before. Callbacks and messages that SQL knows as open and the floor
    does not were lost with a journal: each is logged, so that somebody can book it again.
    """
    floor = engine.floor
    tally.resume(tally.counted_from, await counts_since(conn, tally.counted_from))
    _reopen_visits(engine, tally)
    floor.last_agents.update(await last_agents(conn, floor.now_ms - LAST_AGENTS_MS))
    for lost in await open_work(conn):
        if lost.call_id not in floor.calls:
            log.warning(
                "a callback or message is not in the journal: it waits in SQL only",
                work=lost.call_id,
                queue=lost.queue_id,
            )
    return Alerts(await alert_seqs(conn))


def _reopen_visits(engine: Engine, tally: Tally) -> None:
    for call in engine.floor.calls.values():
        visit = call.visit
        if visit is None or not in_queue(engine.floor, call):
            continue
        queue = engine.floor.queue(visit.queue_id)
        tally.reopen(
            VisitOpened(
                call.id,
                0,
                visit.enqueued_at,
                call.id,
                visit.id,
                visit.seq,
                visit.queue_id,
                visit.priority,
                visit.key,
                queue.service_level_s * 1000,
                queue.short_abandon_s * 1000,
                kind=call.kind,
                waited_before_ms=visit.waited_before_ms,
            )
        )
