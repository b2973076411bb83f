"""What SIPp wrote down, as figures: statistics file, event log, exit code, percentiles.

Decides how SIPp's files are read; refuses to know processes. Pure: text in, values out.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EXIT_MEANING = {
    0: "every call succeeded",
    1: "at least one call failed",
    97: "ended by an internal command",
    99: "ended without any call",
    253: "RTP validation failed",
    254: "could not bind its port (already taken?)",
    255: "fatal error (options, scenario or injection file)",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """SIPp's own count of calls, cumulative. A party's REGISTER and OPTIONS count as calls too."""

    created: int = 0
    current: int = 0
    succeeded: int = 0
    failed: int = 0
    unexpected: int = 0
    timed_out: int = 0


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Durations in milliseconds; every value None when there was none to measure."""

    n: int
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One EVENT line of a scenario: its name, its call, when (seconds UTC), and its fields."""

    name: str
    call_id: str
    at_s: float
    fields: dict[str, str] = field(default_factory=dict)


def parse_counts(text: str) -> Counts:
    """Return the last complete row of a -trace_stat file; zeroes when there is none yet."""
    lines = text.splitlines()
    if len(lines) < 2:
        return Counts()
    head, *rows = csv.reader(lines, delimiter=";")
    # SIPp may be writing the last line while we read: take the last that has every column.
    whole = [row for row in rows if len(row) >= len(head) - 1]
    if not whole:
        return Counts()
    row = dict(zip(head, whole[-1], strict=False))

    def number(name: str) -> int:
        return int(row.get(name) or 0)

    return Counts(
        created=number("TotalCallCreated"),
        current=number("CurrentCall"),
        succeeded=number("SuccessfulCall(C)"),
        failed=number("FailedCall(C)"),
        unexpected=number("FailedUnexpectedMessage(C)"),
        timed_out=number("FailedTimeoutOnRecv(C)") + number("FailedMaxUDPRetrans(C)"),
    )


def parse_event(line: str) -> Event | None:
    """Return the event of one line of a -trace_logs file, or None for any other line.

    A line is `EVENT name call-id date TAB time TAB epoch key=value…` ([timestamp]'s own form).
    """
    words = line.split()
    if len(words) < 6 or words[0] != "EVENT":
        return None
    try:
        at_s = float(words[5])
    except ValueError:
        return None
    fields = dict(word.split("=", 1) for word in words[6:] if "=" in word)
    return Event(words[1], words[2], at_s, fields)


def setup_times_ms(events: Iterable[Event]) -> list[float]:
    """Return INVITE to 200 OK of each answered call, from its dialled and answered events."""
    dialled: dict[str, float] = {}
    times = []
    for event in events:
        if event.name == "dialled":
            dialled[event.call_id] = event.at_s
        elif event.name == "answered" and event.call_id in dialled:
            times.append((event.at_s - dialled[event.call_id]) * 1000)
    return times


def percentiles(values_ms: Sequence[float]) -> Percentiles:
    """Return the nearest-rank percentiles (the smallest value that p % do not exceed)."""
    if not values_ms:
        return Percentiles(0)
    ordered = sorted(values_ms)

    def rank(share: float) -> float:
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)

    return Percentiles(len(ordered), rank(0.50), rank(0.95), rank(0.99), round(ordered[-1], 1))


def exit_meaning(code: int) -> str:
    """Return SIPp's exit code in words; a negative code is the signal that ended it."""
    if code < 0:
        return f"ended by signal {-code}"
    return EXIT_MEANING.get(code, f"unknown exit code {code}")
