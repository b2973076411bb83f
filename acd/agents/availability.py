"""What agents do and what befalls them: signing in, pauses, talks, wrap-up, phones.

Changes the working state by the agents' table; never touches a call.
"""

from __future__ import annotations

import msgspec

from acd.config import WrapUp
from acd.errors import Rejected
from acd.facts import AgentStateChanged, SegmentClosed, SegmentOpened
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallId,
    ChannelId,
    EndedBy,
    OfferEnd,
    QueueId,
    SegmentId,
    SegmentKind,
    VisitId,
)
from acd.state import legs
from acd.state.floor import Floor
from acd.state.timers import Wake
from acd.states import AgentInput, agent_goes

ASKED_WRAP_UP_S = 60
"""How long a wrap-up lasts that an agent asked for where the queue names no time."""

IN_TALK = (AgentState.TALKING, AgentState.HOLDING, AgentState.CONSULTING)
"""The states of an agent who is in a call."""

_BUSY = (AgentState.OFFERED, *IN_TALK, AgentState.WRAP_UP)
"""The states after which something asked for meanwhile may begin; their time counts as busy."""

DISPOSITION_MISSING = "disposition-missing"
"""The slug with which somebody is refused who has to qualify the call first."""


class After(msgspec.Struct, frozen=True):
    """What an agent has to do after a conversation.

    `wrap_up` and `seconds` are the queue's; `asked`: the agent wants it where it is optional;
    `disposed`: a disposition is set already. `contact_id` is what the facts belong to.
    """

    call_id: CallId
    contact_id: CallId
    queue_id: QueueId | None = None
    visit_id: VisitId | None = None
    wrap_up: WrapUp = WrapUp.NONE
    seconds: int = 0
    asked: bool = False
    disposed: bool = False

    @property
    def writes(self) -> bool:
        """Whether there is wrap-up at all."""
        match self.wrap_up:
            case WrapUp.NONE:
                return False
            case WrapUp.OPTIONAL:
                return self.asked
            case WrapUp.TIMED:
                return self.seconds > 0 or self.asked
            case WrapUp.MANDATORY:
                return not self.disposed


def known(floor: Floor, agent_id: AgentId) -> AgentWork:
    """The agent's live state. Raises Rejected (404) for an agent that is not configured."""
    work = floor.agents.get(agent_id)
    if work is None or agent_id not in floor.config.agents:
        raise Rejected(
            "unknown-agent",
            f"There is no agent {agent_id!r}.",
            f"Il n’y a pas de téléconseiller « {agent_id} ».",
            404,
        )
    return work


def enter(
    floor: Floor,
    work: AgentWork,
    state: AgentState,
    reason: str | None = None,
    by: str | None = None,
) -> AgentWork:
    """Put the agent into `state` now, in every index, and keep the fact.

    `by` is the supervisor who did it. Who signs out leaves their phone and any standing line.
    """
    if state is AgentState.SIGNED_OUT:
        work = rehabilitated(_leave_phone(floor, work))
    ready = state is AgentState.READY
    busy = state in _BUSY
    busy_ms = work.busy_ms + (floor.now_ms - work.since if work.state in _BUSY else 0)
    work = msgspec.structs.replace(
        work,
        after=work.after if busy else None,
        after_reason=work.after_reason if busy else None,
        state=state,
        since=floor.now_ms,
        reason=reason,
        busy_ms=busy_ms,
        ready_since=(work.idle_since or floor.now_ms) if ready else None,
        idle_since=work.ready_since if state is AgentState.OFFERED else None,
    )
    productive, paid = _worth(floor, state, reason)
    work = floor.tell_agent(
        work,
        lambda subject, seq, at: AgentStateChanged(
            subject, seq, at, work.id, state, reason, _team(floor, work.id), productive, paid, by
        ),
    )
    index(floor, work)
    return work


def cut_off(floor: Floor, work: AgentWork, since: int, state: AgentState, why: str) -> AgentWork:
    """Nobody saw what the agent did from `since` (UTC ms) until now: their state ends there, and
    `state` is told of the time between. Whoever calls this enters what they do now.
    """
    at = max(since, work.since)
    busy_ms = work.busy_ms + (at - work.since if work.state in _BUSY else 0)
    work = msgspec.structs.replace(work, since=floor.now_ms, busy_ms=busy_ms)
    productive, paid = _worth(floor, state, why)
    return floor.tell_agent(
        work,
        lambda subject, seq, _: AgentStateChanged(
            subject, seq, at, work.id, state, why, _team(floor, work.id), productive, paid
        ),
    )


