"""The figures: the reference exercise, Cisco's counts, the clock's changes, and their calls."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.facts import AnyFact
from acd.model import AgentState, Outcome, QueueId, VisitOutcome
from kpi.definitions import compute
from kpi.intervals import Interval
from kpi.rows import Sums, add
from store import config
from store.errors import StoreError
from store.journal import Journal
from store.queries import CallFilter, count_calls, list_calls
from store.reporting import By, ReportQuery, ReportRow, report
from store.rows import QueueRow
from store.writer import StoreWriter, write_facts
from tests.store import reference_exercise as exercise
from tests.store.told import Told, agent_states, entries

pytestmark = pytest.mark.store

PARIS = ZoneInfo("Europe/Paris")
WHOLE_DAY = ReportQuery(exercise.DAY, exercise.DAY_END, now_ms=exercise.DAY_END)


def _at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=PARIS).timestamp() * 1000)  # type: ignore[arg-type,misc]


async def _written(engine: AsyncEngine, facts: list[AnyFact], folder: Path) -> None:
    """The whole way: journal, writer, SQL."""
    journal = Journal(folder / "journal")
    for entry in entries(facts):
        journal.append(entry)
    writer = StoreWriter(engine, journal, lambda: exercise.DAY_END)
    writer.start()
    assert await writer.drain(30)
    await writer.close()
    journal.close()


async def _report(engine: AsyncEngine, query: ReportQuery) -> list[ReportRow]:
    async with engine.connect() as conn:
        return await report(conn, query)


async def test_reference_exercise(engine: AsyncEngine, tmp_path: Path) -> None:
    await _written(engine, exercise.facts(), tmp_path)
    (row,) = await _report(engine, WHOLE_DAY)
    sums, found = row.sums, row.kpis()
    counts = {key: found[key] for key in ("received", "handled", "untreated", "overflow")}
    assert counts == {"received": 330, "handled": 175, "untreated": 155, "overflow": 87}
    assert (found["abandoned"], found["out_of_hours"], found["offered"]) == (48, 20, 223)
    percentages = {
        "qs": 53.03,
        "untreated_rate": 46.97,
        "abandon_rate": 14.55,
        "overflow_rate": 26.36,
        "out_of_hours_rate": 6.06,
        "qs_in_hours": 56.45,
        "abandon_rate_in_hours": 15.48,
        "overflow_rate_in_hours": 28.06,
        "qs_offered": 78.48,
        "abandon_rate_offered": 21.52,
        "qs_no_abandons": 62.06,
        "untreated_overflow_share": 56.13,
        "untreated_abandon_share": 30.97,
        "untreated_out_of_hours_share": 12.90,
    }
    for key, percent in percentages.items():
        assert found[key] == pytest.approx(percent / 100, abs=0.0005), key
    assert sums.talk_ms == pytest.approx(26_425_000, abs=88_000)
    assert sums.wait_answered_ms == pytest.approx(1_925_000, abs=88_000)
    assert found["dmc"] == pytest.approx(151, abs=0.5)
    assert found["asa"] == pytest.approx(11, abs=0.5)
    assert found["max_wait_answered"] == 60
    assert found["abandon_wait"] is not None
    assert 0 < found["abandon_wait"] < 16
    for absent in ("dmt", "mea", "acw", "service_level", "occupancy"):
        assert found[absent] is None, absent


async def test_the_exercise_in_intervals_adds_up_to_the_day(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await _written(engine, exercise.facts(), tmp_path)
    (whole,) = await _report(engine, WHOLE_DAY)
    for interval in (Interval.M15, Interval.M30, Interval.M60, Interval.DAY):
        rows = await _report(engine, replace(WHOLE_DAY, interval=interval, slot=Interval.M15))
        total = Sums()
        for row in rows:
            total = add(total, row.sums)
        (day,) = await _report(engine, replace(WHOLE_DAY, slot=Interval.M15))
        assert total == day.sums
        assert [row.end for row in rows[:-1]] == [row.start for row in rows[1:]]
    assert whole.sums.slots == 16


async def test_every_figure_opens_to_its_calls(engine: AsyncEngine, tmp_path: Path) -> None:
    facts = exercise.facts()
    twice = Told("twice", exercise.DAY + 1).queue("sales").wait(900)
    twice.leave(VisitOutcome.OVERFLOW).queue("support").wait(3_000)
    facts += twice.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED).facts
    await _written(engine, facts, tmp_path)
    cut = replace(WHOLE_DAY, interval=Interval.M60)
    async with engine.connect() as conn:
        for row in await report(conn, cut):
            span = CallFilter(since=row.start, until=row.end)
            for field, outcome in (
                ("received", None),
                ("handled", Outcome.ANSWERED),
                ("abandoned", Outcome.ABANDONED),
                ("overflow", Outcome.OVERFLOW),
                ("out_of_hours", Outcome.OUT_OF_HOURS),
            ):
                wanted = replace(span, outcome=outcome)
                assert (await count_calls(conn, wanted)).calls == getattr(row.sums, field)
                listed = await list_calls(conn, wanted, limit=1_000)
                assert len(listed) == getattr(row.sums, field)
            short = replace(span, outcome=Outcome.ABANDONED, short_abandon=True)
            assert (await count_calls(conn, short)).calls == row.sums.short_abandoned
        by_queue = replace(cut, by=By.QUEUE)
        rows = await report(conn, by_queue)
        assert {row.scope for row in rows} == {"sales", "support"}
        for row in rows:
            scope = CallFilter(since=row.start, until=row.end, queue_id=row.scope)
            for field, outcome in (
                ("offered", None),
                ("answered", Outcome.ANSWERED),
                ("queue_abandoned", Outcome.ABANDONED),
                ("queue_overflow", Outcome.OVERFLOW),
            ):
                wanted = replace(scope, outcome=outcome)
                assert (await count_calls(conn, wanted)).visits == getattr(row.sums, field)
            short = replace(scope, short_abandon=True)
            assert (await count_calls(conn, short)).visits == row.sums.queue_short_abandoned
        assert sum(row.sums.queue_short_abandoned for row in rows) == 1
        for row in await report(conn, replace(cut, by=By.AGENT)):
            wanted = CallFilter(since=row.start, until=row.end, answered_by=row.scope)
            assert (await count_calls(conn, wanted)).visits == row.sums.answered


async def test_ciscos_counts_in_every_variant(engine: AsyncEngine) -> None:
    facts: list[AnyFact] = []
    for n in range(100):
        call = Told(f"c{n}", 1_000 + n).queue(level_ms=20_000, short_ms=0)
        if n < 70:
            call.wait(20_000).talk("anne", 1_000)
        elif n < 80:
            call.wait(20_000).leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
        else:
            call.wait(20_001).talk("anne", 1_000)
        facts += call.facts
    async with engine.begin() as conn:
        await write_facts(conn, facts, 1)
        (row,) = await report(conn, ReportQuery(0, 10_000, 10_000_000, by=By.QUEUE))
        (strict,) = await report(
            conn, ReportQuery(0, 10_000, 10_000_000, by=By.QUEUE, service_level_s=10)
        )
    found = row.kpis()
    assert found["service_level_ignore"] == pytest.approx(0.7778, abs=0.0001)
    assert found["service_level_negative"] == pytest.approx(0.70)
    assert found["service_level_positive"] == pytest.approx(0.80)
    assert found["service_level"] == pytest.approx(0.70)
    assert found["service_level_answered"] == pytest.approx(70 / 90)
    assert strict.kpis()["service_level"] == 0


async def test_handle_time_is_clipped_and_split_by_kind(engine: AsyncEngine) -> None:
    start = _at(2024, 3, 12, 9, 50)
    call = Told("long", start).queue().ring("bob", 5_000, "rona").ring("anne", 3_000, "answered")
    call.talk("anne", 1_200_000, hold_ms=60_000, acw_ms=120_000)
    state = agent_states(
        "anne",
        (start, AgentState.READY),
        (start + 8_000, AgentState.TALKING),
        (start + 1_208_000, AgentState.WRAP_UP),
        (start + 1_328_000, AgentState.READY),
        (start + 1_400_000, AgentState.SIGNED_OUT),
    )
    async with engine.begin() as conn:
        await write_facts(conn, call.facts + state, 1)
        span = (_at(2024, 3, 12, 9), _at(2024, 3, 12, 11), _at(2024, 3, 12, 12))
        rows = await report(conn, ReportQuery(*span, interval=Interval.M60))
        (queue,) = await report(conn, ReportQuery(*span, by=By.QUEUE))
        anne, bob = await report(conn, ReportQuery(*span, by=By.AGENT))
    first, second = (row.sums for row in rows)
    assert (first.answered, second.answered) == (1, 0)
    assert first.talk_ms + first.hold_ms == 600_000 - 8_000
    assert second.talk_ms + second.hold_ms == 1_200_000 - 592_000
    assert (first.hold_ms + second.hold_ms, second.wrap_up_ms) == (60_000, 120_000)
    assert second.ready_ms == 72_000
    found = queue.kpis()
    assert (found["dmc"], found["mea"], found["acw"], found["dmt"]) == (1_140, 60, 120, 1_320)
    assert (queue.sums.ring_offers, queue.sums.ring_no_answers) == (2, 1)
    assert found["occupancy"] is None
    assert (anne.scope, bob.scope) == ("anne", "bob")
    assert anne.kpis()["occupancy"] == pytest.approx(1_320 / 1_400)
    assert anne.kpis()["signed_in"] == 1_400
    assert (anne.sums.answered, bob.sums.answered) == (1, 0)
    assert bob.kpis()["rona_rate"] == 1
    assert bob.kpis()["dmt"] is None


async def test_days_have_23_and_25_hours_when_the_clocks_change(engine: AsyncEngine) -> None:
    facts: list[AnyFact] = []
    for day in ((2024, 3, 31), (2024, 10, 27)):
        midnight = _at(*day)
        for hour in range(26):
            facts += Told(f"{day}-{hour}", midnight + hour * 3_600_000).end(Outcome.FAILED).facts
    async with engine.begin() as conn:
        await write_facts(conn, facts, 1)
        received = {}
        for day, following in (((2024, 3, 31), (2024, 4, 1)), ((2024, 10, 27), (2024, 10, 28))):
            span = (_at(*day), _at(*following), _at(*following))
            (row,) = await report(conn, ReportQuery(*span, interval=Interval.DAY))
            hours = await report(conn, ReportQuery(*span, interval=Interval.M60))
            received[day] = (row.sums.received, len(hours), hours[-1].sums.received)
    assert received == {(2024, 3, 31): (23, 23, 1), (2024, 10, 27): (25, 25, 1)}


async def test_linear_qs_uses_the_queues_own_target(engine: AsyncEngine) -> None:
    facts: list[AnyFact] = []
    for slot, answered in enumerate((10, 9, 8, 0)):
        for n in range(10 if answered else 0):
            call = Told(f"{slot}-{n}", slot * 1_800_000 + n).queue()
            if n < answered:
                call.talk("anne", 1_000)
            else:
                call.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
            facts += call.facts
    query = ReportQuery(0, 7_200_000, 7_200_000, by=By.QUEUE)
    async with engine.begin() as conn:
        await write_facts(conn, facts, 1)
        (lenient,) = await report(conn, query)
        queue = QueueRow(QueueId("sales"), "Ventes", target_answer_ratio=0.9)
        await config.create_queue(conn, queue)
        (strict,) = await report(conn, query)
    assert lenient.kpis()["qs_linear"] == 1
    assert strict.kpis()["qs_linear"] == pytest.approx(2 / 3)
    assert strict.sums.slots == 3


@pytest.mark.parametrize("interval", list(Interval))
async def test_linear_qs_is_the_same_however_the_report_is_cut(
    engine: AsyncEngine, interval: Interval
) -> None:
    start = _at(2026, 7, 1, 9)
    facts: list[AnyFact] = []
    for n, minute in enumerate((5, 20, 35, 50, 65)):
        call = Told(f"c{n}", start + minute * 60_000).queue()
        if n == 0:
            facts += call.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED).facts
        else:
            facts += call.talk("anne", 1_000).facts
    async with engine.begin() as conn:
        await write_facts(conn, facts, 1)
        rows = await report(
            conn, ReportQuery(start, start + 7_200_000, start + 7_200_000, interval=interval)
        )
    assert sum(row.sums.slots for row in rows) == 3
    assert sum(row.sums.slots_on_target for row in rows) == 2


async def test_a_report_that_is_not_cut_may_cover_years(engine: AsyncEngine) -> None:
    two_years = 2 * 366 * 86_400_000
    (row,) = await _report(engine, ReportQuery(0, two_years, two_years))
    assert row.end == two_years


async def test_an_empty_range_has_zero_counts_and_no_ratio(engine: AsyncEngine) -> None:
    (row,) = await _report(engine, ReportQuery(0, 1_000, 1_000))
    assert row.kpis() == compute(Sums())
    assert row.kpis()["received"] == 0
    assert row.kpis()["qs"] is None


async def test_a_call_in_progress_is_neither_handled_nor_lost(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await write_facts(conn, Told("now", 10).queue().facts, 1)
        (row,) = await report(conn, ReportQuery(0, 1_000, 1_000))
    assert (row.sums.received, row.sums.in_progress, row.sums.waiting) == (1, 1, 1)
    assert row.kpis()["untreated"] == 0


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (ReportQuery(0, 1, 1, zone="Mars/Base"), "no time zone 'Mars/Base'"),
        (ReportQuery(5, 5, 5), "ends before it begins"),
        (ReportQuery(0, 10**12, 1), "parts at most"),
    ],
)
async def test_bad_ranges_say_why(engine: AsyncEngine, query: ReportQuery, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        await _report(engine, query)
