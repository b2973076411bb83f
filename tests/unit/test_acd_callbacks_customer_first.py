"""Callbacks whose customer is dialled first: only as many as agents are there for."""

from __future__ import annotations

import random

import pytest

from acd.commands import DialOutside, RingAgent
from acd.config import CallbackMode
from acd.events import BookCallback
from acd.facts import VisitClosed
from acd.model import AgentState, CallId, CallKind, CallState, Outcome, QueueId, VisitOutcome
from tests.unit.acd_stage import agent
from tests.unit.callback_desk import (
    CUSTOMER,
    MINUTE,
    SECOND,
    Desk,
    calls_back,
    customer_first,
    floor_of,
)

pytestmark = pytest.mark.unit


def test_nobody_is_dialled_until_an_agent_is_there_for_them() -> None:
    world = customer_first()
    world.kept()
    world.pass_time(10 * MINUTE)
    assert world.callback().state is CallState.WAITING
    world.signs_in("ana")
    dialled = world.dialled()
    assert dialled.number == CUSTOMER
    assert world.state("ana") is AgentState.READY
    world.answers(dialled.channel_id)
    assert world.state("ana") is AgentState.OFFERED
    assert world.callback().state is CallState.OFFERED
    world.answers(world.ring("ana"))
    assert world.states() == ["booked", "waiting", "dialling", "reached"]
    assert world.callback().served
    world.hangs_up(dialled.channel_id)
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.ANSWERED, "caller_hung_up")]
    world.news()
    world.run_dry()


def test_no_more_customers_are_dialled_than_agents_are_there() -> None:
    world = customer_first()
    for n in range(5):
        world.hangs_up(world.asks(f"+3361234567{n}"))
        world.pass_time(1 * SECOND)
    world.signs_in("ana")
    assert world.dialled().number == "+33612345670"
    world.signs_in("bob")
    second = world.dialled()
    assert second.number == "+33612345671"
    world.pass_time(1 * SECOND)
    assert world.ordered(DialOutside) == []
    # One does not pick up: the agent who is there for them is there for the next.
    world.hangs_up(second.channel_id, cause=17)
    assert world.dialled().number == "+33612345672"


def test_at_no_moment_are_more_customers_under_way_than_agents_free_or_about_to_be() -> None:
    rng = random.Random(11)
    people = tuple(agent(f"a{n}") for n in range(3))
    for _ in range(15):
        mode = calls_back(CallbackMode.CUSTOMER_FIRST)
        world = Desk(floor_of(mode, agents=people))
        for n in range(8):
            world.tell(BookCallback(CallId(f"b{n}"), QueueId("sales"), f"+3361234567{n}", "lea"))
        for person in people[: rng.randrange(1, 4)]:
            world.signs_in(person.id)
        for _ in range(60):
            rung = [c for c in world.legs if c not in world.answered_legs]
            up = [c for c in world.legs if c in world.answered_legs]
            choice = rng.random()
            if choice < 0.5 and rung:
                world.answers(rng.choice(rung))
            elif choice < 0.6 and rung and world.legs[rung[0]] == "outside":
                world.hangs_up(rung[0], cause=17)
            elif choice < 0.8 and up:
                world.hangs_up(rng.choice(up))
            else:
                world.pass_time(rng.choice((500, 3_000, 9_000)))
            world.news()
            calls = world.engine.floor.calls.values()
            under_way = [
                c
                for c in calls
                if not c.served and (c.dial or (c.channel_id and c.state is CallState.WAITING))
            ]
            soon = world.now_ms + 10 * SECOND
            free = [
                w
                for w in world.engine.floor.agents.values()
                if w.state is AgentState.READY
                or (w.state is AgentState.WRAP_UP and (w.wrap_up_until or soon + 1) <= soon)
            ]
            assert len(under_way) <= len(free), (under_way, free)
        assert "reached" in world.states()


def test_an_agent_who_is_needed_by_a_caller_is_not_counted_on() -> None:
    world = customer_first()
    world.kept()
    world.waits("+33600000009")
    world.signs_in("ana")
    assert world.state("ana") is AgentState.OFFERED
    assert world.callback().state is CallState.WAITING


def test_a_customer_is_dialled_shortly_before_a_wrap_up_ends() -> None:
    world = customer_first()
    world.signs_in("ana")
    caller, rung = world.talk("ana")
    world.kept()
    world.hangs_up(caller)
    assert world.state("ana") is AgentState.WRAP_UP
    world.pass_time(19 * SECOND)
    assert world.ordered(DialOutside) == []
    world.pass_time(1 * SECOND)
    dialled = world.dialled()
    world.answers(dialled.channel_id)
    assert world.callback().state is CallState.WAITING
    world.pass_time(10 * SECOND)
    assert world.callback().state is CallState.OFFERED
    assert rung not in world.legs


def test_who_picks_up_waits_at_the_old_place_and_is_told_why() -> None:
    world = customer_first()
    world.kept()
    world.signs_in("ana")
    dialled = world.dialled()
    taken = world.waits("+33600000001")
    assert world.state("ana") is AgentState.OFFERED
    world.pass_time(1 * SECOND)
    world.waits("+33600000002")
    world.answers(dialled.channel_id)
    call = world.callback()
    assert call.state is CallState.WAITING
    assert call.playback_id is not None
    world.signs_in("bob")
    (ring,) = world.ordered(RingAgent)
    assert ring.call_id == call.id
    world.hangs_up(taken)


def test_a_customer_who_hangs_up_before_an_agent_is_there_is_tried_again() -> None:
    world = customer_first()
    world.kept()
    world.signs_in("ana")
    dialled = world.dialled()
    world.answers(dialled.channel_id)
    world.hangs_up(dialled.channel_id)
    assert world.state("ana") is AgentState.READY
    call = world.callback()
    assert call.state is CallState.SCHEDULED
    assert call.ticket is not None
    assert call.ticket.attempts == 1
    assert VisitOutcome.ABANDONED not in [f.outcome for f in world.told(VisitClosed)]
    world.news()
    world.run_dry()
