"""How long to wait before the next attempt.

Decides the length of a wait from the number of failures and a draw of chance handed in. Refuses to
wait, and to know what is being attempted.
"""

from collections.abc import Callable


def backoff_s(failures: int, first_s: float, longest_s: float, draw: Callable[[], float]) -> float:
    """Return the seconds to wait after `failures` failures in a row (1 for the first).

    Doubles from `first_s` up to `longest_s`, then takes between half of it and all of it by
    `draw` (a number in [0, 1)), so that many clients do not come back at the same moment.
    """
    doubled = first_s * 2.0 ** min(max(failures, 1) - 1, 30)
    return min(doubled, longest_s) * (0.5 + draw() / 2)
