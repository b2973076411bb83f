"""Consultations: each way in, each way out, each one's hang-up."""

from __future__ import annotations

import pytest

from acd.commands import JoinBridge
from acd.errors import Rejected
from acd.events import (
    CancelConsult,
    ChannelHeld,
    ChannelResumed,
    CommandFailed,
    CompleteTransfer,
    Conference,
    Consult,
    DropThird,
    EndCall,
    Failure,
    HangUpTalk,
    Hold,
    LeaveConference,
    PhoneReachable,
    PressKeys,
    Retrieve,
    SignIn,
    Swap,
    Transfer,
)
from acd.model import AgentState, CallKind, ChannelId, PhoneId, SegmentKind, Target
from acd.state.legs import WAITING_LINES
from tests.acd_world import World, agent
from tests.unit.consultation import ALL, ANA, COLLEAGUE, NUMBER, QUEUE, asking, consulting, far_leg

pytestmark = pytest.mark.unit


# ---- asking ------------------------------------------------------------------------------------


@ALL
def test_the_customer_hears_music_while_the_agent_asks(target: Target) -> None:
    world, caller, ana, far = consulting(target)
    assert world.alone_with(caller, "music")
    assert world.together(ana, far)
    assert world.state("ana") is AgentState.CONSULTING
    kinds = [kind for kind, _ in world.segments()]
    assert SegmentKind.HOLD in kinds
    assert kinds[-1] is SegmentKind.CONSULT
    assert world.recorded() == [("ana", "sales")], "a consultation is not recorded"
    world.over()


@pytest.mark.parametrize(
    ("target", "sound"), [(COLLEAGUE, "ringing"), (NUMBER, "ringing"), (QUEUE, "music")]
)
def test_meanwhile_the_agent_hears_ringing_or_the_queue(target: Target, sound: str) -> None:
    world = World()
    world.sign_in("bob" if target is COLLEAGUE else "dan")
    _, ana = world.talk()
    world.tell(Consult(ANA, target))
    assert world.alone_with(ana, sound)
    world.over()


def test_recording_rests_while_the_agent_is_away_and_goes_on_with_another_file() -> None:
    """The switch ends the recording of a bridge that is left empty, and may not even say so."""
    world, caller, ana, _far = consulting(COLLEAGUE)
    assert not world.recording
    world.tell(Swap(ANA))
    assert world.together(caller, ana)
    assert len(world.recording) == 1
    world.tell(Swap(ANA))
    assert not world.recording
    world.tell(Conference(ANA))
    assert len(world.recording) == 1
    assert world.recorded() == [("ana", "sales")] * 3
    world.over()


def test_the_contact_is_the_customers() -> None:
    world, _caller, _ana, _far = consulting(QUEUE)
    assert world.visits() == [("sales", "answered"), ("support", "answered")]
    world.over()
    assert len(world.ended()) == 1


def test_all_that_moves_the_agents_leg_is_ordered_with_the_customers_call() -> None:
    world, _caller, _ana, _far = consulting(COLLEAGUE)
    for request in (Swap(ANA), Swap(ANA), CompleteTransfer(ANA)):
        world.tell(request)
    world.over()
    lanes = {c.call_id for c in world.commands if hasattr(c, "call_id")} - {"nobody"}
    assert len(lanes) == 1


def test_consulting_is_refused_where_it_cannot_be() -> None:
    world, _, _, _ = consulting(COLLEAGUE)
    with pytest.raises(Rejected, match="first"):
        world.tell(Consult(ANA, NUMBER))
    with pytest.raises(Rejected, match="first"):
        world.tell(Transfer(ANA, NUMBER))
    with pytest.raises(Rejected, match="asking you"):
        world.tell(Consult(agent("bob"), NUMBER))
    with pytest.raises(Rejected, match="asking you"):
        world.tell(Transfer(agent("bob"), NUMBER))
    with pytest.raises(Rejected, match="asking you"):
        world.tell(Hold(agent("bob")))
    world.over()


def test_who_consults_nobody_can_do_none_of_it() -> None:
    world = World()
    caller, ana = world.talk()
    for request in (Swap(ANA), CancelConsult(ANA), CompleteTransfer(ANA), Conference(ANA)):
        with pytest.raises(Rejected, match="consults nobody"):
            world.tell(request)
    for leave in (DropThird(ANA), LeaveConference(ANA)):
        with pytest.raises(Rejected, match="no conference"):
            world.tell(leave)
    assert world.together(caller, ana)
    world.over()


