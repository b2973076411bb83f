"""How callers leave a queue unanswered: by a key, or after the longest wait."""

from __future__ import annotations

import pytest

from acd.commands import DialOutside
from acd.config import VoicemailPolicy
from acd.facts import VisitClosed, VisitOpened
from acd.model import AgentState, CallState, Outcome, Target, TargetKind, VisitOutcome
from tests.unit.acd_stage import queue
from tests.unit.queued_callers import NUMBER, SECOND, Queued, floor_of, longest, to_queue

pytestmark = pytest.mark.unit


# ---- keys --------------------------------------------------------------------------------------


def test_a_key_leads_out_of_the_queue_and_keeps_the_age() -> None:
    world = Queued(floor_of(queue(exits={"5": to_queue("night")}), queue("night")))
    caller = world.waits()
    world.pass_time(30 * SECOND)
    world.presses(caller, "4")
    assert world.call().last_queue_id == "sales"
    world.presses(caller, "5")
    first, second = world.told(VisitOpened)
    assert (second.queue_id, second.key) == ("night", first.key)
    assert [(f.outcome, f.to) for f in world.told(VisitClosed)] == [
        (VisitOutcome.OVERFLOW, "queue:night")
    ]


def test_a_key_while_an_agents_phone_rings_takes_the_offer_back() -> None:
    world = Queued(floor_of(queue(exits={"5": to_queue("night")}), queue("night")))
    world.signs_in("ana")
    caller = world.waits()
    world.ring("ana")
    world.presses(caller, "5")
    assert world.told(VisitOpened)[-1].queue_id == "night"
    # Ana serves both: she is rung again, for the other queue.
    assert world.state("ana") is AgentState.OFFERED
    world.answers(world.ring("ana"))
    assert world.visits() == [VisitOutcome.OVERFLOW, VisitOutcome.ANSWERED]


def test_a_key_that_leads_round_or_nowhere_leaves_the_caller_in_place() -> None:
    exits = {"5": to_queue("sales"), "6": Target(TargetKind.NUMBER, "+1900")}
    world = Queued(floor_of(queue(exits=exits)))
    caller = world.waits()
    world.presses(caller, "5")
    world.presses(caller, "6")
    assert world.call().state is CallState.WAITING
    assert len(world.told(VisitOpened)) == 1


def test_a_key_to_a_number_rings_it_and_the_contact_is_the_overflows() -> None:
    world = Queued(floor_of(queue(exits={"6": Target(TargetKind.NUMBER, NUMBER)})))
    caller = world.waits()
    world.presses(caller, "6")
    (dialled,) = world.ordered(DialOutside)
    assert dialled.number == NUMBER
    world.answers(dialled.channel_id)
    assert world.call().state is CallState.TALKING
    world.hangs_up(caller)
    assert world.outcomes() == [(Outcome.OVERFLOW, "caller_hung_up")]


def test_a_number_that_does_not_answer_gives_the_caller_back_to_the_queue() -> None:
    world = Queued(floor_of(queue(exits={"6": Target(TargetKind.NUMBER, NUMBER)})))
    caller = world.waits()
    world.presses(caller, "6")
    (dialled,) = world.ordered(DialOutside)
    world.hangs_up(dialled.channel_id, cause=17)
    assert world.call().state is CallState.WAITING
    first, second = world.told(VisitOpened)
    assert first.key == second.key


def test_who_hangs_up_while_the_number_outside_rings_is_the_overflows() -> None:
    world = Queued(floor_of(queue(exits={"6": Target(TargetKind.NUMBER, NUMBER)})))
    caller = world.waits()
    world.presses(caller, "6")
    world.hangs_up(caller)
    assert world.outcomes() == [(Outcome.OVERFLOW, "hung_up_on_the_way")]


# ---- the longest wait --------------------------------------------------------------------------


def test_who_has_waited_as_long_as_may_be_goes_on_with_their_age() -> None:
    world = Queued(floor_of(longest(to_queue("night")), queue("night")))
    world.waits()
    world.pass_time(19 * SECOND)
    assert len(world.told(VisitOpened)) == 1
    world.pass_time(1 * SECOND)
    first, second = world.told(VisitOpened)
    assert (second.queue_id, second.key) == ("night", first.key)


def test_without_a_target_who_has_waited_long_stays() -> None:
    world = Queued(floor_of(longest(None)))
    world.waits()
    world.pass_time(60 * SECOND)
    assert world.call().state is CallState.WAITING
    world.signs_in("ana")
    world.ring("ana")


def test_while_a_phone_rings_the_longest_wait_waits_for_it() -> None:
    world = Queued(floor_of(longest(to_queue("night"), ring_s=10), queue("night")))
    world.waits()
    world.pass_time(15 * SECOND)
    world.signs_in("ana")
    world.pass_time(6 * SECOND)
    assert world.call().state is CallState.OFFERED
    assert len(world.told(VisitOpened)) == 1
    world.signs_in("bob")
    world.pass_time(4 * SECOND)
    # Ana did not pick up; Bob is not rung for sales but for night.
    assert [f.queue_id for f in world.told(VisitOpened)] == ["sales", "night"]


def test_two_queues_that_pass_on_their_waiting_callers_keep_them_in_the_end() -> None:
    night = queue("night", max_wait_s=20, on_max_wait=to_queue("sales"))
    world = Queued(floor_of(longest(to_queue("night")), night))
    world.waits()
    for _ in range(30):
        world.pass_time(20 * SECOND)
    assert world.call().state is CallState.WAITING
    assert [f.queue_id for f in world.told(VisitOpened)] == ["sales", "night", "sales"]


def test_the_longest_wait_leads_to_voicemail() -> None:
    target = Target(TargetKind.VOICEMAIL)
    world = Queued(floor_of(longest(target, voicemail=VoicemailPolicy())))
    world.waits()
    world.pass_time(20 * SECOND)
    assert world.call().state is CallState.LEAVING_MESSAGE
    assert world.visits() == [VisitOutcome.VOICEMAIL]
