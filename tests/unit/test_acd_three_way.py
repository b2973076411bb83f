"""Conferences: all three hear each other, and each may leave."""

from __future__ import annotations

import pytest

from acd.errors import Rejected
from acd.events import (
    Conference,
    Consult,
    DropThird,
    HangUpTalk,
    Hold,
    LeaveConference,
    Retrieve,
    Swap,
)
from acd.model import AgentState, SegmentKind, Target, TargetKind
from tests.acd_world import OUTSIDE, agent
from tests.unit.consultation import ALL, ANA, COLLEAGUE, NUMBER, QUEUE, consulting, three

pytestmark = pytest.mark.unit


@ALL
@pytest.mark.parametrize("swapped", [False, True])
def test_all_three_hear_each_other(target: Target, swapped: bool) -> None:
    world, caller, ana, far = consulting(target)
    if swapped:
        world.tell(Swap(ANA))
    world.tell(Conference(ANA))
    assert world.together(caller, ana, far)
    assert world.state("ana") is AgentState.TALKING
    assert (SegmentKind.CONFERENCE, None if target is NUMBER else "bob") in world.segments()
    with pytest.raises(Rejected, match="conference"):
        world.tell(Consult(ANA, Target(TargetKind.NUMBER, OUTSIDE)))
    world.over()


@ALL
@pytest.mark.parametrize("how", ["drop", "hangs_up"])
def test_without_the_third_there_are_two(target: Target, how: str) -> None:
    world, caller, ana, far = three(target)
    if how == "drop":
        world.tell(DropThird(ANA))
    else:
        world.gone(far)
    assert world.together(caller, ana)
    assert far not in world.legs
    assert world.state("bob") is AgentState.READY
    world.tell(Hold(ANA))
    world.tell(Retrieve(ANA))
    assert world.together(caller, ana)
    world.over()


@pytest.mark.parametrize("request_of_bob", [HangUpTalk, LeaveConference])
def test_the_third_leaves_by_request(request_of_bob: type[HangUpTalk | LeaveConference]) -> None:
    world, caller, ana, _far = three(COLLEAGUE)
    with pytest.raises(Rejected, match="leads"):
        world.tell(DropThird(agent("bob")))
    with pytest.raises(Rejected, match="leads"):
        world.tell(Hold(agent("bob")))
    world.tell(request_of_bob(agent("bob")))
    assert world.together(caller, ana)
    assert world.state("bob") is AgentState.READY
    world.over()


@ALL
@pytest.mark.parametrize("how", ["leave", "hang_up", "phone"])
def test_without_the_agent_the_third_has_the_call(target: Target, how: str) -> None:
    world, caller, ana, far = three(target)
    if how == "phone":
        world.gone(ana)
    else:
        world.tell(LeaveConference(ANA) if how == "leave" else HangUpTalk(ANA))
    assert world.together(caller, far)
    assert world.state("ana") is AgentState.WRAP_UP
    if target is NUMBER:
        assert world.transfers() == [("ana", "conference", "number", OUTSIDE)]
    else:
        assert world.transfers() == [("ana", "conference", "agent", "bob")]
        assert world.recorded()[-1] == ("bob", "support" if target is QUEUE else "sales")
        world.tell(Hold(agent("bob")))
        assert world.alone_with(caller, "music")
    world.over()


@ALL
def test_the_customer_leaves_a_conference_and_all_is_over(target: Target) -> None:
    world, caller, _ana, _far = three(target)
    world.gone(caller)
    assert not world.legs
    assert world.ended() == [("answered", "caller", "caller_hung_up")]
    assert world.state("bob") is AgentState.READY
    world.over()


def test_the_customer_of_a_conference_is_held_while_the_two_talk() -> None:
    world, caller, ana, far = three(COLLEAGUE)
    world.tell(Hold(ANA))
    assert world.alone_with(caller, "music")
    assert world.together(ana, far)
    world.tell(Retrieve(ANA))
    assert world.together(caller, ana, far)
    world.over()
