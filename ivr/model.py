"""A flow as the interpreter walks it: nodes, prompts, calendars. Frozen values, no behaviour
beyond naming media.

Knows neither YAML nor telephones. A flow that came through `ivr.document` is sound: every target
exists, and every text can be heard in each language in which a caller can reach it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import ClassVar, NamedTuple

import msgspec

from acd.model import AgentId, FlowId, Outcome, QueueId, SkillLevel, Target

LANGUAGES = ("fr", "en")
"""Languages with a voice and recorded prompts."""

DEFAULT_VOICES: Mapping[str, str] = {"fr": "espeak-ng/fr-fr/150", "en": "espeak-ng/en-gb/150"}
"""Voice of each language; part of a text's hash, so that another voice is another file."""

DIGITS = "0123456789*#ABCD"
"""Every key of a telephone (RFC 4733)."""


class SpokenText(NamedTuple):
    """A text that must exist as sound before its flow is used."""

    hash: str
    language: str
    text: str


def media_hash(language: str, voice: str, text: str) -> str:
    """Name of the sound of `text`: first 32 hex digits of SHA-256 over language, voice and text."""
    return hashlib.sha256("\0".join((language, voice, text)).encode()).hexdigest()[:32]


# ---- prompts ---------------------------------------------------------------------------------


class Recorded(msgspec.Struct, frozen=True, tag=True):
    """A prompt from a file, `sounds/plateau/LANGUAGE/KEY.wav`.

    `language` is None to follow the caller's.
    """

    key: str
    language: str | None = None


class Spoken(msgspec.Struct, frozen=True, tag=True):
    """A text to be synthesised. `texts` and `hashes` are by language.

    `language` is None to follow the caller's.
    """

    texts: dict[str, str]
    hashes: dict[str, str]
    language: str | None = None


Prompt = Recorded | Spoken


# ---- calendars -------------------------------------------------------------------------------


class OpenRange(msgspec.Struct, frozen=True, order=True):
    """Open from minute `start` up to, not including, minute `end` of a local day (0 to 1440)."""

    start: int
    end: int


class Calendar(msgspec.Struct, frozen=True):
    """When somebody is there. `weekly` has seven days, Monday first.

    `special` replaces a day whatever else is said of it (no range: closed); `holidays` is an
    ISO 3166 code (`FR`, or `FR-57` with a subdivision) whose public holidays are closed, None for
    none.
    """

    name: str
    zone: str
    weekly: tuple[tuple[OpenRange, ...], ...]
    special: dict[date, tuple[OpenRange, ...]] = {}
    holidays: str | None = None


# ---- nodes -----------------------------------------------------------------------------------


class SayNode(msgspec.Struct, frozen=True, tag="say"):
    """Play prompts, then go on. With `barge_in` a key ends them and counts for the next menu."""

    kind: ClassVar[str] = "say"
    id: str
    prompts: tuple[Prompt, ...]
    next: str
    barge_in: bool = False


class Choice(msgspec.Struct, frozen=True):
    """Where a menu's key leads; `language` None leaves the caller's as it is."""

    goto: str
    language: str | None = None


class MenuNode(msgspec.Struct, frozen=True, tag="menu"):
    """Ask for a key, or several: `choices` is by digits.

    `timeout_ms` counts from the end of the prompts, `digit_timeout_ms` from a key that may be
    followed by another. After `tries` attempts without a choice: `otherwise`.
    """

    kind: ClassVar[str] = "menu"
    id: str
    prompts: tuple[Prompt, ...]
    choices: dict[str, Choice]
    otherwise: str
    timeout_ms: int = 5_000
    digit_timeout_ms: int = 2_500
    tries: int = 3
    barge_in: bool = True
    on_timeout: tuple[Prompt, ...] = ()
    on_invalid: tuple[Prompt, ...] = ()


class HoursNode(msgspec.Struct, frozen=True, tag="hours"):
    """Go by a calendar."""

    kind: ClassVar[str] = "hours"
    id: str
    calendar: str
    open: str
    closed: str


class QueueNode(msgspec.Struct, frozen=True, tag="queue"):
    """Give the caller to a queue. `answer_first` False lets an unanswered call ring on.

    `agent_id` is looked for alone for `agent_s` seconds. `data` is attached to the call.
    """

    kind: ClassVar[str] = "queue"
    id: str
    queue_id: QueueId
    required: tuple[SkillLevel, ...] = ()
    priority: int = 0
    answer_first: bool = True
    agent_id: AgentId | None = None
    agent_s: int = 0
    data: dict[str, str] = {}


class TransferNode(msgspec.Struct, frozen=True, tag="transfer"):
    """Send the caller to an agent or a number outside."""

    kind: ClassVar[str] = "transfer"
    id: str
    target: Target
    data: dict[str, str] = {}


class VoicemailNode(msgspec.Struct, frozen=True, tag="voicemail"):
    """Have the caller leave a message for a queue."""

    kind: ClassVar[str] = "voicemail"
    id: str
    queue_id: QueueId
    data: dict[str, str] = {}


class CallbackNode(msgspec.Struct, frozen=True, tag="callback"):
    """Call the caller back for a queue; who withheld the number waits in it instead."""

    kind: ClassVar[str] = "callback"
    id: str
    queue_id: QueueId
    data: dict[str, str] = {}


class HangUpNode(msgspec.Struct, frozen=True, tag="hang_up"):
    """Play prompts, if any, and end the call.

    `outcome` None: out of hours if the last calendar on the way was closed, else self-service.
    """

    kind: ClassVar[str] = "hang_up"
    id: str
    prompts: tuple[Prompt, ...] = ()
    outcome: Outcome | None = None


Ending = QueueNode | TransferNode | VoicemailNode | CallbackNode | HangUpNode
"""Nodes at which a flow ends."""

Node = SayNode | MenuNode | HoursNode | Ending


class Flow(msgspec.Struct, frozen=True):
    """A whole flow; `language` is the caller's until a choice sets another."""

    id: FlowId
    name: str
    language: str
    start: str
    nodes: dict[str, Node]
    calendars: dict[str, Calendar] = {}

    def texts(self) -> set[SpokenText]:
        """Every text that this flow speaks: what must be synthesised before it is used."""
        return {
            SpokenText(prompt.hashes[language], language, text)
            for node in self.nodes.values()
            for prompt in every_prompt(node)
            if isinstance(prompt, Spoken)
            for language, text in prompt.texts.items()
        }


def every_prompt(node: Node) -> tuple[Prompt, ...]:
    """All prompts that a node can play, in any of its ways."""
    match node:
        case SayNode() | HangUpNode():
            return node.prompts
        case MenuNode():
            return (*node.prompts, *node.on_timeout, *node.on_invalid)
        case _:
            return ()


def targets(node: Node) -> tuple[Choice, ...]:
    """Every way out of a node, with the language that it sets."""
    match node:
        case SayNode():
            return (Choice(node.next),)
        case MenuNode():
            return (*node.choices.values(), Choice(node.otherwise))
        case HoursNode():
            return (Choice(node.open), Choice(node.closed))
        case _:
            return ()


def queue_of(node: Node) -> QueueId | None:
    """The queue that a node names; None if it names none."""
    match node:
        case QueueNode() | VoicemailNode() | CallbackNode():
            return node.queue_id
        case _:
            return None
