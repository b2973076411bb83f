"""A call's stay in a queue: opened, stood in, widened, closed; why an agent was chosen is kept.

Who gets the call is `routing`'s decision, when the search widens `relaxing`'s, what the caller
hears meanwhile `waiting`'s, and whether a queue takes a call at all `sending`'s.
"""

from __future__ import annotations

import msgspec

from acd.call import Call, Resume
from acd.commands import AnswerCaller, DestroyBridge
from acd.config import CallbackMode, Queue
from acd.facts import RoutingDecided, Trigger, VisitClosed, VisitOpened
from acd.model import (
    AgentId,
    CallKind,
    CallState,
    QueueId,
    SegmentId,
    SkillLevel,
    Visit,
    VisitId,
    VisitOutcome,
)
from acd.phone_numbers import is_somebodys
from acd.queues import waiting
from acd.routing.relaxing import opened, want_of
from acd.routing.router import requirement
from acd.state import telling
from acd.state.floor import Floor
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

PRIORITY_MS = 60_000
"""What one point of priority is worth in age: more urgent callers pass, and nobody starves."""


class Entry(msgspec.Struct, frozen=True):
    """How a call is to enter a queue.

    `extra` skills and `priority` are on top of the queue's. `key` keeps an earlier place, in which
    the two priorities are counted already (None: a new one), `overflow` says that another queue
    sent it, `back` that it comes back from where the queue had sent it. `agent_id` is looked for
    alone for `agent_s` seconds. `answer_first`: pick up and play music, or let it ring until an
    agent does.
    """

    queue_id: QueueId
    extra: tuple[SkillLevel, ...] = ()
    priority: int = 0
    key: int | None = None
    overflow: bool = False
    agent_id: AgentId | None = None
    agent_s: int = 0
    answer_first: bool = True
    back: Resume | None = None


def open_visit(floor: Floor, call: Call, queue: Queue, entry: Entry) -> Call:
    """The call has come to a queue; `stand` makes it wait there."""
    priority = queue.priority + entry.priority
    floor.visit_count += 1
    only, only_s = _looked_for(floor, call, queue, entry)
    back = entry.back or Resume(None, None, 0)
    visit = Visit(
        id=VisitId(floor.new_id()),
        queue_id=queue.id,
        seq=call.visits + 1,
        extra=entry.extra,
        required=requirement(queue.required, entry.extra),
        priority=priority,
        boost=entry.priority,
        enqueued_at=floor.now_ms,
        key=entry.key if entry.key is not None else floor.now_ms - priority * PRIORITY_MS,
        order=floor.visit_count,
        answer_first=entry.answer_first,
        step_at=floor.now_ms,
        only=only,
        only_until=floor.now_ms + only_s * 1000 if only is not None else None,
        told_position=back.told_position,
        messages_said=back.messages_said,
        waited_before_ms=call.waited_ms,
        stay_since=back.stay_since,
    )
    visit = waiting.with_estimate(floor, call, visit)
    call = msgspec.structs.replace(
        call,
        state=CallState.WAITING,
        since=floor.now_ms,
        visit=visit,
        visits=visit.seq,
        last_queue_id=queue.id,
        came_closed=False,
    )
    return floor.tell_call(
        call,
        lambda subject, seq, at: VisitOpened(
            subject,
            seq,
            at,
            call.contact,
            visit.id,
            visit.seq,
            queue.id,
            priority,
            visit.key,
            queue.service_level_s * 1000,
            queue.short_abandon_s * 1000,
            visit.required,
            visit.estimate_ms,
            call.kind,
            visit.waited_before_ms,
        ),
    )


def key_in(floor: Floor, visit: Visit, queue_id: QueueId) -> int:
    """The key that a call of this visit has in that queue: with its age and its own priority, and
    the priority of that queue instead of this one's.
    """
    there = floor.queue(queue_id).priority + visit.boost
    return visit.key + (visit.priority - there) * PRIORITY_MS


