"""Whom a number stands for: callers whose number tells nothing are not taken for one person."""

from __future__ import annotations

import pytest

from acd.commands import RingAgent
from acd.config import Outside
from acd.events import CallArrived
from acd.facts import ContactArrived
from acd.model import ChannelId
from control.views import call_view
from tests.unit.acd_stage import Stage, config, queue
from tests.unit.callback_desk import Desk, calls_back, floor_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("number", "rung_first"),
    [("+33612345678", "ana"), ("3900", "bob"), ("Alice", "bob"), (None, "bob")],
)
def test_only_a_number_of_somebodys_leads_to_the_last_agent(
    number: str | None, rung_first: str
) -> None:
    world = Stage(config(queue(sticky_s=20, wrap_up_s=0)))
    world.signs_in("ana")
    caller = world.caller(number)
    world.answers(world.ring("ana"))
    world.signs_in("bob")
    world.pass_time(1_000)
    world.hangs_up(caller)
    world.news()
    world.pass_time(1_000)
    world.caller(number)
    assert [ring.agent_id for ring in world.ordered(RingAgent)] == [rung_first]


@pytest.mark.parametrize("number", ["0000000000", "3900", "+33000000000", "+33266696687", None])
def test_who_has_no_number_of_their_own_keeps_waiting_instead_of_being_called_back(
    number: str | None,
) -> None:
    """Two of them are two people: the first has no callback that the second could be given."""
    desk = Desk(floor_of(calls_back(), outside=Outside(allowed=("+33", "3900"))))
    for _ in range(2):
        desk.asks(number)
    assert not [call for call in desk.engine.floor.calls.values() if call.ticket is not None]
    waiting = [call for call in desk.engine.floor.calls.values() if call.visit is not None]
    assert len(waiting) == 2


def test_a_hidden_number_stays_a_property_of_the_call() -> None:
    world = Stage(config(queue(sticky_s=20)))
    world.signs_in("ana")
    channel_id = ChannelId("hidden")
    world.legs[channel_id] = "caller"
    world.tell(CallArrived(channel_id, "601", withheld=True))
    (arrived,) = world.told(ContactArrived)
    assert (arrived.number, arrived.name, arrived.withheld) == (None, None, True)
    (call,) = world.engine.floor.calls.values()
    shown = call_view(world.engine.floor, call)
    assert (shown.number, shown.name, shown.withheld) == (None, None, True)
    (ring,) = world.ordered(RingAgent)
    assert (ring.number, ring.name) == (None, None)
    world.answers(world.ring("ana"))
    assert world.engine.floor.last_agents == {}
