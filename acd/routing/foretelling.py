"""What the forecast of waits is told of the floor: who is in service, how long calls keep agents.

Keeps the calls in hand and the forecasts of those who wait until they are over; decides nothing.
Both are of this life of the floor: after a restart the calls in progress teach nothing more.
"""

from __future__ import annotations

import msgspec

from acd.config import FloorConfig
from acd.model import AgentId, AgentState, AgentWork, QueueId, VisitId
from acd.routing.eligibility import Terms
from acd.routing.forecast import Forecast, WaitForecast

_IN_SERVICE = frozenset(
    {
        AgentState.READY,
        AgentState.OFFERED,
        AgentState.TALKING,
        AgentState.HOLDING,
        AgentState.CONSULTING,
        AgentState.WRAP_UP,
    }
)

_WITH_CALL = frozenset(
    {AgentState.TALKING, AgentState.HOLDING, AgentState.CONSULTING, AgentState.WRAP_UP}
)


class _InHand(msgspec.Struct, frozen=True):
    """A call of a queue that an agent has taken; it rang for `ring_ms`, `since` is the answer."""

    queue_id: QueueId
    ring_ms: int
    since: int


class Foretelling:
    """Feeds `forecast`, which may be replaced by one that remembers an earlier life."""

    def __init__(self, config: FloorConfig) -> None:
        self.forecast = Forecast()
        self._config = config
        self._terms: dict[QueueId, Terms] = {}
        self._serves: dict[AgentId, tuple[QueueId, ...]] = {}
        self._in_hand: dict[AgentId, _InHand] = {}
        self._foretold: dict[VisitId, WaitForecast] = {}

    def configure(self, config: FloorConfig) -> None:
        """Queues or agents have changed: who serves what is worked out anew.

        The agents at work are to be told of again by `agent_now`.
        """
        for queue_id in self._config.queues:
            if queue_id not in config.queues:
                self.forecast.forget_queue(queue_id)
        self._config = config
        self._terms.clear()
        self._serves.clear()

    # ---- agents ----

    def agent_now(self, work: AgentWork, now_ms: int) -> None:
        """This is the agent's state from `now_ms` on. Harmless where nothing has changed."""
        queues = self.queues_of(work.id) if work.state in _IN_SERVICE else ()
        self.forecast.staffed(work.id, queues)
        if work.state not in _WITH_CALL:
            call = self._in_hand.pop(work.id, None)
            if call is not None:
                self.forecast.served(work.id, call.queue_id, call.ring_ms, now_ms - call.since)

    def took(self, agent_id: AgentId, queue_id: QueueId, ring_ms: int, now_ms: int) -> None:
        """The agent talks now with a caller of this queue; what follows until they are free counts.

        `agent_now` must have told of the conversation before.
        """
        self._in_hand[agent_id] = _InHand(queue_id, ring_ms, now_ms)

    def queues_of(self, agent_id: AgentId) -> tuple[QueueId, ...]:
        """The queues whose calls this agent may ever take."""
        known = self._serves.get(agent_id)
        if known is None:
            known = self._serves[agent_id] = self._worked_out(agent_id)
        return known

    def _worked_out(self, agent_id: AgentId) -> tuple[QueueId, ...]:
        profile = self._config.agents.get(agent_id)
        if profile is None:
            return ()
        if not self._terms:
            self._terms = {queue.id: Terms(queue) for queue in self._config.queues.values()}
        return tuple(
            queue_id for queue_id, terms in self._terms.items() if terms.place(profile) is not None
        )

    # ---- visits ----

    def told(self, visit_id: VisitId, foretold: WaitForecast) -> None:
        """This was foretold at the entry of this visit."""
        self._foretold[visit_id] = foretold

    def take(self, visit_id: VisitId) -> WaitForecast | None:
        """What was foretold for a visit that is over; None if nothing was, or it is taken."""
        return self._foretold.pop(visit_id, None)
