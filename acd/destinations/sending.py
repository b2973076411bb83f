"""Where a call goes next: into a queue, to an agent, outside, to voicemail, to a callback, away.

The one place through which flows, exits, overflow, transfers and supervisors move a call on.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from acd.call import Call, Resume, Then
from acd.calls import dialling, ringing
from acd.calls.ending import Ending, end
from acd.config import Queue
from acd.destinations import callbacks, voicemail
from acd.model import (
    AgentId,
    CallKind,
    CallState,
    FlowId,
    OfferEnd,
    Outcome,
    QueueId,
    Target,
    TargetKind,
    VisitOutcome,
)
from acd.queues import announcing, stay, waiting
from acd.queues.stay import Entry
from acd.state.floor import Floor
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

MOST_OVERFLOWS = 5
"""A call that overflow has sent on so often goes no further: the configuration leads in circles."""

_OVERFLOWS = frozenset({"closed", "full", "nobody", "max_wait", "exit"})
"""Why a queue sends calls elsewhere: to another queue they go with their age."""

_VISIT_OUTCOMES = {
    TargetKind.VOICEMAIL: VisitOutcome.VOICEMAIL,
    TargetKind.CALLBACK: VisitOutcome.CALLBACK,
}


def enter(floor: Floor, call: Call, entry: Entry) -> None:
    """Put the call into a queue; where it is closed or full, send it where the queue says.

    The call must have left what it did before (visit closed, no talk, no offer).
    """
    queue = floor.config.queues.get(entry.queue_id)
    if queue is None:
        end(floor, call, Ending(Outcome.FAILED, f"unknown_queue:{entry.queue_id}"))
        return
    call_goes(call.state, CallInput.QUEUED, CallState.WAITING)
    call = stay.close_flow_segment(floor, call, "queued")
    returning = entry.key is not None and not entry.overflow
    if call.kind is CallKind.CALLBACK and call.channel_id is None:
        returning = False
    turned_away = waiting.refusal(floor, call, queue, entry.extra, returning)
    if turned_away is not None:
        _turn_away(floor, call, queue, entry, turned_away)
        return
    call = stay.open_visit(floor, call, queue, entry)
    if entry.answer_first:
        call = stay.answer(floor, call)
    call = waiting.begin(floor, call, queue)
    stay.stand(floor, call, "arrival")


def _turn_away(
    floor: Floor, call: Call, queue: Queue, entry: Entry, turned_away: waiting.TurnedAway
) -> None:
    target = turned_away.target or Target(TargetKind.HANG_UP, texts=dict(turned_away.words))
    if turned_away.counts:
        call = stay.open_visit(floor, call, queue, entry)
        left = _VISIT_OUTCOMES.get(target.kind, VisitOutcome.OVERFLOW)
        call = stay.close_visit(floor, call, left, to=name_of(target))
    if call.kind is CallKind.CALLBACK and call.channel_id is None:
        # Nobody is on the line: it is tried again when the queue takes calls.
        callbacks.put_off(floor, call, turned_away.why)
        return
    if turned_away.target is None and call.resume is not None:
        # An agent sent it here: who has been served is not told to call again.
        not_taken(floor, call, OfferEnd.REJECTED)
        return
    came_closed = turned_away.why == "closed" and call.visits == 0
    call = msgspec.structs.replace(call, last_queue_id=queue.id, came_closed=came_closed)
    send(floor, call, target, turned_away.why, outcome=turned_away.outcome)


def name_of(target: Target) -> str:
    """A target in one word, as facts keep it: `queue:ID`, `number:+33…`, `hang_up`."""
    return f"{target.kind}:{target.id}" if target.id is not None else str(target.kind)


def send(
    floor: Floor,
    call: Call,
    target: Target,
    why: str,
    outcome: Outcome = Outcome.OVERFLOW,
    by: str | None = None,
) -> None:
    """Move the call on; it leaves queue and flow first. `outcome`: what it ends as if it ends.

    `why` says what moved it: closed, full, nobody, max_wait, exit, moved, transferred, flow. `by`
    is the person who did it. Talks and offers must have been closed before. Who waits already and
    cannot be sent there (`possible`) goes on waiting.
    """
    queued = stay.in_queue(floor, call)
    if not possible(floor, call, target, why):
        if queued:
            return
        if call.resume is not None:
            # They were told of it, and it has become impossible meanwhile: the place was kept.
            not_taken(floor, call, OfferEnd.UNREACHABLE)
            return
        target, why = _instead(call, target, why)
    if queued:
        moved = VisitOutcome.MOVED if why == "moved" else VisitOutcome.OVERFLOW
        left = _VISIT_OUTCOMES.get(target.kind, moved)
        call = stay.close_visit(floor, call, left, to=name_of(target), by=by)
    call = stay.close_flow_segment(floor, call, why)
    if call.kind is CallKind.CONSULT:
        # Whom an agent asks: what a queue has for its callers is not for the agent.
        if target.kind not in (TargetKind.QUEUE, TargetKind.AGENT, TargetKind.NUMBER):
            end(floor, call, Ending(Outcome.NO_ANSWER, why))
            return
        target = msgspec.structs.replace(target, texts={})
    if queued and target.kind in (TargetKind.AGENT, TargetKind.NUMBER) and why in _OVERFLOWS:
        call = _with_way_back(floor, call, why)
    if target.kind is TargetKind.CALLBACK:
        # Booked before anything is said: who hangs up now is called back all the same.
        callbacks.keep_place(floor, call, _queue_of(call, target))
        texts = target.texts or dict(announcing.CALLBACK_KEPT)
        target, why = Target(TargetKind.HANG_UP, texts=texts), "callback"
        outcome = Outcome.CALLBACK
    if target.texts and call.channel_id is not None:
        _say_first(floor, call, target, why, outcome)
        return
    match target.kind:
        case TargetKind.QUEUE:
            _to_queue(floor, call, QueueId(target.id or ""), why)
        case TargetKind.AGENT:
            _to_agent(floor, call, AgentId(target.id or ""))
        case TargetKind.NUMBER:
            _to_number(floor, call, target.id or "")
        case TargetKind.VOICEMAIL:
            then = Then(Target(TargetKind.HANG_UP), why, outcome)
            voicemail.begin(floor, call, _queue_of(call, target), then)
        case TargetKind.FLOW:
            floor.to_flow[call.id] = FlowId(target.id or "")
            _gone_through(floor, call, target, why)
        case TargetKind.HANG_UP | TargetKind.CALLBACK:
            end(floor, call, Ending(outcome, why))
        case _:
            assert_never(target.kind)


def _queue_of(call: Call, target: Target) -> QueueId | None:
    return QueueId(target.id) if target.id is not None else call.last_queue_id


def possible(floor: Floor, call: Call, target: Target, why: str) -> bool:
    """Whether a call can be sent there; where it cannot, one who waits had better stay."""
    match target.kind:
        case TargetKind.QUEUE if why in _OVERFLOWS:
            been_there = target.id in (*call.overflowed, _waits_in(floor, call))
            return not been_there and not _is_tired(call)
        case TargetKind.FLOW if why in _OVERFLOWS:
            # A flow may lead back to the queue that sent the call there, and at once.
            return not _is_tired(call)
        case TargetKind.AGENT if why in _OVERFLOWS:
            return floor.router.is_ready(AgentId(target.id or ""))
        case TargetKind.NUMBER if why in _OVERFLOWS:
            return dialling.is_allowed(floor, target.id or "")
        case TargetKind.CALLBACK:
            asked_for = _queue_of(call, target) is not None
            return asked_for and call.channel_id is not None and callbacks.can_reach(floor, call)
        case _:
            return True


def _is_tired(call: Call) -> bool:
    return len(call.overflowed) >= MOST_OVERFLOWS


def _gone_through(floor: Floor, call: Call, target: Target, why: str) -> Call:
    """Count what overflow has sent the call to: a queue by its id, a flow as `flow:ID`."""
    if why not in _OVERFLOWS or target.id is None:
        return floor.put_call(call)
    passed = target.id if target.kind is TargetKind.QUEUE else name_of(target)
    overflowed = (*call.overflowed, QueueId(passed))
    return floor.put_call(msgspec.structs.replace(call, overflowed=overflowed))


def _waits_in(floor: Floor, call: Call) -> QueueId | None:
    queued = stay.in_queue(floor, call)
    return call.visit.queue_id if queued and call.visit is not None else None


def _instead(call: Call, target: Target, why: str) -> tuple[Target, str]:
    """Where a call goes that cannot be sent where it should, and nowhere to stay; and why."""
    if target.kind is TargetKind.CALLBACK:
        texts = dict(announcing.NO_CALLBACK)
        queue_id = _queue_of(call, target)
        if why == "flow" and queue_id is not None:
            return Target(TargetKind.QUEUE, queue_id, texts), why
        return Target(TargetKind.HANG_UP, texts=texts), why
    words = announcing.CLOSED if why == "closed" else announcing.BUSY
    in_circles = target.kind in (TargetKind.QUEUE, TargetKind.FLOW)
    why = "overflow_loop" if in_circles else why
    return Target(TargetKind.HANG_UP, texts=dict(words)), why


def _with_way_back(floor: Floor, call: Call, why: str) -> Call:
    """Who leaves the queue for one agent or number comes back to the place if that fails."""
    visit = call.visit
    if visit is None:
        return call
    resume = Resume(None, visit.queue_id, visit.key, visit.boost, told_position=visit.told_position)
    if why != "max_wait":
        # Sent away for the longest wait, it waits anew: else it would be sent again at once.
        resume = msgspec.structs.replace(
            resume, messages_said=visit.messages_said, stay_since=visit.came_at
        )
    return floor.put_call(msgspec.structs.replace(call, resume=resume))


def _say_first(floor: Floor, call: Call, target: Target, why: str, outcome: Outcome) -> None:
    """Say the target's text to the caller; `said` goes on when it has been heard."""
    call_goes(call.state, CallInput.SENT, CallState.IN_FLOW)
    call = stay.answer(floor, call)
    then = Then(msgspec.structs.replace(target, texts={}), why, outcome)
    call = msgspec.structs.replace(call, state=CallState.IN_FLOW, since=floor.now_ms, then=then)
    playing = waiting.say(floor, floor.put_call(call), target.texts)
    if playing is None:
        said(floor, call)
    else:
        floor.timers.set(Wake.FLOW, call.id, floor.now_ms + waiting.PLAYING_AT_MOST_MS)


