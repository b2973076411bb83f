"""What the connection counts, as plain numbers for whoever exposes them.

Decides the names and the latency buckets. Refuses to know of Prometheus or of logs.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

LATENCY_BUCKETS_MS: tuple[float, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Upper bounds, in milliseconds; one more bucket holds what lies above the last."""


@dataclass(slots=True)
class Counters:
    """Counts since the connection object was made; they never go down.

    `events` by event type, `unknown_events` by the type Asterisk named, `malformed_frames` for
    frames that fit no description, `repaired_frames` for those that held what is no UTF-8,
    `requests` by outcome (a status code, or an error's slug),
    `http_requests` for those that had to go by HTTP, `reconnects` for the event socket,
    `command_reconnects` for the command sockets, `timeouts` for requests without a reply,
    `handler_errors` for exceptions out of the user's callbacks.
    """

    events: Counter[str] = field(default_factory=Counter)
    unknown_events: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    malformed_frames: int = 0
    repaired_frames: int = 0
    http_requests: int = 0
    reconnects: int = 0
    command_reconnects: int = 0
    timeouts: int = 0
    handler_errors: int = 0
    latency_counts: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS_MS) + 1))
    latency_sum_ms: float = 0.0

    def observe_latency(self, elapsed_ms: float) -> None:
        """Put the time from sending a request to its reply into its bucket."""
        self.latency_counts[bisect_left(LATENCY_BUCKETS_MS, elapsed_ms)] += 1
        self.latency_sum_ms += elapsed_ms
