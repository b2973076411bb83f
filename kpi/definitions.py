"""Every indicator, written once: its names, its unit, its formula and its edge cases.

A formula takes the sums of one scope in one interval and returns a number, or None where the
indicator has no value: a zero denominator, or an input that was never observed. Ratios are between
0 and 1 (shown as %), durations are seconds. `docs/kpi.md` is checked against this list.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

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


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _mean_s(total_ms: int, count: int) -> float | None:
    return ratio(total_ms / 1000, count)


def _watched_mean_s(sums: Sums, total_ms: int) -> float | None:
    """A mean of hold or wrap-up, which are only known where agents' states were kept."""
    return None if sums.talk_unwatched_ms > 0 else _mean_s(total_ms, sums.answered)


def _count(field: str) -> Formula:
    def read(sums: Sums) -> float | None:
        value: int = getattr(sums, field)
        return value

    return read


def _untreated(s: Sums) -> int:
    return s.received - s.handled - s.in_progress


def _untreated_causes(s: Sums) -> int:
    return s.abandoned + s.overflow + s.out_of_hours


def _occupied_ms(s: Sums) -> int:
    return s.talking_ms + s.after_call_ms


def _staffed_ms(s: Sums) -> int:
    return (
        s.ready_ms
        + s.offered_ms
        + s.talking_ms
        + s.after_call_ms
        + s.paused_ms
        + s.not_responding_ms
        + s.unreachable_ms
    )


_ZERO: Final = "NULL if the denominator is 0."
_SL: Final = (
    "T is copied at entry into the queue (inclusive); visits without a threshold are left out of "
    "both sides; NULL if none has one."
)
_WATCHED: Final = (
    "Clipped to the interval. NULL if no call was answered, or if there was talk in an interval "
    "in which no agent's state was kept (then it is unknown, not zero)."
)


def _counts() -> tuple[Definition, ...]:
    rows = (
        ("received", "Contacts reçus", "Contacts received", "R", "By arrival; a queue's: O."),
        ("handled", "Contacts traités", "Contacts handled", "A",
         "At least one agent was connected; a transfer does not count twice."),
        ("abandoned", "Abandons", "Abandoned", "AB",
         "The caller left a queue before an agent answered, ringing included."),
        ("short_abandoned", "Abandons courts", "Short abandons", "ABs: AB with wait ≤ s",
         "s is copied at entry (5 s unless set otherwise), inclusive."),
        ("overflow", "Débordement", "Overflow", "OV", "The system turned the caller away."),
        ("out_of_hours", "Hors plage", "Out of hours", "OOH", "In R, never in O."),
        ("offered", "Présentés en file", "Offered to queues", "O",
         "Visits, by entry into the queue; O = A + AB + OV + CB + closed + error + waiting."),
        ("answered", "Décrochés", "Answered", "A (visits)", "Visits that an agent answered."),
    )  # fmt: skip
    fields = {"short_abandoned": "queue_short_abandoned"}
    return tuple(
        Definition(key, fr, en, Unit.COUNT, formula, edges, _count(fields.get(key, key)))
        for key, fr, en, formula, edges in rows
    )


def _untreated_count(s: Sums) -> float:
    return _untreated(s)


def _ratio(
    key: str, names: tuple[str, str], formula: str, compute: Formula, edges: str = _ZERO
) -> Definition:
    return Definition(key, *names, Unit.RATIO, formula, edges, compute)


def _time(
    key: str, names: tuple[str, str], formula: str, compute: Formula, edges: str = _ZERO
) -> Definition:
    return Definition(key, *names, Unit.SECONDS, formula, edges, compute)


_ANSWER: Final = (
    _ratio(
        "qs",
        ("QS, taux de décroché", "Answer rate"),
        "A/R",
        lambda s: ratio(s.handled, s.received),
    ),
    _ratio(
        "qs_in_hours",
        ("QS dans les plages", "Answer rate within hours"),
        "A/(R−OOH)",
        lambda s: ratio(s.handled, s.received - s.out_of_hours),
    ),
    _ratio(
        "qs_offered",
        ("QS des présentés", "Answer rate of offered"),
        "A/O",
        lambda s: ratio(s.answered, s.offered),
    ),
    _ratio(
        "qs_no_short",
        ("QS hors abandons courts", "Answer rate without short abandons"),
        "A/(R−ABs)",
        lambda s: ratio(s.handled, s.received - s.queue_short_abandoned),
    ),
    _ratio(
        "qs_no_abandons",
        ("QS hors abandons", "Answer rate without abandons"),
        "A/(R−AB)",
        lambda s: ratio(s.handled, s.received - s.abandoned),
    ),
    _ratio(
        "qs_linear",
        ("QS linéaire", "Interval compliance"),
        "slots with A/(R−OOH) ≥ target / open slots",
        lambda s: ratio(s.slots_on_target, s.slots),
        "A slot is open if R−OOH > 0; empty and closed slots leave both sides. NULL if none is "
        "open, and for agents.",
    ),
)