# ---- nobody there ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [COLLEAGUE, NUMBER])
@pytest.mark.parametrize("how", ["busy", "silent", "refused"])
def test_who_does_not_answer_gives_the_customer_back(target: Target, how: str) -> None:
    world, caller, ana = asking(target)
    if how == "silent":
        world.wait(46_000)
    else:
        world.gone(far_leg(world, target), cause=17 if how == "busy" else 21)
    assert world.together(caller, ana)
    assert world.state("ana") is AgentState.TALKING
    world.over()


@ALL
@pytest.mark.parametrize("how", ["cancel", "hang_up"])
@pytest.mark.parametrize("answered", [False, True])
def test_the_agent_gives_up_and_has_the_customer_again(
    target: Target, how: str, answered: bool
) -> None:
    world, caller, ana = asking(target)
    far = far_leg(world, target)
    if answered:
        world.answer(far)
    world.tell(CancelConsult(ANA) if how == "cancel" else HangUpTalk(ANA))
    assert world.together(caller, ana)
    assert far not in world.legs
    assert world.state("bob") is AgentState.READY
    assert world.state("ana") is AgentState.TALKING
    world.over()
    assert world.ended() == [("answered", "caller", "caller_hung_up")]


def test_a_queue_with_nobody_is_given_up_too() -> None:
    world = World()
    caller, ana = world.talk()
    world.tell(Consult(ANA, QUEUE))
    world.tell(CancelConsult(ANA))
    assert world.together(caller, ana)
    assert world.visits() == [("sales", "answered"), ("support", "abandoned")]
    world.over()


@ALL
def test_the_one_consulted_hangs_up(target: Target) -> None:
    world, caller, ana, far = consulting(target)
    world.gone(far)
    assert world.together(caller, ana)
    assert world.state("bob") is AgentState.READY
    world.over()


def test_the_one_consulted_hangs_up_by_request() -> None:
    world, caller, ana, _far = consulting(COLLEAGUE)
    world.tell(HangUpTalk(agent("bob")))
    assert world.together(caller, ana)
    world.over()


@ALL
@pytest.mark.parametrize("answered", [False, True])
def test_the_customer_hangs_up_meanwhile(target: Target, answered: bool) -> None:
    world, caller, ana = asking(target)
    if answered:
        world.answer(far_leg(world, target))
    world.gone(caller)
    assert not world.legs - {caller}, world.legs
    assert ana not in world.legs
    assert world.ended() == [("answered", "caller", "caller_hung_up")]
    assert world.state("ana") is AgentState.WRAP_UP
    assert world.state("bob") is AgentState.READY
    world.over()


@ALL
def test_a_supervisor_ends_the_consultation_or_the_call(target: Target) -> None:
    world, caller, ana, _far = consulting(target)
    (consultation,) = (c for c in world.engine.floor.calls.values() if c.kind is CallKind.CONSULT)
    world.tell(EndCall(consultation.id))
    assert world.together(caller, ana)
    world.tell(EndCall(world.the_call().id))
    assert not world.legs
    world.over()


# ---- between the two ---------------------------------------------------------------------------


@ALL
def test_swapping_turns_from_one_to_the_other(target: Target) -> None:
    world, caller, ana, far = consulting(target)
    for _ in range(2):
        world.tell(Swap(ANA))
        assert world.together(caller, ana)
        assert world.alone_with(far, "music")
        assert world.state("ana") is AgentState.CONSULTING
        world.tell(Swap(ANA))
        assert world.together(ana, far)
        assert world.alone_with(caller, "music")
    world.over()


def test_nobody_swaps_to_a_ringing_phone() -> None:
    world, _, _ = asking(COLLEAGUE)
    with pytest.raises(Rejected, match="Nobody has answered"):
        world.tell(Swap(ANA))
    with pytest.raises(Rejected, match="Nobody has answered"):
        world.tell(Conference(ANA))
    world.over()


@pytest.mark.parametrize("who", ["customer", "consulted"])
def test_after_a_swap_each_may_hang_up(who: str) -> None:
    world, caller, ana, far = consulting(COLLEAGUE)
    world.tell(Swap(ANA))
    world.gone(caller if who == "customer" else far)
    if who == "customer":
        assert not world.legs
    else:
        assert world.together(caller, ana)
        assert world.state("ana") is AgentState.TALKING
    world.over()


def test_after_a_swap_hanging_up_ends_the_customers_call() -> None:
    world, _caller, _ana, _far = consulting(COLLEAGUE)
    world.tell(Swap(ANA))
    world.tell(HangUpTalk(ANA))
    assert not world.legs
    assert world.ended() == [("answered", "agent", "agent_hung_up")]
    world.over()


