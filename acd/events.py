"""What happens to the floor: everything the engine is ever told.

Facts about the switch in the past tense, requests of people in the imperative. An event says what
happened, never what is to be done about it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from acd.commands import Command
from acd.config import FloorConfig
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    ChannelId,
    LegEnd,
    MonitorMode,
    PhoneId,
    PlaybackId,
    QueueId,
    RecordingId,
    Target,
)
from acd.sightings import SwitchSeen

# ---- from the switch --------------------------------------------------------------------------


class CallArrived(msgspec.Struct, frozen=True, tag=True):
    """A caller's channel came to us. `dnis` is the number dialled.

    `number` and `name` None: not shown; `withheld`: because the caller wants it so. What is
    withheld never comes here.
    """

    channel_id: ChannelId
    dnis: str
    number: str | None = None
    name: str | None = None
    withheld: bool = False


class PhoneDialled(msgspec.Struct, frozen=True, tag=True):
    """An agent's phone dialled `extension` itself."""

    channel_id: ChannelId
    phone: PhoneId | None
    extension: str


class LegAnswered(msgspec.Struct, frozen=True, tag=True):
    """A leg that we rang (an agent's, a supervisor's, a number outside) was picked up, or one that
    stands was brought to the call that it is offered.
    """

    channel_id: ChannelId


class SnoopStarted(msgspec.Struct, frozen=True, tag=True):
    """The leg that listens to another is there and can be joined."""

    channel_id: ChannelId


class PhoneTransferred(msgspec.Struct, frozen=True, tag=True):
    """The phone on this leg asks by itself (REFER, RFC 3515) that its other party goes elsewhere.

    `to` is what it named: an extension or number; None where it named its own second leg
    `second_channel_id` instead (attended, RFC 3891). `link` are legs that the switch made to tie
    the two calls together; they are to be let go once ours have been joined.
    """

    channel_id: ChannelId
    to: str | None
    second_channel_id: ChannelId | None = None
    link: tuple[ChannelId, ...] = ()


class LegReplaced(msgspec.Struct, frozen=True, tag=True):
    """The switch has put a leg of its own, `by`, in the place of this one: a phone joins two calls.

    The end of this leg that follows is not a hang-up. Where both legs of a phone are replaced, it
    joins those two; `PhoneTransferred` may say so besides.
    """

    channel_id: ChannelId
    by: ChannelId


class DigitPressed(msgspec.Struct, frozen=True, tag=True):
    """A key was pressed on this leg."""

    channel_id: ChannelId
    digit: str


class PromptFinished(msgspec.Struct, frozen=True, tag=True):
    """A playback ended, by itself or stopped. `failed`: it could not be played."""

    playback_id: PlaybackId
    failed: bool = False


class ChannelGone(msgspec.Struct, frozen=True, tag=True):
    """A leg has ended. `cause` is Q.850's, `sip` the final response to our INVITE (None: unknown),
    `end` what is particular; `rang`: the other side had answered that it rings.
    """

    channel_id: ChannelId
    cause: int | None = None
    end: LegEnd | None = None
    sip: int | None = None
    rang: bool = False


class ChannelHeld(msgspec.Struct, frozen=True, tag=True):
    """The phone on this leg put the other side on hold."""

    channel_id: ChannelId


class ChannelResumed(msgspec.Struct, frozen=True, tag=True):
    """The phone on this leg took the other side back."""

    channel_id: ChannelId


class RecordingEnded(msgspec.Struct, frozen=True, tag=True):
    """The switch says that a recording has ended; `failed` carries its reason."""

    recording_id: RecordingId
    failed: str | None = None


class RecordingVerified(msgspec.Struct, frozen=True, tag=True):
    """The file of a recording was looked at: it lasts `duration_ms`; None: nothing usable is there.

    Told by the recording room, not by the switch.
    """

    recording_id: RecordingId
    duration_ms: int | None


class PhoneReachable(msgspec.Struct, frozen=True, tag=True):
    """A phone is registered and answers."""

    phone: PhoneId


class PhoneUnreachable(msgspec.Struct, frozen=True, tag=True):
    """A phone is not registered any more, or does not answer."""

    phone: PhoneId


