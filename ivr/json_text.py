"""Reads JSON (RFC 8259), strictly, into events that know their line and column. Pure.

The standard library's reader tells no places, joins and lets through halves of characters, and
takes NaN, doubled names and any depth. No recursion here, and one pass: a document made to hurt
costs no more than its length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from acd.texts import UNFIT, joined, why_unfit
from ivr.document_text import Places, TextFault

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_STRING: Final = re.compile(r'"((?:[^"\\\x00-\x1f]++|\\.)*+)"')
_INSIDE: Final = re.compile(r'(?:[^"\\\x00-\x1f]++|\\.)*+')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][-+]?[0-9]++)?")
_WORD: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*|'")
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<pair>u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2}))"
    r"|u(?P<one>[0-9a-fA-F]{4})|(?P<sign>.))"
)
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {c: c for c in '"\\/'}
_WORDS: Final = {"true": True, "false": False, "null": None}

_LONGEST_NUMBER: Final = 300
"""Characters of a number that is read; 64 bits need 20."""


class Opened(msgspec.Struct, frozen=True):
    """An object (`mapping`) or an array begins."""

    mapping: bool
    line: int
    column: int


class Closed(msgspec.Struct, frozen=True):
    """The last one that began ends."""


class Scalar(msgspec.Struct, frozen=True):
    """A name or a value; `raw` is a number as it is written, a text as it is read.

    `fault` is line, column and message of what keeps it from use, None where nothing does.
    """

    value: str | float | bool | None
    raw: str
    line: int
    column: int
    key: bool
    fault: tuple[int, int, str] | None = None


Event = Opened | Closed | Scalar


def events(text: str, deepest: int) -> Iterator[Event]:
    """The document's parts in their order. Raises TextFault where it cannot be read on."""
    text = text.removeprefix("\ufeff")
    unfit = UNFIT.search(text)
    if unfit is not None:
        raise TextFault(*Places(text).of(unfit.start()), why_unfit(unfit[0]))
    return _Reading(text, deepest).events()


class _Reading:
    def __init__(self, text: str, deepest: int) -> None:
        self._text = text
        self._places = Places(text)
        self._deepest = deepest
        self._at = 0
        self._open: list[str] = []

    def _stop(self, message: str, at: int | None = None) -> TextFault:
        return TextFault(*self._places.of(self._at if at is None else at), message)

    def _next(self) -> str:
        """The next character that is not blank, empty at the end."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank is not None else self._at
        return self._text[self._at : self._at + 1]

    def events(self) -> Iterator[Event]:
        """See `events` above."""
        if not self._next():
            raise self._stop("the document is empty")
        yield from self._value()
        while self._open:
            yield from self._member()
        if self._next():
            raise self._stop("not well formed: something stands after the end of the document")

    def _member(self) -> Iterator[Event]:
        """What follows in the innermost object or array: its next member, or its end."""
        closing, first = self._open[-1], self._text[self._at - 1] in "{["
        sign = self._next()
        if sign == closing:
            yield self._close()
            return
        if not first:
            if sign != ",":
                raise self._missing(sign, f"a “,” or “{closing}”")
            comma = self._at
            self._at += 1
            if self._next() == closing:
                raise self._stop(f"not well formed: a “,” stands before “{closing}”", comma)
        if closing == "}":
            yield self._name()
        yield from self._value()

    def _missing(self, sign: str, wanted: str) -> TextFault:
        if not sign:
            return self._stop(f"not well formed: the document ends, and {wanted} is missing")
        return self._stop(f"not well formed: {wanted} is missing before “{sign}”")

    def _close(self) -> Closed:
        self._open.pop()
        self._at += 1
        return Closed()

    def _name(self) -> Scalar:
        sign = self._next()
        if sign != '"':
            raise self._missing(sign, "a name in double quotes")
        name = self._string(key=True)
        if self._next() != ":":
            raise self._missing(self._next(), "a “:”")
        self._at += 1
        return name

    def _value(self) -> Iterator[Event]:
        sign = self._next()
        if sign in ("{", "["):
            if len(self._open) >= self._deepest:
                raise self._stop(f"values are nested more than {self._deepest} deep")
            line, column = self._places.of(self._at)
            self._open.append("}" if sign == "{" else "]")
            self._at += 1
            yield Opened(sign == "{", line, column)
        elif sign == '"':
            yield self._string(key=False)
        else:
            yield self._plain(sign)

    def _plain(self, sign: str) -> Scalar:
        number = _NUMBER.match(self._text, self._at)
        if number is not None:
            return self._number(number)
        word = _WORD.match(self._text, self._at)
        if word is None:
            raise self._missing(sign, "a value")
        if word[0] == "'":
            raise self._stop("not well formed: JSON's quotes are double ones")
        if word[0] not in _WORDS:
            raise self._stop(f"not well formed: “{word[0][:40]}” is no value of JSON")
        line, column = self._places.of(self._at)
        self._at = word.end()
        return Scalar(_WORDS[word[0]], word[0], line, column, key=False)

    def _number(self, found: re.Match[str]) -> Scalar:
        line, column = self._places.of(self._at)
        raw = found[0]
        self._at = found.end()
        if self._text[self._at : self._at + 1].isalnum():
            raise self._stop("not well formed: a number ends here and something else begins")
        value: float | None = None
        if len(raw) <= _LONGEST_NUMBER:
            value = float(raw) if found[1] or found[2] else int(raw)
        if value is None or (isinstance(value, float) and math.isinf(value)):
            fault = (line, column, f"the number {raw[:20]}… is too large")
            return Scalar(0, raw, line, column, key=False, fault=fault)
        return Scalar(value, raw, line, column, key=False)

    def _string(self, *, key: bool) -> Scalar:
        found = _STRING.match(self._text, self._at)
        start = self._at
        line, column = self._places.of(start)
        if found is None:
            raise self._unended(start)
        self._at = found.end()
        value, fault = (found[1], None) if "\\" not in found[1] else self._unescaped(found)
        return Scalar(value, value, line, column, key, fault)

    def _unended(self, start: int) -> TextFault:
        """Why no string begins here: a line break in it, or no end."""
        end = _INSIDE.match(self._text, start + 1)
        at = start if end is None else end.end()
        if at < len(self._text) and self._text[at] in "\t\n\r":
            said = "not well formed: a tab or a line break in a text is written \\t or \\n"
            return self._stop(said, at)
        return self._stop("not well formed: this text has no end", start)

    def _unescaped(self, found: re.Match[str]) -> tuple[str, tuple[int, int, str] | None]:
        """The text, and the first character in it that cannot be kept."""
        wrong: list[tuple[int, int, str]] = []

        def char(escape: re.Match[str]) -> str:
            at = found.start(1) + escape.start()
            if escape["pair"] is not None:
                return joined(chr(int(escape["high"], 16)) + chr(int(escape["low"], 16)))
            if escape["sign"] is not None and escape["sign"] not in _SHORT:
                raise self._stop(f"not well formed: “\\{escape['sign']}” is no escape of JSON", at)
            made = _SHORT[escape["sign"]] if escape["sign"] else chr(int(escape["one"], 16))
            if UNFIT.match(made) and not wrong:
                wrong.append((*self._places.of(at), why_unfit(made)))
            return made

        value = _ESCAPE.sub(char, found[1])
        return value, wrong[0] if wrong else None
