"""A call is presented to agents: their phones ring, and stop ringing.

Changes the working state by the calls' table. Who is rung is `routing`'s decision, or a
colleague's who calls directly; what follows an answer or a refusal is in `offers`.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from acd.agents import offering
from acd.call import Call
from acd.commands import CreateBridge, FetchLine, RingAgent
from acd.facts import Trigger
from acd.model import (
    AgentId,
    BridgeId,
    CallState,
    ChannelId,
    Offer,
    OfferEnd,
    SegmentId,
    SegmentKind,
)
from acd.queues import stay
from acd.state import legs, telling
from acd.state.floor import Floor, Role
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

RING_GRACE_S = 5
"""The switch's own limit on ringing stands this much after ours, for the case that we are gone."""

DIRECT_RING_S = 30
"""How long a colleague's phone rings who is called directly."""


def offer(floor: Floor, call: Call, agent_ids: tuple[AgentId, ...], trigger: Trigger) -> None:
    """Ring these agents for a call that waits in a queue; the first to answer has it."""
    visit = call.visit
    if visit is None or not agent_ids:
        return
    agent_ids = _one_connected(floor, agent_ids) or agent_ids
    call_goes(call.state, CallInput.AGENT_FOUND, CallState.OFFERED)
    call = stay.decide(floor, call, trigger, agent_ids[0])
    floor.router.call_gone(call.id)
    for agent_id in agent_ids:
        floor.router.chosen(visit.queue_id, agent_id)
    _ring(floor, call, agent_ids, floor.queue(visit.queue_id).ring_s, direct=False)


def _one_connected(floor: Floor, agent_ids: tuple[AgentId, ...]) -> tuple[AgentId, ...]:
    """The first of several who is connected: with them nothing need ring at the others'."""
    connected = (a for a in agent_ids if floor.agents[a].line_up)
    return tuple(islice(connected, 1))


def offer_direct(floor: Floor, call: Call, agent_id: AgentId) -> None:
    """Ring this one agent, who was named by a colleague; they must be ready."""
    call_goes(call.state, CallInput.AGENT_FOUND, CallState.OFFERED)
    call = msgspec.structs.replace(call, direct_to=agent_id)
    _ring(floor, call, (agent_id,), DIRECT_RING_S, direct=True)


def _ring(
    floor: Floor, call: Call, agent_ids: tuple[AgentId, ...], ring_s: int, direct: bool
) -> None:
    deadline_at = floor.now_ms + ring_s * 1000
    bridge_id = call.bridge_id or BridgeId(floor.new_id())
    call = msgspec.structs.replace(call, bridge_id=bridge_id)
    made: list[Offer] = []
    for agent_id in agent_ids:
        one, call = _present(floor, call, agent_id, deadline_at, direct)
        made.append(one)
    floor.put_call(
        msgspec.structs.replace(
            call, state=CallState.OFFERED, since=floor.now_ms, offers=tuple(made)
        )
    )
    floor.timers.set(Wake.OFFER, call.id, deadline_at)
    for one in made:
        _order_ring(floor, call, one, ring_s)
    floor.order(CreateBridge(call.lane, bridge_id))
    for one in made:
        if one.standing:
            # Nothing rings. Whether the leg is still up shows when it has been brought there.
            floor.order(FetchLine(call.lane, bridge_id, one.channel_id))
        offering.offered(floor, one.agent_id, call.id, one.channel_id)


def _present(
    floor: Floor, call: Call, agent_id: AgentId, deadline_at: int, direct: bool
) -> tuple[Offer, Call]:
    work = floor.agents[agent_id]
    standing = work.line is not None and work.line_up
    line = work.line if standing else None
    one = Offer(
        agent_id=agent_id,
        channel_id=line or ChannelId(floor.new_id()),
        segment_id=SegmentId(floor.new_id()),
        made_at=floor.now_ms,
        deadline_at=deadline_at,
        direct=direct,
        standing=line is not None,
    )
    legs.own(floor, call.id, one.channel_id, Role.AGENT)
    visit_id = call.visit.id if call.visit is not None and not direct else None
    call = telling.segment_opened(floor, call, one.segment_id, SegmentKind.RING, agent_id, visit_id)
    return one, call


def _order_ring(floor: Floor, call: Call, one: Offer, ring_s: int) -> None:
    phone = floor.phone_of(one.agent_id)
    profile = floor.config.agents.get(one.agent_id)
    if one.standing or phone is None:
        return
    floor.order(
        RingAgent(
            call.lane,
            one.agent_id,
            one.channel_id,
            phone,
            call.number,
            call.name,
            ring_s + RING_GRACE_S,
            auto_answer=profile is not None and profile.auto_answer,
        )
    )


def close(floor: Floor, call: Call, one: Offer, how: OfferEnd, leg_alive: bool) -> Call:
    """The ringing of one phone is over; its leg is given up unless it was answered."""
    call = telling.segment_closed(floor, call, one.segment_id, how)
    if how is not OfferEnd.ANSWERED:
        elsewhere = how is OfferEnd.WITHDRAWN
        cause = legs.ANSWERED_ELSEWHERE if elsewhere else legs.NORMAL_CLEARING
        gone = None if leg_alive else one.channel_id
        legs.let_go(floor, call.lane, one.channel_id, gone, cause)
    rest = tuple(other for other in call.offers if other.channel_id != one.channel_id)
    return floor.put_call(msgspec.structs.replace(call, offers=rest))


def withdraw_all(floor: Floor, call: Call, how: OfferEnd, gone: ChannelId | None = None) -> Call:
    """End every offer of the call; the agents are free again."""
    floor.timers.cancel(Wake.OFFER, call.id)
    for one in call.offers:
        call = close(floor, call, one, how, leg_alive=gone != one.channel_id)
        offering.offer_over(floor, one.agent_id, how, limits(floor, call))
    return floor.put_call(msgspec.structs.replace(call, direct_to=None))


def limits(floor: Floor, call: Call) -> offering.Limits:
    """After how many offers in vain in a row an agent is *not responding*, by the call's queue."""
    queue_id = call.visit.queue_id if call.visit is not None else call.last_queue_id
    if queue_id is None:
        return offering.Limits()
    queue = floor.queue(queue_id)
    return offering.Limits(queue.rona_limit, queue.refusal_limit)
