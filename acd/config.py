"""What people configure about the floor: agents, queues, calendars, reasons, where calls may go.

Frozen values without behaviour, whole at each change. Whether they fit together is checked where
they are kept; a value that names something unknown must not stop the floor.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from acd.model import (
    AgentId,
    CalendarId,
    FlowId,
    PhoneId,
    QueueId,
    SkillLevel,
    Target,
)


class Strategy(StrEnum):
    """How a queue orders the agents who are fit and free; equals go by longest idle."""

    LONGEST_IDLE = "longest_idle"
    LEAST_OCCUPIED = "least_occupied"
    BEST_SKILL = "best_skill"
    FEWEST_CALLS = "fewest_calls"
    ROUND_ROBIN = "round_robin"
    RING_ALL = "ring_all"


class Access(StrEnum):
    """Who serves a queue: everybody who is fit, or of those only its listed members."""

    OPEN = "open"
    MEMBERS = "members"


class WrapUp(StrEnum):
    """What follows a conversation.

    none: ready at once. optional: only if the agent asks for it during the call. timed: for
    `wrap_up_s`, sooner if the agent says so. mandatory: until a disposition is set.
    """

    NONE = "none"
    OPTIONAL = "optional"
    TIMED = "timed"
    MANDATORY = "mandatory"


class Step(msgspec.Struct, frozen=True):
    """One ring of a queue's routing. Steps add: who fitted an earlier one stays eligible.

    `expression` (grammar of `acd.expressions`) says who fits; None: the queue's required skills.
    `preferred` agents come first in this step, and are alone in it where `only_preferred`.
    `for_s` seconds after it began the next step opens; None: it is the last.
    """

    expression: str | None = None
    preferred: tuple[AgentId, ...] = ()
    only_preferred: bool = False
    for_s: int | None = None


class Membership(msgspec.Struct, frozen=True):
    """An agent's place in one queue.

    `priority` (-10 to 10): members of a higher one are chosen first, and for this agent each point
    is worth 60 s of a waiting call's age. The agent becomes eligible `delay_s` after a caller came.
    """

    queue: QueueId
    priority: int = 0
    delay_s: int = 0


class MessageKind(StrEnum):
    """What a waiting caller is told."""

    TEXT = "text"
    PROMPT = "prompt"
    POSITION = "position"
    ESTIMATE = "estimate"


class WaitMessage(msgspec.Struct, frozen=True):
    """Something said to those who wait, `first_s` after they came and then every `every_s` seconds.

    `texts` by language (fr, en) for TEXT and as the frame of POSITION and ESTIMATE (`{position}`,
    `{minutes}`; empty: a frame of ours); `prompt` names a recorded prompt. `every_s` None: once.
    """

    kind: MessageKind
    texts: dict[str, str] = {}
    prompt: str | None = None
    first_s: int = 15
    every_s: int | None = 45


class CallbackMode(StrEnum):
    """Who is called first: the agent, who then hears the customer's phone ring, or the customer."""

    AGENT_FIRST = "agent_first"
    CUSTOMER_FIRST = "customer_first"


class CallbackPolicy(msgspec.Struct, frozen=True):
    """How a queue calls back. `attempts` in all, `retry_s` apart; each rings `ring_s` at most."""

    mode: CallbackMode = CallbackMode.AGENT_FIRST
    attempts: int = 3
    retry_s: int = 900
    ring_s: int = 30


class VoicemailPolicy(msgspec.Struct, frozen=True):
    """How a queue takes messages: `greeting` by language (empty: one of ours), then a tone."""

    greeting: dict[str, str] = {}
    longest_s: int = 120
    silence_s: int = 4


class Disposition(msgspec.Struct, frozen=True):
    """How a conversation may be qualified; `names` by language."""

    code: str
    names: dict[str, str] = {}


class Queue(msgspec.Struct, frozen=True):
    """What is configured about a queue.

    An agent is fit who has every `required` skill (weights count for BEST_SKILL) or fits a step
    that has opened. `sticky_s`: how long the agent who last served this caller is looked for
    alone. `max_wait_s`, `max_length`: None is without limit. `closed` is a supervisor's own act.
    `exits` maps a digit pressed while waiting to where it leads.
    """

    id: QueueId
    name: str
    required: tuple[SkillLevel, ...] = ()
    access: Access = Access.OPEN
    steps: tuple[Step, ...] = ()
    strategy: Strategy = Strategy.LONGEST_IDLE
    sticky_s: int = 0
    priority: int = 0
    ring_s: int = 20
    rona_limit: int = 2
    refusal_limit: int = 3
    wrap_up: WrapUp = WrapUp.TIMED
    wrap_up_s: int = 0
    wrap_up_extension_s: int = 60
    dispositions: tuple[Disposition, ...] = ()
    service_level_s: int = 20
    short_abandon_s: int = 5
    recorded: bool = True
    music: str = "default"
    messages: tuple[WaitMessage, ...] = ()
    exits: dict[str, Target] = {}
    max_wait_s: int | None = None
    on_max_wait: Target | None = None
    max_length: int | None = None
    on_full: Target | None = None
    calendar: CalendarId | None = None
    closed: bool = False
    on_closed: Target | None = None
    on_nobody: Target | None = None
    callback: CallbackPolicy | None = None
    voicemail: VoicemailPolicy | None = None


