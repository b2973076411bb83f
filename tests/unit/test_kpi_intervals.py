"""Cutting time: nothing is lost at a border, days follow the clocks."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.intervals import Interval, clip, edges, index_of, without

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
borders_of = st.lists(st.integers(0, 10_000), min_size=2, max_size=12, unique=True).map(sorted)


@given(borders=borders_of, start=st.integers(0, 10_000), length=st.integers(0, 10_000))
def test_the_clipped_parts_are_the_whole(borders: list[int], start: int, length: int) -> None:
    end = start + length
    parts = list(clip(borders, start, end))
    inside = max(0, min(end, borders[-1]) - max(start, borders[0]))
    assert sum(ms for _, ms in parts) == inside
    for index, ms in parts:
        assert 0 < ms <= borders[index + 1] - borders[index]
        assert ms == min(end, borders[index + 1]) - max(start, borders[index])


@given(borders=borders_of, at=st.integers(-5, 10_005))
def test_each_instant_is_in_one_interval(borders: list[int], at: int) -> None:
    found = [i for i, (start, end) in enumerate(pairwise(borders)) if start <= at < end]
    assert index_of(borders, at) == (found[0] if found else None)


spans = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda s: (min(s), max(s)))


@given(span=spans, holes=st.lists(spans, max_size=6))
def test_what_is_cut_out_is_gone_and_nothing_else(
    span: tuple[int, int], holes: list[tuple[int, int]]
) -> None:
    left = {ms for start, end in without(span, holes) for ms in range(start, end)}
    cut = {ms for start, end in holes for ms in range(start, end)}
    assert left == set(range(*span)) - cut


@given(
    start=st.integers(1_600_000_000_000, 1_900_000_000_000),
    length=st.integers(1, 40 * 86_400_000),
    interval=st.sampled_from(Interval),
    zone=st.sampled_from(["Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
)
def test_borders_rise_and_end_at_the_range(
    start: int, length: int, interval: Interval, zone: str
) -> None:
    found = edges(start, start + length, interval, ZoneInfo(zone))
    assert (found[0], found[-1]) == (start, start + length)
    assert all(a < b for a, b in pairwise(found))


@pytest.mark.parametrize(("day", "hours"), [((2024, 3, 31), 23), ((2024, 10, 27), 25)])
def test_days_when_the_clocks_change(day: tuple[int, int, int], hours: int) -> None:
    midnight = datetime(*day, tzinfo=PARIS)
    start = int(midnight.timestamp() * 1000)
    noon_two_days_on = start + 60 * 3_600_000
    found = edges(start, noon_two_days_on, Interval.DAY, PARIS)
    assert found[1] - found[0] == hours * 3_600_000
    assert len(edges(start, found[1], Interval.M15, PARIS)) == hours * 4 + 1


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        edges(5, 5, Interval.DAY, PARIS)