_LEVEL: Final = (
    _ratio(
        "service_level",
        ("Niveau de service", "Service level"),
        "A_T/(A+AB−ABs)",
        lambda s: ratio(
            s.answered_in_time, s.timed_answered + s.timed_abandoned - s.timed_short_abandoned
        ),
        _SL,
    ),
    _ratio(
        "service_level_negative",
        ("Niveau de service, abandons contre", "Service level, abandons negative"),
        "A_T/O",
        lambda s: ratio(s.answered_in_time, s.timed_offered),
        _SL,
    ),
    _ratio(
        "service_level_ignore",
        ("Niveau de service, abandons rapides ignorés", "Service level, quick abandons ignored"),
        "A_T/(O−AB_T)",
        lambda s: ratio(s.answered_in_time, s.timed_offered - s.abandoned_in_time),
        _SL,
    ),
    _ratio(
        "service_level_positive",
        ("Niveau de service, abandons rapides pour", "Service level, quick abandons positive"),
        "(A_T+AB_T)/O",
        lambda s: ratio(s.answered_in_time + s.abandoned_in_time, s.timed_offered),
        _SL,
    ),
    _ratio(
        "service_level_answered",
        ("Niveau de service des décrochés", "Service level of answered only"),
        "A_T/A",
        lambda s: ratio(s.answered_in_time, s.timed_answered),
        _SL,
    ),
    _ratio(
        "service_level_all",
        ("Niveau de service, débordement compris", "Service level with overflow"),
        "A_T/(A+AB+OV)",
        lambda s: ratio(
            s.answered_in_time, s.timed_answered + s.timed_abandoned + s.timed_overflow
        ),
        _SL,
    ),
)

_LOST: Final = (
    Definition(
        "untreated",
        "Contacts non traités",
        "Contacts not handled",
        Unit.COUNT,
        "R−A−in progress",
        "Contacts that have not ended are neither handled nor lost.",
        _untreated_count,
    ),
    _ratio(
        "untreated_rate",
        ("Taux de non traités", "Rate of not handled"),
        "(R−A−in progress)/R",
        lambda s: ratio(_untreated(s), s.received),
    ),
    _ratio(
        "abandon_rate",
        ("Taux d'abandon", "Abandonment rate"),
        "AB/R",
        lambda s: ratio(s.abandoned, s.received),
    ),
    _ratio(
        "abandon_rate_in_hours",
        ("Taux d'abandon dans les plages", "Abandonment rate within hours"),
        "AB/(R−OOH)",
        lambda s: ratio(s.abandoned, s.received - s.out_of_hours),
    ),
    _ratio(
        "abandon_rate_offered",
        ("Taux d'abandon en file", "Abandonment rate of offered"),
        "AB/O",
        lambda s: ratio(s.queue_abandoned, s.offered),
    ),
    _ratio(
        "abandon_rate_no_short",
        ("Taux d'abandon hors abandons courts", "Abandonment rate without short abandons"),
        "(AB−ABs)/(O−ABs)",
        lambda s: ratio(
            s.queue_abandoned - s.queue_short_abandoned, s.offered - s.queue_short_abandoned
        ),
    ),
    _ratio(
        "overflow_rate",
        ("Taux de débordement", "Overflow rate"),
        "OV/R",
        lambda s: ratio(s.overflow, s.received),
    ),
    _ratio(
        "overflow_rate_in_hours",
        ("Taux de débordement dans les plages", "Overflow rate within hours"),
        "OV/(R−OOH)",
        lambda s: ratio(s.overflow, s.received - s.out_of_hours),
    ),
    _ratio(
        "out_of_hours_rate",
        ("Taux hors plage", "Out-of-hours rate"),
        "OOH/R",
        lambda s: ratio(s.out_of_hours, s.received),
    ),
    _ratio(
        "untreated_overflow_share",
        ("Part du débordement dans les non traités", "Overflow's share of not handled"),
        "OV/(OV+AB+OOH)",
        lambda s: ratio(s.overflow, _untreated_causes(s)),
    ),
    _ratio(
        "untreated_abandon_share",
        ("Part des abandons dans les non traités", "Abandons' share of not handled"),
        "AB/(OV+AB+OOH)",
        lambda s: ratio(s.abandoned, _untreated_causes(s)),
    ),
    _ratio(
        "untreated_out_of_hours_share",
        ("Part du hors plage dans les non traités", "Out-of-hours share of not handled"),
        "OOH/(OV+AB+OOH)",
        lambda s: ratio(s.out_of_hours, _untreated_causes(s)),
    ),
)

