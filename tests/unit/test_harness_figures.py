"""SIPp's files as figures, and the plan of a load."""

from __future__ import annotations

import random

import pytest

from load.figures import (
    Counts,
    Event,
    exit_meaning,
    parse_counts,
    parse_event,
    percentiles,
    setup_times_ms,
)
from load.plan import CallPlan, Pattern, arrivals, injection_file

pytestmark = pytest.mark.unit

_HEAD = (
    "StartTime;TotalCallCreated;CurrentCall;SuccessfulCall(P);SuccessfulCall(C);FailedCall(C);"
    "FailedUnexpectedMessage(C);FailedTimeoutOnRecv(C);FailedMaxUDPRetrans(C)\n"
)


def test_counts_come_from_the_last_whole_row() -> None:
    text = _HEAD + "a;1;1;0;0;0;0;0;0\nb;9;2;1;6;1;1;2;3\nc;12;4"
    assert parse_counts(text) == Counts(9, 2, 6, 1, unexpected=1, timed_out=5)


@pytest.mark.parametrize("text", ["", _HEAD, _HEAD + "a;1"])
def test_no_row_yet_counts_nothing(text: str) -> None:
    assert parse_counts(text) == Counts()


def test_event_line() -> None:
    line = "EVENT answered c-1 2026-11-22\t15:40:01.305195\t1795362001.305195 rtp=34812 user=ag1"
    assert parse_event(line) == Event(
        "answered", "c-1", 1795362001.305195, {"rtp": "34812", "user": "ag1"}
    )
    assert parse_event("something else") is None
    assert parse_event("EVENT half a line x y z") is None


def test_setup_is_from_dialled_to_answered_of_the_same_call() -> None:
    events = [
        Event("dialled", "a", 10.0),
        Event("dialled", "b", 10.010),
        Event("answered", "b", 10.030),
        Event("answered", "a", 10.050),
        Event("answered", "unknown", 11.0),
    ]
    assert setup_times_ms(events) == pytest.approx([20.0, 50.0])


def test_percentiles_are_nearest_rank() -> None:
    assert percentiles([]).p50_ms is None
    figures = percentiles([float(value) for value in range(1, 101)])
    assert (figures.n, figures.p50_ms, figures.p95_ms, figures.p99_ms, figures.max_ms) == (
        100, 50.0, 95.0, 99.0, 100.0,
    )  # fmt: skip
    assert percentiles([7.0]).p99_ms == 7.0


def test_exit_codes_in_words() -> None:
    assert exit_meaning(1) == "at least one call failed"
    assert exit_meaning(-9) == "ended by signal 9"
    assert "42" in exit_meaning(42)


def test_poisson_arrivals_are_seeded_and_poisson() -> None:
    times = arrivals(20, 500, rng=random.Random(7))
    assert times == arrivals(20, 500, rng=random.Random(7))
    assert times == sorted(times)
    assert len(times) == pytest.approx(10_000, rel=0.04)
    per_second = [0] * 500
    for at_ms in times:
        per_second[at_ms // 1000] += 1
    mean = sum(per_second) / 500
    variance = sum((count - mean) ** 2 for count in per_second) / 499
    assert variance / mean == pytest.approx(1.0, abs=0.25)  # even arrivals would give about 0


def test_even_arrivals_are_exact() -> None:
    assert arrivals(4, 1, rng=random.Random(0), pattern=Pattern.EVEN) == [0, 250, 500, 750]
    with pytest.raises(ValueError, match="positive"):
        arrivals(0, 1, rng=random.Random(0))


def test_injection_file_takes_creation_into_account() -> None:
    plan = [
        CallPlan(0, "3001", "+331", digits="12", digits_after_ms=700, hang_up_after_ms=900),
        CallPlan(5000, "3002", "+332", patience_ms=2000),
    ]
    lines = injection_file(plan, lead_ms=300, created_per_s=100).splitlines()
    assert lines[0] == "SEQUENTIAL"
    assert lines[1] == "300;3001;+331;12;700;900;86400000;1400;"
    assert lines[2] == "5290;3002;+332;;1000;86400000;2000;300;"


@pytest.mark.parametrize(
    "plan",
    [[], [CallPlan(2, "1", "2"), CallPlan(1, "1", "2")], [CallPlan(0, "1;2", "3")]],
    ids=["empty", "unordered", "semicolon"],
)
def test_a_plan_sipp_cannot_carry_is_refused(plan: list[CallPlan]) -> None:
    with pytest.raises(ValueError):
        injection_file(plan, lead_ms=0, created_per_s=1000)
