"""Callbacks: a customer keeps the place in the queue without waiting on the telephone. Pure.

A callback is a call without a first leg. Agent first, it is offered as a caller would be, and the
customer is dialled once the agent is there. Customer first, it stands in the queue unseen by the
router until `callback_schedule` has the customer dialled; who picks up then waits at the old
place. It is put off by becoming `scheduled`: when it is due, `callback_schedule` makes it stand in
the queue.
"""

from __future__ import annotations

import msgspec

from acd import opening
from acd.agents import availability, offering
from acd.call import Call
from acd.calls import dialling, ringing, talks
from acd.calls.ending import Ending, end
from acd.commands import CreateBridge, JoinBridge
from acd.config import CallbackPolicy
from acd.destinations import outages
from acd.facts import CallbackChanged
from acd.model import (
    AgentId,
    BridgeId,
    CallId,
    CallKind,
    CallState,
    EndedBy,
    Offer,
    OfferEnd,
    Outcome,
    QueueId,
    SegmentId,
    SegmentKind,
    Talk,
    Ticket,
)
from acd.phone_numbers import is_somebodys
from acd.queues import announcing, stay, waiting
from acd.state import legs, telling
from acd.state.floor import Floor, Role
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

_WITH_CUSTOMERS = (CallKind.INBOUND, CallKind.MANUAL, CallKind.VOICEMAIL)
_NOT_YET = (CallState.SCHEDULED, CallState.WAITING, CallState.OFFERED, CallState.DIALLING)


# ---- opened ------------------------------------------------------------------------------------


def can_reach(floor: Floor, call: Call) -> bool:
    """Whether this caller can be called back: the number was shown, is theirs alone, and may be
    dialled.
    """
    number = call.number if is_somebodys(call.number) else None
    return number is not None and dialling.is_allowed(floor, number)


def open_for(floor: Floor, number: str, queue_id: QueueId | None) -> list[Call]:
    """The callbacks to this number for this queue (None: any) that have not been reached yet."""
    found = [floor.calls.get(call_id) for call_id in floor.callbacks.get(number, ())]
    return [
        call
        for call in found
        if call is not None and not call.served and queue_id in (None, call.last_queue_id)
    ]


def _is_ahead(floor: Floor, call: Call) -> bool:
    """Whether it is an appointment whose time has not come."""
    return call.ticket is not None and call.ticket.asked_at > floor.now_ms


def keep_place(floor: Floor, call: Call, queue_id: QueueId | None) -> None:
    """The caller hangs up and is called back when it is their turn, at the place they have.

    One who has a callback of this queue already keeps that one; it is due now, at the better of
    both places. An appointment for later is another matter: it stays as it is.
    """
    if queue_id is None or call.number is None or not is_somebodys(call.number):
        return
    visit = call.visit
    if visit is not None:
        place = (stay.key_in(floor, visit, queue_id), visit.boost)
    else:
        place = (_new_key(floor, queue_id, floor.now_ms), 0)
    for there in open_for(floor, call.number, queue_id):
        if not _is_ahead(floor, there):
            _due_now(floor, there, place)
            return
    ticket = Ticket(
        number=call.number,
        due_at=floor.now_ms,
        key=place[0],
        boost=place[1],
        extra=visit.extra if visit is not None else (),
        origin_id=call.contact,
    )
    made = begun(floor, CallId(floor.new_id()), queue_id, ticket, call.name, call.data)
    made = msgspec.structs.replace(made, dnis=call.dnis, language=call.language)
    open_callback(floor, made)


def _due_now(floor: Floor, call: Call, place: tuple[int, int]) -> None:
    """This callback is wanted at once, and its customer has this place (key, boost) too."""
    place = min(place, (stay.place_of(call), stay.boost_of(call)))
    stands_worse = call.state is CallState.WAITING and place[0] < stay.place_of(call)
    if call.state is CallState.SCHEDULED or (stands_worse and call.channel_id is None):
        stay.stand_aside(floor, call, floor.now_ms, place)


def _new_key(floor: Floor, queue_id: QueueId, at: int) -> int:
    return at - floor.queue(queue_id).priority * stay.PRIORITY_MS


def begun(
    floor: Floor,
    call_id: CallId,
    queue_id: QueueId,
    ticket: Ticket,
    name: str | None,
    data: dict[str, str],
) -> Call:
    """A new callback, not told of yet."""
    return Call(
        id=call_id,
        channel_id=None,
        dnis=ticket.number,
        number=ticket.number,
        name=name,
        arrived_at=floor.now_ms,
        state=CallState.SCHEDULED,
        kind=CallKind.CALLBACK,
        since=floor.now_ms,
        last_queue_id=queue_id,
        ticket=ticket,
        data=data,
        language=floor.config.language,
    )


def open_callback(floor: Floor, call: Call) -> None:
    """Keep that it was booked, and wake for it when it is due."""
    ticket = call.ticket
    if ticket is None:
        return
    call = telling.contact_began(
        floor, call, "outbound", root_id=ticket.origin_id, agent_id=ticket.agent_id
    )
    told(floor, call, "booked", by=ticket.by)
    floor.timers.set(Wake.DUE, call.id, ticket.due_at)