_TIMES: Final = (
    _time(
        "asa",
        ("Attente moyenne (DMA)", "Average speed of answer"),
        "Σwait(A)/A",
        lambda s: _mean_s(s.wait_answered_ms, s.answered),
        "From entry into the queue to the agent's answer, ringing included, SVI excluded. "
        "NULL without an answered call.",
    ),
    _time(
        "max_wait_answered",
        ("Attente maximum des décrochés", "Longest wait of answered"),
        "MAX(wait(A))",
        lambda s: _seconds(s.max_wait_answered_ms),
        "NULL without an answered call.",
    ),
    _time(
        "max_wait",
        ("Attente maximum", "Longest wait"),
        "MAX(wait)",
        lambda s: _seconds(s.max_wait_ms),
        "Of all who have left the queue; NULL without one.",
    ),
    _time(
        "abandon_wait",
        ("Attente moyenne avant abandon", "Average wait before abandoning"),
        "Σwait(AB)/AB",
        lambda s: _mean_s(s.wait_abandoned_ms, s.queue_abandoned),
        "NULL without an abandoned call.",
    ),
    _time(
        "dmc",
        ("DMC, durée moyenne de conversation", "Average talk time"),
        "Σtalk/A",
        lambda s: _mean_s(s.talk_ms, s.answered),
        "Hold excluded; clipped to the interval. NULL without an answered call.",
    ),
    _time(
        "mea",
        ("MEA, mise en attente", "Average hold time"),
        "Σhold/A",
        lambda s: _watched_mean_s(s, s.hold_ms),
        "Divided by all answered calls, not only those held. " + _WATCHED,
    ),
    _time(
        "acw",
        ("ACW, post-appel", "Average wrap-up time"),
        "ΣACW/A",
        lambda s: _watched_mean_s(s, s.wrap_up_ms),
        "Provisional until the wrap-up has ended. " + _WATCHED,
    ),
    _time(
        "dmt",
        ("DMT, durée moyenne de traitement", "Average handle time"),
        "DMC+MEA+ACW",
        lambda s: _watched_mean_s(s, s.talk_ms + s.hold_ms + s.wrap_up_ms),
        _WATCHED,
    ),
)

_AGENTS: Final = (
    _ratio(
        "occupancy",
        ("Taux d'occupation", "Occupancy"),
        "handle/(handle+idle)",
        lambda s: ratio(_occupied_ms(s), _occupied_ms(s) + s.ready_ms),
        "handle: states talking and wrap-up; idle: state ready. Ringing, pause and absence stand "
        "on neither side. NULL without such time, and for queues (agents serve several).",
    ),
    _time(
        "signed_in",
        ("Temps de connexion", "Time signed in"),
        "Σ states but signed out",
        lambda s: _staffed_ms(s) / 1000,
        "Clipped to the interval; 0 for queues.",
    ),
    _ratio(
        "rona_rate",
        ("Taux de non-réponse (RONA)", "Ring-no-answer rate"),
        "RONA/ring offers",
        lambda s: ratio(s.ring_no_answers, s.ring_offers),
        "By the offer's beginning; a caller who hangs up while it rings is no RONA. " + _ZERO,
    ),
)

DEFINITIONS: Final = (*_counts(), *_ANSWER, *_LEVEL, *_LOST, *_TIMES, *_AGENTS)
BY_KEY: Final = {definition.key: definition for definition in DEFINITIONS}


def compute(sums: Sums) -> dict[str, float | None]:
    """Every indicator of these sums, by key: ratios 0 to 1, durations in seconds."""
    return {definition.key: definition.compute(sums) for definition in DEFINITIONS}


def dictionary() -> str:
    """The KPI dictionary as a Markdown table, French names first."""
    lines = [
        "| Clé, key | Français | English | Formule, formula | Unité, unit | Cas limites, edges |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{d.key}` | {d.fr} | {d.en} | {d.formula} | {d.unit.value} | {d.edges} |"
        for d in DEFINITIONS
    ]
    return "\n".join(lines) + "\n"
