"""Telephone numbers as people write them become E.164, or are refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.phone_numbers import (
    as_dialled,
    as_shown,
    as_written,
    compact,
    international,
    is_somebodys,
    says_withheld,
    to_e164,
    without_options,
)

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


@pytest.mark.parametrize(
    "text",
    [
        "01\u202f23\u202f45\u202f67\u202f89",
        "\u202a+33\u00a01 23 45 67 89\u202c",
        "\u200e01\u200923\u200745\u200a67\u300089\u200f",
        "\u2066+33 1 23 45 67 89\u2069",
        "\ufeff+33\u200b123\u206045678\u00ad9",
        "01\u201323\u201445\u201167\u221289",
        "01\t23\t45\t67\t89\n",
        "\uff0b\uff13\uff13\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",
        "\uff08\uff10\uff11\uff09\uff12\uff13\uff0d45.67.89",
        "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669",
        "tel:+33-1-23-45-67-89",
    ],
)
def test_a_number_is_read_as_it_was_copied(text: str) -> None:
    assert to_e164(text, "33") == PARIS
    assert as_dialled(text, "33") == PARIS
    assert as_written(text, "33") == PARIS


def test_what_is_written_on_a_small_figure_or_in_letters_is_no_digit() -> None:
    for text in (
        "01 23 45 67 8\u00b2",
        "01 23 45 67 8\u2155",
        "01 23 45 67 O9",
        "01 23 45 67 89 p.2",
    ):
        with pytest.raises(ValueError, match="write it as"):
            to_e164(text, "33")
    assert compact("36\u202f15") == "3615"
    assert as_dialled("\u202a10\u00a002\u202c", "33") == "1002"


def test_a_number_with_its_countrys_code_has_one_form_before_it_is_judged() -> None:
    assert international("+33 (0)1\u202f23 45 67 89") == PARIS
    assert international("+12") == "+12"
    assert international("36 31") == "3631"


def test_what_is_looked_for_and_is_no_number_stays_as_it_was_typed() -> None:
    assert as_written(" Alice ", "33") == "Alice"
    assert as_written("0612345678", "33") == "+33612345678"


@pytest.mark.parametrize(
    "number",
    [
        *("+266696687", "+33266696687", "+7378742833", "+17378742833", "+86282452253"),
        *("+0000000000", "+33000000000", "+10000000000", "+33111111111", "+11111111111"),
        *("+8656696", "+18656696", "+12", "+", "", "3900", "0612345678", "Alice", None),
        *("+33 6 12 34 56 78", "+33612345678;ext=1", "+\u0663\u0663612345678", "+336123456789012"),
    ],
)
def test_nobody_is_a_person_by_what_nobody_can_have(number: str | None) -> None:
    assert not is_somebodys(number)


@pytest.mark.parametrize(
    "number", ["+33612345678", "+33666666666", "+12125550123", "+441632960961", "+390612345678"]
)
def test_who_has_a_number_of_a_country_is_somebody(number: str) -> None:
    assert is_somebodys(number)


@pytest.mark.parametrize("country", ["33", "1", "44"])
@pytest.mark.parametrize(
    "shown",
    [
        *("Anonymous", '"Anonymous"', " ANONYMOUS ", "anonyme", "Restricted", "Private number"),
        *(
            "No Caller ID",
            "no-caller-id",
            "BLOCKED",
            "Withheld",
            "masqu\u00e9",
            "Num\u00e9ro masqu\u00e9",
        ),
        *("num\u00e9ro priv\u00e9", "unavailable", "<unknown>", "Inconnu", "out of area"),
        *("266696687", "+266696687", "00266696687", "7378742833", "+7378742833", "86282452253"),
        *("8656696", "7748483", "2562533"),
    ],
)
def test_words_of_the_trade_for_nobody_are_no_number(shown: str, country: str) -> None:
    assert as_shown(shown, country) is None


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        *(("0000000000", "0000000000"), ("+33000000000", "33000000000"), ("+12", "12")),
        *(("1111111111", "1111111111"), ("+123 rue", "123 rue")),
    ],
)
def test_what_nobody_can_have_is_shown_as_text_that_promises_no_number(
    shown: str, text: str
) -> None:
    assert as_shown(shown, "33") == text
    assert not is_somebodys(as_shown(shown, "33"))


def test_some_words_say_that_the_caller_wants_it_so() -> None:
    assert all(
        map(says_withheld, ("anonymous", "Restricted", "+266696687", "7378742833", "masqu\u00e9"))
    )
    assert not any(map(says_withheld, ("unavailable", "unknown", "0000000000", "+33612345678", "")))


def test_parameters_of_a_user_part_are_cut() -> None:
    assert without_options("601;npdi;rn=+33140000000") == "601"
    assert without_options("+33612345678") == "+33612345678"


@given(st.from_regex(r"\+[1-9]0{0,3}[0-9]{5,14}", fullmatch=True))
def test_a_number_in_international_form_stays_as_it_is_when_it_is_read_again(text: str) -> None:
    once = international(text)
    assert international(once) == once


def test_zeros_that_are_no_part_of_a_number_go_at_once() -> None:
    assert international("+234 00 503 035 1989") == "+2345030351989"
    assert international("+39 06 1234567") == "+39061234567"
