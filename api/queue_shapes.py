"""What a queue looks like over REST and in YAML: ranges and patterns of every field."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from acd.config import Access, CallbackMode, MessageKind, Strategy, WrapUp
from acd.model import TargetKind
from api.shapes import Id, Language, Name, Names, Part, RequiredSkills, no_controls, pasted_number

Music = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Said = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000, strip_whitespace=True),
    AfterValidator(no_controls),
]
Texts = Annotated[dict[Language, Said], Field(description="by language, spoken to the caller")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]


class Target(Part):
    """Where a call is sent, after `texts` were said."""

    kind: TargetKind
    id: str | None = Field(
        None,
        max_length=63,
        description="queue, agent, flow, or number (E.164); the queue of voicemail and callback, "
        "left out: the one that the caller is in",
    )
    texts: Texts = Field(default={})

    @field_validator("id", mode="before")
    @classmethod
    def _number(cls, value: object, told: ValidationInfo) -> object:
        return pasted_number(value) if told.data.get("kind") is TargetKind.NUMBER else value


class Step(Part):
    """One ring of the routing; who fitted an earlier one stays eligible."""

    expression: str | None = Field(
        None, max_length=2000, examples=['skills.english >= 5 and not team = "night"']
    )
    preferred: list[Id] = Field(default=[], max_length=50, description="agents who come first")
    only_preferred: bool = False
    for_s: int | None = Field(
        None, ge=1, le=3600, description="until the next step opens; left out: the last"
    )


class WaitMessage(Part):
    """Something said to those who wait."""

    kind: MessageKind
    texts: Texts = Field(default={})
    prompt: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$")
    first_s: int = Field(15, ge=0, le=3600)
    every_s: int | None = Field(45, ge=5, le=3600, description="null: once")


class CallbackPolicy(Part):
    """How the queue calls back."""

    mode: CallbackMode = CallbackMode.AGENT_FIRST
    attempts: int = Field(3, ge=1, le=20)
    retry_s: int = Field(900, ge=10, le=86_400)
    ring_s: int = Field(30, ge=5, le=120)


class VoicemailPolicy(Part):
    """How the queue takes messages."""

    greeting: Texts = Field(default={})
    longest_s: int = Field(120, ge=5, le=900)
    silence_s: int = Field(4, ge=0, le=30)


class Disposition(Part):
    """How a conversation may be qualified."""

    code: Id
    names: Names = Field(default={})


class QueueEntry(Part):
    """A queue but for its id. Durations in seconds."""

    name: Name
    required: RequiredSkills = Field(default=[], description="an agent is fit who has all of these")
    access: Access = Field(Access.OPEN, description="members: only those whose queues name it")
    steps: list[Step] = Field(default=[], max_length=20)
    strategy: Strategy = Strategy.LONGEST_IDLE
    sticky_s: int = Field(0, ge=0, le=3600, description="how long the last agent is looked for")
    priority: int = Field(0, ge=-100, le=100, description="each point is worth 60 s of waiting")
    ring_s: int = Field(20, ge=3, le=300, description="how long an agent's phone rings")
    rona_limit: int = Field(2, ge=1, le=10, description="calls let ring before not responding")
    refusal_limit: int = Field(
        3, ge=1, le=10, description="calls that a phone refuses before not responding"
    )
    wrap_up: WrapUp = Field(WrapUp.TIMED, description="what follows a conversation")
    wrap_up_s: int = Field(0, ge=0, le=3600, description="after-call work (post-appel)")
    wrap_up_extension_s: int = Field(60, ge=0, le=3600)
    dispositions: list[Disposition] = Field(default=[], max_length=200)
    service_level_s: int = Field(20, ge=1, le=3600, description="threshold of the service level")
    short_abandon_s: int = Field(5, ge=0, le=600, description="abandons up to this are short")
    target_answer_ratio: float = Field(0.8, ge=0, le=1, description="target of the QS linéaire")
    recorded: bool = True
    music: Music = "default"
    messages: list[WaitMessage] = Field(default=[], max_length=20)
    exits: dict[Key, Target] = Field(default={}, description="by the digit pressed while waiting")
    max_wait_s: int | None = Field(None, ge=1, le=86_400)
    on_max_wait: Target | None = None
    max_length: int | None = Field(None, ge=0, le=10_000)
    on_full: Target | None = None
    calendar: Id | None = None
    closed: bool = Field(False, description="by a supervisor, whatever the calendar says")
    on_closed: Target | None = None
    on_nobody: Target | None = Field(None, description="when nobody fit is signed in")
    callback: CallbackPolicy | None = Field(None, description="null: none are offered")
    voicemail: VoicemailPolicy | None = Field(None, description="null: none is offered")
