"""Random histories on the engine: whatever happens, in whatever order, the invariants hold."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sim.switch_model import SwitchModel

pytestmark = pytest.mark.sim

HISTORIES = int(os.environ.get("PLATEAU_HISTORIES", "20000"))


@settings(
    max_examples=HISTORIES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(st.integers(0, 24 * 60 - 1), min_size=1, max_size=45), st.integers(0, 1000))
def test_no_caller_is_lost_and_no_agent_gets_two(numbers: list[int], seed: int) -> None:
    world = SwitchModel(seed)
    for number in numbers:
        world.act(number)
    world.run_dry()
