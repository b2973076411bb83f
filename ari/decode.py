"""Frames in, typed events out.

Decides what a frame is: an event we know, a reply, a type nobody described, or nonsense. Refuses
to know what any of them means. Pure and quick: one pass of msgspec per frame.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from ari.counters import Counters
from ari.events_gen import AriEvent, RESTResponse

_decoder: Final[msgspec.json.Decoder[AriEvent | RESTResponse]] = msgspec.json.Decoder(
    AriEvent | RESTResponse
)


class _Named(msgspec.Struct):
    """The least that every frame has, read only when the decoder refused the frame."""

    type: str = ""


_named: Final = msgspec.json.Decoder(_Named)

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
    """Return the event or reply in `frame`; None when it is neither, and the counters say why."""
    try:
        return _decoder.decode(frame)
    except msgspec.ValidationError:
        _count_refused(frame, counters)
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        counters.malformed_frames += 1
        return None


def _count_refused(frame: bytes | str, counters: Counters) -> None:
    try:
        name = _named.decode(frame).type
    except (msgspec.DecodeError, UnicodeDecodeError):
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
