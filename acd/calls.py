"""What befalls a call: the flow, the queue, offers, the conversation, the end.

Changes the working state by the calls' table and orders what the switch must do. Who gets a call
is `routing`'s decision; the way through the SVI is the flow runner's.
"""

from __future__ import annotations

import msgspec

from acd import agents, telling
from acd.commands import (
    AnswerCaller,
    CreateBridge,
    HangUp,
    IndicateRinging,
    JoinBridge,
    RingAgent,
    StartMusic,
    StartRecording,
    StopMusic,
)
from acd.ending import Ending, end
from acd.facts import (
    Call,
    RecordingStarted,
    RoutingDecided,
    VisitClosed,
    VisitOpened,
)
from acd.floor import Floor, Role
from acd.flow import (
    EnterQueue,
)
from acd.model import (
    AgentId,
    BridgeId,
    CallState,
    ChannelId,
    EndedBy,
    Offer,
    OfferEnd,
    Outcome,
    RecordingId,
    SegmentId,
    SegmentKind,
    Talk,
    Visit,
    VisitId,
    VisitOutcome,
)
from acd.routing import requirement
from acd.states import CallInput, call_goes
from acd.timers import Wake

PRIORITY_MS = 60_000
"""What one point of priority is worth in age: more urgent callers pass, and nobody starves."""

RING_GRACE_S = 5
"""The switch's own limit on ringing stands this much after ours, for the case that we are gone."""

NORMAL_CLEARING = 16


# ---- the queue ---------------------------------------------------------------------------------


def enqueue(floor: Floor, call: Call, wish: EnterQueue) -> None:
    """The flow gives the caller to a queue."""
    queue = floor.config.queues.get(wish.queue_id)
    if queue is None:
        end(floor, call, Ending(Outcome.FAILED, f"unknown_queue:{wish.queue_id}"))
        return
    call_goes(call.state, CallInput.QUEUED, CallState.WAITING)
    call = close_flow_segment(floor, call, "queued")
    priority = queue.priority + wish.priority
    floor.visit_count += 1
    visit = Visit(
        id=VisitId(floor.new_id()),
        queue_id=queue.id,
        seq=call.visits + 1,
        extra=wish.required,
        required=requirement(queue.required, wish.required),
        priority=priority,
        enqueued_at=floor.now_ms,
        key=floor.now_ms - priority * PRIORITY_MS,
        order=floor.visit_count,
        answer_first=wish.answer_first,
    )
    call = floor.tell_call(
        call,
        lambda subject, seq, at: VisitOpened(
            subject,
            seq,
            at,
            call.id,
            visit.id,
            visit.seq,
            queue.id,
            priority,
            visit.key,
            queue.service_level_s * 1000,
            queue.short_abandon_s * 1000,
            visit.required,
        ),
    )
    if wish.answer_first:
        call = answer(floor, call)
    if call.answered:
        floor.order(StartMusic(call.id, call.channel_id, queue.music))
    else:
        floor.order(IndicateRinging(call.id, call.channel_id))
    call = floor.put_call(
        msgspec.structs.replace(
            call,
            state=CallState.WAITING,
            since=floor.now_ms,
            visit=visit,
            visits=visit.seq,
            music=call.answered,
        )
    )
    wait(floor, call, visit, "arrival")


def answer(floor: Floor, call: Call) -> Call:
    """Pick up the caller's leg, unless it is up."""
    if call.answered:
        return call
    floor.order(AnswerCaller(call.id, call.channel_id))
    return floor.put_call(msgspec.structs.replace(call, answered=True))


def close_flow_segment(floor: Floor, call: Call, reason: str) -> Call:
    """The time in the SVI is over."""
    if call.flow_segment_id is None:
        return call
    call = telling.segment_closed(floor, call, call.flow_segment_id, reason)
    return floor.put_call(msgspec.structs.replace(call, flow_segment_id=None, flow=None))


def wait(floor: Floor, call: Call, visit: Visit, trigger: str) -> None:
    """Stand in the queue (again), at the place that the key gives."""
    floor.line(visit.queue_id).add(call.id, visit)
    floor.router.call_waits(call.id, floor.wanted(visit), visit.key, visit.order)
    floor.calls_to_route[call.id] = trigger


