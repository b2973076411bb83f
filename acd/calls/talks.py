"""Conversations: two legs are brought together, held, muted, recorded, and let go again.

Changes the working state by the calls' table. Transfers and consultations are rooms of their own.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability, second_calls
from acd.call import Call
from acd.commands import (
    CreateBridge,
    JoinBridge,
    LeaveBridge,
    StartMusic,
    StartRecording,
    StopMusic,
    StopRecording,
    StopRinging,
)
from acd.config import WrapUp
from acd.facts import RecordingStarted
from acd.model import (
    AgentId,
    BridgeId,
    CallKind,
    CallState,
    ChannelId,
    EndedBy,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    Talk,
)
from acd.phone_numbers import is_somebodys
from acd.queues import stay, waiting
from acd.state import legs, telling
from acd.state.floor import Floor, Role
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

LAST_AGENTS_REMEMBERED = 100_000
"""How many callers' last agents are remembered for queues that look for them first."""


LISTENED_MS = 5_000
"""Who has listened to a voice message for so long, or for all of a shorter one, has heard it."""


class Other(msgspec.Struct, frozen=True):
    """The party that the call's first leg is to talk to: an agent, or a number outside.

    `taken_over`: an agent who was not rung for it (a supervisor who takes the call over).
    `segment_id` is the talk's where the visit that it answers names it already.
    """

    channel_id: ChannelId
    agent_id: AgentId | None = None
    number: str | None = None
    standing: bool = False
    muted: bool = False
    taken_over: bool = False
    segment_id: SegmentId | None = None


def begin(floor: Floor, call: Call, other: Other) -> None:
    """Join the call's first leg and this other; record where the queue says so."""
    segment_id = other.segment_id or SegmentId(floor.new_id())
    kind = SegmentKind.CONSULT if call.kind is CallKind.CONSULT else SegmentKind.TALK
    visit_id = call.visit.id if call.visit else None
    call = telling.segment_opened(floor, call, segment_id, kind, other.agent_id, visit_id)
    call = _silence(floor, call)
    call = stay.answer(floor, call)
    bridge_id = call.bridge_id
    if bridge_id is None:
        bridge_id = BridgeId(floor.new_id())
        floor.order(CreateBridge(call.lane, bridge_id))
    legs.own(floor, call.id, other.channel_id, Role.AGENT)
    if call.channel_id is not None:
        floor.order(JoinBridge(call.lane, bridge_id, (call.channel_id, other.channel_id)))
    else:
        floor.order(JoinBridge(call.lane, bridge_id, (other.channel_id,)))
    call, recording_id = record(floor, call, bridge_id, other.agent_id)
    talk = Talk(
        agent_id=other.agent_id,
        agent_channel_id=other.channel_id,
        bridge_id=bridge_id,
        segment_id=segment_id,
        started_at=floor.now_ms,
        recording_id=recording_id,
        standing=other.standing,
        muted=other.muted,
        number=other.number,
    )
    if call.visit is not None and other.agent_id is not None:
        floor.talking[call.visit.queue_id] += 1
    floor.put_call(
        msgspec.structs.replace(
            call,
            state=CallState.TALKING,
            since=floor.now_ms,
            bridge_id=bridge_id,
            direct_to=None,
            resume=None,
            dial=None,
            served=call.served or other.agent_id is not None,
            waited_ms=0 if other.agent_id is not None else call.waited_ms,
            talk=talk,
        )
    )
    if other.agent_id is not None:
        remember(floor, call, other.agent_id)
        starts = availability.takes if other.taken_over else availability.answered
        starts(floor, other.agent_id, call.id, other.channel_id)


def _silence(floor: Floor, call: Call) -> Call:
    """End what the first leg hears while it waits."""
    if call.channel_id is None:
        return call
    if call.music:
        floor.order(StopMusic(call.lane, call.channel_id))
    elif call.answered and (call.state is CallState.DIALLING or call.caller_agent_id is not None):
        floor.order(StopRinging(call.lane, call.channel_id))
    return floor.put_call(msgspec.structs.replace(call, music=False))


def remember(floor: Floor, call: Call, agent_id: AgentId) -> None:
    """The agent whom this customer talked to last, for queues that look for them first."""
    number = call.number
    if number is None or call.kind not in (CallKind.INBOUND, CallKind.CALLBACK):
        return
    if not is_somebodys(number):
        return
    floor.last_agents.pop(number, None)
    floor.last_agents[number] = agent_id
    if len(floor.last_agents) > LAST_AGENTS_REMEMBERED:
        del floor.last_agents[next(iter(floor.last_agents))]


