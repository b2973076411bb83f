"""Named deadlines against a naive set of them; today's counts across midnight and a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.counting.tally import QueueCounts, Tally, day_start
from acd.facts import AnyFact, VisitClosed, VisitOpened
from acd.model import CallId, CallKind, QueueId, VisitId, VisitOutcome
from acd.state.timers import Timers, Wake

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
SALES = QueueId("sales")


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 20)), max_size=60))
def test_timers_wake_once_in_order_at_their_last_setting(
    numbers: list[tuple[int, int, int]],
) -> None:
    timers, naive = Timers(), dict[tuple[Wake, str], int]()
    now = 0
    for kind, pick, ms in numbers:
        name = (list(Wake)[pick], f"c{pick % 2}")
        if kind <= 1:
            timers.set(*name, now + ms)
            naive[name] = now + ms
        elif kind == 2:
            timers.cancel(*name)
            naive.pop(name, None)
        else:
            now += ms
            while (due := timers.pop_due(now)) is not None:
                assert (
                    naive.pop(due) == min([*naive.values(), now], default=now) or due not in naive
                )
            assert all(due_at > now for due_at in naive.values())
        assert timers.next_at() == min(naive.values(), default=None)
        assert len(timers) == len(naive)


def test_cancelled_timers_are_forgotten_as_time_passes() -> None:
    timers = Timers()
    for n in range(5_000):
        timers.set(Wake.OFFER, f"c{n}", n + 100)
        timers.cancel(Wake.OFFER, f"c{n}")
        timers.set(Wake.FLOW, "always", n + 1_000)
        timers.next_at()
    assert len(timers._heap) < 1_200


# ---- the tally ---------------------------------------------------------------------------------


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp() * 1000)


def opened(name: str, when: int, queue: QueueId = SALES) -> VisitOpened:
    call = CallId(name)
    return VisitOpened(call, 1, when, call, VisitId(name), 1, queue, 0, when, 20_000, 5_000)


def closed(name: str, when: int, outcome: VisitOutcome) -> VisitClosed:
    call = CallId(name)
    return VisitClosed(call, 2, when, call, VisitId(name), outcome)


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-07-01T00:00:00", "2026-07-01T00:00:00"),
        ("2026-07-01T23:59:59", "2026-07-01T00:00:00"),
        ("2026-03-29T12:00:00", "2026-03-29T00:00:00"),  # 23 hours long
        ("2026-10-25T23:30:00", "2026-10-25T00:00:00"),  # 25 hours long
    ],
)
def test_a_day_begins_at_local_midnight(now: str, midnight: str) -> None:
    assert day_start(at(now), PARIS) == at(midnight)
    assert datetime.fromtimestamp(day_start(at(now), PARIS) / 1000, UTC).minute == 0


def test_thresholds_are_inclusive_and_short_abandons_are_abandons() -> None:
    noon = at("2026-07-01T12:00:00")
    tally = Tally(PARIS, noon)
    facts: list[AnyFact] = [opened(name, noon) for name in "abcdef"]
    facts += [
        closed("a", noon + 20_000, VisitOutcome.ANSWERED),
        closed("b", noon + 20_001, VisitOutcome.ANSWERED),
        closed("c", noon + 5_000, VisitOutcome.ABANDONED),
        closed("d", noon + 5_001, VisitOutcome.ABANDONED),
        closed("e", noon + 1, VisitOutcome.ERROR),
    ]
    for fact in facts:
        assert tally.count(fact) == SALES
    assert tally.queues == {SALES: QueueCounts(6, 2, 1, 2, 1)}


def test_a_visit_counts_once_for_the_day_on_which_it_began() -> None:
    late, early = at("2026-07-01T23:59:00"), at("2026-07-02T00:01:00")
    tally = Tally(PARIS, late)
    tally.count(opened("old", late))
    tally.count(opened("new", early))
    assert tally.counted_from == at("2026-07-02T00:00:00")
    assert tally.count(closed("old", early + 1, VisitOutcome.ANSWERED)) is None
    assert tally.count(closed("new", early + 2, VisitOutcome.ANSWERED)) == SALES
    assert tally.count(closed("new", early + 3, VisitOutcome.ANSWERED)) is None
    assert tally.queues == {SALES: QueueCounts(1, 1, 1, 0, 0)}


def test_a_restart_goes_on_from_the_store_and_closes_what_was_open() -> None:
    noon = at("2026-07-01T12:00:00")
    tally = Tally(PARIS, noon)
    tally.resume(tally.counted_from, {SALES: QueueCounts(2, 1, 1, 0, 0)})
    tally.reopen(opened("open", noon - 3_000))
    tally.count(closed("open", noon, VisitOutcome.ABANDONED))
    tally.count(closed("never-seen", noon, VisitOutcome.ANSWERED))
    assert tally.queues == {SALES: QueueCounts(2, 1, 1, 1, 1)}


def test_counts_of_another_day_are_not_taken() -> None:
    tally = Tally(PARIS, at("2026-07-02T08:00:00"))
    tally.resume(at("2026-07-01T00:00:00"), {SALES: QueueCounts(9)})
    assert tally.queues == {}


def test_what_queues_and_is_no_caller_is_not_counted() -> None:
    noon = at("2026-07-02T12:00:00")
    tally = Tally(PARIS, noon)
    for kind in CallKind:
        if kind is not CallKind.INBOUND:
            queued = msgspec.structs.replace(opened(kind, noon), kind=kind)
            assert tally.count(queued) is None
            tally.reopen(queued)
            assert tally.count(closed(kind, noon + 1, VisitOutcome.ANSWERED)) is None
    assert tally.queues == {}
