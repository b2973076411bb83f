"""Warm transfers: who leaves, who stays with whom, and what each is left with."""

from __future__ import annotations

import pytest

from acd.commands import ShowCaller
from acd.events import CompleteTransfer, Consult, Swap
from acd.model import AgentState, Target, TargetKind
from tests.acd_world import World, agent
from tests.unit.consultation import ALL, ANA, COLLEAGUE, NUMBER, QUEUE, asking, consulting, far_leg

pytestmark = pytest.mark.unit


@ALL
@pytest.mark.parametrize("how", ["request", "phone", "after_swap"])
def test_completing_leaves_the_two_alone(target: Target, how: str) -> None:
    world, caller, ana, far = consulting(target)
    if how == "after_swap":
        world.tell(Swap(ANA))
    if how == "phone":
        world.gone(ana)
    else:
        world.tell(CompleteTransfer(ANA))
    assert world.together(caller, far)
    assert ana not in world.legs
    assert world.state("ana") is AgentState.WRAP_UP
    assert world.state("bob") is (AgentState.READY if target is NUMBER else AgentState.TALKING)
    assert world.transfers() == [("ana", "warm", target.kind, target.id)]
    assert world.ended() == []
    world.gone(caller)
    assert world.ended() == [("answered", "caller", "caller_hung_up")]
    world.over()


def test_the_new_agent_has_the_customer_on_the_phone_and_a_recording() -> None:
    world, _caller, _ana, far = consulting(COLLEAGUE)
    world.tell(CompleteTransfer(ANA))
    shown = [c for c in world.commands if isinstance(c, ShowCaller)]
    assert [(c.channel_id, c.number, c.name) for c in shown] == [(far, "+33612345678", "Dupont")]
    assert world.recorded() == [("ana", "sales"), ("bob", "sales")]
    assert world.engine.floor.agents[agent("bob")].calls_taken == 1
    world.over()


def test_a_queue_that_was_consulted_is_the_calls_queue_afterwards() -> None:
    world, _caller, _ana, far = consulting(QUEUE)
    world.tell(CompleteTransfer(ANA))
    assert world.recorded() == [("ana", "sales"), ("bob", "support")]
    world.gone(far)
    work = world.engine.floor.agents[agent("bob")]
    assert work.state is AgentState.WRAP_UP
    assert work.wrap_up_queue_id == "support"
    assert world.engine.floor.agents[ANA].wrap_up_queue_id == "sales"
    world.over()


@pytest.mark.parametrize("who", ["caller", "far"])
def test_after_a_warm_transfer_outside_either_hangs_up(who: str) -> None:
    world, caller, _ana, far = consulting(NUMBER)
    world.tell(CompleteTransfer(ANA))
    world.gone(caller if who == "caller" else far)
    assert not world.legs
    world.over()


def test_the_call_can_be_passed_on_again() -> None:
    world, caller, _ana, bob = consulting(COLLEAGUE)
    world.sign_in("cleo")
    world.tell(CompleteTransfer(ANA))
    world.tell(Consult(agent("bob"), Target(TargetKind.AGENT, "cleo")))
    cleo = world.answer(world.rung("cleo"))
    assert world.together(bob, cleo)
    world.tell(CompleteTransfer(agent("bob")))
    assert world.together(caller, cleo)
    world.over()
    assert len(world.ended()) == 1


@ALL
@pytest.mark.parametrize("how", ["request", "phone"])
def test_leaving_while_it_rings_makes_a_blind_transfer(target: Target, how: str) -> None:
    world, caller, ana = asking(target)
    before = far_leg(world, target)
    if how == "phone":
        world.gone(ana)
    else:
        world.tell(CompleteTransfer(ANA))
    assert before not in world.legs
    assert world.transfers() == [("ana", "blind", target.kind, target.id)]
    far = world.answer(far_leg(world, target))
    assert world.together(caller, far)
    world.over()


def test_the_place_in_the_queue_is_kept_when_the_agent_leaves() -> None:
    world = World()
    caller, _ana = world.talk()
    world.tell(Consult(ANA, QUEUE))
    asked_at = world.now_ms
    world.wait(5_000)
    world.tell(CompleteTransfer(ANA))
    visit = world.the_call().visit
    assert visit is not None
    assert (visit.queue_id, visit.key, visit.seq) == ("support", asked_at, 3)
    assert world.alone_with(caller, "music")
    assert world.visits()[1:] == [("support", "moved"), ("support", None)]
    world.over()
