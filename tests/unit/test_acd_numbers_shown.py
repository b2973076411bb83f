"""Whom a number stands for: callers whose number tells nothing are not taken for one person."""

from __future__ import annotations

import pytest

from acd.commands import RingAgent
from tests.unit.acd_stage import Stage, config, queue

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("number", "rung_first"),
    [("+33612345678", "ana"), ("3900", "bob"), ("Alice", "bob"), (None, "bob")],
)
def test_only_a_number_of_somebodys_leads_to_the_last_agent(
    number: str | None, rung_first: str
) -> None:
    world = Stage(config(queue(sticky_s=20, wrap_up_s=0)))
    world.signs_in("ana")
    caller = world.caller(number)
    world.answers(world.ring("ana"))
    world.signs_in("bob")
    world.pass_time(1_000)
    world.hangs_up(caller)
    world.news()
    world.pass_time(1_000)
    world.caller(number)
    assert [ring.agent_id for ring in world.ordered(RingAgent)] == [rung_first]
