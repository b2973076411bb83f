"""What agents do and what befalls them: signing in, pauses, offers, wrap-up, phones.

Changes the working state by the agents' table; never touches a call.
"""

from __future__ import annotations

import msgspec

from acd.errors import Rejected
from acd.facts import AgentStateChanged, SegmentClosed, SegmentOpened
from acd.floor import Floor
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallId,
    ChannelId,
    EndedBy,
    OfferEnd,
    PhoneId,
    SegmentId,
    SegmentKind,
    VisitId,
)
from acd.states import AgentInput, agent_goes
from acd.timers import Wake

REST_MS = 5_000
"""How long a phone that was busy, refused or failed is left alone before the next try."""

_BUSY = (AgentState.OFFERED, AgentState.TALKING, AgentState.WRAP_UP)
"""The states after which something asked for meanwhile may begin."""

_RESTING_ENDS = (OfferEnd.BUSY, OfferEnd.REJECTED, OfferEnd.UNREACHABLE, OfferEnd.FAILED)


def known(floor: Floor, agent_id: AgentId) -> AgentWork:
    """The agent's live state. Raises Rejected (404) for an agent that is not configured."""
    work = floor.agents.get(agent_id)
    if work is None or agent_id not in floor.config.agents:
        raise Rejected("unknown-agent", f"There is no agent {agent_id!r}.", 404)
    return work


def enter(floor: Floor, work: AgentWork, state: AgentState, reason: str | None = None) -> AgentWork:
    """Put the agent into `state` now, in every index, and keep the fact."""
    ready = state is AgentState.READY
    busy = state in _BUSY
    work = msgspec.structs.replace(
        work,
        after=work.after if busy else None,
        after_reason=work.after_reason if busy else None,
        state=state,
        since=floor.now_ms,
        reason=reason,
        ready_since=floor.now_ms if ready else None,
    )
    work = floor.tell_agent(
        work,
        lambda subject, seq, at: AgentStateChanged(
            subject, seq, at, work.id, state, reason, _team(floor, work.id)
        ),
    )
    index(floor, work)
    return work


def index(floor: Floor, work: AgentWork) -> None:
    """Let the router choose this agent, or not, as their state says."""
    if work.state is not AgentState.READY or work.ready_since is None:
        floor.router.agent_unready(work.id)
    elif work.resting_until > floor.now_ms:
        floor.router.agent_unready(work.id)
        floor.timers.set(Wake.REST, work.id, work.resting_until)
    else:
        floor.router.agent_ready(work.id, work.ready_since)
        floor.agents_to_route[work.id] = "agent_freed"


def rested(floor: Floor, agent_id: AgentId) -> None:
    """The rest of a phone is over."""
    work = floor.agents.get(agent_id)
    if work is not None:
        index(floor, work)


def _team(floor: Floor, agent_id: AgentId) -> str | None:
    profile = floor.config.agents.get(agent_id)
    return profile.team if profile else None


def _free_state(work: AgentWork) -> AgentState:
    return AgentState.READY if work.phone_up else AgentState.UNREACHABLE


# ---- what agents ask ---------------------------------------------------------------------------


def sign_in(floor: Floor, agent_id: AgentId, ready: bool) -> None:
    """Start work, ready or in pause. Raises Rejected for an unknown agent."""
    work = known(floor, agent_id)
    target = _free_state(work) if ready else AgentState.PAUSED
    if agent_goes(work.state, AgentInput.SIGN_IN, target):
        work = msgspec.structs.replace(work, after=None, after_reason=None, rona_count=0)
        enter(floor, work, target, None if ready else "sign_in")


def sign_out(floor: Floor, agent_id: AgentId) -> None:
    """Leave, or leave after the call in hand. Raises Rejected for an unknown agent."""
    work = known(floor, agent_id)
    if agent_goes(work.state, AgentInput.SIGN_OUT, AgentState.SIGNED_OUT):
        work = _close_wrap_up(floor, work)
        enter(floor, work, AgentState.SIGNED_OUT)
    elif work.state in (AgentState.OFFERED, AgentState.TALKING):
        _take_down(floor, work, AgentState.SIGNED_OUT, None)


def removed(floor: Floor, work: AgentWork) -> None:
    """The agent was taken out of the configuration: they leave, after the call in hand if busy."""
    if agent_goes(work.state, AgentInput.SIGN_OUT, AgentState.SIGNED_OUT):
        enter(floor, _close_wrap_up(floor, work), AgentState.SIGNED_OUT)
    elif work.state is not AgentState.SIGNED_OUT:
        _take_down(floor, work, AgentState.SIGNED_OUT, None)


def get_ready(floor: Floor, agent_id: AgentId) -> None:
    """Take calls; in a call, forget the pause asked for. Raises Rejected."""
    work = known(floor, agent_id)
    target = _free_state(work)
    if agent_goes(work.state, AgentInput.GET_READY, target):
        work = _close_wrap_up(floor, work)
        work = msgspec.structs.replace(work, after=None, after_reason=None, rona_count=0)
        enter(floor, work, target)
    elif work.after is not None:
        _take_down(floor, work, None, None)


def pause(floor: Floor, agent_id: AgentId, reason: str) -> None:
    """Take no calls, at once or after the call in hand. Raises Rejected."""
    work = known(floor, agent_id)
    if agent_goes(work.state, AgentInput.PAUSE, AgentState.PAUSED):
        work = _close_wrap_up(floor, work)
        enter(floor, work, AgentState.PAUSED, reason)
    else:
        _take_down(floor, work, AgentState.PAUSED, reason)


