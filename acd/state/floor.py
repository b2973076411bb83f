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

from acd.call import Call
from acd.commands import Command
from acd.config import FloorConfig, Queue
from acd.facts import AnyFact, Trigger
from acd.flow import FlowCaller, FlowRunner
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    FlowId,
    PhoneId,
    PlaybackId,
    QueueId,
    RecordingId,
    Visit,
)
from acd.routing.forecast import Forecast
from acd.routing.foretelling import Foretelling
from acd.routing.line import Line
from acd.routing.relaxing import is_looked_for
from acd.routing.router import Router
from acd.state.timers import Timers
from acd.state.trunk import Trunk

LET_GO_REMEMBERED = 10_000
"""How many legs that we hung up are remembered, lest a late look take one for a new caller."""


class Role(StrEnum):
    """What a leg is to the call that it belongs to.

    caller: its first leg. agent: an offer's, or the other party's of a talk. dialled: a number
    outside that is being rung. third: of a conference. supervisor, snoop: of a monitor. line: what
    a connected agent keeps up, while no call has it (the owner is the agent). phone: somebody who
    dialled us from a phone and is not in a call yet (the owner is the leg itself).
    """

    CALLER = "caller"
    AGENT = "agent"
    DIALLED = "dialled"
    THIRD = "third"
    SUPERVISOR = "supervisor"
    SNOOP = "snoop"
    LINE = "line"
    PHONE = "phone"


class PhoneSession(msgspec.Struct, frozen=True):
    """Somebody who dialled us from a phone and is asked for something, key by key.

    Not journaled: after a restart the leg is let go, and they dial again. `asked` is what the next
    keys are (`acd.desk.phone_codes` knows), `digits` those pressed so far, `answers` those given
    before.
    """

    channel_id: ChannelId
    phone: PhoneId
    asked: str
    since: int = 0
    digits: str = ""
    answers: tuple[str, ...] = ()
    tries: int = 0
    playback_id: PlaybackId | None = None