def go_on(floor: Floor, work: AgentWork, since: int) -> None:
    """The floor was down from `since` (UTC ms) until now: what the agent did ends there and begins
    anew; a wrap-up whose time has run out meanwhile does not.

    A wrap-up goes on for the agent only: the call's ends with its segment.
    """
    work = _close_wrap_up_segment(floor, work, max(since, work.since))
    work = cut_off(floor, work, since, AgentState.SIGNED_OUT, "floor_down")
    if work.wrap_up_until is not None and work.wrap_up_until <= floor.now_ms:
        wrap_up_over(floor, work.id)
    else:
        enter(floor, work, work.state, work.reason)


def _leave_phone(floor: Floor, work: AgentWork) -> AgentWork:
    if work.line is not None:
        floor.line_owner.pop(work.line, None)
        legs.let_go(floor, CallId(work.id), work.line)
    own = floor.config.agents.get(work.id)
    phone_up = own is not None and own.phone in floor.phones_up
    return msgspec.structs.replace(
        work, phone=None, connected=False, line=None, line_up=False, phone_up=phone_up
    )


def _worth(floor: Floor, state: AgentState, reason: str | None) -> tuple[bool, bool]:
    """Whether time in this state is (productive, paid)."""
    if state is AgentState.SIGNED_OUT:
        return False, False
    if state is AgentState.PAUSED:
        known_reason = floor.config.pause_reasons.get(reason or "")
        return (known_reason.productive, known_reason.paid) if known_reason else (False, True)
    return state not in (AgentState.NOT_RESPONDING, AgentState.UNREACHABLE), True


def index(floor: Floor, work: AgentWork) -> None:
    """Let the router choose this agent, or not, as their state says."""
    if work.state is not AgentState.READY or work.ready_since is None:
        floor.router.agent_unready(work.id)
    elif work.resting_until > floor.now_ms:
        floor.router.agent_unready(work.id)
        floor.timers.set(Wake.REST, work.id, work.resting_until)
    else:
        floor.router.agent_ready(work)
        floor.agents_to_route[work.id] = "agent_freed"


def rehabilitated(work: AgentWork) -> AgentWork:
    """The agent as one whose phone has refused nothing and let nothing ring."""
    return msgspec.structs.replace(work, rona_count=0, refusals=0, resting_until=0)


def rested(floor: Floor, agent_id: AgentId) -> None:
    """The rest of a phone is over."""
    work = floor.agents.get(agent_id)
    if work is not None:
        index(floor, work)


def _team(floor: Floor, agent_id: AgentId) -> str | None:
    profile = floor.config.agents.get(agent_id)
    return profile.team if profile else None


def free_state(work: AgentWork) -> AgentState:
    """READY, or UNREACHABLE while the phone (or the line that a connected agent keeps) is down."""
    reachable = work.phone_up and (work.line_up or not work.connected)
    return AgentState.READY if reachable else AgentState.UNREACHABLE


def free_reason(work: AgentWork) -> str | None:
    """Why one whose phone is registered is UNREACHABLE all the same; None where nothing is."""
    return "line_down" if work.phone_up and work.connected and not work.line_up else None


# ---- what agents ask ---------------------------------------------------------------------------


def get_ready(floor: Floor, agent_id: AgentId) -> None:
    """Take calls; in a call, forget the pause asked for. Raises Rejected."""
    work = known(floor, agent_id)
    must_have_disposed(work)
    target = free_state(work)
    if agent_goes(work.state, AgentInput.GET_READY, target):
        work = close_wrap_up(floor, work)
        work = rehabilitated(msgspec.structs.replace(work, after=None, after_reason=None))
        enter(floor, work, target, free_reason(work))
    elif work.after is not None:
        take_down(floor, work, None, None)


def must_have_disposed(work: AgentWork) -> None:
    """Raises Rejected in a wrap-up that lasts until a disposition is set."""
    if work.state is AgentState.WRAP_UP and work.wrap_up_mandatory:
        raise Rejected(
            DISPOSITION_MISSING,
            "This queue wants a disposition for each call: set one, and wrap-up is over.",
            "Cette file veut une qualification pour chaque appel : donnez-la, et le "
            "post-appel prend fin.",
        )


