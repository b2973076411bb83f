"""Frames in, typed events out.

Decides what a frame is: an event we know, a reply, a type nobody described, or nonsense. Refuses
to know what any of them means. Pure and quick: one pass of msgspec per frame.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from ari.counters import Counters
from ari.events_gen import AriEvent, RESTResponse

_decoder: Final[msgspec.json.Decoder[AriEvent | RESTResponse]] = msgspec.json.Decoder(
    AriEvent | RESTResponse
)


UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises that is none."""


class _Named(msgspec.Struct):
    """The least that every frame has, read only when the decoder refused the frame."""

    type: str = ""


_named: Final = msgspec.json.Decoder(_Named)

_ESCAPES: Final = re.compile(
    r"(?P<whole>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<unfit>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|[\ud800-\udfff]"
    r"|\\u00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF])|\\[bf]|\x7f)"
    r"|\\."
)
"""Escapes in JSON text; those that are `unfit` stand for what nobody can keep or show."""

_UNION: Final = tuple(AriEvent.__args__)
EVENT_TYPES: Final = frozenset(event.__name__ for event in _UNION)
"""Every event type the decoder knows."""

NOISY_TYPES: Final = frozenset(
    {"ChannelVarset", "ChannelDialplan", "ChannelCallerId", "ChannelConnectedLine"}
)
"""Events that make nine tenths of the traffic and say nothing a contact centre acts on."""

DEFAULT_EVENT_TYPES: Final = EVENT_TYPES - NOISY_TYPES
"""What a connection asks for unless told otherwise."""


def decode(frame: bytes | str, counters: Counters) -> AriEvent | RESTResponse | None:
    """Return the event or reply in `frame`; None when it is neither, and the counters say why.

    Control characters, bytes that are no UTF-8 and halves of characters become U+FFFD: what a
    stranger's telephone calls itself must not keep their call from being heard of, or kept.
    """
    try:
        event = _decoder.decode(frame)
        if not suspicious(frame):
            return event
    except msgspec.ValidationError:
        _count_refused(frame, counters)
        return None
    except UNREADABLE:
        pass  # most likely text that no UTF-8 can hold
    try:
        event = _decoder.decode(repaired(frame))
    except UNREADABLE:
        counters.malformed_frames += 1
        return None
    counters.repaired_frames += 1
    return event


def suspicious(text: bytes | str) -> bool:
    """Whether JSON text that can be read may hold a control character: quick, and never wrong."""
    if isinstance(text, bytes):
        return any(sign in text for sign in (b"\\u00", b"\\b", b"\\f", b"\x7f"))
    return any(sign in text for sign in ("\\u00", "\\b", "\\f", "\x7f"))


def repaired(text: bytes | str) -> str:
    """JSON text without control characters and what no UTF-8 can hold: U+FFFD stands for them."""
    read = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return _ESCAPES.sub(
        lambda found: "\N{REPLACEMENT CHARACTER}" if found["unfit"] else found[0], read
    )


def _count_refused(frame: bytes | str, counters: Counters) -> None:
    try:
        name = _named.decode(frame).type
    except UNREADABLE:
        name = ""
    if not name or name in EVENT_TYPES:
        counters.malformed_frames += 1
    else:
        counters.unknown_events[name] += 1


def utc_ms(timestamp: str) -> int:
    """Return ARI's timestamp (`2026-11-22T15:35:45.357+0000`) as UTC milliseconds since 1970.

    Raises `ValueError` when the text is no ISO 8601 time with an offset.
    """
    moment = datetime.fromisoformat(timestamp)
    if moment.tzinfo is None:
        raise ValueError(f"the time {timestamp!r} has no offset from UTC")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
