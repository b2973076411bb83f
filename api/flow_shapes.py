"""What a flow's document is as JSON, for `/openapi.json`; a test compares it with the reader.

Documents are read by `ivr.document`, which names line and column; nothing is checked by these.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from acd.model import Outcome
from api.shapes import Language, Part

Left: TypeAlias = SkipJsonSchema[None]
"""A field may be left out; null is no value of it."""

Data = Annotated[dict[str, str], Field(description="words attached to the call")]


class FlowPrompt(Part):
    """A recording or a text, in one language or in each."""

    prompt: str | Left = None
    text: str | dict[Language, str] | Left = None
    language: Language | Left = None


class _Prompts(Part):
    prompt: str | Left = Field(None, description="a recording's name")
    text: str | dict[Language, str] | Left = Field(None, description="what is spoken")
    prompts: list[str | FlowPrompt] | Left = Field(None, description="several, one after another")


class FlowChoice(Part):
    """A choice that sets the caller's language too."""

    goto: str
    language: Language | Left = None


class SayNode(_Prompts):
    """Play, then go on."""

    kind: Literal["say"]
    next: str
    barge_in: bool = False


class MenuNode(_Prompts):
    """Ask for a key."""

    kind: Literal["menu"]
    choices: dict[str, str | FlowChoice]
    otherwise: str
    timeout_s: float = 5
    digit_timeout_s: float = 2.5
    tries: int = 3
    barge_in: bool = True
    on_timeout: str | FlowPrompt | list[str | FlowPrompt] | Left = None
    on_invalid: str | FlowPrompt | list[str | FlowPrompt] | Left = None


class HoursNode(Part):
    """Go by a calendar."""

    kind: Literal["hours"]
    calendar: str
    open: str
    closed: str


class QueueNode(Part):
    """Wait for an agent."""

    kind: Literal["queue"]
    queue: str
    required: dict[str, int] = Field(default={}, description="skills with the least level")
    priority: int = 0
    answer: Literal["first", "with_agent"] = "first"
    agent: str | Left = None
    agent_s: int | Left = None
    data: Data = Field(default={})


class TransferNode(Part):
    """To an agent, a number outside or a queue: one of the three."""

    kind: Literal["transfer"]
    agent: str | Left = None
    queue: str | Left = None
    number: str | Left = None
    data: Data = Field(default={})


class VoicemailNode(Part):
    """Leave a message."""

    kind: Literal["voicemail"]
    queue: str
    data: Data = Field(default={})


class CallbackNode(Part):
    """Be called back."""

    kind: Literal["callback"]
    queue: str
    data: Data = Field(default={})


class HangUpNode(_Prompts):
    """End the call."""

    kind: Literal["hang_up"]
    outcome: Outcome | Left = None


NODES: Final = (
    SayNode, MenuNode, HoursNode, QueueNode, TransferNode, VoicemailNode, CallbackNode, HangUpNode,
)  # fmt: skip


class FlowHours(Part):
    """A calendar of the flow's own."""

    zone: str = "Europe/Paris"
    weekly: dict[str, str | list[str]]
    closed: list[str] = Field(default=[])
    special: dict[str, str | list[str]] = Field(default={})
    holidays: str | Left = None


class FlowDocument(Part):
    """A flow. The same as YAML is easier to write."""

    flow: str = Field(description="its id", examples=["reception"])
    name: str | Left = None
    language: Language = "fr"
    start: str = Field(description="the first node")
    hours: dict[str, FlowHours] = Field(default={})
    nodes: dict[
        str,
        Annotated[
            SayNode
            | MenuNode
            | HoursNode
            | QueueNode
            | TransferNode
            | VoicemailNode
            | CallbackNode
            | HangUpNode,
            Field(discriminator="kind"),
        ],
    ]
