"""Somebody hung up: what that means wherever the call was on its way. Pure."""

from __future__ import annotations

from acd.call import Call
from acd.calls.ending import Ending, end
from acd.desk import consulting, second_lines
from acd.destinations import callbacks, voicemail
from acd.model import CallKind, CallState, EndedBy, LegEnd, Outcome
from acd.queues import stay
from acd.state.floor import Floor
from acd.states import CallInput, call_goes


def first_leg_gone(floor: Floor, call: Call, how: LegEnd | None = None) -> None:
    """The customer hung up, or the agent who called.

    `how`: the switch cut the leg for want of sound, or the network took the call back.
    """
    if not call_goes(call.state, CallInput.CALLER_GONE, CallState.ENDED):
        return
    if call.state is CallState.LEAVING_MESSAGE:
        voicemail.caller_gone(floor, call)
        return
    if call.kind is CallKind.CALLBACK and not call.served:
        callbacks.customer_left(floor, call)
        return
    call = second_lines.part(floor, call)
    who = EndedBy.AGENT if call.caller_agent_id is not None else EndedBy.CALLER
    end(floor, call, _ending(floor, call, how, who), gone=call.channel_id)


def _ending(floor: Floor, call: Call, how: LegEnd | None, who: EndedBy) -> Ending:
    if how is LegEnd.ANSWERED_ELSEWHERE and call.kind is CallKind.INBOUND and not call.served:
        return Ending(Outcome.ANSWERED_ELSEWHERE, "answered_elsewhere", who)
    outcome, reason = _left(floor, call)
    if how is LegEnd.MEDIA_LOST:
        return Ending(outcome, f"{who}_media_lost", EndedBy.MEDIA_LOST)
    return Ending(outcome, reason, who)


def _left(floor: Floor, call: Call) -> tuple[Outcome, str]:
    """What a call ends as whose first leg is gone, and the reason if they hung up."""
    if call.state is CallState.TALKING:
        # With a number outside the contact is the overflow's, whoever hangs up.
        served = call.served or (call.talk is not None and call.talk.agent_id is not None)
        return Outcome.ANSWERED if served else Outcome.OVERFLOW, "caller_hung_up"
    if call.then is not None:
        return call.then.outcome, "hung_up_on_the_way"
    if stay.in_queue(floor, call):
        return Outcome.ABANDONED, "hung_up_in_queue"
    if call.kind is not CallKind.INBOUND:
        return Outcome.NO_ANSWER, "caller_hung_up"
    if call.visit is not None or call.last_queue_id is not None:
        # Turned away, or on the way outside: no longer the queue's.
        return Outcome.OVERFLOW, "hung_up_on_the_way"
    # Who does not hear out that it is closed came out of hours like who does.
    closed = call.flow is not None and call.flow.closed
    return Outcome.OUT_OF_HOURS if closed else Outcome.FLOW_HANG_UP, "hung_up_in_flow"


def other_leg_gone(floor: Floor, call: Call, how: LegEnd | None = None) -> None:
    """The agent's leg, or the one outside, ended in a conversation; `how` as above."""
    talk = call.talk
    if talk is None or not call_goes(call.state, CallInput.AGENT_GONE):
        return
    call = second_lines.part(floor, call)
    if consulting.agent_left(floor, call):
        return
    if call.kind is CallKind.CALLBACK and not call.served:
        callbacks.agent_left(floor, call)
        return
    if voicemail.put_back(floor, call):
        return
    by = EndedBy.AGENT if talk.agent_id is not None else EndedBy.UNKNOWN
    outcome = Outcome.ANSWERED if call.state is CallState.TALKING else Outcome.NO_ANSWER
    if talk.agent_id is None and not call.served:
        outcome = Outcome.OVERFLOW
    who = "agent" if talk.agent_id is not None else "outside"
    why = f"{who}_hung_up"
    if how is LegEnd.MEDIA_LOST:
        by, why = EndedBy.MEDIA_LOST, f"{who}_media_lost"
    end(floor, call, Ending(outcome, why, by), gone=talk.agent_channel_id)