def _looked_for(floor: Floor, call: Call, queue: Queue, entry: Entry) -> tuple[AgentId | None, int]:
    if entry.agent_id is not None:
        return entry.agent_id, entry.agent_s
    # Who gave the call away, or asks for another, is not to get it back.
    given_away = call.resume is not None or call.kind is CallKind.CONSULT
    number = call.number if is_somebodys(call.number) else None
    if queue.sticky_s > 0 and number is not None and not given_away:
        return floor.last_agents.get(number), queue.sticky_s
    return None, 0


def answer(floor: Floor, call: Call) -> Call:
    """Pick up the call's first leg, unless it is up or there is none."""
    if call.answered or call.channel_id is None:
        return call
    floor.order(AnswerCaller(call.lane, call.channel_id))
    return floor.put_call(msgspec.structs.replace(call, answered=True))


def close_flow_segment(floor: Floor, call: Call, reason: str) -> Call:
    """The time in the SVI is over."""
    if call.flow_segment_id is None:
        return call
    floor.timers.cancel(Wake.FLOW, call.id)
    call = telling.segment_closed(floor, call, call.flow_segment_id, reason)
    return floor.put_call(msgspec.structs.replace(call, flow_segment_id=None, flow=None))


def in_queue(floor: Floor, call: Call) -> bool:
    """Whether the call's last visit is still open: waiting, or offered to agents of the queue."""
    return call.visit is not None and call.id in floor.line(call.visit.queue_id)


def stand(floor: Floor, call: Call, trigger: Trigger) -> None:
    """Stand in the queue (again), at the place that the key gives, searched for as wide as now
    allowed.
    """
    visit = call.visit
    if visit is None:
        return
    if _unseen(floor, call):
        floor.put_call(call)
        floor.line(visit.queue_id).add(call.id, visit)
        floor.router.call_gone(call.id)
        floor.timers.cancel(Wake.RELAX, call.id)
        floor.customers_first[call.id] = None
        return
    floor.customers_first.pop(call.id, None)
    visit, look_at = opened(floor.router, floor.config, floor.at_work, visit, floor.now_ms)
    if visit != call.visit:
        call = msgspec.structs.replace(call, visit=visit)
    floor.put_call(call)
    if look_at is not None:
        floor.timers.set(Wake.RELAX, call.id, look_at)
    else:
        floor.timers.cancel(Wake.RELAX, call.id)
    floor.line(visit.queue_id).add(call.id, visit)
    floor.router.call_waits(call.id, want_of(floor.config, visit), visit.key, visit.order)
    floor.calls_to_route[call.id] = trigger


def _unseen(floor: Floor, call: Call) -> bool:
    """Whether the call has a place but no agent may be rung yet: its customer comes first."""
    if call.kind is not CallKind.CALLBACK or call.channel_id is not None or call.visit is None:
        return False
    policy = floor.queue(call.visit.queue_id).callback
    return policy is not None and policy.mode is CallbackMode.CUSTOMER_FIRST


def relax(floor: Floor, call: Call) -> None:
    """The search widens in place: same key, more agents."""
    if call.state is CallState.WAITING:
        stand(floor, call, "relaxed")
    elif call.state is CallState.OFFERED and call.visit is not None and in_queue(floor, call):
        visit, look_at = opened(floor.router, floor.config, floor.at_work, call.visit, floor.now_ms)
        floor.put_call(msgspec.structs.replace(call, visit=visit))
        if look_at is not None:
            floor.timers.set(Wake.RELAX, call.id, look_at)


def search_without(floor: Floor, agent_id: AgentId) -> None:
    """This agent is away: who was looking for them, or for one like them, looks for others."""
    for call_id in floor.router.stranded(agent_id):
        call = floor.calls[call_id]
        if call.visit is None:
            continue
        at_work, now_ms = floor.at_work, floor.now_ms
        if opened(floor.router, floor.config, at_work, call.visit, now_ms)[0] != call.visit:
            stand(floor, call, "relaxed")


