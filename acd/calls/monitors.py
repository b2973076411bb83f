"""Supervisors' ears in a conversation: the legs that listen, whisper or join. Pure.

Each supervisor has one leg of their own and, unless they take part, one that listens to the
agent's; both are in a bridge beside the conversation. Always made able to whisper: whether the
agent hears the supervisor is settled by muting the supervisor's leg, without a gap.
"""

from __future__ import annotations

import msgspec

from acd.call import Call
from acd.commands import CreateBridge, DestroyBridge, HangUp, JoinBridge, MuteLeg, SnoopOn
from acd.model import AgentId, ChannelId, Monitor, MonitorMode
from acd.state import legs
from acd.state.floor import Floor, Role


def put(floor: Floor, call: Call, monitor: Monitor) -> Call:
    """Keep this supervisor's present state in the call."""
    others = tuple(m for m in call.monitors if m.channel_id != monitor.channel_id)
    return floor.put_call(msgspec.structs.replace(call, monitors=(*others, monitor)))


def tune(floor: Floor, call: Call, monitor: Monitor) -> Call:
    """The supervisor's leg is up: have them hear, be heard or take part as their mode says."""
    talk = call.talk
    if talk is None:
        return call
    if monitor.mode is MonitorMode.BARGE:
        monitor = _stop_listening(floor, call, monitor)
        floor.order(
            MuteLeg(call.id, monitor.channel_id, muted=False),
            JoinBridge(call.id, talk.bridge_id, (monitor.channel_id,)),
        )
        return put(floor, call, monitor)
    muted = monitor.mode is MonitorMode.LISTEN
    floor.order(MuteLeg(call.id, monitor.channel_id, muted))
    if monitor.snoop_id is None:
        snoop_id = ChannelId(floor.new_id())
        legs.own(floor, call.id, snoop_id, Role.SNOOP)
        floor.order(
            CreateBridge(call.id, monitor.bridge_id),
            JoinBridge(call.id, monitor.bridge_id, (monitor.channel_id,)),
            SnoopOn(call.id, talk.agent_channel_id, snoop_id, whisper=True),
        )
        monitor = msgspec.structs.replace(monitor, snoop_id=snoop_id)
    return put(floor, call, monitor)


def _stop_listening(floor: Floor, call: Call, monitor: Monitor) -> Monitor:
    snoop_id = monitor.snoop_id
    if snoop_id is None:
        return monitor
    floor.forget_leg(snoop_id, alive=True)
    floor.order(HangUp(call.id, snoop_id))
    return msgspec.structs.replace(monitor, snoop_id=None)


def release(floor: Floor, call: Call, monitor: Monitor) -> Call:
    """The supervisor is no listener any more but a party: their leg stays, heard by all."""
    others = tuple(m for m in call.monitors if m.channel_id != monitor.channel_id)
    _stop_listening(floor, call, monitor)
    floor.order(
        MuteLeg(call.id, monitor.channel_id, muted=False), DestroyBridge(call.id, monitor.bridge_id)
    )
    return floor.put_call(msgspec.structs.replace(call, monitors=others))


def end(floor: Floor, call: Call, monitor: Monitor, gone: ChannelId | None = None) -> Call:
    """One supervisor leaves; `gone` is a leg that has ended by itself."""
    others = tuple(m for m in call.monitors if m.channel_id != monitor.channel_id)
    for leg in (monitor.channel_id, monitor.snoop_id):
        if leg is not None:
            floor.forget_leg(leg, alive=leg != gone)
            if leg != gone:
                floor.order(HangUp(call.id, leg))
    floor.order(DestroyBridge(call.id, monitor.bridge_id))
    return floor.put_call(msgspec.structs.replace(call, monitors=others))


def end_of(floor: Floor, call: Call, agent_id: AgentId | None) -> Call:
    """The agent leaves the conversation: who was with them is let go."""
    for monitor in call.monitors:
        if monitor.agent_id == agent_id:
            call = end(floor, call, monitor)
    return call


def end_all(floor: Floor, call: Call, gone: ChannelId | None) -> Call:
    """The conversation is over: supervisors are let go."""
    for monitor in call.monitors:
        call = end(floor, call, monitor, gone)
    return call
