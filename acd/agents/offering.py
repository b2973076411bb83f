"""What a call that rings at an agent's phone makes of the agent: offered, free again, put aside.

Who lets calls ring, and whose phone refuses them, is *not responding* after some in a row: no
caller is to wait for a phone that takes none.
"""

from __future__ import annotations

import msgspec

from acd.agents.availability import enter, next_state
from acd.model import AgentId, AgentState, AgentWork, CallId, ChannelId, OfferEnd
from acd.state.floor import Floor
from acd.states import AgentInput, agent_goes

REST_MS = 5_000
"""How long a phone that was busy, refused or failed is left alone before the next try."""

_NO_DOING = (OfferEnd.CALLER_GONE, OfferEnd.WITHDRAWN)
"""Ends of an offer that the agent has no part in: their idle time goes on."""

_REFUSALS = (OfferEnd.BUSY, OfferEnd.REJECTED, OfferEnd.FORWARDED)
_RESTING_ENDS = (*_REFUSALS, OfferEnd.UNREACHABLE, OfferEnd.FAILED)


class Limits(msgspec.Struct, frozen=True):
    """After how many in a row an agent is *not responding*: calls that rang in vain, refusals."""

    rona: int = 2
    refusals: int = 3


def offered(floor: Floor, agent_id: AgentId, call_id: CallId, channel_id: ChannelId) -> None:
    """The agent's phone is being rung for this call."""
    work = floor.agents[agent_id]
    agent_goes(work.state, AgentInput.OFFERED, AgentState.OFFERED)
    work = msgspec.structs.replace(work, call_id=call_id, channel_id=channel_id)
    enter(floor, work, AgentState.OFFERED)


def offer_over(
    floor: Floor, agent_id: AgentId, end: OfferEnd, limits: Limits, why: str | None = None
) -> None:
    """The offer ended without a talk: back to the free, or to *not responding* at a limit.

    `why` is what the phone itself said, as the state's reason; None: it said nothing, which counts
    only if it rang in vain. A caller who hung up while it rang is no fault of the agent's and
    counts nothing.
    """
    work = floor.agents[agent_id]
    rang_in_vain = end is OfferEnd.RONA
    refused = end in _RESTING_ENDS and why is not None
    work = msgspec.structs.replace(
        work,
        rona_count=work.rona_count + rang_in_vain,
        refusals=work.refusals + refused,
    )
    state, reason = _afterwards(work, end, limits, why or "no_answer")
    agent_goes(work.state, AgentInput.OFFER_OVER, state)
    rest_until = floor.now_ms + REST_MS if end in _RESTING_ENDS else work.resting_until
    work = msgspec.structs.replace(
        work,
        call_id=None,
        channel_id=None,
        after=None,
        after_reason=None,
        resting_until=rest_until,
        idle_since=work.idle_since if end in _NO_DOING else None,
        phone_up=work.phone_up and end is not OfferEnd.UNREACHABLE,
    )
    enter(floor, work, state, reason)


def _afterwards(
    work: AgentWork, end: OfferEnd, limits: Limits, why: str
) -> tuple[AgentState, str | None]:
    """What the agent is once it rings no more; what they asked for meanwhile goes first."""
    if work.after is None:
        rang_out = end is OfferEnd.RONA and work.rona_count >= limits.rona
        if rang_out or (end in _RESTING_ENDS and work.refusals >= limits.refusals):
            return AgentState.NOT_RESPONDING, why
        if end is OfferEnd.UNREACHABLE:
            return AgentState.UNREACHABLE, None
    return next_state(work)


def let_rest(floor: Floor, agent_id: AgentId) -> None:
    """Not to be rung again at once, for what they have just hung up on."""
    work = floor.agents.get(agent_id)
    if work is not None:
        rest_until = floor.now_ms + REST_MS
        floor.put_agent(msgspec.structs.replace(work, resting_until=rest_until))
