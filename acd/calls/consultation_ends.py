"""What consultations and conferences leave behind when they, or the call they came from, end.

How they are asked for is `consulting`'s.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.call import Call
from acd.calls import monitors, talks
from acd.commands import DestroyBridge, StopMusic, StopRinging
from acd.model import AgentId, CallState, ChannelId, Talk
from acd.state import legs, telling
from acd.state.floor import Floor
from acd.state.timers import Wake


def parted(floor: Floor, call: Call) -> tuple[Call, Call | None]:
    """The call leads its consultation no more; it, and the consultation (None if there was none).

    Whoever ends the consultation then does not bring the agent back.
    """
    if call.consult_id is None:
        return call, None
    consult = floor.calls.get(call.consult_id)
    visits = max(call.visits, consult.visits) if consult is not None else call.visits
    call = floor.put_call(msgspec.structs.replace(call, consult_id=None, visits=visits))
    return call, consult


def over(floor: Floor, call: Call, gone: ChannelId | None) -> Call:
    """A consultation ends: the agent goes back to the customer, unless the call has gone on."""
    parent = floor.calls.get(call.parent_id) if call.parent_id is not None else None
    if not call.leg_shared and call.channel_id is not None:
        legs.let_go(floor, call.lane, call.channel_id, gone)
    if call.leg_shared:
        hush(floor, call)
    if parent is not None and parent.consult_id == call.id:
        _back_to_customer(floor, parted(floor, parent)[0], call.caller_agent_id)
    return call


def hush(floor: Floor, call: Call) -> None:
    """End what the first leg, an agent's that goes on elsewhere, hears while nobody talks to it."""
    if call.channel_id is None:
        return
    if call.music:
        floor.order(StopMusic(call.lane, call.channel_id))
    elif call.state in (CallState.OFFERED, CallState.DIALLING):
        floor.order(StopRinging(call.lane, call.channel_id))


def _back_to_customer(floor: Floor, parent: Call, agent_id: AgentId | None) -> None:
    talk = parent.talk
    if talk is None:
        return
    if talk.away:
        talk = msgspec.structs.replace(talk, away=False)
        parent = floor.put_call(msgspec.structs.replace(parent, talk=talk))
        parent = talks.take_back(floor, parent, along=(talk.agent_channel_id,))
    if agent_id is not None:
        on_hold = parent.talk is not None and parent.talk.on_hold
        availability.consult_over(floor, agent_id, on_hold)


def dissolved(floor: Floor, call: Call, reason: str) -> Talk | None:
    """End a consultation in conversation whose other party goes on elsewhere.

    That party's conversation as it was, its leg still up (None: there was none); the parent must
    have parted from the consultation before.
    """
    talk = call.talk
    if talk is None:
        return None
    call = monitors.end_all(floor, call, None)
    call = telling.segment_closed(floor, call, talk.segment_id, reason)
    if talk.other_held:
        floor.order(StopMusic(call.lane, talk.agent_channel_id))
    if call.leg_shared:
        # The colleague's phone may hold the agent who asked.
        hush(floor, call)
    if call.visit is not None and talk.agent_id is not None:
        floor.talking[call.visit.queue_id] -= 1
    for wake in (Wake.JOIN, Wake.OFFER):
        floor.timers.cancel(wake, call.id)
    floor.put_call(
        msgspec.structs.replace(call, state=CallState.ENDED, since=floor.now_ms, talk=None)
    )
    return talk


def let_bridge_go(floor: Floor, call: Call) -> None:
    """Remove the bridge of a consultation that is over; whoever was in it has left it."""
    if call.bridge_id is not None:
        floor.order(DestroyBridge(call.lane, call.bridge_id))


def third_over(floor: Floor, call: Call, how: str, gone: ChannelId | None = None) -> Call:
    """The third party of a conference is let go; `gone` is a leg that has ended by itself."""
    third = call.talk.third if call.talk is not None else None
    if call.talk is None or third is None:
        return call
    call = telling.segment_closed(floor, call, third.segment_id, how)
    legs.let_go(floor, call.lane, third.channel_id, gone)
    talk = msgspec.structs.replace(call.talk, third=None) if call.talk is not None else None
    call = floor.put_call(msgspec.structs.replace(call, talk=talk))
    if third.agent_id is not None:
        call = monitors.end_of(floor, call, third.agent_id)
        availability.talk_over(floor, third.agent_id, availability.After(call.id, call.contact))
    return call
