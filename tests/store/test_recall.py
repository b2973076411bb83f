"""Lost calls: one entry per number and queue, closed by whoever speaks to the caller first."""

from __future__ import annotations

import asyncio
import random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.facts import AnyFact, CallbackChanged
from acd.model import CallKind, Outcome, QueueId, SegmentKind, VisitOutcome
from store import recall
from store.errors import NotFound
from store.queries import CallCursor
from store.recall import (
    CLAIM_MS,
    RecallClaimed,
    RecallClosed,
    RecallEntry,
    RecallFilter,
    RecallResult,
    RecallState,
)
from store.writer import write_facts
from tests.store.told import Told

pytestmark = pytest.mark.store

T0 = 1_763_800_000_000
MIN = 60_000
ANY = tuple(RecallState)
ON_THE_WAY = "hung_up_on_the_way"


def lost(name: str, minute: int, number: str | None = "+331", queue: str = "sales") -> Told:
    """A caller who gives up after 30 s, at T0 + `minute` minutes."""
    call = Told(name, T0 + minute * MIN - 30_000, number).queue(queue).wait(30_000)
    return call.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)


def answered(name: str, minute: int, number: str = "+331", queue: str = "sales") -> Told:
    return Told(name, T0 + minute * MIN, number).queue(queue).talk("anne", 60_000)


def called(name: str, minute: int, kind: CallKind, *, reached: bool = True) -> Told:
    """A callback or an agent's own call."""
    call = Told(name, T0 + minute * MIN, "+331", kind, queue_id=QueueId("sales"))
    call.visit = None  # type: ignore[assignment]
    if reached:
        call.span(SegmentKind.TALK, "anne", 60_000, "caller")
    return call.end(Outcome.ANSWERED if reached else Outcome.NO_ANSWER)


async def written(engine: AsyncEngine, *calls: Told) -> None:
    async with engine.begin() as conn:
        await write_facts(conn, [fact for call in calls for fact in call.facts], T0)


async def entries(
    engine: AsyncEngine,
    now: int = 60,
    states: tuple[RecallState, ...] = ANY,
    queues: tuple[str, ...] | None = None,
) -> list[RecallEntry]:
    async with engine.connect() as conn:
        wanted = RecallFilter(T0 - MIN, states, queues)
        return await recall.list_entries(conn, wanted, T0 + now * MIN)


async def test_a_later_loss_of_the_same_number_and_queue_is_the_same_entry(
    engine: AsyncEngine,
) -> None:
    await written(engine, lost("b", 7), lost("a", 2), lost("c", 9, queue="support"))
    first, second = await entries(engine)
    assert (first.id, first.lost_at, first.last_lost_at) == (
        "a-v1",
        T0 + 2 * MIN,
        T0 + 7 * MIN,
    )
    assert (first.losses, first.state, first.queue_id) == (2, RecallState.OPEN, "sales")
    assert (second.contact_id, second.losses, second.queue_id) == ("c", 1, "support")
    assert [entry.id for entry in await entries(engine, queues=("support",))] == [second.id]


async def test_short_abandons_unknown_numbers_and_who_got_something_are_not_lost(
    engine: AsyncEngine,
) -> None:
    short = Told("short", T0, "+332").queue(short_ms=5_000).wait(5_000)
    short.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
    message = Told("message", T0, "+334").queue().wait(90_000)
    message.leave(VisitOutcome.VOICEMAIL).end(Outcome.VOICEMAIL)
    callback = Told("callback", T0, "+335").queue().wait(90_000)
    callback.leave(VisitOutcome.CALLBACK).end(Outcome.CALLBACK, reason=ON_THE_WAY)
    outside = Told("outside", T0, "+336").queue().wait(90_000)
    outside.leave(VisitOutcome.OVERFLOW).end(Outcome.OVERFLOW, reason="caller_hung_up")
    full = Told("full", T0, "+337").queue(short_ms=0)
    full.leave(VisitOutcome.OVERFLOW).wait(9_000).end(Outcome.OVERFLOW, reason=ON_THE_WAY)
    withheld = (lost("withheld", 1, None), lost("empty", 1, ""))
    shared = (lost("name", 1, "Alice"), lost("service", 1, "3900"))
    served = answered("served", 1, "+338")
    await written(engine, short, message, callback, outside, full, served, *withheld, *shared)
    assert await entries(engine) == []


