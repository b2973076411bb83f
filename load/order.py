"""What a load is to be: how many callers, where to, for how long, and the agents who answer.

Pure. Rates and counts are bounded: what is beyond them is refused with a sentence.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from load.plan import CallPlan, Pattern, arrivals

MOST_PER_S = 50.0
MOST_CALLS = 20_000
MOST_AGENTS = 500
MOST_SECONDS = 3600.0
RING_MS = 500
_DNIS = re.compile(r"\+?[0-9*#]{1,20}")
_DIGITS = re.compile(r"[0-9*#]{0,20}")


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """A load. Times in seconds; `dnis` None: a number, flow and queue made for it.

    An agent's phone ends each talk after `talk_s`; a caller gives up `patience_s` after the last
    word of the switch while unanswered, and `patience_s` + `talk_s` after the answer. `queues` are
    those that the load's agents serve; empty: the one made for it.
    """

    rate: float = 1.0
    seconds: float = 30.0
    agents: int = 10
    talk_s: float = 5.0
    patience_s: float = 30.0
    dnis: str | None = None
    digits: str = ""
    digits_after_s: float = 1.0
    queues: tuple[str, ...] = ()
    pattern: Pattern = Pattern.POISSON
    seed: int = 1
    sound: bool = True

    def faults(self) -> list[str]:
        """What is wrong with it, in sentences; empty if nothing is."""
        found = []
        if not 0 < self.rate <= MOST_PER_S:
            found.append(f"--rate {self.rate:g}: between 0 and {MOST_PER_S:g} calls a second.")
        if not 0 < self.seconds <= MOST_SECONDS:
            found.append(f"--seconds {self.seconds:g}: between 0 and {MOST_SECONDS:g}.")
        if self.rate * self.seconds > MOST_CALLS:
            found.append(
                f"--rate {self.rate:g} for --seconds {self.seconds:g} is more than {MOST_CALLS} "
                "calls: take less of one of them."
            )
        if not 0 <= self.agents <= MOST_AGENTS:
            found.append(f"--agents {self.agents}: between 0 and {MOST_AGENTS}.")
        if not 0 < self.talk_s <= MOST_SECONDS:
            found.append(f"--talk {self.talk_s:g}: between 0 and {MOST_SECONDS:g} seconds.")
        if not 0 < self.patience_s <= MOST_SECONDS:
            found.append(f"--patience {self.patience_s:g}: between 0 and {MOST_SECONDS:g} seconds.")
        if not 0 <= self.digits_after_s <= 60:
            found.append(f"--digits-after {self.digits_after_s:g}: between 0 and 60 seconds.")
        if self.dnis is not None and not _DNIS.fullmatch(self.dnis):
            found.append(f"--dnis {self.dnis!r}: a number of digits, as the trunk dials it.")
        if not _DIGITS.fullmatch(self.digits):
            found.append(f"--digits {self.digits!r}: at most 20 of 0-9, * and #.")
        if self.dnis is not None and self.agents and not self.queues:
            found.append(
                "--dnis leads to a flow of yours: name the queues that the load's agents serve "
                "with --queue, or --agents 0 if your own answer."
            )
        if self.dnis is None and self.queues:
            found.append("--queue goes with --dnis: without it the load has a queue of its own.")
        return found

    def plan(self, dnis: str) -> list[CallPlan]:
        """Every call, in order of time; the same seed gives the same calls. At least one."""
        rng = random.Random(self.seed)
        times = arrivals(self.rate, self.seconds, rng=rng, pattern=self.pattern) or [0]
        return [
            CallPlan(
                at_ms=at_ms,
                dnis=dnis,
                caller=f"+336{number:08d}",
                digits=self.digits,
                digits_after_ms=round(self.digits_after_s * 1000),
                hang_up_after_ms=round((self.patience_s + self.talk_s) * 1000),
                patience_ms=round(self.patience_s * 1000),
            )
            for number, at_ms in enumerate(times[:MOST_CALLS], start=1)
        ]
