"""Blind transfers: to a colleague, a queue, outside; not taken, taken back, given up, by phone."""

from __future__ import annotations

import pytest

from acd.commands import RingAgent, StartMusic
from acd.errors import Rejected
from acd.events import (
    GetReady,
    Pause,
    PhoneTransferred,
    SetData,
    TakeBack,
    Transfer,
)
from acd.model import AgentState, SegmentKind, Target, TargetKind
from tests.acd_world import OUTSIDE, World, agent

pytestmark = pytest.mark.unit


def to_agent(name: str) -> Target:
    return Target(TargetKind.AGENT, name)


def to_queue(name: str) -> Target:
    return Target(TargetKind.QUEUE, name)


TO_OUTSIDE = Target(TargetKind.NUMBER, OUTSIDE)


def blind(world: World, target: Target) -> None:
    world.tell(Transfer(agent("ana"), target))


# ---- to a colleague ----------------------------------------------------------------------------


def test_a_blind_transfer_to_a_colleague_frees_the_agent_at_once() -> None:
    world = World()
    world.sign_in("bob")
    caller, _ana = world.talk()
    blind(world, to_agent("bob"))
    assert world.state("ana") is AgentState.WRAP_UP
    assert world.alone_with(caller, "music")
    bob = world.answer(world.rung("bob"))
    assert world.together(caller, bob)
    assert world.transfers() == [("ana", "blind", "agent", "bob")]
    assert world.recorded() == [("ana", "sales"), ("bob", "sales")]
    world.gone(caller)
    assert world.state("bob") is AgentState.WRAP_UP
    assert world.ended() == [("answered", "caller", "caller_hung_up")]
    world.over()


def test_a_colleague_can_be_named_by_short_number() -> None:
    world = World()
    world.sign_in("bob")
    world.talk()
    blind(world, Target(TargetKind.NUMBER, "202"))
    assert world.rings("bob")
    assert world.transfers() == [("ana", "blind", "agent", "bob")]
    world.over()


def test_caller_id_and_data_travel_along() -> None:
    world = World()
    world.sign_in("bob")
    world.talk()
    world.tell(SetData(world.the_call().id, {"contract": "77"}))
    blind(world, to_agent("bob"))
    ring = next(c for c in reversed(world.commands) if isinstance(c, RingAgent))
    assert (ring.number, ring.name) == ("+33612345678", "Dupont")
    world.answer(world.rung("bob"))
    assert world.the_call().data == {"contract": "77"}
    world.over()


