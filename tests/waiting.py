"""Waiting in tests: for a condition, with a deadline, never for time.

Decides only how long to go on looking; refuses to know what is awaited.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator

_FIRST_STEP_S = 0.002
_LONGEST_STEP_S = 0.03


async def until(what: str, condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait until the condition, plain or async, gives something true.

    It is looked at often at first, then each 30 ms.

    Raises:
        AssertionError: it never did; says what was missed and what was last seen.
    """
    seen: object = None
    for step_s in _steps_s(within_s):
        if step_s:
            await asyncio.sleep(step_s)
        seen = condition()
        if inspect.isawaitable(seen):
            seen = await seen
        if seen:
            return
    raise AssertionError(_missed(what, within_s, seen))


def until_blocking(what: str, condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait as `until` does, where no loop runs; the condition is plain.

    Raises:
        AssertionError: as for `until`.
    """
    seen: object = None
    for step_s in _steps_s(within_s):
        time.sleep(step_s)
        seen = condition()
        if seen:
            return
    raise AssertionError(_missed(what, within_s, seen))


def _steps_s(within_s: float) -> Iterator[float]:
    """Yield how long to rest before each look: not at all before the first, the last when late."""
    deadline_s = time.monotonic() + within_s
    yield 0.0
    step_s = _FIRST_STEP_S
    while time.monotonic() <= deadline_s:
        yield step_s
        step_s = min(step_s * 1.5, _LONGEST_STEP_S)


def _missed(what: str, within_s: float, seen: object) -> str:
    return f"not within {within_s:g} s: {what} (last seen: {seen!r})"
