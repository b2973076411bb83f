"""Where the milliseconds between a caller's INVITE and the 200 OK went, call by call.

Puts SIPp's event logs beside the instants that the floor wrote to SQL; refuses to know how they
were made. Pure. SQL's instants are whole milliseconds, so a single stage is exact to about one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from load.figures import Event, Percentiles, percentiles


@dataclass(frozen=True, slots=True)
class FloorTimes:
    """What the floor wrote of one call: UTC ms; `phone` is the SIP account that answered."""

    number: str
    phone: str
    arrived_at: int
    rang_at: int
    talked_at: int


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of the way, over all calls that have it."""

    name: str
    times: Percentiles


_STAGES = (
    "caller's INVITE → the floor knows and rings",
    "the floor rings → the phone has the INVITE",
    "the phone rings → its answer is acknowledged",
    "its answer is acknowledged → the floor knows and joins",
    "the floor joins → the caller has the 200 OK",
)


def stages(
    numbers: Mapping[str, str],
    callers: Iterable[Event],
    phones: Iterable[Event],
    floor: Iterable[FloorTimes],
) -> list[Stage]:
    """The five stages of the way, in order.

    `numbers` maps SIPp's Call-ID of a caller to the number it shows; events are SIPp's.
    """
    by_number: dict[str, dict[str, float]] = {}
    for event in callers:
        if event.name in ("dialled", "answered") and event.call_id in numbers:
            by_number.setdefault(numbers[event.call_id], {})[event.name] = event.at_s * 1000
    rung, answered = _by_phone(phones, "rung"), _by_phone(phones, "answered")
    columns: list[list[float]] = [[] for _ in _STAGES]
    for times in floor:
        caller = by_number.get(times.number, {})
        rung_at = _first(rung.get(times.phone, ()), times.rang_at)
        answered_at = _first(answered.get(times.phone, ()), times.rang_at)
        if len(caller) < 2 or rung_at is None or answered_at is None:
            continue
        instants = (
            caller["dialled"],
            float(times.rang_at),
            rung_at,
            answered_at,
            float(times.talked_at),
            caller["answered"],
        )
        for column, (before, after) in zip(columns, pairwise(instants), strict=True):
            column.append(after - before)
    return [Stage(n, percentiles(c)) for n, c in zip(_STAGES, columns, strict=True)]


def _by_phone(events: Iterable[Event], name: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for event in events:
        if event.name == name:
            found.setdefault(event.fields["user"], []).append(event.at_s * 1000)
    return {phone: sorted(times) for phone, times in found.items()}


def _first(times: Sequence[float], not_before: float) -> float | None:
    """The first instant after `not_before`, a millisecond of rounding allowed."""
    place = bisect_left(times, not_before - 1.0)
    return times[place] if place < len(times) else None
