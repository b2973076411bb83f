"""What a queue does with those who come and wait: whether it takes them, and what they hear.

Whether it is open or full, music, messages, position, estimated wait, how long it may last. Where
a call goes that is turned away, leaves by a key or has waited too long is `sending`'s and
`leaving`'s.
"""

from __future__ import annotations

import msgspec

from acd import opening
from acd.call import Call
from acd.commands import IndicateRinging, PlayPrompt, StartMusic, StopMusic, StopPrompt
from acd.config import MessageKind, Queue, WaitMessage
from acd.model import (
    CallKind,
    CallState,
    Outcome,
    PlaybackId,
    SkillLevel,
    Target,
    Visit,
    VisitOutcome,
)
from acd.queues import announcing
from acd.routing.eligibility import requirement
from acd.routing.forecast import WaitForecast
from acd.routing.relaxing import want_of
from acd.routing.router import Want
from acd.state.floor import Floor
from acd.state.timers import Wake

TOGETHER_MS = 2_000
"""Messages that are due within this time of each other are said in one go."""

LEAST_MUSIC_MS = 5_000
"""How long music is heard at least between two messages."""

_TELLS_NOTHING = (
    VisitOutcome.MOVED,
    VisitOutcome.CLOSED,
    VisitOutcome.ERROR,
    VisitOutcome.ANSWERED_ELSEWHERE,
)
"""Ends of a wait that say nothing of how long it would have been."""

PLAYING_AT_MOST_MS = 60_000
"""A playback whose end has not been told by then is given up, so that nobody waits for it."""


class TurnedAway(msgspec.Struct, frozen=True):
    """Why a queue does not take a call, and where it says to send it (None: `words`, then the end).

    `why`: closed, full, nobody. `outcome` is what the contact ends as if it ends there. `counts`:
    the visit was offered to the queue (full, nobody) and not only met closed doors.
    """

    why: str
    target: Target | None
    outcome: Outcome
    words: announcing.Texts
    counts: bool


# ---- whether a queue takes a call --------------------------------------------------------------


def refusal(
    floor: Floor, call: Call, queue: Queue, extra: tuple[SkillLevel, ...], returning: bool
) -> TurnedAway | None:
    """Why this queue does not take the call now; None if it does.

    `extra` skills are asked for beside the queue's. `returning`: the call takes up a place that it
    had, and is not sent away for what has changed since. A message to be listened to is taken
    always, a callback unless the queue is closed.
    """
    if returning or call.kind is CallKind.VOICEMAIL:
        return None
    if not takes_calls(floor, queue):
        outcome, words = Outcome.OUT_OF_HOURS, announcing.CLOSED
        return TurnedAway("closed", queue.on_closed, outcome, words, counts=False)
    if call.kind is CallKind.CALLBACK:
        return None
    if queue.max_length is not None and _holds(floor, queue, queue.max_length):
        return TurnedAway("full", queue.on_full, Outcome.OVERFLOW, announcing.BUSY, counts=True)
    if queue.on_nobody is not None and not _somebody(floor, queue, extra):
        outcome, words = Outcome.OVERFLOW, announcing.BUSY
        return TurnedAway("nobody", queue.on_nobody, outcome, words, counts=True)
    return None


def takes_calls(floor: Floor, queue: Queue) -> bool:
    """Whether the queue is open now: not closed by a supervisor, nor by its calendar."""
    if queue.closed:
        return False
    calendar = floor.config.calendars.get(queue.calendar) if queue.calendar is not None else None
    return calendar is None or opening.is_open(calendar, floor.now_ms)


def _holds(floor: Floor, queue: Queue, count: int) -> bool:
    """Whether so many wait there on the telephone; who is to be called back does not."""
    found = 0
    for call_id in floor.line(queue.id):
        found += floor.calls[call_id].channel_id is not None
        if found >= count:
            return True
    return count <= 0


def _somebody(floor: Floor, queue: Queue, extra: tuple[SkillLevel, ...]) -> bool:
    """Whether anybody signed in could take the call, at once or once the search has widened."""
    return floor.router.could_serve(widest_want(floor, queue, extra)) > 0


def widest_want(floor: Floor, queue: Queue, extra: tuple[SkillLevel, ...]) -> Want:
    """What is looked for, for this queue and these skills, once the search is at its widest."""
    delays = floor.router.delays(queue.id)
    return Want(
        queue.id,
        requirement(extra),
        step=max(0, len(queue.steps) - 1),
        delay_s=delays[-1] if delays else 0,
    )


# ---- how long it will be -----------------------------------------------------------------------


def with_estimate(floor: Floor, call: Call, visit: Visit) -> Visit:
    """The visit with the wait that is predicted for it now; none where an agent is free."""
    want = want_of(floor.config, visit)
    if call.kind is not CallKind.INBOUND or floor.router.best_agent(want) is not None:
        return visit
    foretold = _foretell(floor, visit)
    if foretold is None:
        return visit
    floor.foretelling.told(visit.id, foretold)
    return msgspec.structs.replace(visit, estimate_ms=foretold.announced_ms)


