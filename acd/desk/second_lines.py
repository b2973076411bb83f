"""A phone's second call goes on by itself when the first one ends: it is a call of its own. Pure.

Until then it was a consultation, whose time belongs to the contact of the customer. Who puts the
customer through says so by REFER (RFC 5589); a BYE ends one call and says nothing of the other.
From then on the second is an *internal* or a *manual* call with a contact of its own, as if the
agent had just placed it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from acd.agents import second_calls
from acd.call import Call
from acd.calls import consultation_ends, talks
from acd.commands import CreateBridge
from acd.model import (
    AgentId,
    BridgeId,
    CallKind,
    CallState,
    ChannelId,
    Dial,
    Offer,
    OfferEnd,
    SegmentId,
    SegmentKind,
    Talk,
)
from acd.state import legs, telling
from acd.state.floor import Floor, Role

_GOES_ON: Final = "second_call"
"""Why a stretch of the customer's contact ends that goes on as another contact's."""


def part(floor: Floor, call: Call) -> Call:
    """Let the second call of this one's phone go on, if there is one; the call without it.

    One that still waits in a queue cannot: it ends with the first.
    """
    second = floor.calls.get(call.consult_id) if call.consult_id is not None else None
    talk, agent_id = call.talk, second.caller_agent_id if second is not None else None
    if second is None or talk is None or agent_id is None or second.leg_shared:
        return call
    leg = second.channel_id
    goes_on = second.talk is not None or second.dial is not None or second.direct_to is not None
    if leg is None or not goes_on:
        return call
    first = talks.after_of(floor, call, talk)
    call, _ = consultation_ends.parted(floor, call)
    on_hold = second.talk is not None and second.talk.on_hold
    if _is_outside(second):
        second = _manual(floor, second, agent_id, leg)
    else:
        second = _internal(floor, second, agent_id)
    second_calls.goes_on(floor, agent_id, second, leg, on_hold=on_hold, first=first)
    return call


def _is_outside(second: Call) -> bool:
    return second.dial is not None or (second.talk is not None and second.talk.agent_id is None)


def _internal(floor: Floor, second: Call, agent_id: AgentId) -> Call:
    """With a colleague, who talks already or is still rung."""
    caller = floor.config.agents.get(agent_id)
    called = second.talk.agent_id if second.talk is not None else second.direct_to
    colleague = floor.config.agents.get(called) if called is not None else None
    second = _closed(floor, second)
    second = msgspec.structs.replace(
        second,
        kind=CallKind.INTERNAL,
        contact_id=None,
        parent_id=None,
        arrived_at=floor.now_ms,
        last_queue_id=None,
        dnis=(colleague.number or colleague.id) if colleague is not None else called or "",
        number=(caller.number or caller.id) if caller is not None else agent_id,
        name=caller.name if caller is not None else None,
    )
    second = telling.contact_began(floor, second, "internal", agent_id=agent_id)
    if second.talk is not None:
        return _talks_on(floor, second, second.talk, second.talk.agent_id)
    offers: list[Offer] = []
    for one in second.offers:
        segment_id = SegmentId(floor.new_id())
        second = telling.segment_opened(floor, second, segment_id, SegmentKind.RING, one.agent_id)
        offers.append(msgspec.structs.replace(one, segment_id=segment_id))
    return floor.put_call(msgspec.structs.replace(second, offers=tuple(offers)))


def _manual(floor: Floor, second: Call, agent_id: AgentId, leg: ChannelId) -> Call:
    """With a number outside: the agent is in `talk` from the beginning, the number the customer."""
    talk, made = second.talk, second.dial
    number = made.number if made is not None else talk.number if talk is not None else None
    second = _closed(floor, second)
    second = msgspec.structs.replace(
        second,
        kind=CallKind.MANUAL,
        contact_id=None,
        parent_id=None,
        caller_agent_id=None,
        arrived_at=floor.now_ms,
        last_queue_id=None,
        dnis=number or "",
        number=number,
        name=None,
        channel_id=None,
    )
    second = telling.contact_began(floor, second, "outbound", agent_id=agent_id)
    legs.own(floor, second.id, leg, Role.AGENT)
    if talk is None:
        return _dials_on(floor, second, agent_id, leg, made)
    other = talk.agent_channel_id
    legs.own(floor, second.id, other, Role.CALLER)
    # Whom the agent's phone held as the caller's other side is the first leg now.
    talk = msgspec.structs.replace(
        talk,
        agent_id=agent_id,
        agent_channel_id=leg,
        number=None,
        held_by_us=talk.other_held,
        other_held=False,
        muted=False,
        standing=False,
    )
    second = msgspec.structs.replace(second, channel_id=other, answered=True, served=True)
    return _talks_on(floor, second, talk, agent_id)


def _dials_on(
    floor: Floor, second: Call, agent_id: AgentId, leg: ChannelId, made: Dial | None
) -> Call:
    """The number still rings: the agent hears it, as one who has placed the call."""
    segment_id = SegmentId(floor.new_id())
    second = telling.segment_opened(floor, second, segment_id, SegmentKind.DIAL, agent_id)
    bridge_id = BridgeId(floor.new_id())
    floor.order(CreateBridge(second.id, bridge_id))
    talk = Talk(
        agent_id=agent_id,
        agent_channel_id=leg,
        bridge_id=bridge_id,
        segment_id=segment_id,
        started_at=floor.now_ms,
    )
    if made is not None:
        made = msgspec.structs.replace(made, segment_id=segment_id)
    return floor.put_call(
        msgspec.structs.replace(second, talk=talk, bridge_id=bridge_id, dial=made)
    )


def _closed(floor: Floor, second: Call) -> Call:
    """End what was the customer's contact's of it."""
    if second.talk is not None:
        return telling.segment_closed(floor, second, second.talk.segment_id, _GOES_ON)
    if second.dial is not None:
        return telling.segment_closed(floor, second, second.dial.segment_id, _GOES_ON)
    for one in second.offers:
        second = telling.segment_closed(floor, second, one.segment_id, OfferEnd.WITHDRAWN)
    return second


def _talks_on(floor: Floor, second: Call, talk: Talk, agent_id: AgentId | None) -> Call:
    segment_id = SegmentId(floor.new_id())
    kind = SegmentKind.HOLD if talk.on_hold else SegmentKind.TALK
    second = telling.segment_opened(floor, second, segment_id, kind, agent_id)
    talk = msgspec.structs.replace(talk, segment_id=segment_id, started_at=floor.now_ms)
    return floor.put_call(
        msgspec.structs.replace(second, talk=talk, state=CallState.TALKING, since=floor.now_ms)
    )
