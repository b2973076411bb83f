"""What a caller hears and where keys, silence and calendars lead."""

from __future__ import annotations

import pytest

from acd.flow import (
    AnswerNow,
    Digit,
    EnterQueue,
    Finish,
    FlowCaller,
    FlowInput,
    FlowRunner,
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
from acd.model import (
    AgentId,
    FlowId,
    Outcome,
    QueueId,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
)
from ivr.document import load
from ivr.interpreter import PROMPT_LIMIT_MS, FlowSet
from ivr.keypad import Chosen, Incomplete, Invalid, match_entry

pytestmark = pytest.mark.unit

CALLER = FlowCaller(dnis="100", number="0612345678", name=None)
T0 = 1_800_000_000_000
TEST = FlowId("test")

MENU = """
flow: test
start: hello
nodes:
  hello: {kind: say, prompt: welcome, next: menu}
  menu:
    kind: menu
    prompt: ask
    timeout_s: 4
    tries: 2
    on_timeout: nothing
    on_invalid: wrong
    choices: {1: sales, 2: {goto: bye, language: en}}
    otherwise: gone
  sales: {kind: queue, queue: sales, required: {english: 3}, priority: 2, answer: with_agent}
  bye: {kind: hang_up, prompt: goodbye}
  gone: {kind: hang_up, outcome: flow_hang_up}
"""


class Call:
    """One caller in one flow; keeps everything asked and recorded."""

    def __init__(self, flows: FlowRunner, at: int = T0) -> None:
        self.flows = flows
        self.now = at
        self.walked: list[Walked] = []
        self.turn = self._took(flows.begin(TEST, CALLER, at))

    def _took(self, turn: FlowTurn) -> FlowTurn:
        self.turn = turn
        self.walked += turn.walked
        return turn

    @property
    def state(self) -> FlowState:
        assert self.turn.state is not None
        return self.turn.state

    def hear(self, happened: FlowInput, after_ms: int = 0) -> tuple[object, ...]:
        self.now += after_ms
        return self._took(self.flows.resume(self.state, happened, CALLER, self.now)).actions

    @property
    def path(self) -> list[tuple[str, str | None]]:
        return [(each.node, each.input) for each in self.walked]


def call(text: str = MENU, at: int = T0) -> Call:
    return Call(FlowSet({(TEST, 1): load(text)}), at)


def at_menu(text: str = MENU) -> Call:
    caller = call(text)
    caller.hear(PromptDone(), 1000)
    return caller


def test_answered_before_the_first_prompt_and_only_once() -> None:
    caller = call()
    assert caller.turn.actions == (AnswerNow(), Say(("prompt:welcome",), "fr"))
    assert caller.hear(PromptDone(), 1500) == (Say(("prompt:ask",), "fr"),)
    assert caller.walked == [Walked(TEST, 1, "hello", "say", "done", T0, T0 + 1500)]
    assert caller.state.playing


def test_barge_in_stops_the_prompt_and_goes_on() -> None:
    caller = at_menu()
    # Already answered to hear the menu: `with_agent` has nothing to keep ringing.
    assert caller.hear(Digit("1"), 300) == (
        Hush(),
        EnterQueue(QueueId("sales"), (SkillLevel(SkillId("english"), 3),), 2, True),
    )
    assert caller.turn.state is None
    assert caller.path == [("hello", "done"), ("menu", "1"), ("sales", None)]


def test_a_queue_with_nothing_said_before_leaves_the_caller_unanswered() -> None:
    text = "flow: test\nstart: q\nnodes:\n  q: {kind: queue, queue: x, answer: with_agent}\n"
    assert call(text).turn.actions == (EnterQueue(QueueId("x"), (), 0, False),)


@pytest.mark.parametrize(
    ("node", "action"),
    [
        (
            "{kind: queue, queue: x, agent: ana, data: {vip: 'yes'}}",
            EnterQueue(QueueId("x"), (), 0, True, AgentId("ana"), 30, {"vip": "yes"}),
        ),
        (
            "{kind: queue, queue: x, agent: ana, agent_s: 90}",
            EnterQueue(QueueId("x"), (), 0, True, AgentId("ana"), 90),
        ),
        ("{kind: transfer, queue: x}", EnterQueue(QueueId("x"))),
        ("{kind: transfer, agent: ana}", SendTo(Target(TargetKind.AGENT, "ana"))),
        (
            "{kind: transfer, number: +33123456789, data: {why: claim}}",
            SendTo(Target(TargetKind.NUMBER, "+33123456789"), {"why": "claim"}),
        ),
        ("{kind: voicemail, queue: x}", SendTo(Target(TargetKind.VOICEMAIL, "x"))),
        ("{kind: callback, queue: x}", SendTo(Target(TargetKind.CALLBACK, "x"))),
    ],
)
def test_what_a_flow_ends_with(node: str, action: object) -> None:
    caller = call(f"flow: test\nstart: q\nnodes:\n  q: {node}\n")
    assert caller.turn.actions == (action,)
    assert caller.turn.state is None
    assert [name for name, _ in caller.path] == ["q"]


def test_a_choice_sets_the_language_of_what_follows() -> None:
    caller = at_menu()
    assert caller.hear(Digit("2"))[-1] == Say(("prompt:goodbye",), "en")
    assert caller.hear(PromptDone()) == (Finish(Outcome.SELF_SERVICE, "bye"),)


def test_the_time_out_runs_from_the_end_of_the_prompt() -> None:
    caller = at_menu()
    assert caller.hear(PromptDone(), 9000) == ()
    assert caller.state.due_at == caller.now + 4000
    assert caller.hear(Woken(), 3999) == ()
    assert caller.hear(Woken(), 1) == (Say(("prompt:nothing", "prompt:ask"), "fr"),)
    assert caller.state.tries == 2
    caller.hear(PromptDone(), 100)
    assert caller.hear(Woken(), 4000) == (Finish(Outcome.FLOW_HANG_UP, "gone"),)
    assert caller.path[-2:] == [("menu", "timeout"), ("gone", None)]


def test_a_wrong_key_is_told_and_counts_as_a_try() -> None:
    caller = at_menu()
    assert caller.hear(Digit("7")) == (Hush(), Say(("prompt:wrong", "prompt:ask"), "fr"))
    assert caller.hear(Digit("*")) == (Hush(), Finish(Outcome.FLOW_HANG_UP, "gone"))
    assert caller.path[-2:] == [("menu", "invalid"), ("gone", None)]


def test_keys_before_the_menu_count_there_and_its_prompt_is_not_played() -> None:
    caller = call()
    assert caller.hear(Digit("2"), 200) == ()
    assert caller.state.playing
    assert caller.hear(PromptDone(), 800) == (Say(("prompt:goodbye",), "en"),)


def test_without_barge_in_the_prompt_is_heard_out_and_the_key_kept() -> None:
    caller = at_menu(MENU.replace("tries: 2", "tries: 2\n    barge_in: false"))
    assert caller.hear(Digit("1")) == ()
    assert caller.state.playing
    assert isinstance(caller.hear(PromptDone())[0], EnterQueue)


def test_a_say_with_barge_in_is_cut_and_its_key_counts() -> None:
    caller = call(MENU.replace("next: menu", "next: menu, barge_in: true"))
    actions = caller.hear(Digit("2"))
    assert actions == (Hush(), Say(("prompt:goodbye",), "en"))
    assert caller.path == [("hello", "2"), ("menu", "2")]


def test_a_wrong_entry_throws_away_what_was_typed_after_it() -> None:
    caller = call()
    for digit in "91":
        caller.hear(Digit(digit))
    assert caller.hear(PromptDone()) == (Say(("prompt:wrong", "prompt:ask"), "fr"),)
    assert caller.state.digits == ""


def test_a_prompt_that_failed_still_lets_the_caller_choose() -> None:
    caller = at_menu()
    assert caller.hear(PromptDone(failed=True)) == ()
    assert caller.state.due_at == caller.now + 4000
    assert isinstance(caller.hear(Digit("1"))[0], EnterQueue)


def test_a_prompt_whose_end_is_never_told_does_not_hold_the_caller() -> None:
    caller = call()
    assert caller.hear(Woken(), PROMPT_LIMIT_MS) == (Hush(), Say(("prompt:ask",), "fr"))


def test_a_restart_asks_the_same_try_again_without_answering_again() -> None:
    caller = at_menu()
    caller.hear(Digit("7"))
    before = caller.state
    assert caller.hear(Restarted(), 5000) == (Say(("prompt:ask",), "fr"),)
    assert (caller.state.tries, caller.state.steps) == (2, before.steps)
    assert caller.state.entered_at == before.entered_at


def test_late_news_is_no_news() -> None:
    caller = at_menu()
    caller.hear(PromptDone())
    before = caller.state
    assert caller.hear(PromptDone()) == ()
    assert caller.hear(Digit("x")) == ()
    assert caller.state == before


def test_prompts_in_two_languages_play_one_after_the_other() -> None:
    text = """
flow: test
start: a
nodes:
  a:
    kind: hang_up
    prompts: [welcome, {prompt: rate, language: fr}, {prompt: welcome, language: en}, goodbye]
"""
    caller = call(text)
    assert caller.turn.actions[1:] == (Say(("prompt:welcome", "prompt:rate"), "fr"),)
    assert caller.hear(PromptDone()) == (Say(("prompt:welcome",), "en"),)
    assert caller.hear(PromptDone()) == (Say(("prompt:goodbye",), "fr"),)
    assert caller.hear(PromptDone()) == (Finish(Outcome.SELF_SERVICE, "a"),)


HOURS = """
flow: test
start: when
hours: {office: {weekly: {mon-fri: 09:00-18:00}, holidays: FR}}
nodes:
  when: {kind: hours, calendar: office, open: menu, closed: shut}
  menu: {kind: menu, choices: {1: shut}, otherwise: shut}
  shut: {kind: hang_up, prompt: closed}
"""
MONDAY_10H_PARIS = 1_768_208_400_000  # 2026-01-12T09:00Z


def test_a_closed_calendar_makes_the_hang_up_out_of_hours() -> None:
    caller = call(HOURS, MONDAY_10H_PARIS - 2 * 3_600_000)
    assert caller.path == [("when", "closed")]
    assert caller.hear(PromptDone()) == (Finish(Outcome.OUT_OF_HOURS, "shut"),)


@pytest.mark.parametrize(
    ("at", "closed"), [(MONDAY_10H_PARIS - 7_200_000, True), (MONDAY_10H_PARIS, False)]
)
def test_where_a_flow_sends_a_caller_it_says_whether_its_calendar_was_closed(
    at: int, closed: bool
) -> None:
    text = HOURS.replace("{kind: hang_up, prompt: closed}", "{kind: voicemail, queue: x}")
    caller = call(text, at)
    if not closed:
        caller.hear(Digit("1"))
    assert caller.turn.actions == (SendTo(Target(TargetKind.VOICEMAIL, "x"), closed=closed),)


def test_the_same_hang_up_of_an_open_calendar_is_self_service() -> None:
    caller = call(HOURS, MONDAY_10H_PARIS)
    # A menu without a prompt answers, for nobody can press a key unanswered.
    assert caller.turn.actions == (AnswerNow(),)
    caller.hear(Digit("1"))
    assert caller.hear(PromptDone()) == (Finish(Outcome.SELF_SERVICE, "shut"),)


def test_an_unanswered_hang_up_says_nothing() -> None:
    text = "flow: test\nstart: a\nnodes:\n  a: {kind: hang_up, outcome: rejected}\n"
    assert call(text).turn.actions == (Finish(Outcome.REJECTED, "a"),)


LONG = MENU.replace("choices: {1: sales", "choices: {1: sales, 12: gone, 34: gone")


def test_several_digits_wait_for_the_next_one() -> None:
    caller = at_menu(LONG)
    assert caller.hear(Digit("1")) == (Hush(),)
    assert caller.state.due_at == caller.now + 2500
    assert caller.hear(Digit("2"), 100) == (Finish(Outcome.FLOW_HANG_UP, "gone"),)
    assert caller.path[-2] == ("menu", "12")


def test_the_shorter_choice_counts_when_nothing_follows() -> None:
    caller = at_menu(LONG)
    caller.hear(Digit("1"))
    assert isinstance(caller.hear(Woken(), 2500)[0], EnterQueue)
    caller = at_menu(LONG)
    caller.hear(Digit("3"))
    assert caller.hear(Woken(), 2500) == (Say(("prompt:wrong", "prompt:ask"), "fr"),)


@pytest.mark.parametrize(
    ("digits", "late", "entry"),
    [
        ("1", False, Incomplete()),
        ("1", True, Chosen("1", 1)),
        ("1#", False, Chosen("1", 2)),
        ("125", False, Chosen("12", 2)),
        ("13", False, Invalid()),
        ("2", False, Chosen("2", 1)),
        ("#", False, Invalid()),
        ("3", True, Invalid()),
    ],
)
def test_entries(digits: str, late: bool, entry: object) -> None:
    assert match_entry(digits, {"1", "12", "2", "34"}, late=late) == entry


def test_a_call_keeps_its_version_while_new_calls_get_the_newest() -> None:
    old = load(MENU)
    new = load(MENU.replace("prompt: ask", "prompt: ask-better"))
    caller = Call(FlowSet({(TEST, 1): old}))
    both = FlowSet({(TEST, 1): old}).having(new, 2)
    caller.flows = both
    assert caller.hear(PromptDone()) == (Say(("prompt:ask",), "fr"),)
    fresh = Call(both)
    assert fresh.state.version == 2
    assert fresh.hear(PromptDone()) == (Say(("prompt:ask-better",), "fr"),)
    assert both.keeping(frozenset()).keys == {(TEST, 2)}
    assert both.keeping(frozenset({(TEST, 1)})).keys == {(TEST, 1), (TEST, 2)}


def test_an_unknown_flow_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        FlowSet({}).begin(TEST, CALLER, T0)


def test_a_caller_who_leaves_is_recorded_at_the_node() -> None:
    caller = at_menu(LONG)
    caller.hear(Digit("1"))
    left = caller.flows.abandon(caller.state, caller.now + 700)
    assert left == Walked(TEST, 1, "menu", "menu", "1", T0 + 1000, caller.now + 700)


def test_the_step_limit_ends_a_loop() -> None:
    text = """
flow: test
start: a
nodes:
  a: {kind: say, prompt: x, next: b}
  b: {kind: say, prompt: x, next: a}
"""
    caller = Call(FlowSet({(TEST, 1): load(text)}, step_limit=10))
    for _ in range(9):
        assert caller.hear(PromptDone())
    assert caller.hear(PromptDone()) == (Finish(Outcome.FAILED, "flow_step_limit"),)
    assert caller.turn.state is None
    assert len(caller.walked) == 10