@pytest.mark.parametrize("left", [VisitOutcome.OVERFLOW, VisitOutcome.VOICEMAIL])
@pytest.mark.parametrize("reason", [ON_THE_WAY, "no_message", "max_wait", "not_taken:rona"])
async def test_who_waited_and_left_the_queue_with_nothing_is_lost(
    engine: AsyncEngine, left: VisitOutcome, reason: str
) -> None:
    call = Told("a", T0, "+331").queue().wait(300_000).leave(left)
    await written(engine, call.wait(2_000).end(Outcome.OVERFLOW, reason=reason))
    (entry,) = await entries(engine)
    assert (entry.lost_at, entry.state) == (T0 + 300_000, RecallState.OPEN)


@pytest.mark.parametrize("shuffled", [None, 1, 2, 3])
async def test_who_is_lost_after_an_agent_or_in_a_second_queue_is_one_loss_of_the_last(
    engine: AsyncEngine, shuffled: int | None
) -> None:
    given = Told("given", T0, "+331").queue().leave(VisitOutcome.ANSWERED, agent_id="anne")
    given.span(SegmentKind.TALK, "anne", 60_000, "agent")
    given.queue("support").wait(600_000).leave(VisitOutcome.ABANDONED)
    given.end(Outcome.ANSWERED, reason="hung_up_in_queue")
    sent = Told("sent", T0, "+332").queue().wait(60_000).leave(VisitOutcome.OVERFLOW)
    sent.queue("support").wait(60_000).leave(VisitOutcome.OVERFLOW)
    sent.end(Outcome.OVERFLOW, reason=ON_THE_WAY)
    facts = [*given.facts, *sent.facts]
    if shuffled is not None:
        random.Random(shuffled).shuffle(facts)
    for fact in facts:
        async with engine.begin() as conn:
            await write_facts(conn, [fact], T0)
    assert sorted((e.id, e.queue_id, e.losses) for e in await entries(engine)) == [
        (given.visit, "support", 1),
        (sent.visit, "support", 1),
    ]


@pytest.mark.parametrize("reached", [False, True])
async def test_a_message_that_is_heard_closes_nothing_its_sender_on_the_line_does(
    engine: AsyncEngine, reached: bool
) -> None:
    await written(engine, lost("a", 2))
    work = Told("message", T0, "+331", CallKind.VOICEMAIL).queue().wait(3 * MIN)
    work.span(SegmentKind.TALK, "anne", 5_000, "dialled")
    work.span(SegmentKind.DIAL, "anne", 15_000, "answered" if reached else "not_reached")
    work.span(SegmentKind.TALK, "anne", 60_000, "caller").end(Outcome.ANSWERED)
    for fact in work.facts:
        async with engine.begin() as conn:
            await write_facts(conn, [fact], T0)
    (entry,) = await entries(engine)
    if reached:
        assert (entry.state, entry.closed_at) == (RecallState.CALLED_BACK, T0 + 3 * MIN + 20_000)
    else:
        assert entry.state is RecallState.OPEN


async def test_a_number_that_a_callback_rings_anyway_is_not_called_by_hand_as_well(
    engine: AsyncEngine,
) -> None:
    await written(engine, lost("a", 2), lost("b", 2, "+332"))
    work = Told("cb", T0 + 5 * MIN, "+331", CallKind.CALLBACK)
    known = {"queue_id": QueueId("sales"), "number": "+331", "key": 0}
    work.tell(CallbackChanged, state="booked", attempts=0, due_at=T0 + 30 * MIN, **known)
    await written(engine, work)
    # An appointment for later leaves the loss of now to be worked on.
    assert [e.number for e in await entries(engine, 29)] == ["+331", "+332"]
    assert [e.number for e in await entries(engine, 30)] == ["+332"]
    async with engine.begin() as conn:
        await recall.claim(conn, "a-v1", "anne", T0 + 30 * MIN)
    assert [e.claimed_by for e in await entries(engine, 31)] == ["anne", None]
    assert [e.number for e in await entries(engine, 60)] == ["+332"]
    work.wait(60 * MIN)
    work.tell(CallbackChanged, state="failed", attempts=3, due_at=T0 + 30 * MIN, **known)
    await written(engine, work)
    assert [e.number for e in await entries(engine, 66)] == ["+331", "+332"]


