"""What can be done with a call that an agent placed: hold, pass on, confer."""

from __future__ import annotations

import pytest

from acd.commands import PlayPrompt
from acd.errors import Rejected
from acd.events import (
    ChannelHeld,
    ChannelResumed,
    CompleteTransfer,
    Conference,
    Consult,
    Hold,
    Pause,
    PromptFinished,
    Retrieve,
    Transfer,
)
from acd.model import AgentState, Target, TargetKind
from tests.acd_world import agent
from tests.unit.placed_calls import ANA, BOB, NUMBER, talking

pytestmark = pytest.mark.unit


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
    with pytest.raises(Rejected, match="other side"):
        world.tell(Retrieve(ANA))
    world.tell(Retrieve(agent("bob")))
    assert world.together(ana, bob)
    world.over()


def test_the_callers_phone_holds_for_the_caller() -> None:
    world, ana, bob = talking(BOB)
    world.tell(ChannelHeld(ana))
    assert world.state("ana") is AgentState.HOLDING
    assert world.state("bob") is AgentState.TALKING
    assert world.alone_with(bob, "music")
    world.tell(ChannelHeld(bob))
    world.tell(ChannelResumed(bob))
    assert world.alone_with(bob, "music"), "each phone ends its own hold only"
    world.tell(ChannelResumed(ana))
    assert world.state("ana") is AgentState.TALKING
    assert world.together(ana, bob)
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


def test_a_customer_called_for_no_queue_and_not_taken_is_told_so() -> None:
    world, ana, customer = talking(NUMBER)
    world.tell(Transfer(ANA, BOB))
    world.gone(ana)
    world.tell(Pause(ANA, "lunch"))
    world.gone(world.rung("bob"), 21)
    assert world.alone_with(customer, "prompt")
    assert world.ended() == []
    prompts = [c for c in world.commands if isinstance(c, PlayPrompt)]
    assert "occupés" in prompts[-1].media[0]
    world.tell(PromptFinished(prompts[-1].playback_id))
    assert world.ended() == [("answered", "system", "not_taken:rejected")]
    world.over()