def said(floor: Floor, call: Call) -> None:
    """What was to be said first has been heard: on to where the call was sent."""
    then = call.then
    if then is None:
        return
    floor.timers.cancel(Wake.FLOW, call.id)
    call = waiting.hush(floor, floor.put_call(msgspec.structs.replace(call, then=None)))
    send(floor, call, then.target, then.why, then.outcome)


def _to_queue(floor: Floor, call: Call, queue_id: QueueId, why: str) -> None:
    overflow = why in _OVERFLOWS
    call = _gone_through(floor, call, Target(TargetKind.QUEUE, queue_id), why)
    visit = call.visit if overflow or why == "moved" else None
    if visit is None:
        enter(floor, call, Entry(queue_id, overflow=overflow))
        return
    key = stay.key_in(floor, visit, queue_id)
    entry = Entry(queue_id, visit.extra, visit.boost, key=key, overflow=overflow)
    enter(floor, call, entry)


def _to_agent(floor: Floor, call: Call, agent_id: AgentId) -> None:
    if floor.router.is_ready(agent_id):
        call = stay.answer(floor, call)
        call = waiting.sound(floor, call, _music(floor, call))
        ringing.offer_direct(floor, call, agent_id)
    else:
        not_taken(floor, call, OfferEnd.UNREACHABLE)


