"""What the engine announces to those who wait during a simulated day, and what comes true.

Follows facts only. Beside the announced waits it keeps a naive kind to compare with: the average of
the last waits of the queue, given the same sort of correction towards the announced quantile.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from acd.facts import AnyFact, RoutingDecided, VisitClosed, VisitOpened
from acd.model import CallId, QueueId, VisitOutcome
from tests.sim.day_world import World

OLD_WAITS = 20
FIRST_STEP, LEAST_STEP = 0.25, 0.05


class Truth(NamedTuple):
    """One announcement and what became of it, in ms.

    `naive_ms` is the corrected average of old waits, `average_ms` the average as it is; None while
    the queue had no wait yet.
    """

    queue_id: QueueId
    at: int
    announced_ms: int
    naive_ms: float | None
    average_ms: float | None
    waited_ms: int
    answered: bool


class _Naive:
    """The average of a queue's last waits, times a factor that tracks the announced quantile."""

    def __init__(self) -> None:
        self._waits: deque[int] = deque(maxlen=OLD_WAITS)
        self._shift = 0.0
        self._truths = 0

    def predict(self) -> tuple[float | None, float | None]:
        """(corrected, as it is); None before the first wait."""
        if not self._waits:
            return None, None
        average = sum(self._waits) / len(self._waits)
        return average * math.exp(self._shift), average

    def came_true(self, announced: float | None, waited_ms: int, answered: bool) -> None:
        if answered:
            self._waits.append(waited_ms)
        if announced is not None and (answered or waited_ms > announced):
            step = max(LEAST_STEP, FIRST_STEP / math.sqrt(1 + self._truths))
            self._truths += 1
            self._shift += step * ((waited_ms > announced) - 0.2)


class _Stay(NamedTuple):
    """A stay in a queue that goes on."""

    opened: VisitOpened
    naive_ms: float | None
    average_ms: float | None


class Waits:
    """Listens to a day. `really_waited` counts those for whom nobody was free when they came."""

    def __init__(self) -> None:
        self.truths: list[Truth] = []
        self.really_waited = 0
        self._stays: dict[CallId, _Stay] = {}
        self._naive: dict[QueueId, _Naive] = {}

    def heard(self, world: World, facts: tuple[AnyFact, ...]) -> None:
        came: set[CallId] = set()
        for fact in facts:
            match fact:
                case VisitOpened():
                    naive = self._naive.setdefault(fact.queue_id, _Naive())
                    self._stays[fact.call_id] = _Stay(fact, *naive.predict())
                    came.add(fact.call_id)
                case RoutingDecided(agent_id=agent_id) if agent_id is not None:
                    came.discard(fact.call_id)
                case VisitClosed():
                    self._closed(fact)
                case _:
                    pass
        self.really_waited += len(came)

    def _closed(self, fact: VisitClosed) -> None:
        opened, naive_ms, average_ms = self._stays.pop(fact.call_id)
        if opened.estimate_ms is None:
            return
        waited_ms = fact.at - opened.at
        answered = fact.outcome is VisitOutcome.ANSWERED
        self._naive[opened.queue_id].came_true(naive_ms, waited_ms, answered)
        self.truths.append(
            Truth(
                opened.queue_id,
                opened.at,
                opened.estimate_ms,
                naive_ms,
                average_ms,
                waited_ms,
                answered,
            )
        )
