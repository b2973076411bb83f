"""Walks callers through flows: events in, actions out. Pure; time comes in as milliseconds.

Decides what is played, what a key means, how long to wait and where to go next. Refuses to know
documents, the switch and the floor beyond the seam in `acd.flow`.

What callers feel:

- Keys pressed before they are asked for are kept and count for the next menu (type-ahead). A menu
  that may be interrupted does not play if a choice is already there; one that may not is heard to
  its end first. A wrong entry throws away what was typed after it.
- The time-out runs from the end of the prompts. A prompt that could not be played counts as
  played: the caller can still choose.
- The caller is answered just before the first prompt or menu, not earlier.

One variable is the interpreter's own: `_rest` holds the prompts still to be played (a change of
language needs another `Say`).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

import msgspec

from acd.flow import (
    AnswerNow,
    Digit,
    EnterQueue,
    Finish,
    FlowAction,
    FlowCaller,
    FlowInput,
    FlowState,
    FlowTurn,
    Hush,
    PromptDone,
    Restarted,
    Say,
    SendTo,
    Walked,
    Woken,
)
from acd.model import FlowId, Outcome, Target, TargetKind
from ivr.hours import verdict
from ivr.keypad import Chosen, Entry, Incomplete, match_entry
from ivr.model import (
    DIGITS,
    CallbackNode,
    Choice,
    Flow,
    HangUpNode,
    HoursNode,
    MenuNode,
    Node,
    Prompt,
    QueueNode,
    Recorded,
    SayNode,
    TransferNode,
    VoicemailNode,
)

STEP_LIMIT = 200
"""Nodes that one call may enter before its flow counts as a loop."""

PROMPT_LIMIT_MS = 600_000
"""A prompt whose end has not been told by then is given up, so that nobody hangs for ever."""

TYPE_AHEAD = 32
"""Keys kept before they are asked for."""

FlowKey = tuple[FlowId, int]


class FlowSet:
    """Flows in their versions; implements `acd.flow.FlowRunner`. Never changes."""

    def __init__(self, flows: Mapping[FlowKey, Flow], step_limit: int = STEP_LIMIT) -> None:
        self._flows = dict(flows)
        self._step_limit = step_limit
        self._newest: dict[FlowId, int] = {}
        for flow_id, version in self._flows:
            self._newest[flow_id] = max(version, self._newest.get(flow_id, version))

    @property
    def keys(self) -> frozenset[FlowKey]:
        """Every flow and version held."""
        return frozenset(self._flows)

    @property
    def newest(self) -> Mapping[FlowId, int]:
        """The version that new calls get, by flow."""
        return dict(self._newest)

    def flow(self, flow_id: FlowId, version: int) -> Flow:
        """One version of a flow. Raises KeyError if it is not held."""
        return self._flows[flow_id, version]

    def having(self, flow: Flow, version: int) -> FlowSet:
        """This set with one more flow or version."""
        return FlowSet({**self._flows, (flow.id, version): flow}, self._step_limit)

    def keeping(self, in_use: frozenset[FlowKey]) -> FlowSet:
        """This set with the newest versions and those in use only."""
        kept = in_use | frozenset(self._newest.items())
        return FlowSet(
            {key: flow for key, flow in self._flows.items() if key in kept}, self._step_limit
        )

    def begin(self, flow: FlowId, caller: FlowCaller, now_ms: int) -> FlowTurn:  # noqa: ARG002
        """Enter the newest version of `flow`. Raises KeyError if there is none."""
        version = self._newest[flow]
        document = self._flows[flow, version]
        state = FlowState(flow, version, document.start, document.language, now_ms)
        walk = _Walk(document, state, now_ms, self._step_limit)
        walk.go(document.start)
        return walk.turn()

    def resume(
        self,
        state: FlowState,
        happened: FlowInput,
        caller: FlowCaller,  # noqa: ARG002 - the seam's; no kind of node asks for it yet
        now_ms: int,
    ) -> FlowTurn:
        """Go on from `state` in its own version. Raises KeyError if that is not held."""
        walk = _Walk(self._flows[state.flow, state.version], state, now_ms, self._step_limit)
        walk.hear(happened)
        return walk.turn()

    def spoken(self, text: str, language: str) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing: which texts of the floor's own are audible, `ivr.service` knows."""
        return ()

    def abandon(self, state: FlowState, now_ms: int) -> Walked:
        """The caller left at `state`'s node; `input` is what had been typed of a choice."""
        node = self._flows[state.flow, state.version].nodes[state.node]
        return _walked(state, node, state.digits or None, now_ms)


