"""How an entry becomes a line of the journal that can be read again, whatever it holds.

A line is read back before it is written: what cannot be read at the next start is not kept. A fact,
a call or an agent that JSON cannot hold, or that is far too large, is mended; the original goes
into `set-aside.jsonl` in the journal's folder, loudly, and so does one that is past mending, which
the line then lacks. So one bad part costs neither the others in its entry nor the entries behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import structlog

from acd.call import Call
from acd.facts import AnyFact, JournalEntry
from acd.model import AgentWork
from store.mending import LONGEST_TEXT, mended

log = structlog.get_logger(__name__)

SET_ASIDE: Final = "set-aside.jsonl"
"""The file for what could not be kept as it was: one JSON object a line, in ASCII."""

LARGEST_PART: Final = 1024 * 1024
"""Bytes of the largest fact, call or agent that is kept as it is; the usual ones have thousands."""

_LARGEST_FILE: Final = 64 * 1024 * 1024
"""Bytes from which on nothing more is written to `SET_ASIDE`: the log still tells."""

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading a line raises that is no line of ours, or no longer."""

P = TypeVar("P", bound=msgspec.Struct)


class Head(msgspec.Struct, frozen=True, tag=True):
    """The first line of a file: whose journal it is, and the state at its beginning.

    `at` and `blind_since` are those of the last entry before it; 0 and None if there was none.
    """

    journal: str
    segment: int
    calls: tuple[Call, ...] = ()
    agents: tuple[AgentWork, ...] = ()
    at: int = 0
    blind_since: int | None = None


_encoder: Final = msgspec.json.Encoder()
head_decoder: Final = msgspec.json.Decoder(Head)
entry_decoder: Final = msgspec.json.Decoder(JournalEntry)
_FACT: Final[Any] = AnyFact
_fact_decoder: Final[msgspec.json.Decoder[AnyFact]] = msgspec.json.Decoder(_FACT)
_call_decoder: Final = msgspec.json.Decoder(Call)
_agent_decoder: Final = msgspec.json.Decoder(AgentWork)


def _written(value: msgspec.Struct, decoder: msgspec.json.Decoder[Any]) -> bytes:
    """JSON that `decoder` reads. Raises whatever JSON or the decoder raises."""
    text = _encoder.encode(value)
    decoder.decode(text)
    return text


class Lines:
    """Makes the lines of one journal. `set_aside` counts the parts that were not kept as they were.

    Nothing here raises for what a part holds, nor where the file for it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / SET_ASIDE
        self.set_aside = 0

    def of_entry(self, entry: JournalEntry) -> tuple[bytes, JournalEntry]:
        """The line, and what it holds: `entry` itself unless something in it was mended."""
        try:
            line = _written(entry, entry_decoder)
        except Exception:  # noqa: BLE001 - which part it is and why is told part by part
            line = None
        if line is not None and len(line) <= LARGEST_PART:
            return line + b"\n", entry
        kept = JournalEntry(
            entry.at,
            self._parts(entry.facts, _FACT, _fact_decoder),
            self._parts(entry.calls, Call, _call_decoder),
            self._parts(entry.agents, AgentWork, _agent_decoder),
            entry.blind_since,
        )
        if line is not None and kept == entry:  # large by the number of its parts
            return line + b"\n", entry
        return _written(kept, entry_decoder) + b"\n", kept

    def of_head(self, head: Head) -> bytes:
        """The line of a head; what it holds came through `of_entry`, or out of such a line.

        So it is not read back, which of a large floor would take long.
        """
        try:
            return _encoder.encode(head) + b"\n"
        except Exception:  # noqa: BLE001 - as above
            kept = msgspec.structs.replace(
                head,
                calls=self._parts(head.calls, Call, _call_decoder),
                agents=self._parts(head.agents, AgentWork, _agent_decoder),
            )
            return _written(kept, head_decoder) + b"\n"

    def _parts(
        self, values: Iterable[P], kind: Any, decoder: msgspec.json.Decoder[P]
    ) -> tuple[P, ...]:
        parts = (self._part(value, kind, decoder) for value in values)
        return tuple(part for part in parts if part is not None)

    def _part(self, value: P, kind: Any, decoder: msgspec.json.Decoder[P]) -> P | None:
        """The value as it can be kept; None: not at all."""
        try:
            size = len(_written(value, decoder))
        except Exception as fault:  # noqa: BLE001 - told with the value
            why = f"{type(fault).__name__}: {fault}"
        else:
            if size <= LARGEST_PART:
                return value
            why = f"it has {size} bytes, and {LARGEST_PART} are the most"
        made = _mended(value, kind, decoder)
        self._put_aside(value, why, kept=made is not None)
        return made

    def _put_aside(self, value: msgspec.Struct, why: str, kept: bool) -> None:
        self.set_aside += 1
        whose = str(getattr(value, "subject", None) or getattr(value, "id", ""))
        about = whose.encode("ascii", "backslashreplace").decode()
        log.critical(
            "a part of a step could not be kept as it is; it was set aside",
            part=type(value).__name__,
            about=about,
            mended=kept,
            why=why,
            file=str(self._file),
        )
        told = {
            "part": type(value).__name__,
            "about": about,
            "why": why,
            "mended": kept,
            "value": _plain(value),
        }
        try:
            if self._file.exists() and self._file.stat().st_size > _LARGEST_FILE:
                return
            with self._file.open("a", encoding="ascii") as file:
                file.write(json.dumps(told, default=repr) + "\n")
        except (OSError, ValueError, RecursionError) as error:
            log.critical("what was set aside could not be written", about=about, why=str(error))


def _mended(value: P, kind: Any, decoder: msgspec.json.Decoder[P]) -> P | None:
    for longest in (None, LONGEST_TEXT):
        with suppress(Exception):  # past mending in this way
            made = mended(value, kind, longest)
            if len(_written(made, decoder)) <= LARGEST_PART:
                return made
    return None


def _plain(value: msgspec.Struct) -> object:
    try:
        return msgspec.to_builtins(value)
    except Exception:  # noqa: BLE001 - told as Python shows it
        return repr(value)
