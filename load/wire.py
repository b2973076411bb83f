"""SIP messages as one party sent and received them, read from SIPp's message log.

Decides how that log and a message's headers are read; refuses to know scenarios. Pure: bytes in,
values out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

_HEAD = re.compile(
    rb"-{40,} (?P<at>\S+)\r?\n\w+ message (?P<way>sent|received) \[(?P<size>\d+)\] bytes\s*:\n\n"
)
_COMPACT = {"i": "call-id", "f": "from", "t": "to", "v": "via", "m": "contact", "r": "refer-to"}
_STEERING = "tag=harness"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One message: first line, headers in order (names in lower case), body, when (seconds UTC).

    `sent`: the party sent it itself.
    """

    at_s: float
    sent: bool
    first_line: str
    fields: tuple[tuple[str, str], ...]
    body: str

    @property
    def method(self) -> str | None:
        """The request's method, None for a response."""
        word = self.first_line.split(" ", 1)[0]
        return None if word == "SIP/2.0" else word

    @property
    def code(self) -> int | None:
        """The response's status code, None for a request."""
        words = self.first_line.split(" ", 2)
        return int(words[1]) if words[0] == "SIP/2.0" else None

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.header("Call-ID") or ""

    @property
    def cseq(self) -> tuple[int, str]:
        """The sequence number and the method it belongs to; (0, "") when there is none."""
        number, _, method = (self.header("CSeq") or "0 ").partition(" ")
        return int(number), method.strip()

    def headers(self, name: str) -> list[str]:
        """Return the values of all headers of that name, whatever its case."""
        return [value for field, value in self.fields if field == name.lower()]

    def header(self, name: str) -> str | None:
        """Return the value of the first header of that name; None when there is none."""
        return next(iter(self.headers(name)), None)

    def tag(self, name: str) -> str | None:
        """Return the tag of a From or To header, None without."""
        found = re.search(r";tag=([^;>\s]+)", self.header(name) or "")
        return found[1] if found else None

    @property
    def number(self) -> str:
        """The user part of a request's URI: what was dialled; empty for a response."""
        return user_of(self.first_line.split(" ")[1]) if self.method else ""

    @property
    def caller(self) -> str:
        """The user part of From: the caller id that is shown."""
        return user_of(self.header("From") or "")

    @property
    def caller_name(self) -> str:
        """The display name of From; empty without."""
        value = self.header("From") or ""
        quoted = _QUOTED.match(value.strip())
        return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value.split("<", 1)[0].strip()


def user_of(uri: str) -> str:
    """Return the user part of the first SIP URI in a piece of a message; empty without."""
    found = re.search(r"sips?:([^@;>]+)@", uri)
    return unquote(found[1]) if found else ""


def decode_message(data: bytes, *, at_s: float, sent: bool) -> SipMessage:
    """Return the message of its bytes; header lines that are continued are joined."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    first, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            short = name.strip().lower()
            fields.append((_COMPACT.get(short, short), value.strip()))
    return SipMessage(at_s, sent, first.strip(), tuple(fields), body)


def parse_messages(data: bytes) -> tuple[list[SipMessage], int]:
    """Return the whole messages of a piece of a -trace_msg file, and how many bytes they took.

    What follows is a message still being written. Our own steering is left out.
    """
    messages = []
    end = 0
    while found := _HEAD.search(data, end):
        last = found.end() + int(found["size"])
        if len(data) < last:
            break
        message = decode_message(
            data[found.end() : last],
            at_s=datetime.fromisoformat(found["at"].decode()).timestamp(),
            sent=found["way"] == b"sent",
        )
        if _STEERING not in (message.header("From") or ""):
            messages.append(message)
        end = last
    return messages, end


def sipfrag_code(message: SipMessage) -> int | None:
    """Return the status that a NOTIFY of a REFER carries (RFC 3515, 2.4.5); None for any other."""
    if message.method != "NOTIFY" or not (message.header("Event") or "").startswith("refer"):
        return None
    found = re.match(r"SIP/2\.0 (\d{3})", message.body.lstrip())
    return int(found[1]) if found else None


def media_of(message: SipMessage) -> tuple[int, str] | None:
    """Return (RTP port, direction) of a message's audio (RFC 4566, RFC 3264); None without SDP."""
    port = re.search(r"^m=audio (\d+)", message.body, re.MULTILINE)
    if port is None:
        return None
    way = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)", message.body, re.MULTILINE)
    return int(port[1]), way[1] if way else "sendrecv"
