"""Today's counts per queue, for the live page: the same rules as the KPIs, counted as they happen.

Cohort rule: an outcome counts for the day on which the caller entered the queue. Consultations,
callbacks and messages that queue are no callers; nor is, afterwards, one who turns out to have been
answered elsewhere. Pure.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from acd.facts import AnyFact, VisitClosed, VisitOpened
from acd.model import CallKind, QueueId, VisitId, VisitOutcome


class QueueCounts(msgspec.Struct):
    """Visits offered, answered (in time), abandoned (short ones apart) since `counted_from`."""

    offered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    short_abandoned: int = 0


def day_start(now_ms: int, zone: ZoneInfo) -> int:
    """Midnight of the day of `now_ms` in `zone`, as UTC ms."""
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    return int(midnight.timestamp() * 1000)


class Tally:
    """Counts facts of the present day; starts anew at midnight in `zone`."""

    def __init__(self, zone: ZoneInfo, now_ms: int) -> None:
        self._zone = zone
        self.counted_from = day_start(now_ms, zone)
        self._next_day = self.counted_from + 20 * 3_600_000
        self.queues: dict[QueueId, QueueCounts] = {}
        self._open: dict[VisitId, VisitOpened] = {}

    def resume(self, counted_from: int, queues: dict[QueueId, QueueCounts]) -> None:
        """Take counts read from the store, unless they are of another day."""
        if counted_from == self.counted_from:
            self.queues = queues

    def reopen(self, opened: VisitOpened) -> None:
        """A visit of before a restart, already in the counts, is still open."""
        if opened.kind is CallKind.INBOUND:
            self._open[opened.visit_id] = opened

    def count(self, fact: AnyFact) -> QueueId | None:
        """Count one fact; the queue whose figures changed, or None."""
        if isinstance(fact, VisitOpened):
            if fact.kind is not CallKind.INBOUND:
                return None
            self.turn_day(fact.at)
            self._open[fact.visit_id] = fact
            self._of(fact.queue_id).offered += 1
            return fact.queue_id
        if isinstance(fact, VisitClosed):
            opened = self._open.pop(fact.visit_id, None)
            if opened is None or opened.at < self.counted_from:
                return None
            self._close(opened, fact)
            return opened.queue_id
        return None

    def _close(self, opened: VisitOpened, closed: VisitClosed) -> None:
        counts = self._of(opened.queue_id)
        waited_ms = closed.at - opened.at
        if closed.outcome is VisitOutcome.ANSWERED:
            counts.answered += 1
            counts.answered_in_time += waited_ms <= opened.service_level_ms
        elif closed.outcome is VisitOutcome.ANSWERED_ELSEWHERE:
            counts.offered -= 1
        elif closed.outcome is VisitOutcome.ABANDONED:
            counts.abandoned += 1
            in_all_ms = opened.waited_before_ms + waited_ms
            counts.short_abandoned += in_all_ms <= opened.short_abandon_ms

    def _of(self, queue_id: QueueId) -> QueueCounts:
        return self.queues.setdefault(queue_id, QueueCounts())

    def turn_day(self, now_ms: int) -> None:
        """Start anew if a day has begun since."""
        if now_ms < self._next_day:
            return
        today = day_start(now_ms, self._zone)
        if today > self.counted_from:
            self.counted_from = today
            self._next_day = today + 20 * 3_600_000
            self.queues = {}
