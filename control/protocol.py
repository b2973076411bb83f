"""What travels between the floor and the web process. Values only.

Each line on the socket is one JSON message. The web process sends `Ask`; the floor answers each
with one `Answer` of the same id, and pushes `LiveChange` to those who asked to `Follow`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from acd.config import AlertMetric
from acd.events import AgentRequest, FloorRequest, TalkRequest
from acd.facts import Audited
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    CallState,
    MonitorMode,
    OfferEnd,
    PhoneId,
    QueueId,
)

LONGEST_ASK = 8 * 1024 * 1024
"""Bytes of the longest line that the floor reads; a body of the web process has one million."""


class AgentView(msgspec.Struct, frozen=True, tag=True):
    """An agent as a supervisor sees them now. `call_id` is the call in hand, None without one.

    `phone` is where they sit (their own where they are signed out), `own_phone` whether it is their
    own rather than a seat. `consult_id` is the consultation that they lead. `wrap_up_until` is None
    outside a timed wrap-up; `wrap_up_call_id` is the call that the wrap-up follows. `queue_id` is
    that of the call in hand or in wrap-up. `calls_taken` and `busy_ms` (in calls and wrap-up, the
    present state not included) count since `signed_in_at`, which is 0 for who is signed out.
    `queue_ids` are the queues whose calls this agent may ever take. `not_reached` is why the call
    outside that they placed last reached nobody, None: it did, or another followed.
    """

    id: AgentId
    name: str
    state: AgentState
    since: int
    reason: str | None
    after: AgentState | None
    phone_up: bool
    call_id: CallId | None
    team: str | None = None
    phone: PhoneId | None = None
    own_phone: bool = False
    connected: bool = False
    consult_id: CallId | None = None
    queue_id: QueueId | None = None
    wrap_up_until: int | None = None
    wrap_up_mandatory: bool = False
    wrap_up_call_id: CallId | None = None
    calls_taken: int = 0
    busy_ms: int = 0
    signed_in_at: int = 0
    queue_ids: tuple[QueueId, ...] = ()
    not_reached: OfferEnd | None = None


class QueueView(msgspec.Struct, frozen=True, tag=True):
    """A queue now. `oldest_at` is when the longest waiting caller entered it, None if empty.

    `fit_ready` and `fit_signed_in` count agents with the queue's skills. The counts of today run
    from midnight in the floor's time zone or from the floor's start, whichever is later
    (`counted_from`). `open` is False outside its hours or while a supervisor has closed it (then
    `closed_by_hand`). `estimate_ms` is what a caller who came now would be told (None: not known);
    `estimate_coverage` the share of announced estimates that held (None: too few yet).
    """

    id: QueueId
    name: str
    service_level_s: int
    waiting: int
    offered: int
    talking: int
    oldest_at: int | None
    fit_ready: int
    fit_signed_in: int
    counted_from: int
    offered_today: int
    answered_today: int
    answered_in_time_today: int
    abandoned_today: int
    short_abandoned_today: int
    open: bool = True
    closed_by_hand: bool = False
    callbacks: int = 0
    messages: int = 0
    estimate_ms: int | None = None
    estimate_coverage: float | None = None
    estimate_error_ms: int | None = None


class MonitorView(msgspec.Struct, frozen=True):
    """A supervisor with a conversation."""

    by: str
    agent_id: AgentId
    mode: MonitorMode
    up: bool


class CallView(msgspec.Struct, frozen=True, tag=True):
    """A call in progress. `since` is when it entered its present state.

    `agent_ids` are all agents in it or rung for it; `agent_id` the one who talks, or the first
    rung. `priority`, `enqueued_at`, `key` and `order` only while it waits in a queue: callers of
    one queue stand in the order of `(key, order)`. `estimate_ms` is the wait announced at entry.
    `parent_id` is the call from which an agent consults; `away`: this call's agent speaks with
    somebody they consult. `muted`: its agent is not heard. `third`: it is a conference.
    `held_by` is the agent who put the other side on hold, None while nobody holds or somebody
    outside does; `held_by_phone`: the hold was begun on a phone, so only that phone ends it.
    `own_line`: a consultation dialled on a second line of the agent's phone, which alone turns
    from one call to the other. `disposition` is how its agent has qualified it so far. `withheld`:
    the caller hides the number, which is None then.
    """

    id: CallId
    state: CallState
    dnis: str
    number: str | None
    arrived_at: int
    since: int
    queue_id: QueueId | None
    agent_id: AgentId | None
    on_hold: bool
    kind: CallKind = CallKind.INBOUND
    name: str | None = None
    agent_ids: tuple[AgentId, ...] = ()
    outside: str | None = None
    key: int | None = None
    order: int | None = None
    priority: int | None = None
    enqueued_at: int | None = None
    estimate_ms: int | None = None
    step: int | None = None
    due_at: int | None = None
    parent_id: CallId | None = None
    away: bool = False
    muted: bool = False
    third: bool = False
    held_by: AgentId | None = None
    held_by_phone: bool = False
    own_line: bool = False
    disposition: str | None = None
    monitors: tuple[MonitorView, ...] = ()
    withheld: bool = False
    data: dict[str, str] = {}


class AlertView(msgspec.Struct, frozen=True, tag=True):
    """A threshold of `metric` that is passed now. `value` is the last one seen."""

    rule_id: str
    queue_id: QueueId | None
    since: int
    value: float
    threshold: float
    severity: str
    names: dict[str, str]
    metric: AlertMetric


class Live(msgspec.Struct, frozen=True, tag=True):
    """The whole floor at one instant."""

    version: int
    at: int
    agents: tuple[AgentView, ...]
    queues: tuple[QueueView, ...]
    calls: tuple[CallView, ...]
    alerts: tuple[AlertView, ...] = ()


class LiveChange(msgspec.Struct, frozen=True, tag=True):
    """What differs from the version before. `calls_ended` left the floor.

    `alerts` are all that stand now, None where none of them changed.
    """

    version: int
    at: int
    agents: tuple[AgentView, ...] = ()
    queues: tuple[QueueView, ...] = ()
    calls: tuple[CallView, ...] = ()
    calls_ended: tuple[CallId, ...] = ()
    agents_gone: tuple[AgentId, ...] = ()
    queues_gone: tuple[QueueId, ...] = ()
    alerts: tuple[AlertView, ...] | None = None


class TroubleKind(StrEnum):
    """What the floor does not do any more, though it runs."""

    STEPS = "steps"
    JOURNAL = "journal"
    SWITCH = "switch"
    COMMANDS = "commands"
    STORE = "store"


class Trouble(msgspec.Struct, frozen=True):
    """Something that calls need and that does not work, since `since` (UTC ms).

    `detail` is a sentence for whoever runs the floor.
    """

    kind: TroubleKind
    since: int
    detail: str


class Health(msgspec.Struct, frozen=True, tag=True):
    """How the floor is. `switch` is the ARI connection's state.

    It serves calls while `troubles` is empty.

    `journal_unkept` counts entries that the disk refused (held in memory, tried again),
    `journal_behind` facts that are in the journal and not in SQL yet; `store_error` is the last
    failure to write SQL, None while it works. `unkept_since` (UTC ms) is when the oldest unkept
    entry came to pass. `trunk_away_since` (UTC ms): calls outwards have come no further than the
    trunk since then, None: the last one was carried, or there was none; callers are served all the
    same. `counters` are monotonic counts for Prometheus, by name.
    """

    switch: str
    switch_version: str | None
    started_at: int
    now: int
    calls: int
    agents_signed_in: int
    journal_behind: int
    journal_unkept: int
    store_error: str | None
    counters: dict[str, float]
    unkept_since: int | None = None
    trunk_away_since: int | None = None
    troubles: tuple[Trouble, ...] = ()


class ReadLive(msgspec.Struct, frozen=True, tag=True):
    """Ask for a `Live`."""


class ReadHealth(msgspec.Struct, frozen=True, tag=True):
    """Ask for a `Health`."""


class Follow(msgspec.Struct, frozen=True, tag=True):
    """Ask for a `Live` now and every `LiveChange` from then on, on this connection."""


class Reload(msgspec.Struct, frozen=True, tag=True):
    """The configuration in SQL has changed: read it again.

    Answered when it is in force: flows loaded, phones of agents known to the switch.
    """


class Kept(msgspec.Struct, frozen=True, order=True):
    """A place in the journal: what was told before it is in SQL once SQL's place is there."""

    journal: str
    segment: int
    offset: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """It was done; `warnings` tell what an operator should know (one sentence each).

    `id` is the call that was made for it, None where none was. The live picture shows it from
    `version` on; SQL has it from `kept` on, None: nothing was kept. So whoever asked can wait until
    what they read next has it.
    """

    warnings: tuple[str, ...] = ()
    id: CallId | None = None
    version: int = 0
    kept: Kept | None = None


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It was not done. `status` is the HTTP status that fits, `slug` names the problem.

    `french` is the same sentence as `detail`, None where there is no French one.
    """

    slug: str
    status: int
    detail: str
    french: str | None = None


Wish = AgentRequest | TalkRequest | FloorRequest | ReadLive | ReadHealth | Follow | Reload
Result = Done | Refused | Live | Health


class Ask(msgspec.Struct, frozen=True, tag=True):
    """One request. `id` is unique on its connection.

    `audit` is the line of the audit log for it, kept with what is done; None: it gets none.
    """

    id: int
    wish: Wish
    audit: Audited | None = None


class Answer(msgspec.Struct, frozen=True, tag=True):
    """The answer to the `Ask` with this id."""

    id: int
    result: Result


FromFloor = Answer | LiveChange
