"""A waiting caller hears messages, leaves by a key, or has waited too long. Pure.

What is said is `waiting`'s, where the call goes `sending`'s.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.call import Call
from acd.calls import ringing
from acd.config import Access, Queue
from acd.destinations import sending, voicemail
from acd.model import CallKind, CallState, OfferEnd, Target, TargetKind
from acd.queues import announcing, stay, waiting
from acd.state.floor import Floor
from acd.states import CallInput, call_goes


def digit_pressed(floor: Floor, call: Call, digit: str) -> None:
    """A key, while the call waits, is offered, or hears the greeting of voicemail.

    An exit that leads nowhere for this call is passed over: the caller keeps the place.
    """
    if not call_goes(call.state, CallInput.DIGIT_PRESSED):
        return
    if call.state is CallState.LEAVING_MESSAGE:
        voicemail.key_while_greeted(floor, call)
        return
    if call.visit is None or call.kind is not CallKind.INBOUND:
        return
    if not stay.in_queue(floor, call):
        return
    target = floor.queue(call.visit.queue_id).exits.get(digit)
    if target is None:
        return
    if sending.possible(floor, call, target, "exit"):
        sending.send(floor, _withdrawn(floor, call), target, "exit")
    elif target.kind is TargetKind.CALLBACK:
        waiting.interject(floor, call, announcing.NO_CALLBACK)


def _withdrawn(floor: Floor, call: Call) -> Call:
    """The call without the phones that ring for it."""
    if call.state is not CallState.OFFERED:
        return call
    call = ringing.withdraw_all(floor, call, OfferEnd.WITHDRAWN)
    return floor.put_call(
        msgspec.structs.replace(call, state=CallState.WAITING, since=floor.now_ms)
    )


def message_due(floor: Floor, call: Call) -> None:
    """It is time to say something, or something has lasted too long."""
    if call.state is CallState.LEAVING_MESSAGE:
        voicemail.overdue(floor, call)
    elif waiting.accompanied(call) and stay.in_queue(floor, call):
        waiting.message_due(floor, call)


def message_said(floor: Floor, call: Call) -> None:
    """The message was heard: music again."""
    if waiting.accompanied(call) and stay.in_queue(floor, call):
        waiting.message_said(floor, call)


def is_overdue(floor: Floor, call: Call) -> bool:
    """Whether the call has waited in its queue for as long as it may, and can go elsewhere."""
    visit = call.visit
    if visit is None or call.kind is not CallKind.INBOUND or not stay.in_queue(floor, call):
        return False
    queue = floor.queue(visit.queue_id)
    if queue.max_wait_s is None or queue.on_max_wait is None:
        return False
    over = floor.now_ms >= visit.came_at + queue.max_wait_s * 1000
    return over and sending.possible(floor, call, queue.on_max_wait, "max_wait")


def waited_too_long(floor: Floor, call: Call) -> None:
    """The longest wait is over: on to where the queue says, or the call stays.

    While a phone rings for the caller, it is let ring: `offers` asks again if nobody picks up.
    """
    if call.state is not CallState.WAITING or call.visit is None or not is_overdue(floor, call):
        return
    target = floor.queue(call.visit.queue_id).on_max_wait
    if target is not None:
        sending.send(floor, call, target, "max_wait")


def queue_deleted(floor: Floor, queue: Queue) -> None:
    """A queue is not configured any more: its callers go where it sent those it did not take.

    That is where it said for the time it is closed, else after the longest wait. Without either,
    callers of an open queue stay for those who hold the skills they ask for, as callbacks and
    messages do; those of a queue with members hear that it is closed. Nobody is left in a wrap-up
    that only a disposition of this queue could end.
    """
    for call_id in list(floor.line(queue.id)):
        call = floor.calls[call_id]
        if call.channel_id is None or call.kind is CallKind.CALLBACK:
            continue
        target = _instead_of(floor, call, queue)
        if target is not None:
            sending.send(floor, _withdrawn(floor, call), target, "closed")
    for work in list(floor.at_work.values()):
        if work.wrap_up_mandatory and work.wrap_up_queue_id == queue.id:
            availability.wrap_up_over(floor, work.id)


def _instead_of(floor: Floor, call: Call, queue: Queue) -> Target | None:
    """Where a call of this deleted queue is sent; None: nowhere."""
    for target in (queue.on_closed, queue.on_max_wait):
        there = target is not None and _still_there(floor, queue, target)
        if target is not None and there and sending.possible(floor, call, target, "closed"):
            return target
    if queue.access is Access.OPEN:
        return None
    return Target(TargetKind.HANG_UP, texts=dict(announcing.CLOSED))


def _still_there(floor: Floor, queue: Queue, target: Target) -> bool:
    """Whether the queue that a target leads to, this one where it names none, is configured."""
    if target.kind in (TargetKind.QUEUE, TargetKind.VOICEMAIL, TargetKind.CALLBACK):
        return (target.id or queue.id) in floor.config.queues
    return True
