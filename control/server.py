"""The floor's end of the control channel: answers asks, pushes the live picture.

A slow or dead web process costs the floor nothing: what it does not read in time is dropped with
its connection, and it asks for the whole picture again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from control.live import LivePicture
from control.protocol import Answer, Ask, Follow, LiveChange, ReadLive, Refused, Result

log = structlog.get_logger(__name__)

PUSH_EVERY_S = 0.2
_MOST_UNREAD = 8 << 20
_LONGEST_LINE = 1 << 20


class ControlServer:
    """Serves one Unix socket, readable by its owner and group only.

    `answer` grants or refuses everything but the live picture, which comes from `picture`.
    """

    def __init__(
        self,
        path: Path,
        picture: LivePicture,
        now_ms: Callable[[], int],
        answer: Callable[[Ask], Awaitable[Result]],
    ) -> None:
        self._path = path
        self._picture = picture
        self._now_ms = now_ms
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._followers: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._pusher: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._decoder = msgspec.json.Decoder(Ask)
        self._encoder = msgspec.json.Encoder()

    async def start(self) -> None:
        """Listen; a socket file left by an earlier life is taken over. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(
            self._serve, path=self._path, limit=_LONGEST_LINE
        )
        os.chmod(self._path, 0o660)  # noqa: PTH101 - Path.chmod would follow a replaced link
        self._pusher = asyncio.create_task(self._push(), name="control-push")

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._pusher is not None:
            self._pusher.cancel()
            await asyncio.gather(self._pusher, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.close()
        for task in list(self._tasks):
            task.cancel()
        if self._server is not None:
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while line := await reader.readline():
                task = asyncio.create_task(self._one(line, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (ConnectionError, ValueError) as error:
            log.warning("a control connection broke", error=str(error))
        finally:
            self._open.discard(writer)
            self._followers.discard(writer)
            writer.close()

    async def _one(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            ask = self._decoder.decode(line)
        except msgspec.MsgspecError as error:
            log.error("a control message was not understood", error=str(error))
            writer.close()
            return
        if isinstance(ask.wish, Follow | ReadLive):
            if isinstance(ask.wish, Follow):
                # The whole and the changes after it leave in one go, so no version is missing.
                self._followers.add(writer)
            self._send(writer, Answer(ask.id, self._picture.whole(self._now_ms())))
            return
        try:
            result = await self._answer(ask)
        except Exception as error:
            log.exception("a wish failed", wish=type(ask.wish).__name__)
            result = Refused("floor-fault", 500, f"The floor failed at this: {error}")
        self._send(writer, Answer(ask.id, result))

    def _send(self, writer: asyncio.StreamWriter, message: Answer | LiveChange) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > _MOST_UNREAD:
            log.warning("a control connection does not read; it is closed")
            self._followers.discard(writer)
            writer.transport.abort()
            return
        writer.write(self._encoder.encode(message) + b"\n")

    async def _push(self) -> None:
        while True:
            await asyncio.sleep(PUSH_EVERY_S)
            try:
                change = self._picture.change(self._now_ms())
            except Exception:
                # A fault of ours in drawing must not end the picture for good.
                log.exception("the live picture failed")
                continue
            if change is None:
                continue
            for writer in list(self._followers):
                self._send(writer, change)
