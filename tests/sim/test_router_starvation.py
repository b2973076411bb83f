"""Nobody starves: who may overtake a waiting call is bounded by what priority is worth."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest

from acd.config import AgentProfile, FloorConfig, Membership, Queue
from acd.model import AgentId, AgentState, AgentWork, CallId, PhoneId, QueueId
from acd.routing.eligibility import PRIORITY_MS
from acd.routing.router import Router, Want

pytestmark = pytest.mark.sim

QUEUES = [QueueId(f"q{n}") for n in range(4)]
HIGHEST = 10
SPREAD_MS = 2 * HIGHEST * PRIORITY_MS + 2 * HIGHEST * PRIORITY_MS
"""The most that calls' and memberships' priorities together can be worth, lowest to highest."""


class Caller(msgspec.Struct, frozen=True):
    id: CallId
    queue_id: QueueId
    came_at: int
    key: int
    order: int


class Crush:
    """More calls than a few agents can take, urgent ones in plenty, for hours."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.agents = {
            agent_id: AgentProfile(
                agent_id,
                agent_id,
                PhoneId(agent_id),
                queues=tuple(Membership(q, self.rng.randint(-HIGHEST, HIGHEST)) for q in QUEUES),
            )
            for agent_id in (AgentId(f"a{n}") for n in range(3))
        }
        queues = {queue_id: Queue(queue_id, queue_id) for queue_id in QUEUES}
        self.router = Router(FloorConfig(queues=queues, agents=self.agents))
        self.waiting: dict[CallId, Caller] = {}
        self.now = 0
        self.order = 0

    def worth(self, agent_id: AgentId, caller: Caller) -> int:
        mine = {m.queue: m.priority for m in self.agents[agent_id].queues}
        return mine[caller.queue_id] * PRIORITY_MS

    def arrive(self, priority: int) -> Caller:
        self.order += 1
        caller = Caller(
            CallId(f"c{self.order}"),
            self.rng.choice(QUEUES),
            self.now,
            self.now - priority * PRIORITY_MS,
            self.order,
        )
        self.waiting[caller.id] = caller
        self.router.call_waits(caller.id, Want(caller.queue_id), caller.key, caller.order)
        return caller

    def served(self, for_ms: int) -> Iterator[tuple[AgentId, Caller]]:
        """Who is served by whom; three calls come in the time in which two are served."""
        until = self.now + for_ms
        while self.now < until:
            self.now += 10_000
            for _ in range(self.rng.choice((1, 2))):
                self.arrive(self.rng.choice((-HIGHEST, 0, HIGHEST, HIGHEST, HIGHEST)))
            agent_id = self.rng.choice(list(self.agents))
            self.router.agent_ready(AgentWork(agent_id, AgentState.READY, ready_since=self.now))
            call_id = self.router.best_call(agent_id)
            assert call_id is not None
            self.router.call_gone(call_id)
            self.router.agent_unready(agent_id)
            yield agent_id, self.waiting.pop(call_id)


@pytest.mark.parametrize("seed", range(10))
def test_only_what_priority_is_worth_can_overtake(seed: int) -> None:
    crush = Crush(seed)
    for agent_id, taken in crush.served(6 * 3_600_000):
        place = taken.key - crush.worth(agent_id, taken), taken.order
        for other in crush.waiting.values():
            assert place < (other.key - crush.worth(agent_id, other), other.order)
            assert taken.came_at <= other.came_at + SPREAD_MS


@pytest.mark.parametrize("seed", range(10))
def test_the_least_urgent_call_is_served_after_a_bounded_number_of_others(seed: int) -> None:
    """Once its age is worth more than any priority, only those who stood there then go before."""
    crush = Crush(100 + seed)
    for _ in crush.served(600_000):
        pass
    last = crush.arrive(-HIGHEST)
    before = 0
    bound: int | None = None
    for _, taken in crush.served(24 * 3_600_000):
        if taken.id == last.id:
            break
        before += 1
        if bound is None and crush.now > last.came_at + SPREAD_MS:
            bound = before + len(crush.waiting)
        assert bound is None or before <= bound
    assert last.id not in crush.waiting
    assert bound is None or before <= bound
