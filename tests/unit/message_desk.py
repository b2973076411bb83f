"""A queue that takes voice messages, and callers who leave them, for the tests of voicemail."""

from __future__ import annotations

import msgspec

from acd.call import Call
from acd.commands import (
    PlayPrompt,
    RecordLeg,
)
from acd.config import FloorConfig, Outside, Queue, VoicemailPolicy
from acd.events import (
    DigitPressed,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
)
from acd.facts import (
    ContactArrived,
    ContactEnded,
)
from acd.model import (
    CallKind,
    ChannelId,
    Outcome,
    RecordingId,
    Target,
    TargetKind,
)
from tests.unit.acd_stage import Stage, config, queue

SECOND = 1_000
SENDER = "+33612345678"
VOICEMAIL = Target(TargetKind.VOICEMAIL)


def takes_messages(**more: object) -> Queue:
    given: dict[str, object] = {
        "exits": {"2": VOICEMAIL},
        "voicemail": VoicemailPolicy({"fr": "Parlez."}, longest_s=60, silence_s=3),
        **more,
    }
    return msgspec.structs.replace(queue(), **given)


def floor_of(*queues: Queue) -> FloorConfig:
    return config(*queues, outside=Outside(allowed=("+33",)))


class Answering(Stage):
    """A queue whose callers leave messages by key 2; the recording room is played by the test."""

    def __init__(self, configured: FloorConfig | None = None) -> None:
        super().__init__(configured or floor_of(takes_messages()))

    def waits(self, number: str = SENDER) -> ChannelId:
        channel_id = self.caller(number, dnis="600")
        self.tell(DigitPressed(channel_id, "1"))
        return channel_id

    def greeted(self) -> ChannelId:
        caller = self.waits()
        self.tell(DigitPressed(caller, "2"))
        return caller

    def speaks(self) -> ChannelId:
        """A caller who has heard the greeting and is being recorded."""
        caller = self.greeted()
        self.prompt_ends()
        assert len(self.ordered(RecordLeg)) == 1
        return caller

    def leaves(self, caller: ChannelId) -> RecordingId:
        """They hang up: the switch tells the end of the recording first."""
        recording_id = self.recordings.pop()
        self.tell(RecordingEnded(recording_id))
        self.hangs_up(caller)
        return recording_id

    def message(self) -> RecordingId:
        """A message is there, its file is whole, and it stands in the queue."""
        recording_id = self.leaves(self.speaks())
        self.verified(recording_id, 8 * SECOND)
        self.pass_time(0)
        return recording_id

    def verified(self, recording_id: RecordingId, duration_ms: int | None) -> None:
        self.tell(RecordingVerified(recording_id, duration_ms))

    def prompt_ends(self) -> None:
        self.tell(PromptFinished(self.prompts.pop()))

    def hears(self) -> list[str]:
        played = [media for c in self.ordered(PlayPrompt) for media in c.media]
        return [media.removeprefix("tts:fr-") for media in played]

    def outcomes(self, kind: CallKind = CallKind.INBOUND) -> list[tuple[Outcome, str]]:
        kinds = {f.call_id: f.kind for f in self.told(ContactArrived)}
        ended = [f for f in self.told(ContactEnded) if kinds[f.call_id] is kind]
        return [(f.outcome, f.reason) for f in ended]

    def work_item(self) -> Call:
        (work,) = (c for c in self.engine.floor.calls.values() if c.kind is CallKind.VOICEMAIL)
        return work