def held_by_the_colleague() -> tuple[World, ChannelId, ChannelId, ChannelId]:
    """Customer, Ana's leg, the colleague's: Ana asks, and that colleague's phone holds her."""
    world, caller, ana, far = consulting(COLLEAGUE)
    world.tell(ChannelHeld(far))
    assert world.alone_with(ana, "music")
    assert world.alone_with(caller, "music")
    return world, caller, ana, far


def test_a_colleagues_phone_holds_the_one_who_asks_and_takes_them_back() -> None:
    world, caller, ana, far = held_by_the_colleague()
    world.tell(ChannelResumed(far))
    assert world.together(ana, far)
    world.tell(CancelConsult(ANA))
    assert world.together(caller, ana)
    world.over()


def test_who_is_held_by_a_colleagues_phone_may_turn_to_the_customer() -> None:
    world, caller, ana, far = held_by_the_colleague()
    world.tell(Swap(ANA))
    assert world.together(caller, ana)
    assert world.alone_with(far, "music")
    world.tell(ChannelResumed(far))
    assert world.alone_with(far, "music"), "the floor holds the colleague now"
    world.tell(Swap(ANA))
    assert world.together(ana, far)
    assert world.alone_with(caller, "music")
    world.over()


@pytest.mark.parametrize("how", [CancelConsult, Conference, CompleteTransfer, HangUpTalk])
def test_a_consultation_held_by_the_colleagues_phone_ends_in_each_way(
    how: type[CancelConsult | Conference | CompleteTransfer | HangUpTalk],
) -> None:
    world, caller, ana, far = held_by_the_colleague()
    world.tell(how(ANA))
    if how is Conference:
        assert world.together(caller, ana, far)
    elif how is CompleteTransfer:
        assert world.together(caller, far)
    else:
        assert world.together(caller, ana)
    world.over()


def test_hold_in_a_consultation_holds_the_one_in_front() -> None:
    world, caller, ana, far = consulting(COLLEAGUE)
    world.tell(Hold(ANA))
    assert world.alone_with(far, "music")
    assert world.alone_with(caller, "music")
    with pytest.raises(Rejected, match="already"):
        world.tell(Hold(ANA))
    world.tell(Retrieve(ANA))
    assert world.together(ana, far)
    world.tell(Swap(ANA))
    world.tell(Hold(ANA))
    assert world.alone_with(caller, "music")
    world.tell(Retrieve(ANA))
    assert world.together(caller, ana)
    world.over()


@pytest.mark.parametrize("front", ["consulted", "customer"])
def test_the_agent_may_leave_while_holding_in_a_consultation(front: str) -> None:
    world, caller, _ana, far = consulting(COLLEAGUE)
    if front == "customer":
        world.tell(Swap(ANA))
    world.tell(Hold(ANA))
    world.tell(CompleteTransfer(ANA))
    assert world.together(caller, far)
    world.over()


def test_keys_go_to_the_one_consulted() -> None:
    world, _caller, _ana, far = consulting(NUMBER)
    world.tell(PressKeys(ANA, "12#"))
    sent = world.commands[-1]
    assert getattr(sent, "channel_id", None) == far
    world.over()


def test_a_lost_join_of_a_consultation_is_tried_again_there() -> None:
    world, _caller, ana, far = consulting(COLLEAGUE)
    joined = next(c for c in reversed(world.commands) if isinstance(c, JoinBridge))
    world.tell(CommandFailed(joined, Failure.CONFLICT))
    before = len(world.commands)
    world.wait(1_100)
    again = [c for c in world.commands[before:] if isinstance(c, JoinBridge)]
    assert [(c.bridge_id, set(c.channel_ids)) for c in again] == [(joined.bridge_id, {ana, far})]
    world.over()


@pytest.mark.parametrize("end", ["cancel", "swap and cancel", "complete"])
def test_connected_agents_lines_go_back_to_wait_in_silence(end: str) -> None:
    world = World()
    for name in ("ana", "bob"):
        world.tell(PhoneReachable(PhoneId(name)))
        world.tell(SignIn(agent(name), connected=True))
        world.answer(world.rung(name))
    ana, bob = world.rung("ana"), world.rung("bob")
    caller = world.call()
    world.tell(Consult(ANA, COLLEAGUE))
    assert world.together(ana, bob)
    if end.startswith("swap"):
        world.tell(Swap(ANA))
    world.tell(CompleteTransfer(ANA) if end == "complete" else CancelConsult(ANA))
    assert world.together(caller, bob if end == "complete" else ana)
    world.gone(caller)
    assert {ana, bob} <= world.bridges[WAITING_LINES]
    world.over()
