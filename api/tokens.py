"""Access tokens (JWT) and one-time tickets for the live stream. Pure: the clock is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import jwt

ALGORITHM: Final = "HS256"
ISSUER: Final = "plateau"
TICKET_LIFE_MS: Final = 30_000
TICKETS_MOST: Final = 10_000


class BadToken(Exception):
    """The token is forged, expired, or not an access token; the message says which."""


def issue_access(secret: str, user_id: str, now_ms: int, life_s: int) -> str:
    """A signed access token for a user, good for `life_s`. Role and agent are read when used."""
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "typ": "access",
        "sub": user_id,
        "iat": now_ms / 1000,  # with its ms: what ends all sign-ins ends those of that second
        "exp": now_ms // 1000 + life_s,
    }
    return jwt.encode(claims, secret, ALGORITHM)


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says; instants are UTC ms."""

    user_id: str
    issued_at: int
    expires_at: int


def read_access(secret: str, token: str, now_ms: int) -> Access:
    """What an access token says. Raises BadToken.

    The algorithm is pinned: a token that names another (or `none`) is refused.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=ISSUER,
            issuer=ISSUER,
            options={
                "require": ["exp", "sub", "iss", "aud", "iat"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidTokenError as error:
        raise BadToken("The access token is not valid.") from error
    subject, expires, issued = claims["sub"], claims["exp"], claims["iat"]
    whole = isinstance(subject, str) and isinstance(expires, int)
    if claims.get("typ") != "access" or not whole or not isinstance(issued, int | float):
        raise BadToken("This is not an access token.")
    if now_ms >= expires * 1000:
        raise BadToken("The access token has expired; get another with the refresh token.")
    return Access(subject, round(issued * 1000), expires * 1000)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may open one live stream. `expires_at`: UTC ms at which the stream's right ends.

    `issued_at` is that of the access token it was asked with, None: with an API key.
    """

    actor: str
    issued_at: int | None
    expires_at: int
    good_until: int


class Tickets:
    """One-time tickets: a browser cannot send a header with a WebSocket, and URLs are logged."""

    def __init__(self) -> None:
        self._open: dict[str, Ticket] = {}

    def put(
        self, token: str, actor: str, issued_at: int | None, expires_at: int, now_ms: int
    ) -> None:
        """Keep a ticket for `TICKET_LIFE_MS`; the oldest give way when there are too many."""
        self._open = {t: k for t, k in self._open.items() if k.good_until > now_ms}
        while len(self._open) >= TICKETS_MOST:
            self._open.pop(next(iter(self._open)))
        self._open[token] = Ticket(actor, issued_at, expires_at, now_ms + TICKET_LIFE_MS)

    def take(self, token: str, now_ms: int) -> Ticket | None:
        """The ticket, once; None if there is none or it is too old."""
        ticket = self._open.pop(token, None)
        return ticket if ticket is not None and ticket.good_until > now_ms else None
