"""Calls that agents place by request, to colleagues and outside; and over a restart."""

from __future__ import annotations

import msgspec
import pytest

from acd.commands import DialOutside, RingAgent
from acd.config import Outside
from acd.errors import Rejected
from acd.events import EndCall, GetReady, HangUpTalk, Pause, PhoneReachable, PlaceCall, SignIn
from acd.model import AgentState, PhoneId, QueueId, SegmentKind, Target, TargetKind
from tests.acd_world import OUTSIDE, World, agent, config
from tests.unit.placed_calls import ANA, BOB, BOTH, NUMBER, arrived, far_leg, placed, talking

pytestmark = pytest.mark.unit


# ---- by request --------------------------------------------------------------------------------


@BOTH
def test_the_agents_own_phone_rings_first_then_the_other(target: Target) -> None:
    world = placed(target)
    assert world.rings("ana")
    assert not world.rings("bob")
    assert not any(isinstance(c, DialOutside) for c in world.commands)
    assert world.state("ana") is AgentState.TALKING
    ana = world.answer(world.rung("ana"))
    assert world.alone_with(ana, "ringing")
    far = world.answer(far_leg(world, target))
    assert world.together(ana, far)
    assert world.the_call().data == {"case": "7"}
    world.over()


def test_a_colleague_sees_who_calls_and_the_caller_whom_they_call() -> None:
    world, _, _ = talking(BOB)
    rings = [c for c in world.commands if isinstance(c, RingAgent)]
    assert [(c.phone, c.number, c.name) for c in rings] == [
        ("ana", "202", "Bob"),
        ("bob", "201", "Ana"),
    ]
    fact = arrived(world)
    assert (fact.direction, fact.kind, fact.agent_id, fact.dnis) == (
        "internal",
        "internal",
        "ana",
        "202",
    )
    world.over()


def test_a_call_outside_is_the_queues() -> None:
    world, _, _ = talking(NUMBER, "sales")
    fact = arrived(world)
    assert (fact.direction, fact.kind, fact.agent_id, fact.queue_id, fact.number) == (
        "outbound",
        "manual",
        "ana",
        "sales",
        OUTSIDE,
    )
    assert world.recorded() == [("ana", "sales")]
    world.tell(HangUpTalk(ANA))
    assert world.state("ana") is AgentState.WRAP_UP
    assert world.ended() == [("answered", "agent", "agent_hung_up")]
    assert [kind for kind, _ in world.segments()] == [
        SegmentKind.DIAL,
        SegmentKind.TALK,
        SegmentKind.ACW,
    ]
    world.over()


def test_a_call_for_no_queue_has_neither_recording_nor_wrap_up() -> None:
    world, _, far = talking(NUMBER)
    assert world.recorded() == []
    world.gone(far)
    assert world.ended() == [("answered", "caller", "caller_hung_up")]
    assert world.state("ana") is AgentState.READY
    world.over()


@BOTH
@pytest.mark.parametrize("who", ["ana", "far", "request", "supervisor"])
def test_either_side_hangs_up(target: Target, who: str) -> None:
    world, ana, far = talking(target)
    if who == "request":
        world.tell(HangUpTalk(ANA))
    elif who == "supervisor":
        world.tell(EndCall(world.the_call().id))
    else:
        world.gone(ana if who == "ana" else far)
    assert not world.legs
    assert world.state("ana") is AgentState.READY
    assert world.state("bob") is AgentState.READY
    assert [outcome for outcome, _, _ in world.ended()] == ["answered"]
    world.over()


@BOTH
@pytest.mark.parametrize("how", ["busy", "silent", "ana", "request", "supervisor"])
def test_who_is_not_reached_leaves_a_clean_no_answer(target: Target, how: str) -> None:
    world = placed(target, "sales" if target is NUMBER else None)
    ana = world.answer(world.rung("ana"))
    if how == "silent":
        world.wait(46_000)
    elif how == "request":
        world.tell(HangUpTalk(ANA))
    elif how == "supervisor":
        world.tell(EndCall(world.the_call().id))
    else:
        world.gone(far_leg(world, target) if how == "busy" else ana, 17)
    assert not world.legs
    assert [outcome for outcome, _, _ in world.ended()] == ["no_answer"]
    assert world.state("ana") is AgentState.READY
    world.over()


@BOTH
@pytest.mark.parametrize("how", ["silent", "refused", "request", "supervisor"])
def test_who_does_not_pick_up_their_own_phone_calls_nobody(target: Target, how: str) -> None:
    world = placed(target)
    if how == "silent":
        world.wait(21_000)
    elif how == "request":
        world.tell(HangUpTalk(ANA))
    elif how == "supervisor":
        world.tell(EndCall(world.the_call().id))
    else:
        world.gone(world.rung("ana"), 21)
    assert not world.legs
    assert [outcome for outcome, _, _ in world.ended()] == ["no_answer"]
    assert world.state("ana") is AgentState.READY
    assert not world.rings("bob")
    world.over()


@BOTH
def test_a_pause_goes_on_after_the_call(target: Target) -> None:
    world = World()
    world.sign_in("ana", "bob")
    world.tell(Pause(ANA, "lunch"))
    world.tell(PlaceCall(ANA, target))
    world.answer(world.rung("ana"))
    world.gone(far_leg(world, target), 17)
    work = world.engine.floor.agents[ANA]
    assert (work.state, work.reason) == (AgentState.PAUSED, "lunch")
    world.wait(6_000)
    world.tell(PlaceCall(ANA, target))
    world.answer(world.rung("ana"))
    world.tell(GetReady(ANA))
    world.gone(world.rung("ana"))
    assert world.state("ana") is AgentState.READY
    world.over()


