"""What follows when the switch did not do as told. Pure.

Most failures say that a leg has ended, of which other news comes too; a lost join is tried again,
and so are answering and music, without which a caller hears nobody.
"""

from __future__ import annotations

import msgspec

from acd.agents import seating
from acd.call import Call
from acd.calls.ending import Ending, end
from acd.commands import (
    AnswerCaller,
    CreateBridge,
    DialOutside,
    FetchLine,
    HangUp,
    IndicateRinging,
    JoinBridge,
    PlayPrompt,
    ProbePhone,
    RecordLeg,
    RingAgent,
    SnoopOn,
    StartMusic,
    StartRecording,
)
from acd.desk import offers
from acd.dispatch import news
from acd.events import ChannelGone, CommandFailed, Failure, PromptFinished, RecordingEnded
from acd.model import CallId, CallState, ChannelId, OfferEnd, Outcome
from acd.state.floor import Floor
from acd.state.legs import bridged
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

JOIN_PATIENCE_MS = 1_000
"""How long a failed join waits for the news that a party hung up, before it is tried again."""

JOIN_TRIES = 3

HEAR_AGAIN_MS = 2_000
"""How soon a leg that may not have been answered, or may hear no music, is told so again."""

PROBE_AGAIN_MS = 5_000
"""A phone whose state could not be read is asked again: else its agent would wait for ever."""


def command_failed(floor: Floor, event: CommandFailed) -> None:
    """A command was not carried out, or nobody knows whether it was."""
    command, failure = event.command, event.failure
    match command:
        case RingAgent() | DialOutside():
            _ring_failed(floor, command, failure)
        case JoinBridge():
            call = _joined(floor, command)
            if call is not None:
                floor.timers.set(Wake.JOIN, call.id, floor.now_ms + JOIN_PATIENCE_MS)
        case FetchLine():
            _fetch_failed(floor, command, failure)
        case ProbePhone(phone=phone):
            if failure is not Failure.GONE:
                floor.timers.set(Wake.PROBE, phone, floor.now_ms + PROBE_AGAIN_MS)
        case PlayPrompt() if failure is not Failure.GONE:
            news.prompt_finished(floor, PromptFinished(command.playback_id, failed=True))
        case RecordLeg() if failure is not Failure.GONE:
            news.recording_ended(floor, RecordingEnded(command.recording_id, event.detail))
        case SnoopOn():
            news.channel_gone(floor, ChannelGone(command.snoop_id))
        case AnswerCaller() if failure is not Failure.GONE:
            floor.timers.set(Wake.ANSWER, command.channel_id, floor.now_ms + HEAR_AGAIN_MS)
        case StartMusic() if failure is not Failure.GONE:
            floor.timers.set(Wake.MUSIC, command.channel_id, floor.now_ms + HEAR_AGAIN_MS)
        case AnswerCaller() | IndicateRinging() | StartMusic() | PlayPrompt() | RecordLeg():
            if failure is Failure.GONE:
                news.channel_gone(floor, ChannelGone(command.channel_id))
        case CreateBridge() | StartRecording():
            pass  # the join that follows fails too; a missing recording is told by its room
        case _:
            pass  # stopping or letting go of what is gone already is what was wanted


def _joined(floor: Floor, command: JoinBridge) -> Call | None:
    """The call whose conversation was to be joined: a consultation's is ordered as its parent's.

    None where it was only a supervisor's leg, a listening or a waiting one: no customer's call may
    end for those.
    """
    call = floor.calls.get(command.call_id)
    consult = floor.calls.get(call.consult_id) if call is not None and call.consult_id else None
    found = next((c for c in (consult, call) if c and c.bridge_id == command.bridge_id), None)
    if found is None:
        return None
    supervisors = {monitor.channel_id for monitor in found.monitors}
    return None if supervisors.issuperset(command.channel_ids) else found


