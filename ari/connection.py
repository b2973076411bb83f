"""The connection to one Asterisk: events in order, commands by call, and the way back after a loss.

Decides when we are connected, what happens in which order after a (re)connection, and that we stop
commanding when another client takes our application. Refuses to know what an event means: that is
the service's, through `on_event` and `on_sync`.
"""

import asyncio
import logging
import random
import zlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import aiohttp
import msgspec

from ari.backoff import backoff_s
from ari.counters import Counters
from ari.decode import decode
from ari.errors import AriError, AriUnavailable, Refused, Replaced, Unavailable
from ari.events_gen import (
    ApplicationReplaced,
    AriEvent,
    AsteriskInfo,
    Bridge,
    Channel,
    Endpoint,
    RESTResponse,
)
from ari.http import HttpCarrier, new_session
from ari.lane import Lane
from ari.settings import ENDPOINT_EVENT_TYPES, AriSettings, ConnectionState, Snapshot
from ari.socket import AriSocket, open_socket
from ari.wire import AriResponse, Json, Pending, T, decoded, make_pending, segment

__all__ = ["AriConnection", "AriSettings", "ConnectionState", "Snapshot"]

log = logging.getLogger(__name__)

_HTTP_LANES = 4
_FINAL = frozenset({ConnectionState.REPLACED, ConnectionState.CLOSED})


class _Lost(Exception):
    """The event socket ended; the text says why."""


