"""PURE: from rows to sums, per scope and interval.

Counts, outcomes and waits belong to the interval of entry (the cohort); times are clipped to each
interval. A scope is a queue's or an agent's id, or None for the whole floor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import msgspec

from acd.model import AgentState, OfferEnd, Outcome, SegmentKind, VisitOutcome
from kpi.intervals import clip, index_of, without
from kpi.rows import (
    CallbackRow,
    ContactRow,
    LossRow,
    MediaLossRow,
    MessageRow,
    SegmentRow,
    StateRow,
    Sums,
    TransferRow,
    VisitRow,
    add,
)

Place = tuple[str | None, int]
Counts = defaultdict[str, int]

_OUTCOMES = {
    Outcome.ABANDONED: "abandoned",
    Outcome.ANSWERED_ELSEWHERE: "answered_elsewhere",
    Outcome.OVERFLOW: "overflow",
    Outcome.CALLBACK: "callback",
    Outcome.VOICEMAIL: "voicemail",
    Outcome.OUT_OF_HOURS: "out_of_hours",
    Outcome.SELF_SERVICE: "self_service",
    Outcome.FLOW_HANG_UP: "flow_hang_up",
    Outcome.REJECTED: "rejected",
    Outcome.FAILED: "failed",
    # Said to be answered, but no agent was ever connected; or a call of ours, not one that came to
    # us: a record is wrong.
    Outcome.ANSWERED: "failed",
    Outcome.NO_ANSWER: "failed",
}
_VISIT_OUTCOMES = {
    VisitOutcome.ABANDONED: "queue_abandoned",
    VisitOutcome.ANSWERED_ELSEWHERE: "queue_answered_elsewhere",
    VisitOutcome.OVERFLOW: "queue_overflow",
    VisitOutcome.CALLBACK: "queue_callback",
    VisitOutcome.VOICEMAIL: "queue_voicemail",
    VisitOutcome.MOVED: "queue_moved",
    VisitOutcome.CLOSED: "queue_closed",
    VisitOutcome.ERROR: "queue_error",
}
_STATES = {
    AgentState.READY: "ready_ms",
    AgentState.OFFERED: "offered_ms",
    AgentState.TALKING: "talking_ms",
    AgentState.HOLDING: "holding_ms",
    AgentState.CONSULTING: "consulting_ms",
    AgentState.WRAP_UP: "after_call_ms",
    AgentState.PAUSED: "paused_ms",
    AgentState.NOT_RESPONDING: "not_responding_ms",
    AgentState.UNREACHABLE: "unreachable_ms",
}
_AS_CONTACTS = {
    "received": ("offered",),
    "handled": ("answered",),
    "abandoned": ("queue_abandoned",),
    "answered_elsewhere": ("queue_answered_elsewhere",),
    "short_abandoned": ("queue_short_abandoned",),
    "overflow": ("queue_overflow", "queue_moved"),
    "callback": ("queue_callback",),
    "voicemail": ("queue_voicemail",),
    "out_of_hours": ("queue_closed",),
    "off_hours": ("queue_closed",),
    "failed": ("queue_error",),
    "in_progress": ("waiting",),
}
_CALLBACKS = {
    None: "callbacks_open",
    "reached": "callbacks_reached",
    "failed": "callbacks_failed",
    "cancelled": "callbacks_cancelled",
}
# What cuts a wait short without anybody's having waited too long or long enough.
_TELLS_NOTHING = (
    VisitOutcome.MOVED,
    VisitOutcome.CLOSED,
    VisitOutcome.ERROR,
    VisitOutcome.ANSWERED_ELSEWHERE,
)


class Tally:
    """Sums being made. `borders` cut the range; `now_ms` ends what has not ended yet.

    `service_level_ms` replaces the thresholds copied at entry, None keeps them.
    """

    def __init__(
        self, borders: list[int], now_ms: int, service_level_ms: int | None = None
    ) -> None:
        self._borders = borders
        self._now_ms = now_ms
        self._service_level_ms = service_level_ms
        self._counts: defaultdict[Place, Counts] = defaultdict(lambda: defaultdict(int))
        self._talked_at: dict[tuple[str | None, str], int] = {}

    def add_contacts(self, rows: Iterable[ContactRow]) -> None:
        """Count contacts of the whole floor."""
        for row in rows:
            index = index_of(self._borders, row.arrived_at)
            if index is None:
                continue
            counts = self._counts[(None, index)]
            if row.outcome is Outcome.ANSWERED_ELSEWHERE and not row.handled:
                counts["answered_elsewhere"] += 1
                continue
            counts["received"] += 1
            if row.handled:
                counts["handled"] += 1
            elif row.outcome is None:
                counts["in_progress"] += 1
            else:
                counts[_OUTCOMES[row.outcome]] += 1
                counts["short_abandoned"] += row.short and row.outcome is Outcome.ABANDONED
                counts["off_hours"] += not row.in_hours
                counts["off_hours_overflow"] += not row.in_hours and row.outcome is Outcome.OVERFLOW

    def add_visits(self, rows: Iterable[VisitRow], scope: Callable[[VisitRow], str | None]) -> None:
        """Count visits and their waits under the scope that each belongs to."""
        for row in rows:
            index = index_of(self._borders, row.enqueued_at)
            if index is not None:
                self._add_visit(self._counts[(scope(row), index)], row)

    def _add_visit(self, counts: Counts, row: VisitRow) -> None:
        limit_ms = row.service_level_ms
        if self._service_level_ms is not None:
            limit_ms = self._service_level_ms
        timed = limit_ms > 0
        if row.outcome is VisitOutcome.ANSWERED_ELSEWHERE:
            # Nobody here could have answered it any more: as if it had not come.
            counts["queue_answered_elsewhere"] += 1
            return
        counts["offered"] += 1
        counts["timed_offered"] += timed
        if row.left_at is None or row.outcome is None:
            counts["waiting"] += 1
            return
        wait_ms = row.left_at - row.enqueued_at
        counts["max_wait_ms"] = max(counts.get("max_wait_ms", 0), wait_ms)
        _compare_estimate(counts, row, wait_ms)
        if row.outcome is VisitOutcome.ANSWERED:
            counts["answered"] += 1
            counts["timed_answered"] += timed
            counts["answered_in_time"] += timed and wait_ms <= limit_ms
            counts["wait_answered_ms"] += wait_ms
            longest = max(counts.get("max_wait_answered_ms", 0), wait_ms)
            counts["max_wait_answered_ms"] = longest
            return
        counts[_VISIT_OUTCOMES[row.outcome]] += 1
        if row.outcome is VisitOutcome.ABANDONED:
            short = row.waited_before_ms + wait_ms <= row.short_abandon_ms
            counts["queue_short_abandoned"] += short
            counts["timed_abandoned"] += timed
            counts["timed_short_abandoned"] += timed and short
            counts["abandoned_in_time"] += timed and wait_ms <= limit_ms
            counts["wait_abandoned_ms"] += wait_ms
        elif row.outcome is VisitOutcome.OVERFLOW:
            counts["timed_overflow"] += timed

    def add_segments(
        self,
        rows: Iterable[SegmentRow],
        scope: Callable[[SegmentRow], str | None],
        watched: frozenset[int],
    ) -> None:
        """Clip talk, hold and wrap-up, count offers. `watched` are the intervals with states.

        Time of calls that came through no queue is not counted: their offers are; nor is talk with
        a number outside, which is no agent's work. While an agent consults, the caller is on hold,
        and that is counted; what is said there is apart.
        """
        talks: list[SegmentRow] = []
        holds: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in rows:
            span = (row.started_at, self._end(row.ended_at))
            if row.kind is SegmentKind.RING:
                self._add_offer(row, scope(row))
            elif row.queue_id is None:
                continue
            elif row.consult:
                if row.kind in (SegmentKind.CONSULT, SegmentKind.HOLD):
                    self._clip(scope(row), "consult_ms", *span)
            elif row.agent_id is None and row.kind in (SegmentKind.TALK, SegmentKind.HOLD):
                continue
            elif row.kind is SegmentKind.TALK:
                talks.append(row)
            elif row.kind is SegmentKind.HOLD:
                holds[row.contact_id].append(span)
                self._clip(scope(row), "hold_ms", *span)
            elif row.kind is SegmentKind.ACW:
                self._clip(scope(row), "wrap_up_ms", *span)
            elif row.kind is SegmentKind.CONFERENCE:
                self._clip(scope(row), "conference_ms", *span)
        for talk in sorted(talks, key=lambda row: row.started_at):
            self._add_conversation((scope(talk), talk.contact_id), talk.started_at)
            span = (talk.started_at, self._end(talk.ended_at))
            for start, end in without(span, holds[talk.contact_id]):
                for index, part_ms in clip(self._borders, start, end):
                    counts = self._counts[(scope(talk), index)]
                    counts["talk_ms"] += part_ms
                    if index not in watched:
                        counts["talk_unwatched_ms"] += part_ms

    def _add_conversation(self, who: tuple[str | None, str], at: int) -> None:
        """Count a scope's first talk on a contact; those that follow are the same conversation."""
        if who in self._talked_at:
            return
        self._talked_at[who] = at
        index = index_of(self._borders, at)
        if index is not None:
            self._counts[(who[0], index)]["conversations"] += 1

    def _add_offer(self, row: SegmentRow, scope: str | None) -> None:
        index = index_of(self._borders, row.started_at)
        if index is not None:
            counts = self._counts[(scope, index)]
            counts["ring_offers"] += 1
            counts["ring_no_answers"] += row.end_reason == OfferEnd.RONA

    def add_transfers(
        self,
        rows: Iterable[TransferRow],
        scope: Callable[[TransferRow], str | None],
        *,
        per_agent: bool = False,
    ) -> None:
        """Count contacts given away, each once per scope, where they came in.

        For the whole floor (a scope of None) that is when they arrived, for a queue when they
        entered it, for agents (whose segments must have been added) when they began to talk: the
        rate has the same contacts above and below.
        """
        counted: set[tuple[str | None, str]] = set()
        for row in rows:
            name = scope(row)
            at = row.arrived_at if name is None else row.enqueued_at
            if per_agent:
                at = self._talked_at.get((name, row.contact_id))
            index = None if at is None else index_of(self._borders, at)
            if index is not None and (name, row.contact_id) not in counted:
                counted.add((name, row.contact_id))
                self._counts[(name, index)]["transferred"] += 1

    def add_callbacks(
        self, rows: Iterable[CallbackRow], scope: Callable[[CallbackRow], str | None]
    ) -> None:
        """Count callbacks by when they were booked."""
        for row in rows:
            index = index_of(self._borders, row.booked_at)
            if index is None:
                continue
            counts = self._counts[(scope(row), index)]
            counts["callbacks_requested"] += 1
            counts[_CALLBACKS[row.outcome]] += 1
            if row.outcome == "reached" and row.ended_at is not None:
                asked_at = max(row.booked_at, row.asked_at)
                counts["callback_wait_ms"] += max(0, row.ended_at - asked_at)

    def add_messages(
        self, rows: Iterable[MessageRow], scope: Callable[[MessageRow], str | None]
    ) -> None:
        """Count voice messages by when they were left."""
        for row in rows:
            index = index_of(self._borders, row.left_at)
            if index is None:
                continue
            counts = self._counts[(scope(row), index)]
            counts["messages_left"] += 1
            if row.done_at is None:
                counts["messages_open"] += 1
            else:
                counts["messages_handled"] += 1
                counts["message_wait_ms"] += max(0, row.done_at - row.left_at)

    def add_losses(self, rows: Iterable[LossRow], scope: Callable[[LossRow], str | None]) -> None:
        """Count lost calls by when they were lost."""
        for row in rows:
            index = index_of(self._borders, row.lost_at)
            if index is not None:
                counts = self._counts[(scope(row), index)]
                counts["lost_calls"] += 1
                counts["lost_calls_answered"] += row.answered

    def add_media_losses(
        self, rows: Iterable[MediaLossRow], scope: Callable[[MediaLossRow], str | None]
    ) -> None:
        """Count calls whose sound was lost, by when they were cut."""
        for row in rows:
            index = index_of(self._borders, row.cut_at)
            if index is not None:
                self._counts[(scope(row), index)]["media_lost"] += 1

    def add_states(self, rows: Iterable[StateRow], *, per_agent: bool) -> None:
        """Clip agents' states; time signed out is nobody's."""
        for row in rows:
            field = _STATES.get(row.state)
            if field is None:
                continue
            span = (row.started_at, self._end(row.ended_at))
            scope = row.agent_id if per_agent else None
            self._clip(scope, field, *span)
            if row.paid is not False:
                self._clip(scope, "paid_ms", *span)
            if row.state is AgentState.PAUSED and row.productive:
                self._clip(scope, "productive_pause_ms", *span)

    def _end(self, ended_at: int | None) -> int:
        return self._now_ms if ended_at is None else ended_at

    def _clip(self, scope: str | None, field: str, start: int, end: int) -> None:
        for index, part_ms in clip(self._borders, start, end):
            self._counts[(scope, index)][field] += part_ms

    def sums(self, *, queues: bool = False, agents: bool = False) -> dict[Place, Sums]:
        """What was counted. `queues`: the contacts' counts repeat the queue's own; `agents`: each
        agent's handle time is that of the contacts on which they talked.
        """
        found: dict[Place, Sums] = {}
        for place, counts in self._counts.items():
            values = dict(counts)
            conversations = values.pop("conversations", 0)
            values["served"] = conversations if agents else counts["answered"]
            if queues:
                values |= {
                    name: sum(counts[field] for field in own) for name, own in _AS_CONTACTS.items()
                }
            found[place] = msgspec.convert(values, Sums)
        return found


