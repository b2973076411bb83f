"""How a call ends, whatever it was doing: everything open is closed, every leg is let go.

One contact, one terminal record: `end` is the only place that tells `ContactEnded`.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability, second_calls
from acd.call import Call
from acd.calls import consultation_ends, dialling, monitors, ringing, talks
from acd.commands import DestroyBridge, StopRecording
from acd.facts import CallbackChanged, ContactEnded, MessageHeard
from acd.flow import FlowState, Walked
from acd.model import CallKind, CallState, ChannelId, EndedBy, OfferEnd, Outcome, VisitOutcome
from acd.queues import stay, waiting
from acd.state import legs, telling
from acd.state.floor import Floor
from acd.state.timers import Wake

_VISIT_OUTCOMES = {
    Outcome.ABANDONED: VisitOutcome.ABANDONED,
    Outcome.ANSWERED_ELSEWHERE: VisitOutcome.ANSWERED_ELSEWHERE,
    Outcome.OVERFLOW: VisitOutcome.OVERFLOW,
    Outcome.CALLBACK: VisitOutcome.CALLBACK,
    Outcome.VOICEMAIL: VisitOutcome.VOICEMAIL,
    Outcome.OUT_OF_HOURS: VisitOutcome.CLOSED,
    # A caller who had been served and hangs up while waiting for the next agent left that queue.
    Outcome.ANSWERED: VisitOutcome.ABANDONED,
    Outcome.NO_ANSWER: VisitOutcome.ABANDONED,
}

_CALL_TIMERS = (Wake.FLOW, Wake.OFFER, Wake.JOIN, Wake.RELAX, Wake.MAX_WAIT, Wake.MESSAGE, Wake.DUE)


class Ending(msgspec.Struct, frozen=True):
    """What a call ends as, who ended it and why; `cause` (Q.850) is for the legs still up."""

    outcome: Outcome
    reason: str
    ended_by: EndedBy = EndedBy.SYSTEM
    cause: int = legs.NORMAL_CLEARING


def end(floor: Floor, call: Call, ending: Ending, gone: ChannelId | None = None) -> None:
    """End the call now; `gone` is the leg that has ended already, None if all still stand."""
    call = _leave_flow(floor, call, ending)
    call = _leave_queue(floor, call, ending, gone)
    call = _leave_message(floor, call, ending)
    call = _message_heard(floor, call, ending)
    call = monitors.end_all(floor, call, gone)
    how = str(ending.ended_by)
    call, consult = consultation_ends.parted(floor, call)
    if consult is not None:
        end(floor, consult, msgspec.structs.replace(ending, reason="customer_gone"), gone)
    call = consultation_ends.third_over(floor, call, how, gone)
    call = dialling.close(floor, call, how, answered=False, gone=gone)
    call = talks.close(floor, call, ending.ended_by, gone)
    if call.bridge_id is not None:
        floor.order(DestroyBridge(call.lane, call.bridge_id))
    call = _release_first_leg(floor, call, ending, gone)
    for wake in _CALL_TIMERS:
        floor.timers.cancel(wake, call.id)
    floor.router.call_gone(call.id)
    floor.calls_to_route.pop(call.id, None)
    call = _callback_failed(floor, call)
    if call.kind is not CallKind.CONSULT:
        outcome = _outcome(call, ending)
        in_hours = call.served or not call.came_closed
        call = floor.tell_call(
            call,
            lambda subject, seq, at: ContactEnded(
                subject,
                seq,
                at,
                call.id,
                outcome,
                ending.ended_by,
                ending.reason,
                call.data,
                in_hours,
            ),
        )
    floor.put_call(msgspec.structs.replace(call, state=CallState.ENDED, since=floor.now_ms))


def _outcome(call: Call, ending: Ending) -> Outcome:
    """Who was served once stays served, whatever happened after it but a fault of ours; a call of
    ours that nobody took has none of the outcomes of a customer who came to us.
    """
    if ending.outcome is Outcome.FAILED:
        return Outcome.FAILED
    if call.served:
        return Outcome.ANSWERED
    ours = call.kind in (CallKind.INTERNAL, CallKind.MANUAL)
    return Outcome.NO_ANSWER if ours else ending.outcome


def _leave_flow(floor: Floor, call: Call, ending: Ending) -> Call:
    if call.talk is not None:
        # What an agent listens to ends with the talk.
        return call
    if call.leg_shared or call.channel_id in floor.line_owner:
        # The agent's leg goes on: what the queue says must not.
        call = waiting.hush(floor, call)
    elif call.playback_id is not None:
        floor.playbacks.pop(call.playback_id, None)
    if call.flow is not None:
        call = telling.node_left(floor, call, _abandoned(floor, call.flow))
    if call.flow_segment_id is not None:
        call = telling.segment_closed(floor, call, call.flow_segment_id, ending.ended_by)
    return msgspec.structs.replace(
        call, flow=None, flow_segment_id=None, playback_id=None, then=None
    )


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
    was_queued = stay.in_queue(floor, call)
    first = call.offers[0] if call.offers else None
    left = ending.ended_by in (EndedBy.CALLER, EndedBy.MEDIA_LOST)
    # What rings here for one who was answered elsewhere is told so, and shows no missed call.
    elsewhere = ending.outcome is Outcome.ANSWERED_ELSEWHERE
    how = OfferEnd.CALLER_GONE if left and not elsewhere else OfferEnd.WITHDRAWN
    call = ringing.withdraw_all(floor, call, how, gone)
    if not was_queued:
        return call
    outcome = _VISIT_OUTCOMES.get(ending.outcome, VisitOutcome.ERROR)
    if call.kind is CallKind.CALLBACK and not call.served:
        # Nobody was on the line who could have abandoned it.
        outcome = VisitOutcome.CALLBACK
    agent_id = first.agent_id if first is not None else None
    return stay.close_visit(floor, call, outcome, agent_id, ringing=first is not None)


def _leave_message(floor: Floor, call: Call, ending: Ending) -> Call:
    """Whoever ends a call in which a message is being left ends the recording too."""
    if call.message_segment_id is None:
        return call
    call = telling.segment_closed(floor, call, call.message_segment_id, ending.ended_by)
    if call.message_id is not None and call.state is CallState.LEAVING_MESSAGE:
        floor.order(StopRecording(call.id, call.message_id))
    return msgspec.structs.replace(call, message_segment_id=None)


def _message_heard(floor: Floor, call: Call, ending: Ending) -> Call:
    """A message is dealt with once an agent has heard it, unless something of ours failed."""
    recording_id, talk = call.message_id, call.talk
    if recording_id is not None and floor.messages.get(recording_id) == call.id:
        del floor.messages[recording_id]
    if call.kind is not CallKind.VOICEMAIL or recording_id is None or talk is None:
        return call
    agent_id = talk.agent_id
    failed = ending.outcome is Outcome.FAILED
    if agent_id is None or failed or not talks.message_heard(floor, call, talk):
        return call
    return floor.tell_call(
        call,
        lambda subject, seq, at: MessageHeard(subject, seq, at, call.id, recording_id, agent_id),
    )


def _callback_failed(floor: Floor, call: Call) -> Call:
    """A callback that ends without its customer, and of which nothing else was told, has failed."""
    ticket, queue_id = call.ticket, call.last_queue_id
    if call.kind is not CallKind.CALLBACK or ticket is None or ticket.over or queue_id is None:
        return call
    key = stay.place_of(call)
    return floor.tell_call(
        call,
        lambda subject, seq, at: CallbackChanged(
            subject,
            seq,
            at,
            call.id,
            queue_id,
            ticket.number,
            "failed",
            ticket.attempts,
            ticket.due_at,
            key,
            ticket.origin_id,
        ),
    )


def _release_first_leg(floor: Floor, call: Call, ending: Ending, gone: ChannelId | None) -> Call:
    """Hang up the first leg, but not an agent's who only consulted from another call."""
    if call.kind is CallKind.CONSULT:
        return consultation_ends.over(floor, call, gone)
    if call.channel_id is not None:
        if call.channel_id in floor.line_owner:
            consultation_ends.hush(floor, call)
        legs.let_go(floor, call.id, call.channel_id, gone, ending.cause)
    if call.caller_agent_id is not None:
        second_calls.talk_over(
            floor, call.caller_agent_id, availability.After(call.id, call.contact)
        )
    return call
