"""Idle time goes on over an offer that ends through no doing of the agent's."""

from __future__ import annotations

import pytest

from acd.commands import RingAgent
from acd.config import Strategy
from acd.model import AgentState
from tests.unit.acd_stage import Stage, config, queue

pytestmark = pytest.mark.unit

MINUTE = 60_000


def who_rings(stage: Stage) -> list[str | None]:
    return [ring.agent_id for ring in stage.ordered(RingAgent)]


def ana_idle_longer(**more: object) -> Stage:
    stage = Stage(config(queue(**more)))
    stage.signs_in("ana")
    stage.pass_time(MINUTE)
    stage.signs_in("bob")
    stage.pass_time(MINUTE)
    return stage


def test_a_caller_who_hangs_up_while_it_rings_costs_the_agent_no_turn() -> None:
    stage = ana_idle_longer()
    caller = stage.caller()
    assert who_rings(stage) == ["ana"]
    stage.pass_time(1_000)
    stage.hangs_up(caller)
    stage.caller()
    assert who_rings(stage) == ["ana"]


def test_an_offer_that_the_agent_did_not_take_ends_the_idle_time() -> None:
    stage = ana_idle_longer()
    caller = stage.caller()
    stage.pass_time(10_000)
    assert who_rings(stage) == ["bob"]
    stage.hangs_up(caller)
    stage.caller()
    assert who_rings(stage) == ["bob"]


def test_where_all_are_rung_those_who_were_slower_keep_their_idle_time() -> None:
    stage = ana_idle_longer(strategy=Strategy.RING_ALL)
    since = stage.work("ana").ready_since
    stage.caller()
    stage.answers(stage.ring("bob"))
    assert stage.state("ana") is AgentState.READY
    assert stage.work("ana").ready_since == since
    assert stage.work("ana").idle_since is None


def test_a_talk_ends_the_idle_time() -> None:
    stage = ana_idle_longer(wrap_up_s=0)
    caller, _ = stage.talk("ana")
    stage.hangs_up(caller)
    assert stage.work("ana").ready_since == stage.now_ms
