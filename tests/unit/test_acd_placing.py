"""Calls that agents place: to colleagues and outside, by request and from the phone itself."""

from __future__ import annotations

import msgspec
import pytest

from acd import placing
from acd.commands import AnswerCaller, DialOutside, RingAgent
from acd.config import Outside
from acd.errors import Rejected
from acd.events import (
    ChannelHeld,
    ChannelResumed,
    CompleteTransfer,
    Conference,
    Consult,
    EndCall,
    GetReady,
    HangUpTalk,
    Hold,
    LegReplaced,
    Pause,
    PhoneDialled,
    PhoneReachable,
    PhoneTransferred,
    PlaceCall,
    Retrieve,
    SignIn,
    Swap,
    Transfer,
)
from acd.facts import ContactArrived
from acd.model import (
    AgentState,
    ChannelId,
    PhoneId,
    QueueId,
    SegmentKind,
    Target,
    TargetKind,
)
from tests.acd_world import OUTSIDE, World, agent, config

pytestmark = pytest.mark.unit

ANA = agent("ana")
BOB = Target(TargetKind.AGENT, "bob")
NUMBER = Target(TargetKind.NUMBER, OUTSIDE)
BOTH = pytest.mark.parametrize("target", [BOB, NUMBER], ids=["agent", "out"])


def placed(target: Target, queue: str | None = None) -> World:
    world = World()
    world.sign_in("ana", "bob")
    world.tell(PlaceCall(ANA, target, QueueId(queue) if queue else None, {"case": "7"}))
    return world


def far_leg(world: World, target: Target) -> ChannelId:
    return world.dialled() if target is NUMBER else world.rung("bob")


def talking(target: Target, queue: str | None = None) -> tuple[World, ChannelId, ChannelId]:
    world = placed(target, queue)
    ana = world.answer(world.rung("ana"))
    return world, ana, world.answer(far_leg(world, target))


def arrived(world: World) -> ContactArrived:
    (fact,) = (f for f in world.facts if isinstance(f, ContactArrived))
    return fact


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


# ---- what can be done with it ------------------------------------------------------------------


def test_both_sides_of_a_call_among_colleagues_may_hold() -> None:
    world, ana, bob = talking(BOB)
    world.tell(Hold(ANA))
    assert world.alone_with(bob, "music")
    assert world.state("ana") is AgentState.HOLDING
    assert world.state("bob") is AgentState.TALKING
    with pytest.raises(Rejected, match="already"):
        world.tell(Hold(agent("bob")))
    world.tell(Retrieve(ANA))
    world.tell(Hold(agent("bob")))
    assert world.alone_with(ana, "music")
    with pytest.raises(Rejected, match="phone"):
        world.tell(Retrieve(ANA))
    world.tell(Retrieve(agent("bob")))
    assert world.together(ana, bob)
    world.over()


def test_the_callers_phone_holds_for_the_caller() -> None:
    world, ana, _ = talking(BOB)
    world.tell(ChannelHeld(ana))
    assert world.state("ana") is AgentState.HOLDING
    assert world.state("bob") is AgentState.TALKING
    world.tell(ChannelResumed(ana))
    assert world.state("ana") is AgentState.TALKING
    world.over()


def test_who_was_called_may_pass_the_colleague_on() -> None:
    world, ana, _bob = talking(BOB)
    world.sign_in("cleo")
    with pytest.raises(Rejected, match="You called"):
        world.tell(Transfer(ANA, Target(TargetKind.AGENT, "cleo")))
    world.tell(Transfer(agent("bob"), Target(TargetKind.AGENT, "cleo")))
    assert world.alone_with(ana, "music")
    cleo = world.answer(world.rung("cleo"))
    assert world.together(ana, cleo)
    world.over()


@pytest.mark.parametrize("how", ["blind", "warm", "conference"])
def test_a_customer_called_is_a_customer_to_pass_on(how: str) -> None:
    world, ana, customer = talking(NUMBER, "sales")
    if how == "blind":
        world.tell(Transfer(ANA, BOB))
        bob = world.answer(world.rung("bob"))
    else:
        world.tell(Consult(ANA, BOB))
        bob = world.answer(world.rung("bob"))
        world.tell(Conference(ANA) if how == "conference" else CompleteTransfer(ANA))
    assert world.together(*((customer, bob, ana) if how == "conference" else (customer, bob)))
    world.gone(customer)
    assert world.ended() == [("answered", "caller", "caller_hung_up")]
    world.over()


def test_a_customer_called_and_not_taken_comes_back_to_the_queue() -> None:
    world, _ana, customer = talking(NUMBER, "sales")
    world.tell(Transfer(ANA, BOB))
    world.gone(world.rung("bob"), 21)
    assert world.alone_with(customer, "music")
    world.ready("ana")
    assert world.together(customer, world.answer(world.rung("ana")))
    world.over()


# ---- from the phone itself ---------------------------------------------------------------------


def dials(world: World, extension: str, name: str = "ana") -> ChannelId:
    """An agent's phone dials; its leg."""
    leg = ChannelId(f"phone-{next(world.ids)}")
    world.legs.add(leg)
    world.tell(PhoneDialled(leg, PhoneId(name), extension))
    world.up.add(leg)
    return leg


