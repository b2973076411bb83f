"""Hold, mute, keys, hang up: what an agent does with the call in hand."""

from __future__ import annotations

import pytest

from acd.commands import MuteLeg, SendDigits, StartMusic
from acd.errors import Rejected
from acd.events import (
    ChannelHeld,
    ChannelResumed,
    Consult,
    HangUpTalk,
    Hold,
    Mute,
    PhoneReachable,
    PressKeys,
    Retrieve,
    SignIn,
    Transfer,
)
from acd.facts import DigitsSent, SegmentOpened
from acd.model import AgentState, PhoneId, SegmentKind, Target, TargetKind
from tests.acd_world import World, agent

pytestmark = pytest.mark.unit

ANA = agent("ana")
BOB = Target(TargetKind.AGENT, "bob")


def test_hold_lets_the_customer_hear_the_queues_music_and_nothing_else() -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(Hold(ANA))
    assert world.alone_with(caller, "music")
    assert [c.music for c in world.commands if isinstance(c, StartMusic)][-1] == "waltz"
    assert world.state("ana") is AgentState.HOLDING
    world.tell(Retrieve(ANA))
    assert world.together(caller, ana)
    assert world.state("ana") is AgentState.TALKING
    kinds = [f.kind for f in world.facts if isinstance(f, SegmentOpened)]
    assert kinds == [SegmentKind.IVR, SegmentKind.RING, SegmentKind.TALK, "hold", "talk"]
    assert world.recorded() == [("ana", "sales")], "the recording goes on through the hold"
    world.over()


def test_hold_and_retrieve_are_refused_twice() -> None:
    world = World()
    world.talk()
    with pytest.raises(Rejected, match="not on hold"):
        world.tell(Retrieve(ANA))
    world.tell(Hold(ANA))
    with pytest.raises(Rejected, match="already"):
        world.tell(Hold(ANA))
    world.over()


@pytest.mark.parametrize("who", ["caller", "ana", "request"])
def test_a_held_call_may_end_by_anyone(who: str) -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(Hold(ANA))
    if who == "request":
        world.tell(HangUpTalk(ANA))
    else:
        world.gone(caller if who == "caller" else ana)
    assert not world.legs
    assert world.state("ana") is AgentState.WRAP_UP
    world.over()


def test_a_held_call_can_be_given_away() -> None:
    world = World()
    world.sign_in("bob")
    caller, _ = world.talk()
    world.tell(Hold(ANA))
    world.tell(Transfer(ANA, BOB))
    assert world.together(caller, world.answer(world.rung("bob")))
    world.over()


def test_a_hold_survives_a_restart() -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(Hold(ANA))
    world.restart()
    assert world.alone_with(caller, "music")
    world.tell(Retrieve(ANA))
    assert world.together(caller, ana)
    world.over()


def test_the_phones_own_hold_counts_and_is_ended_by_the_phone() -> None:
    world = World()
    world.sign_in("bob")
    caller, ana = world.talk()
    world.tell(ChannelHeld(ana))
    assert world.state("ana") is AgentState.HOLDING
    assert world.alone_with(caller, "music"), "the switch plays none to a recorded call"
    with pytest.raises(Rejected, match="on that phone"):
        world.tell(Retrieve(ANA))
    with pytest.raises(Rejected, match="phone holds"):
        world.tell(Consult(ANA, BOB))
    world.restart()
    world.tell(ChannelResumed(ana))
    assert world.state("ana") is AgentState.TALKING
    assert world.together(caller, ana)
    world.over()


def test_a_phone_does_not_end_what_the_floor_holds() -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(Hold(ANA))
    world.tell(ChannelHeld(ana))
    world.tell(ChannelResumed(ana))
    assert world.state("ana") is AgentState.HOLDING
    assert world.alone_with(caller, "music")
    world.tell(Retrieve(ANA))
    assert world.together(caller, ana)
    world.over()


def test_a_customer_whose_telephone_holds_us_is_no_hold_of_the_agents() -> None:
    world = World()
    caller, _ = world.talk()
    world.tell(ChannelHeld(caller))
    assert world.state("ana") is AgentState.TALKING
    world.over()


def test_mute_silences_the_agents_leg_only() -> None:
    world = World()
    _, ana = world.talk()
    world.tell(Mute(ANA, muted=True))
    assert world.muted == {ana}
    talk = world.the_call().talk
    assert talk is not None
    assert talk.muted
    world.tell(Mute(ANA, muted=False))
    assert not world.muted
    world.over()


def test_a_muted_agent_stays_muted_through_hold_and_transfer() -> None:
    world = World()
    world.sign_in("bob")
    world.talk()
    world.tell(Consult(ANA, BOB))
    bob = world.answer(world.rung("bob"))
    world.tell(Mute(agent("bob"), muted=True))
    world.gone(world.rung("ana"))
    talk = world.the_call().talk
    assert talk is not None
    assert talk.muted
    assert world.muted == {bob}
    world.over()


def test_a_connected_agents_line_is_heard_again_after_the_call() -> None:
    world = World()
    world.tell(PhoneReachable(PhoneId("ana")))
    world.tell(SignIn(ANA, connected=True))
    line = world.answer(world.rung("ana"))
    caller = world.call()
    assert world.together(caller, line)
    world.tell(Mute(ANA, muted=True))
    world.tell(HangUpTalk(ANA))
    assert line in world.legs
    unmuted = [c for c in world.commands if isinstance(c, MuteLeg)]
    assert not unmuted[-1].muted
    world.over()


def test_keys_go_to_the_customer_and_are_not_kept() -> None:
    world = World()
    caller, _ = world.talk()
    world.tell(PressKeys(ANA, "12*#"))
    sent = world.commands[-1]
    assert isinstance(sent, SendDigits)
    assert (sent.channel_id, sent.digits) == (caller, "12*#")
    told = [f for f in world.facts if isinstance(f, DigitsSent)]
    assert [(f.agent_id, f.count) for f in told] == [("ana", 4)]
    world.over()


@pytest.mark.parametrize("digits", ["", "12x", "1" * 33, "1 2"])
def test_what_is_no_key_is_refused(digits: str) -> None:
    world = World()
    world.talk()
    with pytest.raises(Rejected, match="keys are sent"):
        world.tell(PressKeys(ANA, digits))
    world.over()


def test_hanging_up_ends_the_call_with_wrap_up() -> None:
    world = World()
    world.talk()
    world.tell(HangUpTalk(ANA))
    assert not world.legs
    assert world.ended() == [("answered", "agent", "agent_hung_up")]
    assert world.state("ana") is AgentState.WRAP_UP
    world.over()


def test_without_a_call_nothing_of_it_can_be_done() -> None:
    world = World()
    world.sign_in("ana")
    for request in (Hold(ANA), Retrieve(ANA), Mute(ANA, True), PressKeys(ANA, "1")):
        with pytest.raises(Rejected, match="no call in hand"):
            world.tell(request)
    with pytest.raises(Rejected, match="no call in hand"):
        world.tell(HangUpTalk(ANA))
    with pytest.raises(Rejected, match="no agent"):
        world.tell(HangUpTalk(agent("nobody")))


def test_an_offered_call_is_not_in_hand_yet() -> None:
    world = World()
    world.sign_in("ana")
    world.call()
    for request in (Hold(ANA), HangUpTalk(ANA), Transfer(ANA, BOB)):
        with pytest.raises(Rejected):
            world.tell(request)
    assert world.rings("ana")
    world.over()
