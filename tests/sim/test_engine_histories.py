"""Random histories on the engine: whatever happens, in whatever order, the invariants hold.

Hypothesis looks for small faults and shrinks them; the seeded histories go deep, in numbers, on
every core. What always holds is in `invariants`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd.events import Event
from acd.facts import AlertChanged, AnyFact, Audited, RecordingKept, RecordingLost, Transferred
from tests.sim.random_steps import KINDS, RandomSteps

pytestmark = pytest.mark.sim

HISTORIES = int(os.environ.get("PLATEAU_HISTORIES", "100000"))
SHRINKABLE = max(1, HISTORIES // 20)
"""How many of the histories Hypothesis makes, which takes longer for each."""

CHUNK = 250

COUNTED, AT_LEAST = 3_000, 5
"""In how many histories it is counted what happens, and how often each thing must."""

WAYS = ("blind", "warm", "phone", "attended", "taken_back", "conference", "takeover")
"""How a call goes to another; attended: by phone, to its own second leg."""

OF_OTHERS = (RecordingKept, RecordingLost, AlertChanged, Audited)
"""Facts that not the engine tells."""


@settings(
    max_examples=SHRINKABLE,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(st.integers(0, KINDS * 60 - 1), min_size=1, max_size=45), st.integers(0, 1000))
def test_no_caller_is_lost_and_no_agent_gets_two(numbers: list[int], seed: int) -> None:
    world = RandomSteps(seed)
    for number in numbers:
        world.act(number)
    world.run_dry()


def history(seed: int) -> RandomSteps:
    """One seeded history, half of it on purpose; raises AssertionError where something breaks."""
    rng = random.Random(seed)
    world = RandomSteps(seed)
    for _ in range(rng.randrange(5, 60)):
        if rng.random() < 0.6:
            world.act_on_purpose(rng.randrange(100_000))
        else:
            world.act(rng.randrange(KINDS * 60))
    world.run_dry()
    return world


def histories(first: int) -> str | None:
    """A chunk of histories; what broke first, None if nothing did."""
    for seed in range(first, first + CHUNK):
        try:
            history(seed)
        except Exception as error:  # noqa: BLE001 - told with its seed, whatever it is
            return f"history({seed}): {type(error).__name__}: {error}"[:2_000]
    return None


def test_seeded_histories_hold_too() -> None:
    rest = HISTORIES - SHRINKABLE
    with ProcessPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        broken = [said for said in pool.map(histories, range(0, rest, CHUNK)) if said is not None]
    assert not broken, "\n".join(broken[:10])


def test_histories_leave_out_nothing_that_can_happen() -> None:
    """Every event, every fact of the engine, every way of a transfer."""
    told, facts, ways = Counter[type](), Counter[type](), Counter[str]()
    for seed in range(COUNTED):
        world = history(seed)
        told.update(type(event) for event in world.history)
        facts.update(type(fact) for fact in world.facts)
        ways.update(fact.how for fact in world.facts if isinstance(fact, Transferred))
        ways["attended"] += world.attended
    rare = {kind.__name__: told[kind] for kind in get_args(Event) if told[kind] < AT_LEAST}
    rare |= {
        kind.__name__: facts[kind]
        for kind in get_args(AnyFact)
        if kind not in OF_OTHERS and facts[kind] < AT_LEAST
    }
    rare |= {way: ways[way] for way in WAYS if ways[way] < AT_LEAST}
    assert rare == {}
