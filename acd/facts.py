"""What has come to pass and must be kept: the journal's and SQL's vocabulary.

Every fact has a `subject` (a call, agent or recording id) and a `seq` that grows by one within the
subject: the pair makes writing idempotent. A fact carries all that its row needs, copied at the
moment it happened, so that a later change of configuration never rewrites history.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from acd.call import Call
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallId,
    CallKind,
    EndedBy,
    FlowId,
    Outcome,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    SkillLevel,
    TargetKind,
    VisitId,
    VisitOutcome,
)

Trigger = Literal[
    "arrival", "agent_freed", "requeue", "relaxed", "restart", "configured", "priority"
]
"""What made the router look: a call came, an agent became free, a call came back from an agent, the
search widened, the floor started anew, the configuration or a call's priority changed.
"""


class Fact(msgspec.Struct, frozen=True, tag=True):
    """What all facts share. `at` is UTC ms."""

    subject: str
    seq: int
    at: int


class ContactArrived(Fact, frozen=True, tag=True):
    """A contact began. `flow` is None where the number leads nowhere, and for calls made by us.

    `direction`: inbound, outbound or internal. `root_id` is the contact that this one follows from
    (the one that asked for a callback or left a message), None for a first one. `queue_id` and
    `agent_id` where known from the start (callback, message; manual and internal calls).
    `withheld`: the caller hid the number, which is None then.
    """

    call_id: CallId
    dnis: str
    number: str | None
    name: str | None
    flow: FlowId | None
    direction: str = "inbound"
    kind: CallKind = CallKind.INBOUND
    root_id: CallId | None = None
    queue_id: QueueId | None = None
    agent_id: AgentId | None = None
    withheld: bool = False


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
    """The contact entered a queue; thresholds are copied as they are now.

    `waited_before_ms` is how long it had waited in other queues, since an agent last had it.
    """

    call_id: CallId
    visit_id: VisitId
    visit_seq: int
    queue_id: QueueId
    priority: int
    key: int
    service_level_ms: int
    short_abandon_ms: int
    required: tuple[SkillLevel, ...] = ()
    estimate_ms: int | None = None
    kind: CallKind = CallKind.INBOUND
    waited_before_ms: int = 0


class VisitClosed(Fact, frozen=True, tag=True):
    """The contact left the queue. `agent_id` and `segment_id` only when answered.

    `to` is where overflow, an exit or a supervisor (`by`) sent it: `queue:ID`, `number:+33…`.
    """

    call_id: CallId
    visit_id: VisitId
    outcome: VisitOutcome
    agent_id: AgentId | None = None
    segment_id: SegmentId | None = None
    ringing: bool = False
    to: str | None = None
    by: str | None = None


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


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent as the router saw them: `verdict` is chosen, fit, or why they were refused.

    Refusals: `lacks:SKILL` (not held), `below:SKILL:HAVE<NEED`, `unmet:CONDITION` (of the step),
    `not_member`, `not_preferred`, `no_voice`, `only:AGENT` (kept for that one), `delay:SECONDS`
    and `later:STEP` (would fit after that delay, from that step on; steps count from 0),
    `unknown` (not configured), or, of one who fits, the agent's state or `resting`.
    `idle_ms` is None unless ready. Of one who fits: `step` is the first that they fit, `preferred`
    whether in it they come first, `priority` that of their membership, `score` what the queue's
    strategy counts (calls taken, skill points, occupancy in per mille, turn); None where it counts
    nothing but idle time.
    """

    agent_id: AgentId
    verdict: str
    idle_ms: int | None = None
    step: int | None = None
    preferred: bool = False
    priority: int = 0
    score: int | None = None


class RoutingDecided(Fact, frozen=True, tag=True):
    """The router looked for an agent (or for a call) and this is what it saw.

    `trigger` is what made it look. `agent_id` is None when nobody could take the call. `candidates`
    is bounded; `signed_in` counts all agents who were signed in then, `could_serve` those of them
    who were eligible, busy or not (None: not counted), `waiting_ahead` the items with a smaller key
    in the same queue. `step` of `steps` was open (from 0), the membership delays up to `delay_s`
    had passed, `only` was looked for alone; `waited_ms` since entry.
    """

    call_id: CallId
    visit_id: VisitId
    queue_id: QueueId
    trigger: Trigger
    agent_id: AgentId | None
    candidates: tuple[Candidate, ...]
    signed_in: int
    waiting_ahead: int
    step: int = 0
    strategy: str | None = None
    waited_ms: int | None = None
    steps: int = 1
    delay_s: int = 0
    only: AgentId | None = None
    could_serve: int | None = None


class RecordingStarted(Fact, frozen=True, tag=True):
    """A recording was asked for. `name` of the file is the id."""

    call_id: CallId
    recording_id: RecordingId
    agent_id: AgentId | None
    queue_id: QueueId | None


