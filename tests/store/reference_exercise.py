"""The reference exercise: a French course's day of 330 contacts, told as facts.

175 answered (mean wait 11 s, none above 60 s, mean talk 151 s, 53 of them under two minutes), 48
abandoned (mean wait under 16 s), 87 turned away before any queue, 20 out of hours. What the course
does not give is not told: no threshold of service level, no agent's state, no hold, no wrap-up.
"""

from __future__ import annotations

from datetime import UTC, datetime

from acd.facts import AnyFact
from acd.model import EndedBy, Outcome, VisitOutcome
from tests.store.told import Told

DAY = int(datetime(2024, 3, 12, 7, 0, tzinfo=UTC).timestamp() * 1000)
DAY_END = DAY + 12 * 3_600_000
_SPACING_MS = 90_000


def _waits_ms(count: int, mean_s: int, longest_s: int) -> list[int]:
    """`count` waits with exactly this mean, one of them the longest."""
    rest_ms = (count * mean_s - longest_s) * 1000
    waits = [rest_ms // (count - 1)] * (count - 1)
    waits[0] += rest_ms - sum(waits)
    return [longest_s * 1000, *waits]


def _talks_ms() -> list[int]:
    """175 talks of 151 s on average, 53 of which are shorter than two minutes."""
    short = [100_000] * 53
    total = 175 * 151_000 - sum(short)
    rest = [total // 122] * 122
    rest[0] += total - sum(rest)
    return short + rest


def facts() -> list[AnyFact]:
    """Every fact of the day."""
    told: list[AnyFact] = []
    waits, talks = _waits_ms(175, 11, 60), _talks_ms()
    for n in range(330):
        call = Told(f"ref-{n:03}", DAY + n * _SPACING_MS)
        if n < 175:
            call.queue(level_ms=0).wait(waits[n]).talk(f"agent-{n % 9}", talks[n])
        elif n < 223:
            call.queue(level_ms=0).wait(8_000 + 300 * (n - 175))
            call.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
        elif n < 310:
            call.end(Outcome.OVERFLOW, EndedBy.SYSTEM)
        else:
            call.end(Outcome.OUT_OF_HOURS, EndedBy.SYSTEM)
        told += call.facts
    return told
