"""What the router alone costs: choosing an agent for a call, and a call for an agent.

A made-up centre, seeded: agents hold 3 to 8 of 50 skills, 40 queues ask for one or two of them, a
third widens in two or three steps, a quarter is for members only (with priorities and delays), all
strategies occur, some callers bring a skill of their own (a language). A *decision* is an agent
becoming ready and getting the first call, or a call arriving (or its search widening) and getting
the best agent, with all upkeep of the index: the agent taken out, the call taken out. CPU time.

`python -m bench.routing_cost --agents 2000 --waiting 1000` measures one workload.
"""

from __future__ import annotations

import gc
import json
import random
from dataclasses import asdict
from statistics import median
from time import thread_time_ns
from typing import Annotated

import msgspec
import typer

from acd.config import (
    Access,
    AgentProfile,
    FloorConfig,
    Membership,
    Queue,
    Step,
    Strategy,
)
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallId,
    PhoneId,
    QueueId,
    SkillId,
    SkillLevel,
)
from acd.routing.router import Router, Want
from bench import report
from bench.figures import RoutingCost
from bench.machine import machine

SKILLS = 50
QUEUES = 40
START_MS = 1_760_000_000_000
_DELAYS = (0, 0, 20, 60)
_READY_SHARE = 0.3
_GIVING_UP = 0.1
_WIDENING = 0.2

LEAST_PER_S = 20_000
P99_LIMIT_US = 500.0
GROWTH_LIMIT = 2.0
RECONFIGURED_LIMIT_MS = 5.0


def _queue(number: int, skills: list[SkillId], rng: random.Random) -> Queue:
    first, second, third = rng.sample(skills, 3)
    required: tuple[SkillLevel, ...] = (SkillLevel(first, rng.randint(2, 5), 3),)
    if rng.random() < 0.3:
        required += (SkillLevel(second, rng.randint(1, 3)),)
    steps: tuple[Step, ...] = ()
    if number % 3 == 0:
        steps = (
            Step(f"skills.{first} >= 7", for_s=20),
            Step(f"skills.{first} >= 4 or skills.{second} >= 6 and not team = 't3'", for_s=20),
            Step(f"skills.{first} or skills.{third} > 2"),
        )[: rng.choice((2, 3))]
    return Queue(
        QueueId(f"q{number}"),
        f"Queue {number}",
        tuple(sorted(required)),
        access=Access.MEMBERS if number % 4 == 0 else Access.OPEN,
        steps=steps,
        strategy=list(Strategy)[number % len(Strategy)],
    )


def _agent(number: int, skills: list[SkillId], rng: random.Random) -> AgentProfile:
    name = f"a{number:05d}"
    return AgentProfile(
        AgentId(name),
        name,
        PhoneId(name),
        tuple(
            SkillLevel(s, rng.randint(1, 10)) for s in sorted(rng.sample(skills, rng.randint(3, 8)))
        ),
        team=f"t{number % 10}",
        queues=tuple(
            Membership(QueueId(f"q{n}"), rng.randint(-1, 2), rng.choice(_DELAYS))
            for n in range(0, QUEUES, 4)
            if rng.random() < 0.5
        ),
    )


def centre(agents: int, seed: int) -> FloorConfig:
    """The configuration; the queues do not depend on how many agents there are."""
    rng = random.Random(seed)
    skills = [SkillId(f"skill-{n}") for n in range(SKILLS)]
    queues = [_queue(number, skills, rng) for number in range(QUEUES)]
    profiles = [_agent(number, skills, rng) for number in range(agents)]
    return FloorConfig(
        queues={queue.id: queue for queue in queues},
        agents={profile.id: profile for profile in profiles},
    )


