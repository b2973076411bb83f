"""One WebSocket to Asterisk: read until it ends, and notice when it is dead.

Decides when a silent socket is dead (a ping unanswered). Refuses to know whether it carries events
or replies: each text frame is handed on and nothing slow runs here, because Asterisk closes the
socket of a slow reader.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType

_LARGEST_FRAME = 64 * 1024 * 1024
_CLOSE_HANDSHAKE_S = 0.2

_ENDS = {
    WSMsgType.CLOSE: "Asterisk closed the socket",
    WSMsgType.CLOSING: "the socket is closing",
    WSMsgType.CLOSED: "the socket is closed",
}


class AriSocket:
    """A WebSocket that is open already; `run` reads it until its end."""

    def __init__(
        self,
        ws: "ClientWebSocketResponse[Literal[False]]",
        on_frame: Callable[[str | bytes], None],
        ping_every_s: float,
        ping_timeout_s: float,
    ) -> None:
        self._ws = ws
        self._on_frame = on_frame
        self._ping_every_s = ping_every_s
        self._ping_timeout_s = ping_timeout_s
        self._loop = asyncio.get_running_loop()
        self._heard_at_s = self._loop.time()

    async def send(self, frame: str) -> None:
        """Write one text frame. Raises `ConnectionError` when the socket is closed: not sent."""
        if self._ws.closed:
            raise ConnectionResetError("the socket is closed")
        await self._ws.send_str(frame)

    async def run(self) -> str:
        """Read until the socket ends, close it, and return why in one sentence."""
        reader = asyncio.create_task(self._read())
        watch = asyncio.create_task(self._watch())
        try:
            done, _ = await asyncio.wait((reader, watch), return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in (reader, watch):
                task.cancel()
            await asyncio.gather(reader, watch, return_exceptions=True)
            await self._ws.close()

    async def _read(self) -> str:
        ws = self._ws
        while True:
            try:
                message = await ws.receive()
            except (aiohttp.ClientError, OSError) as error:
                return f"the socket cannot be read: {error!r}"
            self._heard_at_s = self._loop.time()
            kind = message.type
            if kind is WSMsgType.TEXT or kind is WSMsgType.BINARY:
                self._on_frame(message.data)
            elif kind is WSMsgType.PING:
                with suppress(ConnectionError):  # the next receive tells how it ended
                    await ws.pong(message.data)
            elif kind is WSMsgType.ERROR:
                return f"the socket failed: {ws.exception()!r}"
            elif kind in _ENDS:
                return _ENDS[kind]

    async def _watch(self) -> str:
        """Ping every `ping_every_s`; return when nothing was heard for `ping_timeout_s` since."""
        step_s = min(self._ping_every_s, self._ping_timeout_s)
        pinged_at_s = self._loop.time()
        unanswered_at_s: float | None = None
        while True:
            await asyncio.sleep(step_s)
            now_s = self._loop.time()
            if unanswered_at_s is not None:
                if self._heard_at_s >= unanswered_at_s:
                    unanswered_at_s = None
                elif now_s - unanswered_at_s >= self._ping_timeout_s:
                    return f"Asterisk did not answer a ping within {self._ping_timeout_s:g} s"
            if now_s - pinged_at_s < self._ping_every_s:
                continue
            pinged_at_s = now_s
            unanswered_at_s = unanswered_at_s or now_s
            try:
                async with asyncio.timeout(self._ping_timeout_s):
                    await self._ws.ping()
            except TimeoutError:
                return f"the socket took no ping for {self._ping_timeout_s:g} s"
            except (ConnectionError, aiohttp.ClientError) as error:
                return f"the socket cannot be written: {error}"


async def open_socket(
    session: aiohttp.ClientSession,
    ari_url: str,
    app: str,
    connect_timeout_s: float,
) -> "ClientWebSocketResponse[Literal[False]]":
    """Open the WebSocket of the application `app`.

    Raises `aiohttp.ClientError` or `TimeoutError`. Never subscribes to everything: the cost of
    that grows with the whole server.
    """
    async with asyncio.timeout(connect_timeout_s):
        return await session.ws_connect(
            f"{ari_url}/events",
            params={"app": app, "subscribeAll": "false"},
            autoping=False,
            max_msg_size=_LARGEST_FRAME,
            decode_text=False,  # a frame that is no UTF-8 must not end the socket: see `decode`
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_HANDSHAKE_S),
        )
