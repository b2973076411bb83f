"""Callers standing in one queue, in the order in which they will be served."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from acd.model import CallId, Visit


def place(key: int, order: int) -> tuple[int, int]:
    """What callers of one queue are sorted by: who has the least is served first."""
    return (key, order)


class Line:
    """Calls by `place`. Finding a place is quick; nothing is walked."""

    __slots__ = ("_entries", "_places")

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, CallId]] = []
        self._places: dict[CallId, tuple[int, int, CallId]] = {}

    def add(self, call_id: CallId, visit: Visit) -> None:
        """Stand in line, or stand again where the key says."""
        self.discard(call_id)
        entry = (*place(visit.key, visit.order), call_id)
        self._places[call_id] = entry
        insort(self._entries, entry)

    def discard(self, call_id: CallId) -> None:
        """Leave; harmless for one who is not there."""
        entry = self._places.pop(call_id, None)
        if entry is not None:
            del self._entries[bisect_left(self._entries, entry)]

    def ahead_of(self, visit: Visit) -> int:
        """How many stand before this place."""
        return bisect_left(self._entries, (*place(visit.key, visit.order), CallId("")))

    def __iter__(self) -> Iterator[CallId]:
        return (entry[2] for entry in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._places
