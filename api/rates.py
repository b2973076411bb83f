"""How many requests each principal may make, and how many live streams keep open. Pure.

A bucket of `burst` requests that fills by `per_s` each second: a page that loads, or a program that
catches up, is not slowed; one that runs wild does not take the others' share.
"""

from __future__ import annotations

from collections import Counter


class Rates:
    """Buckets by actor; instants are UTC ms and may be handed in in any order."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_ms = per_s / 1000
        self._burst = float(burst)
        self._left: dict[str, tuple[float, int]] = {}

    def take(self, actor: str, now_ms: int) -> int:
        """Count one request: 0 if it may pass, else in how many seconds the next one may."""
        left, seen_at = self._left.get(actor, (self._burst, now_ms))
        left = min(self._burst, left + max(0, now_ms - seen_at) * self._per_ms)
        passes = left >= 1
        self._left[actor] = (left - 1 if passes else left, max(now_ms, seen_at))
        if passes:
            return 0
        return max(1, round((1 - left) / self._per_ms / 1000))

    def forget_full(self, now_ms: int) -> None:
        """Drop the buckets that have filled up again: they say nothing."""
        full_ms = self._burst / self._per_ms
        self._left = {
            actor: (left, seen_at)
            for actor, (left, seen_at) in self._left.items()
            if now_ms - seen_at < full_ms
        }

    def __len__(self) -> int:
        return len(self._left)


class OpenStreams:
    """How many live streams each actor has open."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: Counter[str] = Counter()

    def enter(self, actor: str) -> bool:
        """Count one more; False, and not counted, if this actor has as many as may be."""
        if self._open[actor] >= self.most:
            return False
        self._open[actor] += 1
        return True

    def leave(self, actor: str) -> None:
        """One is closed."""
        self._open[actor] -= 1
        if not self._open[actor]:
            del self._open[actor]
