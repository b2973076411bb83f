"""The engine in the textbook's queue does what the textbook says: Erlang C and Erlang A.

One queue, agents who answer at once and need no wrap-up, Poisson callers, exponential talks and
patience. Each case is one long seeded run of the real engine cut into batches; theory must lie
within the 95 % interval that the batches give, and that interval must be narrow. Much of what makes
batches differ is that talks, gaps between callers and patience happened to be longer or shorter
than their known means: they serve as control variates (Lavenberg and Welch, "A perspective on the
use of control variables to increase the efficiency of Monte Carlo simulations", 1981), that is, a
batch's figure is regressed on them and its value at the known means is what is compared.

One interval in twenty misses by its nature; the seeds are fixed, so that none of these does by luck
of the day.
"""

from __future__ import annotations

import math
import random
from functools import partial
from statistics import mean
from typing import NamedTuple

import numpy as np
import pytest

from acd.config import AgentProfile, FloorConfig, Queue
from acd.events import SignIn
from acd.facts import AgentStateChanged, AnyFact, VisitClosed, VisitOpened
from acd.flow import EnterQueue
from acd.model import (
    AgentId,
    CallId,
    ChannelId,
    FlowId,
    PhoneId,
    QueueId,
    SkillId,
    SkillLevel,
    VisitOutcome,
)
from tests.sim.day_floor import MIDNIGHT_MS
from tests.sim.day_world import World
from tests.sim.erlang import Steady, erlang_a, erlang_c, inverse_erlang_b

pytestmark = pytest.mark.sim

BATCHES = 30
STUDENT_95 = {2: 2.052, 3: 2.056}
"""Student's t for 95 % on both sides, of 30 batches less one less so many control variates."""

NARROW = 0.10
"""An interval of more than this to either side, relative to the value, would prove little."""

TALK_MS = 180_000
FOREVER_MS = 10**12
LINE = QueueId("line")


class Case(NamedTuple):
    """`load` in erlangs; `patience_s` None: nobody ever leaves. `calls` are counted, after as many
    as a batch holds have filled the line.
    """

    agents: int
    load: float
    patience_s: float | None
    calls: int
    seed: int

    def theory(self) -> Steady:
        """Waits in ms."""
        arrivals, service = self.load / TALK_MS, 1 / TALK_MS
        if self.patience_s is None:
            return erlang_c(self.agents, arrivals, service)
        return erlang_a(self.agents, arrivals, service, 1 / (1000 * self.patience_s))


class Seen(NamedTuple):
    """A caller: how long they waited (ms), whether they left, and what chance gave them (ms)."""

    waited_ms: int
    left: bool
    gap_ms: float
    patience_ms: float
    talk_ms: float | None


class _Exponential:
    """Agents who pick up at once and talk exponentially long."""

    def __init__(self) -> None:
        self.last_ms = 0.0

    def ring_ms(self, rng: random.Random) -> int | None:
        return 0

    def talk_ms(self, queue_id: QueueId, rng: random.Random) -> int:
        self.last_ms = rng.expovariate(1 / TALK_MS)
        return round(self.last_ms)

    def state_entered(self, world: World, fact: AgentStateChanged, last: QueueId | None) -> None:
        """Nothing to do: they are ready again at once."""