def _music(floor: Floor, call: Call) -> str:
    return floor.queue(call.last_queue_id).music if call.last_queue_id is not None else "default"


def _to_number(floor: Floor, call: Call, number: str) -> None:
    if dialling.is_allowed(floor, number):
        dialling.dial(floor, call, number)
    else:
        not_taken(floor, call, OfferEnd.REJECTED)


def not_taken(floor: Floor, call: Call, how: OfferEnd) -> None:
    """The one whom the call was sent to did not take it: back to where it came from, or the end."""
    resume = call.resume
    call = floor.put_call(msgspec.structs.replace(call, resume=None, direct_to=None))
    if resume is None:
        _let_go(floor, call, f"not_taken:{how}")
    elif resume.agent_id is not None and floor.router.is_ready(resume.agent_id):
        back = msgspec.structs.replace(resume, agent_id=None)
        call = floor.put_call(msgspec.structs.replace(call, resume=back))
        call = waiting.sound(floor, call, _music(floor, call))
        ringing.offer_direct(floor, call, resume.agent_id)
    elif resume.queue_id is not None:
        extra = call.visit.extra if call.visit is not None else ()
        entry = Entry(resume.queue_id, extra, resume.boost, key=resume.key, back=resume)
        enter(floor, call, entry)
    else:
        _let_go(floor, call, f"not_taken:{how}")


def _let_go(floor: Floor, call: Call, why: str) -> None:
    """Nobody takes the call and no queue knows it: its customer is told so, and it ends."""
    outcome = Outcome.OVERFLOW if call.kind is CallKind.INBOUND else Outcome.NO_ANSWER
    if call.kind is CallKind.INTERNAL or call.caller_agent_id is not None:
        end(floor, call, Ending(outcome, why))
        return
    words = announcing.CLOSED if call.came_closed else announcing.BUSY
    if call.came_closed:
        outcome = Outcome.OUT_OF_HOURS
    send(floor, call, Target(TargetKind.HANG_UP, texts=dict(words)), why, outcome)
