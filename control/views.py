"""How the floor looks to a supervisor: views made from the engine's state. Pure reading."""

from __future__ import annotations

from acd.facts import Call
from acd.floor import Floor
from acd.model import AgentId, AgentWork, CallState, QueueId
from acd.routing import requirement
from acd.tally import QueueCounts, Tally
from control.protocol import AgentView, CallView, QueueView


def agent_view(floor: Floor, work: AgentWork) -> AgentView:
    """One agent now."""
    profile = floor.config.agents.get(work.id)
    return AgentView(
        id=work.id,
        name=profile.name if profile else work.id,
        state=work.state,
        since=work.since,
        reason=work.reason,
        after=work.after,
        phone_up=work.phone_up,
        call_id=work.call_id,
    )


def call_view(call: Call) -> CallView:
    """One call now; the queue is that of the present or last visit."""
    agent_id: AgentId | None = None
    if call.talk is not None:
        agent_id = call.talk.agent_id
    elif call.offer is not None:
        agent_id = call.offer.agent_id
    return CallView(
        id=call.id,
        state=call.state,
        dnis=call.dnis,
        number=call.number,
        arrived_at=call.arrived_at,
        since=call.since,
        queue_id=call.visit.queue_id if call.visit else None,
        agent_id=agent_id,
        on_hold=call.talk is not None and call.talk.on_hold,
    )


def queue_view(floor: Floor, tally: Tally, queue_id: QueueId) -> QueueView:
    """One queue now. An offered caller still waits: ringing is part of the wait."""
    queue = floor.queue(queue_id)
    waiting = [floor.calls[call_id] for call_id in floor.waiting.get(queue_id, ())]
    entered = [call.visit.enqueued_at for call in waiting if call.visit is not None]
    fit_ready, fit_signed_in = floor.router.fit_counts(requirement(queue.required))
    counts = tally.queues.get(queue_id) or QueueCounts()
    return QueueView(
        id=queue_id,
        name=queue.name,
        service_level_s=queue.service_level_s,
        waiting=len(waiting),
        offered=sum(1 for call in waiting if call.state is CallState.OFFERED),
        talking=floor.talking.get(queue_id, 0),
        oldest_at=min(entered, default=None),
        fit_ready=fit_ready,
        fit_signed_in=fit_signed_in,
        counted_from=tally.counted_from,
        offered_today=counts.offered,
        answered_today=counts.answered,
        answered_in_time_today=counts.answered_in_time,
        abandoned_today=counts.abandoned,
        short_abandoned_today=counts.short_abandoned,
    )
