"""Local times in the nights in which clocks are set, looked at minute by minute.

Whatever is worked out from a wall clock is compared with a plain walk over the minutes: openings,
the days of reports, the day that the counts of the floor are of.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from acd.config import Calendar, OpenSpan
from acd.counting.tally import Tally, day_start
from acd.model import CalendarId
from acd.opening import is_open, next_opening
from ivr.hours import verdict
from ivr.model import Calendar as FlowCalendar
from ivr.model import OpenRange
from kpi.intervals import Interval, edges

pytestmark = pytest.mark.unit

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NIGHTS = [
    ("Europe/Paris", "2026-03-29T01:00Z"),
    ("Europe/Paris", "2026-10-25T01:00Z"),
    ("Europe/London", "2026-03-29T01:00Z"),
    ("Europe/London", "2026-10-25T01:00Z"),
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),  # half an hour
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00Z"),  # Ramadan
    ("Africa/Casablanca", "2026-03-22T02:00Z"),
    ("America/Santiago", "2026-09-06T04:00Z"),  # no midnight
    ("America/Santiago", "2026-04-05T03:00Z"),  # the hour before midnight twice
    ("America/Havana", "2024-11-03T05:00Z"),  # midnight twice
    ("America/Havana", "2024-03-10T05:00Z"),  # no midnight
    ("Pacific/Apia", "2011-12-30T10:00Z"),  # no 30 December
]
"""Zones with an instant at which their clocks are set."""


def instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))


def text(at: int | None) -> str | None:
    """An instant as a failed comparison shows it best."""
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat()


def walked(calendar: Calendar, now_ms: int, until_ms: int) -> int | None:
    """The first open instant before `until_ms`; openings and clocks change at whole minutes."""
    if is_open(calendar, now_ms):
        return now_ms
    minutes = range((now_ms // MINUTE + 1) * MINUTE, until_ms, MINUTE)
    return next((at for at in minutes if is_open(calendar, at)), None)


def spans(chance: random.Random) -> tuple[OpenSpan, ...]:
    """Up to three spans of a day, many of them in the small hours."""
    count = chance.choice((0, 1, 1, 2, 3))
    latest = chance.choice((4 * 60, 1440))
    edges_ = sorted(chance.sample(range(0, latest + 1, chance.choice((1, 15, 30))), 2 * count))
    return tuple(OpenSpan(a, b) for a, b in zip(edges_[::2], edges_[1::2], strict=True))


def calendar(chance: random.Random, zone: str, night: int) -> Calendar:
    days = [local(night + ahead * DAY, zone).date().isoformat() for ahead in (-1, 0, 1)]
    return Calendar(
        CalendarId("office"),
        zone,
        tuple(spans(chance) for _ in range(7)),
        special={day: spans(chance) for day in days if chance.random() < 0.3},
        holidays=frozenset(day for day in days if chance.random() < 0.2),
    )


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_the_next_opening_is_the_first_instant_at_which_it_is_open(zone: str, night: str) -> None:
    changed = instant(night)
    assert local(changed - 1, zone).utcoffset() != local(changed, zone).utcoffset()
    for seed in range(25):
        chance = random.Random(f"{zone} {night} {seed}")
        office = calendar(chance, zone, changed)
        now = changed + chance.choice(
            (chance.randrange(-DAY, DAY), chance.randrange(-2 * HOUR, 2 * HOUR), -1, 0, 1)
        )
        until = now + 2 * DAY
        expected, found = walked(office, now, until), next_opening(office, now)
        if expected is None:
            assert found is None or found >= until, seed
        else:
            assert text(found) == text(expected), seed


@pytest.mark.parametrize(
    ("now", "opens", "span"),
    [
        # Clocks go from 02:00 to 03:00: what opens at 02:30 is open as soon as they have.
        ("2026-03-29T00:00Z", "2026-03-29T01:00Z", (150, 300)),
        ("2026-03-29T00:00Z", "2026-03-29T01:00Z", (120, 300)),
        # Open from 02:15 to 02:45, which this night has not: the next one.
        ("2026-03-29T00:00Z", "2026-03-30T00:15Z", (135, 165)),
        # Clocks go from 03:00 back to 02:00: from 02:30 to 03:00 it is open twice.
        ("2026-10-24T23:00Z", "2026-10-25T00:30Z", (150, 180)),
        ("2026-10-25T01:00Z", "2026-10-25T01:30Z", (150, 180)),
        ("2026-10-25T00:45Z", "2026-10-25T00:45Z", (150, 180)),
        # Closed at 02:30 for the first time, open again when it is 02:00 once more.
        ("2026-10-25T00:30Z", "2026-10-25T01:00Z", (120, 150)),
    ],
)
def test_openings_in_the_nights_of_the_change_in_paris(
    now: str, opens: str, span: tuple[int, int]
) -> None:
    office = Calendar(CalendarId("night"), "Europe/Paris", ((OpenSpan(*span),),) * 7)
    assert text(next_opening(office, instant(now))) == text(instant(opens))


# ---- days --------------------------------------------------------------------------------------


def first_of_its_day(at: int, zone: str) -> int:
    """The first minute with the local date of `at`, by walking back."""
    day = local(at, zone).date()
    at -= at % MINUTE
    while local(at - MINUTE, zone).date() == day:
        at -= MINUTE
    # Clocks set back over midnight show the day before once more.
    earlier = [back for back in range(at - 2 * HOUR, at, MINUTE) if local(back, zone).date() == day]
    return min([at, *earlier])


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_the_day_of_the_counts_begins_with_its_first_minute(zone: str, night: str) -> None:
    changed = instant(night)
    for hours in (-30, -25, -3, -1, 0, 1, 3, 13, 25, 30):
        at = changed + hours * HOUR
        assert text(day_start(at, ZoneInfo(zone))) == text(first_of_its_day(at, zone))


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_the_counts_begin_anew_once_a_day(zone: str, night: str) -> None:
    changed = instant(night)
    tally = Tally(ZoneInfo(zone), changed - 2 * DAY)
    for at in range(changed - 2 * DAY, changed + 2 * DAY, 7 * MINUTE):
        tally.turn_day(at)
        assert text(tally.counted_from) == text(day_start(at, ZoneInfo(zone)))


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
@pytest.mark.parametrize("interval", list(Interval))
def test_intervals_tile_the_range_and_days_begin_as_on_the_wall(
    zone: str, night: str, interval: Interval
) -> None:
    changed = instant(night)
    start, end = changed - 40 * HOUR, changed + 41 * HOUR
    borders = edges(start, end, interval, ZoneInfo(zone))
    assert (borders[0], borders[-1]) == (start, end)
    assert all(a < b for a, b in pairwise(borders))
    firsts = {first_of_its_day(at, zone) for at in range(start, end + DAY, 6 * HOUR)}
    inside = {at for at in firsts if start < at < end}
    if interval is Interval.DAY:
        assert set(borders[1:-1]) == inside
    elif interval is not Interval.WHOLE:
        # Shorter ones are cut at each midnight, and never span two days.
        assert inside <= set(borders)
        length = int(interval.removesuffix("m")) * MINUTE
        assert all(b - a <= length for a, b in pairwise(borders))


def test_days_of_23_and_25_hours() -> None:
    paris = ZoneInfo("Europe/Paris")
    for text_, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)):
        start = round(datetime.fromisoformat(text_).replace(tzinfo=paris).timestamp() * 1000)
        next_day = datetime.fromisoformat(text_) + timedelta(days=1)
        end = round(next_day.replace(tzinfo=paris).timestamp() * 1000)
        assert len(edges(start, end, Interval.M60, paris)) - 1 == hours


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_a_flow_is_open_on_the_same_wall_clock_as_a_queue(zone: str, night: str) -> None:
    changed = instant(night)
    chance = random.Random(f"{zone} {night}")
    weekly = tuple(spans(chance) for _ in range(7))
    of_queue = Calendar(CalendarId("office"), zone, weekly)
    ranges = tuple(tuple(OpenRange(span.start, span.end) for span in day) for day in weekly)
    of_flow = FlowCalendar("office", zone, ranges)
    for at in range(changed - 3 * HOUR, changed + 3 * HOUR, MINUTE):
        assert verdict(of_flow, at).open is is_open(of_queue, at)
