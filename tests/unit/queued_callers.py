"""Callers who wait in a queue: what it is configured to say, and what they hear."""

from __future__ import annotations

import msgspec

from acd.commands import PlayPrompt
from acd.config import AgentProfile, Calendar, FloorConfig, MessageKind, Outside, Queue, WaitMessage
from acd.events import DigitPressed, PromptFinished
from acd.facts import ContactEnded, VisitClosed
from acd.model import CalendarId, ChannelId, Outcome, Target, TargetKind, VisitOutcome
from tests.unit.acd_stage import Stage, config, queue

SECOND = 1_000
NUMBER = "+33800000001"
ANY_NUMBER = Outside(allowed=("+33", "06"))
NEVER = Calendar(CalendarId("never"), "Europe/Paris", ((),) * 7)


def to_queue(name: str) -> Target:
    return Target(TargetKind.QUEUE, name)


def text(words: str, first_s: int = 10, every_s: int | None = 30) -> WaitMessage:
    return WaitMessage(MessageKind.TEXT, {"fr": words}, first_s=first_s, every_s=every_s)


def floor_of(*queues: Queue, agents: tuple[AgentProfile, ...] = (), **more: object) -> FloorConfig:
    given: dict[str, object] = {"outside": ANY_NUMBER, "calendars": {NEVER.id: NEVER}, **more}
    return msgspec.structs.replace(config(*queues, agents=agents), **given)


class Queued(Stage):
    """Callers dial 600 and press a key: they have been answered and wait in `sales`."""

    def waits(self, number: str = "0612345678") -> ChannelId:
        channel_id = self.caller(number, dnis="600")
        self.tell(DigitPressed(channel_id, "1"))
        return channel_id

    def presses(self, channel_id: ChannelId, digit: str) -> None:
        self.tell(DigitPressed(channel_id, digit))

    def hears(self) -> list[str]:
        """What is played to somebody in the last step; texts by their words."""
        played = [media for c in self.ordered(PlayPrompt) for media in c.media]
        return [media.removeprefix("tts:fr-") for media in played]

    def prompt_ends(self) -> None:
        self.tell(PromptFinished(self.prompts.pop()))

    def outcomes(self) -> list[tuple[Outcome, str]]:
        return [(f.outcome, f.reason) for f in self.told(ContactEnded)]

    def visits(self) -> list[VisitOutcome]:
        return [f.outcome for f in self.told(VisitClosed)]


def position(every_s: int = 10) -> WaitMessage:
    return WaitMessage(MessageKind.POSITION, first_s=5, every_s=every_s)


def longest(target: Target | None, **more: object) -> Queue:
    limited = queue(max_wait_s=20, on_max_wait=target)
    return msgspec.structs.replace(limited, **more)