async def test_an_entry_is_one_and_the_same_since_whenever_it_is_asked_for(
    engine: AsyncEngine,
) -> None:
    await written(engine, lost("a", 2), lost("b", 30), lost("old", 3, "+332"))
    async with engine.begin() as conn:
        (entry,) = await recall.list_entries(conn, RecallFilter(T0 + 20 * MIN), T0 + 40 * MIN)
        assert (entry.id, entry.losses, entry.lost_at) == ("a-v1", 2, T0 + 2 * MIN)
        await recall.claim(conn, "b-v1", "anne", T0 + 40 * MIN)
        with pytest.raises(RecallClaimed, match="'anne'"):
            await recall.claim(conn, "a-v1", "bob", T0 + 40 * MIN)
        assert (await recall.get_entry(conn, "b-v1", T0 + 40 * MIN)).id == "a-v1"
        freed = await recall.release(conn, "b-v1", "anne", T0 + 40 * MIN)
    assert (freed.id, freed.state) == ("a-v1", RecallState.OPEN)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (answered("later", 5, queue="support"), RecallState.CALLED_BACK_BY_CALLER),
        (called("later", 5, CallKind.MANUAL), RecallState.CALLED_BACK),
        (called("later", 5, CallKind.CALLBACK), RecallState.CALLED_BACK),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_whoever_speaks_to_the_number_first_closes_the_entry(
    engine: AsyncEngine, answer: Told, state: RecallState, late: bool
) -> None:
    told = [lost("first", 2), answer, answered("again", 8)]
    for call in reversed(told) if late else told:
        await written(engine, call)
    assert await entries(engine, states=recall.TO_DO) == []
    (entry,) = await entries(engine)
    assert (entry.state, entry.closed_at) == (state, T0 + 5 * MIN)
    assert entry.resolved_by_contact_id == "later"


async def test_an_answer_of_before_closes_nothing_and_an_unanswered_call_is_an_attempt(
    engine: AsyncEngine,
) -> None:
    await written(
        engine,
        answered("before", 0),
        lost("first", 2),
        called("try", 4, CallKind.MANUAL, reached=False),
        called("again", 6, CallKind.MANUAL, reached=False),
        called("other", 6, CallKind.CALLBACK, reached=False),
    )
    (entry,) = await entries(engine)
    assert (entry.state, entry.attempts) == (RecallState.OPEN, 2)


async def test_a_loss_after_the_answer_is_another_entry(engine: AsyncEngine) -> None:
    await written(engine, lost("a", 2), answered("b", 4), lost("c", 6), lost("d", 7))
    closed, open_one = await entries(engine)
    assert (closed.id, closed.losses, closed.closed_at) == ("a-v1", 1, T0 + 4 * MIN)
    assert (open_one.id, open_one.losses, open_one.closed_at) == ("c-v1", 2, None)


@pytest.mark.parametrize("seed", range(6))
async def test_the_list_is_the_same_in_whatever_order_facts_come(
    engine: AsyncEngine, seed: int
) -> None:
    numbers = ("+331", "+332", "+333")
    chance = random.Random(99)
    calls = []
    for n in range(40):
        make = chance.choice((lost, lost, answered))
        calls.append(make(f"c{n:02}", n, chance.choice(numbers), chance.choice(("q1", "q2"))))
    facts: list[AnyFact] = [fact for call in calls for fact in call.facts]
    random.Random(seed).shuffle(facts)
    while facts:
        async with engine.begin() as conn:
            await write_facts(conn, facts[:17], T0)
        facts = facts[17:]
    found = await entries(engine)
    assert [(e.number, e.queue_id, e.lost_at, e.losses, e.closed_at) for e in found] == _naive(
        calls
    )


def _naive(calls: list[Told]) -> list[tuple[str, str, int, int, int | None]]:
    """The same list, worked out call by call in the order of time."""
    open_ones: dict[tuple[str, str], list[int]] = {}
    found: list[tuple[str, str, int, int, int | None]] = []
    for call in sorted(calls, key=lambda call: call.id):
        number, queue = call.facts[0].number, call.facts[1].queue_id  # type: ignore[union-attr]
        at = call.facts[2].at
        if call.facts[-1].outcome is Outcome.ABANDONED:  # type: ignore[union-attr]
            open_ones.setdefault((number or "", queue), []).append(at)  # type: ignore[arg-type]
            continue
        for key in [key for key in open_ones if key[0] == number]:
            losses = open_ones.pop(key)
            found.append((*key, losses[0], len(losses), at))
    found += [(*key, losses[0], len(losses), None) for key, losses in open_ones.items()]
    return sorted(found, key=lambda entry: entry[2])


