"""The nouns of the floor: agents, queues, calls, and what is configured about them.

Frozen values without behaviour. All instants are UTC milliseconds (`_at`), all durations carry
their unit. This module knows neither the switch nor SQL.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

import msgspec

CallId = NewType("CallId", str)
AgentId = NewType("AgentId", str)
QueueId = NewType("QueueId", str)
SkillId = NewType("SkillId", str)
FlowId = NewType("FlowId", str)
PhoneId = NewType("PhoneId", str)
ChannelId = NewType("ChannelId", str)
BridgeId = NewType("BridgeId", str)
PlaybackId = NewType("PlaybackId", str)
RecordingId = NewType("RecordingId", str)
VisitId = NewType("VisitId", str)
SegmentId = NewType("SegmentId", str)


class AgentState(StrEnum):
    """What an agent is doing, as a supervisor reads it."""

    SIGNED_OUT = "signed_out"
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    NOT_RESPONDING = "not_responding"
    UNREACHABLE = "unreachable"


class CallState(StrEnum):
    """Where a caller is on the way."""

    IN_FLOW = "in_flow"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a contact ended; each contact has exactly one.

    R = answered + abandoned + overflow + callback + out_of_hours + self_service + flow_hang_up +
    rejected + failed: every contact received stands in exactly one of them.
    """

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    CALLBACK = "callback"
    OUT_OF_HOURS = "out_of_hours"
    SELF_SERVICE = "self_service"
    FLOW_HANG_UP = "flow_hang_up"
    REJECTED = "rejected"
    FAILED = "failed"


class EndedBy(StrEnum):
    """Who ended a call or a segment. `unknown` counts as ours, so that alarms fire."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class VisitOutcome(StrEnum):
    """How a caller's stay in one queue ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    CALLBACK = "callback"
    CLOSED = "closed"
    ERROR = "error"


class SegmentKind(StrEnum):
    """A stretch of a contact's time with one meaning."""

    IVR = "ivr"
    RING = "ring"
    TALK = "talk"
    HOLD = "hold"
    ACW = "acw"


class OfferEnd(StrEnum):
    """How an offer to an agent ended."""

    ANSWERED = "answered"
    RONA = "rona"
    BUSY = "busy"
    REJECTED = "rejected"
    CALLER_GONE = "caller_gone"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class SkillLevel(msgspec.Struct, frozen=True, order=True):
    """A skill with a level: what an agent has, or the least that a queue asks for (1 to 10)."""

    skill: SkillId
    level: int


class AgentProfile(msgspec.Struct, frozen=True):
    """What is configured about an agent. `phone` is the SIP account that rings for them."""

    id: AgentId
    name: str
    phone: PhoneId
    skills: tuple[SkillLevel, ...] = ()
    team: str | None = None


class Queue(msgspec.Struct, frozen=True):
    """What is configured about a queue; an agent is fit who has every `required` skill."""

    id: QueueId
    name: str
    required: tuple[SkillLevel, ...] = ()
    ring_s: int = 20
    wrap_up_s: int = 0
    service_level_s: int = 20
    short_abandon_s: int = 5
    recorded: bool = True
    music: str = "default"
    priority: int = 0
    rona_limit: int = 2


class FloorConfig(msgspec.Struct, frozen=True):
    """Everything the engine must know that people configure.

    `numbers` maps the dialled number (DNIS, digits as the trunk sends them) to a flow.
    """

    queues: dict[QueueId, Queue] = {}
    agents: dict[AgentId, AgentProfile] = {}
    numbers: dict[str, FlowId] = {}
    version: int = 0


class Offer(msgspec.Struct, frozen=True):
    """One presentation of a call to one agent."""

    agent_id: AgentId
    channel_id: ChannelId
    segment_id: SegmentId
    made_at: int
    deadline_at: int


class Visit(msgspec.Struct, frozen=True):
    """A caller's stay in one queue. `(key, order)` orders waiting items: smaller is first.

    `order` counts the visits of the whole floor, so that two of the same instant keep theirs.
    `extra` is what the flow asked for beside the queue, `required` both together at entry.
    """

    id: VisitId
    queue_id: QueueId
    seq: int
    extra: tuple[SkillLevel, ...]
    required: tuple[SkillLevel, ...]
    priority: int
    enqueued_at: int
    key: int
    order: int
    answer_first: bool


class Talk(msgspec.Struct, frozen=True):
    """A conversation in progress.

    Talk and hold are segments that follow one another and never overlap: `segment_id` is the
    present one, a hold while `on_hold`. `join_tries` counts the attempts to bring both together.
    """

    agent_id: AgentId
    agent_channel_id: ChannelId
    bridge_id: BridgeId
    segment_id: SegmentId
    started_at: int
    recording_id: RecordingId | None = None
    on_hold: bool = False
    join_tries: int = 1


class AgentWork(msgspec.Struct, frozen=True):
    """One agent's live state; journaled whole, so that a restart finds it again.

    `after` is the state asked for while busy (paused, signed out): it starts when the work ends.
    `ready_since` orders the idle; None unless ready. `resting_until` keeps a phone that has just
    been busy or refused a call out of the choice for a moment.
    """

    id: AgentId
    state: AgentState = AgentState.SIGNED_OUT
    since: int = 0
    reason: str | None = None
    phone_up: bool = False
    after: AgentState | None = None
    after_reason: str | None = None
    call_id: CallId | None = None
    channel_id: ChannelId | None = None
    ready_since: int | None = None
    resting_until: int = 0
    rona_count: int = 0
    wrap_up_segment_id: SegmentId | None = None
    wrap_up_call_id: CallId | None = None
    wrap_up_until: int | None = None
    seq: int = 0
