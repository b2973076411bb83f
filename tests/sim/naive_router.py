"""Does what `Router` promises by looking at everybody, from the text of the promise alone."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from acd.config import (
    Access,
    AgentProfile,
    FloorConfig,
    Membership,
    Queue,
    Step,
    Strategy,
)
from acd.model import AgentId, AgentWork, CallId, PhoneId, QueueId, SkillId, SkillLevel
from acd.routing.router import Want

SKILLS = [SkillId(name) for name in ("sales", "support", "french-b2")]
TEAMS = (None, "day", "night")
SITES = (None, "paris", "lyon")


def level(profile: AgentProfile, skill: str) -> int | None:
    return next((held.level for held in profile.skills if held.skill == skill), None)


def at_least(profile: AgentProfile, skill: str, least: int) -> bool:
    held = level(profile, skill)
    return held is not None and held >= least


CONDITIONS: dict[str, Callable[[AgentProfile], bool]] = {
    "anyone": lambda p: True,
    "nobody": lambda p: False,
    "skills.sales >= 4": lambda p: at_least(p, "sales", 4),
    "skill french-b2 and not team = 'night'": lambda p: (
        level(p, "french-b2") is not None and p.team != "night"
    ),
    'skills.support > 2 or attributes.site = "paris"': lambda p: (
        at_least(p, "support", 3) or p.attributes.get("site") == "paris"
    ),
    'team != "day"': lambda p: p.team is not None and p.team != "day",
}


class Naive:
    """Walks all agents and all calls at every question."""

    def __init__(self, config: FloorConfig) -> None:
        self.config = config
        self.ready: dict[AgentId, AgentWork] = {}
        self.at_work: set[AgentId] = set()
        self.waiting: dict[CallId, tuple[Want, int, int]] = {}
        self.turns: dict[tuple[QueueId, AgentId], int] = {}
        self.turn = 0

    def configure(self, config: FloorConfig) -> None:
        for queue_id, queue in self.config.queues.items():
            now = config.queues.get(queue_id)
            if now is None or now.strategy is not queue.strategy:
                self.turns = {k: n for k, n in self.turns.items() if k[0] != queue_id}
        self.turns = {k: n for k, n in self.turns.items() if k[1] in config.agents}
        self.ready = {a: work for a, work in self.ready.items() if a in config.agents}
        self.config = config

    def membership(self, profile: AgentProfile, queue_id: QueueId) -> Membership:
        known = queue_id in self.config.queues
        found = [m for m in profile.queues if m.queue == queue_id and known]
        return found[0] if found else Membership(queue_id)

    def first_step(self, profile: AgentProfile, want: Want) -> tuple[int, bool] | None:
        """The first step that the agent fits and whether it prefers them; None if barred."""
        queue = self.config.queues.get(want.queue_id)
        steps: tuple[Step, ...] = (Step(),)
        required = want.required
        if profile.voice_capacity < 1:
            return None
        if queue is not None:
            steps, required = queue.steps or steps, queue.required
            member = any(m.queue == queue.id for m in profile.queues)
            if queue.access is Access.MEMBERS and not member:
                return None
        if want.only not in (None, profile.id):
            return None
        if not all(at_least(profile, need.skill, need.level) for need in want.extra):
            return None
        if self.membership(profile, want.queue_id).delay_s > want.delay_s:
            return None
        for number, step in enumerate(steps[: want.step + 1]):
            preferred = profile.id in step.preferred
            if step.expression is None:
                fits = all(at_least(profile, need.skill, need.level) for need in required)
            else:
                fits = CONDITIONS[step.expression](profile)
            if fits and (preferred or not step.only_preferred):
                return number, preferred
        return None

    def score(self, agent_id: AgentId, queue_id: QueueId) -> float:
        queue, work = self.config.queues.get(queue_id), self.ready[agent_id]
        since = work.ready_since or 0
        match queue.strategy if queue else Strategy.LONGEST_IDLE:
            case Strategy.LEAST_OCCUPIED:
                present = since - work.signed_in_at
                return work.busy_ms * 1_000_000 // present if present > 0 else 0
            case Strategy.BEST_SKILL:
                profile = self.config.agents[agent_id]
                assert queue is not None
                return -sum(n.weight * (level(profile, n.skill) or 0) for n in queue.required)
            case Strategy.FEWEST_CALLS:
                return work.calls_taken
            case Strategy.ROUND_ROBIN:
                return self.turns.get((queue_id, agent_id), 0)
            case _:
                return 0

    def ranked(self, want: Want) -> tuple[AgentId, ...]:
        ranks = []
        for agent_id, work in self.ready.items():
            profile = self.config.agents[agent_id]
            found = self.first_step(profile, want)
            if found is not None:
                priority = self.membership(profile, want.queue_id).priority
                score = self.score(agent_id, want.queue_id)
                since = work.ready_since or 0
                ranks.append((found[0], not found[1], -priority, score, since, agent_id))
        return tuple(rank[-1] for rank in sorted(ranks))

    def could_serve(self, want: Want) -> int:
        return sum(
            self.first_step(profile, want) is not None
            for agent_id, profile in self.config.agents.items()
            if agent_id in self.at_work
        )

    def could_fit_step(self, want: Want) -> bool:
        """Whether somebody signed in would fit that step if it were the only one."""
        queue = self.config.queues.get(want.queue_id)
        steps = (queue.steps if queue else ()) or (Step(),)
        if want.step >= len(steps):
            return False
        alone = queue and msgspec.structs.replace(queue, steps=(steps[want.step],))
        queues = {alone.id: alone} if alone else {}
        other = Naive(msgspec.structs.replace(self.config, queues=queues))
        other.at_work = self.at_work
        return (
            other.could_serve(msgspec.structs.replace(want, step=0, delay_s=10**6, only=None)) > 0
        )

    def delays(self, queue_id: QueueId) -> tuple[int, ...]:
        found = {
            self.membership(profile, queue_id).delay_s
            for profile in self.config.agents.values()
            if self.first_step(profile, Want(queue_id, step=99, delay_s=10**6)) is not None
        }
        return tuple(sorted(found - {0})) if queue_id in self.config.queues else ()

    def best_call(self, agent_id: AgentId) -> CallId | None:
        profile = self.config.agents.get(agent_id)
        if profile is None:
            return None
        mine = []
        for call_id, (want, key, order) in self.waiting.items():
            if self.first_step(profile, want) is not None:
                worth = self.membership(profile, want.queue_id).priority * 60_000
                mine.append((key - worth, order, call_id))
        return min(mine)[2] if mine else None


# ---- something to look at ----------------------------------------------------------------------


def random_queue(rng: random.Random, queue_id: QueueId, agents: list[AgentId]) -> Queue:
    steps = tuple(
        Step(
            rng.choice([None, *CONDITIONS]),
            tuple(rng.sample(agents, rng.choice((0, 0, 1, 2)))),
            only_preferred=rng.random() < 0.15,
            for_s=rng.choice((None, 10, 30)),
        )
        for _ in range(rng.choice((0, 0, 1, 2, 3)))
    )
    required = tuple(
        SkillLevel(skill, rng.randint(1, 6), rng.randint(1, 3))
        for skill in sorted(rng.sample(SKILLS, rng.choice((0, 1, 1, 2))))
    )
    return Queue(
        queue_id,
        queue_id,
        required,
        access=rng.choice((Access.OPEN, Access.OPEN, Access.MEMBERS)),
        steps=steps,
        strategy=rng.choice(list(Strategy)),
        ring_s=rng.randint(5, 30),
    )


def random_profile(rng: random.Random, agent_id: AgentId, queues: list[QueueId]) -> AgentProfile:
    skills = rng.sample(SKILLS, rng.randint(0, len(SKILLS)))
    site = rng.choice(SITES)
    return AgentProfile(
        agent_id,
        agent_id,
        PhoneId(agent_id),
        tuple(SkillLevel(skill, rng.randint(1, 9)) for skill in sorted(skills)),
        team=rng.choice(TEAMS),
        attributes={"site": site} if site else {},
        queues=tuple(
            Membership(queue_id, rng.choice((-2, 0, 0, 1)), rng.choice((0, 0, 20, 45)))
            for queue_id in queues
            if rng.random() < 0.5
        ),
        voice_capacity=0 if rng.random() < 0.05 else 1,
    )


def random_config(rng: random.Random, agents: list[AgentId], queues: list[QueueId]) -> FloorConfig:
    return FloorConfig(
        agents={a: random_profile(rng, a, queues) for a in agents if rng.random() < 0.9},
        queues={q: random_queue(rng, q, agents) for q in queues if rng.random() < 0.9},
    )


def changed_config(
    rng: random.Random, config: FloorConfig, agents: list[AgentId], queues: list[QueueId]
) -> FloorConfig:
    """One or two agents or queues otherwise, new or gone; the rest as before, at times copied."""
    if rng.random() < 0.1:
        return random_config(rng, agents, queues)
    profiles, known = dict(config.agents), dict(config.queues)
    for _ in range(rng.choice((1, 1, 2))):
        if rng.random() < 0.6:
            agent_id = rng.choice(agents)
            if rng.random() < 0.2:
                profiles.pop(agent_id, None)
            else:
                profiles[agent_id] = random_profile(rng, agent_id, queues)
        else:
            queue_id = rng.choice(queues)
            if rng.random() < 0.3:
                known.pop(queue_id, None)
            else:
                known[queue_id] = random_queue(rng, queue_id, agents)
    if rng.random() < 0.3:  # read anew from where it is kept: equal, but other objects
        raw = msgspec.json.encode(FloorConfig(queues=known, agents=profiles))
        return msgspec.json.decode(raw, type=FloorConfig)
    return FloorConfig(queues=known, agents=profiles)


def random_want(
    rng: random.Random, config: FloorConfig, agents: list[AgentId], queues: list[QueueId]
) -> Want:
    queue_id = rng.choice(queues)
    few = (SkillLevel(SKILLS[0], 3),) if rng.random() < 0.25 else ()
    return Want(
        queue_id,
        extra=few if queue_id in config.queues else (),
        step=rng.randint(0, 3),
        delay_s=rng.choice((0, 20, 45)),
        only=rng.choice(agents) if rng.random() < 0.15 else None,
        required=() if queue_id in config.queues else (SkillLevel(SKILLS[1], 2),),
    )