class Traffic:
    """Agents and calls around one router, with as many calls waiting or agents ready as asked."""

    def __init__(self, agents: int, waiting: int, seed: int) -> None:
        self.rng = random.Random(seed + 1)
        self.config = centre(agents, seed)
        self.router = Router(self.config)
        self.now = START_MS
        self.times_ns: list[int] = []
        self._order = 0
        self._waiting_wanted = waiting
        self._wants: dict[CallId, tuple[Want, int, int]] = {}
        self._ids: list[CallId] = []
        self._at: dict[CallId, int] = {}
        self._ready_wanted = 0 if waiting else int(agents * _READY_SHARE)
        self._busy = [
            AgentWork(agent_id, AgentState.TALKING, signed_in_at=START_MS - 3_600_000)
            for agent_id in self.config.agents
        ]
        self._works = {work.id: work for work in self._busy}
        self._ready_count = 0
        for work in self._busy:
            self.router.agent_at_work(work.id, True)

    def run(self, decisions: int) -> None:
        """Let calls arrive and agents free themselves so that the floor stays as it is asked."""
        self.times_ns = []
        while len(self.times_ns) < decisions:
            self.now += self.rng.randint(1, 40)
            if self._ready_wanted:
                free = self._ready_count < self._ready_wanted
            else:
                free = len(self._ids) > self._waiting_wanted
            chance = self.rng.random()
            if self._ids and chance < _GIVING_UP:
                self._give_up()
            elif self._ids and chance < _GIVING_UP + _WIDENING:
                self._widen()
            elif free and self._busy:
                self._free()
            else:
                self._arrive()

    def _free(self) -> None:
        """An agent becomes ready and takes the first call that they may."""
        n = self.rng.randrange(len(self._busy))
        work = self._busy[n]
        self._busy[n] = self._busy[-1]
        self._busy.pop()
        work = msgspec.structs.replace(
            work,
            ready_since=self.now,
            calls_taken=work.calls_taken + 1,
            busy_ms=work.busy_ms + self.rng.randint(20_000, 400_000),
        )
        self._works[work.id] = work
        began_ns = thread_time_ns()
        self.router.agent_ready(work)
        call_id = self.router.best_call(work.id)
        if call_id is not None:
            self._match(work.id, call_id)
        self.times_ns.append(thread_time_ns() - began_ns)
        if call_id is None:
            self._ready_count += 1
        else:
            self._busy.append(work)
            self._drop(call_id)

    def _arrive(self) -> None:
        self._order += 1
        call_id = CallId(f"c{self._order}")
        queue_id = QueueId(f"q{self.rng.randrange(QUEUES)}")
        extra: tuple[SkillLevel, ...] = ()
        if self.rng.random() < 0.2:
            extra = (SkillLevel(SkillId(f"skill-{self.rng.randrange(3)}"), 3),)
        key = self.now - self.rng.choice((0, 0, 0, 60_000, 300_000))
        self._seek(call_id, Want(queue_id, extra), key, self._order)

    def _widen(self) -> None:
        call_id = self._ids[self.rng.randrange(len(self._ids))]
        want, key, order = self._wants[call_id]
        steps = max(1, len(self.config.queues[want.queue_id].steps))
        passed = [d for d in self.router.delays(want.queue_id) if d > want.delay_s]
        want = msgspec.structs.replace(
            want,
            step=min(steps - 1, want.step + 1),
            delay_s=passed[0] if passed else want.delay_s,
        )
        self._seek(call_id, want, key, order)

    def _seek(self, call_id: CallId, want: Want, key: int, order: int) -> None:
        """A call waits with this want and takes the best agent that is ready."""
        began_ns = thread_time_ns()
        self.router.call_waits(call_id, want, key, order)
        agent_id = self.router.best_agent(want)
        if agent_id is not None:
            self.router.best_call(agent_id)
            self.router.chosen(want.queue_id, agent_id)
            self._match(agent_id, call_id)
        self.times_ns.append(thread_time_ns() - began_ns)
        if agent_id is None:
            if call_id not in self._wants:
                self._at[call_id] = len(self._ids)
                self._ids.append(call_id)
            self._wants[call_id] = (want, key, order)
        else:
            self._ready_count -= 1
            self._busy.append(self._works[agent_id])
            self._drop(call_id)

    def _give_up(self) -> None:
        call_id = self._ids[self.rng.randrange(len(self._ids))]
        self.router.call_gone(call_id)
        self._drop(call_id)

    def _match(self, agent_id: AgentId, call_id: CallId) -> None:
        self.router.call_gone(call_id)
        self.router.agent_unready(agent_id)

    def _drop(self, call_id: CallId) -> None:
        if self._wants.pop(call_id, None) is None:
            return
        at, last = self._at.pop(call_id), self._ids.pop()
        if last != call_id:
            self._ids[at], self._at[last] = last, at

    def reconfigure(self, *, reread: bool) -> float:
        """Milliseconds that a change of one agent's skills takes; with `reread`, all else is equal
        but not the same, as when the whole configuration is read again.
        """
        known = self.config
        if reread:
            known = msgspec.json.decode(msgspec.json.encode(known), type=FloorConfig)
        agent_id = self.rng.choice(list(known.agents))
        skills = (SkillLevel(SkillId(f"skill-{self.rng.randrange(SKILLS)}"), 9),)
        changed = msgspec.structs.replace(known.agents[agent_id], skills=skills)
        agents = {**known.agents, agent_id: changed}
        self.config = msgspec.structs.replace(known, agents=agents)
        gc.collect()
        began_ns = thread_time_ns()
        self.router.configure(self.config)
        return (thread_time_ns() - began_ns) / 1e6


