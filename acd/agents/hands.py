"""Which conversation an agent means by "the call in hand", and on which side of it. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from acd.agents.availability import known
from acd.call import Call
from acd.errors import Rejected
from acd.model import AgentId, AgentWork, CallState, ChannelId, Talk
from acd.state.floor import Floor


class Side(StrEnum):
    """What an agent is to a conversation: its agent, who called a colleague, or the third."""

    AGENT = "agent"
    CALLER = "caller"
    THIRD = "third"


class Hand(msgspec.Struct, frozen=True):
    """The call that an agent is in.

    `front` is where they speak now: `call` itself, or the consultation that they lead from it.
    `consult` is that consultation, in front or not; `side` and `talk` are those of `front`, `leg`
    is the agent's own there.
    """

    work: AgentWork
    call: Call
    front: Call
    consult: Call | None
    side: Side
    talk: Talk
    leg: ChannelId


def hand(floor: Floor, agent_id: AgentId) -> Hand:
    """What this agent has in hand.

    Raises Rejected for an unknown agent (404) and one who is in no conversation, or in one that has
    not begun yet (409).
    """
    work = known(floor, agent_id)
    call = floor.calls.get(work.call_id) if work.call_id is not None else None
    if call is None or work.channel_id is None:
        raise Rejected(
            "no-call",
            f"{agent_id!r} has no call in hand.",
            f"« {agent_id} » n’a pas d’appel en main.",
        )
    consult = floor.calls.get(work.consult_id) if work.consult_id is not None else None
    front = consult if consult is not None and _in_front(call, consult) else call
    talk = front.talk
    if talk is None or front.state is not CallState.TALKING:
        raise Rejected(
            "not-now",
            "The other side has not answered yet: wait, or hang up.",
            "L’autre partie n’a pas encore répondu : attendez, ou raccrochez.",
        )
    side, leg = _place(front, talk, work)
    return Hand(work, call, front, consult, side, talk, leg)


def _in_front(call: Call, consult: Call) -> bool:
    """Whether the agent who leads `consult` from `call` speaks there and not with the customer."""
    if call.talk is None:
        return False
    if consult.leg_shared:
        return call.talk.away
    return call.talk.on_hold


def _place(call: Call, talk: Talk, work: AgentWork) -> tuple[Side, ChannelId]:
    if call.caller_agent_id == work.id and call.channel_id is not None:
        return Side.CALLER, call.channel_id
    if talk.third is not None and talk.third.agent_id == work.id:
        return Side.THIRD, talk.third.channel_id
    return Side.AGENT, talk.agent_channel_id
