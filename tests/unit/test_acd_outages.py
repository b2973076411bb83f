"""The trunk carries no calls: no attempt is lost, callbacks wait together, one finds it back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from acd.commands import DialOutside, RingAgent
from acd.config import CallbackMode
from acd.destinations import outages
from acd.events import BookCallback, ChannelGone, PlaceCall
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    OfferEnd,
    Outcome,
    QueueId,
    Target,
    TargetKind,
)
from tests.unit.acd_stage import agent
from tests.unit.callback_desk import CUSTOMER, SECOND, Desk, calls_back, floor_of

FIRST = CallbackMode.CUSTOMER_FIRST
PEOPLE = (agent("ana", "201"), agent("bob", "202"))


def desk(mode: CallbackMode = FIRST, callbacks: int = 1) -> Desk:
    """Ana is ready, and so many customers wait to be called back."""
    world = Desk(floor_of(calls_back(mode), agents=PEOPLE))
    for one in range(callbacks):
        world.tell(BookCallback(CallId(f"b{one}"), QueueId("sales"), f"+3361234567{one}", "api"))
        world.pass_time(0)
    world.signs_in("ana")
    return world


def fails(world: Desk, sip: int = 503, cause: int = 34, rang: bool = False) -> str:
    """What is being dialled comes to this end; the number."""
    (dialled,) = _dialled(world)
    del world.legs[dialled.channel_id]
    world.tell(ChannelGone(dialled.channel_id, cause, sip=sip, rang=rang))
    return dialled.number


def _dialled(world: Desk) -> list[DialOutside]:
    """What has been dialled and has not ended."""
    calls = [c for c in world.engine.floor.calls.values() if c.dial is not None]
    return [DialOutside(c.id, c.dial.channel_id, c.dial.number, None, 0) for c in calls if c.dial]


def attempts(world: Desk) -> list[int]:
    calls = world.engine.floor.calls.values()
    return [c.ticket.attempts for c in calls if c.ticket is not None]


@pytest.mark.parametrize("mode", list(CallbackMode))
@pytest.mark.parametrize("sip", [403, 401, 407, 408, 488, 500, 502, 503])
def test_three_outages_burn_nothing_and_the_customer_is_reached(
    mode: CallbackMode, sip: int
) -> None:
    world = desk(mode)
    for tries in range(3):
        if mode is CallbackMode.AGENT_FIRST:
            world.answers(world.ring("ana"))
        fails(world, sip)
        assert attempts(world) == [0]
        assert world.state("ana") is AgentState.READY
        world.pass_time(outages.pause_ms(tries + 1))
    if mode is CallbackMode.AGENT_FIRST:
        world.answers(world.ring("ana"))
    world.answers(_dialled(world)[0].channel_id)
    if mode is FIRST:
        world.answers(world.ring("ana"))
    assert world.states()[-1] == "reached"


@pytest.mark.parametrize("rings", [True, False])
def test_a_number_given_up_that_never_rang_is_the_trunks_fault(rings: bool) -> None:
    world = desk()
    world.rings_outside = rings
    world.pass_time(20 * SECOND)
    assert attempts(world) == [int(rings)]
    assert world.states()[-1] == "postponed"


@pytest.mark.parametrize("sip", [404, 410, 484, 604])
def test_a_number_that_does_not_exist_is_not_called_again(sip: int) -> None:
    world = desk()
    fails(world, sip, 1)
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.NO_ANSWER, "not_reached:invalid_number")]
    assert world.states()[-1] == "failed"


def test_what_had_begun_to_ring_is_an_attempt() -> None:
    world = desk()
    fails(world, 503, rang=True)
    assert attempts(world) == [1]


def test_two_numbers_in_a_row_say_that_the_trunk_is_away_and_others_wait() -> None:
    world = desk(callbacks=4)
    dialled = [fails(world), fails(world)]
    trunk = world.engine.floor.trunk
    assert trunk.away_since == world.now_ms
    assert len(set(dialled)) == 2
    assert _dialled(world) == []
    assert attempts(world) == [0] * 4
    began, tried = world.now_ms, list[tuple[int, str]]()
    for _ in range(1_200):
        world.pass_time(SECOND)
        if _dialled(world):
            tried.append((round((world.now_ms - began) / SECOND), fails(world)))
    # One at a time, at growing intervals, and never the same one twice in a row.
    after = [at for at, _ in tried]
    gaps = [later - earlier for earlier, later in pairwise([0, *after])]
    assert gaps[:5] == [10, 20, 40, 80, 160]
    assert set(gaps[5:]) == {300}
    assert all(one != other for (_, one), (_, other) in pairwise(tried))
    assert attempts(world) == [0] * 4


def test_an_outage_rings_an_agent_once_a_probe() -> None:
    world = desk(CallbackMode.AGENT_FIRST, callbacks=5)
    rings = 0
    for _ in range(3_600):
        if world.state("ana") is AgentState.OFFERED:
            rings += 1
            world.answers(world.work("ana").channel_id or ChannelId(""))
            fails(world)
        world.pass_time(SECOND)
    # Two to find out, then after 10, 20, 40, 80, 160 and each 300 s: not five each time.
    assert rings <= 2 + 5 + 11
    assert attempts(world) == [0] * 5


@pytest.mark.parametrize("sip", [486, 603, 480])
def test_the_first_call_that_is_carried_sets_all_free(sip: int) -> None:
    world = desk(callbacks=3)
    fails(world)
    fails(world)
    world.signs_in("bob")
    phone = Target(TargetKind.NUMBER, "+33612345699")
    world.tell(PlaceCall(AgentId("bob"), phone))
    world.answers(world.ring("bob"))
    (own,) = _dialled(world)
    assert own.number == "+33612345699"
    fails(world, sip, 17)
    assert world.engine.floor.trunk.away_since is None
    world.pass_time(0)
    assert _dialled(world)


def test_one_number_that_fails_while_others_are_reached_holds_nobody_up() -> None:
    world = desk(callbacks=3)
    bad = fails(world)
    for _ in range(2):
        (dialled,) = _dialled(world)
        assert dialled.number != bad
        fails(world, 486, 17)
    assert world.engine.floor.trunk.away_since is None
    assert sorted(attempts(world)) == [0, 1, 1]


def test_a_callback_that_no_agent_takes_up_does_not_stop_the_others() -> None:
    world = desk(CallbackMode.AGENT_FIRST, callbacks=3)
    for _ in range(2):
        world.answers(world.work("ana").channel_id or ChannelId(""))
        fails(world)
    floor = world.engine.floor
    world.pass_time(10 * SECOND)
    first = floor.trunk.prober
    leg = world.work("ana").channel_id or ChannelId("")
    del world.legs[leg]
    world.tell(ChannelGone(leg, 17, sip=486))
    world.pass_time(outages.PATIENCE_MS)
    world.pass_time(SECOND)
    assert floor.trunk.prober is not None
    assert floor.trunk.away_since is not None
    assert first is not None


@pytest.mark.parametrize(
    ("sip", "how"),
    [(503, OfferEnd.TRUNK), (404, OfferEnd.INVALID), (486, OfferEnd.BUSY), (480, OfferEnd.RONA)],
)
def test_an_agent_who_dials_is_told_why_it_reached_nobody(sip: int, how: OfferEnd) -> None:
    world = Desk()
    world.signs_in("ana")
    world.tell(PlaceCall(AgentId("ana"), Target(TargetKind.NUMBER, CUSTOMER)))
    world.answers(world.ring("ana"))
    causes = {503: 34, 404: 1, 486: 17, 480: 19}
    fails(world, sip, causes[sip])
    assert world.work("ana").not_reached is how
    assert world.outcomes(CallKind.MANUAL) == [(Outcome.NO_ANSWER, f"not_taken:{how}")]
    world.tell(PlaceCall(AgentId("ana"), Target(TargetKind.NUMBER, CUSTOMER)))
    assert world.work("ana").not_reached is None


def test_a_restart_believes_in_the_trunk_again_and_keeps_the_callbacks() -> None:
    world = desk(callbacks=3)
    fails(world)
    fails(world)
    world.restart()
    assert world.engine.floor.trunk.away_since is None
    states = {c.state for c in world.engine.floor.calls.values()}
    assert states <= {CallState.SCHEDULED, CallState.WAITING, CallState.DIALLING}
    assert attempts(world) == [0] * 3
    assert len(world.ordered(RingAgent)) == 0
