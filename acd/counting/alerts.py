"""Thresholds that supervisors want to hear of: passed, for how long, and passed no more. Pure.

Fed with a queue's figures a few times a minute; knows no queue, only numbers and rules.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from acd.config import AlertMetric, AlertRule, Comparison
from acd.facts import AlertChanged
from acd.model import QueueId


class Figures(msgspec.Struct, frozen=True):
    """A queue's figures now; None where there is nothing to count. Ratios from 0 to 1."""

    values: dict[AlertMetric, float | None]


class Standing(msgspec.Struct, frozen=True):
    """A threshold that is passed. `raised`: long enough to be told; `value` is the last seen."""

    rule: AlertRule
    queue_id: QueueId
    since: int
    value: float
    raised: bool = False


class Alerts:
    """Which thresholds are passed. `seqs` continues the numbering of facts from before a restart.

    The subject of an alert's facts is `alert:RULE:QUEUE`.
    """

    def __init__(self, seqs: Mapping[str, int] | None = None) -> None:
        self._standing: dict[tuple[str, QueueId], Standing] = {}
        self._seqs = dict(seqs or {})

    def standing(self) -> tuple[Standing, ...]:
        """All that are raised now, oldest first."""
        raised = (alert for alert in self._standing.values() if alert.raised)
        return tuple(sorted(raised, key=lambda alert: (alert.since, alert.rule.id, alert.queue_id)))

    def look(
        self, rules: Mapping[str, AlertRule], figures: Mapping[QueueId, Figures], now_ms: int
    ) -> tuple[AlertChanged, ...]:
        """Compare; what was raised and what cleared. A figure of None passes no threshold."""
        told: list[AlertChanged] = []
        passed: set[tuple[str, QueueId]] = set()
        for rule in rules.values():
            for queue_id in (rule.queue,) if rule.queue is not None else tuple(figures):
                value = figures[queue_id].values.get(rule.metric) if queue_id in figures else None
                if value is None or not _passes(rule, value):
                    continue
                passed.add((rule.id, queue_id))
                told += self._passed(rule, queue_id, value, now_ms)
        for key in [key for key in self._standing if key not in passed]:
            over = self._standing.pop(key)
            if over.raised:
                told.append(self._fact(over, now_ms, raised=False))
        return tuple(told)

    def _passed(
        self, rule: AlertRule, queue_id: QueueId, value: float, now_ms: int
    ) -> list[AlertChanged]:
        key = (rule.id, queue_id)
        known = self._standing.get(key) or Standing(rule, queue_id, now_ms, value)
        due = now_ms - known.since >= rule.for_s * 1000
        now = msgspec.structs.replace(known, rule=rule, value=value, raised=known.raised or due)
        self._standing[key] = now
        return [self._fact(now, now_ms, raised=True)] if now.raised and not known.raised else []

    def _fact(self, alert: Standing, now_ms: int, *, raised: bool) -> AlertChanged:
        subject = f"alert:{alert.rule.id}:{alert.queue_id}"
        self._seqs[subject] = self._seqs.get(subject, 0) + 1
        return AlertChanged(
            subject,
            self._seqs[subject],
            now_ms,
            alert.rule.id,
            alert.queue_id,
            raised,
            alert.value,
            alert.rule.threshold,
        )


def _passes(rule: AlertRule, value: float) -> bool:
    above = rule.comparison is Comparison.ABOVE
    return value > rule.threshold if above else value < rule.threshold
