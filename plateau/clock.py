"""The one clock: UTC milliseconds that never run backwards within a process.

Read once from the wall and carried on by the monotonic clock, so that nobody's correction of the
wall clock makes a timer misfire or a duration negative. It leans towards the wall by at most one
millisecond a second, which takes up the drift that NTP would.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_LEAN = 1_000


class Clock:
    """`wall_ms` and `monotonic_ms` may be given by a test."""

    def __init__(
        self,
        wall_ms: Callable[[], int] | None = None,
        monotonic_ms: Callable[[], int] | None = None,
    ) -> None:
        self._wall_ms = wall_ms or (lambda: time.time_ns() // 1_000_000)
        self._monotonic_ms = monotonic_ms or (lambda: time.monotonic_ns() // 1_000_000)
        self._base_ms = self._wall_ms() - self._monotonic_ms()
        self._leaned_at = self._monotonic_ms()
        self._last = 0

    def not_before(self, instant_ms: int) -> None:
        """Go on from this instant at least: the wall was set back since an earlier life told it.

        The clock then stands ahead of the wall and leans back to it; what is recorded stays in
        order, and no duration becomes negative.
        """
        ahead_ms = instant_ms - self.now_ms()
        if ahead_ms > 0:
            self._base_ms += ahead_ms

    def now_ms(self) -> int:
        """Now, in UTC milliseconds; never less than before."""
        monotonic = self._monotonic_ms()
        elapsed = monotonic - self._leaned_at
        if elapsed >= _LEAN:
            off = self._wall_ms() - monotonic - self._base_ms
            most = elapsed // _LEAN
            self._base_ms += max(-most, min(most, off))
            self._leaned_at = monotonic
        self._last = max(self._last, self._base_ms + monotonic)
        return self._last
