"""The seam between the floor and the SVI: what a flow may ask, and what it is told.

The engine runs a flow through `FlowRunner` without knowing nodes or YAML; `ivr` implements it.
Values only: the runner is pure, time comes in as `now_ms`.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from acd.model import AgentId, FlowId, Outcome, QueueId, SkillLevel, Target


class FlowState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a caller stands in a flow; journaled, so that a restart can go on at the same node.

    `playing` is true while a prompt that the flow asked for has not ended. `due_at` is the UTC ms
    at which the node wants to be woken, None if it waits for something else. `steps` counts nodes
    entered (the limit stops loops). `tries` counts the attempts at the present node. `closed` while
    the last calendar on the way was closed.
    """

    flow: FlowId
    version: int
    node: str
    language: str
    entered_at: int
    steps: int = 0
    tries: int = 0
    digits: str = ""
    playing: bool = False
    answered: bool = False
    due_at: int | None = None
    closed: bool = False
    variables: dict[str, str] = {}


class FlowCaller(msgspec.Struct, frozen=True):
    """What a flow may know of the call. Numbers as the trunk sent them; None if withheld."""

    dnis: str
    number: str | None
    name: str | None


# ---- what the flow is told -------------------------------------------------------------------


class PromptDone(msgspec.Struct, frozen=True):
    """The prompt asked for has ended. `failed` if the switch could not play it."""

    failed: bool = False


class Digit(msgspec.Struct, frozen=True):
    """The caller pressed one key: 0-9, *, #, A-D."""

    digit: str


class Woken(msgspec.Struct, frozen=True):
    """`due_at` has come."""


class Restarted(msgspec.Struct, frozen=True):
    """The floor was restarted; the present node is to be entered again."""


FlowInput = PromptDone | Digit | Woken | Restarted


# ---- what the flow asks ----------------------------------------------------------------------


class AnswerNow(msgspec.Struct, frozen=True):
    """Answer the caller (a prompt must be heard)."""


class Say(msgspec.Struct, frozen=True):
    """Play these media one after another: `prompt:KEY` or `tts:HASH`, in `language` (fr, en)."""

    media: tuple[str, ...]
    language: str


class Hush(msgspec.Struct, frozen=True):
    """Stop the prompt that is playing (the caller has pressed a key)."""


class EnterQueue(msgspec.Struct, frozen=True):
    """Give the caller to a queue; ends the flow.

    `required` adds to the queue's own skills; `priority` is worth 60 s of age each. `answer_first`:
    answer now and play music (True), or let it ring until an agent answers (False). `agent_id` is
    looked for alone for `agent_s` seconds. `data` is attached to the call.
    """

    queue_id: QueueId
    required: tuple[SkillLevel, ...] = ()
    priority: int = 0
    answer_first: bool = True
    agent_id: AgentId | None = None
    agent_s: int = 0
    data: dict[str, str] = {}


class SendTo(msgspec.Struct, frozen=True):
    """Send the caller elsewhere: an agent, a number outside, voicemail, a callback; ends the flow.

    `data` is attached to the call. `closed`: the last calendar on the way was.
    """

    target: Target
    data: dict[str, str] = {}
    closed: bool = False


class Finish(msgspec.Struct, frozen=True):
    """End the call with this outcome; ends the flow."""

    outcome: Outcome
    reason: str


FlowAction = AnswerNow | Say | Hush | EnterQueue | SendTo | Finish


class Walked(msgspec.Struct, frozen=True):
    """One node left behind: stored, so that drop-out per node is a figure.

    `input` is what led out of it (digits, `timeout`, `invalid`, `done`, `open`, `closed`), None
    where nothing did.
    """

    flow: FlowId
    version: int
    node: str
    kind: str
    input: str | None
    entered_at: int
    left_at: int


class FlowTurn(msgspec.Struct, frozen=True):
    """One step's result. `state` is None when the flow has ended (queued or finished)."""

    state: FlowState | None
    actions: tuple[FlowAction, ...] = ()
    walked: tuple[Walked, ...] = ()


class FlowRunner(Protocol):
    """A set of flows that can be walked. Raises KeyError for a flow that it does not hold."""

    def begin(self, flow: FlowId, caller: FlowCaller, now_ms: int) -> FlowTurn:
        """Enter the newest version of `flow`."""

    def resume(
        self, state: FlowState, happened: FlowInput, caller: FlowCaller, now_ms: int
    ) -> FlowTurn:
        """Go on from `state`, in the version in which the call began."""

    def spoken(self, text: str, language: str) -> tuple[str, ...]:
        """The media that say this text, which must be among those prepared beforehand."""

    def abandon(self, state: FlowState, now_ms: int) -> Walked:
        """The caller left at `state`'s node."""