@pytest.mark.parametrize(("extension", "target"), [("202", BOB), (OUTSIDE, NUMBER)])
def test_a_phone_dials_a_colleague_or_a_number(extension: str, target: Target) -> None:
    world = World()
    world.sign_in("ana", "bob")
    ana = dials(world, extension)
    assert any(isinstance(c, AnswerCaller) and c.channel_id == ana for c in world.commands)
    assert world.alone_with(ana, "ringing")
    far = world.answer(far_leg(world, target))
    assert world.together(ana, far)
    world.gone(far)
    assert ana not in world.legs
    assert world.state("ana") is AgentState.READY
    world.over()


def test_a_phone_that_dials_what_cannot_be_is_told_why() -> None:
    world = World()
    world.sign_in("ana")
    for extension in ("202", "999", "sales"):
        leg = ChannelId("phone")
        with pytest.raises(Rejected):
            placing.dialled(world.engine.floor, leg, ANA, extension)
    assert not world.engine.floor.calls
    assert world.state("ana") is AgentState.READY


def beside(extension: str = "202") -> tuple[World, ChannelId, ChannelId, ChannelId, ChannelId]:
    """Ana holds by phone and asks by the phone's second line: customer, first, second, other."""
    world = World()
    world.sign_in("bob")
    caller, ana = world.talk()
    world.tell(ChannelHeld(ana))
    second = dials(world, extension)
    far = world.answer(world.rung("bob") if extension == "202" else world.dialled())
    return world, caller, ana, second, far


def test_a_second_call_by_the_phone_is_a_consultation() -> None:
    world, caller, ana, second, far = beside()
    assert world.together(second, far)
    assert world.state("ana") is AgentState.CONSULTING
    assert len([f for f in world.facts if isinstance(f, ContactArrived)]) == 1
    with pytest.raises(Rejected, match="use the phone"):
        world.tell(Swap(ANA))
    with pytest.raises(Rejected, match="use the phone"):
        world.tell(Conference(ANA))
    world.gone(second)
    assert far not in world.legs
    assert world.state("ana") is AgentState.HOLDING
    world.tell(ChannelResumed(ana))
    assert world.together(caller, ana)
    assert world.state("ana") is AgentState.TALKING
    world.over()


@pytest.mark.parametrize("who", ["caller", "ana", "far", "request"])
def test_each_may_hang_up_beside_a_second_call(who: str) -> None:
    world, caller, ana, second, far = beside()
    if who == "request":
        world.tell(HangUpTalk(ANA))
    else:
        world.gone({"caller": caller, "ana": ana, "far": far}[who])
    if who == "caller":
        assert not world.legs
    elif who == "ana":
        assert world.together(caller, far)
        assert second not in world.legs
    else:
        assert second not in world.legs
        assert world.together(caller, ana)
    world.over()


@pytest.mark.parametrize("extension", ["202", OUTSIDE])
@pytest.mark.parametrize("second_ends_first", [False, True])
def test_a_refer_to_the_second_call_joins_the_two_others(
    extension: str, second_ends_first: bool
) -> None:
    world, caller, ana, second, far = beside(extension)
    links = (ChannelId("link-1"), ChannelId("link-2"))
    world.legs.update(links)
    world.tell(LegReplaced(ana))
    world.tell(LegReplaced(second))
    if second_ends_first:
        world.gone(second)
        assert far in world.legs
    world.tell(PhoneTransferred(ana, None, second, links))
    assert world.together(caller, far)
    assert world.legs == {caller, far}
    assert world.state("ana") is AgentState.WRAP_UP
    to = ("agent", "bob") if extension == "202" else ("number", OUTSIDE)
    assert world.transfers() == [("ana", "phone", *to)]
    world.over()


@pytest.mark.parametrize("second_ends_first", [False, True])
def test_two_legs_that_the_switch_replaced_are_joined_though_it_never_says_so(
    second_ends_first: bool,
) -> None:
    world, caller, ana, second, far = beside()
    links = (ChannelId("link-1"), ChannelId("link-2"))
    world.legs.update(links)
    world.tell(LegReplaced(ana, links[0]))
    world.tell(LegReplaced(second, links[1]))
    for leg in (second, ana) if second_ends_first else (ana, second):
        world.gone(leg)
    assert world.together(caller, far)
    assert world.legs == {caller, far}
    assert world.transfers() == [("ana", "phone", "agent", "bob")]
    world.over()


def test_a_refer_named_from_the_second_leg_is_the_same() -> None:
    world, caller, ana, second, far = beside()
    world.tell(PhoneTransferred(second, None, ana))
    assert world.together(caller, far)
    assert world.legs == {caller, far}
    world.over()


def test_completing_by_request_works_beside_a_second_call_too() -> None:
    world, caller, _ana, _second, far = beside()
    world.tell(CompleteTransfer(ANA))
    assert world.together(caller, far)
    assert world.legs == {caller, far}
    world.over()


@pytest.mark.parametrize("lost", ["second", "ana", "far", "second ana", "caller"])
def test_a_second_call_is_owned_again_after_a_restart(lost: str) -> None:
    world, caller, ana, second, far = beside()
    named = {"caller": caller, "ana": ana, "far": far, "second": second}
    world.lost(*(named[name] for name in lost.split()))
    world.restart()
    world.over()
    assert len(world.ended()) == 1


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
