"""A call goes from an agent to somebody else: at once, or to who has been asked already. Pure.

Who may ask for it, and in which moment, is `transfers`' and `consulting`'s.
"""

from __future__ import annotations

import msgspec

from acd.call import Call, Resume
from acd.calls import consultation_ends, monitors, ringing, talks
from acd.calls.ending import Ending, end
from acd.commands import LeaveBridge, ShowCaller
from acd.destinations import sending
from acd.facts import Transferred
from acd.model import (
    AgentId,
    CallState,
    ChannelId,
    EndedBy,
    OfferEnd,
    Outcome,
    QueueId,
    Target,
    TargetKind,
    Visit,
    VisitOutcome,
)
from acd.queues import stay
from acd.queues.stay import Entry
from acd.state import legs
from acd.state.floor import Floor
from acd.states import CallInput, call_goes


def told(floor: Floor, call: Call, agent_id: AgentId | None, how: str, target: Target) -> Call:
    """Keep that this agent gave the call away, or took it back."""
    return floor.tell_call(
        call,
        lambda subject, seq, at: Transferred(
            subject, seq, at, call.contact, agent_id, how, target.kind, target.id
        ),
    )


def give_away(
    floor: Floor,
    call: Call,
    target: Target,
    how: str,
    place: Visit | None = None,
    gone: ChannelId | None = None,
) -> None:
    """The call's agent is freed, the call goes to `target`, and back if it is not taken there.

    `place` is the visit whose place it has in the queue (None: a new one), `gone` the agent's leg
    if it has ended by itself.
    """
    if call.talk is None:
        return
    call_goes(call.state, CallInput.TRANSFERRED)
    call = told(floor, call, call.talk.agent_id, how, target)
    call = left_by_agent(floor, call, gone)
    if target.kind is TargetKind.QUEUE:
        queue_id = QueueId(target.id or "")
        entry = Entry(queue_id)
        if place is not None:
            key = stay.key_in(floor, place, queue_id)
            entry = Entry(queue_id, priority=place.boost, key=key)
        sending.enter(floor, call, entry)
    else:
        sending.send(floor, call, target, "transferred")


def left_by_agent(floor: Floor, call: Call, gone: ChannelId | None) -> Call:
    """The agent leaves the conversation, the customer stays alone and can come back to them."""
    talk = call.talk
    if talk is None:
        return call
    resume = Resume(talk.agent_id, call.last_queue_id, floor.now_ms)
    if call.visit is not None:
        resume = msgspec.structs.replace(resume, key=call.visit.key, boost=call.visit.boost)
    call = monitors.end_all(floor, call, None)
    if not talk.held_by_us and call.channel_id is not None:
        floor.order(LeaveBridge(call.lane, talk.bridge_id, (call.channel_id,)))
    call = talks.close(floor, call, EndedBy.AGENT, gone)
    return floor.put_call(msgspec.structs.replace(call, resume=resume))


def asked_for(call: Call) -> Target | None:
    """Whom a consultation is for, or was found through; None if nobody is sought any more."""
    if call.visit is not None:
        return Target(TargetKind.QUEUE, call.visit.queue_id)
    if call.direct_to is not None:
        return Target(TargetKind.AGENT, call.direct_to)
    if call.dial is not None:
        return Target(TargetKind.NUMBER, call.dial.number)
    if call.talk is None:
        return None
    if call.talk.agent_id is not None:
        return Target(TargetKind.AGENT, call.talk.agent_id)
    return Target(TargetKind.NUMBER, call.talk.number)


def hand_over(
    floor: Floor, call: Call, consult: Call, how: str, gone: ChannelId | None = None
) -> None:
    """The agent leaves; the customer and the one consulted talk on (`gone`: as in `give_away`)."""
    target, talk = asked_for(consult), call.talk
    if talk is None or target is None:
        return
    call_goes(call.state, CallInput.TRANSFERRED, CallState.TALKING)
    call, _ = consultation_ends.parted(floor, call)
    other = consultation_ends.dissolved(floor, consult, "transferred")
    if not consult.leg_shared and consult.channel_id is not None:
        legs.let_go(floor, call.lane, consult.channel_id, gone)
    if other is None:
        return
    call = monitors.end_all(floor, call, None)
    call = told(floor, call, talk.agent_id, how, target)
    call = talks.close(floor, call, EndedBy.AGENT, gone)
    if consult.visit is not None:
        call = msgspec.structs.replace(
            call, visit=consult.visit, last_queue_id=consult.visit.queue_id
        )
    begin_with(
        floor,
        call,
        talks.Other(
            other.agent_channel_id,
            other.agent_id,
            other.number,
            standing=other.standing,
            muted=other.muted,
        ),
    )
    consultation_ends.let_bridge_go(floor, consult)


def begin_with(floor: Floor, call: Call, other: talks.Other) -> None:
    """The customer talks to somebody who is on the line already; their phone shows who it is."""
    talks.begin(floor, call, other)
    if other.agent_id is not None:
        floor.order(ShowCaller(call.lane, other.channel_id, call.number, call.name))


def give_semi_attended(
    floor: Floor, call: Call, consult: Call, how: str, gone: ChannelId | None = None
) -> None:
    """The one consulted has not answered yet: the customer goes there, to the same place."""
    target = asked_for(consult)
    place = consult.visit
    consult = ringing.withdraw_all(floor, consult, OfferEnd.WITHDRAWN)
    if stay.in_queue(floor, consult) and target is not None:
        to = sending.name_of(target)
        consult = stay.close_visit(floor, consult, VisitOutcome.MOVED, to=to)
    call, _ = consultation_ends.parted(floor, call)
    end(floor, consult, Ending(Outcome.NO_ANSWER, "transferred", EndedBy.AGENT))
    if target is None:
        return
    give_away(floor, call, target, how, place, gone)
