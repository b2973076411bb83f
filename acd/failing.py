"""Something that is done again and again, and since when it has not worked. Pure.

One success ends a row of failures, so that a single bad call among good ones never makes a row.
"""

from __future__ import annotations


class Failing:
    """A row of failures. Instants are milliseconds of whichever clock the owner uses.

    `since` is the first failure of the row, None while the last attempt succeeded; `count` how many
    there were, `why` the last one's reason.
    """

    __slots__ = ("count", "since", "why")

    def __init__(self) -> None:
        self.since: int | None = None
        self.count = 0
        self.why = ""

    def succeeded(self) -> None:
        """It worked: the row is over."""
        self.since, self.count, self.why = None, 0, ""

    def failed(self, now_ms: int, why: str) -> None:
        """It did not work."""
        if self.since is None:
            self.since = now_ms
        self.count += 1
        self.why = why

    def for_ms(self, now_ms: int) -> int:
        """How long nothing has worked; 0 while it does."""
        return 0 if self.since is None else max(0, now_ms - self.since)


CALLS_ENOUGH = 3
"""Of so many calls in a row that failed, it is not the calls any more."""

REMEMBERED_MS = 15_000
"""How long failed calls count where no other comes to show that it works again."""


class FailedCalls:
    """Whom failures concerned, by kind of step, since the last of that kind that succeeded.

    A floor on which every arrival fails may do all else well: a row of different calls tells.
    """

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, int, frozenset[str]]] = {}

    def succeeded(self, kind: str) -> None:
        """A step of this kind worked."""
        self._rows.pop(kind, None)

    def failed(self, kind: str, whom: str, now_ms: int) -> None:
        """A step of this kind about `whom` did not."""
        since, _, who = self._rows.get(kind, (now_ms, now_ms, frozenset[str]()))
        if len(who) < CALLS_ENOUGH:
            who |= {whom}
        self._rows[kind] = (since, now_ms, who)

    def since(self, now_ms: int) -> int | None:
        """Since when one call after the other fails (UTC ms); None: they do not."""
        rows = [
            since
            for since, last, who in self._rows.values()
            if len(who) >= CALLS_ENOUGH and now_ms - last < REMEMBERED_MS
        ]
        return min(rows, default=None)