def estimate_now(floor: Floor, visit: Visit) -> int | None:
    """How long one who waits will wait from now on (ms); None: not known."""
    foretold = _foretell(floor, visit)
    return foretold.announced_ms if foretold is not None else None


def _foretell(floor: Floor, visit: Visit) -> WaitForecast | None:
    # Fewer agents may fit this very caller than serve the queue.
    fit = floor.router.could_serve(want_of(floor.config, visit)) if visit.extra else None
    return floor.forecast.predict(
        visit.queue_id, lambda queue_id: floor.unserved_before(queue_id, visit), fit
    )


def came_true(floor: Floor, visit: Visit, waited_ms: int, outcome: VisitOutcome) -> None:
    """The wait is over: what was predicted is compared, unless somebody else cut it short."""
    foretold = floor.foretelling.take(visit.id)
    if foretold is None or outcome in _TELLS_NOTHING:
        return
    answered = outcome is VisitOutcome.ANSWERED
    floor.forecast.came_true(visit.queue_id, foretold, waited_ms, answered)


# ---- what is heard -----------------------------------------------------------------------------


def begin(floor: Floor, call: Call, queue: Queue) -> Call:
    """The call starts waiting: music or ringing, messages, the longest wait."""
    call = sound(floor, call, queue.music)
    if call.channel_id is None or call.visit is None:
        return call
    if queue.max_wait_s is not None and call.kind is CallKind.INBOUND:
        longest_ms = queue.max_wait_s * 1000
        floor.timers.set(Wake.MAX_WAIT, call.id, call.visit.came_at + longest_ms)
    _await_message(floor, call, floor.now_ms)
    return call


def sound(floor: Floor, call: Call, music: str) -> Call:
    """Music for who was picked up, ringing for who was not; nothing where there is no leg."""
    if call.channel_id is None:
        return call
    if call.answered:
        floor.order(StartMusic(call.lane, call.channel_id, music))
    else:
        floor.order(IndicateRinging(call.lane, call.channel_id))
    return floor.put_call(msgspec.structs.replace(call, music=call.answered))


def finish(floor: Floor, call: Call) -> Call:
    """The call waits no longer: a message is cut at once, music goes on until something else."""
    floor.timers.cancel(Wake.MAX_WAIT, call.id)
    floor.timers.cancel(Wake.MESSAGE, call.id)
    return hush(floor, call)


def resume(floor: Floor, call: Call) -> None:
    """After a restart: what limits and accompanies the wait is set again.

    A message that was being said is given up: whether it has ended meanwhile is not known.
    """
    visit = call.visit
    if visit is None or call.channel_id is None:
        return
    queue = floor.queue(visit.queue_id)
    if queue.max_wait_s is not None and call.kind is CallKind.INBOUND:
        floor.timers.set(Wake.MAX_WAIT, call.id, visit.came_at + queue.max_wait_s * 1000)
    if call.playback_id is not None:
        call = sound(floor, hush(floor, call), queue.music)
    _await_message(floor, call, floor.now_ms)


def say(floor: Floor, call: Call, texts: announcing.Texts) -> Call | None:
    """Say this to the call's first leg instead of its music; None where it cannot be said now.

    The call must have been answered.
    """
    language, text = announcing.chosen(texts, call.language)
    return play(floor, call, floor.flows.spoken(text, language), language)


def play(floor: Floor, call: Call, media: tuple[str, ...], language: str) -> Call | None:
    """Play this to the call's first leg instead of its music; None where there is nothing to."""
    if not media or call.channel_id is None:
        return None
    call = hush(floor, call)
    if call.channel_id is None:
        return None
    if call.music:
        floor.order(StopMusic(call.lane, call.channel_id))
    playback_id = PlaybackId(floor.new_id())
    floor.playbacks[playback_id] = call.id
    floor.order(PlayPrompt(call.lane, call.channel_id, playback_id, media, language))
    return floor.put_call(msgspec.structs.replace(call, music=False, playback_id=playback_id))


def hush(floor: Floor, call: Call) -> Call:
    """Stop what is being played, if anything is; its end will be nobody's news."""
    if call.playback_id is None:
        return call
    floor.playbacks.pop(call.playback_id, None)
    floor.order(StopPrompt(call.lane, call.playback_id))
    return floor.put_call(msgspec.structs.replace(call, playback_id=None))


# ---- messages ----------------------------------------------------------------------------------


def message_due(floor: Floor, call: Call) -> None:
    """It is time to say something to one who waits, or a message has lasted too long."""
    if call.playback_id is not None:
        message_said(floor, hush(floor, call))
        return
    visit = call.visit
    if visit is None or not call.answered:
        return
    visit, media, language = _due(floor, call, visit)
    call = floor.put_call(msgspec.structs.replace(call, visit=visit))
    playing = play(floor, call, media, language)
    if playing is not None:
        floor.timers.set(Wake.MESSAGE, call.id, floor.now_ms + PLAYING_AT_MOST_MS)
    else:
        _await_message(floor, call, floor.now_ms)


