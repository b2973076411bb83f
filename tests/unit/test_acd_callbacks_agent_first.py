"""Callbacks whose agent is rung first: attempts, refusals, and no overtaking."""

from __future__ import annotations

import random

import pytest

from acd.agents import offering
from acd.commands import DialOutside, HangUp, JoinBridge, RingAgent, StartRinging
from acd.config import CallbackMode
from acd.destinations import outages
from acd.events import CommandFailed, DigitPressed, Failure
from acd.facts import CallbackChanged, VisitOpened
from acd.model import AgentState, CallId, CallKind, CallState, ChannelId, Outcome
from tests.sim.small_floor import START_MS
from tests.unit.acd_stage import agent
from tests.unit.callback_desk import CUSTOMER, SECOND, Desk, calls_back, floor_of

pytestmark = pytest.mark.unit


def test_the_agent_is_rung_then_hears_the_customer_ring_then_they_talk() -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    leg = world.ring("ana")
    assert world.ordered(DialOutside) == []
    world.answers(leg)
    dialled = world.dialled()
    assert (dialled.number, dialled.limit_s) == (CUSTOMER, 25)
    assert [c.channel_id for c in world.ordered(StartRinging)] == [leg]
    assert world.state("ana") is AgentState.TALKING
    world.answers(dialled.channel_id)
    assert [c.channel_ids for c in world.ordered(JoinBridge)] == [(dialled.channel_id, leg)]
    assert world.states() == ["booked", "waiting", "dialling", "reached"]
    world.hangs_up(dialled.channel_id)
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.ANSWERED, "caller_hung_up")]
    assert world.state("ana") is AgentState.WRAP_UP
    assert world.engine.floor.callbacks == {}
    world.news()
    world.run_dry()


def test_a_customer_who_does_not_pick_up_is_tried_again_and_the_agent_is_free_at_once() -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    world.answers(world.ring("ana"))
    dialled = world.dialled()
    world.pass_time(20 * SECOND)
    assert dialled.channel_id not in world.legs
    assert world.state("ana") is AgentState.READY
    call = world.callback()
    assert call.state is CallState.SCHEDULED
    assert call.ticket is not None
    assert (call.ticket.attempts, call.ticket.due_at) == (1, world.now_ms + 600 * SECOND)
    assert world.states()[-1] == "postponed"
    world.news()
    world.pass_time(600 * SECOND)
    world.answers(world.ring("ana"))
    world.hangs_up(world.dialled().channel_id, cause=17)
    assert world.states()[-1] == "failed"
    assert world.told(CallbackChanged)[-1].attempts == 2
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.NO_ANSWER, "not_reached:busy")]
    assert world.state("ana") is AgentState.READY
    keys = {f.key for f in world.told(VisitOpened)}
    assert len(keys) == 1
    world.news()
    world.run_dry()


@pytest.mark.parametrize("how", ["rona", "busy", "hangs_up_while_it_rings"])
def test_an_agents_refusal_is_no_attempt_and_keeps_the_place(how: str) -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    leg = world.ring("ana")
    if how == "rona":
        world.pass_time(10 * SECOND)
    elif how == "busy":
        world.hangs_up(leg, cause=17)
    else:
        world.answers(leg)
        dialled = world.dialled()
        world.hangs_up(leg)
        assert dialled.channel_id in {c.channel_id for c in world.ordered(HangUp)}
        world.pass_time(0)
    assert "refused" in world.states()
    assert "failed" not in world.states()
    call = world.callback()
    assert call.ticket is not None
    assert call.ticket.attempts == 0
    assert call.visit is not None
    assert call.visit.key == START_MS
    world.signs_in("bob")
    assert world.callback().state is CallState.OFFERED
    world.news()
    world.run_dry()


