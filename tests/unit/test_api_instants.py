"""Instants that clients name: milliseconds since 1970, and nothing that is plainly another unit."""

from __future__ import annotations

import pytest

from api.instants import read_instant
from api.shapes import EARLIEST_MS, LATEST_MS, in_milliseconds

NOW_S = 1_795_923_921
"""An instant of November 2026, in seconds."""


@pytest.mark.parametrize("at", [0, EARLIEST_MS, NOW_S * 1000, LATEST_MS - 1])
def test_milliseconds_are_taken(at: int) -> None:
    assert in_milliseconds(at) == at


@pytest.mark.parametrize(
    ("at", "hint"),
    [
        (NOW_S, f"if it is in seconds, write {NOW_S}000"),
        (1, "if it is in seconds, write 1000"),
        (EARLIEST_MS - 1, "seconds"),
        (LATEST_MS, "microseconds"),
        (NOW_S * 10**6, f"if it is in microseconds, write {NOW_S}000"),
        (NOW_S * 10**9, f"if it is in nanoseconds, write {NOW_S}000"),
        (-1, "before 1970"),
        (-NOW_S * 1000, "before 1970"),
    ],
)
def test_other_units_are_refused_with_what_to_write(at: int, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        in_milliseconds(at)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1790000000000", 1_790_000_000_000),
        ("2026-09-21T13:33:20Z", 1_789_997_600_000),
        ("2026-09-21t13:33:20z", 1_789_997_600_000),
        ("2026-09-21 15:33:20+02:00", 1_789_997_600_000),
        ("2026-09-21T15:33:20 02:00", 1_789_997_600_000),  # a `+` of an address not encoded
        ("2026-09-21T13:33:20.5Z", 1_789_997_600_500),
        ("2026-09-21T13:33:20.123456789Z", 1_789_997_600_123),
        ("1969-12-31T23:59:59Z", -1_000),  # told apart from other units by what follows
    ],
)
def test_rfc_3339_with_its_offset_is_read(text: str, at: int) -> None:
    assert read_instant(text) == at


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-09-21T13:33:20", "no offset"),
        ("2026-09-21", "no instant"),
        ("2026-02-30T13:33:20Z", "no such time"),
        ("2026-09-21T24:61:20Z", "no such time"),
        ("2026-09-21T13:33:20+99:00", "no such time"),
        ("tomorrow", "no instant"),
        ("", "no instant"),
        ("1e12", "no instant"),
        ("\u0661\u0662", "no instant"),
    ],
)
def test_other_texts_are_refused_with_what_to_write(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"{why}.*write UTC milliseconds"):
        read_instant(text)


@pytest.mark.parametrize("value", [5, 5.0, True, None, [], {}])
def test_what_is_no_text_is_for_the_next_check(value: object) -> None:
    assert read_instant(value) is value
