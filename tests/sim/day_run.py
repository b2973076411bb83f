"""One seeded day on the real engine, from the plan to its figures.

`python -m tests.sim.day_run --seed 1` prints them as JSON.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import NamedTuple

import msgspec

from acd.events import GetReady, Pause, SignIn, SignOut
from acd.facts import AgentStateChanged, AnyFact, ContactEnded, RoutingDecided
from acd.model import AgentId, AgentState, Outcome, QueueId
from acd.routing.forecast import ForecastErrors
from tests.sim.day_floor import (
    CLOSES_MS,
    HOUR_MS,
    OPENS_MS,
    Caller,
    FloorPlan,
    french_floor,
    lognormal,
)
from tests.sim.day_scores import score
from tests.sim.day_waits import Truth, Waits
from tests.sim.day_world import World


class FrenchPeople:
    """Agents who mostly answer in a few seconds, talk and wrap up as their queue's plan says."""

    def __init__(self, plan: FloorPlan) -> None:
        self._handling = plan.handling
        self._shifts = plan.shifts
        self._wishes: dict[AgentId, Pause | SignOut] = {}

    def ring_ms(self, rng: random.Random) -> int | None:
        chance = rng.random()
        return None if chance < 0.01 else 1_500 + int(rng.expovariate(1 / 2_500))

    def talk_ms(self, queue_id: QueueId, rng: random.Random) -> int:
        handling = self._handling[queue_id]
        return 5_000 + int(lognormal(rng, handling.talk_ms - 5_000, handling.variation))

    def state_entered(self, world: World, fact: AgentStateChanged, last: QueueId | None) -> None:
        agent_id = fact.agent_id
        if fact.state in (AgentState.PAUSED, AgentState.SIGNED_OUT):
            self._wishes.pop(agent_id, None)
        if fact.state is AgentState.WRAP_UP and last is not None:
            after_ms = lognormal(world.rng, self._handling[last].wrap_up_ms, 0.6)
        elif fact.state is AgentState.NOT_RESPONDING:
            after_ms = world.rng.uniform(60_000, 240_000)
        elif fact.state is AgentState.PAUSED:
            after_ms = next(
                (lasts for _, why, lasts in self._shifts[agent_id].pauses if why == fact.reason),
                world.rng.uniform(60_000, 300_000),
            )
        else:
            return
        world.plan(fact.at + after_ms, partial(self._back, world, agent_id, fact.at))

    def _back(self, world: World, agent_id: AgentId, since: int) -> None:
        """The agent is done with what began at `since`: ready again, or off as wished meanwhile."""
        if world.state_since[agent_id][1] == since:
            world.tell(self._wishes.pop(agent_id, GetReady(agent_id)))

    def ask(self, world: World, wish: Pause | SignOut) -> None:
        """The agent wants to pause or go home: now, or after the call and its wrap-up."""
        state = world.state_since[wish.agent_id][0]
        if state is AgentState.SIGNED_OUT:
            return
        if state is AgentState.WRAP_UP:
            self._wishes[wish.agent_id] = wish
            return
        if state in (AgentState.OFFERED, AgentState.TALKING):
            self._wishes[wish.agent_id] = wish
        world.tell(wish)


class Counts:
    """Counts how contacts ended, beside what was announced to those who waited."""

    def __init__(self) -> None:
        self.waits = Waits()
        self.outcomes: dict[Outcome, int] = {}
        self.decisions = 0
        self.facts = 0

    def heard(self, world: World, facts: tuple[AnyFact, ...]) -> None:
        self.facts += len(facts)
        for fact in facts:
            if isinstance(fact, ContactEnded):
                self.outcomes[fact.outcome] = self.outcomes.get(fact.outcome, 0) + 1
            elif isinstance(fact, RoutingDecided):
                self.decisions += 1
        self.waits.heard(world, facts)


class DayFigures(NamedTuple):
    """How much happened; `cpu_s` is processor time of the whole replay, people included."""

    seed: int
    calls: int
    agents: int
    queues: int
    skills: int
    digest: str
    cpu_s: float
    steps: int
    facts: int
    decisions: int
    outcomes: dict[str, int]
    left_over: int
    impossible: int


class Day(NamedTuple):
    """A day that was played: its figures, what was announced, what the engine makes of that."""

    figures: DayFigures
    waits: Waits
    errors: dict[QueueId, ForecastErrors]


def play_day(
    seed: int, *, agents: int = 500, queues: int = 30, skills: int = 60, calls: int = 40_000
) -> Day:
    """Draw a day from `seed` and play it to the end of the last call."""
    plan = french_floor(random.Random(seed), agents, queues, skills, calls)
    counts = Counts()
    people = FrenchPeople(plan)
    began = process_time()
    world = World(
        plan.config,
        people,
        random.Random(seed + 1),
        OPENS_MS - HOUR_MS,
        welcome=True,
        listener=counts,
    )
    for agent_id, shift in plan.shifts.items():
        world.plan(shift.begins, SignIn(agent_id))
        for at, reason, _ in shift.pauses:
            world.plan(at, partial(people.ask, world, Pause(agent_id, reason)))
        world.plan(shift.ends, partial(people.ask, world, SignOut(agent_id)))
    _next_caller(world, plan.callers, 0)
    world.run(CLOSES_MS + 3 * HOUR_MS)
    cpu_s = process_time() - began
    figures = DayFigures(
        seed=seed,
        calls=calls,
        agents=agents,
        queues=queues,
        skills=skills,
        digest=world.digest(),
        cpu_s=round(cpu_s, 1),
        steps=world.steps,
        facts=counts.facts,
        decisions=counts.decisions,
        outcomes={str(how): count for how, count in sorted(counts.outcomes.items())},
        left_over=len(world.engine.floor.calls),
        impossible=world.engine.floor.impossible_count,
    )
    forecast = world.engine.floor.forecast
    errors = {queue_id: forecast.errors(queue_id) for queue_id in plan.config.queues}
    return Day(figures, counts.waits, errors)


def _next_caller(world: World, callers: list[Caller], number: int) -> None:
    """Callers one after another, so that the heap stays small."""
    if number:
        caller = callers[number - 1]
        world.call(caller.channel_id, caller.dnis, caller.number, caller.wish, caller.patience_ms)
    if number < len(callers):
        world.plan(callers[number].at, partial(_next_caller, world, callers, number + 1))


def wait_figures(day: Day) -> dict[str, object]:
    """What was announced and how it came true, of the whole floor and of each queue."""
    truths = day.waits.truths
    of_queue: dict[QueueId, list[Truth]] = {}
    for truth in truths:
        of_queue.setdefault(truth.queue_id, []).append(truth)
    return {
        "really_waited": day.waits.really_waited,
        "announced": len(truths),
        "forecast": _shown(truths, _announced),
        "naive": _shown(truths, lambda truth: truth.naive_ms),
        "average_of_old_waits": _shown(truths, lambda truth: truth.average_ms),
        "queues": {queue: _shown(rows, _announced) for queue, rows in sorted(of_queue.items())},
        "published": {queue: msgspec.structs.asdict(own) for queue, own in day.errors.items()},
    }


def _announced(truth: Truth) -> float:
    return truth.announced_ms


def _shown(
    truths: list[Truth], announced: Callable[[Truth], float | None]
) -> dict[str, float] | None:
    found = score(truths, announced)
    return found._asdict() if found is not None else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Play a seeded day on the engine.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=40_000)
    arguments = parser.parse_args()
    day = play_day(arguments.seed, calls=arguments.calls)
    found = {"day": day.figures._asdict(), "waits": wait_figures(day)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
