"""The first of a phone's two calls ends: the second goes on, as a call of its own."""

from __future__ import annotations

import pytest

from acd.events import (
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    HangUpTalk,
    Pause,
)
from acd.facts import ContactArrived, ContactEnded, SegmentOpened
from acd.model import AgentState, CallKind, ChannelId, LegEnd, SegmentKind
from tests.acd_world import OUTSIDE, World
from tests.unit.placed_calls import ANA, dials

pytestmark = pytest.mark.unit


def asking(
    extension: str, *, answered: bool = True
) -> tuple[World, ChannelId, ChannelId, ChannelId, ChannelId]:
    """Ana's phone holds the customer and calls on its second line: customer, first, second, far."""
    world = World()
    world.sign_in("bob")
    caller, ana = world.talk()
    world.wait(10_000)
    world.tell(ChannelHeld(ana))
    second = dials(world, extension)
    far = world.rung("bob") if extension == "202" else world.dialled()
    if answered:
        world.answer(far)
        world.wait(5_000)
    return world, caller, ana, second, far


def _ends(world: World) -> dict[str, tuple[str, str, str]]:
    """How each contact ended, by its kind."""
    kinds = {f.call_id: f.kind for f in world.facts if isinstance(f, ContactArrived)}
    return {
        kinds[f.call_id]: (f.outcome, f.reason, f.ended_by)
        for f in world.facts
        if isinstance(f, ContactEnded)
    }


@pytest.mark.parametrize(
    ("extension", "kind", "direction"),
    [("202", CallKind.INTERNAL, "internal"), (OUTSIDE, CallKind.MANUAL, "outbound")],
)
@pytest.mark.parametrize("whose", ["agent", "customer"])
def test_a_bye_ends_the_first_call_and_the_second_goes_on(
    extension: str, kind: CallKind, direction: str, whose: str
) -> None:
    world, caller, ana, second, far = asking(extension)
    world.gone(ana if whose == "agent" else caller)
    assert world.legs == {second, far}
    assert world.together(second, far)
    assert world.state("ana") is AgentState.TALKING
    arrived = [f for f in world.facts if isinstance(f, ContactArrived)]
    assert [(f.kind, f.direction, f.agent_id) for f in arrived[1:]] == [(kind, direction, "ana")]
    assert arrived[1].dnis == extension
    how = ("answered", "agent_hung_up", "agent")
    if whose == "customer":
        how = ("answered", "caller_hung_up", "caller")
    assert _ends(world) == {CallKind.INBOUND: how}
    world.wait(20_000)
    assert world.state("ana") is AgentState.TALKING, "wrap-up waits"
    world.gone(second)
    assert far not in world.legs
    assert world.state("ana") is AgentState.WRAP_UP, "that of the customer's call"
    assert world.state("bob") is AgentState.READY
    assert _ends(world)[kind] == ("answered", how_ended(kind), "agent")
    acw = [f for f in world.facts if isinstance(f, SegmentOpened) and f.kind is SegmentKind.ACW]
    assert [f.call_id for f in acw] == [arrived[0].call_id]
    assert world.transfers() == []
    world.over()


def how_ended(kind: CallKind) -> str:
    return "caller_hung_up" if kind is CallKind.INTERNAL else "agent_hung_up"


@pytest.mark.parametrize("extension", ["202", OUTSIDE])
@pytest.mark.parametrize("then", ["answers", "does not", "agent gives up"])
def test_the_second_call_rings_on(extension: str, then: str) -> None:
    world, caller, ana, second, far = asking(extension, answered=False)
    world.gone(ana)
    assert world.legs == {second, far}
    assert caller not in world.legs
    assert world.alone_with(second, "ringing")
    assert world.state("ana") is AgentState.TALKING
    if then == "answers":
        world.answer(far)
        assert world.together(second, far)
        world.wait(5_000)
        world.gone(far)
    elif then == "does not":
        world.gone(far, cause=17)
    else:
        world.gone(second)
    assert not world.legs
    assert world.state("ana") is AgentState.WRAP_UP
    kind = CallKind.INTERNAL if extension == "202" else CallKind.MANUAL
    assert _ends(world)[kind][0] == ("answered" if then == "answers" else "no_answer")
    world.over()


@pytest.mark.parametrize("extension", ["202", OUTSIDE])
def test_a_second_call_on_hold_is_taken_back(extension: str) -> None:
    world, caller, ana, second, far = asking(extension)
    world.tell(ChannelHeld(second))
    world.tell(ChannelResumed(ana))
    assert world.together(caller, ana)
    world.gone(ana)
    assert world.state("ana") is AgentState.HOLDING
    assert world.alone_with(far, "music")
    world.tell(ChannelResumed(second))
    assert world.together(second, far)
    assert world.state("ana") is AgentState.TALKING
    world.over()


@pytest.mark.parametrize("extension", ["202", OUTSIDE])
def test_the_second_call_hung_up_first_leaves_the_customer_on_hold(extension: str) -> None:
    world, caller, ana, second, _far = asking(extension)
    world.gone(second)
    assert world.legs == {caller, ana}
    assert world.alone_with(caller, "music")
    assert world.state("ana") is AgentState.HOLDING
    assert [f for f in world.facts if isinstance(f, ContactArrived)][1:] == []
    world.over()


def test_hanging_up_by_request_on_the_first_line_leaves_the_second_too() -> None:
    world, caller, ana, second, far = asking("202")
    world.tell(ChannelHeld(second))
    world.tell(ChannelResumed(ana))
    world.tell(HangUpTalk(ANA))
    assert world.legs == {second, far}
    assert caller not in world.legs
    world.over()


def test_a_first_line_that_is_cut_leaves_the_second() -> None:
    world, _caller, ana, second, far = asking("202")
    world.legs.discard(ana)
    world.tell(ChannelGone(ana, end=LegEnd.MEDIA_LOST))
    assert world.legs == {second, far}
    assert _ends(world)[CallKind.INBOUND] == ("answered", "agent_media_lost", "media_lost")
    world.over()


def test_what_was_asked_for_meanwhile_comes_after_the_wrap_up() -> None:
    world, _caller, ana, second, _far = asking("202")
    world.tell(Pause(ANA, "lunch"))
    world.gone(ana)
    world.gone(second)
    assert world.state("ana") is AgentState.WRAP_UP
    world.wait(60_000)
    assert world.state("ana") is AgentState.PAUSED
    world.over()


def test_the_second_call_lives_over_a_restart() -> None:
    world, _caller, ana, second, far = asking(OUTSIDE)
    world.gone(ana)
    world.restart()
    assert world.together(second, far)
    world.gone(far)
    assert world.state("ana") is AgentState.WRAP_UP, "owed still"
    world.over()