def _take_down(floor: Floor, work: AgentWork, after: AgentState | None, reason: str | None) -> None:
    floor.put_agent(msgspec.structs.replace(work, after=after, after_reason=reason))


def _after_work(work: AgentWork) -> tuple[AgentState, str | None]:
    if work.after is not None:
        return work.after, work.after_reason
    return _free_state(work), None


# ---- offers and talks --------------------------------------------------------------------------


def offered(floor: Floor, agent_id: AgentId, call_id: CallId, channel_id: ChannelId) -> None:
    """The agent's phone is being rung for this call."""
    work = floor.agents[agent_id]
    agent_goes(work.state, AgentInput.OFFERED, AgentState.OFFERED)
    work = msgspec.structs.replace(work, call_id=call_id, channel_id=channel_id)
    enter(floor, work, AgentState.OFFERED)


def answered(floor: Floor, agent_id: AgentId) -> None:
    """The agent picked up."""
    work = floor.agents[agent_id]
    agent_goes(work.state, AgentInput.ANSWERED, AgentState.TALKING)
    enter(floor, msgspec.structs.replace(work, rona_count=0), AgentState.TALKING)


def offer_over(floor: Floor, agent_id: AgentId, end: OfferEnd, rona_limit: int) -> None:
    """The offer ended without a talk: back to the free, or to *not responding* at the limit.

    A caller who hung up while it rang is no fault of the agent's and counts nothing.
    """
    work = floor.agents[agent_id]
    rona_count = work.rona_count + (end is OfferEnd.RONA)
    state, reason = _after_work(work)
    if work.after is None:
        if end is OfferEnd.UNREACHABLE:
            state = AgentState.UNREACHABLE
        elif end is OfferEnd.RONA and rona_count >= rona_limit:
            state = AgentState.NOT_RESPONDING
    agent_goes(work.state, AgentInput.OFFER_OVER, state)
    rest_until = floor.now_ms + REST_MS if end in _RESTING_ENDS else work.resting_until
    work = msgspec.structs.replace(
        work,
        call_id=None,
        channel_id=None,
        after=None,
        after_reason=None,
        rona_count=rona_count,
        resting_until=rest_until,
        phone_up=work.phone_up and end is not OfferEnd.UNREACHABLE,
    )
    enter(floor, work, state, reason)


def talk_over(
    floor: Floor, agent_id: AgentId, call_id: CallId, visit_id: VisitId | None, wrap_up_s: int
) -> None:
    """The conversation is over: wrap-up, or what was asked for meanwhile, or free again."""
    work = floor.agents[agent_id]
    state, reason = (AgentState.WRAP_UP, None) if wrap_up_s > 0 else _after_work(work)
    agent_goes(work.state, AgentInput.TALK_OVER, state)
    work = msgspec.structs.replace(work, call_id=None, channel_id=None)
    if wrap_up_s > 0:
        _start_wrap_up(floor, work, call_id, visit_id, wrap_up_s)
    else:
        enter(floor, msgspec.structs.replace(work, after=None, after_reason=None), state, reason)


def _start_wrap_up(
    floor: Floor, work: AgentWork, call_id: CallId, visit_id: VisitId | None, wrap_up_s: int
) -> None:
    segment_id = SegmentId(floor.new_id())
    until = floor.now_ms + wrap_up_s * 1000
    work = floor.tell_agent(
        work,
        lambda subject, seq, at: SegmentOpened(
            subject,
            seq,
            at,
            call_id,
            segment_id,
            SegmentKind.ACW,
            visit_id,
            work.id,
            _team(floor, work.id),
        ),
    )
    work = msgspec.structs.replace(
        work, wrap_up_segment_id=segment_id, wrap_up_call_id=call_id, wrap_up_until=until
    )
    enter(floor, work, AgentState.WRAP_UP)
    floor.timers.set(Wake.WRAP_UP, work.id, until)


def _close_wrap_up(floor: Floor, work: AgentWork) -> AgentWork:
    segment_id, call_id = work.wrap_up_segment_id, work.wrap_up_call_id
    if segment_id is None or call_id is None:
        return work
    floor.timers.cancel(Wake.WRAP_UP, work.id)
    work = floor.tell_agent(
        work,
        lambda subject, seq, at: SegmentClosed(
            subject, seq, at, call_id, segment_id, EndedBy.AGENT
        ),
    )
    return msgspec.structs.replace(
        work, wrap_up_segment_id=None, wrap_up_call_id=None, wrap_up_until=None
    )


def wrap_up_over(floor: Floor, agent_id: AgentId) -> None:
    """The time for wrap-up has run out."""
    work = floor.agents.get(agent_id)
    if work is None or work.state is not AgentState.WRAP_UP:
        return
    state, reason = _after_work(work)
    agent_goes(work.state, AgentInput.WRAP_UP_OVER, state)
    work = _close_wrap_up(floor, work)
    enter(floor, msgspec.structs.replace(work, after=None, after_reason=None), state, reason)


# ---- phones ------------------------------------------------------------------------------------


def phone_seen(floor: Floor, phone: PhoneId, up: bool) -> AgentWork | None:
    """A phone came or went. The agent whose offer must end for it, or None."""
    agent_id = floor.agent_of_phone.get(phone)
    work = floor.agents.get(agent_id) if agent_id is not None else None
    if work is None or work.phone_up == up:
        return None
    work = floor.put_agent(msgspec.structs.replace(work, phone_up=up))
    happened = AgentInput.PHONE_BACK if up else AgentInput.PHONE_LOST
    target = AgentState.READY if up else AgentState.UNREACHABLE
    if agent_goes(work.state, happened, target):
        enter(floor, work, target)
        return None
    return work if not up and work.state is AgentState.OFFERED else None
