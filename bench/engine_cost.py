"""What a decision costs: the pure engine driven without Asterisk, clock or sockets.

A simulated day in seconds: callers arrive at random, agents with random skills answer, put on
hold, let it ring or refuse, callers give up, agents pause and come back. Only the time inside
`Engine.handle` and `Engine.tick` counts, as CPU time, so that a busy machine does not blur it. The
simulation is seeded: two runs take the same steps.

`python -m bench.engine_cost --agents 1000 --standing 1000` measures one workload.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import asdict
from time import thread_time_ns
from typing import Annotated

import msgspec
import typer

from acd.commands import HangUp, RingAgent
from acd.config import AgentProfile, FloorConfig, Queue
from acd.engine import Engine
from acd.events import (
    CallArrived,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    Event,
    GetReady,
    LegAnswered,
    Pause,
    PhoneReachable,
    SignIn,
)
from acd.facts import JournalEntry, RoutingDecided
from acd.flow import EnterQueue, FlowCaller, FlowInput, FlowState, FlowTurn, Walked
from acd.model import AgentId, CallState, ChannelId, FlowId, PhoneId, QueueId, SkillId, SkillLevel
from acd.sightings import SwitchSeen
from acd.state.floor import Turn
from bench import report
from bench.figures import EngineCost
from bench.machine import machine

START_MS = 1_760_000_000_000
TALK_MS = 180_000
QUEUES = 12
_OCCUPANCY = 0.85
_SKILLS_PER_AGENT = 3
_encode = msgspec.json.Encoder().encode


class _StraightToQueue:
    """A flow runner without any flow: the dialled number is the queue."""

    def begin(self, flow: FlowId, caller: FlowCaller, now_ms: int) -> FlowTurn:  # noqa: ARG002
        return FlowTurn(None, (EnterQueue(QueueId(flow), answer_first=False),))

    def resume(
        self, state: FlowState, happened: FlowInput, caller: FlowCaller, now_ms: int
    ) -> FlowTurn:
        raise AssertionError(f"{caller} is in no flow at {now_ms}, yet {state} heard {happened}")

    def spoken(self, text: str, language: str) -> tuple[str, ...]:  # noqa: ARG002 - the seam's
        """Nothing is said here: as if no sound were ready yet."""
        return ()

    def abandon(self, state: FlowState, now_ms: int) -> Walked:
        raise AssertionError(f"nobody is in a flow at {now_ms}, yet {state} was left")


def _config(agents: int, rng: random.Random) -> FloorConfig:
    """Each queue wants one skill at some level; each agent holds a few skills at some level."""
    skills = [SkillId(f"skill-{n}") for n in range(QUEUES)]
    queues = {
        QueueId(f"q{n}"): Queue(
            QueueId(f"q{n}"),
            f"Queue {n}",
            (SkillLevel(skill, rng.randint(1, 4)),),
            ring_s=20,
            wrap_up_s=10,
        )
        for n, skill in enumerate(skills)
    }
    profiles = {}
    for number in range(agents):
        name = f"a{number:05d}"
        held = {skills[number % QUEUES], *rng.sample(skills, _SKILLS_PER_AGENT - 1)}
        profiles[AgentId(name)] = AgentProfile(
            AgentId(name),
            name,
            PhoneId(name),
            tuple(SkillLevel(skill, rng.randint(4, 9)) for skill in sorted(held)),
        )
    numbers = {f"7{n:02d}": FlowId(f"q{n}") for n in range(QUEUES)}
    return FloorConfig(queues=queues, agents=profiles, numbers=numbers)


class Day:
    """Callers, agents and phones around the engine, by a heap of what happens next."""

    def __init__(self, agents: int, standing: int, seed: int) -> None:
        self._rng = rng = random.Random(seed)
        self._ids = itertools.count(1)
        self._order = itertools.count()
        self._heap: list[tuple[int, int, Event | Callable[[], Event | None]]] = []
        self.now_ms = START_MS
        self.agents = agents
        self.standing = standing
        self.config = _config(agents, rng)
        self.engine = Engine(self.config, _StraightToQueue(), self._new_id, self.now_ms)
        self.times_ns: list[int] = []
        self.decision_ns: list[int] = []
        self.journal_bytes = 0
        self.arrived = 0
        # Agents are busy with talk, wrap-up and ring: what arrives fills that share of them.
        self._gap_ms = (TALK_MS + 10_000 + 4_000) / (agents * _OCCUPANCY)
        self._measuring = False

    def _new_id(self) -> str:
        return f"{next(self._ids):036d}"

    def open(self) -> None:
        """Sign everybody in and let `standing` callers wait who never give up."""
        seen = SwitchSeen(self.now_ms, True, (), {}, phones_up=frozenset())
        self._step(seen)
        for agent_id, profile in self.config.agents.items():
            self._step(PhoneReachable(profile.phone))
            self._step(SignIn(agent_id))
        for _ in range(self.standing + (self.agents if self.standing else 0)):
            self._arrive(patient=True)
        if not self.standing:
            self._plan(0, self._next_caller)

    def run(self, steps: int, *, measure: bool) -> None:
        """Take so many steps of the engine."""
        self._measuring = measure
        for _ in range(steps):
            self._next()

    def _next(self) -> None:
        timer_at = self.engine.next_timer()
        if timer_at is not None and (not self._heap or timer_at <= self._heap[0][0]):
            self.now_ms = max(self.now_ms, timer_at)
            self._timed(lambda: self.engine.tick(self.now_ms))
            return
        at, _, what = heapq.heappop(self._heap)
        self.now_ms = max(self.now_ms, at)
        event = what() if callable(what) else what
        if event is not None:
            self._step(event)

    def _step(self, event: Event) -> None:
        self._timed(lambda: self.engine.handle(event, self.now_ms))

    def _timed(self, step: Callable[[], Turn]) -> None:
        began_ns = thread_time_ns()
        turn = step()
        took_ns = thread_time_ns() - began_ns
        if self._measuring:
            self.times_ns.append(took_ns)
            if any(isinstance(fact, RoutingDecided) for fact in turn.facts):
                self.decision_ns.append(took_ns)
            entry = JournalEntry(self.now_ms, turn.facts, turn.calls, turn.agents)
            self.journal_bytes += len(_encode(entry)) + 1
        self._obey(turn)

    def _obey(self, turn: Turn) -> None:
        """What phones and people do about this step."""
        rng = self._rng
        for command in turn.commands:
            if isinstance(command, RingAgent):
                chance = rng.random()
                if chance < 0.93:
                    self._plan(rng.randint(1_000, 6_000), LegAnswered(command.channel_id))
                elif chance < 0.96:
                    self._plan(500, ChannelGone(command.channel_id, 17))
            elif isinstance(command, HangUp):
                self._plan(20, ChannelGone(command.channel_id, 16))
        for call in turn.calls:
            began = call.state is CallState.TALKING and call.since == self.now_ms
            talk = call.talk
            if began and talk is not None and talk.agent_id and call.channel_id is not None:
                self._talk(call.channel_id, talk.agent_channel_id, talk.agent_id)
            elif call.state is CallState.ENDED and self.standing:
                self._plan(1, self._patient_caller)

    def _talk(self, caller: ChannelId, agent: ChannelId, agent_id: AgentId) -> None:
        rng = self._rng
        talk_ms = int(min(rng.expovariate(1 / TALK_MS), 10 * TALK_MS))
        self._plan(talk_ms, ChannelGone(caller if rng.random() < 0.7 else agent, 16))
        if rng.random() < 0.1:
            self._plan(talk_ms // 3, ChannelHeld(agent))
            self._plan(talk_ms // 2, ChannelResumed(agent))
        if rng.random() < 0.05:
            self._plan(talk_ms // 4, Pause(agent_id, "break"))
            self._plan(talk_ms + 60_000, GetReady(agent_id))

    def _next_caller(self) -> None:
        self._arrive(patient=False)
        self._plan(self._rng.expovariate(1 / self._gap_ms), self._next_caller)

    def _patient_caller(self) -> None:
        self._arrive(patient=True)

    def _arrive(self, *, patient: bool) -> None:
        self.arrived += 1
        channel_id = ChannelId(f"caller-{self.arrived}")
        dnis = f"7{self._rng.randrange(QUEUES):02d}"
        self._step(CallArrived(channel_id, dnis, f"+331{self.arrived:08d}"))
        if not patient:
            patience_ms = self._rng.expovariate(1 / 90_000)
            self._plan(patience_ms, lambda: self._give_up(channel_id))

    def _give_up(self, channel_id: ChannelId) -> Event | None:
        leg = self.engine.floor.legs.get(channel_id)
        call = self.engine.floor.calls.get(leg[0]) if leg else None
        if call is None or call.state is CallState.TALKING:
            return None
        return ChannelGone(channel_id, 16)

    def _plan(self, after_ms: float, what: Event | Callable[[], Event | None]) -> None:
        at = self.now_ms + max(1, int(after_ms))
        heapq.heappush(self._heap, (at, next(self._order), what))


def measure(agents: int, standing: int, *, steps: int = 20_000, seed: int = 1) -> EngineCost:
    """Drive the engine for `steps` steps after as many to settle."""
    day = Day(agents, standing, seed)
    day.open()
    day.run(max(steps // 2, 4 * agents), measure=False)
    arrived = day.arrived
    day.run(steps, measure=True)
    calls = max(1, day.arrived - arrived)
    return EngineCost(
        agents=agents,
        standing=standing,
        queues=QUEUES,
        steps=len(day.times_ns),
        calls=calls,
        steps_per_s=round(len(day.times_ns) * 1e9 / max(1, sum(day.times_ns))),
        step_p50_us=_us(day.times_ns, 0.50),
        step_p99_us=_us(day.times_ns, 0.99),
        step_max_us=_us(day.times_ns, 1.0),
        decisions=len(day.decision_ns),
        decision_p50_us=_us(day.decision_ns, 0.50),
        decision_p99_us=_us(day.decision_ns, 0.99),
        journal_bytes_per_call=round(day.journal_bytes / calls),
    )


def _us(times_ns: list[int], share: float) -> float:
    """The nearest-rank percentile, in microseconds."""
    if not times_ns:
        return 0.0
    ordered = sorted(times_ns)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1000, 1)


def measure_all(steps: int = 20_000) -> list[EngineCost]:
    """The workloads that are kept: no queue, and as many waiting as there are agents."""
    return [measure(n, standing, steps=steps) for n in (100, 1_000, 2_000) for standing in (0, n)]


app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    agents: Annotated[int, typer.Option(help="Agents; 0 for 100, 1,000 and 2,000.")] = 0,
    standing: Annotated[int, typer.Option(help="Callers who wait all the time.")] = 0,
    steps: Annotated[int, typer.Option(help="Steps measured.")] = 20_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure what the pure engine costs."""
    found = [measure(agents, standing, steps=steps)] if agents else measure_all(steps)
    if as_json:
        values = {"machine": asdict(machine()), "engine_cost": [asdict(f) for f in found]}
        typer.echo(json.dumps(values))
    else:
        report.show([report.engine_sheet(found)])


if __name__ == "__main__":
    app()
