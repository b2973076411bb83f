"""Takes up what an earlier life left in the journal: calls, agents, their timers. Pure.

Nobody is matched here: `reconcile` comes first, with what the switch still holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from acd import agents, calls
from acd.facts import Call
from acd.floor import Floor, Role
from acd.model import AgentWork, CallState
from acd.timers import Wake


def restore(
    floor: Floor, live_calls: Iterable[Call], at_work: Iterable[AgentWork], now_ms: int
) -> None:
    """Put kept calls and agents on an empty floor; ended calls are passed over."""
    floor.now_ms = now_ms
    for kept in at_work:
        work = floor.put_agent(kept)
        agents.index(floor, work)
        if work.wrap_up_until is not None:
            floor.timers.set(Wake.WRAP_UP, work.id, work.wrap_up_until)
        if work.id not in floor.config.agents:
            agents.removed(floor, work)
    for call in live_calls:
        if call.state is not CallState.ENDED:
            _restore_call(floor, call)
    floor.calls_to_route.clear()
    floor.agents_to_route.clear()


def _restore_call(floor: Floor, call: Call) -> None:
    floor.put_call(call)
    floor.legs[call.channel_id] = (call.id, Role.CALLER)
    if call.playback_id is not None:
        floor.playbacks[call.playback_id] = call.id
    if call.flow is not None and call.flow.due_at is not None:
        floor.timers.set(Wake.FLOW, call.id, call.flow.due_at)
    if call.visit is not None:
        floor.visit_count = max(floor.visit_count, call.visit.order)
        if call.state is CallState.WAITING:
            calls.wait(floor, call, call.visit, "restart")
        elif call.state is CallState.OFFERED:
            floor.line(call.visit.queue_id).add(call.id, call.visit)
    if call.offer is not None:
        floor.legs[call.offer.channel_id] = (call.id, Role.AGENT)
        floor.timers.set(Wake.OFFER, call.id, call.offer.deadline_at)
    if call.talk is not None:
        floor.legs[call.talk.agent_channel_id] = (call.id, Role.AGENT)
        if call.visit is not None:
            floor.talking[call.visit.queue_id] += 1
