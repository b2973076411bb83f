"""The plan of a load: when each caller dials and what it does. Pure and seeded.

Decides arrival times; refuses to know SIPp. A plan is the whole truth of a load before it
starts, so the same seed gives the same calls, and what SQL counts can be held against it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FOREVER_MS = 86_400_000


class Pattern(StrEnum):
    """How calls arrive."""

    POISSON = "poisson"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One caller of a load. Times in ms; `None` means never.

    `digits_after_ms` and `hang_up_after_ms` count from the answer (the second from the sending of
    the digits, if there are any), `patience_ms` (then CANCEL) from the last provisional response.
    """

    at_ms: int
    dnis: str
    caller: str
    digits: str = ""
    digits_after_ms: int = 1000
    hang_up_after_ms: int | None = None
    patience_ms: int | None = None


def arrivals(
    rate: float, duration_s: float, *, rng: random.Random, pattern: Pattern = Pattern.POISSON
) -> list[int]:
    """Return arrival times in ms within [0, duration_s), in order; `rate` in calls per second.

    POISSON draws exponential gaps, so the number of calls varies around rate x duration; EVEN
    gives exactly that number at equal gaps.

    Raises:
        ValueError: rate or duration is not positive.
    """
    if rate <= 0 or duration_s <= 0:
        raise ValueError(f"rate {rate}/s and duration {duration_s} s must both be positive")
    if pattern is Pattern.EVEN:
        return [int(number * 1000 / rate) for number in range(round(rate * duration_s))]
    times, at_s = [], rng.expovariate(rate)
    while at_s < duration_s:
        times.append(int(at_s * 1000))
        at_s += rng.expovariate(rate)
    return times


DIGITS_LEAD_MS = 900
"""From `play_dtmf` to the first key at the other side, with a margin: a tone must not cut it."""


def injection_file(plan: Sequence[CallPlan], *, lead_ms: int, created_per_s: int) -> str:
    """Return SIPp's CSV of the plan; call k waits until `lead_ms` + its at_ms after SIPp's start.

    SIPp creates call k at about k / created_per_s seconds, and waits from there.

    Raises:
        ValueError: the plan is empty, not in order of time, or a field holds a semicolon.
    """
    if not plan or any(b.at_ms < a.at_ms for a, b in itertools.pairwise(plan)):
        raise ValueError("a plan needs at least one call, and its calls in order of at_ms")
    lines = ["SEQUENTIAL"]
    for number, call in enumerate(plan):
        if any(mark in call.dnis + call.caller + call.digits for mark in ";\n"):
            raise ValueError(f"SIPp's CSV cannot carry {call}: a field holds ; or a line break")
        wait_ms = max(1, lead_ms + call.at_ms - number * 1000 // created_per_s)
        hang_up_ms = FOREVER_MS if call.hang_up_after_ms is None else call.hang_up_after_ms
        digits_take_ms = DIGITS_LEAD_MS + 250 * len(call.digits) if call.digits else 300
        patience_ms = FOREVER_MS if call.patience_ms is None else call.patience_ms
        lines.append(
            f"{wait_ms};{call.dnis};{call.caller};{call.digits};{max(1, call.digits_after_ms)};"
            f"{max(1, hang_up_ms)};{max(1, patience_ms)};"
            f"{digits_take_ms};"
        )
    return "\n".join(lines) + "\n"
