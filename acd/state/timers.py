"""When the engine wants to be woken, and for what. Pure: time is only compared, never read."""

from __future__ import annotations

import heapq
from enum import StrEnum


class Wake(StrEnum):
    """What a timer is for; with an id it names one timer, and a new setting replaces the old."""

    FLOW = "flow"
    OFFER = "offer"
    WRAP_UP = "wrap_up"
    REST = "rest"
    JOIN = "join"
    ANSWER = "answer"
    MUSIC = "music"
    REPLACED = "replaced"
    PROBE = "probe"
    RELAX = "relax"
    MAX_WAIT = "max_wait"
    MESSAGE = "message"
    DUE = "due"
    SESSION = "session"
    ABOUT_FREE = "about_free"


class Timers:
    """A set of named deadlines, in UTC ms."""

    def __init__(self) -> None:
        self._due: dict[tuple[Wake, str], int] = {}
        self._heap: list[tuple[int, Wake, str]] = []

    def set(self, wake: Wake, owner: str, due_at: int) -> None:
        """Wake for `owner` at `due_at`, instead of any earlier setting."""
        self._due[wake, owner] = due_at
        heapq.heappush(self._heap, (due_at, wake, owner))

    def cancel(self, wake: Wake, owner: str) -> None:
        """Do not wake; harmless where nothing is set."""
        self._due.pop((wake, owner), None)

    def next_at(self) -> int | None:
        """The earliest deadline, or None."""
        while self._heap:
            due_at, wake, owner = self._heap[0]
            if self._due.get((wake, owner)) == due_at:
                return due_at
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now_ms: int) -> tuple[Wake, str] | None:
        """Take one deadline that has come, oldest first; None if there is none."""
        due_at = self.next_at()
        if due_at is None or due_at > now_ms:
            return None
        _, wake, owner = heapq.heappop(self._heap)
        del self._due[wake, owner]
        return wake, owner

    def __len__(self) -> int:
        return len(self._due)
