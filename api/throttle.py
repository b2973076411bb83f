"""How much wrong passwords slow the next attempt. Pure: counts in, delays out.

Only failures of one login from one address refuse: after `FREE`, attempts of that pair are refused
until a delay that doubles with each further failure has passed. Whoever guesses from elsewhere, or
guesses other logins, can therefore lock nobody out. What others do (failures of the login from all
places, of the address with all logins) makes answers late, never refuses; and who has signed in to
this login from this address before is not even late.
"""

from __future__ import annotations

WINDOW_MS = 15 * 60 * 1000
"""How long a failure counts."""

KNOWN_MS = 30 * 86_400_000
"""How long an address is known for a login after a sign-in."""

FREE = 5
FREE_PER_LOGIN = 20
FREE_PER_ADDRESS = 20
FIRST_MS = 1000
MOST_MS = 60_000
STEP_MS = 50
MOST_LATE_MS = 2000


def delay_ms(failures: int) -> int:
    """How long after the pair's last failure its next attempt is allowed, in ms; 0 within `FREE`.

    `failures` are those of one login from one address since its last success there.
    """
    if failures < FREE:
        return 0
    return min(FIRST_MS << min(failures - FREE, 16), MOST_MS)


def late_ms(of_login: int, of_address: int) -> int:
    """How late the answer comes to an address that is not known for the login, in ms.

    `of_login` and `of_address` are failures of the login anywhere, of the address with any login.
    """
    beyond = max(of_login - FREE_PER_LOGIN, of_address - FREE_PER_ADDRESS, 0)
    return min(STEP_MS * beyond, MOST_LATE_MS)


def worth_noting(failures: int) -> bool:
    """Whether this failure gets a line in the audit log: the 1st, 2nd, 4th, 8th…

    So guessing is seen, and cannot fill the log.
    """
    return failures.bit_count() == 1
