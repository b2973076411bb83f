"""The live picture: what changed since the last look, coalesced, with a version for each change.

Fed with the engine's steps; asked for a change a few times a second. A page that missed a version
asks for the whole again. Holds views only.
"""

from __future__ import annotations

from acd.floor import Floor, Turn
from acd.model import AgentId, CallId, CallState
from acd.tally import Tally
from control.protocol import Live, LiveChange, QueueView
from control.views import agent_view, call_view, queue_view


class LivePicture:
    """The changes of one floor, ready to be sent."""

    def __init__(self, floor: Floor, tally: Tally) -> None:
        self._floor = floor
        self._tally = tally
        self.version = 0
        self._agents: set[AgentId] = set()
        self._calls: set[CallId] = set()
        self._ended: set[CallId] = set()
        self._sent_queues: dict[str, QueueView] = {q.id: q for q in self._queues()}
        self._queues_stale = False

    def on_turn(self, turn: Turn) -> None:
        """Take note of what a step changed."""
        for work in turn.agents:
            self._agents.add(work.id)
        for call in turn.calls:
            if call.state is CallState.ENDED:
                self._calls.discard(call.id)
                self._ended.add(call.id)
            else:
                self._calls.add(call.id)
        self._queues_stale = self._queues_stale or bool(turn.calls or turn.agents)

    def reconfigured(self) -> None:
        """Names or the set of agents and queues changed."""
        self._agents.update(self._floor.agents)
        self._queues_stale = True

    def whole(self, now_ms: int) -> Live:
        """Everything, at the present version."""
        floor = self._floor
        self._tally.turn_day(now_ms)
        return Live(
            version=self.version,
            at=now_ms,
            agents=tuple(
                agent_view(floor, work)
                for agent_id, work in sorted(floor.agents.items())
                if agent_id in floor.config.agents
            ),
            queues=tuple(self._queues()),
            calls=tuple(call_view(call) for call in floor.calls.values()),
        )

    def _queues(self) -> list[QueueView]:
        return [
            queue_view(self._floor, self._tally, queue_id)
            for queue_id in sorted(self._floor.config.queues)
        ]

    def change(self, now_ms: int) -> LiveChange | None:
        """What differs since the last call of this; None where nothing does."""
        counted_from = self._tally.counted_from
        self._tally.turn_day(now_ms)
        self._queues_stale = self._queues_stale or counted_from != self._tally.counted_from
        if not (self._agents or self._calls or self._ended or self._queues_stale):
            return None
        floor = self._floor
        queues = self._queues() if self._queues_stale else []
        changed = tuple(q for q in queues if self._sent_queues.get(q.id) != q)
        queues_gone = tuple(
            old.id for old in self._sent_queues.values() if old.id not in floor.config.queues
        )
        if self._queues_stale:
            self._sent_queues = {queue.id: queue for queue in queues}
        self.version += 1
        made = LiveChange(
            version=self.version,
            at=now_ms,
            agents=tuple(
                agent_view(floor, floor.agents[agent_id])
                for agent_id in sorted(self._agents)
                if agent_id in floor.config.agents
            ),
            queues=changed,
            calls=tuple(
                call_view(floor.calls[call_id])
                for call_id in sorted(self._calls)
                if call_id in floor.calls
            ),
            calls_ended=tuple(sorted(self._ended)),
            agents_gone=tuple(a for a in sorted(self._agents) if a not in floor.config.agents),
            queues_gone=queues_gone,
        )
        self._agents.clear()
        self._calls.clear()
        self._ended.clear()
        self._queues_stale = False
        return made
