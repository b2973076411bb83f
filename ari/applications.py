"""Applications: what Asterisk sends us, and of what.

Decides how each act is written as a request. The connection sets the filter of its own
application by itself after every (re)connection; these are for more. Raises `AriError`.
"""

from collections.abc import Iterable

from ari.call import Commander, ask
from ari.events_gen import Application
from ari.wire import segment


async def get(conn: Commander, app: str, *, pin: str = "") -> Application:
    """Return an application's subscriptions and filter; `Gone` when nobody serves it."""
    return await ask(conn, "GET", f"/applications/{segment(app)}", Application, pin=pin)


async def filter_events(
    conn: Commander, app: str, types: Iterable[str], *, pin: str = ""
) -> Application:
    """Let only events of these types pass; `RESTResponse` is always added."""
    allowed = sorted({*types, "RESTResponse"})
    body = {"allowed": [{"type": name} for name in allowed]}
    path = f"/applications/{segment(app)}/eventFilter"
    return await ask(conn, "PUT", path, Application, body=body, pin=pin)


async def subscribe(conn: Commander, app: str, source: str, *, pin: str = "") -> Application:
    """Subscribe to `channel:{id}`, `bridge:{id}`, `endpoint:{technology}/{name}`…"""
    path = f"/applications/{segment(app)}/subscription"
    return await ask(conn, "POST", path, Application, query={"eventSource": source}, pin=pin)


async def unsubscribe(conn: Commander, app: str, source: str, *, pin: str = "") -> Application:
    """End a subscription; `Conflict` when there was none."""
    path = f"/applications/{segment(app)}/subscription"
    return await ask(conn, "DELETE", path, Application, query={"eventSource": source}, pin=pin)
