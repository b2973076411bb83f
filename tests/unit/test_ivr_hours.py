"""Opening hours on the wall clock: summer time, public holidays, exceptional days."""

from __future__ import annotations

from datetime import datetime

import pytest

from acd.opening import holiday_fault
from ivr.document import load
from ivr.hours import verdict
from ivr.model import Calendar

pytestmark = pytest.mark.unit

DOCUMENT = """
flow: test
start: a
hours:
  office:
    holidays: FR
    weekly: {mon-fri: [08:30-12:30, 13:30-18:00], sat: 09:00-12:00}
    closed: [2026-05-15]
    special: {2026-07-14: 10:00-12:00, 2026-12-24: []}
  night: {zone: America/Martinique, weekly: {daily: [22:00-24:00, 00:00-06:00]}}
  week_end: {weekly: {fri-mon: 10:00-11:00}}
  alsace: {holidays: FR-57, weekly: {daily: 00:00-24:00}}
nodes:
  a: {kind: hang_up}
"""


def calendar(name: str) -> Calendar:
    return load(DOCUMENT).calendars[name]


def ms(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp() * 1000)


@pytest.mark.parametrize(
    ("name", "at", "is_open", "because"),
    [
        ("office", "2026-01-12T08:29:59.999+01:00", False, "weekly"),
        ("office", "2026-01-12T08:30+01:00", True, "weekly"),
        ("office", "2026-01-12T12:30+01:00", False, "weekly"),
        ("office", "2026-01-12T13:30+01:00", True, "weekly"),
        ("office", "2026-01-17T11:59+01:00", True, "weekly"),
        ("office", "2026-01-18T11:00+01:00", False, "weekly"),
        # The wall clock, in summer as in winter: 06:30 UTC is 08:30 in July, 07:30 in January.
        ("office", "2026-07-13T06:30+00:00", True, "weekly"),
        ("office", "2026-01-13T06:30+00:00", False, "weekly"),
        ("office", "2026-03-30T06:30+00:00", True, "weekly"),
        ("office", "2026-05-01T10:00+02:00", False, "public_holiday"),
        ("office", "2026-05-15T10:00+02:00", False, "special"),
        # A special day goes before the public holiday on the same date.
        ("office", "2026-07-14T10:00+02:00", True, "special"),
        ("office", "2026-07-14T14:00+02:00", False, "special"),
        ("office", "2026-12-24T10:00+01:00", False, "special"),
        ("night", "2026-01-12T23:00-04:00", True, "weekly"),
        ("night", "2026-01-12T05:59-04:00", True, "weekly"),
        ("night", "2026-01-12T06:00-04:00", False, "weekly"),
        ("week_end", "2026-01-11T10:30+01:00", True, "weekly"),
        ("week_end", "2026-01-12T10:30+01:00", True, "weekly"),
        ("week_end", "2026-01-13T10:30+01:00", False, "weekly"),
        ("alsace", "2026-04-03T10:00+02:00", False, "public_holiday"),
        ("alsace", "2026-04-02T10:00+02:00", True, "weekly"),
    ],
)
def test_open_or_not(name: str, at: str, is_open: bool, because: str) -> None:
    found = verdict(calendar(name), ms(at))
    assert found.open is is_open
    assert found.because == because


def test_codes_of_public_holidays() -> None:
    assert holiday_fault("FR") is None
    assert holiday_fault("FR-57") is None
    assert holiday_fault("XX") is not None
    assert holiday_fault("FR-nowhere") is not None
    assert holiday_fault("") is not None
