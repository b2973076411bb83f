"""What comes of an offer: an agent takes the call, does not, or lets it ring. Pure.

Changes the working state by the calls' table.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability, offering
from acd.call import Call
from acd.calls import dialling, ringing, talks
from acd.commands import GiveUpDial, JoinBridge
from acd.desk import placing
from acd.destinations import callbacks, leaving, outages, sending, voicemail
from acd.model import (
    CallKind,
    CallState,
    Dial,
    Offer,
    OfferEnd,
    SegmentId,
    SegmentKind,
    VisitOutcome,
)
from acd.queues import stay
from acd.routing.relaxing import for_anybody
from acd.state import legs, telling
from acd.state.floor import Floor, Role
from acd.state.timers import Wake
from acd.states import CallInput, call_goes


def failed(
    floor: Floor, call: Call, one: Offer, how: OfferEnd, leg_alive: bool, why: str | None = None
) -> None:
    """One agent did not take the call: the caller keeps the place, the next agent is sought.

    While others ring for the same call, it goes on ringing with them. `why` is what the agent's
    phone said, None: nothing.
    """
    if not call_goes(call.state, CallInput.OFFER_FAILED, CallState.WAITING):
        return
    call = ringing.close(floor, call, one, how, leg_alive)
    if not call.offers:
        floor.timers.cancel(Wake.OFFER, call.id)
        if one.direct:
            call = floor.put_call(msgspec.structs.replace(call, direct_to=None))
            sending.not_taken(floor, call, how)
        else:
            call = msgspec.structs.replace(call, state=CallState.WAITING, since=floor.now_ms)
            _requeue(floor, call, one)
    offering.offer_over(floor, one.agent_id, how, ringing.limits(floor, call), why)


def _requeue(floor: Floor, call: Call, one: Offer) -> None:
    """Back to the place in the queue; or on, for one who has waited as long as may be."""
    if call.kind is CallKind.CALLBACK and not call.served:
        call = callbacks.agent_refused(floor, call, one.agent_id)
    if call.visit is not None and call.visit.only == one.agent_id:
        # Who has just not taken it is waited for no longer, whatever they are next.
        visit = for_anybody(call.visit, floor.now_ms)
        call = floor.put_call(msgspec.structs.replace(call, visit=visit))
    if leaving.is_overdue(floor, call):
        leaving.waited_too_long(floor, floor.put_call(call))
    else:
        stay.stand(floor, call, "requeue")


def timed_out(floor: Floor, call: Call) -> None:
    """Nobody picked up in time, agents or the number outside."""
    if call.dial is not None:
        dialling_over(floor, call, call.dial)
        return
    if placing.rings_own_phone(call):
        placing.own_phone_silent(floor, call)
        return
    for one in call.offers:
        present = floor.calls.get(call.id)
        if present is None or one not in present.offers:
            return
        failed(floor, present, one, OfferEnd.RONA, leg_alive=True)


def dialling_over(floor: Floor, call: Call, made: Dial) -> None:
    """A number outside has rung for as long as it may: the switch says whether it rang at all.

    Nothing heard of that in time, it is taken for one where nobody picked up.
    """
    if made.given_up:
        outside_failed(floor, call, OfferEnd.RONA, leg_alive=True)
        return
    floor.order(GiveUpDial(call.lane, made.channel_id))
    floor.timers.set(Wake.OFFER, call.id, floor.now_ms + dialling.GIVE_UP_MS)
    floor.put_call(msgspec.structs.replace(call, dial=msgspec.structs.replace(made, given_up=True)))


def answered(floor: Floor, call: Call, one: Offer) -> None:
    """This agent picked up first: the others stop ringing, the conversation begins."""
    if not call_goes(call.state, CallInput.AGENT_ANSWERED, CallState.TALKING):
        return
    was_queued = stay.in_queue(floor, call)
    call = ringing.close(floor, call, one, OfferEnd.ANSWERED, leg_alive=True)
    call = ringing.withdraw_all(floor, call, OfferEnd.WITHDRAWN)
    nobody_yet = call.channel_id is None and call.kind in (CallKind.CALLBACK, CallKind.VOICEMAIL)
    segment_id = None if nobody_yet else SegmentId(floor.new_id())
    if was_queued:
        call = stay.close_visit(floor, call, VisitOutcome.ANSWERED, one.agent_id, segment_id)
    if call.channel_id is None and call.kind is CallKind.CALLBACK:
        callbacks.agent_there(floor, call, one)
    elif call.channel_id is None and call.kind is CallKind.VOICEMAIL:
        voicemail.agent_there(floor, call, one)
    else:
        other = talks.Other(
            one.channel_id, one.agent_id, standing=one.standing, segment_id=segment_id
        )
        talks.begin(floor, call, other)
        _talk_begun(floor, floor.calls[call.id], call.arrived_at)
    if was_queued and call.visit is not None:
        rung_ms = floor.now_ms - one.made_at
        floor.foretelling.took(one.agent_id, call.visit.queue_id, rung_ms, floor.now_ms)


def _talk_begun(floor: Floor, call: Call, since: int) -> None:
    if call.kind is CallKind.CALLBACK:
        callbacks.reached(floor, call)
    else:
        callbacks.spoken_to(floor, call, since)


def outside_answered(floor: Floor, call: Call) -> None:
    """The number outside picked up."""
    made, talk = call.dial, call.talk
    if made is None or not call_goes(call.state, CallInput.OUTSIDE_ANSWERED, CallState.TALKING):
        return
    outages.carried(floor)
    call = dialling.close(floor, call, OfferEnd.ANSWERED, answered=True, gone=None)
    if talk is not None:
        _customer_joins(floor, call, made)
    elif call.channel_id is None:
        legs.own(floor, call.id, made.channel_id, Role.CALLER)
        call = msgspec.structs.replace(call, channel_id=made.channel_id, answered=True)
        callbacks.customer_there(floor, floor.put_call(call))
    else:
        talks.begin(floor, call, talks.Other(made.channel_id, number=made.number))


def _customer_joins(floor: Floor, call: Call, made: Dial) -> None:
    """The agent who had the number dialled is on the line already."""
    talk, channel_id = call.talk, made.channel_id
    if talk is None:
        return
    legs.own(floor, call.id, channel_id, Role.CALLER)
    segment_id = SegmentId(floor.new_id())
    visit_id = call.visit.id if call.visit else None
    call = telling.segment_opened(
        floor, call, segment_id, SegmentKind.TALK, talk.agent_id, visit_id
    )
    legs_of_both = (channel_id, talk.agent_channel_id)
    floor.order(JoinBridge(call.id, talk.bridge_id, legs_of_both))
    call, recording_id = talks.record(floor, call, talk.bridge_id, talk.agent_id)
    talk = msgspec.structs.replace(
        talk, segment_id=segment_id, started_at=floor.now_ms, recording_id=recording_id
    )
    call = floor.put_call(
        msgspec.structs.replace(
            call,
            state=CallState.TALKING,
            since=floor.now_ms,
            channel_id=channel_id,
            answered=True,
            served=True,
            talk=talk,
        )
    )
    _talk_begun(floor, call, made.made_at)


def outside_failed(
    floor: Floor, call: Call, how: OfferEnd, leg_alive: bool, trunk_said: bool = True
) -> None:
    """The number outside did not pick up, was busy or refused; or the trunk did not carry it.

    `trunk_said`: that is news of the trunk, and not of the switch or of us.
    """
    made = call.dial
    if made is None or not call_goes(call.state, CallInput.OFFER_FAILED):
        return
    if how is OfferEnd.TRUNK and trunk_said:
        outages.refused(floor, call, made.number)
    elif how not in (OfferEnd.TRUNK, OfferEnd.FAILED):
        outages.carried(floor)
    gone = None if leg_alive else made.channel_id
    call = dialling.close(floor, call, how, answered=False, gone=gone)
    nobody_yet = call.channel_id is None
    if call.kind is CallKind.CALLBACK and nobody_yet:
        callbacks.not_reached(floor, call, how)
    elif call.kind is CallKind.VOICEMAIL and nobody_yet:
        voicemail.sender_not_reached(floor, call)
    else:
        if (
            call.kind is CallKind.MANUAL
            and call.talk is not None
            and call.talk.agent_id is not None
        ):
            availability.placed_in_vain(floor, call.talk.agent_id, how)
        sending.not_taken(floor, call, how)
