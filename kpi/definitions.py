"""Every indicator, written once: its names, its unit, its formula and its edge cases.

A formula takes the sums of one scope in one interval and returns a number, or None where the
indicator has no value: a zero denominator, or an input that was never observed. Ratios are between
0 and 1 (shown as %), durations are seconds. `docs/kpi.md` is checked against this list.
"""

from __future__ import annotations

from typing import Final

from kpi.counts import COUNTS
from kpi.definition import Definition, Formula, Unit, ratio
from kpi.rows import Sums


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _mean_s(total_ms: int, count: int) -> float | None:
    return ratio(total_ms / 1000, count)


def _watched_mean_s(sums: Sums, total_ms: int) -> float | None:
    """A mean of hold or wrap-up, which are only known where agents' states were kept."""
    return None if sums.talk_unwatched_ms > 0 else _mean_s(total_ms, sums.served)


def _untreated(s: Sums) -> int:
    return s.received - s.handled - s.in_progress


def _untreated_causes(s: Sums) -> int:
    return s.abandoned + s.overflow + s.out_of_hours


def _occupied_ms(s: Sums) -> int:
    return s.talking_ms + s.holding_ms + s.consulting_ms + s.after_call_ms


def _staffed_ms(s: Sums) -> int:
    return (
        s.ready_ms
        + s.offered_ms
        + _occupied_ms(s)
        + s.paused_ms
        + s.not_responding_ms
        + s.unreachable_ms
    )


_ZERO: Final = "NULL if the denominator is 0."
_SL: Final = (
    "T is copied at entry into the queue (inclusive); visits without a threshold are left out of "
    "both sides; NULL if none has one."
)
_SERVED: Final = (
    "A: visits answered; for an agent, contacts on which they talked (a transfer brings some that "
    "they did not answer)."
)
_WATCHED: Final = (
    "Clipped to the interval. NULL if no call was answered, or if there was talk in an interval "
    "in which no agent's state was kept (then it is unknown, not zero)."
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
        "A/(R−OFF)",
        lambda s: ratio(s.handled, s.received - s.off_hours),
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
        lambda s: ratio(s.handled, s.received - s.short_abandoned),
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
        "slots with A/(R−OFF) ≥ target / open slots",
        lambda s: ratio(s.slots_on_target, s.slots),
        "A slot is open if R−OFF > 0; empty and closed slots leave both sides. Slots last 30 min "
        "unless asked for otherwise, however the report is cut, and count where they begin. NULL "
        "if none is open, and for agents.",
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
        "AB/(R−OFF)",
        lambda s: ratio(s.abandoned, s.received - s.off_hours),
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
        "OV/(R−OFF)",
        lambda s: ratio(s.overflow - s.off_hours_overflow, s.received - s.off_hours),
        "OV of those who came within hours. " + _ZERO,
    ),
    _ratio(
        "out_of_hours_rate",
        ("Taux hors plage", "Out-of-hours rate"),
        "OFF/R",
        lambda s: ratio(s.off_hours, s.received),
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
        lambda s: _mean_s(s.talk_ms, s.served),
        "Hold excluded; clipped to the interval. " + _SERVED + " NULL without one.",
    ),
    _time(
        "mea",
        ("MEA, mise en attente", "Average hold time"),
        "Σhold/A",
        lambda s: _watched_mean_s(s, s.hold_ms),
        "Divided by all answered calls, not only those held. While an agent consults, the caller "
        "is on hold. " + _WATCHED,
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
        "Consultations run beside hold: they are not added. " + _WATCHED,
    ),
    _time(
        "consult",
        ("Durée moyenne de consultation", "Average consultation time"),
        "Σconsult/A",
        lambda s: _mean_s(s.consult_ms, s.served),
        "Time with the one who is asked, beside the caller's hold. NULL without an answered call.",
    ),
    _time(
        "ewt_error",
        ("Erreur moyenne de l'attente annoncée", "Mean error of the announced wait"),
        "Σ|wait−announced|/A announced",
        lambda s: _mean_s(s.estimate_error_ms, s.estimates_answered),
        "Answered visits to which a wait was announced at entry. The announced wait is a high "
        "quantile: a mean above 0 is meant. NULL without one.",
    ),
    _time(
        "callback_wait",
        ("Délai moyen de rappel", "Average wait for a callback"),
        "Σ(connect−request)/CBR",
        lambda s: _mean_s(s.callback_wait_ms, s.callbacks_reached),
        "From the booking, or from the time that was asked for if that is later. NULL without one.",
    ),
    _time(
        "message_wait",
        ("Délai moyen de traitement des messages", "Average wait of a message"),
        "Σ(handled−left)/MH",
        lambda s: _mean_s(s.message_wait_ms, s.messages_handled),
        "NULL without one.",
    ),
)

_FOLLOW_UP: Final = (
    _ratio(
        "transfer_rate",
        ("Taux de transfert", "Transfer rate"),
        "transferred/A",
        lambda s: ratio(s.transferred, s.handled if s.handled else s.served),
        "A: contacts handled; for an agent, contacts on which they talked. " + _ZERO,
    ),
    _ratio(
        "callback_rate",
        ("Taux de rappel abouti", "Callbacks reached"),
        "CBR/CBQ",
        lambda s: ratio(s.callbacks_reached, s.callbacks_requested),
        "Those still to be made are in the denominator. " + _ZERO,
    ),
    _ratio(
        "message_rate",
        ("Taux de traitement des messages", "Messages handled, share"),
        "MH/ML",
        lambda s: ratio(s.messages_handled, s.messages_left),
    ),
    _ratio(
        "recovery_rate",
        ("Taux de reprise des appels perdus", "Lost calls answered since, share"),
        "LCA/LC",
        lambda s: ratio(s.lost_calls_answered, s.lost_calls),
        "Grows as the recall list is worked on. " + _ZERO,
    ),
    _ratio(
        "ewt_coverage",
        ("Attentes annoncées tenues", "Announced waits that held"),
        "announced waits not exceeded / announced waits whose truth is known",
        lambda s: ratio(s.estimates_held, s.estimates),
        "Known: answered visits, and others who had waited longer than announced. Aimed at 80 %. "
        + _ZERO,
    ),
)

_AGENTS: Final = (
    _ratio(
        "occupancy",
        ("Taux d'occupation", "Occupancy"),
        "handle/(handle+idle)",
        lambda s: ratio(_occupied_ms(s), _occupied_ms(s) + s.ready_ms),
        "handle: states talking, holding, consulting and wrap-up; idle: state ready. Ringing, "
        "pause and absence stand on neither side. NULL without such time, and for queues (agents "
        "serve several).",
    ),
    _ratio(
        "efficiency",
        ("Efficacité", "Efficiency"),
        "handle/paid",
        lambda s: ratio(_occupied_ms(s), s.paid_ms),
        "paid: all states but signed out and unpaid pauses. NULL without such time, and for "
        "queues.",
    ),
    _ratio(
        "utilisation",
        ("Utilisation", "Utilisation"),
        "(handle+productive pauses)/paid",
        lambda s: ratio(_occupied_ms(s) + s.productive_pause_ms, s.paid_ms),
        "As efficiency; the pause reasons say which are productive.",
    ),
    _time(
        "paused",
        ("Temps de pause", "Time in pause"),
        "Σ state paused",
        lambda s: s.paused_ms / 1000,
        "Clipped to the interval; 0 for queues. By reason: the report of pauses.",
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

DEFINITIONS: Final = (*COUNTS, *_ANSWER, *_LEVEL, *_LOST, *_TIMES, *_FOLLOW_UP, *_AGENTS)
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