def pause(floor: Floor, agent_id: AgentId, reason: str) -> None:
    """Take no calls, at once or after the call in hand. Raises Rejected.

    A reason must be one of the configured ones, where there are any.
    """
    work = known(floor, agent_id)
    must_be_reason(floor, reason)
    owes = work.state is AgentState.WRAP_UP and work.wrap_up_mandatory
    if not owes and agent_goes(work.state, AgentInput.PAUSE, AgentState.PAUSED):
        work = close_wrap_up(floor, work)
        enter(floor, work, AgentState.PAUSED, reason)
    else:
        take_down(floor, work, AgentState.PAUSED, reason)


def must_be_reason(floor: Floor, reason: str) -> None:
    """Raises Rejected (422) for a pause reason that is none of the configured, if any are."""
    reasons = floor.config.pause_reasons
    if reasons and reason not in reasons:
        listed = ", ".join(sorted(reasons))
        raise Rejected(
            "unknown-pause-reason",
            f"There is no pause reason {reason!r}: {listed}.",
            f"Il n’y a pas de motif de pause « {reason} » : {listed}.",
            422,
        )


def take_down(floor: Floor, work: AgentWork, after: AgentState | None, reason: str | None) -> None:
    """What is asked for now begins when the present work ends; None forgets an earlier wish."""
    floor.put_agent(msgspec.structs.replace(work, after=after, after_reason=reason))


def next_state(work: AgentWork) -> tuple[AgentState, str | None]:
    """What they are when their work ends, and why: what they asked for meanwhile, or free."""
    if work.after is not None:
        return work.after, work.after_reason
    return free_state(work), free_reason(work)


# ---- talks -------------------------------------------------------------------------------------


def answered(floor: Floor, agent_id: AgentId, call_id: CallId, channel_id: ChannelId) -> None:
    """The agent talks on this call now, by this leg: picked up, or got it from a colleague.

    Who was in a conversation already (was consulted) talks on, and it counts as one call.
    """
    work = floor.agents[agent_id]
    agent_goes(work.state, AgentInput.ANSWERED, AgentState.TALKING)
    work = msgspec.structs.replace(
        rehabilitated(work),
        calls_taken=work.calls_taken + (work.state not in IN_TALK),
        not_reached=None,
        call_id=call_id,
        channel_id=channel_id,
        consult_id=None,
    )
    if work.state is AgentState.TALKING:
        floor.put_agent(work)
    else:
        enter(floor, work, AgentState.TALKING)


def consults(floor: Floor, agent_id: AgentId, consult_id: CallId) -> None:
    """The agent asks somebody, with the customer on hold."""
    work = floor.agents[agent_id]
    agent_goes(work.state, AgentInput.CONSULTS, AgentState.CONSULTING)
    work = msgspec.structs.replace(work, consult_id=consult_id)
    enter(floor, work, AgentState.CONSULTING)


def consult_over(floor: Floor, agent_id: AgentId, on_hold: bool) -> None:
    """The agent has only the customer again, who is still on hold or not."""
    work = floor.agents.get(agent_id)
    if work is None or work.state is not AgentState.CONSULTING:
        return
    state = AgentState.HOLDING if on_hold else AgentState.TALKING
    agent_goes(work.state, AgentInput.CONSULT_OVER, state)
    enter(floor, msgspec.structs.replace(work, consult_id=None), state)


def picked_up(floor: Floor, agent_id: AgentId) -> None:
    """The agent who places a call is at their phone: they respond."""
    work = floor.agents[agent_id]
    if work.after is AgentState.NOT_RESPONDING:
        work = rehabilitated(msgspec.structs.replace(work, after=None, after_reason=None))
        floor.put_agent(work)


def placed_in_vain(floor: Floor, agent_id: AgentId, how: OfferEnd) -> None:
    """The number that this agent had dialled was not reached: they are told why."""
    work = floor.agents.get(agent_id)
    if work is not None:
        floor.put_agent(msgspec.structs.replace(work, not_reached=how))


def ready_again(floor: Floor, agent_id: AgentId) -> None:
    """Leave a wrap-up at once, for the call that it belongs to comes back."""
    work = floor.agents[agent_id]
    if work.state is AgentState.WRAP_UP:
        agent_goes(work.state, AgentInput.GET_READY, free_state(work))
        after, reason = work.after, work.after_reason
        work = enter(floor, close_wrap_up(floor, work), free_state(work))
        take_down(floor, work, after, reason)


