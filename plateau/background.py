"""Work that goes on beside the calls: watched, so that none of it ends unheard.

Decides nothing of the work. A fault of ours in it is logged with its trace and counted; what is to
go on for ever is begun anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)

AGAIN_S = 5.0
"""How soon work that failed is begun anew."""


class Background:
    """The tasks of one process. `faults` counts how often one failed."""

    def __init__(self) -> None:
        self.faults = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def keep_up(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Have this done until `close`: after a fault, or if it ends, again."""
        self._start(name, self._for_ever(name, work))

    def once(self, name: str, work: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
        """Have this done while calls go on; the task may be cancelled, and raises nothing else."""
        return self._start(name, self._guarded(name, work))

    async def close(self) -> None:
        """Stop all of it, and wait until it has stopped."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _for_ever(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            await self._guarded(name, work)
            await asyncio.sleep(AGAIN_S)

    async def _guarded(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except Exception:
            self.faults += 1
            log.exception("work beside the calls failed", work=name)
