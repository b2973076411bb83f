"""The nouns of the floor: agents, queues, calls, and what is configured about them.

Frozen values without behaviour. All instants are UTC milliseconds (`_at`), all durations carry
their unit. This module knows neither the switch nor SQL.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NewType

import msgspec

ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
"""The ids that people give to what they configure, over REST and in flows alike."""

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
CalendarId = NewType("CalendarId", str)
SegmentId = NewType("SegmentId", str)


class AgentState(StrEnum):
    """What an agent is doing, as a supervisor reads it."""

    SIGNED_OUT = "signed_out"
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    HOLDING = "holding"
    CONSULTING = "consulting"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    NOT_RESPONDING = "not_responding"
    UNREACHABLE = "unreachable"


class CallKind(StrEnum):
    """What a work item is.

    inbound: a caller dialled in. consult: an agent asks a third party, with the customer on hold.
    internal: agent to agent. manual: an agent dials out. callback: a customer keeps a place in the
    queue without a telephone in the hand. voicemail: a message to be listened to.
    """

    INBOUND = "inbound"
    CONSULT = "consult"
    INTERNAL = "internal"
    MANUAL = "manual"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"


class CallState(StrEnum):
    """Where a call is on its way.

    scheduled: a callback that is to be tried later. dialling: a phone outside, or a colleague's
    whom an agent has called directly, is being rung. leaving_message: the caller speaks to
    voicemail.
    """

    IN_FLOW = "in_flow"
    SCHEDULED = "scheduled"
    WAITING = "waiting"
    OFFERED = "offered"
    DIALLING = "dialling"
    TALKING = "talking"
    LEAVING_MESSAGE = "leaving_message"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a contact ended; each contact has exactly one.

    R = answered + abandoned + overflow + callback + voicemail + out_of_hours + self_service +
    flow_hang_up + rejected + failed: every contact received stands in exactly one of them.
    `answered_elsewhere` is outside R: the network took the call back because another place that
    rang has answered it. `no_answer` is for calls that we made (manual, callback): nobody picked
    up.
    """

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    OVERFLOW = "overflow"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    OUT_OF_HOURS = "out_of_hours"
    NO_ANSWER = "no_answer"
    SELF_SERVICE = "self_service"
    FLOW_HANG_UP = "flow_hang_up"
    REJECTED = "rejected"
    FAILED = "failed"


class EndedBy(StrEnum):
    """Who ended a call or a segment. `unknown` counts as ours, so that alarms fire.

    `media_lost`: nobody did. The switch cut a leg on which no sound had come for too long.
    """

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"
    MEDIA_LOST = "media_lost"
    UNKNOWN = "unknown"


class VisitOutcome(StrEnum):
    """How a caller's stay in one queue ended. `moved`: a supervisor put the call elsewhere."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    OVERFLOW = "overflow"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    MOVED = "moved"
    CLOSED = "closed"
    ERROR = "error"


class SegmentKind(StrEnum):
    """A stretch of a contact's time with one meaning."""

    IVR = "ivr"
    RING = "ring"
    TALK = "talk"
    HOLD = "hold"
    CONSULT = "consult"
    CONFERENCE = "conference"
    DIAL = "dial"
    MESSAGE = "message"
    ACW = "acw"


class OfferEnd(StrEnum):
    """How an offer to an agent, or the ringing of a number outside, ended.

    `forwarded`: who was rung sent the call elsewhere (SIP 3xx), which is not followed. Of numbers
    outside only: trunk (the call came no further than our trunk or the network), invalid_number
    (there is no such number).
    """

    ANSWERED = "answered"
    RONA = "rona"
    BUSY = "busy"
    REJECTED = "rejected"
    FORWARDED = "forwarded"
    CALLER_GONE = "caller_gone"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    TRUNK = "trunk"
    INVALID = "invalid_number"


class LegEnd(StrEnum):
    """What is particular about the end of a leg.

    media_lost: the switch cut it, because no RTP came for too long. answered_elsewhere: the network
    took the call back before we answered (CANCEL), and says that another place has. forwarded: who
    was rung wants to be rung elsewhere (SIP 3xx).
    """

    MEDIA_LOST = "media_lost"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    FORWARDED = "forwarded"


