"""The router against one who looks at everybody, over long random histories."""

from __future__ import annotations

import random

import msgspec
import pytest

from acd.model import AgentId, AgentState, AgentWork, CallId, QueueId
from acd.routing.router import Router
from tests.sim.naive_router import Naive, changed_config, random_config, random_want

pytestmark = pytest.mark.sim

STEPS = 300


class Both:
    """The same history told to both, and the same questions asked."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.agents = [AgentId(f"a{n}") for n in range(self.rng.choice((3, 8, 25)))]
        self.queues = [QueueId(f"q{n}") for n in range(self.rng.choice((1, 3, 6)))]
        config = random_config(self.rng, self.agents, self.queues)
        self.router, self.naive = Router(config), Naive(config)
        self.now = 1_000_000
        self.order = 0

    def step(self) -> None:
        self.now += self.rng.choice((0, 0, 1, 700))
        chance = self.rng.random()
        agent_id = self.rng.choice(self.agents)
        if chance < 0.30:
            self.agent_ready(agent_id)
        elif chance < 0.42:
            self.router.agent_unready(agent_id)
            self.naive.ready.pop(agent_id, None)
        elif chance < 0.52:
            present = self.rng.random() < 0.7
            self.router.agent_at_work(agent_id, present)
            (self.naive.at_work.add if present else self.naive.at_work.discard)(agent_id)
        elif chance < 0.77:
            self.call_waits()
        elif chance < 0.87 and self.naive.waiting:
            call_id = self.rng.choice(list(self.naive.waiting))
            self.router.call_gone(call_id)
            del self.naive.waiting[call_id]
        elif chance < 0.94:
            self.chosen(self.rng.choice(self.queues), agent_id)
        else:
            config = changed_config(self.rng, self.naive.config, self.agents, self.queues)
            self.router.configure(config)
            self.naive.configure(config)

    def agent_ready(self, agent_id: AgentId) -> None:
        work = AgentWork(
            agent_id,
            AgentState.READY,
            ready_since=self.now - self.rng.choice((0, 0, 500, 5_000)),
            signed_in_at=self.now - self.rng.choice((0, 5_000, 100_000)),
            calls_taken=self.rng.randint(0, 3),
            busy_ms=self.rng.choice((0, 900, 30_000)),
        )
        self.router.agent_ready(work)
        if agent_id in self.naive.config.agents:
            self.naive.ready[agent_id] = work

    def call_waits(self) -> None:
        """A new call, or one that waits already with a wider want or another priority."""
        again = self.naive.waiting and self.rng.random() < 0.4
        known = self.rng.choice(list(self.naive.waiting)) if again else None
        call_id = known or CallId(f"c{self.rng.randint(0, 40)}")
        want = random_want(self.rng, self.naive.config, self.agents, self.queues)
        if known is not None:
            had, key, order = self.naive.waiting[known]
            if self.rng.random() < 0.5:
                want = msgspec.structs.replace(had, step=had.step + 1, delay_s=had.delay_s + 20)
            else:
                want, key = had, key - self.rng.choice((-1, 1, 2)) * 60_000
        else:
            self.order += 1
            key, order = self.now - self.rng.choice((0, 0, 60_000, 120_000)), self.order
        self.router.call_waits(call_id, want, key, order)
        self.naive.waiting[call_id] = (want, key, order)

    def chosen(self, queue_id: QueueId, agent_id: AgentId) -> None:
        self.router.chosen(queue_id, agent_id)
        queue = self.naive.config.queues.get(queue_id)
        known = agent_id in self.naive.config.agents
        if queue is not None and known and queue.strategy == "round_robin":
            self.naive.turn += 1
            self.naive.turns[(queue_id, agent_id)] = self.naive.turn

    def compare(self) -> None:
        router, naive = self.router, self.naive
        for agent_id in self.agents:
            assert router.is_ready(agent_id) == (agent_id in naive.ready)
            assert router.best_call(agent_id) == naive.best_call(agent_id)
        wants = [random_want(self.rng, naive.config, self.agents, self.queues) for _ in range(3)]
        for want in [*wants, *(waiting[0] for waiting in list(naive.waiting.values())[:3])]:
            ranked = naive.ranked(want)
            assert router.best_agent(want) == (ranked[0] if ranked else None)
            limit = self.rng.choice((1, 3, 100))
            assert router.best_agents(want, limit) == ranked[:limit]
            assert router.could_serve(want) == naive.could_serve(want)
            assert router.fit_counts(want) == (len(ranked), naive.could_serve(want))
            assert router.could_fit_step(want) == naive.could_fit_step(want)
            assert router.delays(want.queue_id) == naive.delays(want.queue_id)


@pytest.mark.parametrize("seed", range(24))
def test_the_index_chooses_as_one_who_looks_at_everybody(seed: int) -> None:
    both = Both(seed)
    for _ in range(STEPS):
        both.step()
        if both.rng.random() < 0.5:  # heaps that nobody asks fall behind and must catch up
            both.compare()
    both.compare()


@pytest.mark.parametrize("seed", range(6))
def test_heaps_stay_bounded_and_right_when_pools_are_let_go(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.routing.router.POOLS_KEPT", 4)
    monkeypatch.setattr("acd.routing.pools.SLACK", 2)
    both = Both(1_000 + seed)
    both.router._sweep_at = 4
    most_busy = 0
    for _ in range(STEPS):
        both.step()
        both.compare()
        pools = [pool for roster in both.router._rosters.values() for pool in roster.pools.values()]
        most_busy = max(most_busy, sum(bool(pool.lines) for pool in pools))
        assert len(pools) <= 2 * (most_busy + 2) + 1
        for pool in pools:
            assert len(pool) <= 2 * len(both.agents) + 2
            for line in pool.lines.values():
                assert len(line) <= 2 * line.count + 3
