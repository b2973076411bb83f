"""Figures of a floor with all features on: who counts where, and whose time is whose."""

from __future__ import annotations

import random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.facts import (
    AgentStateChanged,
    AnyFact,
    CallbackChanged,
    DispositionSet,
    MessageHeard,
    MessageLeft,
    Transferred,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    EndedBy,
    Outcome,
    QueueId,
    RecordingId,
    SegmentKind,
    TargetKind,
    VisitId,
    VisitOutcome,
)
from kpi.intervals import Interval
from kpi.rows import Sums
from store.breakdowns import dispositions, pauses
from store.reporting import By, ReportQuery, ReportRow, report
from store.restart import counts_since
from store.writer import write_facts
from tests.store.told import Told, agent_states

pytestmark = pytest.mark.store

T0 = 1_763_800_000_000
DAY = 86_400_000


async def _reports(engine: AsyncEngine, facts: list[AnyFact], by: By) -> dict[str, ReportRow]:
    async with engine.begin() as conn:
        await write_facts(conn, facts, T0)
    async with engine.connect() as conn:
        rows = await report(conn, ReportQuery(T0, T0 + DAY, T0 + DAY, by=by))
    return {row.scope or "": row for row in rows}


def _is_whole(sums: Sums) -> bool:
    """Whether every contact and every visit stands in exactly one place."""
    contacts = (
        sums.handled + sums.abandoned + sums.overflow + sums.callback + sums.voicemail
        + sums.out_of_hours + sums.self_service + sums.flow_hang_up + sums.rejected + sums.failed
        + sums.in_progress
    )  # fmt: skip
    visits = (
        sums.answered + sums.queue_abandoned + sums.queue_overflow + sums.queue_callback
        + sums.queue_voicemail + sums.queue_moved + sums.queue_closed + sums.queue_error
        + sums.waiting
    )  # fmt: skip
    callbacks = (
        sums.callbacks_reached + sums.callbacks_failed + sums.callbacks_cancelled
        + sums.callbacks_open
    )  # fmt: skip
    return (
        (contacts, visits, callbacks, sums.messages_left)
        == (sums.received, sums.offered, sums.callbacks_requested,
            sums.messages_handled + sums.messages_open)
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_every_contact_and_visit_stands_in_one_place(engine: AsyncEngine, seed: int) -> None:
    chance = random.Random(seed)
    facts: list[AnyFact] = []
    for n in range(150):
        kind = chance.choice([CallKind.INBOUND, *CallKind])
        call = Told(f"c{n}", T0 + n * 1_000, kind=kind)
        for _ in range(chance.randrange(3)):
            call.queue(chance.choice(("sales", "support"))).wait(chance.randrange(60_000))
            if chance.random() < 0.9:
                call.leave(chance.choice(list(VisitOutcome)))
        if chance.random() < 0.9:
            call.end(chance.choice([end for end in Outcome if end is not Outcome.NO_ANSWER]))
        facts += call.facts
    inbound = sum(
        1 for fact in facts if getattr(fact, "kind", None) is CallKind.INBOUND and fact.seq == 1
    )
    (total,) = (await _reports(engine, facts, By.TOTAL)).values()
    queues = await _reports(engine, [], By.QUEUE)
    assert total.sums.received + total.sums.answered_elsewhere == inbound
    assert total.sums.offered == sum(row.sums.offered for row in queues.values())
    for row in (total, *queues.values()):
        assert _is_whole(row.sums)
        assert row.sums.received >= row.sums.handled


def consulted() -> list[AnyFact]:
    """Anne answers after 10 s and talks 20 s, asks Bob through `experts` for 30 s, is back with the
    caller for 10 s and leaves: Bob talks 40 s and writes for 5 s.
    """
    call = Told("c", T0).queue("sales").wait(10_000)
    call.leave(VisitOutcome.ANSWERED, agent_id=AgentId("anne"))
    call.span(SegmentKind.TALK, "anne", 20_000, "held")
    asked = VisitId("experts-1")
    aside = {"subject": "c-consult", "visit_id": asked}
    entered = {"visit_seq": 2, "queue_id": QueueId("experts"), "priority": 0, "key": call.at}
    limits = {"service_level_ms": 20_000, "short_abandon_ms": 5_000}
    call.tell(VisitOpened, kind=CallKind.CONSULT, **aside, **entered, **limits)
    call.tell(VisitClosed, outcome=VisitOutcome.ANSWERED, agent_id=AgentId("bob"), **aside)
    call.span(SegmentKind.HOLD, "anne", 30_000, "resumed")
    call.at -= 30_000
    call.span(SegmentKind.CONSULT, "bob", 30_000, "held", **aside)
    # While Anne is back with the caller, it is Bob who waits: no caller's hold.
    call.span(SegmentKind.HOLD, "bob", 10_000, "transferred", **aside)
    call.at -= 10_000
    call.span(SegmentKind.TALK, "anne", 10_000, "agent")
    to_bob = {"target_kind": TargetKind.AGENT, "target_id": "bob"}
    call.tell(Transferred, agent_id=AgentId("anne"), how="warm", **to_bob)
    call.span(SegmentKind.TALK, "bob", 40_000, "caller", visit_id=asked)
    call.end(Outcome.ANSWERED)
    call.span(SegmentKind.ACW, "bob", 5_000, "system", subject="bob", visit_id=asked)
    return call.facts


def _busy_agent() -> list[AnyFact]:
    """Ten seconds in each state of one who has a call, then ten ready."""
    order = (
        AgentState.TALKING,
        AgentState.HOLDING,
        AgentState.CONSULTING,
        AgentState.WRAP_UP,
        AgentState.READY,
        AgentState.SIGNED_OUT,
    )
    return agent_states("carl", *((T0 + n * 10_000, state) for n, state in enumerate(order)))


async def test_a_consultation_is_neither_a_visit_nor_doubled_hold(engine: AsyncEngine) -> None:
    facts = consulted() + agent_states("anne", (T0, AgentState.READY)) + _busy_agent()
    (total,) = (await _reports(engine, facts, By.TOTAL)).values()
    queues = await _reports(engine, [], By.QUEUE)
    agents = await _reports(engine, [], By.AGENT)
    found = total.kpis()
    assert (total.sums.received, total.sums.offered, total.sums.answered) == (1, 1, 1)
    assert (found["dmc"], found["mea"], found["acw"], found["dmt"]) == (70, 30, 5, 105)
    assert found["consult"] == 40
    # Who was found through another queue's consultation talks for the queue that the caller chose.
    assert set(queues) == {"sales"}
    assert queues["sales"].kpis()["dmc"] == 70
    anne, bob = agents["anne"].kpis(), agents["bob"].kpis()
    assert (anne["answered"], anne["dmc"], anne["mea"]) == (1, 30, 30)
    assert (bob["answered"], bob["dmc"], bob["acw"]) == (0, 40, 5)
    assert (anne["transfer_rate"], bob["transfer_rate"]) == (1, 0)
    assert found["transfer_rate"] == queues["sales"].kpis()["transfer_rate"] == 1
    assert agents["carl"].kpis()["occupancy"] == pytest.approx(40 / 50)


async def test_who_takes_a_call_back_has_not_given_it_away(engine: AsyncEngine) -> None:
    call = Told("c", T0).queue().talk("anne", 1_000)
    away = {"agent_id": AgentId("anne"), "target_kind": TargetKind.QUEUE, "target_id": "sales"}
    call.tell(Transferred, how="blind", **away)
    call.wait(10).tell(Transferred, how="taken_back", **away)
    (total,) = (await _reports(engine, call.facts, By.TOTAL)).values()
    assert total.kpis()["transfer_rate"] == 0


async def test_a_transfer_to_a_queue_is_another_visit_of_the_same_contact(
    engine: AsyncEngine,
) -> None:
    call = Told("c", T0).queue("sales").wait(1_000)
    call.leave(VisitOutcome.ANSWERED, agent_id=AgentId("anne"))
    call.span(SegmentKind.TALK, "anne", 10_000, "agent")
    for _ in range(2):
        call.tell(
            Transferred,
            agent_id=AgentId("anne"),
            how="blind",
            target_kind=TargetKind.QUEUE,
            target_id="support",
        )
    call.queue("support").wait(2_000).talk("bob", 20_000)
    (total,) = (await _reports(engine, call.facts, By.TOTAL)).values()
    queues = await _reports(engine, [], By.QUEUE)
    agents = await _reports(engine, [], By.AGENT)
    assert (total.sums.received, total.sums.handled, total.sums.answered) == (1, 1, 2)
    assert total.sums.transferred == 1
    assert {name: row.sums.transferred for name, row in queues.items()} == {
        "sales": 1,
        "support": 0,
    }
    assert (agents["anne"].kpis()["dmc"], agents["bob"].kpis()["dmc"]) == (10, 20)


async def test_talk_with_a_number_outside_is_no_agents_work(engine: AsyncEngine) -> None:
    given = Told("given", T0).queue("sales")
    given.leave(VisitOutcome.ANSWERED, agent_id=AgentId("anne"))
    given.span(SegmentKind.TALK, "anne", 60_000, "agent")
    for kind in (SegmentKind.TALK, SegmentKind.HOLD):
        given.span(kind, "", 600_000, "caller", agent_id=None, team=None)
    given.end(Outcome.ANSWERED)
    by_key = Told("key", T0).queue("sales").leave(VisitOutcome.OVERFLOW, to="number:+331")
    by_key.span(SegmentKind.TALK, "", 600_000, "caller", agent_id=None, team=None)
    by_key.end(Outcome.OVERFLOW)
    states = agent_states("anne", (T0, AgentState.READY))
    (total,) = (await _reports(engine, given.facts + by_key.facts + states, By.TOTAL)).values()
    (sales,) = (await _reports(engine, [], By.QUEUE)).values()
    for row in (total, sales):
        found = row.kpis()
        assert (row.sums.handled, found["dmc"], found["mea"], found["dmt"]) == (1, 60, 0, 60)


async def test_short_abandons_after_service_are_the_queues_and_not_the_floors(
    engine: AsyncEngine,
) -> None:
    facts: list[AnyFact] = []
    for n in range(2):
        call = Told(f"c{n}", T0).queue("sales")
        call.leave(VisitOutcome.ANSWERED, agent_id=AgentId("anne"))
        call.span(SegmentKind.TALK, "anne", 10_000, "agent").queue("support").wait(2_000)
        facts += call.leave(VisitOutcome.ABANDONED).end(Outcome.ANSWERED).facts
    facts += Told("c2", T0).queue("sales").talk("anne", 1_000).facts
    gone = Told("gone", T0).queue("sales").wait(2_000).leave(VisitOutcome.ABANDONED)
    facts += gone.end(Outcome.ABANDONED).facts
    (total,) = (await _reports(engine, facts, By.TOTAL)).values()
    queues = await _reports(engine, [], By.QUEUE)
    found = total.kpis()
    assert (found["short_abandoned"], found["abandoned"], found["qs_no_short"]) == (1, 1, 1)
    assert found["abandon_rate_no_short"] == 0
    assert {name: row.sums.short_abandoned for name, row in queues.items()} == {
        "sales": 1,
        "support": 2,
    }


async def test_who_waited_in_another_queue_before_makes_no_short_abandon(
    engine: AsyncEngine,
) -> None:
    call = Told("c", T0).queue("sales").wait(60_000).leave(VisitOutcome.OVERFLOW)
    call.queue("support", waited_before_ms=60_000).wait(2_000).leave(VisitOutcome.ABANDONED)
    facts = call.end(Outcome.ABANDONED).facts
    (total,) = (await _reports(engine, facts, By.TOTAL)).values()
    support = (await _reports(engine, [], By.QUEUE))["support"]
    for row in (total, support):
        assert (row.sums.abandoned, row.sums.short_abandoned) == (1, 0)
        assert (row.sums.timed_short_abandoned, row.sums.lost_calls) == (0, 1)
    async with engine.connect() as conn:
        counts = await counts_since(conn, T0)
    assert (counts[QueueId("support")].abandoned, counts[QueueId("support")].short_abandoned) == (
        1,
        0,
    )


async def test_who_left_a_message_out_of_hours_is_in_no_figure_of_the_hours(
    engine: AsyncEngine,
) -> None:
    facts: list[AnyFact] = list(Told("served", T0).queue().talk("anne", 1_000).facts)
    later = T0 + 3_600_000
    for n, outcome in enumerate((Outcome.VOICEMAIL, Outcome.CALLBACK, Outcome.OVERFLOW)):
        facts += Told(f"night{n}", later).end(outcome, in_hours=False).facts
    facts += Told("closed", later).end(Outcome.OUT_OF_HOURS).facts
    (row,) = (await _reports(engine, facts, By.TOTAL)).values()
    found = row.kpis()
    assert (found["received"], found["off_hours"], found["out_of_hours"]) == (5, 4, 1)
    assert (found["voicemail"], found["callback"], found["overflow"]) == (1, 1, 1)
    assert (found["qs_in_hours"], found["qs_linear"], found["overflow_rate_in_hours"]) == (1, 1, 0)
    assert found["out_of_hours_rate"] == 4 / 5
    assert row.sums.slots == 1


async def test_an_agents_transfers_are_of_the_calls_that_they_talked_on(
    engine: AsyncEngine,
) -> None:
    call = Told("c", T0).queue("sales").wait(1_790_000)
    call.leave(VisitOutcome.ANSWERED, agent_id=AgentId("anne"))
    call.span(SegmentKind.TALK, "anne", 20_000, "agent")
    to_bob = {"target_kind": TargetKind.AGENT, "target_id": "bob"}
    call.tell(Transferred, agent_id=AgentId("anne"), how="blind", **to_bob)
    call.span(SegmentKind.TALK, "bob", 20_000, "agent")
    to_carl = {"target_kind": TargetKind.AGENT, "target_id": "carl"}
    call.tell(Transferred, agent_id=AgentId("bob"), how="blind", **to_carl)
    call.span(SegmentKind.TALK, "carl", 20_000, "caller").end(Outcome.ANSWERED)
    await _reports(engine, call.facts, By.AGENT)
    async with engine.connect() as conn:
        cut = ReportQuery(T0, T0 + 3_600_000, T0 + DAY, by=By.AGENT, interval=Interval.M30)
        rows = [row for row in await report(conn, cut) if row.sums.served]
    assert [(row.scope, row.sums.served, row.kpis()["transfer_rate"]) for row in rows] == [
        ("anne", 1, 1),
        ("bob", 1, 1),
        ("carl", 1, 0),
    ]


async def test_announced_waits_are_compared_where_the_truth_is_known(engine: AsyncEngine) -> None:
    facts: list[AnyFact] = []
    for n, (announced, waited, how) in enumerate(
        (
            (60_000, 50_000, VisitOutcome.ANSWERED),
            (60_000, 60_000, VisitOutcome.ANSWERED),
            (60_000, 90_000, VisitOutcome.ANSWERED),
            (60_000, 70_000, VisitOutcome.ABANDONED),
            (60_000, 30_000, VisitOutcome.ABANDONED),
            (60_000, 90_000, VisitOutcome.MOVED),
            (None, 90_000, VisitOutcome.ANSWERED),
        )
    ):
        facts += Told(f"c{n}", T0).queue(estimate_ms=announced).wait(waited).leave(how).facts
    (row,) = (await _reports(engine, facts, By.QUEUE)).values()
    assert row.kpis()["ewt_coverage"] == 2 / 4
    assert row.kpis()["ewt_error"] == pytest.approx(40 / 3)


def _callback(name: str, *states: tuple[int, str], asked_ms: int = 0) -> list[AnyFact]:
    call = Told(name, T0, kind=CallKind.CALLBACK, root_id=CallId("origin"))
    for after_ms, state in states:
        call.at = T0 + after_ms
        due_at = T0 + asked_ms if state == "booked" else call.at
        call.tell(
            CallbackChanged,
            queue_id=QueueId("sales"),
            number="+331",
            state=state,
            attempts=1,
            due_at=due_at,
            key=T0,
        )
    return call.facts


async def test_callbacks_and_messages_have_figures_of_their_own(engine: AsyncEngine) -> None:
    facts = _callback("a", (0, "booked"), (60_000, "dialling"), (61_000, "reached"))
    facts += _callback("b", (0, "booked"), (90_000, "reached"), asked_ms=80_000)
    facts += _callback("c", (0, "booked"), (1, "dialling"), (2, "postponed"))
    facts += _callback("d", (0, "booked"), (9, "failed"))
    facts += _callback("e", (0, "booked"), (9, "cancelled"))
    for n, heard_ms in enumerate((30_000, None)):
        work = Told(f"m{n}", T0, kind=CallKind.VOICEMAIL, root_id=CallId("origin"))
        what = {"recording_id": RecordingId(f"r{n}")}
        left = {"queue_id": QueueId("sales"), "number": None, "key": T0}
        work.tell(MessageLeft, call_id=CallId("origin"), **what, **left)
        if heard_ms is not None:
            work.wait(heard_ms).tell(MessageHeard, agent_id=AgentId("anne"), **what)
        facts += work.facts
    (queue,) = (await _reports(engine, facts, By.QUEUE)).values()
    (total,) = (await _reports(engine, [], By.TOTAL)).values()
    for row in (queue, total):
        found = row.kpis()
        assert (found["received"], found["offered"]) == (0, 0)
        assert (found["callbacks_requested"], found["callbacks_reached"]) == (5, 2)
        assert found["callback_rate"] == 2 / 5
        assert found["callback_wait"] == (61 + 10) / 2
        assert (found["messages_left"], found["messages_handled"]) == (2, 1)
        assert (found["message_rate"], found["message_wait"]) == (0.5, 30)
        assert _is_whole(row.sums)


async def test_lost_calls_and_how_many_were_spoken_to_after_all(engine: AsyncEngine) -> None:
    facts: list[AnyFact] = []
    for n, number in enumerate(("+331", "+332", "+332")):
        call = Told(f"c{n}", T0 + n, number).queue().wait(9_000)
        facts += call.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED).facts
    facts += Told("back", T0 + 60_000, "+332").queue("other").talk("anne", 1_000).facts
    queues = await _reports(engine, facts, By.QUEUE)
    assert queues["sales"].sums.lost_calls == 3
    assert queues["sales"].kpis()["recovery_rate"] == 2 / 3


