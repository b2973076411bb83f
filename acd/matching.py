"""Brings waiting calls and ready agents together, once the dust of an event has settled. Pure.

Looks only at calls and agents that an event touched; `routing` finds the best of the other side.
"""

from __future__ import annotations

from acd import calls
from acd.floor import Floor
from acd.model import AgentId, CallId, CallState


def settle(floor: Floor) -> None:
    """Match agents with calls until nothing more can be matched.

    An agent always gets the first call in order that they can take, whichever side made us
    look; so the order by key holds among calls that the same agent could take.
    """
    while floor.calls_to_route or floor.agents_to_route:
        if floor.calls_to_route:
            _route_call(floor, *floor.calls_to_route.popitem())
        else:
            agent_id, trigger = floor.agents_to_route.popitem()
            _route_agent(floor, agent_id, trigger)


def _route_call(floor: Floor, call_id: CallId, trigger: str) -> None:
    call = floor.calls.get(call_id)
    if call is None or call.visit is None or call.state is not CallState.WAITING:
        return
    wanted = floor.wanted(call.visit)
    while (agent_id := floor.router.best_agent(wanted)) is not None:
        first = floor.router.best_call(agent_id)
        if first is None or first == call_id:
            calls.offer(floor, call, agent_id, trigger)
            return
        calls.offer(floor, floor.calls[first], agent_id, trigger)
    if trigger in ("arrival", "requeue"):
        calls.decide(floor, call, trigger, None)


def _route_agent(floor: Floor, agent_id: AgentId, trigger: str) -> None:
    work = floor.agents.get(agent_id)
    if work is None or not floor.router.is_ready(agent_id):
        return
    first = floor.router.best_call(agent_id)
    if first is not None:
        calls.offer(floor, floor.calls[first], agent_id, trigger)
