"""Priority is counted once: what is shown is what the key counts, wherever the call goes."""

from __future__ import annotations

import pytest

from acd.calls.ringing import DIRECT_RING_S
from acd.events import DigitPressed, MoveCall, Pause, SetPriority, Transfer
from acd.facts import PriorityChanged, VisitOpened
from acd.model import AgentId, QueueId, Target, TargetKind, Visit
from tests.unit.acd_stage import Stage, config, queue
from tests.unit.callback_desk import Desk, calls_back, floor_of

pytestmark = pytest.mark.unit

ANA = AgentId("ana")
TEAM = QueueId("team")
POINT_MS = 60_000


def visit(stage: Stage) -> Visit:
    found = stage.call().visit
    assert found is not None
    return found


def age_and_priority(stage: Stage) -> tuple[int, int]:
    """How long the key counts as waited beside priority (ms), and the priority shown."""
    there = visit(stage)
    return stage.now_ms - there.key - there.priority * POINT_MS, there.priority


def give(stage: Stage, priority: int) -> None:
    stage.tell(SetPriority(stage.call().id, priority, "boss"))
    assert stage.refused is None


def test_a_call_that_is_moved_takes_its_own_priority_along_once() -> None:
    stage = Stage(config(queue(), queue("team")))
    stage.caller()
    stage.pass_time(1_000)
    give(stage, 5)
    stage.tell(MoveCall(stage.call().id, TEAM, "boss"))
    assert age_and_priority(stage) == (1_000, 5)
    give(stage, 5)
    assert age_and_priority(stage) == (1_000, 5)
    assert stage.told(VisitOpened)[-1].priority == 5
    assert stage.told(PriorityChanged)[-1].key == visit(stage).key


def test_a_call_that_is_moved_changes_one_queues_priority_for_the_others() -> None:
    stage = Stage(config(queue(priority=2), queue("team", priority=5)))
    stage.caller()
    give(stage, 3)
    stage.tell(MoveCall(stage.call().id, TEAM, "boss"))
    assert age_and_priority(stage) == (0, 6)


def test_a_call_sent_on_by_overflow_counts_the_priority_of_its_new_queue() -> None:
    sales = queue(max_wait_s=60, on_max_wait=Target(TargetKind.QUEUE, "team"))
    stage = Stage(config(sales, queue("team", priority=5)))
    stage.caller()
    stage.pass_time(60_000)
    assert visit(stage).queue_id == TEAM
    assert age_and_priority(stage) == (60_000, 5)
    give(stage, 4)
    assert age_and_priority(stage) == (60_000, 4)


def test_a_callback_keeps_the_priority_of_the_caller_who_asked_for_it() -> None:
    desk = Desk(floor_of(calls_back(priority=1)))
    caller = desk.waits()
    give(desk, 4)
    desk.pass_time(1_000)
    desk.tell(DigitPressed(caller, "1"))
    desk.pass_time(60_000)
    back = desk.callback().visit
    assert back is not None
    assert (back.priority, back.boost) == (4, 3)
    assert back.key == desk.told(PriorityChanged)[-1].key


def test_a_call_that_an_agent_gives_away_in_vain_is_back_with_its_priority() -> None:
    sales = queue(wrap_up_s=0)
    stage = Stage(config(sales))
    stage.caller()
    give(stage, 5)
    stage.signs_in("ana")
    stage.answers(stage.ring("ana"))
    stage.signs_in("bob")
    before = visit(stage)
    stage.tell(Transfer(ANA, Target(TargetKind.AGENT, "bob")))
    stage.tell(Pause(ANA, "pause"))
    stage.pass_time(DIRECT_RING_S * 1_000)
    assert visit(stage).id != before.id
    assert (visit(stage).key, visit(stage).priority) == (before.key, 5)