def _pause(seq: int, from_ms: int, reason: str, *, worth: bool) -> list[AnyFact]:
    """A pause of Anne's of ten seconds, then ready."""
    anne, at = AgentId("anne"), T0 + from_ms
    return [
        AgentStateChanged(
            anne, seq, at, anne, AgentState.PAUSED, reason, productive=worth, paid=worth
        ),
        AgentStateChanged(
            anne, seq + 1, at + 10_000, anne, AgentState.READY, None, productive=True, paid=True
        ),
    ]


async def test_pauses_count_for_what_their_reasons_are_worth(engine: AsyncEngine) -> None:
    facts = _pause(1, 0, "coaching", worth=True)
    facts += _pause(3, 30_000, "lunch", worth=False)
    facts += _pause(5, 60_000, "lunch", worth=False)
    anne = AgentId("anne")
    facts.append(
        AgentStateChanged(anne, 7, T0 + 80_000, anne, AgentState.SIGNED_OUT, None, paid=False)
    )
    agents = await _reports(engine, facts, By.AGENT)
    found = agents["anne"].kpis()
    assert (found["paused"], found["signed_in"]) == (30, 80)
    assert agents["anne"].sums.paid_ms == 60_000
    assert found["utilisation"] == pytest.approx(10 / 60)
    assert found["efficiency"] == 0
    async with engine.connect() as conn:
        whole = await pauses(conn, T0, T0 + DAY, T0 + DAY)
        cut = await pauses(conn, T0 + 35_000, T0 + 65_000, T0 + DAY, agent_id="anne")
    assert [(p.reason, p.count, p.total_ms, p.productive, p.paid) for p in whole] == [
        ("lunch", 2, 20_000, False, False),
        ("coaching", 1, 10_000, True, True),
    ]
    assert [(p.reason, p.count, p.total_ms) for p in cut] == [("lunch", 1, 10_000)]