def _ring_failed(floor: Floor, command: RingAgent | DialOutside, failure: Failure) -> None:
    refused = failure is Failure.REFUSED or failure is Failure.GONE
    alive = failure is Failure.UNKNOWN
    how = OfferEnd.UNREACHABLE if refused else OfferEnd.FAILED
    if isinstance(command, RingAgent) and refused and command.agent_id is not None:
        seating.probe(floor, command.agent_id)
    found = news.leg_of(floor, command.channel_id)
    if found is None:
        if command.channel_id in floor.line_owner:
            seating.line_gone(floor, ChannelGone(command.channel_id))
        return
    call = found[0]
    made = call.offer_on(command.channel_id)
    if made is not None:
        offers.failed(floor, call, made, how, leg_alive=alive)
    elif call.dial is not None and call.dial.channel_id == command.channel_id:
        offers.outside_failed(
            floor, call, OfferEnd.TRUNK, leg_alive=alive, trunk_said=failure is Failure.REFUSED
        )
    else:
        if alive:
            floor.order(HangUp(call.id, command.channel_id))
        news.channel_gone(floor, ChannelGone(command.channel_id))


def _fetch_failed(floor: Floor, command: FetchLine, failure: Failure) -> None:
    """A standing leg did not come to the call that was offered on it: nobody has talked."""
    found = news.leg_of(floor, command.channel_id)
    made = found[0].offer_on(command.channel_id) if found is not None else None
    if found is None or made is None or found[0].lane != command.call_id:
        return
    if failure in (Failure.UNKNOWN, Failure.UNAVAILABLE):
        # The switch is away: the line may stand all the same, and is looked at when it is back.
        offers.failed(floor, found[0], made, OfferEnd.FAILED, leg_alive=True)
        return
    floor.order(HangUp(command.call_id, command.channel_id))
    news.channel_gone(floor, ChannelGone(command.channel_id))


def join_again(floor: Floor, call: Call) -> None:
    """Both are still there, so the join was lost on its way: try again, or give up."""
    talk = call.talk
    if talk is None or call.state is not CallState.TALKING or not bridged(call):
        return
    if talk.join_tries >= JOIN_TRIES:
        call_goes(call.state, CallInput.SWITCH_FAILED, CallState.ENDED)
        end(floor, call, Ending(Outcome.FAILED, "join_failed"))
        return
    floor.order(CreateBridge(call.lane, talk.bridge_id))
    floor.order(JoinBridge(call.lane, talk.bridge_id, bridged(call)))
    talk = msgspec.structs.replace(talk, join_tries=talk.join_tries + 1)
    floor.put_call(msgspec.structs.replace(call, talk=talk))


def answer_again(floor: Floor, channel_id: ChannelId) -> None:
    """The leg is still there: answering one that was answered does no harm."""
    if channel_id in floor.phone_sessions:
        floor.order(AnswerCaller(CallId(channel_id), channel_id))
        return
    found = news.leg_of(floor, channel_id)
    if found is not None:
        floor.order(AnswerCaller(found[0].lane, channel_id))


def play_music_again(floor: Floor, channel_id: ChannelId) -> None:
    """Music for the leg, if it is still to hear it."""
    found = news.leg_of(floor, channel_id)
    if found is None:
        return
    call = found[0]
    consult = floor.calls.get(call.consult_id) if call.consult_id is not None else None
    hearing = next((c for c in (consult, call) if c and _is_to_hear_music(c, channel_id)), None)
    if hearing is not None:
        queue_id = hearing.last_queue_id
        music = floor.queue(queue_id).music if queue_id is not None else "default"
        floor.order(StartMusic(hearing.lane, channel_id, music))


def _is_to_hear_music(call: Call, channel_id: ChannelId) -> bool:
    if call.music and channel_id == call.channel_id:
        return True
    talk = call.talk
    return talk is not None and talk.other_held and channel_id == talk.agent_channel_id
