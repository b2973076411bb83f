"""What must always hold on a floor, whatever happens and in whatever order.

Decides what a fault is; refuses to know which events came. Each check raises AssertionError.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from acd.call import Call
from acd.config import CallbackMode, FloorConfig
from acd.desk.placing import rings_own_phone
from acd.facts import (
    AgentStateChanged,
    AnyFact,
    ContactArrived,
    ContactEnded,
    RoutingDecided,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.model import AgentId, AgentState, CallKind, CallState, SegmentKind, VisitId
from acd.routing.eligibility import Terms
from acd.routing.relaxing import opened
from acd.state.floor import Floor
from acd.state.timers import Wake

IN_TALK = (AgentState.TALKING, AgentState.HOLDING, AgentState.CONSULTING)


def check_floor(floor: Floor, config: FloorConfig, now_ms: int) -> None:
    """Agents and calls agree; nobody has two calls; nobody waits whom a free agent may take."""
    assert floor.impossible_count == 0, "an impossible transition"
    in_talk = Counter(
        c.visit.queue_id
        for c in floor.calls.values()
        if c.talk and c.visit and c.talk.agent_id is not None
    )
    assert +floor.talking == in_talk
    offers = Counter(o.agent_id for c in floor.calls.values() for o in c.offers)
    busy = Counter[AgentId]()
    for call in floor.calls.values():
        check_call(floor, call)
        leads = call.caller_agent_id if call.kind is not CallKind.CONSULT else None
        third = call.talk.third.agent_id if call.talk and call.talk.third else None
        for who in (call.talk.agent_id if call.talk else None, leads, third):
            if who is not None:
                busy[who] += 1
    for agent_id, work in floor.agents.items():
        assert offers[agent_id] == (work.state is AgentState.OFFERED), (agent_id, work)
        assert busy[agent_id] == (work.state in IN_TALK), (agent_id, work)
        consulting = work.consult_id is not None
        assert not consulting or work.consult_id in floor.calls, (agent_id, work)
        assert (work.state is AgentState.CONSULTING) <= consulting, (agent_id, work)
    due = floor.timers.next_at()
    for call in floor.calls.values():
        if call.state is CallState.WAITING and not is_called_first(config, call):
            check_nobody_idle(floor, config, now_ms, call)
            if due is None or due > now_ms:
                check_wide_enough(floor, config, now_ms, call)


def check_call(floor: Floor, call: Call) -> None:
    """A call's state is that of its offers, talk, dial, place in the queue and consultation."""
    assert (call.state is CallState.OFFERED) == bool(call.offers), call
    assert (call.state is CallState.TALKING) <= (call.talk is not None), call
    assert (call.dial is not None) <= (call.state is CallState.DIALLING), call
    if call.state is CallState.DIALLING and call.dial is None:
        assert rings_own_phone(call), call
    if call.state is CallState.IN_FLOW:
        assert call.flow is not None or call.then is not None or call.playback_id, call
    standing = call.visit is not None and call.id in floor.line(call.visit.queue_id)
    assert (call.state is CallState.WAITING) <= standing, call
    if standing:
        # A customer who is called first keeps the place while the phone rings.
        rung = call.kind is CallKind.CALLBACK and call.talk is None
        states = (CallState.WAITING, CallState.OFFERED)
        assert call.state in states or (rung and call.state is CallState.DIALLING), call
    if call.consult_id is not None:
        consult = floor.calls.get(call.consult_id)
        assert consult is not None, call
        assert consult.parent_id == call.id, call
    if call.parent_id is not None:
        parent = floor.calls.get(call.parent_id)
        assert parent is not None, call
        assert parent.consult_id == call.id, call


def is_called_first(config: FloorConfig, call: Call) -> bool:
    """Whether the customer has to be on the telephone before an agent is looked for."""
    if call.kind is not CallKind.CALLBACK or call.channel_id is not None or not call.visit:
        return False
    queue = config.queues.get(call.visit.queue_id)
    policy = queue.callback if queue is not None else None
    return policy is not None and policy.mode is CallbackMode.CUSTOMER_FIRST