class RecordingKept(Fact, frozen=True, tag=True):
    """The file is on disk and was checked. `path` is relative to the recordings folder.

    `fault` is why it may not hold all that was said; None: nothing speaks against it.
    """

    call_id: CallId
    recording_id: RecordingId
    path: str
    size_bytes: int
    duration_ms: int
    sha256: str
    fault: str | None = None


class RecordingLost(Fact, frozen=True, tag=True):
    """There is no usable audio, and why."""

    call_id: CallId
    recording_id: RecordingId
    reason: str


class ContactEnded(Fact, frozen=True, tag=True):
    """The contact is over: its one terminal record. `data` is what was known of it at the end.

    `in_hours` is false if a closed queue or flow turned it away, no other took it and no agent had
    it, whatever became of it then.
    """

    call_id: CallId
    outcome: Outcome
    ended_by: EndedBy
    reason: str
    data: dict[str, str] = {}
    in_hours: bool = True


class AgentStateChanged(Fact, frozen=True, tag=True):
    """An agent entered `state` at `at`, which closes the one before."""

    agent_id: AgentId
    state: AgentState
    reason: str | None
    team: str | None = None
    productive: bool | None = None
    paid: bool | None = None
    by: str | None = None


class PriorityChanged(Fact, frozen=True, tag=True):
    """A supervisor gave a waiting call another priority, and with it another place."""

    call_id: CallId
    visit_id: VisitId
    priority: int
    key: int
    by: str


class Transferred(Fact, frozen=True, tag=True):
    """An agent gave the call away, or took it back.

    `how`: blind, warm, phone (REFER, either), taken_back, conference, takeover (by a supervisor).
    """

    call_id: CallId
    agent_id: AgentId | None
    how: str
    target_kind: TargetKind
    target_id: str | None


class DispositionSet(Fact, frozen=True, tag=True):
    """An agent qualified the call."""

    call_id: CallId
    agent_id: AgentId
    queue_id: QueueId | None
    code: str
    note: str | None = None


class NoteAdded(Fact, frozen=True, tag=True):
    """Somebody wrote something down about the call."""

    call_id: CallId
    agent_id: AgentId | None
    text: str


class DigitsSent(Fact, frozen=True, tag=True):
    """An agent sent tones to the other side; what they were is not kept (they may be secret)."""

    call_id: CallId
    agent_id: AgentId
    count: int


class CallbackChanged(Fact, frozen=True, tag=True):
    """A callback was booked, tried, put off, reached, given up or cancelled.

    `state`: booked, waiting, dialling, postponed, reached, failed, cancelled, refused (the agent
    did not take it: not an attempt). `call_id` is the callback's own contact.
    """

    call_id: CallId
    queue_id: QueueId
    number: str
    state: str
    attempts: int
    due_at: int
    key: int
    origin_id: CallId | None = None
    agent_id: AgentId | None = None
    by: str | None = None


class MessageLeft(Fact, frozen=True, tag=True):
    """A caller left a voice message; `call_id` is the caller's contact."""

    call_id: CallId
    recording_id: RecordingId
    queue_id: QueueId
    number: str | None
    key: int


class MessageHeard(Fact, frozen=True, tag=True):
    """An agent has dealt with a voice message; `call_id` is the work item's contact."""

    call_id: CallId
    recording_id: RecordingId
    agent_id: AgentId


class Supervised(Fact, frozen=True, tag=True):
    """A supervisor did something to this call. `act`: listen, whisper, barge, leave, take_over,
    move, priority, end.
    """

    call_id: CallId
    act: str
    by: str
    agent_id: AgentId | None = None
    detail: str | None = None


class AlertChanged(Fact, frozen=True, tag=True):
    """A threshold was passed, or is not any more. `subject` is the rule, with the queue's id."""

    rule_id: str
    queue_id: QueueId | None
    raised: bool
    value: float
    threshold: float


class Audited(Fact, frozen=True, tag=True):
    """Somebody had the floor do something: a line of the audit log, kept with what was done.

    `subject` is the line's own id. `actor` is who (`user:ID`, `key:ID`), `object` what it was about
    (`agent:ID`, `call:ID`); never with keys pressed, notes or words.
    """

    actor: str
    action: str
    object: str
    detail: dict[str, str | int | bool] = {}


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
    | PriorityChanged
    | Transferred
    | DispositionSet
    | NoteAdded
    | DigitsSent
    | CallbackChanged
    | MessageLeft
    | MessageHeard
    | Supervised
    | AlertChanged
    | Audited
)


class JournalEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the journal: what an event led to, and the state that it left behind.

    `calls` and `agents` hold the changed ones whole (an ended call is kept out by its state). An
    entry with nothing in it says that the floor was alive at `at`. `blind_since` (UTC ms) is when
    the switch was last heard, None while it is.
    """

    at: int
    facts: tuple[AnyFact, ...] = ()
    calls: tuple[Call, ...] = ()
    agents: tuple[AgentWork, ...] = ()
    blind_since: int | None = None
