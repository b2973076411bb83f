"""One request and one reply, whatever carries them.

Decides how a request is written for the socket and for HTTP, and what a status means. Refuses to
send anything.
"""

from asyncio import AbstractEventLoop, Future, TimerHandle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ari.decode import UNREADABLE, repaired, suspicious
from ari.errors import AriError, ServerFault, error_for
from ari.events_gen import RESTResponse

T = TypeVar("T")
Json = Mapping[str, object] | list[object] | None
"""A request's body before it is written as JSON."""

_encoder = msgspec.json.Encoder()


class _Message(msgspec.Struct):
    message: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class AriResponse:
    """A reply of status below 400 (or 404 to a DELETE); `body` is JSON text, empty for 204."""

    status: int
    body: bytes

    def decoded(self, kind: type[T]) -> T:
        """Return the body as `kind`. Raises `msgspec.DecodeError` when it is something else."""
        try:
            if not suspicious(self.body):
                return msgspec.json.decode(self.body, type=kind)
        except msgspec.ValidationError:
            raise
        except UNREADABLE:
            pass  # most likely text that no UTF-8 can hold
        return msgspec.json.decode(repaired(self.body), type=kind)


@dataclass(slots=True, eq=False)
class Pending:
    """A request on its way. `sent` tells a time-out that means *unknown* from one that does not."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes | None
    reply: "Future[AriResponse]"
    asked_at_s: float
    sent: bool = False
    timer: TimerHandle | None = None

    def resolve(self, status: int, body: bytes) -> None:
        """Settle the reply from a status and a body."""
        if self.reply.done():
            return
        if status < 400 or (status == 404 and self.method == "DELETE"):
            self.reply.set_result(AriResponse(status, body))
        else:
            self.reply.set_exception(error_for(self.method, self.path, status, message_in(body)))

    def fail(self, error: type[AriError], message: str) -> None:
        """Settle the reply with an error that no status gave."""
        if not self.reply.done():
            self.reply.set_exception(error(self.method, self.path, 0, message))


def make_pending(
    loop: AbstractEventLoop,
    method: str,
    path: str,
    query: Mapping[str, str] | None,
    body: Json,
) -> Pending:
    """Return a request that has not left yet; `path` begins with a slash, without `/ari`."""
    if not path.startswith("/"):
        raise ValueError(f"an ARI path begins with a slash: {path!r}")
    encoded = None if body is None else _encoder.encode(body)
    return Pending(method, path, query or {}, encoded, loop.create_future(), loop.time())


def socket_frame(request: Pending, request_id: str) -> str:
    """Return the `RESTRequest` text for a command socket."""
    frame: dict[str, object] = {
        "type": "RESTRequest",
        "transaction_id": request_id,
        "request_id": request_id,
        "method": request.method,
        "uri": request.path[1:],
    }
    if request.query:
        frame["query_strings"] = [{"name": k, "value": v} for k, v in request.query.items()]
    if request.body is not None:
        frame["content_type"] = "application/json"
        frame["message_body"] = request.body.decode()
    return _encoder.encode(frame).decode()


def http_target(path: str, query: Mapping[str, str]) -> str:
    """Return path and query as HTTP writes them; the path's segments are quoted already."""
    return path + ("?" + urlencode(query, quote_via=quote) if query else "")


def segment(text: str) -> str:
    """Return a caller's id fit to stand between two slashes of a path.

    Raises `ValueError` for an empty id, which would address the whole collection, and for a dot
    or two, which a server may take for a folder.
    """
    if not text or text in (".", ".."):
        raise ValueError(f"{text!r} cannot be an id in an ARI path: it is empty or only dots")
    return quote(text, safe="")


def message_in(body: bytes) -> str:
    """Return Asterisk's sentence inside an error's body, or the start of the body itself."""
    try:
        found = msgspec.json.decode(body, type=_Message)
    except UNREADABLE:
        return body[:200].decode("utf-8", "replace").strip()
    return found.message or found.error


def settle_from_socket(request: Pending, reply: RESTResponse) -> None:
    """Settle a request from its frame."""
    request.resolve(reply.status_code, (reply.message_body or "").encode())


def decoded(response: AriResponse, kind: type[T], method: str, path: str) -> T:
    """Return a reply's body as `kind`; `ServerFault` when Asterisk sent something else."""
    try:
        return response.decoded(kind)
    except UNREADABLE as error:
        raise ServerFault(
            method, path, response.status, f"the reply is not what ARI describes: {error}"
        ) from error
