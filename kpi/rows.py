"""What indicators are made of: the rows that are counted, and the sums that come of them.

Instants are UTC milliseconds, None while something has not ended. Nothing is computed here but
the sum of sums.
"""

from __future__ import annotations

import msgspec

from acd.model import AgentState, Outcome, SegmentKind, VisitOutcome


class ContactRow(msgspec.Struct, frozen=True):
    """A contact that came to us. `handled`: an agent was connected at least once. `outcome` None:
    not ended. `short`: a wait that the caller gave up was a short one. `in_hours` false: a closed
    queue, or a flow, turned the caller away.
    """

    arrived_at: int
    handled: bool
    outcome: Outcome | None
    short: bool = False
    in_hours: bool = True


class VisitRow(msgspec.Struct, frozen=True):
    """A caller's stay in a queue with the thresholds as they were at entry; 0: none was set.

    `estimate_ms` is the wait announced then, None: none was. `waited_before_ms` is the time in
    other queues before: an abandon is short if both together are.
    """

    queue_id: str
    agent_id: str | None
    enqueued_at: int
    left_at: int | None
    outcome: VisitOutcome | None
    service_level_ms: int
    short_abandon_ms: int
    estimate_ms: int | None = None
    waited_before_ms: int = 0


class SegmentRow(msgspec.Struct, frozen=True):
    """A stretch of a contact's time; `end_reason` of a ring is how the offer ended.

    `queue_id` is that of the queue through which the caller came (of a ring: of the offer), None
    for a call that came through none. `consult`: the stretch belongs to a consultation, beside
    what the caller hears meanwhile.
    """

    contact_id: str
    queue_id: str | None
    agent_id: str | None
    kind: SegmentKind
    started_at: int
    ended_at: int | None
    end_reason: str | None
    consult: bool = False


class StateRow(msgspec.Struct, frozen=True):
    """A stretch of an agent's time; `productive` and `paid` are None where that was not kept."""

    agent_id: str
    state: AgentState
    started_at: int
    ended_at: int | None
    productive: bool | None = None
    paid: bool | None = None


class TransferRow(msgspec.Struct, frozen=True):
    """A contact that an agent gave away and did not take back.

    `arrived_at` is the contact's, `enqueued_at` of the visit through which the agent had it; both
    that and the queue are None for a call that came through none.
    """

    contact_id: str
    agent_id: str | None
    queue_id: str | None
    arrived_at: int
    enqueued_at: int | None


class CallbackRow(msgspec.Struct, frozen=True):
    """A callback. `asked_at`: when the customer wanted it, at the booking or later; `outcome` is
    reached, failed or cancelled, None: still to be made.
    """

    queue_id: str
    agent_id: str | None
    booked_at: int
    asked_at: int
    ended_at: int | None
    outcome: str | None


class MessageRow(msgspec.Struct, frozen=True):
    """A voice message; `done_at` None: nobody has dealt with it."""

    queue_id: str
    agent_id: str | None
    left_at: int
    done_at: int | None


class LossRow(msgspec.Struct, frozen=True):
    """A lost call; `answered`: the number was spoken to afterwards."""

    queue_id: str
    lost_at: int
    answered: bool


class MediaLossRow(msgspec.Struct, frozen=True):
    """A call that the switch cut because no sound came on one of its legs for too long.

    `queue_id` is the last that the caller was in, `agent_id` who talked to them last.
    """

    queue_id: str | None
    agent_id: str | None
    cut_at: int


