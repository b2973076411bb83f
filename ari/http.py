"""Requests by plain HTTP: the way when no command socket serves, and the only one for files.

Decides which failure of transport is certain (`Unavailable`) and which is not
(`OutcomeUnknown`). Refuses to retry.
"""

from collections.abc import AsyncIterator

import aiohttp
from yarl import URL

from ari.counters import Counters
from ari.errors import OutcomeUnknown, Unavailable, error_for
from ari.settings import AriSettings
from ari.wire import Pending, http_target, message_in

_IDLE_S = 5.0
"""Below Asterisk's `session_keep_alive` (15 s), so that it never closes under our hands."""
_CHUNK_BYTES = 64 * 1024


def new_session(settings: AriSettings) -> aiohttp.ClientSession:
    """Return the client session that all of a connection's traffic uses."""
    return aiohttp.ClientSession(
        headers={"Authorization": aiohttp.encode_basic_auth(settings.user, settings.password)},
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_S),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout_s),
    )


class HttpCarrier:
    """Sends one request at a time for each of its callers."""

    def __init__(
        self, session: aiohttp.ClientSession, settings: AriSettings, counters: Counters
    ) -> None:
        self._session = session
        self._root = settings.ari_url
        self._timeout = aiohttp.ClientTimeout(total=settings.request_timeout_s)
        self._counters = counters

    async def carry(self, request: Pending) -> None:
        """Send `request` and settle its reply, whatever happens."""
        self._counters.http_requests += 1
        request.sent = True
        headers = {} if request.body is None else {"Content-Type": "application/json"}
        try:
            async with self._session.request(
                request.method,
                URL(self._root + http_target(request.path, request.query), encoded=True),
                data=request.body,
                headers=headers,
                timeout=self._timeout,
            ) as reply:
                request.resolve(reply.status, await reply.read())
        except aiohttp.ClientConnectorError as error:
            request.fail(Unavailable, f"Asterisk cannot be reached: {error}")
        except TimeoutError:
            request.fail(OutcomeUnknown, "no reply in time; read the state before trying again")
        except aiohttp.ClientError as error:
            request.fail(OutcomeUnknown, f"the connection broke before the reply: {error!r}")

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file that Asterisk serves. Raises `AriError`."""
        self._counters.http_requests += 1
        try:
            async with self._session.get(URL(self._root + path, encoded=True)) as reply:
                if reply.status >= 400:
                    raise error_for("GET", path, reply.status, message_in(await reply.read()))
                async for chunk in reply.content.iter_chunked(_CHUNK_BYTES):
                    yield chunk
        except aiohttp.ClientError as error:
            raise Unavailable("GET", path, 0, f"the download broke: {error!r}") from error
