"""People and telephones around the real engine, by a heap of what happens next; no clock.

Carries out what the engine orders as a faultless switch would, plays callers who lose patience and
agents who answer, talk, wrap up and take breaks, and hands every fact to whoever listens. All
chance is one `random.Random`: the same seed takes the same steps.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections.abc import Callable
from functools import partial
from typing import Protocol

import msgspec

from acd.commands import HangUp, PlayPrompt, RingAgent
from acd.config import FloorConfig
from acd.engine import Engine
from acd.events import CallArrived, ChannelGone, Event, LegAnswered, PromptFinished
from acd.facts import (
    AgentStateChanged,
    AnyFact,
    ContactArrived,
    ContactEnded,
    VisitClosed,
    VisitOpened,
)
from acd.flow import (
    AnswerNow,
    EnterQueue,
    FlowAction,
    FlowCaller,
    FlowInput,
    FlowState,
    FlowTurn,
    Say,
    Walked,
)
from acd.model import AgentId, AgentState, CallId, ChannelId, FlowId, QueueId, VisitOutcome
from acd.sightings import SwitchSeen
from acd.state.floor import Turn

WELCOME_MS = 8_000

CALLER_ENDS = 0.7
"""Share of conversations in which the caller hangs up first."""

_encode = msgspec.json.Encoder().encode


class Wishes:
    """A flow runner: a welcome (where `welcome`), then the queue that the caller was drawn to."""

    def __init__(self, welcome: bool) -> None:
        self.of_name: dict[str, EnterQueue] = {}
        self._welcome = welcome

    def begin(self, flow: FlowId, caller: FlowCaller, now_ms: int) -> FlowTurn:
        if not self._welcome:
            return FlowTurn(None, (self._wish(caller),))
        state = FlowState(flow, 1, "welcome", "fr", now_ms, playing=True, answered=True)
        actions: tuple[FlowAction, ...] = (AnswerNow(), Say(("prompt:welcome",), "fr"))
        return FlowTurn(state, actions)

    def resume(
        self, state: FlowState, happened: FlowInput, caller: FlowCaller, now_ms: int
    ) -> FlowTurn:
        return FlowTurn(None, (self._wish(caller),), (self.abandon(state, now_ms),))

    def abandon(self, state: FlowState, now_ms: int) -> Walked:
        return Walked(state.flow, 1, state.node, "say", None, state.entered_at, now_ms)

    def spoken(self, text: str, language: str) -> tuple[str, ...]:
        return ()

    def _wish(self, caller: FlowCaller) -> EnterQueue:
        assert caller.name is not None
        return self.of_name.pop(caller.name)


class People(Protocol):
    """How callers and agents behave; durations in ms, drawn by the world's `random.Random`."""

    def ring_ms(self, rng: random.Random) -> int | None:
        """After how long the agent answers; None: lets it ring."""

    def talk_ms(self, queue_id: QueueId, rng: random.Random) -> int:
        """How long the conversation lasts."""

    def state_entered(self, world: World, fact: AgentStateChanged, last: QueueId | None) -> None:
        """An agent has entered a state; `last` is the queue of the call last answered."""


class Listener(Protocol):
    """Whoever follows the facts of the day."""

    def heard(self, world: World, facts: tuple[AnyFact, ...]) -> None:
        """One step's facts, in order."""


