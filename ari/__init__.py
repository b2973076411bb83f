"""Asterisk's REST interface: typed events in order, commands pinned by call, and a way back.

Usable alone; the rest of Plateau knows Asterisk through nothing else.
"""

from ari.connection import AriConnection
from ari.counters import Counters
from ari.decode import DEFAULT_EVENT_TYPES, EVENT_TYPES, utc_ms
from ari.errors import AriError
from ari.events_gen import AriEvent
from ari.settings import AriSettings, ConnectionState, Snapshot

__all__ = [
    "DEFAULT_EVENT_TYPES",
    "EVENT_TYPES",
    "AriConnection",
    "AriError",
    "AriEvent",
    "AriSettings",
    "ConnectionState",
    "Counters",
    "Snapshot",
    "utc_ms",
]
