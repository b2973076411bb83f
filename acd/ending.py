"""How a call ends, whatever it was doing: everything open is closed, every leg is let go.

One contact, one terminal record: `end` is the only place that tells `ContactEnded`.
"""

from __future__ import annotations

import msgspec

from acd import agents, telling
from acd.commands import DestroyBridge, HangUp, StopRecording
from acd.facts import Call, ContactEnded, VisitClosed
from acd.floor import Floor
from acd.flow import FlowState, Walked
from acd.model import CallState, ChannelId, EndedBy, OfferEnd, Outcome, VisitOutcome
from acd.timers import Wake

_VISIT_OUTCOMES = {
    Outcome.ABANDONED: VisitOutcome.ABANDONED,
    Outcome.OVERFLOW: VisitOutcome.OVERFLOW,
    Outcome.CALLBACK: VisitOutcome.CALLBACK,
    Outcome.OUT_OF_HOURS: VisitOutcome.CLOSED,
}


class Ending(msgspec.Struct, frozen=True):
    """What a call ends as, who ended it and why; `cause` (Q.850) is for the legs still up."""

    outcome: Outcome
    reason: str
    ended_by: EndedBy = EndedBy.SYSTEM
    cause: int = 16


def end(floor: Floor, call: Call, ending: Ending, gone: ChannelId | None = None) -> None:
    """End the call now; `gone` is the leg that has ended already, None if both still stand."""
    call = _leave_flow(floor, call, ending)
    call = _leave_queue(floor, call, ending, gone)
    call = _leave_talk(floor, call, ending, gone)
    if call.bridge_id is not None:
        floor.order(DestroyBridge(call.id, call.bridge_id))
    if gone != call.channel_id:
        floor.order(HangUp(call.id, call.channel_id, ending.cause))
    floor.forget_leg(call.channel_id, alive=gone != call.channel_id)
    floor.router.call_gone(call.id)
    floor.calls_to_route.pop(call.id, None)
    call = floor.tell_call(
        call,
        lambda subject, seq, at: ContactEnded(
            subject, seq, at, call.id, ending.outcome, ending.ended_by, ending.reason
        ),
    )
    floor.put_call(msgspec.structs.replace(call, state=CallState.ENDED, since=floor.now_ms))


def _leave_flow(floor: Floor, call: Call, ending: Ending) -> Call:
    floor.timers.cancel(Wake.FLOW, call.id)
    if call.playback_id is not None:
        floor.playbacks.pop(call.playback_id, None)
    if call.flow is not None:
        call = telling.node_left(floor, call, _abandoned(floor, call.flow))
    if call.flow_segment_id is not None:
        call = telling.segment_closed(floor, call, call.flow_segment_id, ending.ended_by)
    return msgspec.structs.replace(call, flow=None, flow_segment_id=None, playback_id=None)


def _abandoned(floor: Floor, state: FlowState) -> Walked:
    """The node left behind; of a version that is not loaded any more, its kind is not known."""
    try:
        return floor.flows.abandon(state, floor.now_ms)
    except KeyError:
        return Walked(
            state.flow,
            state.version,
            state.node,
            "unknown",
            None,
            state.entered_at,
            floor.now_ms,
        )


def _leave_queue(floor: Floor, call: Call, ending: Ending, gone: ChannelId | None) -> Call:
    visit, made = call.visit, call.offer
    if visit is None or call.state not in (CallState.WAITING, CallState.OFFERED):
        return call
    floor.line(visit.queue_id).discard(call.id)
    floor.timers.cancel(Wake.OFFER, call.id)
    if made is not None:
        how = OfferEnd.CALLER_GONE if ending.ended_by is EndedBy.CALLER else OfferEnd.WITHDRAWN
        call = telling.segment_closed(floor, call, made.segment_id, how)
        floor.forget_leg(made.channel_id, alive=gone != made.channel_id)
        if gone != made.channel_id:
            floor.order(HangUp(call.id, made.channel_id))
        agents.offer_over(floor, made.agent_id, how, floor.queue(visit.queue_id).rona_limit)
    outcome = _VISIT_OUTCOMES.get(ending.outcome, VisitOutcome.ERROR)
    call = floor.tell_call(
        call,
        lambda subject, seq, at: VisitClosed(
            subject,
            seq,
            at,
            call.id,
            visit.id,
            outcome,
            made.agent_id if made else None,
            None,
            ringing=made is not None,
        ),
    )
    return msgspec.structs.replace(call, offer=None)


def _leave_talk(floor: Floor, call: Call, ending: Ending, gone: ChannelId | None) -> Call:
    talk = call.talk
    if talk is None:
        return call
    floor.timers.cancel(Wake.JOIN, call.id)
    call = telling.segment_closed(floor, call, talk.segment_id, ending.ended_by)
    if talk.recording_id is not None:
        floor.order(StopRecording(call.id, talk.recording_id))
    floor.forget_leg(talk.agent_channel_id, alive=gone != talk.agent_channel_id)
    if gone != talk.agent_channel_id:
        floor.order(HangUp(call.id, talk.agent_channel_id))
    visit = call.visit
    if visit is not None:
        floor.talking[visit.queue_id] -= 1
    wrap_up_s = floor.queue(visit.queue_id).wrap_up_s if visit else 0
    agents.talk_over(floor, talk.agent_id, call.id, visit.id if visit else None, wrap_up_s)
    return msgspec.structs.replace(call, talk=None)