def test_who_did_not_respond_responds_by_picking_up() -> None:
    world = World()
    world.sign_in("ana", "bob")
    for _ in range(2):
        world.call()
        world.wait(20_000)
    assert world.state("ana") is AgentState.NOT_RESPONDING
    world.tell(PlaceCall(ANA, BOB))
    world.wait(21_000)
    assert world.state("ana") is AgentState.NOT_RESPONDING
    world.tell(PlaceCall(ANA, BOB))
    ana = world.answer(world.rung("ana"))
    world.gone(ana)
    assert world.state("ana") is not AgentState.NOT_RESPONDING
    world.over()


def test_a_call_from_wrap_up_ends_the_wrap_up() -> None:
    world = World()
    world.sign_in("bob")
    caller, _ = world.talk()
    world.gone(caller)
    assert world.state("ana") is AgentState.WRAP_UP
    world.tell(PlaceCall(ANA, BOB))
    ana = world.answer(world.rung("ana"))
    assert world.together(ana, world.answer(world.rung("bob")))
    world.wait(20_000)
    world.gone(ana)
    assert world.state("ana") is AgentState.READY
    world.over()


def test_a_connected_agents_line_is_used() -> None:
    world = World()
    world.sign_in("bob")
    world.tell(PhoneReachable(PhoneId("ana")))
    world.tell(SignIn(ANA, connected=True))
    line = world.answer(world.rung("ana"))
    for target in (BOB, NUMBER):
        world.tell(PlaceCall(ANA, target))
        assert world.rung("ana") == line
        assert world.alone_with(line, "ringing")
        far = world.answer(far_leg(world, target))
        assert world.together(line, far)
        world.gone(far)
        assert line in world.legs
        assert world.state("ana") is AgentState.READY
    world.over()


def test_a_phone_that_picks_up_by_itself_is_asked_to() -> None:
    settings = config()
    auto = msgspec.structs.replace(settings.agents[ANA], auto_answer=True)
    world = World(msgspec.structs.replace(settings, agents={**settings.agents, ANA: auto}))
    world.sign_in("ana", "bob")
    world.tell(PlaceCall(ANA, BOB))
    ring = world.commands[-1]
    assert isinstance(ring, RingAgent)
    assert ring.auto_answer
    world.over()


def test_what_cannot_be_placed_is_refused() -> None:
    world = World()
    caller, ana = world.talk()
    with pytest.raises(Rejected, match="talking"):
        world.tell(PlaceCall(ANA, NUMBER))
    assert world.together(caller, ana)
    world.gone(caller)
    world.ready("ana")
    for target, words in (
        (BOB, "cannot take a call"),
        (Target(TargetKind.NUMBER, "+4912"), "not allowed"),
        (Target(TargetKind.QUEUE, "sales"), "to an agent or a number"),
    ):
        with pytest.raises(Rejected, match=words):
            world.tell(PlaceCall(ANA, target))
    with pytest.raises(Rejected, match="no queue"):
        world.tell(PlaceCall(ANA, NUMBER, QueueId("nowhere")))
    with pytest.raises(Rejected, match="signed_out"):
        world.tell(PlaceCall(agent("bob"), NUMBER))
    world.over()


def test_a_colleague_taken_meanwhile_is_busy() -> None:
    world = placed(BOB)
    world.tell(Pause(agent("bob"), "lunch"))
    world.answer(world.rung("ana"))
    assert world.ended() == [("no_answer", "system", "colleague_busy")]
    assert world.state("ana") is AgentState.READY
    world.over()


def test_a_number_not_allowed_any_more_is_still_the_one_that_was_asked_for() -> None:
    world = placed(NUMBER)
    world.engine.floor.configure(msgspec.structs.replace(world.config, outside=Outside()))
    world.answer(world.rung("ana"))
    assert world.dialled() in world.legs
    world.over()


# ---- restart -----------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("moment", ["own", "ringing", "talking"])
@pytest.mark.parametrize("lost", ["", "ana", "far", "ana far"])
def test_a_placed_call_survives_a_restart(target: Target, moment: str, lost: str) -> None:
    world = placed(target)
    ana = world.rung("ana")
    named = {"ana": ana}
    if moment != "own":
        world.answer(ana)
        named["far"] = far_leg(world, target)
    if moment == "talking":
        world.answer(named["far"])
    world.lost(*(named[name] for name in lost.split() if name in named))
    world.restart()
    if not lost:
        if moment == "own":
            world.answer(ana)
        far = far_leg(world, target)
        if moment != "talking":
            world.answer(far)
        assert world.together(ana, far)
    world.over()
    assert len(world.ended()) == 1


@BOTH
def test_an_own_phone_picked_up_unseen_is_noticed(target: Target) -> None:
    world = placed(target)
    world.up.add(world.rung("ana"))
    world.restart()
    assert world.together(world.rung("ana"), world.answer(far_leg(world, target)))
    world.over()


@BOTH
def test_an_own_phone_that_rings_for_ever_does_not_after_a_restart(target: Target) -> None:
    world = placed(target)
    world.restart()
    world.wait(21_000)
    assert not world.legs
    assert world.state("ana") is AgentState.READY
    world.over()
