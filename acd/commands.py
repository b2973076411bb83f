"""What the engine wants done on the switch: imperative, each with the call that it belongs to.

Commands of one call are carried out in order; those of different calls are independent.
"""

from __future__ import annotations

import msgspec

from acd.model import AgentId, BridgeId, CallId, ChannelId, PhoneId, PlaybackId, RecordingId


class AnswerCaller(msgspec.Struct, frozen=True, tag=True):
    """Pick up the caller's leg."""

    call_id: CallId
    channel_id: ChannelId


class IndicateRinging(msgspec.Struct, frozen=True, tag=True):
    """Let an unanswered caller hear that it rings."""

    call_id: CallId
    channel_id: ChannelId


class PlayPrompt(msgspec.Struct, frozen=True, tag=True):
    """Play media (`prompt:KEY`, `tts:HASH`) to one leg, in `language`."""

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
    """Ring an agent's phone on a new leg with this id; the switch gives up after `limit_s`."""

    call_id: CallId
    agent_id: AgentId
    channel_id: ChannelId
    phone: PhoneId
    number: str | None
    name: str | None
    limit_s: int


class CreateBridge(msgspec.Struct, frozen=True, tag=True):
    """Make the bridge in which a conversation will take place."""

    call_id: CallId
    bridge_id: BridgeId


class JoinBridge(msgspec.Struct, frozen=True, tag=True):
    """Put legs into a bridge."""

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


class ProbePhone(msgspec.Struct, frozen=True, tag=True):
    """Read whether a phone is reachable, and say so by an event."""

    phone: PhoneId


Command = (
    AnswerCaller
    | IndicateRinging
    | PlayPrompt
    | StopPrompt
    | StartMusic
    | StopMusic
    | RingAgent
    | CreateBridge
    | JoinBridge
    | DestroyBridge
    | StartRecording
    | StopRecording
    | HangUp
    | ProbePhone
)
