"""The engine's working state: who is here, which leg belongs to whom, and what this step told.

Holds and indexes; decides nothing. Every change of a call or an agent goes through `put_call` and
`put_agent`, so that the journal gets it whole; every fact through `tell_call` and `tell_agent`,
so that sequence numbers have no gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum

import msgspec

from acd.commands import Command
from acd.facts import AnyFact, Call
from acd.flow import FlowCaller, FlowRunner
from acd.line import Line
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallId,
    CallState,
    ChannelId,
    FloorConfig,
    PhoneId,
    PlaybackId,
    Queue,
    QueueId,
    Visit,
)
from acd.routing import Requirement, Router, requirement
from acd.timers import Timers

LET_GO_REMEMBERED = 10_000
"""How many legs that we hung up are remembered, lest a late look take one for a new caller."""


class Role(StrEnum):
    """Whose leg a channel is."""

    CALLER = "caller"
    AGENT = "agent"


class Turn(msgspec.Struct, frozen=True):
    """What one event led to: commands in order, facts in order, and what changed, whole."""

    commands: tuple[Command, ...] = ()
    facts: tuple[AnyFact, ...] = ()
    calls: tuple[Call, ...] = ()
    agents: tuple[AgentWork, ...] = ()


class Floor:
    """All live calls and agents, and the output of the step being taken."""

    def __init__(
        self, config: FloorConfig, flows: FlowRunner, new_id: Callable[[], str], now_ms: int
    ) -> None:
        self.config = config
        self.flows = flows
        self.new_id = new_id
        self.now_ms = now_ms
        self.timers = Timers()
        self.router = Router(config.agents)
        self.calls: dict[CallId, Call] = {}
        self.agents: dict[AgentId, AgentWork] = {}
        self.at_work: dict[AgentId, AgentWork] = {}
        self.legs: dict[ChannelId, tuple[CallId, Role]] = {}
        self.let_go: dict[ChannelId, None] = {}
        self.playbacks: dict[PlaybackId, CallId] = {}
        self.agent_of_phone: dict[PhoneId, AgentId] = {}
        self.waiting: dict[QueueId, Line] = {}
        self.talking: Counter[QueueId] = Counter()
        self.calls_to_route: dict[CallId, str] = {}
        self.agents_to_route: dict[AgentId, str] = {}
        self.visit_count = 0
        self.impossible_count = 0
        self._commands: list[Command] = []
        self._facts: list[AnyFact] = []
        self._changed_calls: dict[CallId, Call] = {}
        self._changed_agents: dict[AgentId, AgentWork] = {}
        self.configure(config)

    # ---- configuration ----

    def configure(self, config: FloorConfig) -> None:
        """Take `config`; agents who are new start signed out, those gone keep until they leave."""
        self.config = config
        self.agent_of_phone = {p.phone: p.id for p in config.agents.values()}
        self.router.configure(config.agents)
        for agent_id in config.agents:
            self.agents.setdefault(agent_id, AgentWork(id=agent_id, since=self.now_ms))

    def queue(self, queue_id: QueueId) -> Queue:
        """The queue as configured now; a plain one of that id where it was deleted meanwhile."""
        return self.config.queues.get(queue_id) or Queue(id=queue_id, name=queue_id)

    def wanted(self, visit: Visit) -> Requirement:
        """All skills that this visit asks for: the queue's as it is now, and the flow's.

        Of a queue that was deleted meanwhile, those that it asked for when the caller came.
        """
        queue = self.config.queues.get(visit.queue_id)
        if queue is None:
            return requirement(visit.required)
        return requirement(queue.required, visit.extra)

    def line(self, queue_id: QueueId) -> Line:
        """Who waits in this queue."""
        return self.waiting.setdefault(queue_id, Line())

    def caller_of(self, call: Call) -> FlowCaller:
        """What the flow may know of this call."""
        return FlowCaller(dnis=call.dnis, number=call.number, name=call.name)

    def forget_leg(self, channel_id: ChannelId, alive: bool) -> None:
        """The leg belongs to no call any more; where it is still up, remember that it was ours."""
        self.legs.pop(channel_id, None)
        if alive:
            self.let_go[channel_id] = None
            if len(self.let_go) > LET_GO_REMEMBERED:
                del self.let_go[next(iter(self.let_go))]

    # ---- changes ----

    def put_call(self, call: Call) -> Call:
        """Make this the state of the call; an ended call leaves the floor."""
        if call.state is CallState.ENDED:
            self.calls.pop(call.id, None)
        else:
            self.calls[call.id] = call
        self._changed_calls[call.id] = call
        return call

    def put_agent(self, work: AgentWork) -> AgentWork:
        """Make this the state of the agent, in every index."""
        self.agents[work.id] = work
        self.router.agent_at_work(work.id, work.state is not AgentState.SIGNED_OUT)
        if work.state is AgentState.SIGNED_OUT:
            self.at_work.pop(work.id, None)
        else:
            self.at_work[work.id] = work
        self._changed_agents[work.id] = work
        return work

    def order(self, *commands: Command) -> None:
        """Have these done on the switch, in this order."""
        self._commands.extend(commands)

    def tell_call(self, call: Call, make: Callable[[str, int, int], AnyFact]) -> Call:
        """Keep a fact about a call: `make(subject, seq, at)`. The call with its new `seq`."""
        call = self.put_call(msgspec.structs.replace(call, seq=call.seq + 1))
        self._facts.append(make(call.id, call.seq, self.now_ms))
        return call

    def tell_agent(self, work: AgentWork, make: Callable[[str, int, int], AnyFact]) -> AgentWork:
        """Keep a fact about an agent: `make(subject, seq, at)`. The agent with its new `seq`."""
        work = self.put_agent(msgspec.structs.replace(work, seq=work.seq + 1))
        self._facts.append(make(work.id, work.seq, self.now_ms))
        return work

    def take_turn(self) -> Turn:
        """What this step led to; the next step starts empty."""
        turn = Turn(
            commands=tuple(self._commands),
            facts=tuple(self._facts),
            calls=tuple(self._changed_calls.values()),
            agents=tuple(self._changed_agents.values()),
        )
        self._commands.clear()
        self._facts.clear()
        self._changed_calls.clear()
        self._changed_agents.clear()
        return turn