def decide(floor: Floor, call: Call, trigger: str, agent_id: AgentId | None) -> Call:
    """Keep why this agent was chosen for this call, or nobody."""
    visit = call.visit
    if visit is None:
        return call
    ahead = floor.line(visit.queue_id).ahead_of(visit)
    seen = floor.router.candidates(floor.wanted(visit), agent_id, floor.at_work, floor.now_ms)
    return floor.tell_call(
        call,
        lambda subject, seq, at: RoutingDecided(
            subject,
            seq,
            at,
            call.id,
            visit.id,
            visit.queue_id,
            trigger,
            agent_id,
            seen,
            len(floor.at_work),
            ahead,
        ),
    )


def offer(floor: Floor, call: Call, agent_id: AgentId, trigger: str) -> None:
    """Ring this agent for this call."""
    visit = call.visit
    if visit is None:
        return
    call_goes(call.state, CallInput.AGENT_FOUND, CallState.OFFERED)
    call = decide(floor, call, trigger, agent_id)
    queue = floor.queue(visit.queue_id)
    profile = floor.config.agents[agent_id]
    made = Offer(
        agent_id=agent_id,
        channel_id=ChannelId(floor.new_id()),
        segment_id=SegmentId(floor.new_id()),
        made_at=floor.now_ms,
        deadline_at=floor.now_ms + queue.ring_s * 1000,
    )
    call = telling.segment_opened(
        floor, call, made.segment_id, SegmentKind.RING, agent_id, visit.id
    )
    floor.legs[made.channel_id] = (call.id, Role.AGENT)
    floor.router.call_gone(call.id)
    floor.timers.set(Wake.OFFER, call.id, made.deadline_at)
    floor.order(
        RingAgent(
            call.id,
            agent_id,
            made.channel_id,
            profile.phone,
            call.number,
            call.name,
            queue.ring_s + RING_GRACE_S,
        )
    )
    bridge_id = call.bridge_id
    if bridge_id is None:
        bridge_id = BridgeId(floor.new_id())
        floor.order(CreateBridge(call.id, bridge_id))
    floor.put_call(
        msgspec.structs.replace(
            call, state=CallState.OFFERED, since=floor.now_ms, offer=made, bridge_id=bridge_id
        )
    )
    agents.offered(floor, agent_id, call.id, made.channel_id)


def offer_failed(floor: Floor, call: Call, how: OfferEnd, leg_alive: bool) -> None:
    """The agent did not take the call: the caller keeps the place, the next agent is sought."""
    made, visit = call.offer, call.visit
    if made is None or visit is None:
        return
    if not call_goes(call.state, CallInput.OFFER_FAILED, CallState.WAITING):
        return
    call = close_offer(floor, call, how, leg_alive)
    call = floor.put_call(
        msgspec.structs.replace(call, state=CallState.WAITING, since=floor.now_ms)
    )
    wait(floor, call, visit, "requeue")
    agents.offer_over(floor, made.agent_id, how, floor.queue(visit.queue_id).rona_limit)


def close_offer(floor: Floor, call: Call, how: OfferEnd, leg_alive: bool) -> Call:
    """The ringing is over; the agent's leg is given up where it still stands."""
    made = call.offer
    if made is None:
        return call
    floor.timers.cancel(Wake.OFFER, call.id)
    call = telling.segment_closed(floor, call, made.segment_id, how)
    if how is not OfferEnd.ANSWERED:
        floor.forget_leg(made.channel_id, alive=leg_alive)
        if leg_alive:
            floor.order(HangUp(call.id, made.channel_id, NORMAL_CLEARING))
    return floor.put_call(msgspec.structs.replace(call, offer=None))


# ---- the conversation --------------------------------------------------------------------------


