"""What a restarting floor asks of SQL: counts as the tally counts, and where numbers go on."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.counting.tally import Tally
from acd.facts import (
    AgentStateChanged,
    AlertChanged,
    AnyFact,
    CallbackChanged,
    MessageHeard,
    MessageLeft,
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
    CallKind,
    Outcome,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    VisitId,
    VisitOutcome,
)
from store import config as store_config
from store.follow_up import mark_done
from store.queries import get_recording
from store.restart import (
    alert_seqs,
    counts_since,
    last_agents,
    last_seqs,
    open_work,
    unverified_recordings,
)
from store.rows import AgentRow
from store.writer import write_facts
from tests.store.told import Told

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
    for number, kind in enumerate(CallKind):
        if kind is not CallKind.INBOUND:
            call, visit = CallId(f"k{number}"), VisitId(f"w{number}")
            queued = VisitOpened(call, 1, T0, call, visit, 1, QueueId("q"), 0, T0, 20_000, 5_000)
            facts.append(replace(queued, kind=kind))
            facts.append(VisitClosed(call, 2, T0 + 1, call, visit, VisitOutcome.ANSWERED))
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
        RecordingKept(
            "r1", 1, T0 + 9, call, RecordingId("r1"), "r1.wav", 44, 1000, "0" * 64, "disk full"
        )
    )
    await write(engine, facts)
    async with engine.connect() as conn:
        (open_one,) = await unverified_recordings(conn)
        kept = await get_recording(conn, "r1")
    assert (open_one.recording_id, open_one.call_id, open_one.started_at) == ("r2", call, T0 + 2)
    assert (kept.state, kept.fault) == ("kept", "disk full")


async def test_who_last_talked_to_each_number(engine: AsyncEngine) -> None:
    facts: list[AnyFact] = []
    for n, (number, agent, kind) in enumerate(
        (
            ("+331", "bob", CallKind.INBOUND),
            ("+332", "bob", CallKind.INBOUND),
            ("+331", "ana", CallKind.CALLBACK),
            ("+331", "zoe", CallKind.MANUAL),
            (None, "zoe", CallKind.INBOUND),
            ("3900", "zoe", CallKind.INBOUND),
            ("+333", "zoe", CallKind.INBOUND),
        )
    ):
        facts += Told(f"c{n}", T0 + n * 1_000, number, kind).queue().talk(agent, 500).facts
    await write(engine, facts)
    async with engine.connect() as conn:
        found = await last_agents(conn, T0)
        two = await last_agents(conn, T0, most=2)
        late = await last_agents(conn, T0 + 5_000)
    # In the order of the talks: whoever forgets the first forgets the oldest.
    assert list(found.items()) == [("+332", "bob"), ("+331", "ana"), ("+333", "zoe")]
    assert list(two) == ["+331", "+333"]
    assert late == {"+333": "zoe"}


async def test_alerts_go_on_from_their_highest_number(engine: AsyncEngine) -> None:
    queue = QueueId("q")
    await write(
        engine,
        [AlertChanged("alert:r:q", n, T0 + n, "r", queue, n % 2 == 1, 1.0, 0.5) for n in (1, 2)]
        + [AlertChanged("alert:s:q", 1, T0, "s", queue, True, 1.0, 0.5)],
    )
    async with engine.connect() as conn:
        assert await alert_seqs(conn) == {"alert:r:q": 2, "alert:s:q": 1}


def _callback(name: str, *states: str) -> list[AnyFact]:
    call = Told(name, T0, "+331", CallKind.CALLBACK)
    booked = {"queue_id": QueueId("q"), "number": "+331", "attempts": 0, "due_at": T0, "key": T0}
    for state in states:
        call.tell(CallbackChanged, state=state, **booked)
    return call.facts


async def test_what_is_still_owed_to_callers(engine: AsyncEngine) -> None:
    facts = _callback("later", "booked", "dialling", "postponed")
    facts += _callback("reached", "booked", "reached") + _callback("given-up", "booked", "failed")
    for name in ("new", "heard", "marked", "ended"):
        work = Told(name, T0 + 1, None, CallKind.VOICEMAIL)
        message = {"recording_id": RecordingId(f"r-{name}")}
        work.tell(
            MessageLeft, call_id=CallId("x"), queue_id=QueueId("q"), number=None, key=1, **message
        )
        if name == "heard":
            work.tell(MessageHeard, agent_id=AgentId("ana"), **message)
        elif name == "ended":
            work.end(Outcome.FAILED)
        facts += work.facts
    await write(engine, facts)
    async with engine.begin() as conn:
        await mark_done(conn, "marked", "user:boss", T0)
        found = await open_work(conn)
    assert [(work.call_id, work.kind, work.queue_id, work.number) for work in found] == [
        ("later", CallKind.CALLBACK, "q", "+331"),
        ("new", CallKind.VOICEMAIL, "q", None),
    ]