def test_a_customer_whose_phone_agents_let_ring_in_vain_is_left_in_peace_for_a_while() -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    for _ in range(2):
        world.answers(world.ring("ana"))
        world.dialled()
        world.hangs_up(world.work("ana").channel_id or ChannelId(""))
        world.news()
        world.pass_time(0)
        world.pass_time(offering.REST_MS)
    assert world.callback().state is CallState.SCHEDULED
    assert world.states()[-2:] == ["refused", "postponed"]
    ticket = world.callback().ticket
    assert ticket is not None
    assert ticket.attempts == 0
    assert ticket.due_at == world.now_ms - offering.REST_MS + 600 * SECOND
    world.pass_time(600 * SECOND)
    world.ring("ana")
    assert {f.key for f in world.told(VisitOpened)} == {START_MS}


@pytest.mark.parametrize("how", ["refused", "unknown", 34, 38, 41, 42])
@pytest.mark.parametrize("mode", list(CallbackMode))
def test_an_outage_of_the_trunk_is_no_attempt(mode: CallbackMode, how: str | int) -> None:
    world = Desk(floor_of(calls_back(mode)))
    world.kept()
    world.signs_in("ana")
    for _ in range(3):
        if mode is CallbackMode.AGENT_FIRST:
            world.answers(world.ring("ana"))
        fails(world, how)
        assert world.state("ana") is AgentState.READY
        assert world.states()[-1] == "postponed"
        world.pass_time(600 * SECOND)
    if mode is CallbackMode.AGENT_FIRST:
        world.answers(world.ring("ana"))
    world.answers(world.dialled().channel_id)
    ticket = world.callback().ticket
    assert ticket is not None
    assert ticket.attempts == 0


def test_a_number_that_always_fails_as_the_trunk_would_is_given_up_after_a_day() -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    began = world.now_ms
    while world.states()[-1] != "failed":
        assert world.now_ms - began < outages.GIVEN_UP_MS + outages.LONGEST_PAUSE_MS
        world.answers(world.ring("ana"))
        fails(world, 38)
        world.pass_time(outages.LONGEST_PAUSE_MS)
    assert world.now_ms - began > outages.GIVEN_UP_MS
    assert world.told(CallbackChanged)[-1].attempts == 0
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.NO_ANSWER, "not_reached:trunk")]


def fails(world: Desk, how: str | int) -> None:
    """The number just dialled cannot be reached through the trunk."""
    dialled = world.dialled()
    if isinstance(how, int):
        world.hangs_up(dialled.channel_id, cause=how)
    else:
        world.legs.pop(dialled.channel_id)
        world.tell(CommandFailed(dialled, Failure(how), "Allocation failed"))
    world.news()


def test_a_callback_never_overtakes_an_older_live_caller() -> None:
    world = Desk()
    older = world.waits("+33600000001")
    world.pass_time(1 * SECOND)
    callback = world.kept()
    world.pass_time(1 * SECOND)
    younger = world.waits("+33600000002")
    floor = world.engine.floor
    served: list[CallId] = []
    for name in ("ana", "bob"):
        world.signs_in(name)
        (ring,) = world.ordered(RingAgent)
        served.append(ring.call_id)
    assert served == [floor.legs[older][0], callback.id]
    assert floor.calls[floor.legs[younger][0]].state is CallState.WAITING


@pytest.mark.parametrize("mode", list(CallbackMode))
def test_in_random_queues_no_callback_is_offered_before_an_older_live_caller(
    mode: CallbackMode,
) -> None:
    rng = random.Random(7)
    people = tuple(agent(f"a{n}") for n in range(4))
    for _ in range(30):
        world = Desk(floor_of(calls_back(mode), agents=people))
        for n in range(10):
            number = f"+3361234567{n}"
            caller = world.waits(number)
            if rng.random() < 0.5:
                world.tell(DigitPressed(caller, "1"))
                world.hangs_up(caller)
            world.pass_time(rng.choice((0, 1, 500)))
        for person in people:
            world.signs_in(person.id)
            for command in world.ordered(RingAgent):
                asked = world.engine.floor.calls[command.call_id].visit
                assert asked is not None
                live = [
                    c.visit
                    for c in world.engine.floor.calls.values()
                    if c.state is CallState.WAITING and c.kind is CallKind.INBOUND and c.visit
                ]
                assert all((v.key, v.order) > (asked.key, asked.order) for v in live)
