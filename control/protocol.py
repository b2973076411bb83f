"""What travels between the floor and the web process. Values only.

Each line on the socket is one JSON message. The web process sends `Ask`; the floor answers each
with one `Answer` of the same id, and pushes `LiveChange` to those who asked to `Follow`.
"""

from __future__ import annotations

import msgspec

from acd.events import EndCall, GetReady, Pause, SignIn, SignOut
from acd.model import AgentId, AgentState, CallId, CallState, QueueId


class AgentView(msgspec.Struct, frozen=True, tag=True):
    """An agent as a supervisor sees them now. `call_id` is the call in hand, None without one."""

    id: AgentId
    name: str
    state: AgentState
    since: int
    reason: str | None
    after: AgentState | None
    phone_up: bool
    call_id: CallId | None


class QueueView(msgspec.Struct, frozen=True, tag=True):
    """A queue now. `oldest_at` is when the longest waiting caller entered it, None if empty.

    `fit_ready` and `fit_signed_in` count agents with the queue's skills. The counts of today run
    from midnight in the floor's time zone or from the floor's start, whichever is later
    (`counted_from`).
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


class CallView(msgspec.Struct, frozen=True, tag=True):
    """A call in progress. `since` is when it entered its present state."""

    id: CallId
    state: CallState
    dnis: str
    number: str | None
    arrived_at: int
    since: int
    queue_id: QueueId | None
    agent_id: AgentId | None
    on_hold: bool


class Live(msgspec.Struct, frozen=True, tag=True):
    """The whole floor at one instant."""

    version: int
    at: int
    agents: tuple[AgentView, ...]
    queues: tuple[QueueView, ...]
    calls: tuple[CallView, ...]


class LiveChange(msgspec.Struct, frozen=True, tag=True):
    """What differs from the version before. `calls_ended` left the floor."""

    version: int
    at: int
    agents: tuple[AgentView, ...] = ()
    queues: tuple[QueueView, ...] = ()
    calls: tuple[CallView, ...] = ()
    calls_ended: tuple[CallId, ...] = ()
    agents_gone: tuple[AgentId, ...] = ()
    queues_gone: tuple[QueueId, ...] = ()


class Health(msgspec.Struct, frozen=True, tag=True):
    """How the floor is. `switch` is the ARI connection's state.

    `journal_unkept` counts entries that the disk refused (held in memory, tried again),
    `journal_behind` facts that are in the journal and not in SQL yet; `store_error` is the last
    failure to write SQL, None while it works. `counters` are monotonic counts for Prometheus, by
    name.
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


class Done(msgspec.Struct, frozen=True, tag=True):
    """It was done; `warnings` tell what an operator should know (one sentence each)."""

    warnings: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It was not done. `status` is the HTTP status that fits, `slug` names the problem."""

    slug: str
    status: int
    detail: str


Wish = SignIn | SignOut | GetReady | Pause | EndCall | ReadLive | ReadHealth | Follow | Reload
Result = Done | Refused | Live | Health


class Ask(msgspec.Struct, frozen=True, tag=True):
    """One request. `id` is unique on its connection."""

    id: int
    wish: Wish


class Answer(msgspec.Struct, frozen=True, tag=True):
    """The answer to the `Ask` with this id."""

    id: int
    result: Result


FromFloor = Answer | LiveChange
