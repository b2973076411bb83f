"""What the switch tells, each to the room whose call, agent or leg it concerns.

Events come late, twice and in any order: what belongs to nobody any more is passed over here.
"""

from __future__ import annotations

import msgspec

from acd.agents import seating
from acd.call import Call
from acd.calls import talks
from acd.commands import NOBODYS, HangUp
from acd.desk import consulting, offers, phone_codes, placing, supervising, transfers
from acd.destinations import arrivals, leaving, sending, voicemail
from acd.dial_ends import outside_end, phone_end, phone_reason
from acd.dispatch import hangups
from acd.events import (
    ChannelGone,
    DigitPressed,
    LegReplaced,
    PhoneTransferred,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
)
from acd.flow import Digit, PromptDone
from acd.model import CallId, CallKind, CallState, ChannelId, LegEnd, OfferEnd, PhoneId
from acd.state.floor import Floor, Role
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

TRANSFER_TOLD_MS = 2_000
"""How long a leg that the switch replaced may have ended before its transfer is told."""


def leg_of(floor: Floor, channel_id: ChannelId) -> tuple[Call, Role] | None:
    """The call that this leg belongs to and what it is there; None if it belongs to none."""
    leg = floor.legs.get(channel_id)
    call = floor.calls.get(leg[0]) if leg else None
    return (call, leg[1]) if call and leg else None


def leg_answered(floor: Floor, channel_id: ChannelId) -> None:
    """A leg that we rang was picked up."""
    leg = floor.legs.get(channel_id)
    if leg is not None and leg[1] is Role.LINE:
        seating.line_answered(floor, channel_id)
        return
    found = leg_of(floor, channel_id)
    if found is None:
        # Withdrawn while it was being picked up: nobody is there to talk to.
        floor.order(HangUp(NOBODYS, channel_id))
        return
    call, role = found
    made = call.offer_on(channel_id)
    if role is Role.SUPERVISOR:
        supervising.phone_answered(floor, call, channel_id)
    elif role is Role.DIALLED:
        offers.outside_answered(floor, call)
    elif made is not None:
        offers.answered(floor, call, made)
    elif placing.rings_own_phone(call):
        placing.own_phone_answered(floor, call)


def snoop_started(floor: Floor, channel_id: ChannelId) -> None:
    """The leg that listens can be joined to the supervisor's."""
    found = leg_of(floor, channel_id)
    if found is None:
        floor.order(HangUp(NOBODYS, channel_id))
    else:
        supervising.snoop_started(floor, found[0], channel_id)


def digit(floor: Floor, event: DigitPressed) -> None:
    """A key: for the flow, for the queue's exits, or for who is asked on a phone."""
    if event.channel_id in floor.phone_sessions:
        phone_codes.digit(floor, event)
        return
    found = leg_of(floor, event.channel_id)
    if found is None:
        return
    call, role = found
    if role is Role.AGENT and call.kind is CallKind.VOICEMAIL:
        voicemail.key_pressed(floor, call, event.digit)
    elif role is not Role.CALLER:
        return
    elif call.state is CallState.IN_FLOW:
        if call_goes(call.state, CallInput.DIGIT_PRESSED):
            arrivals.go_on(floor, call, Digit(event.digit))
    else:
        leaving.digit_pressed(floor, call, event.digit)


def prompt_finished(floor: Floor, event: PromptFinished) -> None:
    """A playback ended, by itself or stopped."""
    call_id = floor.playbacks.pop(event.playback_id, None)
    if call_id is None:
        return
    if ChannelId(call_id) in floor.phone_sessions:
        phone_codes.prompt_finished(floor, ChannelId(call_id), event)
        return
    call = floor.calls.get(call_id)
    if call is None or call.playback_id != event.playback_id:
        return
    call = floor.put_call(msgspec.structs.replace(call, playback_id=None))
    if call.state is CallState.LEAVING_MESSAGE:
        voicemail.prompt_finished(floor, call)
    elif call.then is not None:
        sending.said(floor, call)
    elif call.kind is CallKind.VOICEMAIL and call.talk is not None:
        voicemail.message_played(floor, call, event.failed)
    elif call.state is CallState.IN_FLOW:
        arrivals.go_on(floor, call, PromptDone(event.failed))
    else:
        leaving.message_said(floor, call)


