"""Making and checking secrets: passwords, tokens, API keys, SIP accounts.

Passwords: argon2id with the library's defaults (RFC 9106's second choice), in a thread, since one
costs tens of milliseconds. Random secrets have 256 bits, so a plain SHA-256 is enough to store.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import threading
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

API_KEY_PREFIX: Final = "plt_"
_SIP_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_hasher: Final = PasswordHasher()
# Each hash takes 64 MiB: two at a time keep a flood of sign-ins from eating the machine.
_room: Final = threading.BoundedSemaphore(2)


@cache
def _decoy() -> str:
    """A hash that no password fits; made at the first use, for it takes 64 MiB and some time."""
    return _hasher.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """Argon2id hash of a password; takes tens of ms."""
    with _room:
        return _hasher.hash(password)


def _verify(hash_: str | None, password: str) -> bool:
    with _room:
        try:
            return _hasher.verify(hash_ or _decoy(), password) and hash_ is not None
        except (VerificationError, InvalidHashError):
            return False


async def verify_password(hash_: str | None, password: str) -> bool:
    """Whether the password fits; None (unknown login) takes as long as a wrong password."""
    return await asyncio.to_thread(_verify, hash_, password)


async def hash_password_async(password: str) -> str:
    """`hash_password` off the loop."""
    return await asyncio.to_thread(hash_password, password)


def new_password() -> str:
    """A generated password of about 119 bits that can be read out and typed."""
    return "-".join("".join(secrets.choice(_SIP_ALPHABET) for _ in range(5)) for _ in range(4))


def new_token(prefix: str = "") -> str:
    """256 random bits, URL-safe."""
    return prefix + secrets.token_urlsafe(32)


def next_token(secret: str, token: str) -> str:
    """The refresh token that follows this one, 256 bits; the same each time it is asked for.

    Only who has `secret` can work it out, so it need not be kept to be told twice.
    """
    made = hmac.digest(secret.encode(), b"refresh " + token.encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def digest(token: str) -> str:
    """What is stored of a random secret: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_sip_secret() -> str:
    """A SIP password of 24 unmistakable characters (about 139 bits)."""
    return "".join(secrets.choice(_SIP_ALPHABET) for _ in range(24))


def ha1(user: str, realm: str, secret: str) -> str:
    """What the switch needs to check a digest (RFC 3261 §22.4, RFC 2617 §3.2.2.2), hex.

    MD5 because SIP phones speak nothing newer; the secret is random, so its hash tells nothing.
    """
    return hashlib.md5(f"{user}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()
