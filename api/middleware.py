"""Around every request: what may come in, what a fault of ours becomes, security headers, counts.

ASGI, no routes: a body that is too large, and text that nobody can keep in a body or an address,
are refused here, once for all; what no handler knows is answered as a problem like any other.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acd.texts import refusal
from api.bodies import check_json
from api.metrics import ApiMetrics
from api.problems import Problem

log = structlog.get_logger(__name__)

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


class _TooLarge(Exception):
    """The body has grown beyond the limit while being read."""


class Surroundings:
    """See the module. A body has `max_body_bytes` at most, at the paths of `limits` as they say."""

    def __init__(
        self, app: ASGIApp, metrics: ApiMetrics, max_body_bytes: int, limits: Mapping[str, int]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._most = max_body_bytes
        self._limits = dict(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def counted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            if (said := _unfit(scope)) is not None:
                problem = Problem(
                    422,
                    "invalid",
                    f"The address of the request: {said}.",
                    f"L’adresse d’une demande ne peut pas contenir cela ({said}).",
                )
                await problem.response(Headers(scope=scope).get("accept-language"))(
                    scope, receive, counted_send
                )
            else:
                await self._limited(scope, receive, counted_send)
        finally:
            route = getattr(scope.get("route"), "operation_id", None) or "page"
            self._metrics.requests.labels(scope["method"], route, f"{status // 100}xx").inc()
            seconds = time.perf_counter() - began
            self._metrics.seconds.labels(scope["method"], route).observe(seconds)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._limits.get(scope["path"], self._most)
        problem = Problem(
            413,
            "too-large",
            f"The body may have at most {most} bytes.",
            f"Le corps de la demande peut avoir {most} octets au plus.",
        ).response(Headers(scope=scope).get("accept-language"))
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared) > most:
            await problem(scope, receive, send)
            return
        read = 0
        started = False

        async def limited_receive() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > most:
                    raise _TooLarge
            return message

        async def noted_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            source = await _checked(scope, limited_receive)
            await self._app(scope, source, noted_send)
        except Problem as unfit:
            language = Headers(scope=scope).get("accept-language")
            await unfit.response(language)(scope, receive, send)
        except _TooLarge:
            if not started:
                await problem(scope, receive, send)
        except ClientDisconnect:
            pass  # who asked has gone before the whole body was here: nobody is to be answered
        except Exception:
            log.exception("a request failed", method=scope["method"], path=scope["path"])
            if started:
                raise  # the server cuts the connection, so that half an answer is not taken for one
            await _FAULT.response()(scope, receive, send)


_FAULT: Final = Problem(
    500,
    "fault",
    "The web process failed at this; its log says why. Calls go on without it.",
    "Le serveur web a échoué à cette demande : voyez son journal. Les appels continuent.",
)


def _unfit(scope: Scope) -> str | None:
    """What an address holds that nothing can be called, as a part of a sentence; None: nothing."""
    for raw in (scope.get("raw_path") or b"", scope["query_string"].replace(b"+", b" ")):
        try:
            said = refusal(unquote_to_bytes(raw).decode())
        except UnicodeDecodeError:
            said = "it is not UTF-8"
        if said is not None:
            return said
    return None


async def _checked(scope: Scope, receive: Receive) -> Receive:
    """The body again, once it is known to hold only what can be kept. Raises Problem.

    Documents are checked by their own readers, which tell all faults at once.
    """
    path = scope["path"]
    if not _is_json(scope) or not path.startswith("/api/") or _DOCUMENTS.match(path):
        return receive
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body", False):
        messages.append(await receive())
        if messages[-1]["type"] != "http.request":
            break
    body = b"".join(message.get("body", b"") for message in messages)
    if len(body) > _LARGE:
        await asyncio.to_thread(check_json, body)  # to find the place of a fault may take a second
    elif body:
        check_json(body)
    left = iter(messages)

    async def again() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return again


def _is_json(scope: Scope) -> bool:
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


_LARGE: Final = 64 * 1024
_DOCUMENTS: Final = re.compile(r"/api/v[0-9]+/(?:flows|config)(?:/|$)")
