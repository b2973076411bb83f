"""Who calls, by the headers of an INVITE: number, name, and whether the number may be shown. Pure.

Read here and not by the switch: Asterisk takes for withheld nothing but the very words
`Privacy: id` and `privacy=full`, and finds no number where one header names two addresses.
Only the carrier's word counts; an agent's phone is known by its account.

RFC 3323 (Privacy, the anonymous From), RFC 3325 (P-Asserted-Identity), RFC 3966 (tel addresses),
draft-ietf-sip-privacy-04 (Remote-Party-ID).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

import msgspec

from acd.phone_numbers import as_shown, is_somebodys, says_nobody, says_withheld, without_options

_NOT_ABOUT_THE_CALLER: Final = frozenset({"none", "history"})
"""Values of Privacy that hide nobody: none asks for nothing to be hidden, history (RFC 7044) only
concerns who diverted the call. Each other hides the caller, words we do not know too.
"""

_ANONYMOUS_HOST: Final = "anonymous.invalid"
_LONGEST_NAME: Final = 200
"""Characters that are kept of a caller's name."""


class CallHeaders(msgspec.Struct, frozen=True):
    """The headers of an INVITE that tell who calls, as they came; empty where there was none.

    `privacy`, `asserted` (P-Asserted-Identity) and `party` (Remote-Party-ID) may have come more
    than once.
    """

    sender: str = ""
    privacy: tuple[str, ...] = ()
    asserted: tuple[str, ...] = ()
    party: tuple[str, ...] = ()


class Caller(msgspec.Struct, frozen=True):
    """Who calls. `number` in one form (`acd.phone_numbers.as_shown`), None where there is none or
    it may not be shown; then `withheld` says that the caller wants it so. `name` None: not shown.
    """

    number: str | None = None
    name: str | None = None
    withheld: bool = False


class _Address(msgspec.Struct, frozen=True):
    """One value of a header: its display name, the user part or number, host, parameters."""

    name: str
    user: str
    host: str = ""
    options: dict[str, str] = {}


def caller_of(headers: CallHeaders, country: str) -> Caller:
    """Who calls; never raises, whatever a header holds.

    `country` is the telephone code (`33`) of numbers that come without one. An asserted address
    whose number is somebody's comes first, then Remote-Party-ID's, then From's.
    """
    senders = list(_addresses([headers.sender]))[:1]
    asserted = list(_addresses(headers.asserted))
    parties = [
        address for address in _addresses(headers.party) if _is_calling_party(address.options)
    ]
    hidden = {word for address in parties for word in _party_privacy(address.options)}
    all_of_it = _asks_privacy(headers.privacy) or "full" in hidden
    shown = [] if all_of_it else [*asserted, *parties, *senders]
    explicit = "none" in _words(headers.privacy)
    anonymous = any(_is_anonymous(one) for one in (asserted if explicit else [*asserted, *senders]))
    withheld = all_of_it or "uri" in hidden or anonymous
    name = None if anonymous or "name" in hidden else _name(shown, asserted, country)
    if withheld:
        # A name that repeats the number would show it after all.
        return Caller(None, None if name is None or _has_number(name) else name, withheld=True)
    return Caller(_number(shown, country), name)


def _asks_privacy(privacy: tuple[str, ...]) -> bool:
    return not _NOT_ABOUT_THE_CALLER.issuperset(_words(privacy))


def _words(values: Iterable[str]) -> set[str]:
    return {word.lower() for value in values for word in re.split(r'[;,\s"]+', value) if word}


def _is_anonymous(address: _Address) -> bool:
    """Whether this address is nobody's because its owner wants it so (RFC 3323, 4.1.1.3)."""
    return address.host.lower().rstrip(".") == _ANONYMOUS_HOST or says_withheld(address.user)


def _is_calling_party(options: dict[str, str]) -> bool:
    return options.get("party", "calling").lower() == "calling"


def _party_privacy(options: dict[str, str]) -> Iterator[str]:
    """The words of Remote-Party-ID's privacy (`full`, `name`, `uri`, `off`), less where it was
    asked (`full-network`).
    """
    for word in re.split(r"[,\s]+", options.get("privacy", "").lower()):
        yield word.partition("-")[0]


def _number(addresses: list[_Address], country: str) -> str | None:
    found = [(one, number) for one in addresses if (number := _read(one, country)) is not None]
    return next((n for _, n in found if is_somebodys(n)), found[0][1] if found else None)


def _read(address: _Address, country: str) -> str | None:
    """The number of an address in one form. A local number with the beginning that it needs
    (`;phone-context=+33`) is tried with that one first.
    """
    context = address.options.get("phone-context", "")
    if context.startswith("+") and not address.user.startswith("+"):
        number = as_shown(context + address.user, country)
        if is_somebodys(number):
            return number
    return as_shown(address.user, country)


def _name(shown: list[_Address], asserted: list[_Address], country: str) -> str | None:
    """The name that belongs to the number shown: an asserted one, or that of an address with the
    same number or with none.
    """
    number = _number(shown, country)
    for one in shown:
        theirs = one in asserted or _read(one, country) in (number, None)
        if theirs and not says_nobody(one.name):
            return on_one_line(one.name)
    return None


def on_one_line(name: str) -> str | None:
    """A name as it is kept: on one line and not too long; None for an empty one."""
    return " ".join(name.split())[:_LONGEST_NAME] or None


def _has_number(name: str) -> bool:
    return sum(char.isdigit() for char in name) > 4


# ---- headers -----------------------------------------------------------------------------------


def _addresses(values: Iterable[str]) -> Iterator[_Address]:
    """The addresses of headers that may each hold several, divided by commas (RFC 3325, 9.1)."""
    for value in values:
        for part in _divided(value, ","):
            address = _address(part)
            if address is not None:
                yield address


def _divided(text: str, mark: str) -> Iterator[str]:
    """The pieces of a header between `mark`, but not within quotes or angle brackets."""
    piece: list[str] = []
    quoted = escaped = inside = False
    for char in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = char == "\\", char != '"'
        elif char == '"' and not inside:
            quoted = True
        elif char in "<>":
            inside = char == "<"
        elif char == mark and not inside:
            yield "".join(piece)
            piece.clear()
            continue
        piece.append(char)
    yield "".join(piece)


_IN_BRACKETS: Final = re.compile(r'^((?:"(?:[^"\\]|\\.)*"|[^"<])*)<([^>]*)>?(.*)$', re.DOTALL)
_SCHEME: Final = re.compile(r"^\s*(sips?|tel):", re.IGNORECASE)


def _address(text: str) -> _Address | None:
    """One address, with or without brackets; None for what is none of a telephone."""
    found = _IN_BRACKETS.match(text)
    name, uri, after = found.groups() if found else ("", text, "")
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return None
    rest = uri[scheme.end() :].strip()
    if scheme[1].lower() == "tel":
        user, host, more = rest, "", ""
    else:
        user, at, host = rest.rpartition("@")
        host, _, more = host.partition(";")
        if not at:
            # An address of a machine, which is no number: sip:gateway.example
            user = ""
        user = user.partition(":")[0]
    options = {**_options(after), **_options(more), **_options(user)}
    plain = unquote(without_options(user)).partition(";")[0]
    return _Address(_unquoted(name), plain.strip(), _host(host), options)


def _host(text: str) -> str:
    return text.partition("?")[0].partition(":")[0].strip()


def _options(text: str) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in _divided(text, ";"))
    return {
        name.strip().lower(): unquote(_unquoted(value)) for name, equals, value in pairs if equals
    }


def _unquoted(text: str) -> str:
    plain = text.strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        plain = re.sub(r"\\(.)", r"\1", plain[1:-1], flags=re.DOTALL)
    return plain.strip()
