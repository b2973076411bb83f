"""Walks a flow without a telephone: an imagined caller who hears prompts out and presses keys.

Pure: the time of the call is given, and each prompt lasts as long as its text takes to be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from acd.flow import (
    AnswerNow,
    Digit,
    EnterQueue,
    Finish,
    FlowAction,
    FlowCaller,
    FlowInput,
    Hush,
    PromptDone,
    Say,
    SendTo,
    Woken,
)
from acd.model import TargetKind
from ivr.interpreter import FlowSet
from ivr.model import Flow

RECORDED_MS = 2_000
"""Imagined length of a recorded prompt."""

MS_PER_CHARACTER = 65
"""About 150 words a minute."""

_NAMED_BY_THEMSELVES = frozenset({TargetKind.AGENT, TargetKind.NUMBER, TargetKind.QUEUE})

_CALLER = FlowCaller(dnis="rehearsal", number=None, name=None)


class Step(msgspec.Struct, frozen=True):
    """One line of a rehearsal; `at_ms` counts from the beginning of the call."""

    at_ms: int
    node: str
    text: str


def rehearse(flow: Flow, entries: Sequence[str], at_ms: int) -> Iterator[Step]:
    """Walk `flow` from `at_ms` (UTC milliseconds).

    Each entry is typed at one wait for keys, an empty one lets the time run out; so do all waits
    after the last entry.
    """
    flows = FlowSet({(flow.id, 1): flow})
    texts = {f"tts:{spoken.hash}": spoken.text for spoken in flow.texts()}
    waiting = [list(entry) for entry in entries]
    now_ms = at_ms
    node = flow.start
    turn = flows.begin(flow.id, _CALLER, now_ms)
    keys: list[str] = []
    while True:
        for walked in turn.walked:
            why = f": {walked.input}" if walked.input else ""
            node = walked.node
            yield Step(now_ms - at_ms, node, f"{walked.kind} left{why}")
        node = turn.state.node if turn.state else node
        for action in turn.actions:
            yield Step(now_ms - at_ms, node, _said(action, texts))
        if turn.state is None:
            return
        happened: FlowInput
        if turn.state.playing:
            now_ms += sum(_length_ms(action, texts) for action in turn.actions)
            happened = PromptDone()
        else:
            if not keys and not turn.state.digits and waiting:
                keys = waiting.pop(0)
            if keys:
                happened = Digit(keys.pop(0))
                yield Step(now_ms - at_ms, node, f"caller presses {happened.digit}")
            else:
                now_ms = turn.state.due_at or now_ms
                happened = Woken()
                yield Step(now_ms - at_ms, node, "caller waits")
        turn = flows.resume(turn.state, happened, _CALLER, now_ms)


def _said(action: FlowAction, texts: dict[str, str]) -> str:
    match action:
        case AnswerNow():
            return "answered"
        case Say(media, language):
            said = " ".join(texts.get(each, f"[{each.partition(':')[2]}]") for each in media)
            return f"says ({language}) {said}"
        case Hush():
            return "prompt stopped"
        case EnterQueue():
            skills = ", ".join(f"{each.skill} ≥ {each.level}" for each in action.required)
            how = "answered at once" if action.answer_first else "rings until an agent answers"
            asks = f", asks for {skills}" if skills else ""
            if action.agent_id is not None:
                asks += f", looks for agent {action.agent_id} first ({action.agent_s} s)"
            return f"queue {action.queue_id}, priority {action.priority}{asks}, {how}"
        case SendTo(target, closed=closed):
            kind = "" if target.kind in _NAMED_BY_THEMSELVES else " of queue"
            return f"sent to {target.kind}{kind} {target.id}" + (", out of hours" if closed else "")
        case Finish(outcome, reason):
            return f"ends: {outcome} ({reason})"


def _length_ms(action: FlowAction, texts: dict[str, str]) -> int:
    if not isinstance(action, Say):
        return 0
    return sum(
        len(texts[each]) * MS_PER_CHARACTER if each in texts else RECORDED_MS
        for each in action.media
    )
