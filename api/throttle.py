"""How much a wrong password slows the next attempt. Pure: counts and instants in, delays out.

After `FREE` failures in `WINDOW_MS`, an attempt is refused until a delay that doubles with each
further failure has passed. Logins and addresses are counted apart: the login's count stops guessing
one password from many places, the address's stops guessing many logins from one place. The delay is
bounded so that nobody can lock somebody else out for long.
"""

from __future__ import annotations

WINDOW_MS = 15 * 60 * 1000
FREE_PER_LOGIN = 5
FREE_PER_ADDRESS = 20
FIRST_MS = 1000
MOST_MS = 60_000


def delay_ms(failures: int, free: int) -> int:
    """How long after the last failure the next attempt is allowed, in ms; 0 within `free`."""
    if failures < free:
        return 0
    return min(FIRST_MS << min(failures - free, 16), MOST_MS)
