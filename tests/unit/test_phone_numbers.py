"""Telephone numbers as people write them become E.164, or are refused with a sentence."""

from __future__ import annotations

import pytest

from acd.phone_numbers import as_dialled, as_shown, to_e164

pytestmark = pytest.mark.unit

PARIS = "+33123456789"


@pytest.mark.parametrize(
    "text",
    [
        "01 23 45 67 89",
        "+33 1 23 45 67 89",
        "0033123456789",
        "+33 (0)1.23.45.67.89",
        "01\u00a023-45-67/89",
    ],
)
def test_the_same_number_in_many_hands(text: str) -> None:
    assert to_e164(text, "33") == PARIS


def test_national_numbers_are_of_the_country_told() -> None:
    assert to_e164("02 123 45 67", "32") == "+3221234567"
    assert to_e164("+49 30 1234567", "33") == "+49301234567"


@pytest.mark.parametrize(
    "text", ["", "+", "12", "tel", "+0123456789", "+" + "1" * 16, "0x12345678"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as"):
        to_e164(text, "33")


def test_short_numbers_are_dialled_as_they_are() -> None:
    assert as_dialled("1002", "33") == "1002"
    assert as_dialled("36 15", "33") == "3615"
    assert as_dialled("01 23 45 67 89", "33") == PARIS
    with pytest.raises(ValueError, match="write it as"):
        as_dialled("1", "33")


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ("0612345678", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+441632960961", "+441632960961"),
        ("3900", "3900"),
        ("anonymous", None),
        ("Restricted", None),
        ("UNAVAILABLE", None),
        ("unknown", None),
        ("Alice", "Alice"),
        ("", None),
        (None, None),
    ],
)
def test_a_number_shown_by_the_trunk_stands_in_one_form(
    shown: str | None, read: str | None
) -> None:
    assert as_shown(shown, "33") == read
