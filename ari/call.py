"""What the wrappers of ARI's resources share: a request whose reply is decoded to a type.

Decides nothing; refuses to know any resource.
"""

from collections.abc import Awaitable, Mapping
from typing import Protocol

from ari.wire import AriResponse, Json, T, decoded


class Commander(Protocol):
    """What a wrapper needs of a connection; a test may bring its own."""

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json = None,
        pin: str,
    ) -> Awaitable[AriResponse]:
        """Send now, in the order of the calls for one `pin`; the awaitable raises `AriError`."""
        ...


async def ask(
    conn: Commander,
    method: str,
    path: str,
    kind: type[T],
    *,
    pin: str,
    query: Mapping[str, str] | None = None,
    body: Json = None,
) -> T:
    """Send and return the reply as `kind`. Raises `AriError`."""
    response = await conn.request(method, path, query=query, body=body, pin=pin)
    return decoded(response, kind, method, path)


async def tell(
    conn: Commander,
    method: str,
    path: str,
    *,
    pin: str,
    query: Mapping[str, str] | None = None,
    body: Json = None,
) -> None:
    """Send and wait for success. Raises `AriError`."""
    await conn.request(method, path, query=query, body=body, pin=pin)


def given(**values: str | int | bool | None) -> dict[str, str]:
    """Return a query of those values that are not None; booleans as ARI writes them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }
