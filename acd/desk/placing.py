"""Calls that agents place: to colleagues and outside. Pure.

An *internal* call's first leg is the agent's who calls; in a *manual* one the first leg is the
customer's, once they picked up, and the agent is in `talk` from the beginning.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.agents.hands import hand
from acd.call import Call
from acd.calls import ringing
from acd.calls.dialling import dial
from acd.calls.ending import Ending, end
from acd.commands import AnswerCaller, CreateBridge, LeaveBridge, RingAgent
from acd.config import AgentProfile
from acd.desk import consulting
from acd.desk.targets import checked
from acd.desk.targets import dialled as target_of
from acd.errors import Rejected
from acd.events import PlaceCall
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    BridgeId,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    EndedBy,
    Outcome,
    QueueId,
    SegmentId,
    SegmentKind,
    Talk,
    Target,
    TargetKind,
)
from acd.state import legs, telling
from acd.state.floor import Floor, Role
from acd.state.legs import WAITING_LINES
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

OWN_RING_S = 20
"""How long the phone rings of the agent who places a call."""

_MAY_CALL = (
    AgentState.READY,
    AgentState.PAUSED,
    AgentState.WRAP_UP,
    AgentState.NOT_RESPONDING,
)


def place(floor: Floor, asked: PlaceCall) -> None:
    """An agent calls a colleague or a number; their own phone rings first.

    Raises Rejected: the agent cannot call now, or their phone is not registered (409), besides
    what `targets.checked` refuses; an unknown queue (404).
    """
    work = _caller(floor, asked.agent_id)
    phone = floor.phone_of(work.id)
    if phone is None or not work.phone_up:
        raise Rejected(
            "phone-down",
            f"The phone of {work.id!r} is not registered: start it.",
            f"Le téléphone de « {work.id} » n’est pas enregistré : démarrez-le.",
        )
    if asked.queue_id is not None and asked.queue_id not in floor.config.queues:
        raise Rejected(
            "unknown-queue",
            f"There is no queue {asked.queue_id!r}.",
            f"Il n’y a pas de file « {asked.queue_id} ».",
            404,
        )
    target = checked(floor, asked.target, work.id)
    standing = work.line if work.line_up else None
    channel_id = standing or ChannelId(floor.new_id())
    call = _begun(floor, work, target, channel_id, asked.queue_id, asked.data, standing is not None)
    if standing is not None:
        floor.order(LeaveBridge(call.lane, WAITING_LINES, (standing,)))
        own_phone_answered(floor, call)
        return
    profile = floor.config.agents[work.id]
    number, name = _shown_to_caller(floor, target)
    floor.order(
        RingAgent(
            call.lane,
            work.id,
            channel_id,
            phone,
            number,
            name,
            OWN_RING_S + ringing.RING_GRACE_S,
            auto_answer=profile.auto_answer,
        )
    )
    floor.timers.set(Wake.OFFER, call.id, floor.now_ms + OWN_RING_S * 1000)


def dialled(floor: Floor, channel_id: ChannelId, agent_id: AgentId, extension: str) -> None:
    """An agent's phone has dialled a colleague's short number or a number outside by itself.

    `channel_id` is that phone's leg, not answered yet: it is picked up here and hears the other
    ring. From a conversation the phone's second call is a consultation. Raises Rejected as `place`
    does, the leg left as it is.
    """
    if availability.known(floor, agent_id).state in availability.IN_TALK:
        _consults_beside(floor, channel_id, agent_id, extension)
        return
    work = _caller(floor, agent_id)
    target = checked(floor, target_of(floor, extension), agent_id)
    call = _begun(floor, work, target, channel_id, None, {}, standing=False)
    floor.order(AnswerCaller(call.lane, channel_id))
    own_phone_answered(floor, call)


def _consults_beside(
    floor: Floor, channel_id: ChannelId, agent_id: AgentId, extension: str
) -> None:
    held = hand(floor, agent_id)
    consulting.must_be_alone(held)
    target = checked(floor, target_of(floor, extension), agent_id, held.call)
    call = consulting.opened(floor, held.call, agent_id, channel_id, shared=False)
    floor.order(AnswerCaller(call.lane, channel_id))
    consulting.seek(floor, call, target)


def _caller(floor: Floor, agent_id: AgentId) -> AgentWork:
    work = availability.known(floor, agent_id)
    availability.must_have_disposed(work)
    if work.state not in _MAY_CALL:
        raise Rejected(
            "not-now",
            f"{agent_id!r} is {work.state}: who is free can place a call.",
            f"« {agent_id} » n’est pas libre : seul qui l’est peut passer un appel.",
        )
    return work


def _begun(
    floor: Floor,
    work: AgentWork,
    target: Target,
    channel_id: ChannelId,
    queue_id: QueueId | None,
    data: dict[str, str],
    standing: bool,
) -> Call:
    """The contact, with its agent at work and nobody called yet."""
    internal = target.kind is TargetKind.AGENT
    profile = floor.config.agents[work.id]
    call = Call(
        id=CallId(floor.new_id()),
        channel_id=channel_id if internal else None,
        dnis=_dnis(floor, target),
        number=(profile.number or profile.id) if internal else target.id,
        name=profile.name if internal else None,
        arrived_at=floor.now_ms,
        state=CallState.DIALLING,
        kind=CallKind.INTERNAL if internal else CallKind.MANUAL,
        caller_agent_id=work.id if internal else None,
        since=floor.now_ms,
        direct_to=AgentId(target.id or "") if internal else None,
        last_queue_id=queue_id,
        data=data,
        language=floor.config.language,
    )
    direction = "internal" if internal else "outbound"
    call = telling.contact_began(floor, call, direction, agent_id=work.id)
    legs.own(floor, call.id, channel_id, Role.CALLER if internal else Role.AGENT)
    availability.takes(floor, work.id, call.id, channel_id)
    return call if internal else _with_talk(floor, call, work.id, channel_id, standing)


def _dnis(floor: Floor, target: Target) -> str:
    return _shown_to_caller(floor, target)[0] or ""


def _shown_to_caller(floor: Floor, target: Target) -> tuple[str | None, str | None]:
    """Number and name of who is called, as the agent's own phone shows them."""
    called: AgentProfile | None = None
    if target.kind is TargetKind.AGENT:
        called = floor.config.agents.get(AgentId(target.id or ""))
    if called is None:
        return target.id, None
    return called.number or called.id, called.name


