"""How the floor looks to a supervisor: views made from the engine's state. Pure reading."""

from __future__ import annotations

from acd.call import Call
from acd.counting.tally import QueueCounts, Tally
from acd.model import AgentId, AgentState, AgentWork, CallKind, CallState, QueueId
from acd.queues.waiting import takes_calls
from acd.routing.router import Want
from acd.state.floor import Floor
from control.protocol import AgentView, CallView, MonitorView, QueueView

ENOUGH_ESTIMATES = 5
"""Of fewer estimates that came true or not, no share is shown."""


def agent_view(floor: Floor, work: AgentWork) -> AgentView:
    """One agent now."""
    profile = floor.config.agents.get(work.id)
    call = floor.calls.get(work.call_id) if work.call_id is not None else None
    phone = floor.phone_of(work.id)
    return AgentView(
        id=work.id,
        name=profile.name if profile else work.id,
        state=work.state,
        since=work.since,
        reason=work.reason,
        after=work.after,
        phone_up=work.phone_up,
        call_id=work.call_id,
        team=profile.team if profile else None,
        phone=phone,
        own_phone=phone is not None and floor.owner_of(phone) == work.id,
        connected=work.connected,
        consult_id=work.consult_id,
        queue_id=call.last_queue_id if call is not None else work.wrap_up_queue_id,
        wrap_up_until=work.wrap_up_until,
        wrap_up_mandatory=work.wrap_up_mandatory,
        wrap_up_call_id=work.wrap_up_call_id,
        calls_taken=work.calls_taken,
        busy_ms=work.busy_ms,
        signed_in_at=work.signed_in_at if work.state is not AgentState.SIGNED_OUT else 0,
        queue_ids=floor.foretelling.queues_of(work.id),
        not_reached=work.not_reached,
    )


_UNATTENDED = (CallKind.CALLBACK, CallKind.VOICEMAIL)
"""Work that waits in a queue with nobody on the telephone."""


def call_view(floor: Floor, call: Call) -> CallView:
    """One call now; the queue is that of the present or last visit."""
    talk = call.talk
    agents = [made.agent_id for made in call.offers]
    for who in (
        talk.agent_id if talk is not None else None,
        talk.third.agent_id if talk is not None and talk.third is not None else None,
        call.caller_agent_id,
    ):
        if who is not None and who not in agents:
            agents.append(who)
    visit = call.visit if call.visit and call.id in floor.line(call.visit.queue_id) else None
    outside = call.dial.number if call.dial is not None else talk.number if talk else None
    return CallView(
        id=call.id,
        state=call.state,
        dnis=call.dnis,
        number=call.number,
        arrived_at=call.arrived_at,
        since=call.since,
        queue_id=call.visit.queue_id if call.visit else call.last_queue_id,
        agent_id=agents[0] if agents else None,
        on_hold=talk is not None and talk.on_hold,
        kind=call.kind,
        name=call.name,
        withheld=call.withheld,
        agent_ids=tuple(agents),
        outside=outside,
        key=visit.key if visit else None,
        order=visit.order if visit else None,
        priority=visit.priority if visit else None,
        enqueued_at=visit.enqueued_at if visit else None,
        estimate_ms=visit.estimate_ms if visit else None,
        step=visit.step if visit else None,
        due_at=call.ticket.due_at if call.ticket is not None else None,
        parent_id=call.parent_id,
        away=talk is not None and talk.away,
        muted=talk is not None and talk.muted,
        third=talk is not None and talk.third is not None,
        held_by=_holder(call),
        held_by_phone=talk is not None and talk.held_by_phone,
        own_line=call.kind is CallKind.CONSULT and not call.leg_shared,
        disposition=talk.disposition if talk is not None else None,
        monitors=tuple(MonitorView(m.by, m.agent_id, m.mode, m.up) for m in call.monitors),
        data=call.data,
    )


def _holder(call: Call) -> AgentId | None:
    """The agent who holds the other side of this call."""
    talk = call.talk
    if talk is None or not talk.on_hold:
        return None
    return call.caller_agent_id if talk.other_held else talk.agent_id


def queue_view(floor: Floor, tally: Tally, queue_id: QueueId) -> QueueView:
    """One queue now. An offered caller still waits: ringing is part of the wait.

    Callbacks and messages that wait are counted apart: nobody is on the telephone.
    """
    queue = floor.queue(queue_id)
    standing = [floor.calls[call_id] for call_id in floor.waiting.get(queue_id, ())]
    waiting = [call for call in standing if call.kind not in _UNATTENDED]
    entered = [call.visit.enqueued_at for call in waiting if call.visit is not None]
    fit_ready, fit_signed_in = floor.router.fit_counts(Want(queue_id, step=len(queue.steps)))
    counts = tally.queues.get(queue_id) or QueueCounts()
    errors = floor.forecast.errors(queue_id)
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
        open=takes_calls(floor, queue),
        closed_by_hand=queue.closed,
        callbacks=sum(1 for call in standing if call.kind is CallKind.CALLBACK),
        messages=sum(1 for call in standing if call.kind is CallKind.VOICEMAIL),
        estimate_ms=_estimate(floor, queue_id, fit_ready),
        estimate_coverage=errors.coverage if errors.count >= ENOUGH_ESTIMATES else None,
        estimate_error_ms=_rounded(errors.mean_absolute_error_ms),
    )


def _estimate(floor: Floor, queue_id: QueueId, fit_ready: int) -> int | None:
    """What a caller who came now would be told; 0 where somebody is free."""
    if fit_ready:
        return 0
    foretold = floor.forecast.predict(queue_id, lambda other: len(floor.line(other)))
    return foretold.announced_ms if foretold is not None else None


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