class _Line:
    """Callers one after another, and what is seen of each."""

    def __init__(self, case: Case) -> None:
        skill = SkillLevel(SkillId("line"), 1)
        names = [f"agent-{number}" for number in range(case.agents)]
        config = FloorConfig(
            queues={LINE: Queue(LINE, "Line", (skill,), wrap_up_s=0, recorded=False)},
            agents={
                AgentId(name): AgentProfile(AgentId(name), name, PhoneId(name), (skill,))
                for name in names
            },
            numbers={"700": FlowId("straight")},
        )
        self.seen: dict[CallId, Seen] = {}
        self.came: list[CallId] = []
        self._case = case
        self._chance = (0.0, 0.0)
        self._entered: dict[CallId, tuple[int, float, float]] = {}
        self._people = _Exponential()
        rng = random.Random(case.seed)
        self.world = World(config, self._people, rng, MIDNIGHT_MS, listener=self, digested=False)
        for name in names:
            self.world.tell(SignIn(AgentId(name)))

    def run(self, callers: int) -> list[Seen]:
        """Let so many come, and wait until the last has gone."""
        self._plan_next(callers)
        while len(self.seen) < callers:
            self.world.run(self.world.now_ms + 3_600_000)
        return [self.seen[call_id] for call_id in self.came]

    def _plan_next(self, left: int) -> None:
        gap_ms = self.world.rng.expovariate(self._case.load / TALK_MS)
        self.world.plan(self.world.exact_ms + gap_ms, partial(self._next, left, gap_ms))

    def _next(self, left: int, gap_ms: float) -> None:
        patience_ms = float(FOREVER_MS)
        if self._case.patience_s is not None:
            patience_ms = self.world.rng.expovariate(1 / (1000 * self._case.patience_s))
        self._chance = (gap_ms, patience_ms)
        wish = EnterQueue(LINE, answer_first=False)
        self.world.call(ChannelId(f"caller-{left}"), "700", f"{left}", wish, round(patience_ms))
        if left > 1:
            self._plan_next(left - 1)

    def heard(self, world: World, facts: tuple[AnyFact, ...]) -> None:
        for fact in facts:
            if isinstance(fact, VisitOpened):
                self.came.append(fact.call_id)
                self._entered[fact.call_id] = (fact.at, *self._chance)
            elif isinstance(fact, VisitClosed):
                entered_at, gap_ms, patience_ms = self._entered.pop(fact.call_id)
                left = fact.outcome is VisitOutcome.ABANDONED
                talk_ms = None if left else self._people.last_ms
                self.seen[fact.call_id] = Seen(
                    fact.at - entered_at, left, gap_ms, patience_ms, talk_ms
                )


def at_known_means(values: list[float], controls: list[list[float]]) -> tuple[float, float]:
    """What `values` (one a batch) come to where each control, less its known mean, is zero; and
    half the width of the 95 % interval.
    """
    design = np.column_stack([np.ones(len(values)), *controls])
    inverse = np.linalg.inv(design.T @ design)
    found = inverse @ design.T @ np.asarray(values)
    rest = np.asarray(values) - design @ found
    variance = float(rest @ rest) / (len(values) - design.shape[1])
    half = STUDENT_95[len(controls)] * math.sqrt(variance * float(inverse[0, 0]))
    return float(found[0]), half


def measured(case: Case) -> dict[str, tuple[float, float]]:
    """Each figure of `Steady` that is looked at, with half the width of its interval."""
    size = case.calls // BATCHES
    seen = _Line(case).run(case.calls + size)[size:]
    batches = [seen[start : start + size] for start in range(0, case.calls, size)]
    controls = [
        [mean(one.gap_ms for one in batch) * case.load / TALK_MS - 1 for batch in batches],
        [
            mean(one.talk_ms for one in batch if one.talk_ms is not None) / TALK_MS - 1
            for batch in batches
        ],
    ]
    figures = {
        "waits": [mean(one.waited_ms > 0 for one in batch) for batch in batches],
        "mean_wait": [mean(one.waited_ms for one in batch) for batch in batches],
    }
    if case.patience_s is None:
        assert not any(one.left for one in seen)
    else:
        about_ms = 1000 * case.patience_s
        controls.append(
            [mean(one.patience_ms for one in batch) / about_ms - 1 for batch in batches]
        )
        figures["abandons"] = [mean(one.left for one in batch) for batch in batches]
    return {name: at_known_means(values, controls) for name, values in figures.items()}


