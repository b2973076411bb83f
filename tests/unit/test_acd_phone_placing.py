"""Calls dialled on the phone itself: a first, and a second beside the customer's."""

from __future__ import annotations

import pytest

from acd.commands import AnswerCaller
from acd.desk import placing
from acd.errors import Rejected
from acd.events import (
    ChannelHeld,
    ChannelResumed,
    CompleteTransfer,
    Conference,
    HangUpTalk,
    LegReplaced,
    PhoneTransferred,
    Swap,
)
from acd.facts import ContactArrived
from acd.model import AgentState, ChannelId, Target
from tests.acd_world import OUTSIDE, World
from tests.unit.placed_calls import ANA, BOB, NUMBER, dials, far_leg

pytestmark = pytest.mark.unit


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
    assert world.alone_with(caller, "music")
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
    if who in ("caller", "ana"):
        assert world.legs == {second, far}, "a BYE ends one call: the other goes on"
        assert world.together(second, far)
        assert world.transfers() == []
    else:
        assert second not in world.legs
        assert world.alone_with(caller, "music"), "the phone holds still"
        world.tell(ChannelResumed(ana))
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
    if second_ends_first:
        world.tell(LegReplaced(second, links[1]))
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
    world.tell(LegReplaced(second, links[1]))
    if second_ends_first:
        world.gone(second)
    world.tell(LegReplaced(ana, links[0]))
    assert world.together(caller, far)
    world.tell(PhoneTransferred(ana, None, second, links))
    assert world.legs == {caller, far}
    assert world.transfers() == [("ana", "phone", "agent", "bob")]
    world.over()


def test_a_leg_replaced_for_a_transfer_that_is_never_told_ends_the_call() -> None:
    world, caller, ana, second, far = beside()
    world.tell(LegReplaced(ana, ChannelId("link-1")))
    world.gone(ana)
    assert {caller, second, far} <= world.legs
    world.wait(1_900)
    assert caller in world.legs
    world.wait(200)
    assert world.legs == {second, far}, "as when the first call of a phone with two is ended"
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
    goes_on = lost in ("ana", "caller")
    assert len(world.ended()) == 1 + goes_on
