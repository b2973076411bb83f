"""What a restarting floor asks of SQL: counts as the tally counts, and where numbers go on."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.facts import (
    AgentStateChanged,
    AnyFact,
    RecordingKept,
    RecordingStarted,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    VisitId,
    VisitOutcome,
)
from acd.tally import Tally
from store import config as store_config
from store.restart import counts_since, last_seqs, unverified_recordings
from store.rows import AgentRow
from store.writer import write_facts

pytestmark = pytest.mark.store

T0 = 1_763_800_000_000
ENDS = (
    (VisitOutcome.ANSWERED, 20_000),
    (VisitOutcome.ANSWERED, 20_001),
    (VisitOutcome.ABANDONED, 5_000),
    (VisitOutcome.ABANDONED, 5_001),
    (VisitOutcome.OVERFLOW, 30_000),
    (None, 0),
)


def visits() -> list[AnyFact]:
    facts: list[AnyFact] = []
    for number, (outcome, waited_ms) in enumerate(ENDS):
        call, visit = CallId(f"c{number}"), VisitId(f"v{number}")
        at = T0 + number
        facts.append(VisitOpened(call, 1, at, call, visit, 1, QueueId("q"), 0, at, 20_000, 5_000))
        if outcome is not None:
            facts.append(VisitClosed(call, 2, at + waited_ms, call, visit, outcome))
    return facts


async def write(engine: AsyncEngine, facts: Sequence[AnyFact]) -> None:
    async with engine.begin() as conn:
        await write_facts(conn, facts, T0)


async def test_counts_from_sql_are_those_of_the_tally(engine: AsyncEngine) -> None:
    facts = visits()
    await write(engine, facts)
    tally = Tally(ZoneInfo("Europe/Paris"), T0)
    for fact in facts:
        tally.count(fact)
    async with engine.connect() as conn:
        assert await counts_since(conn, tally.counted_from) == tally.queues
        counts = (await counts_since(conn, tally.counted_from))[QueueId("q")]
        assert (counts.offered, counts.answered, counts.answered_in_time) == (6, 2, 1)
        assert (counts.abandoned, counts.short_abandoned) == (2, 1)
        assert await counts_since(conn, T0 + len(ENDS)) == {}


async def test_agents_go_on_from_their_highest_number(engine: AsyncEngine) -> None:
    ana = AgentId("ana")
    async with engine.begin() as conn:
        await store_config.create_agent(conn, AgentRow(ana, "Ana", "0" * 32), T0)
        await store_config.create_agent(conn, AgentRow(AgentId("bob"), "Bob", "0" * 32), T0)
    await write(
        engine,
        [
            AgentStateChanged(ana, 1, T0, ana, AgentState.READY, None),
            SegmentOpened(ana, 2, T0, CallId("c"), SegmentId("s"), SegmentKind.ACW),
        ],
    )
    async with engine.connect() as conn:
        assert await last_seqs(conn) == {ana: 2}


async def test_recordings_of_which_nothing_more_is_known(engine: AsyncEngine) -> None:
    call = CallId("c")
    facts: list[AnyFact] = [
        RecordingStarted(call, n, T0 + n, call, RecordingId(f"r{n}"), None, None) for n in (1, 2)
    ]
    facts.append(
        RecordingKept("r1", 1, T0 + 9, call, RecordingId("r1"), "r1.wav", 44, 1000, "0" * 64)
    )
    await write(engine, facts)
    async with engine.connect() as conn:
        (open_one,) = await unverified_recordings(conn)
    assert (open_one.recording_id, open_one.call_id, open_one.started_at) == ("r2", call, T0 + 2)
