"""What happens to the floor: everything the engine is ever told.

Facts about the switch in the past tense, requests of people in the imperative. An event says what
happened, never what is to be done about it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from acd.commands import Command
from acd.model import (
    AgentId,
    CallId,
    ChannelId,
    FloorConfig,
    PhoneId,
    PlaybackId,
    RecordingId,
)

# ---- from the switch --------------------------------------------------------------------------


class CallArrived(msgspec.Struct, frozen=True, tag=True):
    """A caller's channel came to us. `dnis` is the number dialled; None: caller id withheld."""

    channel_id: ChannelId
    dnis: str
    number: str | None = None
    name: str | None = None


class PhoneDialled(msgspec.Struct, frozen=True, tag=True):
    """An agent's phone dialled `extension` itself."""

    channel_id: ChannelId
    phone: PhoneId | None
    extension: str


class AgentAnswered(msgspec.Struct, frozen=True, tag=True):
    """The agent's leg that we rang was picked up."""

    channel_id: ChannelId


class DigitPressed(msgspec.Struct, frozen=True, tag=True):
    """A key was pressed on this leg."""

    channel_id: ChannelId
    digit: str


class PromptFinished(msgspec.Struct, frozen=True, tag=True):
    """A playback ended, by itself or stopped. `failed`: it could not be played."""

    playback_id: PlaybackId
    failed: bool = False


class ChannelGone(msgspec.Struct, frozen=True, tag=True):
    """A leg has ended. `cause` is the Q.850 cause, None if unknown; `sip_code` the SIP status."""

    channel_id: ChannelId
    cause: int | None = None
    sip_code: int | None = None


class ChannelHeld(msgspec.Struct, frozen=True, tag=True):
    """The phone on this leg put the other side on hold."""

    channel_id: ChannelId


class ChannelResumed(msgspec.Struct, frozen=True, tag=True):
    """The phone on this leg took the other side back."""

    channel_id: ChannelId


class RecordingEnded(msgspec.Struct, frozen=True, tag=True):
    """The switch says that a recording has ended; `failed` carries its reason."""

    recording_id: RecordingId
    failed: str | None = None


class PhoneReachable(msgspec.Struct, frozen=True, tag=True):
    """A phone is registered and answers."""

    phone: PhoneId


class PhoneUnreachable(msgspec.Struct, frozen=True, tag=True):
    """A phone is not registered any more, or does not answer."""

    phone: PhoneId


class Failure(StrEnum):
    """Why the switch did not do as told."""

    GONE = "gone"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


class CommandFailed(msgspec.Struct, frozen=True, tag=True):
    """A command was not carried out; `unknown`: no reply came, it may have been."""

    command: Command
    failure: Failure
    detail: str = ""


class SwitchChannel(msgspec.Struct, frozen=True):
    """A leg as the switch shows it. `answered`: it is up. `args`: what the dialplan gave us.

    `number` and `name` are the caller's, None where withheld.
    """

    id: ChannelId
    answered: bool
    args: tuple[str, ...] = ()
    number: str | None = None
    name: str | None = None


class SwitchSeen(msgspec.Struct, frozen=True, tag=True):
    """All that the switch holds of ours, as read at `taken_at`.

    `in_sync` is true after a (re)connection, when no command is under way; a periodic look has it
    false, and says nothing of what began moments before. `bridges` maps each of our bridges to
    the legs in it. `restarted`: the switch itself has been started anew since we last saw it.
    `phones_up` is None where phones were not read.
    """

    taken_at: int
    in_sync: bool
    channels: tuple[SwitchChannel, ...]
    bridges: dict[str, tuple[ChannelId, ...]]
    phones_up: frozenset[PhoneId] | None = None
    restarted: bool = False


# ---- from people ------------------------------------------------------------------------------


class SignIn(msgspec.Struct, frozen=True, tag=True):
    """An agent starts work; `ready` False starts in pause."""

    agent_id: AgentId
    ready: bool = True


class SignOut(msgspec.Struct, frozen=True, tag=True):
    """An agent leaves; during a call, after it."""

    agent_id: AgentId


class GetReady(msgspec.Struct, frozen=True, tag=True):
    """An agent takes calls (ends pause, wrap-up or not responding)."""

    agent_id: AgentId


class Pause(msgspec.Struct, frozen=True, tag=True):
    """An agent takes none; during a call, after it."""

    agent_id: AgentId
    reason: str = "pause"


class EndCall(msgspec.Struct, frozen=True, tag=True):
    """Somebody with the right to do so ends a call."""

    call_id: CallId


class Configure(msgspec.Struct, frozen=True, tag=True):
    """The configuration is now this one."""

    config: FloorConfig


SwitchEvent = (
    CallArrived
    | PhoneDialled
    | AgentAnswered
    | DigitPressed
    | PromptFinished
    | ChannelGone
    | ChannelHeld
    | ChannelResumed
    | RecordingEnded
    | PhoneReachable
    | PhoneUnreachable
    | CommandFailed
    | SwitchSeen
)
Request = SignIn | SignOut | GetReady | Pause | EndCall | Configure
Event = SwitchEvent | Request
