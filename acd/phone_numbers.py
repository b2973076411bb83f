"""Telephone numbers as people and trunks write them, made E.164. Pure.

One form everywhere, so that a caller's number, a booked callback and a list of lost calls meet.
Whether a number may be called is decided elsewhere, who calls in `acd.caller_identity`.

How each country writes its numbers is libphonenumber's knowledge, by its Python port.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, ValidationResult

from acd.errors import Unreadable

_PLAIN: Final = re.compile(r"\+?[0-9]+")
_SHORT: Final = re.compile(r"[0-9]{2,8}")
_WRITE: Final = (
    "this is no telephone number: write it as +33123456789, or nationally as 01 23 45 67 89",
    "ce n’est pas un numéro de téléphone : écrivez 01 23 45 67 89 ou +33123456789",
)

# ---- what people write -------------------------------------------------------------------------

_BETWEEN: Final = frozenset(".()/·\u2044\u2212\u30fb\uff08\uff09\uff0e\uff0f")
"""Written between groups of digits, beside blanks and dashes of all kinds."""

_PLUS: Final = frozenset("\uff0b\ufe62\u2795")
"""What looks like a plus and is none."""


def compact(text: str) -> str:
    """The text without what stands between digits, or in them unseen, as a copied number has it.

    Blanks of every width, dashes, dots and brackets go, and so do marks that nobody sees: of
    direction (U+200E, U+202A, U+2066…), of zero width, a soft hyphen. Digits and the plus of other
    scripts (full width, Arabic-Indic) become ours: they mean the same number. All else stays, so
    that who checks what is left sees it.
    """
    return "".join(_plain(char) for char in text.removeprefix("tel:"))


def _plain(char: str) -> str:
    if char.isascii() and (char.isalnum() or char in "+*#"):
        return char
    if char in _PLUS:
        return "+"
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.digit(char))
    # Zs blank, Cf unseen mark, Pd dash.
    unwanted = kind in ("Zs", "Cf", "Pd") or char.isspace() or char in _BETWEEN
    return "" if unwanted else char


@lru_cache(maxsize=10_000)
def to_e164(text: str, country_code: str) -> str:
    """The number in international form (ITU-T E.164: `+` and at most 15 digits).

    `country_code` is that of numbers written nationally (`33`). A number need not be in use: only
    its length must be possible in its country. Raises Unreadable.
    """
    plain = compact(text)
    # Letters would be read as keys or as an extension: nobody means that here.
    if not _PLAIN.fullmatch(plain):
        raise Unreadable(*_WRITE)
    region = phonenumbers.region_code_for_country_code(int(country_code))
    parsed = _parsed(plain, region)
    if parsed is None:
        raise Unreadable(*_WRITE)
    return _in_one_form(parsed)


def _in_one_form(parsed: PhoneNumber) -> str:
    """The number as it stays when it is read again.

    libphonenumber strips one zero, or one prefix of a carrier, a reading: `+234 00…` would become
    another number each time that it is kept. Each reading is shorter, so this ends.
    """
    written = ""
    again: PhoneNumber | None = parsed
    while again is not None:
        now = phonenumbers.format_number(again, phonenumbers.PhoneNumberFormat.E164)
        if now == written:
            break
        written = now
        again = _parsed(now, None)
    return written


def _parsed(plain: str, region: str | None) -> PhoneNumber | None:
    """The number; None where it cannot be one: of no country, too short, nothing but zeros."""
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
    # A number that only a neighbour may dial (seven digits in America) is none for us.
    how = phonenumbers.is_possible_number_with_reason(parsed)
    return parsed if how == ValidationResult.IS_POSSIBLE and parsed.national_number else None


def international(text: str) -> str:
    """A number that is written with its country's code, in one form (`+33 (0)1…` too); what is none
    only without what stands between digits, for the reader to judge.
    """
    plain = compact(text)
    if not plain.startswith("+"):
        return plain
    try:
        return to_e164(plain, "1")
    except ValueError:
        return plain


def as_dialled(text: str, country_code: str) -> str:
    """What somebody dials: 2 to 8 digits (a colleague, a service) as they are, else E.164.

    Raises Unreadable.
    """
    plain = compact(text)
    return plain if _SHORT.fullmatch(plain) else to_e164(plain, country_code)


def as_written(text: str, country_code: str) -> str:
    """The number that somebody looks for, in the form in which it is kept; what is no number as it
    was typed.
    """
    try:
        return as_dialled(text, country_code)
    except ValueError:
        return text.strip()


def without_options(user: str) -> str:
    """The user part of a SIP or tel URI without its parameters: `601;npdi` dials 601.

    RFC 4694 (`npdi`, `rn`), RFC 3966 (`phone-context`, `ext`); a carrier sends them as they came.
    """
    return user.split(";", 1)[0].strip()


# ---- who calls ---------------------------------------------------------------------------------

_WITHHELD_WORDS: Final = (
    "anonymous anonymouscaller anonyme anonymus anonym anonimo restricted restrictednumber "
    "presentationrestricted withheld numberwithheld callerwithheld withheldnumber private "
    "privatenumber privatecaller privatecall prive numeroprive privat privado numeroprivado "
    "blocked blockednumber blockedcall callblocked callerblocked calleridblocked idblocked "
    "nocallerid hidden hiddennumber masque numeromasque appelmasque masked secret numerosecret "
    "confidential confidentiel unterdruckt oculto riservato nonpresente numerononpresente"
)
_UNAVAILABLE_WORDS: Final = (
    "unavailable numberunavailable unknown unknownnumber unknowncaller inconnu numeroinconnu "
    "appelinconnu indisponible nondisponible notavailable outofarea nonumber none null nil "
    "undefined unbekannt desconocido sconosciuto nocid nodata noname nonumero sansnumero invalid"
)
_WITHHELD: Final = frozenset(_WITHHELD_WORDS.split())
_NOBODY: Final = _WITHHELD | frozenset(_UNAVAILABLE_WORDS.split())

_WITHHELD_KEYS: Final = frozenset({"266696687", "7378742833", "7748483", "2562533"})
"""ANONYMOUS, RESTRICTED, PRIVATE and BLOCKED as composed on a keypad (ITU-T E.161)."""

_NOBODYS_KEYS: Final = _WITHHELD_KEYS | {"86282452253", "8656696"}
"""Those, UNAVAILABLE and UNKNOWN."""

_LONG_KEYS: Final = frozenset(keys for keys in _NOBODYS_KEYS if len(keys) > 8)
"""Those that are nobody's behind a country's code either; the short ones are a few people's."""


