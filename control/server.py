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
from control.protocol import (
    LONGEST_ASK,
    Answer,
    Ask,
    Done,
    Follow,
    Kept,
    LiveChange,
    ReadLive,
    Refused,
    Result,
)
from store.journal import Journal
from store.journal_lines import UNREADABLE
from store.mending import mended

log = structlog.get_logger(__name__)

PUSH_EVERY_S = 0.2
_MOST_UNREAD = 8 << 20
_LONGEST_LINE = LONGEST_ASK


class _Numbered(msgspec.Struct):
    """The least of an `Ask` that can be answered."""

    id: int


_numbered = msgspec.json.Decoder(_Numbered)


class ControlServer:
    """Serves one Unix socket, readable by its owner and group only.

    `answer` grants or refuses everything but the live picture, which comes from `picture`. What was
    done is pushed before it is answered, and the answer says where it stands in `journal`.
    """

    def __init__(
        self,
        path: Path,
        picture: LivePicture,
        now_ms: Callable[[], int],
        answer: Callable[[Ask], Awaitable[Result]],
        journal: Journal | None = None,
    ) -> None:
        self._path = path
        self._picture = picture
        self._now_ms = now_ms
        self._answer = answer
        self._journal = journal
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
        except UNREADABLE as error:
            log.error("a control message was not understood", error=str(error))
            self._not_understood(line, str(error), writer)
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
        if isinstance(result, Done):
            self._push_now()
            result = msgspec.structs.replace(
                result, version=self._picture.version, kept=self._kept()
            )
        self._send(writer, Answer(ask.id, result))

    def _kept(self) -> Kept | None:
        if self._journal is None:
            return None
        end = self._journal.end
        return Kept(self._journal.journal_id, end.segment, end.offset)

    def _send(self, writer: asyncio.StreamWriter, message: Answer | LiveChange) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > _MOST_UNREAD:
            log.warning("a control connection does not read; it is closed")
            self._followers.discard(writer)
            writer.transport.abort()
            return
        writer.write(self._line(message))

    def _not_understood(self, line: bytes, why: str, writer: asyncio.StreamWriter) -> None:
        """Others ask on this connection too: it is closed only if not even the id can be read."""
        try:
            ask_id = _numbered.decode(line).id
        except UNREADABLE:
            writer.close()
            return
        said = f"The floor did not understand this: {why}"
        self._send(writer, Answer(ask_id, Refused("not-understood", 400, said)))

    def _line(self, message: Answer | LiveChange) -> bytes:
        """The message as one line; what JSON cannot hold is mended, never left unsaid."""
        try:
            text = self._encoder.encode(message)
        except (ValueError, TypeError, RecursionError):
            log.exception("a message had to be mended", message=type(message).__name__)
            text = self._encoder.encode(mended(message, type(message)))
        return text + b"\n"

    async def _push(self) -> None:
        while True:
            await asyncio.sleep(PUSH_EVERY_S)
            self._push_now()

    def _push_now(self) -> None:
        """Send what has changed in the picture to all who follow."""
        try:
            change = self._picture.change(self._now_ms())
        except Exception:
            # A fault of ours in drawing must not end the picture for good.
            log.exception("the live picture failed")
            return
        if change is None:
            return
        try:
            for writer in list(self._followers):
                self._send(writer, change)
        except Exception:
            # As above; whoever follows asks for the whole picture again.
            log.exception("a change of the live picture could not be sent")
            for writer in list(self._followers):
                self._followers.discard(writer)
                writer.close()