class AgentProfile(msgspec.Struct, frozen=True):
    """What is configured about an agent.

    `phone` is the SIP account that rings for them unless they sign in elsewhere. `number` is their
    short number, by which colleagues reach them and which they sign in with on a phone; `pin` is
    `salt$hex` of `acd.pins.pin_digest`, None: no sign-in by phone. `voice_capacity` 0 keeps routed
    calls away. `attributes` are free words for expressions (`site`, `contract`…).
    """

    id: AgentId
    name: str
    phone: PhoneId
    skills: tuple[SkillLevel, ...] = ()
    team: str | None = None
    attributes: dict[str, str] = {}
    queues: tuple[Membership, ...] = ()
    number: str | None = None
    pin: str | None = None
    auto_answer: bool = False
    voice_capacity: int = 1


class PauseReason(msgspec.Struct, frozen=True):
    """Why an agent pauses. `productive` counts as worked, `paid` as paid time."""

    code: str
    names: dict[str, str] = {}
    productive: bool = False
    paid: bool = True
    digit: str | None = None


class OpenSpan(msgspec.Struct, frozen=True, order=True):
    """Open from minute `start` up to, not including, minute `end` of a local day (0 to 1440)."""

    start: int
    end: int


class Calendar(msgspec.Struct, frozen=True):
    """When somebody is there. `weekly` has seven days, Monday first; dates are ISO (`2026-12-24`).

    `special` replaces a day (no span: closed) and wins over `holidays` (closed), which are worked
    out where the calendar is loaded. A day ends where the local day of `zone` ends.
    """

    id: CalendarId
    zone: str
    weekly: tuple[tuple[OpenSpan, ...], ...]
    special: dict[str, tuple[OpenSpan, ...]] = {}
    holidays: frozenset[str] = frozenset()


class Outside(msgspec.Struct, frozen=True):
    """Where calls may go outside: the beginnings of numbers (`+33`), or short ones whole (`112`).

    Without any, none may be called. `caller_id` is what is shown where no queue or agent says
    otherwise; None: the trunk's own.
    """

    allowed: tuple[str, ...] = ()
    caller_id: str | None = None

    def allows(self, number: str) -> bool:
        """Whether calls may go to this number."""
        beginnings = tuple(entry for entry in self.allowed if entry.startswith("+"))
        return number in self.allowed or number.startswith(beginnings)


class AlertMetric(StrEnum):
    """What an alert watches of one queue now; ratios (0 to 1) that count calls are the day's.

    agents_ready and agents_signed_in: those who fit the queue. estimate_s: the wait announced to
    the next caller.
    """

    WAITING = "waiting"
    LONGEST_WAIT_S = "longest_wait_s"
    SERVICE_LEVEL = "service_level"
    ABANDON_RATIO = "abandon_ratio"
    AGENTS_READY = "agents_ready"
    AGENTS_SIGNED_IN = "agents_signed_in"
    OCCUPANCY = "occupancy"
    ESTIMATE_S = "estimate_s"


class Comparison(StrEnum):
    """On which side of the threshold, itself not included, things are wrong."""

    ABOVE = "above"
    BELOW = "below"


class Severity(StrEnum):
    """How urgent an alert is."""

    WARNING = "warning"
    CRITICAL = "critical"


class AlertRule(msgspec.Struct, frozen=True):
    """A threshold that supervisors want to hear of once it was passed for `for_s` seconds.

    `queue` None: every queue, each for itself. `names` by language.
    """

    id: str
    metric: AlertMetric
    comparison: Comparison
    threshold: float
    queue: QueueId | None = None
    for_s: int = 0
    names: dict[str, str] = {}
    severity: Severity = Severity.WARNING


class FloorConfig(msgspec.Struct, frozen=True):
    """Everything the engine must know that people configure.

    `numbers` maps the dialled number (DNIS, digits as the trunk sends them) to a flow. `seats` are
    registered phones that belong to no agent: anybody may sign in there. Without `pause_reasons`
    any word will do. `language` (fr, en) is that of phones, and of callers whom no flow has given
    another.
    """

    queues: dict[QueueId, Queue] = {}
    agents: dict[AgentId, AgentProfile] = {}
    numbers: dict[str, FlowId] = {}
    pause_reasons: dict[str, PauseReason] = {}
    calendars: dict[CalendarId, Calendar] = {}
    seats: frozenset[PhoneId] = frozenset()
    outside: Outside = Outside()
    alerts: dict[str, AlertRule] = {}
    language: str = "fr"
    version: int = 0
