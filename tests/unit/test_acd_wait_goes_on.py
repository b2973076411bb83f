"""A wait that goes on in another queue, or in the same after an exit that led nowhere."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from acd.commands import DialOutside
from acd.counting.tally import QueueCounts, Tally
from acd.facts import VisitOpened
from acd.model import CallState, QueueId, Target, TargetKind, VisitOutcome
from tests.unit.acd_stage import queue
from tests.unit.queued_callers import (
    NUMBER,
    SECOND,
    Queued,
    floor_of,
    longest,
    position,
    text,
    to_queue,
)

pytestmark = pytest.mark.unit

OUTSIDE = Target(TargetKind.NUMBER, NUMBER)
RINGS_MS = 45 * SECOND


def rings_out(world: Queued) -> None:
    world.pass_time(RINGS_MS)


def test_who_comes_back_from_an_exit_is_told_no_place_further_back() -> None:
    world = Queued(floor_of(queue(exits={"6": OUTSIDE}, messages=(position(),))))
    caller = world.waits()
    world.pass_time(5 * SECOND)
    assert world.hears() == ["Vous êtes le prochain appel."]
    world.prompt_ends()
    world.presses(caller, "6")
    rings_out(world)
    visit = world.call().visit
    assert visit is not None
    assert (visit.seq, visit.told_position) == (2, 1)


def test_who_comes_back_from_an_exit_hears_what_was_said_not_again() -> None:
    once = text("Bienvenue.", first_s=1, every_s=None)
    world = Queued(floor_of(queue(exits={"6": OUTSIDE}, messages=(once,))))
    caller = world.waits()
    world.pass_time(1 * SECOND)
    assert world.hears() == ["Bienvenue."]
    world.prompt_ends()
    world.presses(caller, "6")
    rings_out(world)
    assert world.call().state is CallState.WAITING
    world.pass_time(5 * SECOND)
    assert world.hears() == []


def test_the_longest_wait_counts_from_the_first_entry() -> None:
    limited = queue(max_wait_s=60, on_max_wait=to_queue("night"), exits={"6": OUTSIDE})
    world = Queued(floor_of(limited, queue("night")))
    caller = world.waits()
    world.pass_time(5 * SECOND)
    world.presses(caller, "6")
    rings_out(world)
    assert world.call().last_queue_id == "sales"
    world.pass_time(10 * SECOND)
    assert world.call().last_queue_id == "night"


def test_the_longest_wait_is_found_over_at_the_return() -> None:
    limited = queue(max_wait_s=40, on_max_wait=to_queue("night"), exits={"6": OUTSIDE})
    world = Queued(floor_of(limited, queue("night")))
    world.presses(world.waits(), "6")
    rings_out(world)
    world.pass_time(0)
    assert world.call().last_queue_id == "night"


def test_a_number_that_ends_the_longest_wait_is_not_dialled_again_at_once() -> None:
    world = Queued(floor_of(longest(OUTSIDE)))
    world.waits()
    world.pass_time(20 * SECOND)
    assert world.ordered(DialOutside)
    rings_out(world)
    world.pass_time(19 * SECOND)
    assert not world.ordered(DialOutside)
    assert world.call().state is CallState.WAITING
    world.pass_time(1 * SECOND)
    assert world.ordered(DialOutside)


def test_a_minute_in_another_queue_makes_no_abandon_short() -> None:
    limited = queue(max_wait_s=60, on_max_wait=to_queue("night"))
    world = Queued(floor_of(limited, queue("night")))
    tally = Tally(ZoneInfo("Europe/Paris"), world.now_ms)
    caller = world.waits()
    world.pass_time(60 * SECOND)
    world.pass_time(2 * SECOND)
    world.hangs_up(caller)
    assert [f.waited_before_ms for f in world.told(VisitOpened)] == [0, 60 * SECOND]
    assert world.visits() == [VisitOutcome.OVERFLOW, VisitOutcome.ABANDONED]
    for fact in world.facts:
        tally.count(fact)
    assert tally.queues[QueueId("night")] == QueueCounts(offered=1, abandoned=1, short_abandoned=0)