def record(
    floor: Floor, call: Call, bridge_id: BridgeId, agent_id: AgentId | None
) -> tuple[Call, RecordingId | None]:
    """Record this bridge if the call's queue is recorded and a customer is in it."""
    queue_id = call.last_queue_id
    recorded = queue_id is not None and floor.queue(queue_id).recorded
    listening = call.kind is CallKind.VOICEMAIL and call.state is not CallState.DIALLING
    if not recorded or agent_id is None or call.kind is CallKind.CONSULT or listening:
        return call, None
    recording_id = RecordingId(floor.new_id())
    floor.order(StartRecording(call.lane, bridge_id, recording_id))
    call = floor.tell_call(
        call,
        lambda subject, seq, at: RecordingStarted(
            subject, seq, at, call.contact, recording_id, agent_id, queue_id
        ),
    )
    return call, recording_id


def put_on_hold(floor: Floor, call: Call, by_caller: bool = False) -> Call:
    """The floor takes the held side out of the bridge and lets it hear music.

    That is the first leg, or the other party's where the agent who called holds (`by_caller`).
    """
    talk = call.talk
    leg = held_leg(call, by_caller)
    if talk is None or leg is None:
        return call
    if talk.on_hold and talk.other_held == by_caller:
        # What a phone holds, the floor holds from now on.
        return _set_held_by_phone(floor, call, False)
    if talk.on_hold and call.channel_id is not None:
        # An agent whom the colleague's phone holds turns away from that colleague.
        floor.order(StopMusic(call.lane, call.channel_id))
        call = _hold(floor, msgspec.structs.replace(call, music=False), on_hold=False)
    music = floor.queue(call.last_queue_id).music if call.last_queue_id is not None else "default"
    floor.order(LeaveBridge(call.lane, talk.bridge_id, (leg,)), StartMusic(call.lane, leg, music))
    call = _hold(floor, call, on_hold=True, by_caller=by_caller)
    return floor.put_call(msgspec.structs.replace(call, music=call.music or not by_caller))


def take_back(
    floor: Floor, call: Call, by_caller: bool = False, along: tuple[ChannelId, ...] = ()
) -> Call:
    """End a hold; `along` are legs that join with the held one."""
    talk = call.talk
    leg = held_leg(call, by_caller)
    if talk is None or leg is None or not (talk.held_by_us or talk.other_held):
        return call
    floor.order(StopMusic(call.lane, leg))
    talk = msgspec.structs.replace(talk, join_tries=1)
    call = msgspec.structs.replace(call, talk=talk)
    call = _hold(floor, call, on_hold=False, by_caller=by_caller)
    floor.order(JoinBridge(call.lane, talk.bridge_id, (leg, *along)))
    call = call if by_caller else _record_again(floor, call)
    return floor.put_call(msgspec.structs.replace(call, music=call.music and by_caller))


def _record_again(floor: Floor, call: Call) -> Call:
    """Go on recording a conversation whose agent was away: in another file."""
    talk = call.talk
    if talk is None or talk.recording_id is not None:
        return call
    call, recording_id = record(floor, call, talk.bridge_id, talk.agent_id)
    talk = msgspec.structs.replace(talk, recording_id=recording_id)
    return floor.put_call(msgspec.structs.replace(call, talk=talk))


def held_by_its_phone(floor: Floor, call: Call, on_hold: bool, by_caller: bool = False) -> None:
    """A phone held the other side, or took it back; `by_caller`: that of the agent who called.

    The switch by itself plays nothing where it mixes three legs (two and a recording), so the floor
    sees to the music here too. A phone cannot end what the floor holds, nor what the other holds.
    """
    talk = call.talk
    happened = CallInput.HELD if on_hold else CallInput.RESUMED
    if not call_goes(call.state, happened) or talk is None:
        return
    # Behind a voice message nobody is there to hear music: the time only counts.
    alone = held_leg(call, by_caller) is None
    if on_hold and not talk.on_hold:
        call = _hold(floor, call, on_hold) if alone else put_on_hold(floor, call, by_caller)
        _set_held_by_phone(floor, call, True)
    elif not on_hold and talk.held_by_phone and talk.other_held == by_caller:
        if alone:
            _hold(floor, call, on_hold)
        else:
            take_back(floor, call, by_caller)


def _set_held_by_phone(floor: Floor, call: Call, by_phone: bool) -> Call:
    if call.talk is None:
        return call
    talk = msgspec.structs.replace(call.talk, held_by_phone=by_phone)
    return floor.put_call(msgspec.structs.replace(call, talk=talk))


