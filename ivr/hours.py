"""Whether a calendar is open at an instant. Pure: the instant is given in UTC milliseconds.

A special day goes before a public holiday, a public holiday before the week. Times are local to
the calendar's zone, so opening hours stay on the wall clock when summer time begins or ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from acd.opening import holiday_dates
from ivr.model import Calendar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Verdict(msgspec.Struct, frozen=True):
    """Open or not, and because of what (`weekly`, `special`, `public_holiday`)."""

    open: bool
    because: str


def verdict(calendar: Calendar, now_ms: int) -> Verdict:
    """Whether `calendar` is open at `now_ms` (UTC milliseconds)."""
    local = (_EPOCH + timedelta(milliseconds=now_ms)).astimezone(ZoneInfo(calendar.zone))
    today = local.date()
    if today in calendar.special:
        ranges, because = calendar.special[today], "special"
    elif calendar.holidays and today in holiday_dates(calendar.holidays, today.year):
        ranges, because = (), "public_holiday"
    else:
        ranges, because = calendar.weekly[today.weekday()], "weekly"
    minute = local.hour * 60 + local.minute
    return Verdict(any(each.start <= minute < each.end for each in ranges), because)