class World:
    """One engine, and what goes on around it.

    `now_ms` is what the engine is told; `exact_ms` is the instant, not rounded, for which what is
    happening was planned, so that a stream of arrivals keeps its rate. `digested` False: no digest.
    """

    def __init__(
        self,
        config: FloorConfig,
        people: People,
        rng: random.Random,
        start_ms: int,
        *,
        welcome: bool = False,
        listener: Listener | None = None,
        digested: bool = True,
    ) -> None:
        self.rng = rng
        self.now_ms = start_ms
        self.exact_ms = float(start_ms)
        self.steps = 0
        self.state_since: dict[AgentId, tuple[AgentState, int]] = {}
        self._people = people
        self._listener = listener
        self._ids = 0
        self._heap: list[tuple[int, int, float, Event | Callable[[], None]]] = []
        self._planned = 0
        self._legs: set[ChannelId] = set()
        self._arriving = (ChannelId(""), 0)
        self._patience_ms: dict[CallId, int] = {}
        self._caller_leg: dict[CallId, ChannelId] = {}
        self._agent_legs: dict[CallId, dict[AgentId, ChannelId]] = {}
        self._queue_of: dict[CallId, QueueId] = {}
        self._last_queue: dict[AgentId, QueueId] = {}
        self._digested = digested
        self._digest = hashlib.blake2b(digest_size=16)
        self._wishes = Wishes(welcome)
        self.engine = Engine(config, self._wishes, self._new_id, start_ms)
        phones = frozenset(profile.phone for profile in config.agents.values())
        self.tell(SwitchSeen(start_ms, True, (), {}, phones_up=phones))

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:08x}"

    def digest(self) -> str:
        """Stands for every fact told so far, in order."""
        return self._digest.hexdigest()

    # ---- time ----

    def plan(self, at: float, what: Event | Callable[[], None]) -> None:
        """Have this happen at `at` (UTC ms), after what was planned for that instant before."""
        self._planned += 1
        due_at = max(round(at), self.now_ms)
        heapq.heappush(self._heap, (due_at, self._planned, float(at), what))

    def run(self, until_ms: int) -> None:
        """Let everything happen that is due up to `until_ms`."""
        while True:
            timer_at = self.engine.next_timer()
            planned_at = self._heap[0][0] if self._heap else None
            if planned_at is None and timer_at is None:
                break
            if planned_at is None or (timer_at is not None and timer_at < planned_at):
                assert timer_at is not None
                if timer_at > until_ms:
                    break
                self.now_ms = max(self.now_ms, timer_at)
                self.steps += 1
                self._take(self.engine.tick(self.now_ms))
                continue
            if planned_at > until_ms:
                break
            self.now_ms, _, self.exact_ms, what = heapq.heappop(self._heap)
            if callable(what):
                what()
            else:
                self.tell(what)
        self.now_ms = until_ms

    # ---- what happens ----

    def tell(self, event: Event) -> None:
        """Something has come to pass: the engine decides, and all around does as it says."""
        self.steps += 1
        self._take(self.engine.handle(event, self.now_ms))

    def call(
        self, channel_id: ChannelId, dnis: str, number: str, wish: EnterQueue, patience_ms: int
    ) -> None:
        """A caller dials now, and will wait in the queue for `patience_ms`."""
        self._wishes.of_name[channel_id] = wish
        self._legs.add(channel_id)
        self._arriving = (channel_id, patience_ms)
        self.tell(CallArrived(channel_id, dnis, number, name=channel_id))

    def hang_up(self, channel_id: ChannelId | None, cause: int = 16) -> None:
        """This leg ends, unless it has."""
        if channel_id is not None and channel_id in self._legs:
            self._legs.remove(channel_id)
            self.tell(ChannelGone(channel_id, cause))

    def _take(self, turn: Turn) -> None:
        for fact in turn.facts:
            if self._digested:
                self._digest.update(_encode(fact))
            match fact:
                case ContactArrived():
                    self._caller_leg[fact.call_id], patience_ms = self._arriving
                    self._patience_ms[fact.call_id] = patience_ms
                case VisitOpened():
                    self._queue_of[fact.call_id] = fact.queue_id
                    patience_ms = self._patience_ms.pop(fact.call_id)
                    self.plan(self.now_ms + patience_ms, partial(self._give_up, fact.call_id))
                case VisitClosed(outcome=VisitOutcome.ANSWERED):
                    self._converse(fact)
                case ContactEnded():
                    for of in (self._caller_leg, self._agent_legs, self._queue_of):
                        of.pop(fact.call_id, None)
                case AgentStateChanged():
                    self.state_since[fact.agent_id] = (fact.state, fact.at)
                    last = self._last_queue.get(fact.agent_id)
                    self._people.state_entered(self, fact, last)
                case _:
                    pass
        if self._listener is not None and turn.facts:
            self._listener.heard(self, turn.facts)
        for command in turn.commands:
            match command:
                case RingAgent(channel_id=channel_id, call_id=call_id, agent_id=agent_id):
                    assert agent_id is not None, "only agents are rung here"
                    self._legs.add(channel_id)
                    self._agent_legs.setdefault(call_id, {})[agent_id] = channel_id
                    ring_ms = self._people.ring_ms(self.rng)
                    if ring_ms is not None:
                        self.plan(self.now_ms + ring_ms, partial(self._answer, channel_id))
                case HangUp(channel_id=channel_id, cause=cause):
                    self.plan(self.now_ms, partial(self.hang_up, channel_id, cause))
                case PlayPrompt(playback_id=playback_id):
                    self.plan(self.now_ms + WELCOME_MS, PromptFinished(playback_id))
                case _:
                    pass

    def _answer(self, channel_id: ChannelId) -> None:
        if channel_id in self._legs:
            self.tell(LegAnswered(channel_id))

    def _give_up(self, call_id: CallId) -> None:
        if call_id in self._queue_of:
            self.hang_up(self._caller_leg[call_id])

    def _converse(self, fact: VisitClosed) -> None:
        assert fact.agent_id is not None, "an answered visit names its agent"
        caller_leg = self._caller_leg[fact.call_id]
        agent_leg = self._agent_legs[fact.call_id][fact.agent_id]
        queue_id = self._queue_of.pop(fact.call_id)
        self._last_queue[fact.agent_id] = queue_id
        by_caller = self.rng.random() < CALLER_ENDS
        talk_ms = self._people.talk_ms(queue_id, self.rng)
        self.plan(
            self.now_ms + talk_ms, partial(self.hang_up, caller_leg if by_caller else agent_leg)
        )
