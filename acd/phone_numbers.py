"""Telephone numbers as people and trunks write them, made E.164. Pure.

One form everywhere, so that a caller's number, a booked callback and a list of lost calls meet.
Whether a number may be called is decided elsewhere.

How each country writes its numbers is libphonenumber's knowledge, by its Python port.
"""

from __future__ import annotations

import re
from typing import Final

import phonenumbers

_BETWEEN: Final = re.compile(r"[\s.()/\u2010-\u2015-]")
_PLAIN: Final = re.compile(r"\+?[0-9]+")
_WITHHELD: Final = frozenset({"anonymous", "restricted", "unavailable", "unknown"})
_SHORT: Final = re.compile(r"[0-9]{2,8}")


def to_e164(text: str, country_code: str) -> str:
    """The number in international form (ITU-T E.164: `+` and at most 15 digits).

    `country_code` is that of numbers written nationally (`33`). A number need not be in use: only
    its length must be possible in its country. Raises ValueError with a sentence.
    """
    # Letters would be read as keys or as an extension: nobody means that here.
    if not _PLAIN.fullmatch(_BETWEEN.sub("", text)):
        raise ValueError(_WRITE)
    region = phonenumbers.region_code_for_country_code(int(country_code))
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(_WRITE) from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError(_WRITE)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


_WRITE: Final = (
    "this is no telephone number: write it as +33123456789, or nationally as 01 23 45 67 89"
)


def as_dialled(text: str, country_code: str) -> str:
    """What somebody dials: 2 to 8 digits (a colleague, a service) as they are, else E.164.

    Raises ValueError.
    """
    compact = _BETWEEN.sub("", text)
    return compact if _SHORT.fullmatch(compact) else to_e164(text, country_code)


def is_somebodys(number: str | None) -> bool:
    """Whether a number as shown tells who calls: one in international form. Names and short numbers
    are shared by many.
    """
    return number is not None and number.startswith("+")


def as_shown(text: str | None, country_code: str) -> str | None:
    """A number as the trunk shows it, in one form; what cannot be read stays as it is (a trunk may
    show a name or a short service number), None where it is withheld, in whatever word.
    """
    if not text or text.strip().lower() in _WITHHELD:
        return None
    try:
        return to_e164(text, country_code)
    except ValueError:
        return text