def takes(floor: Floor, agent_id: AgentId, call_id: CallId, channel_id: ChannelId) -> None:
    """The agent, who was not rung for it, is in this call now: they placed it, or took it over."""
    work = floor.agents[agent_id]
    agent_goes(work.state, AgentInput.PLACES_CALL, AgentState.TALKING)
    before, reason = work.state, work.reason
    work = close_wrap_up(floor, work)
    work = msgspec.structs.replace(work, call_id=call_id, channel_id=channel_id, not_reached=None)
    work = enter(floor, work, AgentState.TALKING)
    if before in (AgentState.PAUSED, AgentState.NOT_RESPONDING):
        # What they were before they are again afterwards.
        take_down(floor, work, before, reason)


def held(floor: Floor, agent_id: AgentId, on_hold: bool) -> None:
    """The agent put the other side on hold, or took it back."""
    work = floor.agents.get(agent_id)
    if work is None or work.state not in IN_TALK or work.consult_id is not None:
        return
    state = AgentState.HOLDING if on_hold else AgentState.TALKING
    if work.state is not state:
        agent_goes(work.state, AgentInput.HELD if on_hold else AgentInput.RETRIEVED, state)
        enter(floor, work, state)


def talk_over(floor: Floor, agent_id: AgentId, after: After) -> None:
    """The conversation is over: wrap-up, or what was asked for meanwhile, or free again."""
    work = floor.agents.get(agent_id)
    if work is None or work.state not in IN_TALK or work.call_id != after.call_id:
        return
    # Who was taken out of the configuration meanwhile could not even end it.
    writes = after.writes and agent_id in floor.config.agents
    state, reason = (AgentState.WRAP_UP, None) if writes else next_state(work)
    agent_goes(work.state, AgentInput.TALK_OVER, state)
    work = msgspec.structs.replace(work, call_id=None, channel_id=None, consult_id=None)
    if writes:
        _start_wrap_up(floor, work, after)
    else:
        enter(floor, msgspec.structs.replace(work, after=None, after_reason=None), state, reason)


def _start_wrap_up(floor: Floor, work: AgentWork, after: After) -> None:
    segment_id = SegmentId(floor.new_id())
    mandatory = after.wrap_up is WrapUp.MANDATORY
    seconds = after.seconds or ASKED_WRAP_UP_S
    until = None if mandatory else floor.now_ms + seconds * 1000
    work = floor.tell_agent(
        work,
        lambda subject, seq, at: SegmentOpened(
            subject,
            seq,
            at,
            after.contact_id,
            segment_id,
            SegmentKind.ACW,
            after.visit_id,
            work.id,
            _team(floor, work.id),
        ),
    )
    work = msgspec.structs.replace(
        work,
        wrap_up_segment_id=segment_id,
        wrap_up_call_id=after.contact_id,
        wrap_up_queue_id=after.queue_id,
        wrap_up_until=until,
        wrap_up_extended=False,
        wrap_up_mandatory=mandatory,
    )
    enter(floor, work, AgentState.WRAP_UP)
    if until is not None:
        floor.timers.set(Wake.WRAP_UP, work.id, until)


def close_wrap_up(floor: Floor, work: AgentWork) -> AgentWork:
    """End the wrap-up's segment and timer; harmless where there is none."""
    if work.wrap_up_call_id is None:
        return work
    floor.timers.cancel(Wake.WRAP_UP, work.id)
    work = _close_wrap_up_segment(floor, work, floor.now_ms)
    return msgspec.structs.replace(
        work,
        wrap_up_call_id=None,
        wrap_up_queue_id=None,
        wrap_up_until=None,
        wrap_up_extended=False,
        wrap_up_mandatory=False,
    )


def _close_wrap_up_segment(floor: Floor, work: AgentWork, at: int) -> AgentWork:
    segment_id, call_id = work.wrap_up_segment_id, work.wrap_up_call_id
    if segment_id is None or call_id is None:
        return work
    work = floor.tell_agent(
        work,
        lambda subject, seq, _: SegmentClosed(subject, seq, at, call_id, segment_id, EndedBy.AGENT),
    )
    return msgspec.structs.replace(work, wrap_up_segment_id=None)


def wrap_up_over(floor: Floor, agent_id: AgentId) -> None:
    """The time for wrap-up has run out."""
    work = floor.agents.get(agent_id)
    if work is None or work.state is not AgentState.WRAP_UP:
        return
    state, reason = next_state(work)
    agent_goes(work.state, AgentInput.WRAP_UP_OVER, state)
    work = close_wrap_up(floor, work)
    enter(floor, msgspec.structs.replace(work, after=None, after_reason=None), state, reason)