def channel_gone(floor: Floor, event: ChannelGone) -> None:
    """A leg has ended."""
    channel_id = event.channel_id
    if channel_id in floor.phone_sessions:
        phone_codes.gone(floor, channel_id)
        return
    if channel_id in floor.line_owner:
        seating.line_gone(floor, event)
    if channel_id in floor.being_replaced:
        # The phone is through with its transfer: `PhoneTransferred` says what is wanted.
        floor.replaced[channel_id] = floor.being_replaced.pop(channel_id)
        floor.timers.set(Wake.REPLACED, channel_id, floor.now_ms + TRANSFER_TOLD_MS)
        return
    found = leg_of(floor, channel_id)
    if found is None:
        # News may come in any order: its StasisStart must not make a call of it afterwards.
        floor.forget_leg(channel_id, alive=True)
        return
    call, role = found
    match role:
        case Role.CALLER:
            hangups.first_leg_gone(floor, call, event.end)
        case Role.DIALLED:
            offers.outside_failed(floor, call, _outside_end(event), leg_alive=False)
        case Role.THIRD:
            consulting.third_gone(floor, call)
        case Role.SUPERVISOR | Role.SNOOP:
            supervising.leg_gone(floor, call, channel_id)
        case _:
            _agent_leg_gone(floor, call, event)


def _agent_leg_gone(floor: Floor, call: Call, event: ChannelGone) -> None:
    made = call.offer_on(event.channel_id)
    if call.talk is not None and call.talk.agent_channel_id == event.channel_id:
        hangups.other_leg_gone(floor, call, event.end)
    elif made is not None:
        forwarded = event.end is LegEnd.FORWARDED
        how = OfferEnd.FORWARDED if forwarded else phone_end(event.cause)
        if how is OfferEnd.UNREACHABLE:
            seating.probe(floor, made.agent_id)
        why = None if made.standing else phone_reason(how, event.sip, event.rang)
        offers.failed(floor, call, made, how, leg_alive=False, why=why)


def _outside_end(event: ChannelGone) -> OfferEnd:
    if event.end is LegEnd.FORWARDED:
        return OfferEnd.FORWARDED
    return outside_end(event.cause, event.sip, event.rang)


def held(floor: Floor, channel_id: ChannelId, on_hold: bool) -> None:
    """The phone on this leg put the other side on hold, or took it back.

    Only an agent's counts: a customer whose telephone holds us is in conversation all the same.
    """
    found = leg_of(floor, channel_id)
    if found is None:
        return
    call, role = found
    if role is Role.AGENT and call.talk is not None and call.talk.agent_channel_id == channel_id:
        talks.held_by_its_phone(floor, call, on_hold)
    elif role is Role.CALLER and call.caller_agent_id is not None:
        talks.held_by_its_phone(floor, call, on_hold, by_caller=True)


def phone_seen(floor: Floor, phone: PhoneId, up: bool) -> None:
    """A phone came or went."""
    ringing = seating.phone_seen(floor, phone, up)
    call = floor.calls.get(ringing.call_id) if ringing and ringing.call_id else None
    if ringing is None or call is None:
        return
    made = next((one for one in call.offers if one.agent_id == ringing.id), None)
    if made is not None:
        offers.failed(floor, call, made, OfferEnd.UNREACHABLE, leg_alive=True)


def recording_ended(floor: Floor, event: RecordingEnded) -> None:
    """A recording ended: only a message that a caller leaves hangs on it."""
    call_id = floor.messages.get(event.recording_id)
    call = floor.calls.get(CallId(call_id)) if call_id is not None else None
    if call is not None:
        voicemail.recorded(floor, call, event.failed)


def recording_verified(floor: Floor, event: RecordingVerified) -> None:
    """A recording's file was looked at: only of a message does anything depend on it."""
    voicemail.verified(floor, event.recording_id, event.duration_ms)


def leg_replaced(floor: Floor, event: LegReplaced) -> None:
    """The switch puts a leg of its own in the place of one of ours: a phone transfers."""
    if event.channel_id not in floor.legs:
        return
    floor.being_replaced[event.channel_id] = event.by
    found = leg_of(floor, event.channel_id)
    if found is not None:
        transfers.leg_replaced(floor, found[0])


def transfer_untold(floor: Floor, channel_id: ChannelId) -> None:
    """A leg that the switch replaced ended, and of no transfer was told: its party hung up."""
    if floor.replaced.pop(channel_id, None) is not None:
        channel_gone(floor, ChannelGone(channel_id))


def phone_transferred(floor: Floor, event: PhoneTransferred) -> None:
    """A phone transfers by itself."""
    found = leg_of(floor, event.channel_id)
    if found is not None:
        transfers.by_phone(floor, found[0], event)
