"""Voicemail: a caller leaves a message, which becomes work for the agents of the queue. Pure.

A caller in `leaving_message` is greeted (no `message_id` yet), speaks (the segment is open), has
spoken (it is closed: the file is being verified), and is told what came of it (a playback again).
Only the file tells whether anything was said: the switch counts silence as talk.
"""

from __future__ import annotations

import msgspec

from acd.agents import offering
from acd.call import Call, Then
from acd.calls import dialling, talks
from acd.calls.ending import Ending, end
from acd.commands import PlayPrompt, RecordLeg, StopMusic, StopRecording
from acd.config import VoicemailPolicy
from acd.facts import MessageLeft, RecordingStarted
from acd.model import (
    CallId,
    CallKind,
    CallState,
    EndedBy,
    Offer,
    Outcome,
    PlaybackId,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    Target,
    TargetKind,
    Ticket,
)
from acd.phone_numbers import is_somebodys
from acd.queues import announcing, stay, waiting
from acd.state import telling
from acd.state.floor import Floor
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

LEAST_MS = 1_000
"""A recording shorter than this is no message."""

VERIFIED_WITHIN_MS = 15_000
"""A recording of which nobody has told by then what is in it counts as a message."""

ENDS_WITHIN_MS = 10_000
"""How long after its longest the end of a recording is waited for."""


# ---- the caller --------------------------------------------------------------------------------


def begin(floor: Floor, call: Call, queue_id: QueueId | None, then: Then) -> None:
    """Greet the caller and record what they say; `then` is how the call ends without a message."""
    if queue_id is None:
        end(floor, call, Ending(Outcome.FAILED, "voicemail_of_no_queue"))
        return
    call_goes(call.state, CallInput.MESSAGE_STARTED, CallState.LEAVING_MESSAGE)
    call = stay.answer(floor, call)
    segment_id = SegmentId(floor.new_id())
    visit_id = call.visit.id if call.visit is not None else None
    call = telling.segment_opened(floor, call, segment_id, SegmentKind.MESSAGE, visit_id=visit_id)
    call = floor.put_call(
        msgspec.structs.replace(
            call,
            state=CallState.LEAVING_MESSAGE,
            since=floor.now_ms,
            message_segment_id=segment_id,
            message_id=None,
            last_queue_id=queue_id,
            then=then,
        )
    )
    greeted = waiting.say(floor, call, _policy(floor, call).greeting or announcing.GREETING)
    if greeted is None:
        _record(floor, call)
    else:
        floor.timers.set(Wake.MESSAGE, call.id, floor.now_ms + waiting.PLAYING_AT_MOST_MS)


def _policy(floor: Floor, call: Call) -> VoicemailPolicy:
    queue = floor.queue(call.last_queue_id) if call.last_queue_id is not None else None
    return (queue.voicemail if queue is not None else None) or VoicemailPolicy()


def key_while_greeted(floor: Floor, call: Call) -> None:
    """A key ends the greeting; `#` at the end of the message is the switch's own to hear."""
    if call.message_id is None:
        _record(floor, waiting.hush(floor, call))


def _record(floor: Floor, call: Call) -> None:
    channel_id, queue_id = call.channel_id, call.last_queue_id
    if channel_id is None:
        return
    if call.music:
        floor.order(StopMusic(call.id, channel_id))
    policy = _policy(floor, call)
    recording_id = RecordingId(floor.new_id())
    floor.messages[recording_id] = call.id
    floor.order(RecordLeg(call.id, channel_id, recording_id, policy.longest_s, policy.silence_s))
    longest_ms = policy.longest_s * 1000
    floor.timers.set(Wake.MESSAGE, call.id, floor.now_ms + longest_ms + ENDS_WITHIN_MS)
    call = msgspec.structs.replace(call, message_id=recording_id, music=False)
    floor.tell_call(
        call,
        lambda subject, seq, at: RecordingStarted(
            subject, seq, at, call.contact, recording_id, None, queue_id
        ),
    )


def prompt_finished(floor: Floor, call: Call) -> None:
    """The greeting or the last words have been heard, or could not be played."""
    if call.state is not CallState.LEAVING_MESSAGE:
        return
    if call.message_id is None:
        _record(floor, call)
    elif call.message_segment_id is None:
        _over(floor, call)


def recorded(floor: Floor, call: Call, failed: str | None) -> None:
    """The caller has spoken, until `#`, a silence, the longest time or a hang-up."""
    if not call_goes(call.state, CallInput.MESSAGE_ENDED, CallState.LEAVING_MESSAGE):
        return
    call = _spoken(floor, call, EndedBy.CALLER)
    if failed is not None:
        _judge(floor, call, None)


def _spoken(floor: Floor, call: Call, by: EndedBy) -> Call:
    """The message is over: what is in the file is told by `verified`."""
    if call.message_segment_id is None:
        return call
    call = telling.segment_closed(floor, call, call.message_segment_id, by)
    floor.timers.set(Wake.MESSAGE, call.id, floor.now_ms + VERIFIED_WITHIN_MS)
    return floor.put_call(msgspec.structs.replace(call, message_segment_id=None))


