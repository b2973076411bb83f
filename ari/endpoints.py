"""Endpoints: the phones and trunks that Asterisk knows.

Decides how each question is written as a request. Refuses to know whose phone it is. Raises
`AriError`.
"""

from ari.call import Commander, ask
from ari.events_gen import Endpoint
from ari.wire import segment


async def get(conn: Commander, technology: str, resource: str, *, pin: str = "") -> Endpoint:
    """Return one endpoint; `state` is `online` while a contact is registered and reachable."""
    path = f"/endpoints/{segment(technology)}/{segment(resource)}"
    return await ask(conn, "GET", path, Endpoint, pin=pin)


async def list_all(
    conn: Commander, technology: str = "PJSIP", *, pin: str = ""
) -> tuple[Endpoint, ...]:
    """Return every endpoint of one technology."""
    path = f"/endpoints/{segment(technology)}"
    return await ask(conn, "GET", path, tuple[Endpoint, ...], pin=pin)