class Sums(msgspec.Struct, frozen=True):
    """Everything that the formulas divide, for one scope in one interval; sums may be added.

    Contacts that came to us (whole floor: by arrival): `received` = handled + abandoned + overflow
    + callback + voicemail + out_of_hours + self_service + flow_hang_up + rejected + failed +
    in_progress; `short_abandoned` are some of the abandoned. `off_hours` are all who came out of
    hours and were not handled, whatever they ended as, `off_hours_overflow` those of them who count
    as overflow. `answered_elsewhere` are callers whom the network took back before any answer,
    because another place that rang had answered: they are in none of the others. For a queue these
    repeat the queue's own counts (received = offered; what was moved away counts as overflow), for
    an agent they are 0.

    Callers' visits, by entry into the queue: `offered` = answered + queue_abandoned +
    queue_overflow + queue_callback + queue_voicemail + queue_moved + queue_closed + queue_error +
    waiting; `queue_answered_elsewhere` stands beside them. The `timed_` ones leave out visits
    without a service-level threshold. Waits and times are milliseconds; times are clipped to the
    interval. `talk_ms` is without hold, `consult_ms` runs beside the caller's hold, `conference_ms`
    is the third party's. `served` is what handle time is shared among: answered visits; for an
    agent the contacts that they talked on (a transfer brings some that they did not answer).
    `talk_unwatched_ms` is talk in intervals in which no agent's state was kept: hold and wrap-up
    are then unknown, not zero.

    `estimates` are announced waits whose truth is known: those answered, and all others who waited
    longer. Callbacks count by booking, messages and losses by when they were left, calls cut for
    want of sound (`media_lost`) by when they were cut; `paid_ms` is time in paid states, whatever
    the agent did.
    """

    received: int = 0
    handled: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    overflow: int = 0
    callback: int = 0
    voicemail: int = 0
    out_of_hours: int = 0
    self_service: int = 0
    flow_hang_up: int = 0
    rejected: int = 0
    failed: int = 0
    in_progress: int = 0
    answered_elsewhere: int = 0
    off_hours: int = 0
    off_hours_overflow: int = 0

    offered: int = 0
    answered: int = 0
    queue_abandoned: int = 0
    queue_short_abandoned: int = 0
    queue_overflow: int = 0
    queue_callback: int = 0
    queue_voicemail: int = 0
    queue_moved: int = 0
    queue_closed: int = 0
    queue_error: int = 0
    queue_answered_elsewhere: int = 0
    waiting: int = 0

    timed_offered: int = 0
    timed_answered: int = 0
    timed_abandoned: int = 0
    timed_short_abandoned: int = 0
    timed_overflow: int = 0
    answered_in_time: int = 0
    abandoned_in_time: int = 0

    served: int = 0
    wait_answered_ms: int = 0
    wait_abandoned_ms: int = 0
    max_wait_answered_ms: int | None = None
    max_wait_ms: int | None = None

    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    consult_ms: int = 0
    conference_ms: int = 0
    talk_unwatched_ms: int = 0
    ring_offers: int = 0
    ring_no_answers: int = 0
    transferred: int = 0

    estimates: int = 0
    estimates_held: int = 0
    estimates_answered: int = 0
    estimate_error_ms: int = 0

    callbacks_requested: int = 0
    callbacks_reached: int = 0
    callbacks_failed: int = 0
    callbacks_cancelled: int = 0
    callbacks_open: int = 0
    callback_wait_ms: int = 0
    messages_left: int = 0
    messages_handled: int = 0
    messages_open: int = 0
    message_wait_ms: int = 0
    lost_calls: int = 0
    lost_calls_answered: int = 0
    media_lost: int = 0

    ready_ms: int = 0
    offered_ms: int = 0
    talking_ms: int = 0
    holding_ms: int = 0
    consulting_ms: int = 0
    after_call_ms: int = 0
    paused_ms: int = 0
    productive_pause_ms: int = 0
    paid_ms: int = 0
    not_responding_ms: int = 0
    unreachable_ms: int = 0

    slots: int = 0
    slots_on_target: int = 0


_MAXIMA = frozenset({"max_wait_answered_ms", "max_wait_ms"})
COUNTED = tuple(field for field in Sums.__struct_fields__ if field not in _MAXIMA)


def _larger(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)


def add(a: Sums, b: Sums) -> Sums:
    """The sums of two disjoint parts taken together: counts add, maxima compare."""
    return Sums(
        max_wait_answered_ms=_larger(a.max_wait_answered_ms, b.max_wait_answered_ms),
        max_wait_ms=_larger(a.max_wait_ms, b.max_wait_ms),
        **{field: getattr(a, field) + getattr(b, field) for field in COUNTED},
    )