class MonitorMode(StrEnum):
    """How a supervisor is with a conversation: unheard, heard by the agent, or heard by both."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class SkillLevel(msgspec.Struct, frozen=True, order=True):
    """A skill with a level: what an agent has, or the least that a queue asks for (1 to 10).

    `weight` says how much a queue's skill counts where it orders agents by best skill.
    """

    skill: SkillId
    level: int
    weight: int = 1


class TargetKind(StrEnum):
    """Where a call can be sent."""

    QUEUE = "queue"
    AGENT = "agent"
    NUMBER = "number"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    FLOW = "flow"
    HANG_UP = "hang_up"


class Target(msgspec.Struct, frozen=True):
    """Where a call is sent. `id`: the queue, agent, flow or number (E.164); for VOICEMAIL and
    CALLBACK the queue, None for the one that the caller is in. `texts` (by language) are said
    first.
    """

    kind: TargetKind
    id: str | None = None
    texts: dict[str, str] = {}


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One presentation of a call to one agent.

    `direct`: meant for this agent, by a colleague. `standing`: the leg is the one that a connected
    agent keeps up, so nothing rings.
    """

    agent_id: AgentId
    channel_id: ChannelId
    segment_id: SegmentId
    made_at: int
    deadline_at: int
    direct: bool = False
    standing: bool = False


class Visit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call's stay in one queue. `(key, order)` orders waiting items: smaller is first.

    `order` counts the visits of the whole floor, so that two of the same instant keep theirs.
    `priority` is what `key` counts, `boost` the part of it that is the call's own (given by the
    flow or a supervisor) and not the queue's. `extra` is what the flow asked for beside the queue,
    `required` both together at entry. `step` is the last step open, begun at `step_at`; `delay_s`
    the longest membership delay that has passed. `only` is an agent who is looked for alone until
    `only_until` (last or named agent).
    `estimate_ms` is the wait announced at entry (None: not known), `told_position` the smallest
    position told so far: a caller's position never goes back. `waited_before_ms` is the time in
    other queues before this one. `stay_since` is when the stay that this visit continues began (an
    exit led nowhere and the caller came back), None: with it.
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
    boost: int = 0
    step: int = 0
    step_at: int = 0
    delay_s: int = 0
    only: AgentId | None = None
    only_until: int | None = None
    estimate_ms: int | None = None
    told_position: int | None = None
    messages_said: tuple[int, ...] = ()
    waited_before_ms: int = 0
    stay_since: int | None = None

    @property
    def came_at(self) -> int:
        """From when on messages and the longest wait are counted, UTC ms."""
        return self.enqueued_at if self.stay_since is None else self.stay_since


