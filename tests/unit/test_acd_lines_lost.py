"""A connected agent's standing line that has died when a call is offered on it, or while idle."""

from __future__ import annotations

import pytest

from acd.commands import FetchLine, HangUp, JoinBridge, RingAgent
from acd.config import Strategy
from acd.events import CommandFailed, Failure
from acd.facts import ContactEnded, SegmentOpened, VisitClosed, VisitOpened
from acd.model import AgentId, AgentState, CallState, ChannelId, SegmentKind
from tests.unit.acd_stage import Stage, config, queue

pytestmark = pytest.mark.unit

ANA, BOB = AgentId("ana"), AgentId("bob")
NORMAL, LOST = 16, 0


def on_a_line(**more: object) -> tuple[Stage, ChannelId]:
    """Ana, whose line stands; Bob is not there yet."""
    stage = Stage(config(queue(wrap_up_s=30, **more)))
    stage.signs_in("ana", connected=True)
    line = stage.ring("ana")
    stage.answers(line)
    return stage, line


def dies(stage: Stage, line: ChannelId) -> None:
    """The line ends; the news of it is under way."""
    del stage.legs[line]
    stage.out_of_bridges(line)


def check_that_bob_gets_it(stage: Stage, order: int) -> None:
    """The caller is in the one visit they had, and nobody has talked or writes anything down."""
    call = stage.call()
    assert call.visit is not None
    assert call.visit.order == order
    assert len(stage.told(VisitOpened)) == 1
    assert [made.agent_id for made in call.offers] == [BOB]
    assert not call.served
    assert stage.told(VisitClosed) == []
    assert stage.told(ContactEnded) == []
    assert SegmentKind.TALK not in [fact.kind for fact in stage.told(SegmentOpened)]
    assert (stage.state("ana"), stage.work("ana").reason) == (AgentState.UNREACHABLE, "line_down")
    stage.answers(stage.call().offers[0].channel_id)
    assert stage.call().state is CallState.TALKING


def test_a_caller_goes_on_to_the_next_when_the_line_is_dead_before_it_is_fetched() -> None:
    stage, line = on_a_line()
    stage.signs_in("bob")
    dies(stage, line)
    stage.caller()
    assert stage.state("ana") is AgentState.OFFERED
    visit = stage.call().visit
    assert visit is not None
    stage.news()
    check_that_bob_gets_it(stage, visit.order)


def test_a_caller_goes_on_to_the_next_when_the_news_of_the_line_comes_first() -> None:
    stage, line = on_a_line()
    stage.signs_in("bob")
    stage.caller()
    visit = stage.call().visit
    assert visit is not None
    stage.late.clear()
    stage.hangs_up(line)
    assert [ring.agent_id for ring in stage.ordered(RingAgent)] == ["ana", "bob"]
    check_that_bob_gets_it(stage, visit.order)


def test_the_agent_is_back_when_the_line_that_is_rung_again_is_picked_up() -> None:
    stage, line = on_a_line()
    dies(stage, line)
    stage.caller()
    stage.news()
    assert stage.call().state is CallState.WAITING
    again = stage.work("ana").line
    assert again is not None
    assert again != line
    stage.answers(again)
    stage.pass_time(5_000)
    stage.news()
    assert stage.state("ana") is AgentState.TALKING


@pytest.mark.parametrize("failure", [Failure.UNKNOWN, Failure.UNAVAILABLE])
def test_a_switch_that_is_away_takes_nobodys_line(failure: Failure) -> None:
    stage, line = on_a_line()
    stage.caller()
    stage.late.clear()
    (fetch,) = stage.ordered(FetchLine)
    stage.tell(CommandFailed(fetch, failure))
    assert line not in [c.channel_id for c in stage.ordered(HangUp)]
    assert stage.work("ana").line == line
    assert stage.call().state is CallState.WAITING
    stage.pass_time(5_000)
    stage.news()
    assert stage.state("ana") is AgentState.TALKING


def test_a_failure_that_comes_after_the_caller_left_concerns_nobody() -> None:
    stage, line = on_a_line()
    caller = stage.caller()
    stage.late.clear()
    (fetch,) = stage.ordered(FetchLine)
    stage.hangs_up(caller)
    stage.tell(CommandFailed(fetch, Failure.GONE))
    assert stage.work("ana").line == line
    assert stage.state("ana") is AgentState.READY


def test_a_call_that_was_being_brought_together_when_the_floor_was_killed_begins_after_it() -> None:
    stage, line = on_a_line()
    caller = stage.caller()
    stage.late.clear()
    stage.restart()
    assert stage.state("ana") is AgentState.TALKING
    assert (caller, line) in [c.channel_ids for c in stage.ordered(JoinBridge)]


def test_where_all_are_rung_a_standing_line_has_the_call_alone() -> None:
    stage, _ = on_a_line(strategy=Strategy.RING_ALL)
    stage.signs_in("bob")
    since = stage.work("bob").ready_since
    stage.pass_time(1_000)
    stage.caller()
    assert stage.ordered(RingAgent) == []
    stage.news()
    assert stage.state("ana") is AgentState.TALKING
    assert (stage.state("bob"), stage.work("bob").ready_since) == (AgentState.READY, since)
