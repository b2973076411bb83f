"""Who calls, and what they have in mind. Pure and seeded: the same seed gives the same people.

Decides when each dials, what they press, how long they are patient and talk; refuses to know how
it turns out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from demo.cast import AGENTS, NUMBERS, WRAP_UP_S
from load.plan import CallPlan, arrivals

RING_MS = 700
LOAD = 1.2  # offered work over the agents' time: a minute is short, and some give up
_LEAVE_MENU = 0.08
_WRONG_DIGIT = 0.06
_ENGLISH = 0.3
_SALES = 0.48
_AGENT_ENDS = 0.6
_MEAN_TALK_S = 9.5
_CALLBACK = 0.12


class Turn(StrEnum):
    """What the agent does in the middle of a talk."""

    NOTHING = "nothing"
    HOLD = "hold"
    TRANSFER = "transfer"
    CONSULT = "consult"


_TURNS = {Turn.NOTHING: 0.58, Turn.HOLD: 0.14, Turn.TRANSFER: 0.12, Turn.CONSULT: 0.16}


@dataclass(frozen=True, slots=True)
class Person:
    """A caller. `patience_ms` counts from the queue, `talk_ms` from the agent's answer.

    `leaves_menu`: hangs up before any key. `agent_ends`: the agent will be the one to hang up.
    `wants_callback`: rather than wait, presses the key to be called back.
    """

    plan: CallPlan
    leaves_menu: bool
    patience_ms: int
    talk_ms: int
    agent_ends: bool
    turn: Turn
    wants_callback: bool


def busy_rate() -> float:
    """Callers per second whose work is `LOAD` times what all agents can do."""
    each_s = _MEAN_TALK_S + RING_MS / 1000 + WRAP_UP_S
    return LOAD * len(AGENTS) / each_s / (1 - _LEAVE_MENU)


def draw_people(rng: random.Random, duration_s: float, first: int) -> list[Person]:
    """Callers by Poisson arrivals, in order of time; `first` numbers the first of them."""
    times = arrivals(busy_rate(), duration_s, rng=rng) or [0]
    return [_person(rng, at_ms, first + n) for n, at_ms in enumerate(times)]


def _person(rng: random.Random, at_ms: int, number: int) -> Person:
    leaves = rng.random() < _LEAVE_MENU
    language = "2" if rng.random() < _ENGLISH else "1"
    service = "1" if rng.random() < _SALES else "2"
    wrong = "7" if rng.random() < _WRONG_DIGIT else ""
    plan = CallPlan(
        at_ms=at_ms,
        dnis=rng.choice(sorted(NUMBERS)),
        caller=caller_number(number),
        digits="" if leaves else language + wrong + service,
        digits_after_ms=rng.randint(1200, 4000),
        hang_up_after_ms=rng.randint(1500, 5000) if leaves else None,
    )
    talk_s = rng.triangular(4.0, 16.0, 8.5)
    return Person(
        plan=plan,
        leaves_menu=leaves,
        patience_ms=round(1000 * (3.5 + rng.expovariate(1 / 28))),
        talk_ms=round(1000 * talk_s),
        agent_ends=rng.random() < _AGENT_ENDS,
        turn=rng.choices(list(_TURNS), list(_TURNS.values()))[0],
        wants_callback=rng.random() < _CALLBACK and not leaves,
    )


def caller_number(number: int) -> str:
    """The calling number of the n-th person: no two are alike."""
    return f"+336{number:08d}"


def by_number(people: Sequence[Person]) -> dict[str, int]:
    """Position of each person by calling number."""
    return {person.plan.caller: position for position, person in enumerate(people)}