def says_withheld(text: str) -> bool:
    """Whether a number or name, as the trunk shows it, only says that the caller hides theirs."""
    return _word(text) in _WITHHELD or _keys(text) in _WITHHELD_KEYS


def says_nobody(text: str) -> bool:
    """Whether a name, as the trunk shows it, is none: a word for hidden or unknown, or no letter
    and no digit at all.
    """
    word = _word(text)
    return not word or word in _NOBODY or _keys(text) in _NOBODYS_KEYS


def _word(text: str) -> str:
    """Letters and digits alone, without case and accents: `"No Caller-ID"` is `nocallerid`."""
    parts = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in parts if char.isalnum())


def _keys(text: str) -> str:
    return compact(text).removeprefix("+").removeprefix("00")


@lru_cache(maxsize=10_000)
def is_somebodys(number: str | None) -> bool:
    """Whether a number as shown tells who calls: one in international form that a subscriber can
    have. Nobody is recognised, called back or counted as the same person by anything else.

    Names, short numbers and the numbers that switches send for nobody (`0000000000`, ANONYMOUS on
    a keypad) are shared by many.
    """
    if number is None or not number.startswith("+") or not _PLAIN.fullmatch(number):
        return False
    parsed = _parsed(number, None)
    if parsed is None:
        return False
    national = str(parsed.national_number)
    if national in _LONG_KEYS or number[1:] in _NOBODYS_KEYS:
        return False
    if len(set(national)) == 1:
        # 06 66 66 66 66 may be a subscriber's; who fills a field with one digit takes 0 or 1.
        return national[0] not in "01" and phonenumbers.is_valid_number(parsed)
    return True


def as_shown(text: str | None, country_code: str) -> str | None:
    """A number as the trunk shows it, in one form; None where it is a word for nobody, or none.

    It begins with `+` exactly where it is somebody's (`is_somebodys`). What cannot be read stays as
    it is: a trunk may show a name or a short service number.
    """
    if not text or not text.strip():
        return None
    if _word(text) in _NOBODY or _keys(text) in _NOBODYS_KEYS:
        return None
    try:
        number = to_e164(text, country_code)
    except ValueError:
        number = ""
    if is_somebodys(number):
        return number
    return None if _ends_with_keys(number) else text.strip().lstrip("+").strip() or None


def _ends_with_keys(number: str) -> bool:
    parsed = _parsed(number, None)
    return parsed is not None and str(parsed.national_number) in _LONG_KEYS
