"""How opening hours and public holidays are written, and what they mean. Pure.

Knows spans of a local day, days of the week, the codes of countries, and whether a calendar is open
at an instant, which is given in UTC milliseconds. Times are local to the calendar's zone, so that
opening hours stay on the wall clock when summer time begins or ends.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from acd.config import Calendar, OpenSpan

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SPAN: Final = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


def read_span(text: str) -> OpenSpan:
    """`08:30-18:00` as minutes of the day. Raises ValueError with a sentence."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"“{text[:80]}” is not a time range; write it like 08:30-18:00")
    start_h, start_m, end_h, end_m = (int(group) for group in match.groups())
    start, end = start_h * 60 + start_m, end_h * 60 + end_m
    if start_m > 59 or end_m > 59 or start >= 1440 or end > 1440:
        raise ValueError(f"{text.strip()}: times go from 00:00 to 24:00")
    if start >= end:
        first, _, last = (part.strip() for part in text.partition("-"))
        raise ValueError(
            f"{text.strip()} ends before it begins; for a night, split it at midnight: "
            f"{first}-24:00 and 00:00-{last} on the next day"
        )
    return OpenSpan(start, end)


def read_spans(texts: Sequence[str]) -> tuple[OpenSpan, ...]:
    """The spans of one day, in order. Raises ValueError where one is wrong or two overlap."""
    spans = sorted(read_span(text) for text in texts)
    for earlier, later in itertools.pairwise(spans):
        if later.start < earlier.end:
            raise ValueError(f"{write_span(later)} overlaps {write_span(earlier)}")
    return tuple(spans)


def write_span(span: OpenSpan) -> str:
    """Minutes of the day as `08:30-18:00`."""
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (span.start, span.end))


def read_days(text: str) -> tuple[int, ...]:
    """The days that a word names, from 0 (Monday): `mon`, `mon-fri`, `tue,thu`, `daily`.

    Raises ValueError with a sentence.
    """
    if text.strip() == "daily":
        return tuple(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        for word in (first, last) if dash else (first,):
            if word not in DAYS:
                raise ValueError(f"“{word[:80]}” is not a day; write {', '.join(DAYS)} or daily")
        start = DAYS.index(first)
        count = (DAYS.index(last) - start) % 7 + 1 if dash else 1
        days += [(start + step) % 7 for step in range(count)]
    return tuple(days)


@lru_cache(maxsize=256)
def holiday_dates(code: str, year: int) -> frozenset[date]:
    """The public holidays of a country or a part of it (`FR`, `FR-57`) in one year.

    Raises NotImplementedError (of the library) for a code that it does not know.
    """
    import holidays  # takes a while, and many floors have no calendar

    # Dates only: the library's own mapping grows when it is asked for other years, and its names
    # depend on the machine's language.
    country, _, subdivision = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


def holiday_fault(code: str) -> str | None:
    """What is wrong with a code of public holidays, None if nothing is."""
    try:
        holiday_dates(code, 2026)
    except NotImplementedError as error:
        return str(error)
    return None


# ---- at an instant ----------------------------------------------------------------------------

SEARCHED_DAYS: Final = 400
"""How far ahead an opening is looked for: more than a year, for calendars of special days alone."""

_DAY_MS: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_open(calendar: Calendar, now_ms: int) -> bool:
    """Whether `calendar` is open at `now_ms` (UTC ms)."""
    local = (_EPOCH + timedelta(milliseconds=now_ms)).astimezone(_zone(calendar.zone))
    minute = local.hour * 60 + local.minute
    return any(span.start <= minute < span.end for span in spans_of(calendar, local.date()))


def next_opening(calendar: Calendar, now_ms: int) -> int | None:
    """The first instant from `now_ms` on (UTC ms) at which the calendar is open.

    None: not within `SEARCHED_DAYS`.
    """
    zone = _zone(calendar.zone)
    for start in range(now_ms, now_ms + SEARCHED_DAYS * _DAY_MS, _DAY_MS):
        for begins, ends, ahead in _steady(zone, start, start + _DAY_MS):
            found = _first_open(calendar, begins, ends, ahead)
            if found is not None:
                return found
    return None


def _first_open(calendar: Calendar, begins: int, ends: int, ahead: int) -> int | None:
    """The first open instant of [begins, ends), while clocks are `ahead` ms ahead of UTC."""
    midnight = (begins + ahead) // _DAY_MS * _DAY_MS - ahead
    for day_begins in range(midnight, ends, _DAY_MS):
        day = (_EPOCH + timedelta(milliseconds=day_begins + ahead)).date()
        for span in spans_of(calendar, day):
            opens, closes = (day_begins + minute * 60_000 for minute in (span.start, span.end))
            first = max(begins, opens)
            if first < min(ends, closes):
                return first
    return None


def _steady(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """[start, end) in parts (begins, ends, ms ahead of UTC) in which nobody sets the clocks.

    No zone has set them twice within six hours.
    """
    began = start
    while start < end:
        until = min(start + 6 * 3_600_000, end)
        before, after = _ahead(zone, start), _ahead(zone, until)
        if before != after:
            early, late = start, until
            while late - early > 1:
                middle = (early + late) // 2
                early, late = (middle, late) if _ahead(zone, middle) == before else (early, middle)
            yield began, late, before
            began = late
        start = until
    if began < end:
        yield began, end, _ahead(zone, began)


def _ahead(zone: ZoneInfo, at: int) -> int:
    """How far clocks of the zone are ahead of UTC at `at`, in ms."""
    offset = (_EPOCH + timedelta(milliseconds=at)).astimezone(zone).utcoffset()
    return round((offset or timedelta()).total_seconds() * 1000)


def spans_of(calendar: Calendar, day: date) -> tuple[OpenSpan, ...]:
    """When the calendar is open on one local day: special days first, then holidays, then weeks."""
    name = day.isoformat()
    special = calendar.special.get(name)
    if special is not None:
        return special
    return () if name in calendar.holidays else calendar.weekly[day.weekday()]


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    """The zone of that name; one that does not exist, which nothing lets in, counts as UTC."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
