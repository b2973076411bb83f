"""From the journal to SQL: once in effect, through outages, and never stuck."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.facts import AnyFact, JournalEntry
from acd.model import AgentState, Outcome, VisitOutcome
from store import queries
from store import tables as t
from store.engine import open_store
from store.errors import NotFound
from store.journal import Journal, Position
from store.writer import StoreWriter, write_facts
from tests.store.told import Told, agent_states, entries, everything
from tests.waiting import until

pytestmark = pytest.mark.store

RUNTIME = (
    t.event,
    t.contact,
    t.queue_visit,
    t.segment,
    t.agent_state,
    t.routing_decision,
    t.flow_step,
    t.recording,
    t.disposition,
    t.contact_note,
    t.transfer,
    t.supervision_act,
    t.callback,
    t.voicemail,
    t.alert_event,
    t.lost_call,
)


def _day() -> list[AnyFact]:
    facts: list[AnyFact] = []
    for n in range(12):
        call = Told(f"c{n}", 1_000 * n).menu(ms=500).queue()
        if n % 3 == 0:
            call.wait(2_000).leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
        else:
            call.ring("bob", 900, "rona").ring("anne", 800, "answered").record("anne")
            call.talk("anne", 9_000, hold_ms=1_000, acw_ms=400)
        facts += call.facts
    states = [AgentState.READY, AgentState.OFFERED, AgentState.TALKING, AgentState.WRAP_UP]
    return facts + agent_states("anne", *((n * 700, states[n % 4]) for n in range(40)))


async def _dump(engine: AsyncEngine) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {}
    async with engine.connect() as conn:
        for table in RUNTIME:
            columns = [column for column in table.c if column.name != "received_at"]
            rows = await conn.execute(select(*columns).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_late_and_repeated_facts_give_the_same_tables(engine: AsyncEngine, seed: int) -> None:
    facts = _day() + everything()
    async with engine.begin() as conn:
        assert await write_facts(conn, facts, 1) == len(facts)
    expected = await _dump(engine)
    assert all(expected[table.name] for table in RUNTIME)
    assert len(expected["contact"]) == 17
    assert len(expected["agent_state"]) == 44
    async with engine.begin() as conn:
        for table in RUNTIME:
            await conn.execute(table.delete())
    chance = random.Random(seed)
    told = facts + chance.choices(facts, k=200)
    chance.shuffle(told)
    while told:
        size = chance.randint(1, 60)
        async with engine.begin() as conn:
            await write_facts(conn, told[:size], 2)
        told = told[size:]
    assert await _dump(engine) == expected


async def test_states_of_an_agent_touch_and_do_not_overlap(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await write_facts(conn, list(reversed(_day())), 1)
    async with engine.connect() as conn:
        rows = (await conn.execute(select(t.agent_state).order_by(t.agent_state.c.seq))).all()
    for row, following in pairwise(rows):
        assert row.ended_at == following.started_at
    assert rows[-1].ended_at is None


async def test_the_task_writes_everything_and_goes_on_after_a_restart(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    facts = _day()
    half = len(facts) // 2
    journal = Journal(tmp_path / "journal", rotate_bytes=6_000)
    for entry in entries(facts[:half]):
        journal.append(entry)
    writer = StoreWriter(engine, journal, lambda: 5, batch_facts=7)
    assert writer.behind == half
    writer.start()
    assert await writer.drain(20)
    assert (writer.behind, writer.written) == (0, half)
    await writer.close()
    for entry in entries(facts[half:]):
        journal.append(entry)
    journal.close()

    journal = Journal(tmp_path / "journal", rotate_bytes=6_000)
    again = StoreWriter(engine, journal, lambda: 6)
    again.start()
    assert await again.drain(20)
    assert again.written == len(facts) - half
    assert again.behind == 0
    await again.close()
    kept = journal.segments()
    journal.close()
    assert len(kept) <= 2
    async with engine.begin() as conn:
        assert await write_facts(conn, facts, 9) == 0


async def test_a_lost_checkpoint_doubles_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    for entry in entries(_day()):
        journal.append(entry)
    first = StoreWriter(engine, journal, lambda: 5)
    while await first.step():
        pass
    before = await _dump(engine)
    async with engine.begin() as conn:
        await conn.execute(t.journal_checkpoint.delete())
    second = StoreWriter(engine, journal, lambda: 6)
    while await second.step():
        pass
    journal.close()
    assert second.written == 0
    assert await _dump(engine) == before


async def test_a_restart_with_nothing_to_write_is_drained_at_once(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")
    for entry in entries(_day()):
        journal.append(entry)
    first = StoreWriter(engine, journal, lambda: 5)
    first.start()
    assert await first.drain(20)
    await first.close()
    second = StoreWriter(engine, journal, lambda: 6)
    waiting = asyncio.create_task(second.drain(20))
    await asyncio.sleep(0)
    assert await second.step() is False
    async with asyncio.timeout(1):
        assert await waiting
    journal.close()


async def test_a_commit_on_sqlite_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    async with opened.connect() as conn:
        assert await conn.scalar(text("PRAGMA journal_mode")) == "wal"
        # 2 is FULL: in WAL mode, NORMAL syncs at checkpoints only (sqlite.org/pragma.html).
        assert await conn.scalar(text("PRAGMA synchronous")) == 2
    await opened.dispose()


async def test_an_old_copy_of_the_database_is_told_of_what_it_missed(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    facts = _day()
    journal = Journal(tmp_path / "journal", rotate_bytes=6_000)
    for entry in entries(facts):
        journal.append(entry)
    first = StoreWriter(engine, journal, lambda: 5, batch_facts=50)
    while await first.step():
        pass
    assert first.missing == 0
    gone = journal.segments()[0] - 1
    assert gone > 0
    async with engine.begin() as conn:
        await conn.execute(t.journal_checkpoint.update().values(segment=1, offset=0))
    second = StoreWriter(engine, journal, lambda: 6)
    while await second.step():
        pass
    assert (second.missing, second.behind) == (gone, 0)
    journal.close()


async def test_an_outage_is_told_and_survived(engine: AsyncEngine, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    async with engine.begin() as conn:
        await conn.execute(text("ALTER TABLE event RENAME TO event_away"))
    writer = StoreWriter(engine, journal, lambda: 5)
    writer.start()
    facts = _day()
    for entry in entries(facts):
        journal.append(entry)
    await until("the writer met its error", lambda: writer.last_error is not None, 20)
    assert writer.last_error is not None
    assert "event" in writer.last_error
    assert not await writer.drain(0.01)
    assert writer.behind == len(facts)
    async with engine.begin() as conn:
        await conn.execute(text("ALTER TABLE event_away RENAME TO event"))
    assert await writer.drain(20)
    assert (writer.behind, writer.rejected) == (0, 0)
    told: str | None = writer.last_error
    assert told is None
    assert writer.written == len(facts)
    await writer.close()
    journal.close()


async def test_one_bad_fact_is_put_aside_and_holds_up_nobody(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")
    good = Told("good", 1).end(Outcome.FAILED).facts
    bad = replace(Told("bad", 1).facts[0], seq=2**63)
    journal.append(JournalEntry(at=1, facts=(good[0], bad, good[1])))
    writer = StoreWriter(engine, journal, lambda: 5)
    writer.start()
    assert await writer.drain(20)
    await writer.close()
    journal.close()
    assert (writer.written, writer.rejected, writer.behind) == (2, 1, 0)
    assert '"call_id":"bad"' in (tmp_path / "journal" / "rejected.jsonl").read_text()


async def test_hostile_caller_names_are_kept(engine: AsyncEngine, tmp_path: Path) -> None:
    call = Told("evil", 1)
    fact = replace(call.facts[0], name="Bobby\x00'); DROP TABLE contact;--")
    async with engine.begin() as conn:
        await write_facts(conn, [fact], 1)
        row = (await queries.get_call(conn, "evil")).call
    assert row.name == "Bobby\ufffd'); DROP TABLE contact;--"


async def test_one_call_is_read_whole(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await write_facts(conn, _day(), 77)
        found = await queries.get_call(conn, "c1")
        decisions = await queries.list_decisions(conn, "c1")
        with pytest.raises(NotFound, match="call 'zz'"):
            await queries.get_call(conn, "zz")
        recordings = await queries.list_recordings(conn, agent_id="anne", limit=3)
        rest = await queries.list_recordings(
            conn,
            agent_id="anne",
            below=queries.CallCursor(recordings[-1].started_at or 0, recordings[-1].id),
        )
    assert found.call.outcome is Outcome.ANSWERED
    assert (found.call.queue_id, found.call.agent_id, found.call.wait_ms) == (
        "sales",
        "anne",
        1_700,
    )
    assert [segment.kind for segment in found.segments] == ["ring", "ring", "talk", "hold", "acw"]
    assert [segment.end_reason for segment in found.segments[:2]] == ["rona", "answered"]
    assert [step.input for step in found.steps] == ["1"]
    assert found.events[0].kind == "ContactArrived"
    assert len(found.events) == len([fact for fact in _day() if fact.subject == "c1"])
    assert [recording.state for recording in found.recordings] == ["kept"]
    assert [decision.agent_id for decision in decisions] == ["bob", "anne"]
    assert decisions[0].candidates[0].verdict == "chosen"
    assert len({row.id for row in recordings + rest}) == 8


async def test_lists_page_without_gap_or_repeat(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        facts = [fact for n in range(10) for fact in Told(f"c{n}", n // 3, f"+{n % 2}").facts]
        await write_facts(conn, facts, 1)
        seen: list[str] = []
        below: queries.CallCursor | None = None
        while page := await queries.list_calls(conn, queries.CallFilter(), limit=4, below=below):
            seen += [row.id for row in page]
            below = queries.CallCursor(page[-1].arrived_at, page[-1].id)
        odd = await queries.count_calls(conn, queries.CallFilter(number="+1"))
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 10
    assert odd.calls == 5


def test_positions_are_in_order() -> None:
    assert Position(1, 900) < Position(2, 0)
