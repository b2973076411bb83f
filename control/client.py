"""The web process's end of the control channel: ask the floor, follow the floor.

It carries values and decides nothing: whoever calls says how long to wait and what to do when the
floor is absent. `FloorClient.ask` shares one connection among all requests, told apart by their
ids, and connects anew when it is gone; `follow` keeps a connection of its own.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

import msgspec

from acd.facts import Audited
from control.protocol import (
    LONGEST_ASK,
    Answer,
    Ask,
    Follow,
    FromFloor,
    Live,
    LiveChange,
    Refused,
    Result,
    Wish,
)

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A `Live` of a floor of some thousand agents is a few megabytes on one line."""

CONNECT_TIMEOUT_S = 2.0
BACKOFF_FIRST_S = 0.25
BACKOFF_MOST_S = 5.0

_encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[Answer | LiveChange] = msgspec.json.Decoder(FromFloor)


class FloorAbsent(Exception):
    """The floor does not answer. `maybe_done`: the request had been sent and may take effect."""

    def __init__(self, message: str, *, maybe_done: bool = False) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done


class _Connection:
    """One socket, its reader task, and the requests that wait on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self.changes: asyncio.Queue[LiveChange | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._read(), name="control-client-reader")

    @property
    def alive(self) -> bool:
        return not self._task.done()

    async def ask(self, ask: Ask, timeout_s: float) -> Result:
        """Send and wait. Raises FloorAbsent if no answer came in time or the socket closed."""
        try:
            line = _encode(ask) + b"\n"
        except (ValueError, TypeError, RecursionError) as error:
            return Refused("not-sent", 422, f"This cannot be told to the floor: {error}")
        if len(line) > LONGEST_ASK:
            return Refused("too-large", 413, f"The floor takes {LONGEST_ASK} bytes at most.")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[ask.id] = future
        try:
            async with asyncio.timeout(timeout_s):
                self._writer.write(line)
                await self._writer.drain()
                return await future
        except TimeoutError as error:
            raise FloorAbsent(
                f"The floor did not answer within {timeout_s:g} s.", maybe_done=True
            ) from error
        except OSError as error:
            raise FloorAbsent(
                f"The connection to the floor broke: {error}.", maybe_done=True
            ) from error
        finally:
            del self._waiting[ask.id]
            future.cancel()

    async def _read(self) -> None:
        reason = "The floor closed the connection."
        try:
            while line := await self._reader.readline():
                message = _decoder.decode(line)
                if isinstance(message, LiveChange):
                    self.changes.put_nowait(message)
                elif (future := self._waiting.get(message.id)) is not None and not future.done():
                    future.set_result(message.result)
        except (OSError, ValueError) as error:
            # ValueError: a line too long, or one that does not decode (msgspec's errors are such).
            reason = f"The connection to the floor broke: {error}."
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(FloorAbsent(reason, maybe_done=True))
            self.changes.put_nowait(None)
            self._writer.close()

    async def close(self) -> None:
        """Close the socket and end the reader."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class FloorClient:
    """Requests to the floor over its Unix socket; safe for concurrent use on one loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids = itertools.count(1)
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, wish: Wish, timeout_s: float = 5.0, audit: Audited | None = None) -> Result:
        """The floor's answer. Raises FloorAbsent when there is none within `timeout_s`."""
        connection = await self._connected()
        return await connection.ask(Ask(next(self._ids), wish, audit), timeout_s)

    async def follow(self) -> AsyncGenerator[Live | LiveChange | None, None]:
        """The whole floor, then each change, for ever; None each time the floor becomes absent.

        After every reconnection comes a `Live` again. Waits longer after each failed attempt.
        """
        backoff_s = BACKOFF_FIRST_S
        told_absent = False
        while True:
            try:
                connection = await self._connect()
            except FloorAbsent:
                connection = None
            if connection is not None:
                try:
                    live = await connection.ask(Ask(next(self._ids), Follow()), 10.0)
                    if isinstance(live, Live):
                        backoff_s, told_absent = BACKOFF_FIRST_S, False
                        yield live
                        while (change := await connection.changes.get()) is not None:
                            yield change
                except FloorAbsent:
                    pass  # the pause below, then another attempt
                finally:
                    await connection.close()
            if not told_absent:
                told_absent = True
                yield None
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_MOST_S)

    async def close(self) -> None:
        """Close the shared connection; requests under way raise FloorAbsent."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._connection is not None and not self._connection.alive:
                await self._connection.close()
                self._connection = None
            if self._connection is None:
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> _Connection:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_unix_connection(
                    self._path, limit=MAX_LINE_BYTES
                )
        except (OSError, TimeoutError) as error:
            raise FloorAbsent(
                f"The floor is not running: no answer on its control socket {self._path.name}."
            ) from error
        return _Connection(reader, writer)


class FloorRefused(Exception):
    """The floor will not do it: `refusal` says why."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal
