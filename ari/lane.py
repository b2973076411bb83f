"""One command lane: the requests of the calls pinned to it, in order.

Decides which way a request goes: down the lane's own WebSocket without waiting for the reply
before (Asterisk serves a socket's requests one after another, so order holds), or by HTTP one at a
time while that socket is down. Refuses to send a request twice: what was sent and not answered
when the socket broke is *unknown*.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import aiohttp

from ari.backoff import backoff_s
from ari.counters import Counters
from ari.decode import decode
from ari.errors import AriError, OutcomeUnknown, Unavailable
from ari.events_gen import ApplicationReplaced, RESTResponse
from ari.http import HttpCarrier
from ari.settings import AriSettings
from ari.socket import AriSocket, open_socket
from ari.wire import Pending, settle_from_socket, socket_frame

log = logging.getLogger(__name__)


class Lane:
    """A queue of requests and the socket that carries them."""

    def __init__(
        self,
        app: str | None,
        session: aiohttp.ClientSession,
        http: HttpCarrier,
        settings: AriSettings,
        counters: Counters,
        draw: Callable[[], float],
        on_replaced: Callable[[], None],
    ) -> None:
        """Take `app` as the name of this lane's socket; None makes a lane of HTTP only."""
        self._app = app
        self._session = session
        self._http = http
        self._settings = settings
        self._counters = counters
        self._draw = draw
        self._on_replaced = on_replaced
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Pending] = deque()
        self._wake = asyncio.Event()
        self._socket: AriSocket | None = None
        self._waiting: dict[str, Pending] = {}
        self._last_id = 0
        self._tasks = [asyncio.create_task(self._pump(), name="ari-lane-pump")]
        if app is not None:
            self._tasks.append(asyncio.create_task(self._keep(app), name=f"ari-lane-{app}"))
        for task in self._tasks:
            task.add_done_callback(_report)

    def submit(self, request: Pending) -> None:
        """Take a request; the order of these calls is the order in which Asterisk sees them."""
        request.timer = self._loop.call_later(
            self._settings.request_timeout_s, self._expire, request
        )
        self._queue.append(request)
        self._wake.set()

    async def stop(self, error: type[AriError], message: str) -> None:
        """End the lane; what has not been answered fails with `error` (unsent) or as unknown."""
        self.fail_all(error, message)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.fail_all(error, message)

    def fail_all(self, error: type[AriError], message: str) -> None:
        """Fail every request at hand."""
        while self._queue:
            self._queue.popleft().fail(error, message)
        self._fail_waiting(message)

    def _expire(self, request: Pending) -> None:
        if request.sent:
            message = "no reply in time; read the state before trying again"
            request.fail(OutcomeUnknown, message)
        else:
            request.fail(Unavailable, "not sent in time: Asterisk does not take our requests")

    async def _pump(self) -> None:
        while True:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            request = self._queue.popleft()
            if request.reply.done():  # expired or cancelled before it left
                continue
            if self._socket is None:
                await self._http.carry(request)
            else:
                await self._send(self._socket, request)

    async def _send(self, socket: AriSocket, request: Pending) -> None:
        self._last_id += 1
        request_id = str(self._last_id)
        self._waiting[request_id] = request
        request.sent = True
        try:
            await socket.send(socket_frame(request, request_id))
        except (ConnectionError, aiohttp.ClientError):
            # The frame was refused before it left, so another way may be taken.
            if self._waiting.pop(request_id, None) is not None and not request.reply.done():
                request.sent = False
                self._queue.appendleft(request)
            if self._socket is socket:
                self._socket = None

    async def _keep(self, app: str) -> None:
        failures = 0
        while True:
            try:
                ws = await open_socket(
                    self._session, self._settings.ari_url, app, self._settings.connect_timeout_s
                )
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                log.debug("command socket %s: %r", app, error)
                failures += 1
            else:
                failures = 0
                socket = AriSocket(
                    ws, self._frame, self._settings.ping_every_s, self._settings.ping_timeout_s
                )
                self._socket = socket
                try:
                    reason = await socket.run()
                finally:
                    self._socket = None
                    self._fail_waiting("the command socket broke before the reply")
                log.info("command socket %s lost: %s", app, reason)
                self._counters.command_reconnects += 1
                failures = 1
            await asyncio.sleep(
                backoff_s(
                    failures,
                    self._settings.backoff_first_s,
                    self._settings.backoff_longest_s,
                    self._draw,
                )
            )

    def _frame(self, frame: str | bytes) -> None:
        event = decode(frame, self._counters)
        if isinstance(event, RESTResponse):
            request = self._waiting.pop(event.request_id, None)
            if request is not None:
                settle_from_socket(request, event)
        elif isinstance(event, ApplicationReplaced):
            self._on_replaced()

    def _fail_waiting(self, message: str) -> None:
        waiting, self._waiting = self._waiting, {}
        for request in waiting.values():
            request.fail(OutcomeUnknown, message)


def _report(task: asyncio.Task[None]) -> None:
    """Make a fault of ours in a lane loud; its requests then end by their time-outs."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("%s ended by a fault of ours", task.get_name(), exc_info=task.exception())
