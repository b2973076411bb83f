"""What a connection to one Asterisk is told once, and what it tells about itself.

Decides defaults and the vocabulary of states. Refuses to read files or the environment.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ari.decode import DEFAULT_EVENT_TYPES
from ari.events_gen import Bridge, Channel, Endpoint

ENDPOINT_EVENT_TYPES = frozenset({"EndpointStateChange", "ContactStatusChange", "PeerStatusChange"})
"""What the second application asks for when `watch_endpoints` is set."""


class ConnectionState(StrEnum):
    """Where the connection stands; `replaced` and `closed` are final."""

    CONNECTING = "connecting"
    SYNCING = "syncing"
    CONNECTED = "connected"
    LOST = "lost"
    REPLACED = "replaced"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AriSettings:
    """How to reach one Asterisk and how patient to be.

    `base_url` is the HTTP server's root (`http://127.0.0.1:8088`); a final `/ari` may stand. `app`
    is our Stasis application; `{app}-cmd-0…` and, with `watch_endpoints`, `{app}-phones` are taken
    too.
    `event_types` is what Asterisk shall send of the main application. `watch_endpoints` subscribes
    to every endpoint of `endpoint_technology`, on its own application so that no channel event
    comes twice. Times are seconds.
    """

    base_url: str
    user: str
    password: str = field(repr=False)
    app: str
    command_sockets: int = 4
    event_types: frozenset[str] = DEFAULT_EVENT_TYPES
    watch_endpoints: bool = False
    endpoint_technology: str = "PJSIP"
    connect_timeout_s: float = 5.0
    request_timeout_s: float = 5.0
    ping_every_s: float = 5.0
    ping_timeout_s: float = 5.0
    backoff_first_s: float = 0.1
    backoff_longest_s: float = 5.0
    sync_timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url must start with http:// or https://, not {self.base_url!r}")
        if not self.app or "," in self.app:
            raise ValueError(f"app must be one application's name, not {self.app!r}")
        if self.command_sockets < 0:
            raise ValueError(f"command_sockets must be 0 or more, not {self.command_sockets}")

    @property
    def ari_url(self) -> str:
        """The root of ARI, without a final slash."""
        return self.base_url.rstrip("/").removesuffix("/ari") + "/ari"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Asterisk holds at one moment after the event socket opened.

    `startup_time` (ARI's text) differs from the last one when Asterisk was restarted meanwhile.
    `endpoints` is empty unless endpoints are watched. `version` is Asterisk's own text.
    """

    channels: tuple[Channel, ...]
    bridges: tuple[Bridge, ...]
    endpoints: tuple[Endpoint, ...]
    startup_time: str
    version: str