def measure(agents: int, waiting: int, *, decisions: int = 40_000, seed: int = 1) -> RoutingCost:
    """Drive the router for so many decisions after as many to settle."""
    traffic = Traffic(agents, waiting, seed)
    traffic.run(max(decisions // 2, 3 * agents))
    traffic.run(decisions)
    times_ns = traffic.times_ns
    changes = [traffic.reconfigure(reread=False) for _ in range(20)]
    rereads = [traffic.reconfigure(reread=True) for _ in range(20)]
    return RoutingCost(
        agents=agents,
        waiting=waiting,
        skills=SKILLS,
        queues=QUEUES,
        decisions=len(times_ns),
        decisions_per_s=round(len(times_ns) * 1e9 / max(1, sum(times_ns))),
        mean_us=round(sum(times_ns) / len(times_ns) / 1000, 1),
        p50_us=_us(times_ns, 0.50),
        p99_us=_us(times_ns, 0.99),
        max_us=_us(times_ns, 1.0),
        reconfigured_ms=round(median(changes), 2),
        reread_ms=round(median(rereads), 2),
    )


def _us(times_ns: list[int], share: float) -> float:
    """The nearest-rank percentile, in microseconds."""
    ordered = sorted(times_ns)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1000, 1)


def measure_all(decisions: int = 40_000) -> list[RoutingCost]:
    """The workloads that are kept: agents free and no call waiting, and 1,000 calls waiting."""
    return [
        measure(agents, waiting, decisions=decisions)
        for waiting in (0, 1_000)
        for agents in (1_000, 2_000, 10_000)
    ]


def problems(found: list[RoutingCost]) -> list[str]:
    """What is not good enough, in words; empty when all is well."""
    told: list[str] = []
    for one in found:
        who = f"routing, {one.agents:,} agents, {one.waiting:,} waiting"
        if one.agents <= 2_000 and one.decisions_per_s < LEAST_PER_S:
            told.append(f"{who}: {one.decisions_per_s:,} decisions/s, wanted {LEAST_PER_S:,}")
        if one.agents <= 2_000 and one.p99_us > P99_LIMIT_US:
            told.append(f"{who}: p99 {one.p99_us:.0f} µs, at most {P99_LIMIT_US:.0f} µs")
        if one.agents <= 2_000 and one.reconfigured_ms > RECONFIGURED_LIMIT_MS:
            told.append(f"{who}: {one.reconfigured_ms} ms for a change of skills")
        small = next((o for o in found if (o.agents, o.waiting) == (1_000, one.waiting)), one)
        if one.mean_us > GROWTH_LIMIT * small.mean_us:
            told.append(f"{who}: {one.mean_us} µs a decision, {small.mean_us} µs with 1,000 agents")
    return told


app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    agents: Annotated[int, typer.Option(help="Agents; 0 for 1,000, 2,000 and 10,000.")] = 0,
    waiting: Annotated[int, typer.Option(help="Calls that wait all the time.")] = 0,
    decisions: Annotated[int, typer.Option(help="Decisions measured.")] = 40_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure what the router costs."""
    found = [measure(agents, waiting, decisions=decisions)] if agents else measure_all(decisions)
    if as_json:
        values = {"machine": asdict(machine()), "routing_cost": [asdict(f) for f in found]}
        typer.echo(json.dumps(values))
    else:
        report.show([report.routing_sheet(found)])
    told = problems(found)
    for problem in told:
        typer.echo(f"NOT GOOD ENOUGH: {problem}", err=True)
    if told:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