def held_leg(call: Call, by_caller: bool) -> ChannelId | None:
    """The leg that is held: the first one, or the other where the agent who called holds."""
    if by_caller and call.talk is not None:
        return call.talk.agent_channel_id
    return call.channel_id


def _hold(floor: Floor, call: Call, on_hold: bool, by_caller: bool = False) -> Call:
    """The other side is put on hold, or taken back: talk and hold follow one another.

    `by_caller`: by the agent who called, else by the agent of the talk.
    """
    happened = CallInput.HELD if on_hold else CallInput.RESUMED
    talk = call.talk
    if not call_goes(call.state, happened) or talk is None or talk.on_hold == on_hold:
        return call
    call = telling.segment_closed(floor, call, talk.segment_id, happened)
    segment_id = SegmentId(floor.new_id())
    kind = SegmentKind.HOLD if on_hold else SegmentKind.TALK
    if not on_hold and call.kind is CallKind.CONSULT:
        kind = SegmentKind.CONSULT
    visit_id = call.visit.id if call.visit else None
    call = telling.segment_opened(floor, call, segment_id, kind, talk.agent_id, visit_id)
    out = on_hold and held_leg(call, by_caller) is not None
    talk = msgspec.structs.replace(
        talk,
        segment_id=segment_id,
        on_hold=on_hold,
        held_by_us=out and not by_caller,
        other_held=out and by_caller,
        held_by_phone=False,
    )
    call = floor.put_call(msgspec.structs.replace(call, talk=talk))
    holder = call.caller_agent_id if by_caller else talk.agent_id
    if holder is not None:
        availability.held(floor, holder, on_hold)
    return call


def close(floor: Floor, call: Call, ended_by: EndedBy | str, gone: ChannelId | None = None) -> Call:
    """The conversation is over for its agent: segment, recording, leg, then wrap-up.

    The first leg and the bridge stay as they are; `gone` is a leg that has ended by itself.
    """
    talk = call.talk
    if talk is None:
        return call
    floor.timers.cancel(Wake.JOIN, call.id)
    # A message that the agent listens to, by a leg that may stay.
    call = waiting.hush(floor, call)
    call = telling.segment_closed(floor, call, talk.segment_id, ended_by)
    call = stop_recording(floor, call)
    if talk.other_held:
        # A standing leg goes back to wait: it must not wait with music.
        floor.order(StopMusic(call.lane, talk.agent_channel_id))
    legs.let_go(floor, call.lane, talk.agent_channel_id, gone)
    if call.visit is not None and talk.agent_id is not None:
        floor.talking[call.visit.queue_id] -= 1
    call = floor.put_call(msgspec.structs.replace(call, talk=None))
    if talk.agent_id is not None:
        second_calls.talk_over(floor, talk.agent_id, after_of(floor, call, talk))
    return call


def stop_recording(floor: Floor, call: Call) -> Call:
    """End the recording of the present conversation, if there is one.

    It must end when the bridge is left empty: the switch records no bridge without legs.
    """
    talk = call.talk
    if talk is None or talk.recording_id is None:
        return call
    floor.order(StopRecording(call.lane, talk.recording_id))
    talk = msgspec.structs.replace(talk, recording_id=None)
    return floor.put_call(msgspec.structs.replace(call, talk=talk))


def message_heard(floor: Floor, call: Call, talk: Talk) -> bool:
    """Whether the agent of this talk has heard the voice message that it is about."""
    enough_ms = min(LISTENED_MS, call.message_ms or LISTENED_MS)
    return call.heard or floor.now_ms - talk.started_at >= enough_ms


def after_of(floor: Floor, call: Call, talk: Talk) -> availability.After:
    """What the agent has to do after this conversation."""
    queue_id: QueueId | None = call.last_queue_id
    visit_id = call.visit.id if call.visit else None
    wrap_up, seconds = WrapUp.NONE, 0
    # A consultation, a call among colleagues or one that nobody took leaves nothing to be written.
    nobody = call.kind in (CallKind.MANUAL, CallKind.CALLBACK) and not call.served
    unheard = call.kind is CallKind.VOICEMAIL and not message_heard(floor, call, talk)
    among_us = call.kind in (CallKind.CONSULT, CallKind.INTERNAL)
    if queue_id is not None and not (nobody or unheard or among_us):
        queue = floor.queue(queue_id)
        wrap_up, seconds = queue.wrap_up, queue.wrap_up_s
    return availability.After(
        call_id=call.id,
        contact_id=call.contact,
        queue_id=queue_id,
        visit_id=visit_id,
        wrap_up=wrap_up,
        seconds=seconds,
        asked=talk.wrap_up_asked,
        disposed=talk.disposition is not None,
    )