def interject(floor: Floor, call: Call, texts: announcing.Texts) -> None:
    """Say this to one who waits, instead of what is heard now; then the wait goes on."""
    if call.answered and say(floor, call, texts) is not None:
        floor.timers.set(Wake.MESSAGE, call.id, floor.now_ms + PLAYING_AT_MOST_MS)


def message_said(floor: Floor, call: Call) -> None:
    """The message was heard: music again, until the next."""
    if call.visit is None:
        return
    call = sound(floor, call, floor.queue(call.visit.queue_id).music)
    _await_message(floor, call, floor.now_ms + LEAST_MUSIC_MS)


def _await_message(floor: Floor, call: Call, earliest: int) -> None:
    """Wake for the next message, not before `earliest`; an unanswered caller hears none."""
    visit = call.visit
    if visit is None or not call.answered or call.channel_id is None:
        return
    messages = floor.queue(visit.queue_id).messages
    due = [_due_at(visit, number, message) for number, message in enumerate(messages)]
    next_at = min((at for at in due if at is not None), default=None)
    if next_at is None:
        floor.timers.cancel(Wake.MESSAGE, call.id)
    else:
        floor.timers.set(Wake.MESSAGE, call.id, max(earliest, next_at))


def without_missed(floor: Floor, visit: Visit) -> Visit:
    """The visit of one who comes to the telephone only now: what was due before is not said."""
    messages = floor.queue(visit.queue_id).messages
    said = tuple(max(0, _times_by(visit, message, floor.now_ms)) for message in messages)
    return msgspec.structs.replace(visit, messages_said=said)


def _times_said(visit: Visit, number: int) -> int:
    return visit.messages_said[number] if number < len(visit.messages_said) else 0


def _due_at(visit: Visit, number: int, message: WaitMessage) -> int | None:
    """When a message is next due (UTC ms); None: never again."""
    times = _times_said(visit, number)
    if times and message.every_s is None:
        return None
    later_s = message.first_s + times * max(1, message.every_s or 0)
    return visit.came_at + later_s * 1000


def _due(floor: Floor, call: Call, visit: Visit) -> tuple[Visit, tuple[str, ...], str]:
    """What is due now, said or passed over: the visit that knows of it, media, their language."""
    messages = floor.queue(visit.queue_id).messages
    said = [_times_said(visit, number) for number in range(len(messages))]
    media: list[str] = []
    language = call.language
    for number, message in enumerate(messages):
        due_at = _due_at(visit, number, message)
        if due_at is None or due_at > floor.now_ms + TOGETHER_MS:
            continue
        said[number] = _times_by(visit, message, floor.now_ms)
        visit, found, spoken = _words(floor, call, visit, message)
        # Media of two languages cannot be played in one go: recordings are found by language.
        if found and (not media or spoken == language):
            media += found
            language = spoken
    return msgspec.structs.replace(visit, messages_said=tuple(said)), tuple(media), language


def _times_by(visit: Visit, message: WaitMessage, now_ms: int) -> int:
    """How often a message has been due by now: what was missed is not said later in a burst."""
    since_first = now_ms + TOGETHER_MS - visit.came_at - message.first_s * 1000
    if message.every_s is None:
        return int(since_first >= 0)
    return since_first // (max(1, message.every_s) * 1000) + 1


def _words(
    floor: Floor, call: Call, visit: Visit, message: WaitMessage
) -> tuple[Visit, tuple[str, ...], str]:
    if message.kind is MessageKind.PROMPT:
        recorded: tuple[str, ...] = (f"prompt:{message.prompt}",) if message.prompt else ()
        return visit, recorded, call.language
    texts: announcing.Texts | None = message.texts
    told = visit
    if message.kind is MessageKind.POSITION:
        told, texts = _position(floor, visit, message)
    elif message.kind is MessageKind.ESTIMATE:
        wait_ms = estimate_now(floor, visit)
        texts = announcing.estimate_texts(message, wait_ms) if wait_ms is not None else None
    if not texts:
        return visit, (), call.language
    language, text = announcing.chosen(texts, call.language)
    media = floor.flows.spoken(text, language)
    return told if media else visit, media, language


def _position(
    floor: Floor, visit: Visit, message: WaitMessage
) -> tuple[Visit, announcing.Texts | None]:
    """A caller who was told a place is never told one further back: then nothing is said."""
    position = floor.line(visit.queue_id).ahead_of(visit) + 1
    if visit.told_position is not None and position > visit.told_position:
        return visit, None
    texts = announcing.position_texts(message, position)
    if texts is not None:
        visit = msgspec.structs.replace(visit, told_position=position)
    return visit, texts


def accompanied(call: Call) -> bool:
    """Whether the call waits, or is offered, in a way that messages and keys go with."""
    return call.state in (CallState.WAITING, CallState.OFFERED) and call.channel_id is not None