def caller_gone(floor: Floor, call: Call) -> None:
    """The caller hung up on voicemail; who has spoken has left a message all the same."""
    channel_id = call.channel_id
    if call.message_id is None or channel_id is None or call.playback_id is not None:
        end(floor, call, _ending(call, EndedBy.CALLER), gone=channel_id)
        return
    call = _spoken(floor, call, EndedBy.CALLER)
    floor.forget_leg(channel_id, alive=False)
    floor.put_call(msgspec.structs.replace(call, channel_id=None))


def overdue(floor: Floor, call: Call) -> None:
    """Something did not end, or nobody told that it has."""
    if call.message_id is None:
        _record(floor, waiting.hush(floor, call))
    elif call.message_segment_id is not None:
        floor.order(StopRecording(call.id, call.message_id))
        _spoken(floor, call, EndedBy.SYSTEM)
    elif call.playback_id is not None:
        _over(floor, call)
    else:
        # What cannot be proved empty must not be lost.
        _judge(floor, call, LEAST_MS)


def given_up_at(floor: Floor, call: Call) -> int:
    """Until when what goes on in a call to voicemail may last, after a restart (UTC ms).

    What was being said is given up: whether it has ended meanwhile is not known.
    """
    if call.message_id is None or call.playback_id is not None:
        return floor.now_ms
    if call.message_segment_id is None:
        return floor.now_ms + VERIFIED_WITHIN_MS
    longest_ms = _policy(floor, call).longest_s * 1000
    return max(call.since + longest_ms, floor.now_ms) + ENDS_WITHIN_MS


def verified(floor: Floor, recording_id: RecordingId, duration_ms: int | None) -> None:
    """The file of a recording was looked at: how much is in it; None: nothing usable."""
    call_id = floor.messages.get(recording_id)
    call = floor.calls.get(call_id) if call_id is not None else None
    if call is None:
        return
    if call.kind is not CallKind.VOICEMAIL:
        if call.state is CallState.LEAVING_MESSAGE and call.playback_id is None:
            _judge(floor, _spoken(floor, call, EndedBy.CALLER), duration_ms)
    elif duration_ms is not None and not _empty(duration_ms):
        floor.put_call(msgspec.structs.replace(call, message_ms=duration_ms))
    elif call.state in (CallState.SCHEDULED, CallState.WAITING):
        end(floor, call, Ending(Outcome.FAILED, "message_lost"))


def _empty(duration_ms: int | None) -> bool:
    return duration_ms is None or duration_ms < LEAST_MS


def _judge(floor: Floor, call: Call, duration_ms: int | None) -> None:
    """A message, or none: the caller is told, if still there, and the call ends."""
    if _empty(duration_ms):
        floor.messages.pop(call.message_id or RecordingId(""), None)
        words = announcing.NO_MESSAGE
    else:
        _make_work(floor, call, duration_ms or 0)
        kept = Then(Target(TargetKind.HANG_UP), "message_left", Outcome.VOICEMAIL)
        call = floor.put_call(msgspec.structs.replace(call, then=kept))
        words = announcing.MESSAGE_KEPT
    floor.timers.cancel(Wake.MESSAGE, call.id)
    thanked = waiting.say(floor, call, words)
    if thanked is None:
        _over(floor, call)
    else:
        floor.timers.set(Wake.MESSAGE, call.id, floor.now_ms + waiting.PLAYING_AT_MOST_MS)


def _is_kept(call: Call) -> bool:
    return call.then is not None and call.then.outcome is Outcome.VOICEMAIL


def _over(floor: Floor, call: Call) -> None:
    by = EndedBy.CALLER if call.channel_id is None else EndedBy.SYSTEM
    end(floor, call, _ending(call, by))


def _ending(call: Call, by: EndedBy) -> Ending:
    """As what a call ends that was sent to voicemail, with a message or without."""
    outcome = call.then.outcome if call.then is not None else Outcome.OVERFLOW
    if _is_kept(call):
        return Ending(outcome, "message_left", by)
    return Ending(outcome, "hung_up_on_the_way" if by is EndedBy.CALLER else "no_message", by)


# ---- the message as work -----------------------------------------------------------------------


def _make_work(floor: Floor, call: Call, duration_ms: int) -> None:
    """The message takes the caller's place in the queue; `callback_schedule` makes it stand there.

    Without a visit before it (closed, or straight from a flow) it has come when the caller did.
    """
    recording_id, queue_id = call.message_id, call.last_queue_id
    if recording_id is None or queue_id is None:
        return
    visit = call.visit
    key = call.arrived_at - floor.queue(queue_id).priority * stay.PRIORITY_MS
    if visit is not None:
        key = stay.key_in(floor, visit, queue_id)
    work = Call(
        id=CallId(floor.new_id()),
        channel_id=None,
        dnis=call.dnis,
        number=call.number,
        name=call.name,
        withheld=call.withheld,
        arrived_at=floor.now_ms,
        state=CallState.SCHEDULED,
        kind=CallKind.VOICEMAIL,
        since=floor.now_ms,
        language=call.language,
        last_queue_id=queue_id,
        message_id=recording_id,
        message_ms=duration_ms if duration_ms > LEAST_MS else 0,
        ticket=Ticket(
            number=call.number or "",
            due_at=floor.now_ms,
            key=key,
            boost=visit.boost if visit is not None else 0,
            extra=visit.extra if visit is not None else (),
            origin_id=call.contact,
        ),
        data=call.data,
    )
    floor.messages[recording_id] = work.id
    work = telling.contact_began(floor, work, "inbound", root_id=call.contact)
    floor.tell_call(
        work,
        lambda subject, seq, at: MessageLeft(
            subject, seq, at, call.contact, recording_id, queue_id, call.number, key
        ),
    )
    floor.timers.set(Wake.DUE, work.id, floor.now_ms)


