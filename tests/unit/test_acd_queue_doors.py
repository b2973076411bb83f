"""Whether a queue takes a call: closed, full, nobody there, and chains of such queues."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from acd.commands import AnswerCaller, HangUp
from acd.config import Calendar, OpenSpan
from acd.events import Configure, DigitPressed
from acd.facts import ContactEnded, VisitOpened
from acd.flow import AnswerNow as AnswerInFlow
from acd.flow import FlowCaller, FlowState, FlowTurn, Say, SendTo
from acd.model import (
    AgentState,
    CalendarId,
    CallState,
    FlowId,
    Outcome,
    QueueId,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
    VisitOutcome,
)
from tests.sim.scripted_flows import ScriptedFlows
from tests.unit.acd_stage import agent, queue
from tests.unit.queued_callers import NEVER, NUMBER, Queued, floor_of, to_queue

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("shut", [{"closed": True}, {"calendar": NEVER.id}])
def test_a_closed_queue_says_so_and_hangs_up(shut: dict[str, object]) -> None:
    world = Queued(floor_of(msgspec.structs.replace(queue(), **shut)))
    world.signs_in("ana")
    world.waits()
    assert "fermés" in world.hears()[0]
    assert world.state("ana") is AgentState.READY
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "closed")]
    assert world.ordered(HangUp)
    assert world.told(VisitOpened) == []


def test_who_hangs_up_on_the_closed_message_came_out_of_hours() -> None:
    world = Queued(floor_of(queue(closed=True)))
    world.hangs_up(world.waits())
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "hung_up_on_the_way")]


def test_a_closed_queue_sends_callers_where_it_says_after_its_own_words() -> None:
    elsewhere = Target(TargetKind.QUEUE, "night", {"fr": "La nuit vous répond."})
    world = Queued(floor_of(queue(closed=True, on_closed=elsewhere), queue("night")))
    world.waits()
    assert world.hears() == ["La nuit vous répond."]
    world.prompt_ends()
    assert [f.queue_id for f in world.told(VisitOpened)] == ["night"]


def test_a_closed_queue_answers_a_caller_who_still_hears_it_ring() -> None:
    world = Queued(floor_of(queue(closed=True)))
    world.caller()
    assert world.ordered(AnswerCaller)
    assert world.hears()


def test_closing_leaves_those_inside_who_are_served() -> None:
    world = Queued(floor_of(queue(max_wait_s=600)))
    world.waits()
    world.tell(Configure(floor_of(queue(closed=True))))
    assert world.call().state is CallState.WAITING
    world.signs_in("ana")
    world.answers(world.ring("ana"))
    assert world.call().state is CallState.TALKING


def test_a_closed_queue_whose_number_outside_rings_out_says_that_it_is_closed() -> None:
    world = Queued(floor_of(queue(closed=True, on_closed=Target(TargetKind.NUMBER, NUMBER))))
    world.waits()
    world.pass_time(45_000)
    assert "fermés" in world.hears()[0]
    assert world.call().state is CallState.IN_FLOW
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "not_taken:rona")]


def came_in_hours(world: Queued) -> list[bool]:
    return [f.in_hours for f in world.told(ContactEnded)]


@pytest.mark.parametrize("kind", [TargetKind.CALLBACK, TargetKind.NUMBER, TargetKind.VOICEMAIL])
def test_who_is_turned_away_by_a_closed_queue_came_out_of_hours_whatever_follows(
    kind: TargetKind,
) -> None:
    number = NUMBER if kind is TargetKind.NUMBER else None
    world = Queued(floor_of(queue(closed=True, on_closed=Target(kind, number))))
    world.hangs_up(world.waits("+33612345678"))
    assert came_in_hours(world) == [False]


class SentAway(ScriptedFlows):
    """Every number leads to a flow that has looked at its calendar and sends its callers there."""

    def __init__(self, target: Target, closed: bool) -> None:
        self.turn = FlowTurn(None, (AnswerInFlow(), SendTo(target, closed=closed)))

    def begin(self, flow: FlowId, caller: FlowCaller, now_ms: int) -> FlowTurn:
        return self.turn


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("kind", [TargetKind.CALLBACK, TargetKind.NUMBER, TargetKind.VOICEMAIL])
def test_who_is_sent_away_by_a_flow_came_out_of_hours_if_its_calendar_was_closed(
    kind: TargetKind, closed: bool
) -> None:
    world = Queued(floor_of(queue()))
    world.flows = SentAway(Target(kind, NUMBER if kind is TargetKind.NUMBER else "sales"), closed)
    world.restart()
    world.hangs_up(world.caller(dnis="601"))
    assert came_in_hours(world) == [not closed]


@pytest.mark.parametrize("closed", [True, False])
def test_who_hangs_up_in_a_flow_came_out_of_hours_if_its_calendar_was_closed(closed: bool) -> None:
    world = Queued(floor_of(queue()))
    flows = SentAway(Target(TargetKind.AGENT, "ana"), closed)
    state = FlowState(FlowId("menu"), 1, "menu", "fr", 0, playing=True, closed=closed)
    flows.turn = FlowTurn(state, (AnswerInFlow(), Say(("prompt:closed",), "fr")))
    world.flows = flows
    world.restart()
    world.hangs_up(world.caller(dnis="601"))
    outcome = Outcome.OUT_OF_HOURS if closed else Outcome.FLOW_HANG_UP
    assert world.outcomes() == [(outcome, "hung_up_in_flow")]


def test_whom_an_agent_takes_behind_a_closed_flow_came_in_hours() -> None:
    world = Queued(floor_of(queue()))
    world.signs_in("ana")
    world.flows = SentAway(Target(TargetKind.AGENT, "ana"), closed=True)
    world.restart()
    caller = world.caller(dnis="601")
    world.answers(world.ring("ana"))
    world.hangs_up(caller)
    assert came_in_hours(world) == [True]


def test_whom_another_queue_or_an_agent_takes_came_in_hours() -> None:
    world = Queued(floor_of(queue(closed=True, on_closed=to_queue("night")), queue("night")))
    world.hangs_up(world.waits())
    world.signs_in("ana")
    caller = world.waits()
    world.answers(world.ring("ana"))
    world.hangs_up(caller)
    assert came_in_hours(world) == [True, True]


def test_who_waited_before_a_closed_queue_came_in_hours() -> None:
    limited = queue(max_wait_s=20, on_max_wait=to_queue("shut"))
    over = Target(TargetKind.NUMBER, NUMBER)
    world = Queued(floor_of(limited, queue("shut", closed=True, on_closed=over)))
    caller = world.waits()
    world.pass_time(20_000)
    world.hangs_up(caller)
    assert world.outcomes() == [(Outcome.OVERFLOW, "hung_up_on_the_way")]
    assert came_in_hours(world) == [True]


def test_a_full_queue_turns_the_next_caller_away_and_counts_the_visit() -> None:
    world = Queued(floor_of(queue(max_length=1)))
    world.waits()
    world.waits()
    assert "occupés" in world.hears()[0]
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OVERFLOW, "full")]
    assert world.visits() == [VisitOutcome.OVERFLOW]


def test_a_queue_with_nobody_signed_in_goes_where_it_says_only_if_it_says() -> None:
    world = Queued(floor_of(queue(on_nobody=to_queue("night")), queue("night")))
    caller = world.waits()
    assert world.call().last_queue_id == "night"
    world.hangs_up(caller)
    world.signs_in("ana")
    world.tell(DigitPressed(world.caller(dnis="600"), "1"))
    assert world.call().last_queue_id == "sales"


def test_nobody_counts_skills_that_the_flow_asks_for_and_agents_on_pause() -> None:
    english = SkillLevel(SkillId("english"), 3)
    asks = queue(on_nobody=to_queue("night"), required=(english,))
    speaks = agent("ana", skills=(SkillLevel(SkillId("english"), 5),))
    world = Queued(floor_of(asks, queue("night"), agents=(speaks, agent("bob"))))
    world.signs_in("bob", ready=False)
    world.hangs_up(world.waits())
    world.signs_in("ana", ready=False)
    world.waits()
    assert [f.queue_id for f in world.told(VisitOpened)] == ["sales", "night", "sales"]


def test_queues_that_send_their_callers_round_let_them_go_with_a_word() -> None:
    one = queue(closed=True, on_closed=to_queue("night"))
    world = Queued(floor_of(one, queue("night", closed=True, on_closed=to_queue("sales"))))
    world.waits()
    assert "fermés" in world.hears()[0]
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "overflow_loop")]


def test_a_chain_of_more_than_five_overflows_ends() -> None:
    names = ["sales", *(f"q{n}" for n in range(1, 8))]
    chain = [
        queue(name, closed=True, on_closed=to_queue(after))
        for name, after in itertools.pairwise(names)
    ]
    world = Queued(floor_of(*chain, queue("q7")))
    world.waits()
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "overflow_loop")]
    shorter = Queued(floor_of(*chain[2:], queue("q7"), chain[1], queue("sales")))
    shorter.waits()
    assert shorter.call().state is CallState.WAITING


def test_an_unknown_calendar_leaves_the_queue_open() -> None:
    world = Queued(floor_of(queue(calendar=CalendarId("nowhere"))))
    world.waits()
    assert world.call().state is CallState.WAITING


def test_opening_hours_are_those_of_now() -> None:
    always = Calendar(CalendarId("always"), "Europe/Paris", ((OpenSpan(0, 1440),),) * 7)
    world = Queued(floor_of(queue(calendar=always.id), calendars={always.id: always}))
    world.waits()
    assert world.call().state is CallState.WAITING
    assert QueueId("sales") == world.call().last_queue_id