@pytest.mark.parametrize(
    ("target", "slug"),
    [
        (to_agent("bob"), "agent-not-free"),
        (to_agent("nobody"), "unknown-agent"),
        (to_agent("ana"), "oneself"),
        (to_queue("nowhere"), "unknown-queue"),
        (to_queue("shut"), "queue-closed"),
        (Target(TargetKind.NUMBER, "+4420000000"), "destination-not-allowed"),
        (Target(TargetKind.FLOW, "menu"), "wrong-target"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused_and_changes_nothing(
    target: Target, slug: str
) -> None:
    world = World()
    caller, ana = world.talk()
    with pytest.raises(Rejected) as refused:
        blind(world, target)
    assert refused.value.slug == slug
    assert world.together(caller, ana)
    world.over()


def test_without_a_call_there_is_nothing_to_transfer() -> None:
    world = World()
    world.sign_in("ana", "bob")
    with pytest.raises(Rejected, match="no call in hand"):
        blind(world, to_agent("bob"))


def test_a_colleague_who_does_not_answer_sends_it_back_to_the_agent_if_ready() -> None:
    world = World()
    world.sign_in("bob")
    caller, ana = world.talk()
    blind(world, to_agent("bob"))
    world.ready("ana")
    world.wait(31_000)
    assert world.rings("ana")
    assert not world.rings("bob")
    ana = world.answer(world.rung("ana"))
    assert world.together(caller, ana)
    world.over()


def test_and_to_its_queue_with_the_old_place_if_the_agent_is_not_ready() -> None:
    world = World()
    world.sign_in("bob")
    caller, _ = world.talk()
    visit = world.the_call().visit
    assert visit is not None
    blind(world, to_agent("bob"))
    world.tell(Pause(agent("ana"), "lunch"))
    world.gone(world.rung("bob"), cause=21)
    again = world.the_call().visit
    assert again is not None
    assert (again.queue_id, again.key, again.seq) == ("sales", visit.key, 2)
    assert world.alone_with(caller, "music")
    world.ready("ana")
    assert world.together(caller, world.answer(world.rung("ana")))
    assert world.visits() == [("sales", "answered"), ("sales", "answered")]
    world.over()


def test_the_caller_hangs_up_while_the_colleague_rings() -> None:
    world = World()
    world.sign_in("bob")
    caller, _ = world.talk()
    blind(world, to_agent("bob"))
    world.gone(caller)
    assert world.state("bob") is AgentState.READY
    assert world.ended() == [("answered", "caller", "hung_up_on_the_way")]
    world.over()


# ---- to a queue --------------------------------------------------------------------------------


def test_a_transfer_to_a_queue_is_a_new_visit_of_the_same_contact() -> None:
    world = World()
    caller, _ana = world.talk()
    blind(world, to_queue("support"))
    assert world.visits() == [("sales", "answered"), ("support", None)]
    assert world.alone_with(caller, "music")
    world.sign_in("bob")
    bob = world.answer(world.rung("bob"))
    assert world.together(caller, bob)
    assert world.recorded() == [("ana", "sales"), ("bob", "support")]
    world.gone(bob)
    assert world.state("bob") is AgentState.WRAP_UP
    until = world.engine.floor.agents[agent("bob")].wrap_up_until
    assert until is not None
    assert until - world.now_ms == 9_000
    assert world.ended() == [("answered", "agent", "agent_hung_up")]
    world.over()


def test_the_caller_who_hangs_up_in_the_second_queue_left_that_one() -> None:
    world = World()
    caller, _ = world.talk()
    blind(world, to_queue("support"))
    world.gone(caller)
    assert world.visits() == [("sales", "answered"), ("support", "abandoned")]
    assert world.ended() == [("answered", "caller", "hung_up_in_queue")]
    world.over()


def test_music_of_the_new_queue_is_heard() -> None:
    world = World()
    caller, _ = world.talk()
    blind(world, to_queue("sales"))
    music = [c for c in world.commands if isinstance(c, StartMusic) and c.channel_id == caller]
    assert music[-1].music == "waltz"
    world.over()


# ---- outside -----------------------------------------------------------------------------------


def test_a_transfer_outside_rings_and_joins_without_an_agent() -> None:
    world = World()
    caller, _ = world.talk()
    blind(world, TO_OUTSIDE)
    assert world.alone_with(caller, "ringing")
    far = world.answer(world.dialled())
    assert world.together(caller, far)
    assert world.state("ana") is AgentState.WRAP_UP
    assert world.segments()[-3:] == [
        (SegmentKind.ACW, "ana"),
        (SegmentKind.DIAL, None),
        (SegmentKind.TALK, None),
    ]
    world.gone(far)
    assert world.ended() == [("answered", "unknown", "outside_hung_up")]
    assert caller not in world.legs
    world.over()


@pytest.mark.parametrize("how", ["busy", "silent"])
def test_nobody_outside_sends_it_back(how: str) -> None:
    world = World()
    caller, _ = world.talk()
    blind(world, TO_OUTSIDE)
    world.ready("ana")
    if how == "busy":
        world.gone(world.dialled(), cause=17)
    else:
        world.wait(46_000)
    assert world.rings("ana")
    assert world.together(caller, world.answer(world.rung("ana")))
    world.over()


# ---- taking back -------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [to_agent("bob"), to_queue("support"), TO_OUTSIDE])
def test_what_nobody_has_taken_can_be_taken_back_from_wrap_up(target: Target) -> None:
    world = World()
    world.sign_in("bob")
    caller, _ = world.talk()
    blind(world, target)
    assert world.state("ana") is AgentState.WRAP_UP
    world.tell(TakeBack(agent("ana"), world.the_call().id))
    assert world.rings("ana")
    assert not world.rings("bob")
    assert world.state("bob") is AgentState.READY
    assert world.alone_with(caller, "music")
    assert world.together(caller, world.answer(world.rung("ana")))
    assert world.transfers()[-1] == ("ana", "taken_back", "agent", "ana")
    assert [outcome for _, outcome in world.visits()[1:]] in ([], ["moved"])
    world.over()


def test_what_comes_back_and_is_not_answered_waits_at_its_old_place() -> None:
    world = World()
    caller, _ = world.talk()
    first = world.the_call().visit
    assert first is not None
    blind(world, to_queue("support"))
    world.tell(TakeBack(agent("ana"), world.the_call().id))
    world.wait(31_000)
    visit = world.the_call().visit
    assert visit is not None
    assert (visit.queue_id, visit.key) == ("sales", first.key)
    world.over()
    assert caller not in world.legs


def test_what_was_taken_does_not_come_back() -> None:
    world = World()
    world.sign_in("bob", "cleo")
    caller, _ = world.talk()
    blind(world, to_agent("bob"))
    with pytest.raises(Rejected, match="who gave a call away"):
        world.tell(TakeBack(agent("cleo"), world.the_call().id))
    bob = world.answer(world.rung("bob"))
    with pytest.raises(Rejected, match="nobody took"):
        world.tell(TakeBack(agent("ana"), world.the_call().id))
    assert world.together(caller, bob)
    with pytest.raises(Rejected, match="no call"):
        world.tell(TakeBack(agent("ana"), agent("gone")))  # type: ignore[arg-type]
    world.over()


def test_who_does_something_else_by_now_gets_nothing_back() -> None:
    world = World()
    world.sign_in("bob")
    world.talk()
    blind(world, to_agent("bob"))
    world.tell(Pause(agent("ana"), "lunch"))
    with pytest.raises(Rejected, match="paused"):
        world.tell(TakeBack(agent("ana"), world.the_call().id))
    world.over()


# ---- by the phone itself -----------------------------------------------------------------------


def test_a_refer_to_a_colleague_is_a_blind_transfer() -> None:
    world = World()
    world.sign_in("bob")
    caller, ana = world.talk()
    world.tell(PhoneTransferred(ana, "202"))
    assert world.transfers() == [("ana", "phone", "agent", "bob")]
    assert world.together(caller, world.answer(world.rung("bob")))
    world.over()


@pytest.mark.parametrize("to", ["support", OUTSIDE])
def test_a_refer_to_a_queue_or_outside(to: str) -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(PhoneTransferred(ana, to))
    assert world.state("ana") is AgentState.WRAP_UP
    world.sign_in("bob")
    far = world.rung("bob") if to == "support" else world.dialled()
    assert world.together(caller, world.answer(far))
    world.over()


@pytest.mark.parametrize("to", ["202", "999", "201"])
def test_a_refer_that_cannot_be_comes_back_to_the_agent(to: str) -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(PhoneTransferred(ana, to))
    assert ana not in world.legs
    assert world.rings("ana")
    assert world.together(caller, world.answer(world.rung("ana")))
    world.over()


def test_a_refer_that_cannot_be_goes_to_the_queue_if_the_agent_wants_a_pause() -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(Pause(agent("ana"), "lunch"))
    world.tell(PhoneTransferred(ana, "999"))
    assert world.alone_with(caller, "music")
    assert not world.rings("ana")
    world.tell(GetReady(agent("ana")))
    assert world.together(caller, world.answer(world.rung("ana")))
    world.over()


# ---- restart -----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [to_agent("bob"), to_queue("support"), TO_OUTSIDE])
@pytest.mark.parametrize("moment", ["ringing", "talking"])
def test_a_transfer_survives_a_restart(target: Target, moment: str) -> None:
    world = World()
    world.sign_in("bob")
    caller, _ = world.talk()
    blind(world, target)
    if moment == "ringing":
        world.restart()
    far = world.answer(world.dialled() if target == TO_OUTSIDE else world.rung("bob"))
    if moment == "talking":
        world.restart()
    assert world.together(caller, far)
    world.over()