async def test_dispositions_share_all_that_agents_talked_to(engine: AsyncEngine) -> None:
    facts: list[AnyFact] = []
    for n, codes in enumerate((("sold",), ("sold", "refund"), (), ("sold",), ())):
        call = Told(f"c{n}", T0 + n).queue().talk("anne" if n < 3 else "bob", 1_000)
        for code in codes:
            call.wait(1).tell(
                DispositionSet, agent_id=AgentId("anne"), queue_id=QueueId("sales"), code=code
            )
        facts += call.facts
    gone = Told("gone", T0).queue().leave(VisitOutcome.ABANDONED)
    facts += gone.end(Outcome.ABANDONED, EndedBy.CALLER).facts
    async with engine.begin() as conn:
        await write_facts(conn, facts, T0)
    async with engine.connect() as conn:
        rows = await dispositions(conn, T0, T0 + DAY)
        bobs = await dispositions(conn, T0, T0 + DAY, queue_id="sales", agent_id="bob")
        none = await dispositions(conn, T0 + DAY, T0 + 2 * DAY)
    assert [(row.code, row.count, row.share) for row in rows] == [
        ("sold", 2, 0.4),
        ("refund", 1, 0.2),
        (None, 2, 0.4),
    ]
    assert [(row.code, row.share) for row in bobs] == [(None, 1.0)]
    assert none == []
