"""When a calendar is open and when it opens next, over special days, holidays and summer time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from acd.config import Calendar, OpenSpan
from acd.model import CalendarId
from acd.opening import is_open, next_opening

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
DAY = (OpenSpan(9 * 60, 12 * 60), OpenSpan(14 * 60, 18 * 60))
OFFICE = Calendar(
    CalendarId("office"),
    "Europe/Paris",
    (DAY, DAY, DAY, DAY, DAY, (), ()),
    special={"2026-12-24": (OpenSpan(9 * 60, 12 * 60),), "2026-07-14": (OpenSpan(600, 660),)},
    holidays=frozenset({"2026-12-25", "2026-07-14", "2026-05-01"}),
)


def at(text: str, zone: ZoneInfo = PARIS) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T09:00:00", True),
        ("2026-11-23T11:59:59", True),
        ("2026-11-23T12:00:00", False),
        ("2026-11-22T10:00:00", False),
        ("2026-12-24T15:00:00", False),
        ("2026-12-24T11:00:00", True),
        ("2026-12-25T10:00:00", False),
        ("2026-07-14T10:30:00", True),
        ("2026-05-01T10:00:00", False),
    ],
)
def test_a_calendar_is_open_on_the_wall_clock_of_its_zone(text: str, expected: bool) -> None:
    assert is_open(OFFICE, at(text)) is expected


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23T10:00:00", "2026-11-23T10:00:00"),
        ("2026-11-23T12:30:00", "2026-11-23T14:00:00"),
        ("2026-11-20T18:00:00", "2026-11-23T09:00:00"),
        ("2026-12-24T12:00:00", "2026-12-28T09:00:00"),
        ("2026-03-27T19:00:00", "2026-03-30T09:00:00"),
        ("2026-10-23T19:00:00", "2026-10-26T09:00:00"),
    ],
)
def test_the_next_opening_skips_closed_days_and_keeps_to_the_wall_clock(
    now: str, opens: str
) -> None:
    assert next_opening(OFFICE, at(now)) == at(opens)


def test_a_calendar_that_never_opens_has_no_next_opening() -> None:
    never = Calendar(CalendarId("never"), "Europe/Paris", ((),) * 7)
    assert next_opening(never, at("2026-11-23T10:00:00")) is None


def test_midnight_to_midnight_is_always_open() -> None:
    always = Calendar(CalendarId("always"), "Europe/Paris", ((OpenSpan(0, 1440),),) * 7)
    for hour in range(0, 24 * 400, 7):
        assert is_open(always, at("2026-01-01T00:00:00") + hour * 3_600_000)


def test_a_zone_that_does_not_exist_counts_as_utc() -> None:
    lost = Calendar(CalendarId("lost"), "Europe/Atlantis", (DAY,) * 7)
    assert is_open(lost, at("2026-11-22T09:00:00", ZoneInfo("UTC")))
    assert not is_open(lost, at("2026-11-22T08:59:00", ZoneInfo("UTC")))
