"""A call: any piece of work that the floor has in hand, and where it goes next. No behaviour."""

from __future__ import annotations

import msgspec

from acd.flow import FlowState
from acd.model import (
    AgentId,
    BridgeId,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    Dial,
    Monitor,
    Offer,
    Outcome,
    PlaybackId,
    QueueId,
    RecordingId,
    SegmentId,
    Talk,
    Target,
    Ticket,
    Visit,
)


class Resume(msgspec.Struct, frozen=True):
    """Where a transferred call goes if the one it was sent to does not take it.

    `agent_id` transferred it and may take it back; `queue_id` is the queue that they served it
    from, None: none. `key` is the place it had there, `boost` the call's own priority in it. Of one
    who left the queue unserved, the stay goes on: `told_position`, `messages_said` and `stay_since`
    are the visit's, as in `Visit`.
    """

    agent_id: AgentId | None
    queue_id: QueueId | None
    key: int
    boost: int = 0
    told_position: int | None = None
    messages_said: tuple[int, ...] = ()
    stay_since: int | None = None


class Then(msgspec.Struct, frozen=True):
    """Where a call is sent once what is being said has been heard, why, and what it may end as."""

    target: Target
    why: str
    outcome: Outcome


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """A work item as the engine holds it; journaled whole at each change, so that a restart finds
    it.

    `channel_id` is its first leg: the customer's, or for `consult` and `internal` that of the
    agent who calls (`caller_agent_id`); None while there is none (a callback that waits, a message
    to be listened to). `contact_id` is the contact that its facts belong to, None: its own; a
    consultation's is that of the call from which the agent asks (`parent_id`), which names it in
    `consult_id`.

    One of `flow`, `visit` (waiting or offered), `dial` (a number outside is rung) and `talk`
    says what is going on; an agent who has a number dialled is in `talk` already. `direct_to`
    is the agent who alone is rung. `resume` is where the call goes if what is tried now fails:
    back to the agent who transferred it, or to a queue; `then` what follows words that are
    being said. `music` is true while the first leg hears music, `answered` once it was picked
    up. `since` is when the present state began, `seq` the number of facts told so far. `served`
    says that an agent has talked to the customer, `told_at` when the last fact was told of.
    `leg_shared`: the first leg of this consultation is the one that the agent has in the parent,
    whose it remains; else it is one of its own. `overflowed` names the queues (and flows, as
    `flow:ID`) that it went through by overflow. Of a message to be listened to, `message_ms` is how
    long it is (0: not known), `heard` that its agent has heard it out or pressed a key. `data`
    travels along: what flows, agents and integrators know of the call. `waited_ms` is how long it
    has waited in queues that it has left, since an agent last had it. `came_closed`: a closed queue
    turned it away, or a flow whose calendar was closed, and no queue has taken it since.
    `withheld`: the caller hides the number; `number` is None then.
    """

    id: CallId
    channel_id: ChannelId | None
    dnis: str
    number: str | None
    name: str | None
    arrived_at: int
    state: CallState
    kind: CallKind = CallKind.INBOUND
    contact_id: CallId | None = None
    parent_id: CallId | None = None
    caller_agent_id: AgentId | None = None
    since: int = 0
    seq: int = 0
    told_at: int = 0
    answered: bool = False
    music: bool = False
    language: str = "fr"
    flow: FlowState | None = None
    flow_segment_id: SegmentId | None = None
    playback_id: PlaybackId | None = None
    bridge_id: BridgeId | None = None
    visit: Visit | None = None
    visits: int = 0
    offers: tuple[Offer, ...] = ()
    direct_to: AgentId | None = None
    dial: Dial | None = None
    talk: Talk | None = None
    resume: Resume | None = None
    then: Then | None = None
    consult_id: CallId | None = None
    monitors: tuple[Monitor, ...] = ()
    ticket: Ticket | None = None
    message_id: RecordingId | None = None
    message_segment_id: SegmentId | None = None
    message_ms: int = 0
    heard: bool = False
    served: bool = False
    leg_shared: bool = False
    overflowed: tuple[QueueId, ...] = ()
    last_queue_id: QueueId | None = None
    waited_ms: int = 0
    came_closed: bool = False
    withheld: bool = False
    data: dict[str, str] = {}

    @property
    def contact(self) -> CallId:
        """The contact that this call's facts belong to."""
        return self.contact_id or self.id

    @property
    def lane(self) -> CallId:
        """Under which id this call's commands are ordered: a consultation's with its parent's,
        because they move the same leg.
        """
        return self.parent_id or self.id

    def offer_on(self, channel_id: ChannelId) -> Offer | None:
        """The offer whose leg this is; None if it is not one's."""
        return next((made for made in self.offers if made.channel_id == channel_id), None)
