"""Somebody hung up: what that means wherever the call was on its way. Pure."""

from __future__ import annotations

from acd.call import Call
from acd.calls.ending import Ending, end
from acd.desk import consulting
from acd.destinations import callbacks, voicemail
from acd.model import CallKind, CallState, EndedBy, Outcome
from acd.queues import stay
from acd.state.floor import Floor
from acd.states import CallInput, call_goes


def first_leg_gone(floor: Floor, call: Call) -> None:
    """The customer hung up, or the agent who called."""
    if not call_goes(call.state, CallInput.CALLER_GONE, CallState.ENDED):
        return
    by = EndedBy.AGENT if call.caller_agent_id is not None else EndedBy.CALLER
    if call.state is CallState.LEAVING_MESSAGE:
        voicemail.caller_gone(floor, call)
        return
    if call.kind is CallKind.CALLBACK and not call.served:
        callbacks.customer_left(floor, call)
        return
    if call.state is CallState.TALKING:
        # With a number outside the contact is the overflow's, whoever hangs up.
        served = call.served or (call.talk is not None and call.talk.agent_id is not None)
        outcome = Outcome.ANSWERED if served else Outcome.OVERFLOW
        ending = Ending(outcome, "caller_hung_up", by)
    elif call.then is not None:
        ending = Ending(call.then.outcome, "hung_up_on_the_way", by)
    elif stay.in_queue(floor, call):
        ending = Ending(Outcome.ABANDONED, "hung_up_in_queue", by)
    elif call.kind is not CallKind.INBOUND:
        ending = Ending(Outcome.NO_ANSWER, "caller_hung_up", by)
    elif call.visit is not None or call.last_queue_id is not None:
        # Turned away, or on the way outside: no longer the queue's.
        ending = Ending(Outcome.OVERFLOW, "hung_up_on_the_way", by)
    else:
        # Who does not hear out that it is closed came out of hours like who does.
        closed = call.flow is not None and call.flow.closed
        outcome = Outcome.OUT_OF_HOURS if closed else Outcome.FLOW_HANG_UP
        ending = Ending(outcome, "hung_up_in_flow", by)
    end(floor, call, ending, gone=call.channel_id)


def other_leg_gone(floor: Floor, call: Call) -> None:
    """The agent's leg, or the one outside, ended in a conversation."""
    talk = call.talk
    if talk is None or not call_goes(call.state, CallInput.AGENT_GONE):
        return
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
    why = "agent_hung_up" if talk.agent_id is not None else "outside_hung_up"
    end(floor, call, Ending(outcome, why, by), gone=talk.agent_channel_id)
