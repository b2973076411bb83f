"""Waiting in tests: for a condition, with a deadline, never for time.

Decides only how long to go on looking; refuses to know what is awaited.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable

_FIRST_STEP_S = 0.002
_LONGEST_STEP_S = 0.03


async def until(what: str, condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait until the condition, plain or async, gives something true.

    It is looked at often at first, then each 30 ms.

    Raises:
        AssertionError: it never did; says what was missed and what was last seen.
    """
    deadline_s = time.monotonic() + within_s
    step_s = _FIRST_STEP_S
    while True:
        seen = condition()
        if inspect.isawaitable(seen):
            seen = await seen
        if seen:
            return
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {within_s:g} s: {what} (last seen: {seen!r})")
        await asyncio.sleep(step_s)
        step_s = min(step_s * 1.5, _LONGEST_STEP_S)