def agent_answered(floor: Floor, call: Call) -> None:
    """The agent picked up: join the two and record."""
    made, visit, bridge_id = call.offer, call.visit, call.bridge_id
    if not call_goes(call.state, CallInput.AGENT_ANSWERED, CallState.TALKING):
        return
    if made is None or visit is None or bridge_id is None:
        return
    queue = floor.queue(visit.queue_id)
    call = close_offer(floor, call, OfferEnd.ANSWERED, leg_alive=True)
    floor.line(visit.queue_id).discard(call.id)
    floor.talking[visit.queue_id] += 1
    segment_id = SegmentId(floor.new_id())
    call = floor.tell_call(
        call,
        lambda subject, seq, at: VisitClosed(
            subject, seq, at, call.id, visit.id, VisitOutcome.ANSWERED, made.agent_id, segment_id
        ),
    )
    call = telling.segment_opened(
        floor, call, segment_id, SegmentKind.TALK, made.agent_id, visit.id
    )
    if call.music:
        floor.order(StopMusic(call.id, call.channel_id))
    call = answer(floor, call)
    floor.order(JoinBridge(call.id, bridge_id, (call.channel_id, made.channel_id)))
    recording_id: RecordingId | None = None
    if queue.recorded:
        recording_id = RecordingId(floor.new_id())
        call = _record(floor, call, bridge_id, recording_id, made.agent_id, visit)
    talk = Talk(
        agent_id=made.agent_id,
        agent_channel_id=made.channel_id,
        bridge_id=bridge_id,
        segment_id=segment_id,
        started_at=floor.now_ms,
        recording_id=recording_id,
    )
    floor.put_call(
        msgspec.structs.replace(
            call,
            state=CallState.TALKING,
            since=floor.now_ms,
            music=False,
            served=True,
            talk=talk,
        )
    )
    agents.answered(floor, made.agent_id)


def _record(
    floor: Floor,
    call: Call,
    bridge_id: BridgeId,
    recording_id: RecordingId,
    agent_id: AgentId,
    visit: Visit,
) -> Call:
    floor.order(StartRecording(call.id, bridge_id, recording_id))
    return floor.tell_call(
        call,
        lambda subject, seq, at: RecordingStarted(
            subject, seq, at, call.id, recording_id, agent_id, visit.queue_id
        ),
    )


def hold(floor: Floor, call: Call, on_hold: bool) -> None:
    """A phone put the other side on hold, or took it back: talk and hold follow one another."""
    happened = CallInput.HELD if on_hold else CallInput.RESUMED
    talk = call.talk
    if not call_goes(call.state, happened) or talk is None or talk.on_hold == on_hold:
        return
    call = telling.segment_closed(floor, call, talk.segment_id, happened)
    segment_id = SegmentId(floor.new_id())
    kind = SegmentKind.HOLD if on_hold else SegmentKind.TALK
    visit_id = call.visit.id if call.visit else None
    call = telling.segment_opened(floor, call, segment_id, kind, talk.agent_id, visit_id)
    talk = msgspec.structs.replace(talk, segment_id=segment_id, on_hold=on_hold)
    floor.put_call(msgspec.structs.replace(call, talk=talk))


# ---- hang-ups ----------------------------------------------------------------------------------


def caller_gone(floor: Floor, call: Call) -> None:
    """The caller hung up, wherever on the way."""
    if not call_goes(call.state, CallInput.CALLER_GONE, CallState.ENDED):
        return
    if call.served:
        ending = Ending(Outcome.ANSWERED, "caller_hung_up", EndedBy.CALLER)
    elif call.visit is not None:
        ending = Ending(Outcome.ABANDONED, "hung_up_in_queue", EndedBy.CALLER)
    else:
        ending = Ending(Outcome.FLOW_HANG_UP, "hung_up_in_flow", EndedBy.CALLER)
    end(floor, call, ending, gone=call.channel_id)


def agent_gone(floor: Floor, call: Call) -> None:
    """The agent's leg ended in a conversation: so does the call."""
    if call.talk is None or not call_goes(call.state, CallInput.AGENT_GONE, CallState.ENDED):
        return
    ending = Ending(Outcome.ANSWERED, "agent_hung_up", EndedBy.AGENT)
    end(floor, call, ending, gone=call.talk.agent_channel_id)