class Failure(StrEnum):
    """Why the switch did not do as told."""

    GONE = "gone"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


class CommandFailed(msgspec.Struct, frozen=True, tag=True):
    """A command was not carried out; `unknown`: no reply came, it may have been."""

    command: Command
    failure: Failure
    detail: str = ""


# ---- from people ------------------------------------------------------------------------------


class SignIn(msgspec.Struct, frozen=True, tag=True):
    """An agent starts work; `ready` False starts in pause.

    `phone` is where they sit, None: their own. `connected`: keep a leg to that phone up, so that
    calls come without ringing.
    """

    agent_id: AgentId
    ready: bool = True
    phone: PhoneId | None = None
    connected: bool = False


class SignOut(msgspec.Struct, frozen=True, tag=True):
    """An agent leaves; during a call, after it."""

    agent_id: AgentId


class GetReady(msgspec.Struct, frozen=True, tag=True):
    """An agent takes calls (ends pause, wrap-up or not responding)."""

    agent_id: AgentId


class Pause(msgspec.Struct, frozen=True, tag=True):
    """An agent takes none; during a call, after it."""

    agent_id: AgentId
    reason: str = "pause"


class ForceState(msgspec.Struct, frozen=True, tag=True):
    """A supervisor puts an agent into READY, PAUSED (with `reason`) or SIGNED_OUT.

    A call in hand is not cut: it comes after. Wrap-up and a missing disposition do not stop it.
    """

    agent_id: AgentId
    state: AgentState
    by: str
    reason: str | None = None


class ExtendWrapUp(msgspec.Struct, frozen=True, tag=True):
    """An agent needs more time after the call: once."""

    agent_id: AgentId


class AskWrapUp(msgspec.Struct, frozen=True, tag=True):
    """An agent wants wrap-up after this call, where the queue leaves it open."""

    agent_id: AgentId


class SetDisposition(msgspec.Struct, frozen=True, tag=True):
    """An agent qualifies the call in hand, or the one just ended."""

    agent_id: AgentId
    code: str
    note: str | None = None


class AddNote(msgspec.Struct, frozen=True, tag=True):
    """Write something down about a call in progress or in wrap-up."""

    call_id: CallId
    text: str
    agent_id: AgentId | None = None


class SetData(msgspec.Struct, frozen=True, tag=True):
    """Attach words to a call in progress; an empty value takes one away."""

    call_id: CallId
    data: dict[str, str]


class Hold(msgspec.Struct, frozen=True, tag=True):
    """The agent puts the other side on hold, with music."""

    agent_id: AgentId


class Retrieve(msgspec.Struct, frozen=True, tag=True):
    """The agent takes the other side back from hold."""

    agent_id: AgentId


class Mute(msgspec.Struct, frozen=True, tag=True):
    """The agent is not heard (`muted`), or is again."""

    agent_id: AgentId
    muted: bool


class PressKeys(msgspec.Struct, frozen=True, tag=True):
    """The agent sends keys to the other side (an SVI, an access code)."""

    agent_id: AgentId
    digits: str


class Transfer(msgspec.Struct, frozen=True, tag=True):
    """The agent gives the call away at once, without talking to the other (blind)."""

    agent_id: AgentId
    target: Target


class TakeBack(msgspec.Struct, frozen=True, tag=True):
    """The agent takes back a call that they gave away and that nobody has taken yet."""

    agent_id: AgentId
    call_id: CallId


class Consult(msgspec.Struct, frozen=True, tag=True):
    """The agent asks an agent, a queue or a number outside; the customer waits with music."""

    agent_id: AgentId
    target: Target


class Swap(msgspec.Struct, frozen=True, tag=True):
    """The agent who consults turns to the other side: customer, or the one consulted."""

    agent_id: AgentId


class CancelConsult(msgspec.Struct, frozen=True, tag=True):
    """The agent ends the consultation and has the customer again."""

    agent_id: AgentId


class CompleteTransfer(msgspec.Struct, frozen=True, tag=True):
    """The agent leaves; the customer and the one consulted talk on (warm transfer)."""

    agent_id: AgentId