def _with_talk(
    floor: Floor, call: Call, agent_id: AgentId, channel_id: ChannelId, standing: bool
) -> Call:
    segment_id = SegmentId(floor.new_id())
    bridge_id = BridgeId(floor.new_id())
    call = telling.segment_opened(floor, call, segment_id, SegmentKind.DIAL, agent_id)
    floor.order(CreateBridge(call.lane, bridge_id))
    talk = Talk(
        agent_id=agent_id,
        agent_channel_id=channel_id,
        bridge_id=bridge_id,
        segment_id=segment_id,
        started_at=floor.now_ms,
        standing=standing,
    )
    return floor.put_call(msgspec.structs.replace(call, talk=talk, bridge_id=bridge_id))


# ---- the agent's own phone ---------------------------------------------------------------------


def rings_own_phone(call: Call) -> bool:
    """Whether the phone still rings of the agent who places this call."""
    placed = call.kind in (CallKind.INTERNAL, CallKind.MANUAL)
    return placed and call.state is CallState.DIALLING and call.dial is None and not call.served


def own_leg(call: Call) -> ChannelId | None:
    """The leg of the agent who places this call, while nobody else is in it."""
    return call.talk.agent_channel_id if call.talk is not None else call.channel_id


def own_phone_answered(floor: Floor, call: Call) -> None:
    """The agent is on the line: the other side is rung, and they hear it."""
    if not call_goes(call.state, CallInput.AGENT_ANSWERED):
        return
    floor.timers.cancel(Wake.OFFER, call.id)
    if call.talk is not None:
        _picked_up(floor, call.talk.agent_id)
        dial(floor, call, call.number or "")
        return
    _picked_up(floor, call.caller_agent_id)
    call = floor.put_call(msgspec.structs.replace(call, answered=True))
    called = call.direct_to
    if called is None or not floor.router.is_ready(called):
        # Taken by another call while the caller's own phone rang.
        end(floor, call, Ending(Outcome.NO_ANSWER, "colleague_busy"))
        return
    consulting.seek(floor, call, Target(TargetKind.AGENT, called))


def _picked_up(floor: Floor, agent_id: AgentId | None) -> None:
    if agent_id is not None:
        availability.picked_up(floor, agent_id)


def own_phone_silent(floor: Floor, call: Call) -> None:
    """The agent who wanted to call did not pick up their own phone."""
    end(floor, call, Ending(Outcome.NO_ANSWER, "own_phone_not_answered", EndedBy.AGENT))