def _compare_estimate(counts: Counts, row: VisitRow, wait_ms: int) -> None:
    """Whether the wait announced at entry held. Of who left before it was over nobody knows."""
    if row.estimate_ms is None or row.outcome in _TELLS_NOTHING:
        return
    answered = row.outcome is VisitOutcome.ANSWERED
    late = wait_ms > row.estimate_ms
    if answered or late:
        counts["estimates"] += 1
        counts["estimates_held"] += not late
    if answered:
        counts["estimates_answered"] += 1
        counts["estimate_error_ms"] += abs(wait_ms - row.estimate_ms)


def watched_intervals(borders: list[int], rows: Iterable[StateRow], now_ms: int) -> frozenset[int]:
    """The intervals in which at least one agent's state was kept."""
    found: set[int] = set()
    for row in rows:
        end = now_ms if row.ended_at is None else row.ended_at
        found.update(index for index, _ in clip(borders, row.started_at, end))
    return frozenset(found)


def judge_slots(
    found: dict[Place, Sums], target_of: Callable[[str | None], float]
) -> dict[Place, Sums]:
    """Each open slot judged, for the QS linéaire: `found` are sums by scope and slot.

    A slot is open if somebody called within the hours; closed and empty slots are left out.
    """
    judged: dict[Place, Sums] = {}
    for place, sums in found.items():
        in_hours = sums.received - sums.off_hours
        if in_hours > 0:
            on_target = sums.handled >= target_of(place[0]) * in_hours
            judged[place] = Sums(slots=1, slots_on_target=int(on_target))
    return judged


def gathered(found: Mapping[Place, Sums], fine: list[int], wide: list[int]) -> dict[Place, Sums]:
    """The sums of intervals taken together where they begin: `fine` are their borders."""
    totals: dict[Place, Sums] = {}
    for (scope, number), sums in found.items():
        index = index_of(wide, fine[number])
        if index is not None:
            before = totals.get((scope, index))
            totals[(scope, index)] = sums if before is None else add(before, sums)
    return totals
