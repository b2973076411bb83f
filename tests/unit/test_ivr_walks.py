"""Any sound flow under any input: it never raises, it always waits or ends, and it is bounded."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd.flow import (
    AnswerNow,
    Digit,
    EnterQueue,
    Finish,
    FlowCaller,
    FlowInput,
    FlowState,
    Hush,
    PromptDone,
    Restarted,
    Say,
    Woken,
)
from acd.model import FlowId
from ivr.document import load
from ivr.interpreter import FlowSet

pytestmark = pytest.mark.unit

TEST = FlowId("test")
CALLER = FlowCaller(dnis="1", number=None, name=None)
STEP_LIMIT = 25

PROMPT = st.sampled_from(
    [
        {"prompt": "welcome"},
        {"prompt": "welcome", "language": "en"},
        {"text": {"fr": "Bonjour", "en": "Hello"}},
        {"text": "Hello", "language": "en"},
    ]
)
PROMPTS = st.lists(PROMPT, min_size=1, max_size=3)
KEYS = st.text("0123456789*#AD", min_size=1, max_size=3)
Json = dict[str, Any]


@st.composite
def node(draw: st.DrawFn, index: int, count: int) -> Json:
    target = st.integers(0, count - 1).map(lambda each: f"n{each}")
    kind = draw(st.sampled_from(["say", "menu", "menu", "hours", "queue", "hang_up"]))
    if index == count - 1 and kind == "hours":
        kind = "hang_up"
    if kind == "say":
        return {"kind": kind, "prompts": draw(PROMPTS), "next": draw(target),
                "barge_in": draw(st.booleans())}  # fmt: skip
    if kind == "menu":
        goto = target | st.fixed_dictionaries(
            {"goto": target}, optional={"language": st.sampled_from(["fr", "en"])}
        )
        menu = {"kind": kind, "choices": draw(st.dictionaries(KEYS, goto, min_size=1, max_size=5)),
                "otherwise": draw(target), "barge_in": draw(st.booleans()),
                "tries": draw(st.integers(2, 4))}  # fmt: skip
        for key in ("prompts", "on_timeout", "on_invalid"):
            if draw(st.booleans()):
                menu[key] = draw(PROMPTS)
        return menu
    if kind == "hours":
        # Calendars lead forwards only: a circle of them is a fault, tested elsewhere.
        ahead = st.integers(index + 1, count - 1).map(lambda each: f"n{each}")
        return {"kind": kind, "calendar": draw(st.sampled_from(["always", "never"])),
                "open": draw(ahead), "closed": draw(ahead)}  # fmt: skip
    if kind == "queue":
        return {
            "kind": kind,
            "queue": "q",
            "answer": draw(st.sampled_from(["first", "with_agent"])),
        }
    return {"kind": kind, **({"prompts": draw(PROMPTS)} if draw(st.booleans()) else {})}


@st.composite
def document(draw: st.DrawFn) -> str:
    count = draw(st.integers(1, 7))
    return json.dumps({
        "flow": "test",
        "start": "n0",
        "hours": {"always": {"weekly": {"daily": "00:00-24:00"}}, "never": {"weekly": {}}},
        "nodes": {f"n{index}": draw(node(index, count)) for index in range(count)},
    })  # fmt: skip


INPUTS = st.lists(
    st.one_of(
        st.builds(PromptDone, failed=st.booleans()),
        st.builds(Digit, st.sampled_from([*"0123456789*#AD", "x", ""])),
        st.just(Woken()),
        st.just(Woken()),
        st.just(Restarted()),
    ),
    max_size=60,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document(), INPUTS, st.lists(st.booleans(), min_size=60, max_size=60))
def test_any_walk_waits_or_ends(text: str, inputs: list[FlowInput], on_time: list[bool]) -> None:
    flows = FlowSet({(TEST, 1): load(text)}, step_limit=STEP_LIMIT)
    now = 1_800_000_000_000
    turn = flows.begin(TEST, CALLER, now)
    answered = False
    steps_walked = 0
    last: FlowInput | None = None
    for happened, prompt_is_due in zip([*inputs, None], [*on_time, True], strict=False):
        for action in turn.actions:
            assert not (isinstance(action, AnswerNow) and answered), "answered twice"
            answered = answered or isinstance(action, AnswerNow)
            assert answered or isinstance(action, EnterQueue | Finish), "heard before the answer"
        ends = [each for each in turn.actions if isinstance(each, EnterQueue | Finish)]
        steps_walked += len(turn.walked)
        assert all(each.entered_at <= each.left_at <= now for each in turn.walked)
        state = turn.state
        if state is None:
            assert len(ends) == 1
            assert turn.actions[-1] == ends[0]
            assert steps_walked <= STEP_LIMIT
            return
        assert not ends
        assert state.playing or state.due_at is not None, "waits for nothing"
        if isinstance(last, Woken):
            assert state.due_at is None or state.due_at > now, "wakes at once again"
        assert 1 <= state.steps <= STEP_LIMIT
        assert state.steps == steps_walked + 1
        says = [each for each in turn.actions if isinstance(each, Say)]
        assert len(says) <= 1
        if says:
            assert state.playing
            assert turn.actions[-1] == says[0]
        if Hush() in turn.actions:
            assert turn.actions.index(Hush()) == 0
        # A restart must be able to go on from what was journaled.
        packed = msgspec.json.encode(state)
        assert msgspec.json.decode(packed, type=FlowState) == state
        assert flows.abandon(state, now).node == state.node
        if happened is not None:
            last = happened
            now = max(now, state.due_at or now) if prompt_is_due else now + 50
            turn = flows.resume(state, happened, CALLER, now)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document())
def test_a_silent_caller_always_gets_out(text: str) -> None:
    flows = FlowSet({(TEST, 1): load(text)}, step_limit=STEP_LIMIT)
    now = 1_800_000_000_000
    turn = flows.begin(TEST, CALLER, now)
    turns = 0
    while turn.state is not None:
        turns += 1
        # A node holds a silent caller for 4 tries, each of at most 6 prompts and one time-out.
        assert turns <= STEP_LIMIT * 4 * 7
        now = max(now, turn.state.due_at or now)
        heard = PromptDone() if turn.state.playing else Woken()
        turn = flows.resume(turn.state, heard, CALLER, now)
    assert isinstance(turn.actions[-1], EnterQueue | Finish)