CASES = [
    pytest.param(Case(2, 1.0, None, 30_000, 1), id="erlang-c-2-agents-1-erlang"),
    pytest.param(Case(3, 2.0, None, 36_000, 2), id="erlang-c-3-agents-2-erlangs"),
    pytest.param(Case(6, 4.5, None, 72_000, 3), id="erlang-c-6-agents-4.5-erlangs"),
    pytest.param(Case(5, 6.0, 120.0, 24_000, 4), id="erlang-a-5-agents-6-erlangs"),
    pytest.param(Case(10, 9.0, 240.0, 36_000, 5), id="erlang-a-10-agents-9-erlangs"),
    pytest.param(Case(50, 52.0, 120.0, 30_000, 6), id="erlang-a-50-agents-52-erlangs"),
]


@pytest.mark.parametrize("case", CASES)
def test_the_engine_agrees_with_theory(case: Case) -> None:
    theory = case.theory()
    misses = []
    for name, (about, half) in measured(case).items():
        expected: float = getattr(theory, name)
        per = 1000 if name == "mean_wait" else 1
        print(
            f"{case.agents} agents, {case.load:g} erlangs, patience {case.patience_s} s, {name}:"
            f" {about / per:.4f} ± {half / per:.4f}, theory {expected / per:.4f}"
        )
        assert half < NARROW * expected, f"{name}: the interval is too wide to prove anything"
        if abs(about - expected) > half:
            misses.append(name)
    assert not misses


# ---- the formulas themselves -------------------------------------------------------------------


def test_erlang_b_is_the_table_of_the_textbooks() -> None:
    assert 1 / inverse_erlang_b(10, 8.0) == pytest.approx(0.12166, abs=1e-5)
    assert 1 / inverse_erlang_b(1, 0.5) == pytest.approx(1 / 3)


def test_erlang_c_with_one_agent_is_the_single_server_queue() -> None:
    found = erlang_c(1, 0.8, 1.0)
    assert found.waits == pytest.approx(0.8)
    assert found.mean_wait == pytest.approx(4.0)


def test_fifty_agents_and_48_calls_a_minute_are_garnett_mandelbaum_and_reimans() -> None:
    """Their comparison: one-minute calls, patience of two minutes, times in minutes."""
    patient, impatient = erlang_c(50, 48, 1), erlang_a(50, 48, 1, 0.5)
    assert patient.mean_wait * 60 == pytest.approx(20.8, abs=0.05)
    assert patient.mean_length == pytest.approx(17, abs=0.5)
    assert impatient.mean_wait * 60 == pytest.approx(3.7, abs=0.05)
    assert impatient.abandons == pytest.approx(0.031, abs=0.0005)
    assert impatient.mean_length == pytest.approx(3, abs=0.1)
    assert impatient.occupancy == pytest.approx(0.93, abs=0.005)


def test_erlang_a_without_impatience_is_erlang_c() -> None:
    patient, hardly = erlang_c(20, 17, 1), erlang_a(20, 17, 1, 1e-9)
    assert hardly.waits == pytest.approx(patient.waits, rel=1e-6)
    assert hardly.mean_wait == pytest.approx(patient.mean_wait, rel=1e-6)


def test_patience_as_long_as_talk_is_the_queue_without_end() -> None:
    """With leaving as quick as service the number of callers is Poisson, whoever they are with."""
    found = erlang_a(4, 3.0, 1.0, 1.0)
    below = sum(math.exp(-3) * 3**n / math.factorial(n) for n in range(4))
    assert found.waits == pytest.approx(1 - below)


def test_a_thousand_agents_are_no_harder_than_three() -> None:
    found = erlang_c(10_000, 9_900, 1)
    assert 0 < found.waits < 1
    assert erlang_a(10_000, 10_500, 1, 0.3).abandons == pytest.approx(500 / 10_500, rel=0.01)


def test_a_load_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="grow for ever"):
        erlang_c(5, 5, 1)