class Conference(msgspec.Struct, frozen=True, tag=True):
    """Customer, agent and the one consulted talk together."""

    agent_id: AgentId


class DropThird(msgspec.Struct, frozen=True, tag=True):
    """The agent lets the third party of a conference go."""

    agent_id: AgentId


class LeaveConference(msgspec.Struct, frozen=True, tag=True):
    """The agent leaves a conference; the two others talk on."""

    agent_id: AgentId


class PlaceCall(msgspec.Struct, frozen=True, tag=True):
    """An agent calls a colleague or a number outside; their own phone rings first.

    `queue_id` says for which queue (caller id, recording, wrap-up, dispositions), None: for none.
    """

    agent_id: AgentId
    target: Target
    queue_id: QueueId | None = None
    data: dict[str, str] = {}


class HangUpTalk(msgspec.Struct, frozen=True, tag=True):
    """The agent ends the call in hand (in a consultation: that)."""

    agent_id: AgentId


class EndCall(msgspec.Struct, frozen=True, tag=True):
    """Somebody with the right to do so ends a call."""

    call_id: CallId
    by: str | None = None


class BookCallback(msgspec.Struct, frozen=True, tag=True):
    """Somebody is to be called back for a queue, not before `at` (UTC ms; None: now).

    A booked callback has the place of one who came at `at`. `id` is the callback's to be.
    """

    id: CallId
    queue_id: QueueId
    number: str
    by: str
    name: str | None = None
    at: int | None = None
    origin_id: CallId | None = None
    agent_id: AgentId | None = None
    data: dict[str, str] = {}


class CancelCallback(msgspec.Struct, frozen=True, tag=True):
    """A callback that has not been reached is given up."""

    call_id: CallId
    by: str


class Supervise(msgspec.Struct, frozen=True, tag=True):
    """A supervisor's phone is joined to an agent's conversation; again: with another mode."""

    agent_id: AgentId
    by: str
    phone: PhoneId
    mode: MonitorMode = MonitorMode.LISTEN


class StopSupervising(msgspec.Struct, frozen=True, tag=True):
    """A supervisor leaves an agent's conversation."""

    agent_id: AgentId
    by: str


class TakeOver(msgspec.Struct, frozen=True, tag=True):
    """A supervisor who is with the conversation takes the agent's place; the agent is freed.

    The supervisor's phone must be that of an agent who is signed in there, or a seat.
    """

    agent_id: AgentId
    by: str


class MoveCall(msgspec.Struct, frozen=True, tag=True):
    """A supervisor sends a waiting call to another queue; it keeps its age."""

    call_id: CallId
    queue_id: QueueId
    by: str


class SetPriority(msgspec.Struct, frozen=True, tag=True):
    """A supervisor gives a waiting call another priority; its place changes at once."""

    call_id: CallId
    priority: int
    by: str


class Configure(msgspec.Struct, frozen=True, tag=True):
    """The configuration is now this one."""

    config: FloorConfig


SwitchEvent = (
    CallArrived
    | PhoneDialled
    | LegAnswered
    | SnoopStarted
    | PhoneTransferred
    | LegReplaced
    | DigitPressed
    | PromptFinished
    | ChannelGone
    | ChannelHeld
    | ChannelResumed
    | RecordingEnded
    | RecordingVerified
    | PhoneReachable
    | PhoneUnreachable
    | CommandFailed
    | SwitchSeen
)
AgentRequest = (
    SignIn
    | SignOut
    | GetReady
    | Pause
    | ForceState
    | ExtendWrapUp
    | AskWrapUp
    | SetDisposition
    | AddNote
    | SetData
)
TalkRequest = (
    Hold
    | Retrieve
    | Mute
    | PressKeys
    | Transfer
    | TakeBack
    | Consult
    | Swap
    | CancelConsult
    | CompleteTransfer
    | Conference
    | DropThird
    | LeaveConference
    | PlaceCall
    | HangUpTalk
)
FloorRequest = (
    EndCall
    | BookCallback
    | CancelCallback
    | Supervise
    | StopSupervising
    | TakeOver
    | MoveCall
    | SetPriority
)
Request = AgentRequest | TalkRequest | FloorRequest | Configure
Event = SwitchEvent | Request