def _walked(state: FlowState, node: Node, why: str | None, now_ms: int) -> Walked:
    return Walked(state.flow, state.version, node.id, node.kind, why, state.entered_at, now_ms)


class _Walk:
    """One turn being worked out: the state moves on while actions and records collect."""

    def __init__(self, flow: Flow, state: FlowState, now_ms: int, step_limit: int) -> None:
        self._flow = flow
        self._state = state
        self._now_ms = now_ms
        self._step_limit = step_limit
        self._ended = False
        self._actions: list[FlowAction] = []
        self._walked: list[Walked] = []

    def turn(self) -> FlowTurn:
        state = None if self._ended else self._state
        return FlowTurn(state, tuple(self._actions), tuple(self._walked))

    def hear(self, happened: FlowInput) -> None:
        node = self._flow.nodes[self._state.node]
        match happened:
            case PromptDone():
                if self._state.playing:
                    self._prompts_over(node)
            case Digit(digit):
                if len(digit) == 1 and digit.upper() in DIGITS:
                    self._key(node, digit.upper())
            case Woken():
                self._woken(node)
            case Restarted():
                # What was typed before is as lost as the prompt that was heard in part.
                self._set(digits="", playing=False, due_at=None)
                self._set_variable("_rest", None)
                self._follow(self._start(node))

    def go(self, target: str) -> None:
        """Enter `target`, and go on through nodes that neither play nor wait."""
        self._follow(Choice(target))

    # ---- moving ----

    def _follow(self, way: Choice | None) -> None:
        while way is not None:
            if self._state.steps >= self._step_limit:
                self._end(Finish(Outcome.FAILED, "flow_step_limit"))
                return
            node = self._flow.nodes[way.goto]
            self._set(
                node=node.id,
                language=way.language or self._state.language,
                entered_at=self._now_ms,
                steps=self._state.steps + 1,
                tries=1,
                playing=False,
                due_at=None,
            )
            self._set_variable("_rest", None)
            way = self._start(node)

    def _start(self, node: Node) -> Choice | None:
        """Do what a node does on entry; returns the way on if it does not hold the caller."""
        match node:
            case SayNode():
                if node.barge_in and self._state.digits:
                    return self._leave(node, "done", Choice(node.next))
                return None if self._play(node.prompts) else self._say_over(node)
            case MenuNode():
                return self._ask(node, node.prompts)
            case HoursNode():
                now = verdict(self._flow.calendars[node.calendar], self._now_ms)
                self._set(closed=not now.open)
                way = Choice(node.open if now.open else node.closed)
                return self._leave(node, "open" if now.open else "closed", way)
            case QueueNode():
                self._leave(node, None, None)
                # Who has already been answered cannot go back to ringing.
                first = node.answer_first or self._state.answered
                self._end(
                    EnterQueue(
                        node.queue_id,
                        node.required,
                        node.priority,
                        first,
                        node.agent_id,
                        node.agent_s,
                        node.data,
                    )
                )
            case TransferNode() | VoicemailNode() | CallbackNode():
                self._leave(node, None, None)
                self._end(SendTo(_target(node), node.data, self._state.closed))
            case HangUpNode():
                if not self._play(node.prompts):
                    self._hang_up(node, None)
        return None

    def _leave(self, node: Node, why: str | None, way: Choice | None) -> Choice | None:
        self._walked.append(_walked(self._state, node, why, self._now_ms))
        return way

    def _say_over(self, node: SayNode) -> Choice | None:
        return self._leave(node, "done", Choice(node.next))

    def _hang_up(self, node: HangUpNode, why: str | None) -> None:
        self._leave(node, why, None)
        default = Outcome.OUT_OF_HOURS if self._state.closed else Outcome.SELF_SERVICE
        self._end(Finish(node.outcome or default, node.id))

    def _end(self, action: FlowAction) -> None:
        self._actions.append(action)
        self._ended = True

    # ---- what happens ----

    def _prompts_over(self, node: Node) -> None:
        if self._play_rest():
            return
        self._set(playing=False, due_at=None)
        match node:
            case SayNode():
                self._follow(self._say_over(node))
            case MenuNode():
                self._follow(self._listen(node))
            case HangUpNode():
                self._hang_up(node, "done")
            case _:
                raise AssertionError(f"node {node.id} of kind {node.kind} plays nothing")

    def _key(self, node: Node, digit: str) -> None:
        if len(self._state.digits) < TYPE_AHEAD:
            self._set(digits=self._state.digits + digit)
        if isinstance(node, MenuNode) and (node.barge_in or not self._state.playing):
            self._hush()
            self._follow(self._decide(node))
        elif isinstance(node, SayNode) and node.barge_in:
            self._hush()
            self._follow(self._leave(node, digit, Choice(node.next)))

    def _woken(self, node: Node) -> None:
        if self._state.due_at is None or self._now_ms < self._state.due_at:
            return
        if self._state.playing:
            self._hush()
            self._prompts_over(node)
        elif isinstance(node, MenuNode):
            self._set(due_at=None)
            self._follow(self._decide(node, late=True))

    # ---- menus ----

    def _ask(self, node: MenuNode, prompts: tuple[Prompt, ...]) -> Choice | None:
        self._answer()
        if node.barge_in and self._state.digits:
            return self._decide(node)
        return None if self._play(prompts) else self._listen(node)

    def _listen(self, node: MenuNode) -> Choice | None:
        """The prompts are over: what has been typed counts, or the time-out begins."""
        if self._state.digits:
            return self._decide(node)
        self._set(due_at=self._now_ms + node.timeout_ms)
        return None

    def _decide(self, node: MenuNode, *, late: bool = False) -> Choice | None:
        """Make what one can of the keys; `late`: no more will come."""
        digits = self._state.digits
        if not digits:
            return self._again(node, "timeout", node.on_timeout)
        entry: Entry = match_entry(digits, node.choices, late=late)
        match entry:
            case Chosen(choice, used):
                self._set(digits=digits[used:])
                return self._leave(node, choice, node.choices[choice])
            case Incomplete():
                self._set(due_at=self._now_ms + node.digit_timeout_ms)
                return None
            case _:
                return self._again(node, "invalid", node.on_invalid)

    def _again(self, node: MenuNode, why: str, prompts: tuple[Prompt, ...]) -> Choice | None:
        self._set(digits="", due_at=None)
        if self._state.tries >= node.tries:
            return self._leave(node, why, Choice(node.otherwise))
        self._set(tries=self._state.tries + 1)
        return self._ask(node, (*prompts, *node.prompts))

    # ---- prompts ----

    def _play(self, prompts: tuple[Prompt, ...]) -> bool:
        """Begin to play; False if there is nothing to play."""
        if not prompts:
            return False
        self._answer()
        spoken = [_media(prompt, self._state.language) for prompt in prompts]
        runs = [
            " ".join((language, *(media for _, media in run)))
            for language, run in groupby(spoken, key=lambda each: each[0])
        ]
        self._set_variable("_rest", ";".join(runs))
        return self._play_rest()

    def _play_rest(self) -> bool:
        """Play the next prompts of one language; False if none is left."""
        rest = self._state.variables.get("_rest")
        if not rest:
            return False
        run, _, later = rest.partition(";")
        language, *media = run.split(" ")
        self._set_variable("_rest", later or None)
        self._actions.append(Say(tuple(media), language))
        self._set(playing=True, due_at=self._now_ms + PROMPT_LIMIT_MS)
        return True

    def _hush(self) -> None:
        if self._state.playing:
            self._actions.append(Hush())
        self._set(playing=False, due_at=None)
        self._set_variable("_rest", None)

    def _answer(self) -> None:
        if not self._state.answered:
            self._actions.append(AnswerNow())
            self._set(answered=True)

    # ---- state ----

    def _set(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)

    def _set_variable(self, name: str, value: str | None) -> None:
        if self._state.variables.get(name) == value:
            return
        variables = {key: each for key, each in self._state.variables.items() if key != name}
        if value is not None:
            variables[name] = value
        self._set(variables=variables)


def _target(node: TransferNode | VoicemailNode | CallbackNode) -> Target:
    match node:
        case TransferNode():
            return node.target
        case VoicemailNode():
            return Target(TargetKind.VOICEMAIL, node.queue_id)
        case CallbackNode():
            return Target(TargetKind.CALLBACK, node.queue_id)


def _media(prompt: Prompt, language: str) -> tuple[str, str]:
    """Language and media name of a prompt for a caller of `language`."""
    tongue = prompt.language or language
    if isinstance(prompt, Recorded):
        return tongue, f"prompt:{prompt.key}"
    return tongue, f"tts:{prompt.hashes[tongue]}"
