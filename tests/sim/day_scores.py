"""How good announced waits were: coverage, width and loss, of ours and of a naive forecast.

Who hung up before the announced time leaves the truth unknown; three ways to count them are given,
because each answers another question and they must not differ by much.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean
from typing import NamedTuple

from tests.sim.day_waits import Truth

QUANTILE = 0.8


class Score(NamedTuple):
    """One kind of announcement, judged. Durations in seconds.

    `coverage`: of those whose truth is known (answered, or left after the announced time) the share
    who waited no longer than announced. `of_answered`: of those answered alone. `of_all`: of
    everybody, by Kaplan and Meier's estimate (1958) for the waits that were cut short. `width_s`:
    mean announced wait. `loss_s`: mean quantile loss over the answered; of two forecasts with the
    same coverage the one with the smaller loss tells callers more. `known`: truths known.
    """

    coverage: float
    of_answered: float
    of_all: float
    width_s: float
    loss_s: float
    known: int


def score(truths: list[Truth], announced: Callable[[Truth], float | None]) -> Score | None:
    """Judge what `announced` gives of each truth (None: nothing was); None if there is nothing."""
    rows = [
        (told, truth.waited_ms, truth.answered)
        for truth in truths
        if (told := announced(truth)) is not None
    ]
    known = [(told, waited) for told, waited, answered in rows if answered or waited > told]
    ends = [(told, waited) for told, waited, answered in rows if answered]
    if not ends:
        return None
    return Score(
        coverage=round(mean(waited <= told for told, waited in known), 4),
        of_answered=round(mean(waited <= told for told, waited in ends), 4),
        of_all=round(1 - _still_waiting(rows), 4),
        width_s=round(mean(told for told, _, _ in rows) / 1000, 1),
        loss_s=round(mean(_loss(told, waited) for told, waited in ends) / 1000, 2),
        known=len(known),
    )


def _loss(told: float, waited: float) -> float:
    return QUANTILE * (waited - told) if waited > told else (1 - QUANTILE) * (told - waited)


def _still_waiting(rows: list[tuple[float, int, bool]]) -> float:
    """The part who would wait longer than announced, had nobody left before."""
    parts = sorted((waited / max(told, 1), not answered) for told, waited, answered in rows)
    at_risk, waiting = len(parts), 1.0
    for part, left in parts:
        if part > 1:
            break
        if not left:
            waiting *= 1 - 1 / at_risk
        at_risk -= 1
    return waiting