class Party(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody in a conversation beside its first leg: an agent, or a number outside.

    `visit` is that of the queue through which they were found, None: they were called directly.
    """

    channel_id: ChannelId
    segment_id: SegmentId
    agent_id: AgentId | None = None
    number: str | None = None
    standing: bool = False
    muted: bool = False
    visit: Visit | None = None


class Talk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation in progress, between the call's first leg and one other party.

    That party is `agent_id` or, after a transfer outside, `number` (then `agent_id` is None); its
    leg is `agent_channel_id` in both cases. Talk and hold are segments that follow one another and
    never overlap: `segment_id` is the present one, a hold while `on_hold`. `held_by_us`: the first
    leg is out of the bridge and hears music; `other_held`: the other party's is, for the agent who
    called. `held_by_phone`: a phone began the hold, so only that phone ends it. `away`: the agent's
    leg is with somebody they consult. `third` makes it a conference. `join_tries` counts the
    attempts to bring the two together. `disposition` is set once the agent has qualified the call.
    """

    agent_id: AgentId | None
    agent_channel_id: ChannelId
    bridge_id: BridgeId
    segment_id: SegmentId
    started_at: int
    recording_id: RecordingId | None = None
    on_hold: bool = False
    held_by_us: bool = False
    other_held: bool = False
    held_by_phone: bool = False
    away: bool = False
    muted: bool = False
    standing: bool = False
    number: str | None = None
    third: Party | None = None
    wrap_up_asked: bool = False
    disposition: str | None = None
    join_tries: int = 1


class Dial(msgspec.Struct, frozen=True, omit_defaults=True):
    """A phone outside that is being rung for a call, until `deadline_at`.

    `given_up`: its time is over, and the switch is asked whether it rang at all.
    """

    channel_id: ChannelId
    number: str
    segment_id: SegmentId
    made_at: int
    deadline_at: int
    given_up: bool = False


class Monitor(msgspec.Struct, frozen=True, omit_defaults=True):
    """A supervisor with a conversation: `by` is who asked, `phone` what was rung.

    `snoop_id` is the leg that carries the sound (None while the phone rings, and in BARGE, where
    the supervisor's leg is in the conversation's own bridge); `bridge_id` joins both.
    """

    agent_id: AgentId
    by: str
    phone: PhoneId
    channel_id: ChannelId
    bridge_id: BridgeId
    mode: MonitorMode
    since: int
    up: bool = False
    snoop_id: ChannelId | None = None


class Ticket(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a callback, or a message to be listened to, is about.

    `number`: whom to call (empty: a message of one who withheld it), `due_at`: not before (UTC ms),
    `key`, `boost` and `extra`: the place in the queue, the call's own part of the priority that it
    counts, and the skills that go with it. `attempts`: how often the customer was tried.
    `origin_id` is the contact that asked for it or left the message (None: booked by REST or from
    the recall list), `by` who booked it, `agent_id` who is looked for first. `asked_at` is when the
    customer wants to be called (UTC ms; 0: as soon as may be). Since the last attempt, `outages`
    counts the tries that came no further than the trunk, from `outage_since` on (UTC ms, 0: none),
    `cut_short` the agents who hung up while the
    customer's phone rang. `over`: its last state has been told.
    """

    number: str
    due_at: int
    key: int = 0
    boost: int = 0
    extra: tuple[SkillLevel, ...] = ()
    attempts: int = 0
    origin_id: CallId | None = None
    by: str | None = None
    agent_id: AgentId | None = None
    asked_at: int = 0
    outages: int = 0
    outage_since: int = 0
    cut_short: int = 0
    over: bool = False


class OwedWrapUp(msgspec.Struct, frozen=True, omit_defaults=True):
    """The wrap-up of a customer's call that ended while its agent was on a second call.

    It begins when that one is over. `seconds`: how long it lasts, unless it is `mandatory`.
    """

    contact_id: CallId
    queue_id: QueueId | None
    visit_id: VisitId | None
    seconds: int
    mandatory: bool = False


class AgentWork(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agent's live state; journaled whole, so that a restart finds it again.

    `after` is the state asked for while busy (paused, signed out): it starts when the work ends.
    `ready_since` orders the idle; None unless ready. `idle_since` is what it was before the offer
    that is being made: it is theirs again if the offer ends through no doing of theirs.
    `resting_until` keeps a phone that has just been busy or refused a call out of the choice for a
    moment. `rona_count` counts calls that rang in vain and `refusals` those that the phone refused,
    since they last took one, said that they were ready, or signed in. `phone` is where they signed
    in, None: their own. `connected`: they keep a leg up, `line` once it is (`line_up`).
    `calls_taken`, `busy_ms` and `signed_in_at` count since they signed in. `consult_id` is the
    consultation that they lead beside `call_id`. `owed` is the wrap-up that begins after their
    present call, for one before it. `not_reached` is why the last call that they placed reached
    nobody, None: it did, or another followed.
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
    consult_id: CallId | None = None
    phone: PhoneId | None = None
    connected: bool = False
    line: ChannelId | None = None
    line_up: bool = False
    ready_since: int | None = None
    idle_since: int | None = None
    resting_until: int = 0
    rona_count: int = 0
    refusals: int = 0
    signed_in_at: int = 0
    calls_taken: int = 0
    busy_ms: int = 0
    not_reached: OfferEnd | None = None
    wrap_up_segment_id: SegmentId | None = None
    wrap_up_call_id: CallId | None = None
    wrap_up_queue_id: QueueId | None = None
    wrap_up_until: int | None = None
    wrap_up_extended: bool = False
    wrap_up_mandatory: bool = False
    owed: OwedWrapUp | None = None
    seq: int = 0
