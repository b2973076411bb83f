"""PURE: cutting a range of time into a business's intervals, and spans at their edges.

An interval is [start, end). Days are those of a time zone, so they last 23 or 25 hours when the
clocks change; shorter intervals are counted from local midnight in real time, so an hour that the
clocks repeat gives two intervals.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

_MINUTE_MS = 60_000


class Interval(StrEnum):
    """How finely a report is cut; `whole` does not cut."""

    M15 = "15m"
    M30 = "30m"
    M60 = "60m"
    DAY = "day"
    WHOLE = "whole"


_LENGTH_MS = {
    Interval.M15: 15 * _MINUTE_MS,
    Interval.M30: 30 * _MINUTE_MS,
    Interval.M60: 60 * _MINUTE_MS,
}


def _to_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def midnights(from_ms: int, to_ms: int, zone: ZoneInfo) -> list[int]:
    """Local midnights from the last one at or before `from_ms` to the first at or after `to_ms`.

    Where clocks go forward at midnight the day begins with the change. A day that a zone leaves out
    (Samoa, 30 December 2011) has no midnight.
    """
    day = datetime.fromtimestamp(from_ms / 1000, UTC).astimezone(zone).date()
    found: list[int] = []
    while not found or found[-1] < to_ms:
        midnight = _to_ms(datetime(day.year, day.month, day.day, tzinfo=zone))
        if not found or midnight > found[-1]:
            found.append(midnight)
        day += timedelta(days=1)
    return found


def edges(from_ms: int, to_ms: int, interval: Interval, zone: ZoneInfo) -> list[int]:
    """The borders of the intervals of [from_ms, to_ms), both ends included; at least two.

    The first and last intervals are cut to the range. Raises ValueError unless from_ms < to_ms.
    """
    if from_ms >= to_ms:
        raise ValueError("the range ends before it begins")
    if interval is Interval.WHOLE:
        return [from_ms, to_ms]
    days = midnights(from_ms, to_ms, zone)
    if interval is Interval.DAY:
        inner = days
    else:
        length = _LENGTH_MS[interval]
        inner = [at for start, end in pairwise(days) for at in range(start, end, length)]
    return [from_ms, *(at for at in inner if from_ms < at < to_ms), to_ms]


def index_of(borders: list[int], at: int) -> int | None:
    """Which interval `at` falls in, None outside all."""
    if at < borders[0] or at >= borders[-1]:
        return None
    return bisect_right(borders, at) - 1


def clip(borders: list[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of [start, end) in each interval, as (index, milliseconds); empty parts left out.

    Source: kpi rule 2, `max(0, min(end, b1) - max(start, b0))`.
    """
    first = max(0, bisect_right(borders, start) - 1)
    last = min(len(borders) - 1, bisect_left(borders, end))
    for index in range(first, last):
        part = min(end, borders[index + 1]) - max(start, borders[index])
        if part > 0:
            yield index, part


def without(span: tuple[int, int], holes: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pieces of `span` that no hole covers; holes in any order, overlapping or not."""
    start, end = span
    for hole_start, hole_end in sorted(holes):
        if hole_end <= start:
            continue
        if hole_start >= end:
            break
        if hole_start > start:
            yield start, hole_start
        start = max(start, hole_end)
    if start < end:
        yield start, end
