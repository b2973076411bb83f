"""What an indicator is: names, unit, a formula for people and the same for machines."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from kpi.rows import Sums

Formula = Callable[[Sums], float | None]


class Unit(StrEnum):
    """How an indicator is shown."""

    COUNT = "n"
    RATIO = "%"
    SECONDS = "s"


class Definition(msgspec.Struct, frozen=True):
    """One indicator; `formula` is for people, `compute` is the same for machines."""

    key: str
    fr: str
    en: str
    unit: Unit
    formula: str
    edges: str
    compute: Formula


def ratio(numerator: float, denominator: float) -> float | None:
    """The quotient, None where there is nothing to divide by."""
    return numerator / denominator if denominator > 0 else None
