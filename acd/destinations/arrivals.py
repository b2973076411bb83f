"""A caller comes in and walks through the SVI, until the flow queues or ends the call.

Does what the flow asks; the flow itself is `FlowRunner`'s.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from acd.call import Call
from acd.calls.ending import Ending, end
from acd.commands import PlayPrompt, StopMusic, StopPrompt
from acd.destinations import sending
from acd.events import CallArrived
from acd.flow import AnswerNow, EnterQueue, Finish, FlowInput, FlowTurn, Hush, Say, SendTo
from acd.model import CallId, CallState, FlowId, Outcome, PlaybackId, SegmentId, SegmentKind
from acd.queues import stay
from acd.queues.stay import Entry
from acd.state import telling
from acd.state.floor import Floor, Role
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

UNALLOCATED_NUMBER = 1
"""Q.850 cause 1: the caller's network says that the number does not exist (SIP 404)."""


def arrive(floor: Floor, event: CallArrived) -> None:
    """A caller is here: find the flow of the number dialled and enter it."""
    if event.channel_id in floor.legs or event.channel_id in floor.let_go:
        return
    flow = floor.config.numbers.get(event.dnis)
    call = Call(
        id=CallId(floor.new_id()),
        channel_id=event.channel_id,
        dnis=event.dnis,
        number=event.number,
        name=event.name,
        withheld=event.withheld,
        arrived_at=floor.now_ms,
        state=CallState.IN_FLOW,
        since=floor.now_ms,
        language=floor.config.language,
    )
    floor.legs[event.channel_id] = (call.id, Role.CALLER)
    call = telling.contact_began(floor, call, "inbound", flow=flow)
    if flow is None:
        end(floor, call, Ending(Outcome.REJECTED, "unknown_number", cause=UNALLOCATED_NUMBER))
        return
    begin_flow(floor, call, flow)


def begin_flow(floor: Floor, call: Call, flow: FlowId) -> None:
    """The call walks through this flow from its beginning."""
    segment_id = SegmentId(floor.new_id())
    call = telling.segment_opened(floor, call, segment_id, SegmentKind.IVR)
    if call.music and call.channel_id is not None:
        floor.order(StopMusic(call.id, call.channel_id))
    call = floor.put_call(
        msgspec.structs.replace(
            call,
            state=CallState.IN_FLOW,
            since=floor.now_ms,
            music=False,
            flow_segment_id=segment_id,
        )
    )
    try:
        turn = floor.flows.begin(flow, floor.caller_of(call), floor.now_ms)
    except KeyError:
        end(floor, call, Ending(Outcome.FAILED, "flow_missing"))
        return
    follow(floor, call, turn)


def go_on(floor: Floor, call: Call, happened: FlowInput) -> None:
    """Tell the flow what happened and do what it asks."""
    if call.flow is None:
        return
    try:
        turn = floor.flows.resume(call.flow, happened, floor.caller_of(call), floor.now_ms)
    except KeyError:
        end(floor, call, Ending(Outcome.FAILED, "flow_missing"))
        return
    follow(floor, call, turn)


def follow(floor: Floor, call: Call, turn: FlowTurn) -> None:
    """Carry out one step of the flow."""
    for left in turn.walked:
        call = telling.node_left(floor, call, left)
    state = turn.state
    language = state.language if state else call.language
    call = floor.put_call(msgspec.structs.replace(call, flow=state, language=language))
    if state is not None and state.due_at is not None:
        floor.timers.set(Wake.FLOW, call.id, state.due_at)
    else:
        floor.timers.cancel(Wake.FLOW, call.id)
    for action in turn.actions:
        match action:
            case AnswerNow():
                call = stay.answer(floor, call)
            case Say(media=media, language=spoken):
                call = _say(floor, call, media, spoken)
            case Hush():
                call = hush(floor, call)
            case EnterQueue():
                call = _attached(floor, call, action.data)
                entry = Entry(
                    action.queue_id,
                    extra=action.required,
                    priority=action.priority,
                    agent_id=action.agent_id,
                    agent_s=action.agent_s,
                    answer_first=action.answer_first,
                )
                sending.enter(floor, call, entry)
            case SendTo(target=target, data=data, closed=closed):
                call = _attached(floor, call, data)
                if closed and call.visits == 0:
                    call = floor.put_call(msgspec.structs.replace(call, came_closed=True))
                sending.send(floor, call, target, "flow")
            case Finish(outcome=outcome, reason=reason):
                call_goes(call.state, CallInput.FLOW_FINISHED, CallState.ENDED)
                end(floor, call, Ending(outcome, reason))
            case _:
                assert_never(action)


def _attached(floor: Floor, call: Call, data: dict[str, str]) -> Call:
    return floor.put_call(msgspec.structs.replace(call, data={**call.data, **data}))


def _say(floor: Floor, call: Call, media: tuple[str, ...], language: str) -> Call:
    call = hush(floor, call)
    if call.channel_id is None:
        return call
    playback_id = PlaybackId(floor.new_id())
    floor.playbacks[playback_id] = call.id
    floor.order(PlayPrompt(call.id, call.channel_id, playback_id, media, language))
    return floor.put_call(msgspec.structs.replace(call, playback_id=playback_id))


def hush(floor: Floor, call: Call) -> Call:
    """Stop the prompt that is playing, if there is one; its end will be nobody's news."""
    if call.playback_id is None:
        return call
    floor.playbacks.pop(call.playback_id, None)
    floor.order(StopPrompt(call.id, call.playback_id))
    return floor.put_call(msgspec.structs.replace(call, playback_id=None))