def agent_there(floor: Floor, call: Call, one: Offer) -> None:
    """An agent took the message: play it, then what the keys do."""
    call = msgspec.structs.replace(call, heard=False)
    talks.begin(floor, call, talks.Other(one.channel_id, one.agent_id, standing=one.standing))
    taken = floor.calls.get(call.id)
    if taken is not None:
        _play_message(floor, taken)


def message_played(floor: Floor, call: Call, failed: bool) -> None:
    """The agent has heard the message to its end, unless it could not be played."""
    if not failed:
        floor.put_call(msgspec.structs.replace(call, heard=True))


def put_back(floor: Floor, call: Call, leg_alive: bool = False) -> bool:
    """Put a message back to its place whose agent hangs up before having heard it.

    Returns whether it is one. A phone that died, a hand that slipped: nobody knows yet what the
    caller said. `leg_alive`: they asked for it, and the leg is still up. That agent is not rung
    again at once.
    """
    talk = call.talk
    if call.kind is not CallKind.VOICEMAIL or talk is None or talk.agent_id is None:
        return False
    if talks.message_heard(floor, call, talk):
        return False
    offering.let_rest(floor, talk.agent_id)
    call = talks.close(floor, call, EndedBy.AGENT, None if leg_alive else talk.agent_channel_id)
    stay.stand_aside(floor, call, floor.now_ms)
    return True


def _play_message(floor: Floor, call: Call) -> None:
    _tell_agent(floor, call, (f"recording:{call.message_id}",))


def _tell_agent(floor: Floor, call: Call, first: tuple[str, ...]) -> None:
    """Play this to the agent, and what the keys do after it."""
    talk = call.talk
    if talk is None:
        return
    call = waiting.hush(floor, call)
    language, keys = announcing.chosen(announcing.MESSAGE_KEYS, call.language)
    media = (*first, *floor.flows.spoken(keys, language))
    if not media:
        return
    playback_id = PlaybackId(floor.new_id())
    floor.playbacks[playback_id] = call.id
    floor.order(PlayPrompt(call.id, talk.agent_channel_id, playback_id, media, language))
    floor.put_call(msgspec.structs.replace(call, playback_id=playback_id))


def key_pressed(floor: Floor, call: Call, digit: str) -> None:
    """A key of the agent who listens: 1 plays the message again, 2 calls the sender."""
    if call.state is not CallState.TALKING or call.channel_id is not None:
        return
    call = floor.put_call(msgspec.structs.replace(call, heard=True))
    if digit == "1":
        _play_message(floor, call)
    elif digit == "2":
        _call_sender(floor, call)


def _call_sender(floor: Floor, call: Call) -> None:
    talk = call.talk
    if talk is None or talk.agent_id is None:
        return
    number = call.number
    if number is None or not is_somebodys(number) or not dialling.is_allowed(floor, number):
        _say_not_reached(floor, call)
        return
    call = waiting.hush(floor, call)
    dialling.dial(floor, _in_segment(floor, call, SegmentKind.DIAL, "dialled"), number)


def _in_segment(floor: Floor, call: Call, kind: SegmentKind, why: str) -> Call:
    """The agent's time counts as another kind from now on."""
    talk = call.talk
    if talk is None:
        return call
    call = telling.segment_closed(floor, call, talk.segment_id, why)
    segment_id = SegmentId(floor.new_id())
    visit_id = call.visit.id if call.visit is not None else None
    call = telling.segment_opened(floor, call, segment_id, kind, talk.agent_id, visit_id)
    talk = msgspec.structs.replace(talk, segment_id=segment_id)
    return floor.put_call(msgspec.structs.replace(call, talk=talk))


def sender_not_reached(floor: Floor, call: Call) -> None:
    """Who left the message did not pick up: the agent has the message again."""
    call = _in_segment(floor, call, SegmentKind.TALK, "not_reached")
    call = floor.put_call(
        msgspec.structs.replace(call, state=CallState.TALKING, since=floor.now_ms)
    )
    _say_not_reached(floor, call)


def _say_not_reached(floor: Floor, call: Call) -> None:
    language, text = announcing.chosen(announcing.SENDER_NOT_REACHED, call.language)
    _tell_agent(floor, call, floor.flows.spoken(text, language))
