"""What has come to pass and must be kept: the journal's and SQL's vocabulary.

Every fact has a `subject` (a call, agent or recording id) and a `seq` that grows by one within the
subject: the pair makes writing idempotent. A fact carries all that its row needs, copied at the
moment it happened, so that a later change of configuration never rewrites history.
"""

from __future__ import annotations

import msgspec

from acd.flow import FlowState
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    BridgeId,
    CallId,
    CallState,
    ChannelId,
    EndedBy,
    FlowId,
    Offer,
    Outcome,
    PlaybackId,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    SkillLevel,
    Talk,
    Visit,
    VisitId,
    VisitOutcome,
)


class Call(msgspec.Struct, frozen=True):
    """A call as the engine holds it; journaled whole at each change, so that a restart finds it.

    Exactly one of `flow`, `visit` (waiting or offered) and `talk` says what is going on. `music`
    is true while the caller hears music, `answered` once the caller's leg was picked up. `since` is
    when the present state began, `seq` the number of facts told so far. `served` says that an
    agent has talked to the caller.
    """

    id: CallId
    channel_id: ChannelId
    dnis: str
    number: str | None
    name: str | None
    arrived_at: int
    state: CallState
    since: int = 0
    seq: int = 0
    answered: bool = False
    music: bool = False
    language: str = "fr"
    flow: FlowState | None = None
    flow_segment_id: SegmentId | None = None
    playback_id: PlaybackId | None = None
    bridge_id: BridgeId | None = None
    visit: Visit | None = None
    visits: int = 0
    offer: Offer | None = None
    talk: Talk | None = None
    served: bool = False


class Fact(msgspec.Struct, frozen=True, tag=True):
    """What all facts share. `at` is UTC ms."""

    subject: str
    seq: int
    at: int


class ContactArrived(Fact, frozen=True, tag=True):
    """A contact began. `flow` is None where the number leads nowhere."""

    call_id: CallId
    dnis: str
    number: str | None
    name: str | None
    flow: FlowId | None
    direction: str = "inbound"


class FlowNodeLeft(Fact, frozen=True, tag=True):
    """A node of the flow was left."""

    call_id: CallId
    flow: FlowId
    version: int
    node: str
    kind: str
    input: str | None
    entered_at: int


class VisitOpened(Fact, frozen=True, tag=True):
    """The contact entered a queue; thresholds are copied as they are now."""

    call_id: CallId
    visit_id: VisitId
    visit_seq: int
    queue_id: QueueId
    priority: int
    key: int
    service_level_ms: int
    short_abandon_ms: int
    required: tuple[SkillLevel, ...] = ()


class VisitClosed(Fact, frozen=True, tag=True):
    """The contact left the queue. `agent_id` and `segment_id` only when answered."""

    call_id: CallId
    visit_id: VisitId
    outcome: VisitOutcome
    agent_id: AgentId | None = None
    segment_id: SegmentId | None = None
    ringing: bool = False


class SegmentOpened(Fact, frozen=True, tag=True):
    """A stretch of time began."""

    call_id: CallId
    segment_id: SegmentId
    kind: SegmentKind
    visit_id: VisitId | None = None
    agent_id: AgentId | None = None
    team: str | None = None


class SegmentClosed(Fact, frozen=True, tag=True):
    """A stretch of time ended. `reason`: an OfferEnd for ring, an EndedBy for the rest."""

    call_id: CallId
    segment_id: SegmentId
    reason: str


class Candidate(msgspec.Struct, frozen=True):
    """An agent as the router saw them: `verdict` is chosen, fit, or why they were refused.

    Refusals: `lacks:SKILL` (not held), `below:SKILL:HAVE<NEED`, or the agent's state, `resting`.
    `idle_ms` is None unless ready.
    """

    agent_id: AgentId
    verdict: str
    idle_ms: int | None = None


class RoutingDecided(Fact, frozen=True, tag=True):
    """The router looked for an agent (or for a call) and this is what it saw.

    `trigger` is what made it look: `arrival`, `agent_freed`, `requeue`, `restart`. `agent_id` is
    None when nobody could take the call. `candidates` is bounded; `signed_in` counts all agents
    who were signed in then, `waiting_ahead` the items with a smaller key in the same queue.
    """

    call_id: CallId
    visit_id: VisitId
    queue_id: QueueId
    trigger: str
    agent_id: AgentId | None
    candidates: tuple[Candidate, ...]
    signed_in: int
    waiting_ahead: int


class RecordingStarted(Fact, frozen=True, tag=True):
    """A recording was asked for. `name` of the file is the id."""

    call_id: CallId
    recording_id: RecordingId
    agent_id: AgentId | None
    queue_id: QueueId | None


class RecordingKept(Fact, frozen=True, tag=True):
    """The file is on disk and was checked. `path` is relative to the recordings folder."""

    call_id: CallId
    recording_id: RecordingId
    path: str
    size_bytes: int
    duration_ms: int
    sha256: str


class RecordingLost(Fact, frozen=True, tag=True):
    """There is no usable audio, and why."""

    call_id: CallId
    recording_id: RecordingId
    reason: str


class ContactEnded(Fact, frozen=True, tag=True):
    """The contact is over: its one terminal record."""

    call_id: CallId
    outcome: Outcome
    ended_by: EndedBy
    reason: str


class AgentStateChanged(Fact, frozen=True, tag=True):
    """An agent entered `state` at `at`, which closes the one before."""

    agent_id: AgentId
    state: AgentState
    reason: str | None
    team: str | None = None


AnyFact = (
    ContactArrived
    | FlowNodeLeft
    | VisitOpened
    | VisitClosed
    | SegmentOpened
    | SegmentClosed
    | RoutingDecided
    | RecordingStarted
    | RecordingKept
    | RecordingLost
    | ContactEnded
    | AgentStateChanged
)


class JournalEntry(msgspec.Struct, frozen=True):
    """One line of the journal: what an event led to, and the state that it left behind.

    `calls` and `agents` hold the changed ones whole (an ended call is kept out by its state).
    """

    at: int
    facts: tuple[AnyFact, ...] = ()
    calls: tuple[Call, ...] = ()
    agents: tuple[AgentWork, ...] = ()