def close_visit(
    floor: Floor,
    call: Call,
    outcome: VisitOutcome,
    agent_id: AgentId | None = None,
    segment_id: SegmentId | None = None,
    ringing: bool = False,
    to: str | None = None,
    by: str | None = None,
) -> Call:
    """The call leaves the queue; its offers must have been closed or taken before.

    `segment_id` is the talk that it was answered with.
    """
    visit = call.visit
    if visit is None:
        return call
    floor.line(visit.queue_id).discard(call.id)
    floor.customers_first.pop(call.id, None)
    floor.router.call_gone(call.id)
    floor.calls_to_route.pop(call.id, None)
    floor.timers.cancel(Wake.RELAX, call.id)
    call = waiting.finish(floor, call)
    waited = floor.instant_of(call) - visit.enqueued_at
    waiting.came_true(floor, visit, waited, outcome)
    before = 0 if outcome is VisitOutcome.ANSWERED else call.waited_ms + waited
    call = msgspec.structs.replace(call, waited_ms=before)
    return floor.tell_call(
        call,
        lambda subject, seq, at: VisitClosed(
            subject,
            seq,
            at,
            call.contact,
            visit.id,
            outcome,
            agent_id,
            segment_id,
            ringing,
            to,
            by,
        ),
    )


def place_of(call: Call) -> int:
    """The key that a callback or a message stands by; while it stands aside, its ticket's.

    A supervisor may have changed it in the queue.
    """
    if call.visit is not None and call.state is not CallState.SCHEDULED:
        return call.visit.key
    return call.ticket.key if call.ticket is not None else call.arrived_at


def boost_of(call: Call) -> int:
    """The part of its priority that is a callback's or a message's own; it goes with `place_of`."""
    if call.visit is not None and call.state is not CallState.SCHEDULED:
        return call.visit.boost
    return call.ticket.boost if call.ticket is not None else 0


def stand_aside(
    floor: Floor, call: Call, due_at: int, place: tuple[int, int] | None = None
) -> Call:
    """A callback or a message leaves everything until `due_at` (UTC ms).

    It keeps its place, or has this one (key, boost). It must have no phone ringing and no agent
    any more.
    """
    key, boost = place or (place_of(call), boost_of(call))
    call_goes(call.state, CallInput.PUT_OFF, CallState.SCHEDULED)
    if in_queue(floor, call):
        call = close_visit(floor, call, VisitOutcome.CALLBACK)
    if call.bridge_id is not None:
        floor.order(DestroyBridge(call.id, call.bridge_id))
    ticket = call.ticket
    if ticket is not None:
        ticket = msgspec.structs.replace(ticket, due_at=due_at, key=key, boost=boost)
    floor.timers.set(Wake.DUE, call.id, due_at)
    return floor.put_call(
        msgspec.structs.replace(
            call,
            state=CallState.SCHEDULED,
            since=floor.now_ms,
            bridge_id=None,
            answered=False,
            music=False,
            ticket=ticket,
        )
    )


def decide(floor: Floor, call: Call, trigger: Trigger, agent_id: AgentId | None) -> Call:
    """Keep why this agent was chosen for this call, or nobody."""
    visit = call.visit
    if visit is None:
        return call
    ahead = floor.line(visit.queue_id).ahead_of(visit)
    want = want_of(floor.config, visit)
    seen = floor.router.candidates(want, agent_id, floor.at_work, floor.now_ms)
    queue = floor.queue(visit.queue_id)
    return floor.tell_call(
        call,
        lambda subject, seq, at: RoutingDecided(
            subject,
            seq,
            at,
            call.contact,
            visit.id,
            visit.queue_id,
            trigger,
            agent_id,
            seen,
            len(floor.at_work),
            ahead,
            step=visit.step,
            strategy=str(queue.strategy),
            waited_ms=floor.now_ms - visit.enqueued_at,
            steps=max(1, len(queue.steps)),
            delay_s=visit.delay_s,
            only=visit.only,
            could_serve=floor.router.could_serve(want),
        ),
    )