def check_nobody_idle(floor: Floor, config: FloorConfig, now_ms: int, call: Call) -> None:
    """A call waits only while nobody who may take it is free."""
    visit = call.visit
    if visit is None or visit.queue_id not in config.queues:
        return
    if call.id in floor.customers_first:
        return
    terms = Terms(config.queues[visit.queue_id])
    for agent_id, work in floor.at_work.items():
        if work.state is not AgentState.READY or work.resting_until > now_ms:
            continue
        if visit.only is not None and visit.only != agent_id:
            continue
        profile = config.agents[agent_id]
        why = terms.refusal(profile, terms.place(profile), visit.extra, visit.step, visit.delay_s)
        # Rested by the clock, but their own timer has not been heard yet.
        due = floor.timers._due.get((Wake.REST, agent_id))
        resting = due is not None and due <= now_ms
        assert why is not None or resting, f"{agent_id} idle, {call.id} waits"


def check_wide_enough(floor: Floor, config: FloorConfig, now_ms: int, call: Call) -> None:
    """The search is as wide as it would be if it were looked at now, whoever has left since."""
    if call.visit is None or call.id in floor.customers_first:
        return
    fresh, _ = opened(floor.router, config, floor.at_work, call.visit, now_ms)
    assert fresh == call.visit, f"{call.id} is searched for as {call.visit}, ought to be {fresh}"


def check_choice(
    floor: Floor, config: FloorConfig, keys: Mapping[VisitId, int], decision: RoutingDecided
) -> None:
    """No waiting call with a smaller key, that the chosen agent could take, was passed over.

    Priorities of the agent's memberships are worth age, so they count here too.
    `keys` are those that the visits opened with, or got since.
    """
    if decision.agent_id is None:
        return
    profile = config.agents[decision.agent_id]
    key = keys[decision.visit_id]
    worth = {m.queue: m.priority * 60_000 for m in profile.queues}
    mine = key - worth.get(decision.queue_id, 0)
    for call in floor.calls.values():
        if call.state is not CallState.WAITING or call.visit is None:
            continue
        if is_called_first(config, call):
            continue
        if call.since == decision.at:
            continue  # it came, or came back, in this same step, maybe after the decision
        visit = call.visit
        if call.id in floor.customers_first:
            continue
        if visit.only not in (None, decision.agent_id):
            continue
        if visit.queue_id not in config.queues:
            continue
        terms = Terms(config.queues[visit.queue_id])
        if (
            terms.refusal(profile, terms.place(profile), visit.extra, visit.step, visit.delay_s)
            is None
        ):
            theirs = visit.key - worth.get(visit.queue_id, 0)
            assert theirs >= mine, f"{call.id} was passed over by {decision.call_id}"


def check_books(facts: Sequence[AnyFact], inbound_count: int) -> None:
    """One terminal record a caller; every visit and segment closed once; states in a row."""
    arrived = Counter(f.call_id for f in facts if isinstance(f, ContactArrived))
    ended = Counter(f.call_id for f in facts if isinstance(f, ContactEnded))
    assert arrived == ended
    assert all(count == 1 for count in ended.values())
    inbound = sum(1 for f in facts if isinstance(f, ContactArrived) and f.kind is CallKind.INBOUND)
    assert inbound == inbound_count
    visits = Counter(f.visit_id for f in facts if isinstance(f, VisitOpened))
    left = Counter(f.visit_id for f in facts if isinstance(f, VisitClosed))
    assert visits == left
    talks = {f.segment_id for f in facts if isinstance(f, SegmentOpened)}
    for fact in facts:
        if isinstance(fact, VisitClosed) and fact.segment_id is not None:
            assert fact.segment_id in talks, fact
    opened = Counter(f.segment_id for f in facts if isinstance(f, SegmentOpened))
    closed = Counter(f.segment_id for f in facts if isinstance(f, SegmentClosed))
    in_wrap_up = {
        f.segment_id for f in facts if isinstance(f, SegmentOpened) and f.kind is SegmentKind.ACW
    }
    assert all(count == 1 for count in (opened | closed).values())
    assert set(opened) - set(closed) <= in_wrap_up
    last: dict[AgentId, AgentStateChanged] = {}
    for fact in facts:
        if isinstance(fact, AgentStateChanged):
            before = last.get(fact.agent_id)
            assert before is None or before.at <= fact.at
            last[fact.agent_id] = fact
