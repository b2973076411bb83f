"""The store's writer on a thread of its own, so that no call ever waits for SQL's share of Python.

A batch costs some ten milliseconds of Python; on the floor's loop a ringing phone would wait for
it. Decides nothing: it carries `StoreWriter`'s calls over to its loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TypeVar

from store.engine import open_store
from store.journal import Journal
from store.writer import StoreWriter

T = TypeVar("T")


class WriterThread:
    """Starts a loop, an engine and a writer on a thread; `close` ends all three.

    The figures (`behind`, `last_error`, `failing_since`, `written`, `rejected`, `damaged`,
    `missing`) may be read from any thread.
    """

    def __init__(self, store_url: str, journal: Journal, now_ms: Callable[[], int]) -> None:
        self._store_url = store_url
        self._journal = journal
        self._now_ms = now_ms
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self.writer: StoreWriter | None = None

    def start(self) -> None:
        """Begin to write; returns when the writer stands."""
        self._thread.start()
        self._started.wait()

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        engine = open_store(self._store_url)
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self.writer = StoreWriter(engine, self._journal, self._now_ms)
        self.writer.start()
        self._started.set()
        try:
            await self._ended.wait()
        finally:
            await self.writer.close()
            await engine.dispose()

    @property
    def _writing(self) -> StoreWriter:
        if self.writer is None:
            raise RuntimeError("the writer's thread was not started")
        return self.writer

    @property
    def behind(self) -> int:
        """See `StoreWriter`."""
        return self._writing.behind

    @property
    def last_error(self) -> str | None:
        """See `StoreWriter`."""
        return self._writing.last_error

    @property
    def failing_since(self) -> int | None:
        """See `StoreWriter`."""
        return self._writing.failing_since

    @property
    def written(self) -> int:
        """See `StoreWriter`."""
        return self._writing.written

    @property
    def rejected(self) -> int:
        """See `StoreWriter`."""
        return self._writing.rejected

    @property
    def damaged(self) -> int:
        """See `StoreWriter`."""
        return self._writing.damaged

    @property
    def missing(self) -> int:
        """See `StoreWriter`."""
        return self._writing.missing

    async def drain(self, timeout: float) -> bool:
        """See `StoreWriter.drain`; called from the floor's loop."""
        return await self._over_there(self._writing.drain(timeout))

    async def close(self) -> None:
        """End the writer after the batch in hand, and the thread."""
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
            await asyncio.to_thread(self._thread.join)

    async def _over_there(self, work: Coroutine[None, None, T]) -> T:
        if self._loop is None:
            raise RuntimeError("the writer's thread was not started")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
