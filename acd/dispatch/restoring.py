"""Takes up what an earlier life left in the journal: calls, agents, their timers. Pure.

Nobody is matched here: `reconcile` comes first, with what the switch still holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from acd.agents import availability, seating
from acd.call import Call
from acd.desk import placing
from acd.destinations import voicemail
from acd.model import AgentState, AgentWork, CallId, CallKind, CallState
from acd.queues import stay, waiting
from acd.sightings import unseen_since
from acd.state import legs
from acd.state.floor import Floor, Role
from acd.state.timers import Wake

_NOT_OURS_TO_CUT = (AgentState.SIGNED_OUT, AgentState.OFFERED, *availability.IN_TALK)


def restore(
    floor: Floor,
    live_calls: Iterable[Call],
    at_work: Iterable[AgentWork],
    now_ms: int,
    alive_at: int | None = None,
) -> None:
    """Put kept calls and agents on an empty floor; ended calls are passed over.

    `alive_at` (UTC ms) is the last that is known of the earlier life, None: nothing. What agents
    did ends there; of those in a call only `reconcile` can tell.
    """
    floor.now_ms = now_ms
    down_since = unseen_since(alive_at, now_ms)
    for kept in at_work:
        work = floor.put_agent(kept)
        availability.index(floor, work)
        if work.line is not None:
            legs.own(floor, CallId(work.id), work.line, Role.LINE)
        if work.wrap_up_until is not None:
            floor.timers.set(Wake.WRAP_UP, work.id, work.wrap_up_until)
        if down_since is not None and work.state not in _NOT_OURS_TO_CUT:
            availability.go_on(floor, work, down_since)
            work = floor.agents[work.id]
        if work.id not in floor.config.agents:
            seating.removed(floor, work)
    for call in live_calls:
        if call.state is not CallState.ENDED:
            _restore_call(floor, call)
    floor.calls_to_route.clear()
    floor.agents_to_route.clear()
    floor.agents_away.clear()


def _restore_call(floor: Floor, call: Call) -> None:
    floor.put_call(call)
    own_legs(floor, call)
    if call.playback_id is not None:
        floor.playbacks[call.playback_id] = call.id
    if call.flow is not None and call.flow.due_at is not None:
        floor.timers.set(Wake.FLOW, call.id, call.flow.due_at)
    if call.then is not None and call.state is CallState.IN_FLOW:
        # Whether it was heard out is not known: on to where the call was sent.
        floor.timers.set(Wake.FLOW, call.id, floor.now_ms)
    if call.message_id is not None:
        floor.messages[call.message_id] = call.id
    if call.state is CallState.LEAVING_MESSAGE:
        floor.timers.set(Wake.MESSAGE, call.id, voicemail.given_up_at(floor, call))
    if call.ticket is not None and call.state is CallState.SCHEDULED:
        floor.timers.set(Wake.DUE, call.id, call.ticket.due_at)
    if call.visit is not None:
        floor.visit_count = max(floor.visit_count, call.visit.order)
        _restore_visit(floor, call)
    deadlines = [made.deadline_at for made in call.offers]
    if call.dial is not None:
        deadlines.append(call.dial.deadline_at)
    elif placing.rings_own_phone(call):
        deadlines.append(call.since + placing.OWN_RING_S * 1000)
    if deadlines:
        floor.timers.set(Wake.OFFER, call.id, max(deadlines))
    if call.talk is not None and call.talk.agent_id is not None and call.visit is not None:
        floor.talking[call.visit.queue_id] += 1


def _restore_visit(floor: Floor, call: Call) -> None:
    visit = call.visit
    if visit is None:
        return
    if call.state is CallState.WAITING:
        stay.stand(floor, call, "restart")
        waiting.resume(floor, call)
    elif call.state is CallState.OFFERED and call.direct_to is None:
        floor.line(visit.queue_id).add(call.id, visit)
        waiting.resume(floor, call)
    elif call.state is CallState.DIALLING and _is_called_first(call):
        # A customer who is called first keeps the place while the phone rings.
        floor.line(visit.queue_id).add(call.id, visit)


def _is_called_first(call: Call) -> bool:
    return call.kind is CallKind.CALLBACK and call.channel_id is None and call.talk is None


def own_legs(floor: Floor, call: Call) -> None:
    """Every leg that the call names is its own again."""
    if call.channel_id is not None and not call.leg_shared:
        legs.own(floor, call.id, call.channel_id, Role.CALLER)
    for made in call.offers:
        legs.own(floor, call.id, made.channel_id, Role.AGENT)
    if call.dial is not None:
        legs.own(floor, call.id, call.dial.channel_id, Role.DIALLED)
    if call.talk is not None:
        legs.own(floor, call.id, call.talk.agent_channel_id, Role.AGENT)
        if call.talk.third is not None:
            legs.own(floor, call.id, call.talk.third.channel_id, Role.THIRD)
    for monitor in call.monitors:
        legs.own(floor, call.id, monitor.channel_id, Role.SUPERVISOR)
        if monitor.snoop_id is not None:
            legs.own(floor, call.id, monitor.snoop_id, Role.SNOOP)
