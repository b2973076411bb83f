"""Brings waiting calls and ready agents together, once the dust of an event has settled. Pure.

Looks only at calls and agents that an event touched; `routing` finds the best of the other side.
"""

from __future__ import annotations

from acd.call import Call
from acd.calls import ringing
from acd.config import Strategy
from acd.destinations import arrivals, callback_schedule, callbacks
from acd.facts import Trigger
from acd.model import AgentId, CallId, CallState
from acd.queues import stay
from acd.routing.relaxing import want_of
from acd.state.floor import Floor

RING_ALL_AT_MOST = 10
"""How many phones one call rings at once where a queue rings all."""


def settle(floor: Floor) -> None:
    """Match agents with calls until nothing more can be matched.

    An agent always gets the first call in order that they can take, whichever side made us
    look; so the order by key holds among calls that the same agent could take.
    """
    while floor.agents_away or floor.to_flow or floor.calls_to_route or floor.agents_to_route:
        if floor.agents_away:
            stay.search_without(floor, floor.agents_away.popitem()[0])
        elif floor.to_flow:
            call_id, flow = floor.to_flow.popitem()
            if call_id in floor.calls:
                arrivals.begin_flow(floor, floor.calls[call_id], flow)
        elif floor.calls_to_route:
            _route_call(floor, *floor.calls_to_route.popitem())
        else:
            agent_id, trigger = floor.agents_to_route.popitem()
            _route_agent(floor, agent_id, trigger)
    callback_schedule.look_ahead(floor)


def _route_call(floor: Floor, call_id: CallId, trigger: Trigger) -> None:
    call = floor.calls.get(call_id)
    if call is None or call.visit is None or call.state is not CallState.WAITING:
        return
    if call_id in floor.customers_first:
        # No agent may be rung before the customer is on the line.
        return
    want = want_of(floor.config, call.visit)
    while (agent_id := floor.router.best_agent(want)) is not None:
        first = floor.router.best_call(agent_id)
        if first is None or first == call_id:
            _offer(floor, call, agent_id, trigger)
            return
        _offer(floor, floor.calls[first], agent_id, trigger)
    if trigger in ("arrival", "requeue", "relaxed"):
        stay.decide(floor, call, trigger, None)


def _route_agent(floor: Floor, agent_id: AgentId, trigger: Trigger) -> None:
    work = floor.agents.get(agent_id)
    if work is None or not floor.router.is_ready(agent_id):
        return
    first = floor.router.best_call(agent_id)
    if first is not None:
        _offer(floor, floor.calls[first], agent_id, trigger)


def _offer(floor: Floor, call: Call, agent_id: AgentId, trigger: Trigger) -> None:
    """Ring this agent, or all who are free and fit where the queue rings all."""
    if call.visit is None:
        return
    why_not = callbacks.must_wait(floor, call)
    if why_not is not None:
        callbacks.put_off(floor, call, why_not)
        floor.agents_to_route.setdefault(agent_id, trigger)
        return
    if floor.queue(call.visit.queue_id).strategy is Strategy.RING_ALL:
        want = want_of(floor.config, call.visit)
        others = floor.router.best_agents(want, RING_ALL_AT_MOST)
        # Nobody may be taken from an older call of another queue that they could serve.
        free = (a for a in others if a != agent_id and floor.router.best_call(a) == call.id)
        ringing.offer(floor, call, (agent_id, *free), trigger)
    else:
        ringing.offer(floor, call, (agent_id,), trigger)
