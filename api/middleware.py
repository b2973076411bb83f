"""Around every request: what may come in, what a fault of ours becomes, security headers, counts.

ASGI, no routes: a body that is too large and control characters in the address are refused here,
once for all, and what no handler knows is answered as a problem like any other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


# What PostgreSQL cannot hold or nobody means; line breaks may stand in a comment.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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
            if _UNFIT.search(scope["path"]) or _UNFIT.search(_query(scope)):
                problem = Problem(
                    422,
                    "invalid",
                    "Control characters cannot be in the address of a request.",
                    "L’adresse d’une demande ne peut pas contenir de caractères de contrôle.",
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
            await self._app(scope, limited_receive, noted_send)
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


def _query(scope: Scope) -> str:
    return unquote(scope["query_string"].decode("latin-1"))
