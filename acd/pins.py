"""The PIN with which agents sign in on a phone: how it is kept and checked. Pure."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

_ROUNDS: Final = 20_000


def pin_digest(pin: str, salt: str) -> str:
    """What is kept of a PIN: `salt$hex` of PBKDF2-HMAC-SHA256 (RFC 8018) with 20,000 rounds.

    A PIN has few digits, so this only makes guessing from a stolen store slower; whoever checks
    must count the wrong ones.
    """
    derived = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt.encode(), _ROUNDS)
    return f"{salt}${derived.hex()}"


def pin_right(pin: str, digest: str) -> bool:
    """Whether this PIN has that digest, compared in constant time."""
    salt, _, _ = digest.partition("$")
    return hmac.compare_digest(pin_digest(pin, salt), digest)
