"""What the engine wants done on the switch: imperative, each with the call that it belongs to.

Commands of one call are carried out in order; those of different calls are independent.
"""

from __future__ import annotations

import msgspec

from acd.model import AgentId, BridgeId, CallId, ChannelId, PhoneId, PlaybackId, RecordingId

NOBODYS = CallId("nobody")
"""The call id under which commands for things that belong to no call are sent."""


class AnswerCaller(msgspec.Struct, frozen=True, tag=True):
    """Pick up the caller's leg."""

    call_id: CallId
    channel_id: ChannelId


class IndicateRinging(msgspec.Struct, frozen=True, tag=True):
    """Let an unanswered caller hear that it rings."""

    call_id: CallId
    channel_id: ChannelId


class PlayPrompt(msgspec.Struct, frozen=True, tag=True):
    """Play media (`prompt:KEY`, `tts:HASH`, `recording:ID`) to one leg, in `language`."""

    call_id: CallId
    channel_id: ChannelId
    playback_id: PlaybackId
    media: tuple[str, ...]
    language: str


class StopPrompt(msgspec.Struct, frozen=True, tag=True):
    """Stop a playback."""

    call_id: CallId
    playback_id: PlaybackId


class StartMusic(msgspec.Struct, frozen=True, tag=True):
    """Play music to a waiting leg."""

    call_id: CallId
    channel_id: ChannelId
    music: str


class StopMusic(msgspec.Struct, frozen=True, tag=True):
    """End the music on a leg."""

    call_id: CallId
    channel_id: ChannelId


class RingAgent(msgspec.Struct, frozen=True, tag=True):
    """Ring a phone on a new leg with this id; the switch gives up after `limit_s`.

    `agent_id` is whose it is now, None for a supervisor's. `auto_answer` asks the phone to pick up
    by itself. `call_id` is the agent's own id where the leg is to stand for a connected agent.
    """

    call_id: CallId
    agent_id: AgentId | None
    channel_id: ChannelId
    phone: PhoneId
    number: str | None
    name: str | None
    limit_s: int
    auto_answer: bool = False


class DialOutside(msgspec.Struct, frozen=True, tag=True):
    """Ring a number outside through the trunk, on a new leg with this id.

    `caller_id` is what the called party sees; None: the trunk's own.
    """

    call_id: CallId
    channel_id: ChannelId
    number: str
    caller_id: str | None
    limit_s: int


class GiveUpDial(msgspec.Struct, frozen=True, tag=True):
    """Say by an event whether the number on this leg rings, and hang the leg up; not if it was
    answered.
    """

    call_id: CallId
    channel_id: ChannelId


class CreateBridge(msgspec.Struct, frozen=True, tag=True):
    """Make the bridge in which a conversation will take place; `holding`: for legs that wait."""

    call_id: CallId
    bridge_id: BridgeId
    holding: bool = False


class JoinBridge(msgspec.Struct, frozen=True, tag=True):
    """Put legs into a bridge."""

    call_id: CallId
    bridge_id: BridgeId
    channel_ids: tuple[ChannelId, ...]


class FetchLine(msgspec.Struct, frozen=True, tag=True):
    """Bring a connected agent's standing leg to the bridge of the call that they are offered.

    That it is there is told as `LegAnswered`: until then nobody knows whether it is still up.
    """

    call_id: CallId
    bridge_id: BridgeId
    channel_id: ChannelId


class LeaveBridge(msgspec.Struct, frozen=True, tag=True):
    """Take legs out of a bridge; they stay up."""

    call_id: CallId
    bridge_id: BridgeId
    channel_ids: tuple[ChannelId, ...]


class DestroyBridge(msgspec.Struct, frozen=True, tag=True):
    """Remove a bridge; the legs in it stay."""

    call_id: CallId
    bridge_id: BridgeId


class StartRecording(msgspec.Struct, frozen=True, tag=True):
    """Record a bridge under this name (a UUID)."""

    call_id: CallId
    bridge_id: BridgeId
    recording_id: RecordingId


class StopRecording(msgspec.Struct, frozen=True, tag=True):
    """End a recording and keep it."""

    call_id: CallId
    recording_id: RecordingId


class HangUp(msgspec.Struct, frozen=True, tag=True):
    """End a leg with a Q.850 cause (16 normal, 1 unallocated number, 21 rejected...)."""

    call_id: CallId
    channel_id: ChannelId
    cause: int = 16


class MuteLeg(msgspec.Struct, frozen=True, tag=True):
    """Silence what this leg says, or let it be heard again."""

    call_id: CallId
    channel_id: ChannelId
    muted: bool


class SendDigits(msgspec.Struct, frozen=True, tag=True):
    """Send keys (RFC 4733) to the phone on this leg."""

    call_id: CallId
    channel_id: ChannelId
    digits: str


class StartRinging(msgspec.Struct, frozen=True, tag=True):
    """Let a leg that is up hear ring-back tone, until `StopRinging` or the join."""

    call_id: CallId
    channel_id: ChannelId


class StopRinging(msgspec.Struct, frozen=True, tag=True):
    """End the ring-back tone on a leg."""

    call_id: CallId
    channel_id: ChannelId


class RecordLeg(msgspec.Struct, frozen=True, tag=True):
    """Record what one leg says, after a tone, under this name (a UUID).

    Ends by itself after `longest_s`, after `silence_s` of silence or at `#`: `RecordingEnded`.
    """

    call_id: CallId
    channel_id: ChannelId
    recording_id: RecordingId
    longest_s: int
    silence_s: int


class SnoopOn(msgspec.Struct, frozen=True, tag=True):
    """Make a leg `snoop_id` that hears what `channel_id` says and hears; `whisper`: and that
    `channel_id` hears.
    """

    call_id: CallId
    channel_id: ChannelId
    snoop_id: ChannelId
    whisper: bool


class ShowCaller(msgspec.Struct, frozen=True, tag=True):
    """Let the phone on this leg show another party: the customer it was transferred."""

    call_id: CallId
    channel_id: ChannelId
    number: str | None
    name: str | None


class ProbePhone(msgspec.Struct, frozen=True, tag=True):
    """Read whether a phone is reachable, and say so by an event."""

    phone: PhoneId


CallCommand = (
    AnswerCaller
    | IndicateRinging
    | PlayPrompt
    | StopPrompt
    | StartMusic
    | StopMusic
    | RingAgent
    | DialOutside
    | GiveUpDial
    | CreateBridge
    | JoinBridge
    | FetchLine
    | LeaveBridge
    | DestroyBridge
    | StartRecording
    | StopRecording
    | HangUp
    | MuteLeg
    | SendDigits
    | StartRinging
    | StopRinging
    | RecordLeg
    | SnoopOn
    | ShowCaller
)
Command = CallCommand | ProbePhone
