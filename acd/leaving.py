"""A waiting caller hears messages, leaves by a key, or has waited too long. Pure.

What is said is `waiting`'s, where the call goes `sending`'s.
"""

from __future__ import annotations

import msgspec

from acd import announcing, queueing, ringing, sending, voicemail, waiting
from acd.facts import Call
from acd.floor import Floor
from acd.model import CallKind, CallState, OfferEnd, TargetKind
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
    if not queueing.in_queue(floor, call):
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
    elif waiting.accompanied(call) and queueing.in_queue(floor, call):
        waiting.message_due(floor, call)


def message_said(floor: Floor, call: Call) -> None:
    """The message was heard: music again."""
    if waiting.accompanied(call) and queueing.in_queue(floor, call):
        waiting.message_said(floor, call)


def is_overdue(floor: Floor, call: Call) -> bool:
    """Whether the call has waited in its queue for as long as it may, and can go elsewhere."""
    visit = call.visit
    if visit is None or call.kind is not CallKind.INBOUND or not queueing.in_queue(floor, call):
        return False
    queue = floor.queue(visit.queue_id)
    if queue.max_wait_s is None or queue.on_max_wait is None:
        return False
    over = floor.now_ms >= visit.enqueued_at + queue.max_wait_s * 1000
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