def told(
    floor: Floor, call: Call, state: str, agent_id: AgentId | None = None, by: str | None = None
) -> Call:
    """Keep what became of a callback; the call with its new `seq`."""
    ticket, queue_id = call.ticket, call.last_queue_id
    if ticket is None or queue_id is None:
        return call
    return floor.tell_call(
        call,
        lambda subject, seq, at: CallbackChanged(
            subject,
            seq,
            at,
            call.id,
            queue_id,
            ticket.number,
            state,
            ticket.attempts,
            ticket.due_at,
            stay.place_of(call),
            ticket.origin_id,
            agent_id,
            by,
        ),
    )


def policy_of(floor: Floor, call: Call) -> CallbackPolicy:
    """How the queue calls back."""
    queue = floor.queue(call.last_queue_id) if call.last_queue_id is not None else None
    return (queue.callback if queue is not None else None) or CallbackPolicy()


# ---- put off -----------------------------------------------------------------------------------


def put_off(floor: Floor, call: Call, why: str) -> None:
    """The callback cannot be made now: again when the queue opens, or after the policy's pause.

    Who waits for the trunk ("outage") is tried again sooner, and at once when it is back. It must
    have no phone ringing and no agent any more.
    """
    later = floor.now_ms + policy_of(floor, call).retry_s * 1000
    if why == "outage" and call.ticket is not None:
        later = floor.now_ms + outages.pause_ms(max(1, call.ticket.outages))
        floor.trunk.held[call.id] = None
    elif why == "closed":
        later = opens_at(floor, call.last_queue_id, floor.now_ms) or later
    told(floor, stay.stand_aside(floor, call, later), "postponed")


def must_wait(floor: Floor, call: Call) -> str | None:
    """Why `put_off` is to make this callback wait although an agent is there, None: nothing is.

    closed: its queue has closed since, and nobody is rung at night. outage: the trunk is away. A
    customer who is on the line already waits on, like any caller.
    """
    if call.kind is not CallKind.CALLBACK or call.channel_id is not None:
        return None
    queue_id = call.last_queue_id
    if queue_id is not None and not waiting.takes_calls(floor, floor.queue(queue_id)):
        return "closed"
    return "outage" if outages.must_wait(floor, call) else None


def opens_at(floor: Floor, queue_id: QueueId | None, at: int) -> int | None:
    """When the queue's calendar is next open, from `at` on (UTC ms).

    None: it is a supervisor who has closed it, or nothing says when it opens.
    """
    queue = floor.queue(queue_id) if queue_id is not None else None
    if queue is None or queue.closed or queue.calendar is None:
        return None
    calendar = floor.config.calendars.get(queue.calendar)
    return opening.next_opening(calendar, at) if calendar is not None else None


def agent_refused(floor: Floor, call: Call, agent_id: AgentId) -> Call:
    """An agent did not take it: no attempt, and the place is kept."""
    return told(floor, call, "refused", agent_id)


# ---- the agent first ---------------------------------------------------------------------------


def agent_there(floor: Floor, call: Call, one: Offer) -> None:
    """An agent took it: ring the customer; the agent hears it ring."""
    ticket = call.ticket
    if ticket is None:
        return
    segment_id = SegmentId(floor.new_id())
    visit_id = call.visit.id if call.visit is not None else None
    call = telling.segment_opened(floor, call, segment_id, SegmentKind.DIAL, one.agent_id, visit_id)
    bridge_id = call.bridge_id
    if bridge_id is None:
        bridge_id = BridgeId(floor.new_id())
        floor.order(CreateBridge(call.id, bridge_id))
    legs.own(floor, call.id, one.channel_id, Role.AGENT)
    floor.order(JoinBridge(call.id, bridge_id, (one.channel_id,)))
    talk = Talk(
        agent_id=one.agent_id,
        agent_channel_id=one.channel_id,
        bridge_id=bridge_id,
        segment_id=segment_id,
        started_at=floor.now_ms,
        standing=one.standing,
    )
    if call.visit is not None:
        floor.talking[call.visit.queue_id] += 1
    call = floor.put_call(
        msgspec.structs.replace(call, bridge_id=bridge_id, direct_to=None, talk=talk)
    )
    availability.answered(floor, one.agent_id, call.id, one.channel_id)
    call = told(floor, call, "dialling", one.agent_id)
    dialling.dial(floor, call, ticket.number, policy_of(floor, call).ring_s)


def agent_left(floor: Floor, call: Call, leg_alive: bool = False) -> None:
    """The agent hung up while the customer's phone rang: as if they had refused it.

    `leg_alive`: they asked for it, and the leg is still up. The callback goes back to its place;
    that agent is not rung again at once. From the second time on it pauses: no customer's phone is
    to ring again and again with nobody there.
    """
    talk, ticket = call.talk, call.ticket
    if talk is None or talk.agent_id is None or ticket is None:
        return
    call = dialling.close(floor, call, str(EndedBy.AGENT), answered=False, gone=None)
    offering.let_rest(floor, talk.agent_id)
    gone = None if leg_alive else talk.agent_channel_id
    call = talks.close(floor, call, EndedBy.AGENT, gone)
    call = told(floor, call, "refused", talk.agent_id)
    ticket = msgspec.structs.replace(ticket, cut_short=ticket.cut_short + 1)
    call = floor.put_call(msgspec.structs.replace(call, ticket=ticket))
    if ticket.cut_short > 1:
        put_off(floor, call, "cut_short")
    else:
        stay.stand_aside(floor, call, floor.now_ms)