class PinTries(msgspec.Struct, frozen=True):
    """How many wrong PINs in a row were composed for one number, the last of them at `at`."""

    count: int
    at: int


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
        self.router = Router(config)
        self.calls: dict[CallId, Call] = {}
        self.agents: dict[AgentId, AgentWork] = {}
        self.at_work: dict[AgentId, AgentWork] = {}
        self.legs: dict[ChannelId, tuple[CallId, Role]] = {}
        self.let_go: dict[ChannelId, None] = {}
        self.playbacks: dict[PlaybackId, CallId] = {}
        self.messages: dict[RecordingId, CallId] = {}
        self.phones_up: set[PhoneId] = set()
        self.phone_sessions: dict[ChannelId, PhoneSession] = {}
        self.wrong_pins: dict[str, PinTries] = {}
        self.last_agents: dict[str, AgentId] = {}
        self.waiting: dict[QueueId, Line] = {}
        self.talking: Counter[QueueId] = Counter()
        self.callbacks: dict[str, dict[CallId, None]] = {}
        self.customers_first: dict[CallId, None] = {}
        self.trunk = Trunk()
        self.foretelling = Foretelling(config)
        self.calls_to_route: dict[CallId, Trigger] = {}
        self.to_flow: dict[CallId, FlowId] = {}
        self.being_replaced: dict[ChannelId, ChannelId] = {}
        self.replaced: dict[ChannelId, ChannelId] = {}
        self.transferred_lines: dict[ChannelId, None] = {}
        self.line_owner: dict[ChannelId, AgentId] = {}
        self.agents_to_route: dict[AgentId, Trigger] = {}
        self.agents_away: dict[AgentId, None] = {}
        self.visit_count = 0
        self.ended_at: int | None = None
        self.impossible_count = 0
        self._commands: list[Command] = []
        self._facts: list[AnyFact] = []
        self._changed_calls: dict[CallId, Call] = {}
        self._changed_agents: dict[AgentId, AgentWork] = {}
        self._seated: dict[PhoneId, AgentId] = {}
        self._owners: dict[PhoneId, AgentId] = {}
        self._numbers: dict[str, AgentId] = {}
        self._offered: Counter[QueueId] = Counter()
        self.configure(config)

    # ---- configuration ----

    def configure(self, config: FloorConfig) -> None:
        """Take `config`; agents who are new start signed out, those gone keep until they leave."""
        self.config = config
        self._owners = {p.phone: p.id for p in config.agents.values()}
        self._numbers = {p.number: p.id for p in config.agents.values() if p.number is not None}
        self.router.configure(config)
        self.foretelling.configure(config)
        for work in self.at_work.values():
            self.foretelling.agent_now(work, self.now_ms)
        for agent_id in config.agents:
            self.agents.setdefault(agent_id, AgentWork(id=agent_id, since=self.now_ms))

    def queue(self, queue_id: QueueId) -> Queue:
        """The queue as configured now; a plain one of that id where it was deleted meanwhile."""
        return self.config.queues.get(queue_id) or Queue(id=queue_id, name=queue_id)

    def agent_at(self, phone: PhoneId) -> AgentId | None:
        """Who is rung on this phone: who signed in there, else its owner if not elsewhere."""
        seated = self._seated.get(phone)
        if seated is not None:
            return seated
        owner = self._owners.get(phone)
        work = self.agents.get(owner) if owner is not None else None
        return owner if work is None or work.phone is None or work.phone == phone else None

    def phone_of(self, agent_id: AgentId) -> PhoneId | None:
        """The phone that rings for this agent; None for one who is not configured any more."""
        work = self.agents.get(agent_id)
        if work is not None and work.phone is not None:
            return work.phone
        profile = self.config.agents.get(agent_id)
        return profile.phone if profile else None

    def owner_of(self, phone: PhoneId) -> AgentId | None:
        """Whose own phone this is; None for a seat."""
        return self._owners.get(phone)

    def is_phone(self, phone: PhoneId) -> bool:
        """Whether this is a phone of ours: an agent's, or a seat."""
        return phone in self._owners or phone in self.config.seats

    def agent_with_number(self, number: str) -> AgentId | None:
        """Whose short number this is."""
        return self._numbers.get(number)

    @property
    def forecast(self) -> Forecast:
        """The estimated waits of this floor's queues."""
        return self.foretelling.forecast

    def line(self, queue_id: QueueId) -> Line:
        """Who waits in this queue."""
        return self.waiting.setdefault(queue_id, Line())

    def unserved_before(self, queue_id: QueueId, visit: Visit) -> int:
        """How many of a queue come before this visit and have no agent found yet, about.

        All who are offered now are taken to come before it: they were first in their order.
        """
        return max(0, self.line(queue_id).ahead_of(visit) - self._offered[queue_id])

    def caller_of(self, call: Call) -> FlowCaller:
        """What the flow may know of this call."""
        return FlowCaller(dnis=call.dnis, number=call.number, name=call.name)

    def forget_leg(self, channel_id: ChannelId, alive: bool) -> None:
        """The leg belongs to no call any more; where it is still up, remember that it was ours."""
        self.legs.pop(channel_id, None)
        self.replaced.pop(channel_id, None)
        if alive:
            self.let_go[channel_id] = None
            if len(self.let_go) > LET_GO_REMEMBERED:
                del self.let_go[next(iter(self.let_go))]

    # ---- changes ----

    def put_call(self, call: Call) -> Call:
        """Make this the state of the call; an ended call leaves the floor."""
        self._recount(self.calls.get(call.id), call)
        if call.state is CallState.ENDED:
            self.calls.pop(call.id, None)
        else:
            self.calls[call.id] = call
        self._changed_calls[call.id] = call
        return call

    def _recount(self, before: Call | None, call: Call) -> None:
        offered = _offered_in(call)
        was = _offered_in(before) if before is not None else None
        if was != offered:
            if was is not None:
                self._offered[was] -= 1
            if offered is not None:
                self._offered[offered] += 1
        if call.ticket is not None and call.kind is CallKind.CALLBACK:
            number, ended = call.ticket.number, call.state is CallState.ENDED
            if not ended:
                self.callbacks.setdefault(number, {})[call.id] = None
            elif number in self.callbacks:
                self.callbacks[number].pop(call.id, None)
                if not self.callbacks[number]:
                    del self.callbacks[number]

    def put_agent(self, work: AgentWork) -> AgentWork:
        """Make this the state of the agent, in every index."""
        before = self.agents.get(work.id)
        if before is not None and before.phone is not None and before.phone != work.phone:
            self._seated.pop(before.phone, None)
        if work.phone is not None:
            self._seated[work.phone] = work.id
        if before is not None and before.line is not None and before.line != work.line:
            self.line_owner.pop(before.line, None)
            self.transferred_lines.pop(before.line, None)
        if work.line is not None:
            self.line_owner[work.line] = work.id
        self.agents[work.id] = work
        self.router.agent_at_work(work.id, work.state is not AgentState.SIGNED_OUT)
        if work.state is AgentState.SIGNED_OUT:
            self.at_work.pop(work.id, None)
        else:
            self.at_work[work.id] = work
        if not is_looked_for(work) and (before is None or _leaves(before, work)):
            self.agents_away[work.id] = None
        self.foretelling.agent_now(work, self.now_ms)
        self._changed_agents[work.id] = work
        return work

    def call_mended(self, before: Call, kept: Call) -> None:
        """Have what could be kept of a call in the place of what could not, unless it has changed.

        Only texts differ. Otherwise each later step of this call would have to be mended as well.
        """
        if kept is not before and self.calls.get(kept.id) is before:
            self.calls[kept.id] = kept

    def agent_mended(self, before: AgentWork, kept: AgentWork) -> None:
        """The same of an agent's work."""
        if kept is not before and self.agents.get(kept.id) is before:
            self.put_agent(kept)

    def order(self, *commands: Command) -> None:
        """Have these done on the switch, in this order."""
        self._commands.extend(commands)

    def tell_call(self, call: Call, make: Callable[[str, int, int], AnyFact]) -> Call:
        """Keep a fact about a call: `make(subject, seq, at)`. The call with its new `seq`."""
        at = self.instant_of(call)
        call = self.put_call(msgspec.structs.replace(call, seq=call.seq + 1, told_at=at))
        self._facts.append(make(call.id, call.seq, at))
        return call

    def instant_of(self, call: Call) -> int:
        """When what is told of this call now came to pass: now, or, of one that ended unseen,
        `ended_at`, but never before what was told of it already.
        """
        return self.now_ms if self.ended_at is None else max(call.told_at, self.ended_at)

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


def _leaves(before: AgentWork, work: AgentWork) -> bool:
    """Whether an agent who is not looked for now was until this change, or was signed in."""
    return is_looked_for(before) or before.state is not work.state


def _offered_in(call: Call) -> QueueId | None:
    """The queue of whose agents one is being rung for this call; None: none is."""
    offered = call.state is CallState.OFFERED and call.direct_to is None
    return call.visit.queue_id if offered and call.visit is not None else None