async def test_one_agent_at_a_time_has_a_claim_and_only_for_a_while(engine: AsyncEngine) -> None:
    await written(engine, lost("a", 2))
    now = T0 + 10 * MIN
    async with engine.begin() as conn:
        entry = await recall.claim(conn, "a-v1", "anne", now)
    assert (entry.state, entry.claimed_by) == (RecallState.CLAIMED, "anne")
    assert entry.claimed_until == now + CLAIM_MS
    async with engine.begin() as conn:
        with pytest.raises(RecallClaimed, match="'anne'"):
            await recall.claim(conn, "a-v1", "bob", now + CLAIM_MS - 1)
        with pytest.raises(RecallClaimed):
            await recall.finish(conn, "a-v1", "bob", RecallResult.REACHED, "user:bob", now + 1)
        with pytest.raises(RecallClaimed):
            await recall.release(conn, "a-v1", "bob", now + 1)
        with pytest.raises(NotFound):
            await recall.claim(conn, "none", "bob", now)
    async with engine.begin() as conn:
        later = await recall.claim(conn, "a-v1", "bob", now + CLAIM_MS)
    assert later.claimed_by == "bob"
    async with engine.begin() as conn:
        freed = await recall.release(conn, "a-v1", "bob", now + CLAIM_MS + 1)
    assert (freed.state, freed.claimed_by, freed.claimed_until) == (RecallState.OPEN, None, None)


async def test_of_many_who_claim_at_once_one_gets_it(engine: AsyncEngine) -> None:
    await written(engine, lost("a", 2))

    async def try_to(agent: str) -> str | None:
        async with engine.begin() as conn:
            try:
                return (await recall.claim(conn, "a-v1", agent, T0 + 9 * MIN)).claimed_by
            except RecallClaimed:
                return None

    won = [name for name in await asyncio.gather(*map(try_to, "abcdefgh")) if name is not None]
    assert len(won) == 1
    (entry,) = await entries(engine, 9)
    assert entry.claimed_by == won[0]


async def test_what_is_done_stays_done_and_a_later_loss_begins_anew(engine: AsyncEngine) -> None:
    await written(engine, lost("a", 2), lost("b", 3))
    async with engine.begin() as conn:
        done = await recall.finish(
            conn, "a-v1", "anne", RecallResult.NOT_WANTED, "user:anne", T0 + 5 * MIN
        )
    assert (done.state, done.result, done.done_by) == (
        RecallState.DONE,
        RecallResult.NOT_WANTED,
        "user:anne",
    )
    assert await entries(engine, states=recall.TO_DO) == []
    async with engine.begin() as conn:
        for act in (
            recall.claim(conn, "a-v1", "anne", T0 + 6 * MIN),
            recall.finish(conn, "a-v1", None, RecallResult.REACHED, "user:x", T0 + 6 * MIN),
        ):
            with pytest.raises(RecallClosed):
                await act
    # A loss of before that becomes known late is part of it; an answer afterwards changes nothing.
    await written(engine, lost("late", 4), answered("after", 7), lost("new", 8))
    closed, anew = await entries(engine)
    assert (closed.id, closed.losses, closed.state) == ("a-v1", 3, RecallState.DONE)
    assert (anew.id, anew.state) == ("new-v1", RecallState.OPEN)


async def test_pages_follow_one_another(engine: AsyncEngine) -> None:
    await written(engine, *(lost(f"c{n}", n // 2, f"+33{n}") for n in range(7)))
    seen: list[str] = []
    after = None
    async with engine.connect() as conn:
        wanted = RecallFilter(T0 - MIN)
        while page := await recall.list_entries(conn, wanted, T0 + MIN, limit=3, after=after):
            seen += [entry.id for entry in page]
            after = CallCursor(page[-1].lost_at, page[-1].id)
    assert seen == [f"c{n}-v1" for n in range(7)]