# ---- the customer first ------------------------------------------------------------------------


def customer_there(floor: Floor, call: Call) -> None:
    """The customer picked up before an agent was found: they wait, at the place they had."""
    if call.visit is None:
        not_reached(floor, call, OfferEnd.FAILED)
        return
    call_goes(call.state, CallInput.QUEUED, CallState.WAITING)
    queue = floor.queue(call.visit.queue_id)
    visit = waiting.without_missed(floor, call.visit)
    call = floor.put_call(
        msgspec.structs.replace(call, state=CallState.WAITING, since=floor.now_ms, visit=visit)
    )
    call = waiting.begin(floor, call, queue)
    waiting.interject(floor, call, announcing.CALLED_BACK)
    stay.stand(floor, floor.calls[call.id], "arrival")


def customer_left(floor: Floor, call: Call) -> None:
    """The customer picked up and hung up again before an agent was there: tried once more later."""
    call = ringing.withdraw_all(floor, call, OfferEnd.CALLER_GONE)
    if call.channel_id is not None:
        floor.forget_leg(call.channel_id, alive=False)
    call = floor.put_call(msgspec.structs.replace(call, channel_id=None))
    not_reached(floor, call, OfferEnd.CALLER_GONE)


# ---- reached, or not ---------------------------------------------------------------------------


def not_reached(floor: Floor, call: Call, how: OfferEnd) -> None:
    """The customer did not pick up: one attempt more; an agent who waited is free at once.

    Where it came no further than the trunk it is no attempt, but given up after a day of it; where
    there is no such number, no further attempt is made.
    """
    ticket = call.ticket
    if ticket is None:
        return
    outage = how is OfferEnd.TRUNK
    ticket = msgspec.structs.replace(
        ticket,
        attempts=ticket.attempts + (not outage),
        outages=ticket.outages + 1 if outage else 0,
        outage_since=(ticket.outage_since or floor.now_ms) if outage else 0,
        cut_short=ticket.cut_short if outage else 0,
    )
    call = floor.put_call(msgspec.structs.replace(call, ticket=ticket))
    call = talks.close(floor, call, str(how))
    last = ticket.attempts >= policy_of(floor, call).attempts or how is OfferEnd.INVALID
    if outage:
        last = floor.now_ms - ticket.outage_since >= outages.GIVEN_UP_MS
    if last:
        end(floor, call, Ending(Outcome.NO_ANSWER, f"not_reached:{how}"))
    else:
        put_off(floor, call, "outage" if outage else "not_reached")


def reached(floor: Floor, call: Call) -> None:
    """The customer talks to the agent."""
    talk = call.talk
    if call.ticket is None or call.ticket.over or talk is None:
        return
    if talk.agent_id is not None:
        talks.remember(floor, call, talk.agent_id)
    over(floor, told(floor, call, "reached", talk.agent_id))


def over(floor: Floor, call: Call) -> Call:
    """The last state of the callback has been told."""
    ticket = call.ticket
    if ticket is None:
        return call
    ticket = msgspec.structs.replace(ticket, over=True)
    return floor.put_call(msgspec.structs.replace(call, ticket=ticket))


def spoken_to(floor: Floor, call: Call, since: int) -> None:
    """A customer talks to an agent of the queue in a call that is no callback: none any more.

    They called by themselves, or an agent called them, at `since` (UTC ms). What was booked after
    that is about something to come, and so is an appointment whose time is still ahead: both stay.
    """
    if call.kind not in _WITH_CUSTOMERS or call.number is None or not is_somebodys(call.number):
        return
    by_themselves = call.kind is CallKind.INBOUND
    why, by = ("called_back", EndedBy.CALLER) if by_themselves else ("called", EndedBy.AGENT)
    for there in open_for(floor, call.number, call.last_queue_id):
        before = there.arrived_at <= since and not _is_ahead(floor, there)
        if before and there.state in _NOT_YET and _is_theirs(floor, call, there):
            there = over(floor, told(floor, there, "cancelled", by=why))
            end(floor, there, Ending(Outcome.NO_ANSWER, why, by))


def _is_theirs(floor: Floor, call: Call, callback: Call) -> bool:
    """Whether who talks in `call` speaks for the callback's queue.

    An agent who calls for no queue in particular does so for those whose calls they may take.
    """
    if call.last_queue_id is not None:
        return True
    agent_id = call.talk.agent_id if call.talk is not None else None
    if call.kind is not CallKind.MANUAL or agent_id is None or callback.last_queue_id is None:
        return False
    extra = callback.ticket.extra if callback.ticket is not None else ()
    queue = floor.queue(callback.last_queue_id)
    return floor.router.serves(waiting.widest_want(floor, queue, extra), agent_id)
