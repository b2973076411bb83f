"""Reads the `hours:` of a flow document into calendars.

Decides how opening hours are written and what is wrong with them; `ivr.hours` evaluates them.
"""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

from acd.opening import DAYS, holiday_fault
from ivr.faults import did_you_mean
from ivr.model import Calendar, OpenRange
from ivr.source import Place

DEFAULT_ZONE = "Europe/Paris"

_KEYS = ("zone", "weekly", "closed", "special", "holidays")
_RANGE = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


def read_calendars(place: Place) -> dict[str, Calendar]:
    """Calendars by name. One with a fault is there too, closed where it could not be read."""
    calendars: dict[str, Calendar] = {}
    for key, value in place.pairs("“hours”"):
        name = key.name("the name of a calendar")
        if name is not None:
            calendars[name] = _calendar(name, value)
    return calendars


def _calendar(name: str, place: Place) -> Calendar:
    fields = place.fields(f"calendar “{name}”", _KEYS, ("weekly",))
    special: dict[date, tuple[OpenRange, ...]] = {}
    if "special" in fields:
        for key, value in fields["special"].pairs("“special”"):
            day = _date(key)
            if day is not None:
                special[day] = _ranges(value)
    if "closed" in fields:
        for item in fields["closed"].items():
            day = _date(item)
            if day is not None and special.get(day):
                item.fault(f"{day} is both closed and in “special”; keep one")
            elif day is not None:
                special[day] = ()
    return Calendar(
        name=name,
        zone=_zone(fields["zone"]) if "zone" in fields else DEFAULT_ZONE,
        weekly=_weekly(fields["weekly"]) if "weekly" in fields else ((),) * 7,
        special=special,
        holidays=_holidays(fields["holidays"]) if "holidays" in fields else None,
    )


def _zone(place: Place) -> str:
    word = place.text("“zone”")
    if word is not None:
        try:
            return ZoneInfo(word).key
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            place.fault(f"there is no time zone “{word[:80]}”; write it like Europe/Paris")
    return DEFAULT_ZONE


def _holidays(place: Place) -> str | None:
    word = place.text("“holidays”")
    if word is None:
        return None
    if wrong := holiday_fault(word):
        place.fault(f"no public holidays for “{word[:80]}”: {wrong}; write a country like FR")
        return None
    return word


def _weekly(place: Place) -> tuple[tuple[OpenRange, ...], ...]:
    week: list[tuple[OpenRange, ...]] = [()] * 7
    told: set[int] = set()
    for key, value in place.pairs("“weekly”"):
        ranges = _ranges(value)
        for day in _days(key):
            if day in told:
                key.fault(f"{DAYS[day]} is given twice")
            told.add(day)
            week[day] = ranges
    return tuple(week)


def _days(place: Place) -> list[int]:
    """Days that a key names: `mon`, `mon-fri`, `tue,thu`, `daily`."""
    if place.raw == "daily":
        return list(range(7))
    days: list[int] = []
    for part in place.raw.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        for word in (first, last) if dash else (first,):
            if word not in DAYS:
                place.fault(f"“{word[:80]}” is not a day{did_you_mean(word, (*DAYS, 'daily'))}")
                return []
        start = DAYS.index(first)
        count = (DAYS.index(last) - start) % 7 + 1 if dash else 1
        days += [(start + step) % 7 for step in range(count)]
    return days


def _ranges(place: Place) -> tuple[OpenRange, ...]:
    """Opening hours of one day, in order; an empty list means closed."""
    ranges: list[OpenRange] = []
    for item in place.items():
        found = _range(item)
        if found is None:
            continue
        if any(found.start < other.end and other.start < found.end for other in ranges):
            item.fault(f"{item.raw} overlaps another opening of the same day")
        ranges.append(found)
    return tuple(sorted(ranges))


def _range(place: Place) -> OpenRange | None:
    word = place.word("an opening range")
    if word is None:
        return None
    match = _RANGE.fullmatch(word)
    if match is None:
        place.fault(f"“{word[:80]}” is not a time range; write it like 08:30-18:00")
        return None
    start_h, start_m, end_h, end_m = (int(group) for group in match.groups())
    start, end = start_h * 60 + start_m, end_h * 60 + end_m
    if start_m > 59 or end_m > 59 or start >= 1440 or end > 1440:
        place.fault(f"{word}: times go from 00:00 to 24:00")
        return None
    if start >= end:
        place.fault(
            f"{word} ends before it begins; for a night, split it at midnight: "
            f"{word.partition('-')[0].strip()}-24:00 and 00:00-{word.partition('-')[2].strip()} "
            "on the next day"
        )
        return None
    return OpenRange(start, end)


def _date(place: Place) -> date | None:
    word = place.word("a date")
    if word is None:
        return None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            place.fault(f"there is no day {word}")
            return None
    place.fault(f"“{word[:80]}” is not a date; write it like 2026-12-25")
    return None
