"""Gives up legs: hung up, or, where a connected agent keeps one, put back to wait. Pure."""

from __future__ import annotations

from acd.call import Call
from acd.commands import CreateBridge, HangUp, JoinBridge, MuteLeg
from acd.model import AgentId, BridgeId, CallId, ChannelId, MonitorMode
from acd.state.floor import Floor, Role

WAITING_LINES = BridgeId("plateau-lines")
"""The holding bridge in which the legs of connected agents wait."""

NORMAL_CLEARING = 16
ANSWERED_ELSEWHERE = 26
"""Q.850 cause 26 (non-selected user clearing): the phone shows that a colleague took the call."""


def let_go(
    floor: Floor,
    call_id: CallId,
    channel_id: ChannelId,
    gone: ChannelId | None = None,
    cause: int = NORMAL_CLEARING,
) -> None:
    """The leg is no call's any more; `gone` is the leg that has ended by itself, None if none has.

    A connected agent's standing leg goes back to where it waits for the next call.
    """
    alive = channel_id != gone
    if alive and back_on_line(floor, call_id, channel_id):
        return
    if alive:
        floor.order(HangUp(call_id, channel_id, cause))
    floor.forget_leg(channel_id, alive)


def own(floor: Floor, call_id: CallId, channel_id: ChannelId, role: Role) -> None:
    """The leg is this call's from now on, in this role."""
    floor.legs[channel_id] = (call_id, role)


def bridged(call: Call) -> tuple[ChannelId, ...]:
    """The legs that ought to be in the bridge of the call's conversation now."""
    talk = call.talk
    if talk is None:
        return ()
    if call.leg_shared and talk.other_held:
        # The agent who consults has turned to the customer, and took the shared leg along.
        return ()
    legs = (
        call.channel_id if not talk.held_by_us else None,
        talk.agent_channel_id if not (talk.away or talk.other_held) else None,
        talk.third.channel_id if talk.third is not None else None,
        *(m.channel_id for m in call.monitors if m.up and m.mode is MonitorMode.BARGE),
    )
    return tuple(leg for leg in legs if leg is not None)


def back_on_line(floor: Floor, call_id: CallId, channel_id: ChannelId) -> bool:
    """Whether this is a connected agent's standing leg; then it waits for the next call again."""
    agent_id = floor.line_owner.get(channel_id)
    if agent_id is None:
        return False
    wait_on_line(floor, call_id, agent_id, channel_id)
    return True


def wait_on_line(floor: Floor, call_id: CallId, agent_id: AgentId, channel_id: ChannelId) -> None:
    """Put a connected agent's leg where it waits, in the order of this call's commands."""
    own(floor, CallId(agent_id), channel_id, Role.LINE)
    floor.order(
        # A leg stays muted wherever it goes: the next call must hear the agent.
        MuteLeg(call_id, channel_id, muted=False),
        CreateBridge(call_id, WAITING_LINES, holding=True),
        JoinBridge(call_id, WAITING_LINES, (channel_id,)),
    )