class AriConnection:
    """One application on one Asterisk.

    `on_event` is called with each event, in order, from the reader: it must not block. `on_state`
    is called at each change of state. `on_sync`, if given, is awaited after each (re)connection
    with what Asterisk holds; events that came since the socket opened are kept back until it
    returns, so they may tell again what the snapshot already showed: apply them idempotently.
    `rng` gives the jitter of waits.
    """

    def __init__(
        self,
        settings: AriSettings,
        *,
        on_event: Callable[[AriEvent], None],
        on_state: Callable[[ConnectionState], None],
        on_sync: Callable[[Snapshot], Awaitable[None]] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.settings = settings
        self.counters = Counters()
        self._on_event = on_event
        self._on_state = on_state
        self._on_sync = on_sync
        self._draw = (rng or random.Random()).random
        self._state = ConnectionState.CLOSED
        self._session: aiohttp.ClientSession | None = None
        self._http: HttpCarrier | None = None
        self._lanes: list[Lane] = []
        self._runner: asyncio.Task[None] | None = None
        self._buffer: deque[AriEvent] | None = None
        self._first: asyncio.Future[None] | None = None
        self._retreat: asyncio.Task[None] | None = None
        self._last_problem = "no attempt was made"

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands now."""
        return self._state

    async def start(self, *, timeout_s: float = 10.0, wait: bool = False) -> None:
        """Connect, and return when the first synchronisation is done.

        Raises `AriUnavailable` when that takes longer than `timeout_s` (with `wait`, never), or at
        once when Asterisk refuses our user. An exception out of the first `on_sync` is raised too.
        """
        if self._runner is not None:
            raise RuntimeError("this connection was started already; make a new one")
        loop = asyncio.get_running_loop()
        self._first = loop.create_future()
        self._session = new_session(self.settings)
        self._http = HttpCarrier(self._session, self.settings, self.counters)
        self._set_state(ConnectionState.CONNECTING)
        self._open_lanes(self._session, self._http)
        self._runner = asyncio.create_task(self._run(self._session), name="ari-connection")
        self._runner.add_done_callback(self._runner_ended)
        try:
            async with asyncio.timeout(None if wait else timeout_s):
                await asyncio.shield(self._first)
        except TimeoutError:
            problem = self._last_problem
            await self.close()
            raise AriUnavailable(
                f"Asterisk at {self.settings.base_url} did not serve the application "
                f"{self.settings.app!r} within {timeout_s:g} s: {problem}"
            ) from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close every socket; requests at hand fail. Safe to call twice."""
        if self._retreat is not None:
            await self._retreat
        if self._state is ConnectionState.CONNECTED and self.settings.watch_endpoints:
            await self._forget_endpoints()
        await self._stop_all(Unavailable, "the connection was closed")
        if self._session is not None:
            await self._session.close()
        if self._first is not None and not self._first.done():
            self._first.cancel()
        if self._state is not ConnectionState.CLOSED:
            self._set_state(ConnectionState.CLOSED)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json = None,
        pin: str,
    ) -> Awaitable[AriResponse]:
        """Send a command now and return its reply to be awaited.

        `path` begins with a slash and leaves `/ari` off; ids in it are quoted (`wire.segment`).
        Requests of one `pin` (a call's id) reach Asterisk in the order of these calls, without
        waiting for each other; the order between pins is free. A 404 to a DELETE is success.
        The awaitable raises `AriError`. Dropping it is allowed: the outcome is counted.
        """
        request = make_pending(asyncio.get_running_loop(), method, path, query, body)
        request.reply.add_done_callback(lambda _: self._settled(request))
        if self._state is ConnectionState.REPLACED:
            request.fail(Replaced, "another client took our application; we no longer command")
        elif not self._lanes:
            request.fail(Unavailable, "the connection is not open")
        else:
            lane = zlib.crc32(pin.encode()) % len(self._lanes)
            self._lanes[lane].submit(request)
        return request.reply

    def stream(self, path: str) -> AsyncIterator[bytes]:
        """Return the chunks of a file, by HTTP. Raises `AriError` while iterating."""
        if self._http is None or self._state in _FINAL:
            raise Unavailable("GET", path, 0, "the connection is not open")
        return self._http.stream(path)

    async def _forget_endpoints(self) -> None:
        """End the subscription, so that Asterisk does not keep the application for nobody."""
        path = f"/applications/{segment(self.settings.app + '-phones')}/subscription"
        query = {"eventSource": f"endpoint:{self.settings.endpoint_technology}"}
        try:
            await self._http_json("DELETE", path, msgspec.Raw, query=query)
        except AriError as error:
            log.info("the endpoints' subscription stays behind: %s", error)

    def _open_lanes(self, session: aiohttp.ClientSession, http: HttpCarrier) -> None:
        names: list[str | None] = [
            f"{self.settings.app}-cmd-{n}" for n in range(self.settings.command_sockets)
        ]
        self._lanes = [
            Lane(name, session, http, self.settings, self.counters, self._draw, self._taken_over)
            for name in names or [None] * _HTTP_LANES
        ]

    def _settled(self, request: Pending) -> None:
        """Count how a request ended, and let its timer go."""
        if request.timer is not None:
            request.timer.cancel()
        if request.reply.cancelled():
            self.counters.requests["cancelled"] += 1
            return
        error = request.reply.exception()
        if error is None:
            self.counters.requests[str(request.reply.result().status)] += 1
        elif isinstance(error, AriError):
            self.counters.requests[str(error.status) if error.status else error.slug] += 1
            if not error.status:
                self.counters.timeouts += error.slug == "switch-outcome-unknown"
                return
        elapsed_s = asyncio.get_running_loop().time() - request.asked_at_s
        self.counters.observe_latency(elapsed_s * 1000)

    def _set_state(self, state: ConnectionState) -> None:
        if state is self._state:
            return
        self._state = state
        log.info("ARI %s: %s", self.settings.app, state)
        try:
            self._on_state(state)
        except Exception:  # a listener's fault must not end the connection
            self.counters.handler_errors += 1
            log.exception("on_state failed at %s", state)

    async def _run(self, session: aiohttp.ClientSession) -> None:
        """Connect, stay, and come back, until closed or replaced."""
        failures = 0
        while True:
            self._set_state(ConnectionState.CONNECTING)
            reached = False
            try:
                async with AsyncExitStack() as stack:
                    readers = await self._open(session, stack)
                    await self._synchronise(readers)
                    reached = True
                    failures = 0
                    raise _Lost(await _first_end(readers))
            except Refused as error:
                self._note(str(error))
                if self._first is not None and not self._first.done():
                    self._first.set_exception(AriUnavailable(self._refused_sentence()))
                    return
            except (AriError, aiohttp.ClientError, TimeoutError, OSError, _Lost) as error:
                self._note(str(error) or repr(error))
            finally:
                self._buffer = None
            failures += 1
            if reached:
                self.counters.reconnects += 1
                self._set_state(ConnectionState.LOST)
            await asyncio.sleep(
                backoff_s(
                    failures,
                    self.settings.backoff_first_s,
                    self.settings.backoff_longest_s,
                    self._draw,
                )
            )

    def _note(self, problem: str) -> None:
        self._last_problem = problem
        log.warning("ARI %s at %s: %s", self.settings.app, self.settings.base_url, problem)

    def _refused_sentence(self) -> str:
        return (
            f"Asterisk at {self.settings.base_url} refuses the ARI user {self.settings.user!r}: "
            "check the user and its password in ari.conf"
        )

    async def _open(
        self, session: aiohttp.ClientSession, stack: AsyncExitStack
    ) -> list[asyncio.Task[str]]:
        """Open the event sockets and start to read them into the buffer."""
        settings = self.settings
        self._buffer = deque()
        apps = [settings.app]
        if settings.watch_endpoints:
            apps.append(f"{settings.app}-phones")
        readers: list[asyncio.Task[str]] = []
        for app in apps:
            try:
                ws = await open_socket(session, settings.ari_url, app, settings.connect_timeout_s)
            except aiohttp.WSServerHandshakeError as error:
                kind = Refused if error.status in (401, 403) else Unavailable
                text = f"the WebSocket was refused: {error.message}"
                raise kind("GET", "/events", error.status, text) from error
            socket = AriSocket(ws, self._frame, settings.ping_every_s, settings.ping_timeout_s)
            reader = asyncio.create_task(socket.run(), name=f"ari-events-{app}")
            stack.push_async_callback(_end, reader)
            readers.append(reader)
        return readers

    async def _synchronise(self, readers: list[asyncio.Task[str]]) -> None:
        """Filter, take the snapshot, let the service reconcile, then let events through.

        Raises `_Lost` when a socket ends meanwhile.
        """
        self._set_state(ConnectionState.SYNCING)
        work = asyncio.create_task(self._prepare(), name="ari-sync")
        try:
            await asyncio.wait((work, *readers), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise _Lost(await _first_end(readers))
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        self._set_state(ConnectionState.CONNECTED)
        while self._buffer:
            self._hand_on(self._buffer.popleft())
        self._buffer = None
        if self._first is not None and not self._first.done():
            self._first.set_result(None)

    async def _prepare(self) -> None:
        settings = self.settings
        await self._filter(settings.app, settings.event_types | {"RESTResponse"})
        if settings.watch_endpoints:
            phones = f"{settings.app}-phones"
            await self._filter(phones, ENDPOINT_EVENT_TYPES)
            await self._http_json(
                "POST",
                f"/applications/{segment(phones)}/subscription",
                msgspec.Raw,
                query={"eventSource": f"endpoint:{settings.endpoint_technology}"},
            )
        snapshot = await self.snapshot()
        if self._on_sync is None:
            return
        try:
            async with asyncio.timeout(settings.sync_timeout_s):
                await self._on_sync(snapshot)
        except Exception as error:
            self.counters.handler_errors += 1
            if self._first is not None and not self._first.done():
                self._first.set_exception(error)
                return
            log.exception("on_sync failed; the connection is taken up again")
            raise _Lost("on_sync failed") from error

    async def snapshot(self) -> Snapshot:
        """Return what Asterisk holds now. Raises `AriError`."""
        info = await self._http_json("GET", "/asterisk/info", AsteriskInfo)
        endpoints: tuple[Endpoint, ...] = ()
        if self.settings.watch_endpoints:
            technology = segment(self.settings.endpoint_technology)
            endpoints = await self._http_json(
                "GET", f"/endpoints/{technology}", tuple[Endpoint, ...]
            )
        return Snapshot(
            channels=await self._http_json("GET", "/channels", tuple[Channel, ...]),
            bridges=await self._http_json("GET", "/bridges", tuple[Bridge, ...]),
            endpoints=endpoints,
            startup_time=info.status.startup_time if info.status else "",
            version=info.system.version if info.system else "",
        )

    async def _filter(self, app: str, types: frozenset[str]) -> None:
        body = {"allowed": [{"type": name} for name in sorted(types)]}
        await self._http_json(
            "PUT", f"/applications/{segment(app)}/eventFilter", msgspec.Raw, body=body
        )

    async def _http_json(
        self,
        method: str,
        path: str,
        kind: type[T],
        query: Mapping[str, str] | None = None,
        body: Json = None,
    ) -> T:
        """Ask by HTTP, beside the lanes, and decode the reply. Raises `AriError`."""
        request = make_pending(asyncio.get_running_loop(), method, path, query, body)
        request.reply.add_done_callback(lambda _: self._settled(request))
        if self._http is None:
            raise Unavailable(method, path, 0, "the connection is not open")
        await self._http.carry(request)
        return decoded(await request.reply, kind, method, path)

    def _frame(self, frame: str | bytes) -> None:
        event = decode(frame, self.counters)
        if event is None or isinstance(event, RESTResponse):
            return
        self.counters.events[type(event).__name__] += 1
        if isinstance(event, ApplicationReplaced):
            self._taken_over()
        elif self._buffer is None:
            self._hand_on(event)
        else:
            self._buffer.append(event)

    def _hand_on(self, event: AriEvent) -> None:
        try:
            self._on_event(event)
        except Exception:  # a listener's fault must not stop the reader
            self.counters.handler_errors += 1
            log.exception("on_event failed for %s", type(event).__name__)

    def _taken_over(self) -> None:
        """Stop commanding and stop reading: the application is another client's now."""
        if self._state in _FINAL:
            return
        log.error(
            "another client took the ARI application %s: we stop commanding", self.settings.app
        )
        self._set_state(ConnectionState.REPLACED)
        if self._first is not None and not self._first.done():
            sentence = f"another client took the application {self.settings.app!r} meanwhile"
            self._first.set_exception(AriUnavailable(sentence))
        self._retreat = asyncio.create_task(self._stop_all(Replaced, "another client took over"))

    async def _stop_all(self, error: type[AriError], message: str) -> None:
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        lanes, self._lanes = self._lanes, []
        await asyncio.gather(*(lane.stop(error, message) for lane in lanes))

    def _runner_ended(self, runner: asyncio.Task[None]) -> None:
        """Make a fault of ours in the runner loud, instead of a connection that never returns."""
        if runner.cancelled() or runner.exception() is None:
            return
        log.critical("the ARI connection ended by a fault of ours", exc_info=runner.exception())
        self._set_state(ConnectionState.CLOSED)
        if self._first is not None and not self._first.done():
            sentence = f"the ARI connection failed by a fault of ours: {runner.exception()!r}"
            self._first.set_exception(AriUnavailable(sentence))


async def _first_end(readers: list[asyncio.Task[str]]) -> str:
    """Wait until one of the sockets ends and return why."""
    done, _ = await asyncio.wait(readers, return_when=asyncio.FIRST_COMPLETED)
    return done.pop().result()


async def _end(reader: asyncio.Task[str]) -> None:
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
