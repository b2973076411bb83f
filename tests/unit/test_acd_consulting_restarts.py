"""Consultations, warm transfers and conferences over a restart of the floor or the switch."""

from __future__ import annotations

import pytest

from acd.events import CompleteTransfer, Conference, Swap
from acd.model import AgentState, Target
from tests.unit.consultation import ALL, ANA, asking, far_leg

pytestmark = pytest.mark.unit


@ALL
@pytest.mark.parametrize("moment", ["ringing", "talking", "swapped", "three", "completed"])
def test_nothing_is_lost_over_a_restart(target: Target, moment: str) -> None:
    world, caller, ana = asking(target)
    if moment != "ringing":
        far = world.answer(far_leg(world, target))
    if moment == "swapped":
        world.tell(Swap(ANA))
    if moment == "three":
        world.tell(Conference(ANA))
    if moment == "completed":
        world.tell(CompleteTransfer(ANA))
    world.restart()
    if moment == "ringing":
        far = world.answer(far_leg(world, target))
    if moment in ("ringing", "talking", "swapped"):
        world.tell(Swap(ANA))
        world.tell(Swap(ANA))
        front = caller if moment == "swapped" else far
        assert world.together(ana, front)
        world.tell(CompleteTransfer(ANA))
    else:
        expected = (caller, ana, far) if moment == "three" else (caller, far)
        assert world.together(*expected)
    world.over()
    assert len(world.ended()) == 1


@ALL
@pytest.mark.parametrize("moment", ["ringing", "talking", "swapped", "three"])
@pytest.mark.parametrize("lost", ["caller", "ana", "far", "caller ana", "ana far", "all"])
def test_who_hung_up_while_nobody_listened_is_missed(
    target: Target, moment: str, lost: str
) -> None:
    world, caller, ana = asking(target)
    far = far_leg(world, target)
    if moment != "ringing":
        world.answer(far)
    if moment == "swapped":
        world.tell(Swap(ANA))
    if moment == "three":
        world.tell(Conference(ANA))
    named = {"caller": caller, "ana": ana, "far": far}
    gone = list(named) if lost == "all" else lost.split()
    world.lost(*(named[name] for name in gone))
    world.restart()
    if lost == "far":
        assert world.together(caller, ana) or world.state("ana") is AgentState.CONSULTING
    if lost == "ana" and moment != "ringing":
        assert world.together(caller, far)
    if "caller" in gone:
        assert not world.legs
    world.over()
    assert len(world.ended()) == 1


@ALL
@pytest.mark.parametrize("moment", ["ringing", "talking", "three"])
def test_when_the_switch_starts_anew_all_is_over(target: Target, moment: str) -> None:
    world, caller, ana = asking(target)
    far = far_leg(world, target)
    if moment != "ringing":
        world.answer(far)
    if moment == "three":
        world.tell(Conference(ANA))
    world.lost(caller, ana, far)
    world.bridges.clear()
    world.recording.clear()
    world.look(restarted=True)
    world.over()
    assert world.ended() == [("answered", "unknown", "node_lost")]
