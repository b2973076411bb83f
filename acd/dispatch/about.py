"""Which call an event or a timer is about: the one that ends where the floor fails at it. Pure.

Asked before the step, because a step that fails half-way may have let go of the leg or the playback
by which the call was found; and after it, because the step may have begun the call.
"""

from __future__ import annotations

from typing import assert_never

from acd.commands import Command, ProbePhone, RingAgent, SnoopOn
from acd.events import (
    AgentRequest,
    BookCallback,
    CallArrived,
    CancelCallback,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    CommandFailed,
    Configure,
    DigitPressed,
    EndCall,
    Event,
    FloorRequest,
    LegAnswered,
    LegReplaced,
    MoveCall,
    PhoneDialled,
    PhoneReachable,
    PhoneTransferred,
    PhoneUnreachable,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
    SetPriority,
    SnoopStarted,
    StopSupervising,
    Supervise,
    SwitchEvent,
    TakeBack,
    TakeOver,
    TalkRequest,
)
from acd.model import AgentId, CallId, ChannelId
from acd.sightings import SwitchSeen
from acd.state.floor import Floor, Role
from acd.state.timers import Wake

_LISTENERS = (Role.SUPERVISOR, Role.SNOOP)
"""No customer's call ends for one who listens."""


def call_of(floor: Floor, event: Event) -> CallId | None:
    """The call that the event is about; None where it is about none, or about many.

    The id may also be that of the leg of a phone that is asked for keys (`PhoneSession`). What
    people say of themselves or write down about a call is about none: the call can do without.
    """
    if isinstance(event, SwitchEvent):
        return _news_of(floor, event)
    if isinstance(event, TalkRequest):
        return event.call_id if isinstance(event, TakeBack) else _in_hand(floor, event.agent_id)
    if isinstance(event, FloorRequest):
        return _asked_of(floor, event)
    if isinstance(event, AgentRequest | Configure):
        return None
    assert_never(event)


def call_woken(floor: Floor, why: Wake, owner: str) -> CallId | None:
    """The call that a timer is about; None where it is an agent's or a phone's state."""
    match why:
        case Wake.PROBE | Wake.WRAP_UP | Wake.REST | Wake.ABOUT_FREE:
            return None
        case Wake.ANSWER | Wake.MUSIC | Wake.REPLACED:
            return _on_leg(floor, ChannelId(owner))
        case (
            Wake.FLOW
            | Wake.OFFER
            | Wake.JOIN
            | Wake.RELAX
            | Wake.MAX_WAIT
            | Wake.MESSAGE
            | Wake.DUE
            | Wake.SESSION
        ):
            return CallId(owner)
        case _:
            assert_never(why)


def _news_of(floor: Floor, event: SwitchEvent) -> CallId | None:
    match event:
        case (
            CallArrived(channel_id=channel_id)
            | PhoneDialled(channel_id=channel_id)
            | LegAnswered(channel_id=channel_id)
            | SnoopStarted(channel_id=channel_id)
            | PhoneTransferred(channel_id=channel_id)
            | LegReplaced(channel_id=channel_id)
            | DigitPressed(channel_id=channel_id)
            | ChannelGone(channel_id=channel_id)
            | ChannelHeld(channel_id=channel_id)
            | ChannelResumed(channel_id=channel_id)
        ):
            return _on_leg(floor, channel_id)
        case PromptFinished(playback_id=playback_id):
            return floor.playbacks.get(playback_id)
        case (
            RecordingEnded(recording_id=recording_id) | RecordingVerified(recording_id=recording_id)
        ):
            return floor.messages.get(recording_id)
        case CommandFailed(command=command):
            return _ordered_for(command)
        case PhoneReachable() | PhoneUnreachable() | SwitchSeen():
            return None
        case _:
            assert_never(event)


def _ordered_for(command: Command) -> CallId | None:
    match command:
        case ProbePhone() | SnoopOn() | RingAgent(agent_id=None):
            return None
        case _:
            return command.call_id


def _asked_of(floor: Floor, event: FloorRequest) -> CallId | None:
    match event:
        case (
            EndCall(call_id=call_id)
            | CancelCallback(call_id=call_id)
            | MoveCall(call_id=call_id)
            | SetPriority(call_id=call_id)
            | BookCallback(id=call_id)
        ):
            return call_id
        case TakeOver(agent_id=agent_id):
            return _in_hand(floor, agent_id)
        case Supervise() | StopSupervising():
            return None
        case _:
            assert_never(event)


def _on_leg(floor: Floor, channel_id: ChannelId) -> CallId | None:
    leg = floor.legs.get(channel_id)
    return leg[0] if leg is not None and leg[1] not in _LISTENERS else None


def _in_hand(floor: Floor, agent_id: AgentId) -> CallId | None:
    work = floor.agents.get(agent_id)
    return work.call_id if work is not None else None
