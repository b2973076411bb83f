"""Instants that clients name: milliseconds since 1970, and nothing that is plainly another unit."""

from __future__ import annotations

import pytest

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
