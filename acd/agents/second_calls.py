"""An agent with two calls on the phone, the first of which ends: they go on in the second. Pure.

What is to be written about the first waits until the second is over.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.agents.availability import After
from acd.call import Call
from acd.config import WrapUp
from acd.model import AgentId, AgentState, ChannelId, OwedWrapUp
from acd.state.floor import Floor
from acd.states import AgentInput, agent_goes


def goes_on(
    floor: Floor, agent_id: AgentId, call: Call, leg: ChannelId, *, on_hold: bool, first: After
) -> None:
    """The agent has only this call now, on this leg; `first` is what the other leaves to be done.

    `on_hold`: the phone has put the other side of this call on hold.
    """
    work = floor.agents[agent_id]
    state = AgentState.HOLDING if on_hold else AgentState.TALKING
    agent_goes(work.state, AgentInput.CONSULT_OVER, state)
    owed = work.owed
    if first.writes:
        mandatory = first.wrap_up is WrapUp.MANDATORY
        seconds = first.seconds or availability.ASKED_WRAP_UP_S
        owed = OwedWrapUp(first.contact_id, first.queue_id, first.visit_id, seconds, mandatory)
    work = msgspec.structs.replace(
        work, consult_id=None, call_id=call.id, channel_id=leg, owed=owed
    )
    availability.enter(floor, work, state)


def talk_over(floor: Floor, agent_id: AgentId, after: After) -> None:
    """The agent's present call is over: wrap-up of it, or that which an earlier one left."""
    work = floor.agents.get(agent_id)
    if work is not None and work.owed is not None and work.call_id == after.call_id:
        floor.put_agent(msgspec.structs.replace(work, owed=None))
        after = after if after.writes else _of(work.owed, after)
    availability.talk_over(floor, agent_id, after)


def _of(owed: OwedWrapUp, after: After) -> After:
    return After(
        call_id=after.call_id,
        contact_id=owed.contact_id,
        queue_id=owed.queue_id,
        visit_id=owed.visit_id,
        wrap_up=WrapUp.MANDATORY if owed.mandatory else WrapUp.TIMED,
        seconds=owed.seconds,
        asked=True,
    )
