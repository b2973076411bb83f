"""A document before it has a form: bytes, characters, and the places of characters. Pure.

Decides what is text at all: UTF-8 (RFC 3629) without the characters that nobody can read or keep.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from typing import Final

from acd.texts import why_unfit

_UNREADABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""What YAML 1.2 (5.1) calls not printable; in JSON it may not stand unescaped either."""


class TextFault(Exception):
    """The document cannot be read further. `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


class Places:
    """Lines and columns of a text's characters, by their index from 0."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text))]

    def of(self, index: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1


def decoded(raw: bytes) -> str:
    """The text of a file or a body, without its byte order mark. Raises TextFault."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TextFault(1, 1, "this is UTF-16: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig")
        line, column = Places(before).of(len(before))
        byte = raw[error.start]
        message = f"the byte 0x{byte:02X} is not UTF-8: save the document as UTF-8"
        raise TextFault(line, column, message) from error


def require_readable(text: str) -> None:
    """Raises TextFault at the first character that no document may hold as it is."""
    found = _UNREADABLE.search(text)
    if found is not None:
        line, column = Places(text).of(found.start())
        raise TextFault(line, column, why_unfit(found[0]))
