"""What supervisors do to agents and calls: states, places, priorities; listening and joining. Pure.

Every act is kept with who did it.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability, seating
from acd.agents.availability import IN_TALK, close_wrap_up, enter, known, take_down
from acd.call import Call
from acd.calls import monitors, ringing, talks
from acd.calls.ending import Ending, end
from acd.commands import JoinBridge, RingAgent
from acd.destinations import sending
from acd.errors import Rejected
from acd.events import (
    EndCall,
    ForceState,
    MoveCall,
    SetPriority,
    StopSupervising,
    Supervise,
    TakeOver,
)
from acd.facts import PriorityChanged, Supervised, Transferred
from acd.model import (
    AgentId,
    AgentState,
    BridgeId,
    CallId,
    CallState,
    ChannelId,
    EndedBy,
    Monitor,
    OfferEnd,
    Outcome,
    Target,
    TargetKind,
)
from acd.queues import stay
from acd.queues.stay import PRIORITY_MS
from acd.state import legs
from acd.state.floor import Floor, Role
from acd.states import AgentInput, CallInput, agent_goes, call_goes

_FORCED = (AgentState.READY, AgentState.PAUSED, AgentState.SIGNED_OUT)

RING_S = 20
"""How long a supervisor's phone rings."""


def _told(
    floor: Floor, call: Call, act: str, by: str, agent_id: AgentId | None, detail: str | None = None
) -> Call:
    return floor.tell_call(
        call,
        lambda subject, seq, at: Supervised(
            subject, seq, at, call.contact, act, by, agent_id, detail
        ),
    )


def _waiting(floor: Floor, call_id: CallId) -> Call:
    call = floor.calls.get(call_id)
    if call is None:
        raise Rejected(
            "unknown-call",
            f"There is no call {call_id!r} in progress.",
            f"Il n’y a pas d’appel « {call_id} » en cours.",
            404,
        )
    if not stay.in_queue(floor, call):
        raise Rejected(
            "not-waiting",
            f"The call is {call.state}: it waits in no queue.",
            "L’appel n’attend dans aucune file.",
        )
    if call.dial is not None:
        raise Rejected(
            "not-now",
            "The customer's phone is being rung: wait for the answer.",
            "Le téléphone du client sonne : attendez sa réponse.",
        )
    return call


# ---- agents ------------------------------------------------------------------------------------


def force_state(floor: Floor, asked: ForceState) -> None:
    """Put an agent into ready, paused or signed out; after the call in hand, if there is one.

    A connected agent whose line is down is rung for it. Raises Rejected for other states or an
    unknown pause reason (422), an unknown agent (404), one who is not signed in, and one who cannot
    be ready because their phone is down or their line rings (409).
    """
    work = known(floor, asked.agent_id)
    if asked.state not in _FORCED:
        states = ", ".join(_FORCED)
        raise Rejected(
            "state-not-forced",
            f"An agent can be put into {states} only.",
            f"Un téléconseiller ne peut être mis que dans ces états : {states}.",
            422,
        )
    target = availability.free_state(work) if asked.state is AgentState.READY else asked.state
    reason = availability.free_reason(work) if target is AgentState.UNREACHABLE else None
    if target is AgentState.PAUSED:
        reason = _pause_reason(floor, asked)
    elif target is work.state:
        if target is AgentState.UNREACHABLE:
            seating.get_ready(floor, work.id)
        return
    if agent_goes(work.state, AgentInput.FORCED, target):
        work = close_wrap_up(floor, availability.rehabilitated(work))
        work = msgspec.structs.replace(work, after=None, after_reason=None)
        work = enter(floor, work, target, reason, by=asked.by)
        if asked.state is AgentState.READY and work.connected:
            seating.ring_line(floor, work)
    elif work.state in (AgentState.OFFERED, *IN_TALK):
        after = None if asked.state is AgentState.READY else asked.state
        take_down(floor, work, after, reason)


def _pause_reason(floor: Floor, asked: ForceState) -> str:
    if asked.reason is None:
        return "supervisor"
    availability.must_be_reason(floor, asked.reason)
    return asked.reason


# ---- calls -------------------------------------------------------------------------------------


def end_call(floor: Floor, asked: EndCall) -> None:
    """End a call, whatever it is doing. Raises Rejected (404) for one that is not here."""
    call = floor.calls.get(asked.call_id)
    if call is None:
        raise Rejected(
            "unknown-call",
            f"There is no call {asked.call_id!r} in progress.",
            f"Il n’y a pas d’appel « {asked.call_id} » en cours.",
            404,
        )
    call_goes(call.state, CallInput.ASKED_TO_END, CallState.ENDED)
    if asked.by is not None:
        agent_id = call.talk.agent_id if call.talk is not None else None
        call = _told(floor, call, "end", asked.by, agent_id)
    end(floor, call, Ending(Outcome.OVERFLOW, "ended_by_request"))


# ---- waiting calls -----------------------------------------------------------------------------


def move(floor: Floor, asked: MoveCall) -> None:
    """Send a waiting call to another queue; it keeps its age. Raises Rejected."""
    call = _waiting(floor, asked.call_id)
    if asked.queue_id not in floor.config.queues:
        raise Rejected(
            "unknown-queue",
            f"There is no queue {asked.queue_id!r}.",
            f"Il n’y a pas de file « {asked.queue_id} ».",
            404,
        )
    if call.visit is not None and call.visit.queue_id == asked.queue_id:
        raise Rejected(
            "same-queue",
            "The call waits in this queue already.",
            "L’appel attend déjà dans cette file.",
        )
    call = ringing.withdraw_all(floor, call, OfferEnd.WITHDRAWN)
    call = _told(floor, call, "move", asked.by, None, asked.queue_id)
    target = Target(TargetKind.QUEUE, asked.queue_id)
    sending.send(floor, call, target, "moved", by=asked.by)


def set_priority(floor: Floor, asked: SetPriority) -> None:
    """Give a waiting call another priority: its place changes at once. Raises Rejected."""
    call = _waiting(floor, asked.call_id)
    visit = call.visit
    if visit is None:
        return
    more = asked.priority - visit.priority
    key = visit.key - more * PRIORITY_MS
    boost = visit.boost + more
    visit = msgspec.structs.replace(visit, priority=asked.priority, boost=boost, key=key)
    call = _told(floor, call, "priority", asked.by, None, str(asked.priority))
    call = floor.tell_call(
        msgspec.structs.replace(call, visit=visit),
        lambda subject, seq, at: PriorityChanged(
            subject, seq, at, call.contact, visit.id, asked.priority, key, asked.by
        ),
    )
    if call.state is CallState.WAITING:
        stay.stand(floor, call, "priority")
    else:
        floor.line(visit.queue_id).add(call.id, visit)


# ---- conversations -----------------------------------------------------------------------------


def supervise(floor: Floor, asked: Supervise) -> None:
    """Be with an agent's conversation, or change how. Raises Rejected."""
    call = _talk_of(floor, asked.agent_id)
    present = _monitor_of(call, asked.agent_id, asked.by)
    if present is None:
        _ring_supervisor(floor, call, asked)
        return
    if present.mode is asked.mode:
        return
    present = msgspec.structs.replace(present, mode=asked.mode)
    call = _told(floor, monitors.put(floor, call, present), asked.mode, asked.by, asked.agent_id)
    if present.up:
        monitors.tune(floor, call, present)


def _talk_of(floor: Floor, agent_id: AgentId) -> Call:
    work = known(floor, agent_id)
    call = floor.calls.get(work.call_id) if work.call_id is not None else None
    if call is None or call.talk is None or call.state is not CallState.TALKING:
        raise Rejected(
            "no-call",
            f"{agent_id!r} is not in a conversation.",
            f"« {agent_id} » n’est pas en conversation.",
        )
    return call


def _monitor_of(call: Call, agent_id: AgentId, by: str) -> Monitor | None:
    return next((m for m in call.monitors if m.by == by and m.agent_id == agent_id), None)


def _ring_supervisor(floor: Floor, call: Call, asked: Supervise) -> None:
    _must_be_usable(floor, asked)
    monitor = Monitor(
        agent_id=asked.agent_id,
        by=asked.by,
        phone=asked.phone,
        channel_id=ChannelId(floor.new_id()),
        bridge_id=BridgeId(floor.new_id()),
        mode=asked.mode,
        since=floor.now_ms,
    )
    legs.own(floor, call.id, monitor.channel_id, Role.SUPERVISOR)
    call = _told(floor, call, asked.mode, asked.by, asked.agent_id)
    monitors.put(floor, call, monitor)
    profile = floor.config.agents[asked.agent_id]
    floor.order(
        RingAgent(
            call.id,
            None,
            monitor.channel_id,
            asked.phone,
            call.number,
            profile.name,
            RING_S,
            auto_answer=True,
        )
    )


def _must_be_usable(floor: Floor, asked: Supervise) -> None:
    if not floor.is_phone(asked.phone):
        raise Rejected(
            "unknown-phone",
            f"There is no phone {asked.phone!r}.",
            f"Il n’y a pas de poste « {asked.phone} ».",
            404,
        )
    if asked.phone not in floor.phones_up:
        raise Rejected(
            "phone-down",
            f"The phone {asked.phone!r} is not registered.",
            f"Le téléphone « {asked.phone} » n’est pas enregistré.",
        )
    if any(m.phone == asked.phone for c in floor.calls.values() for m in c.monitors):
        raise Rejected(
            "phone-busy",
            f"The phone {asked.phone!r} listens to a call already.",
            f"Le téléphone « {asked.phone} » écoute déjà un appel.",
        )
    owner = floor.agent_at(asked.phone)
    work = floor.agents.get(owner) if owner is not None else None
    idle = (AgentState.SIGNED_OUT, AgentState.PAUSED)
    if work is not None and work.state not in idle:
        raise Rejected(
            "phone-busy",
            f"{owner!r} is {work.state} on this phone: pause first, so that no call comes to it.",
            f"« {owner} » travaille sur ce poste : mettez-vous d’abord en pause, pour "
            "qu’aucun appel n’y arrive.",
        )


def phone_answered(floor: Floor, call: Call, channel_id: ChannelId) -> None:
    """The supervisor's phone was picked up."""
    monitor = next((m for m in call.monitors if m.channel_id == channel_id), None)
    if monitor is None or monitor.up:
        return
    monitor = msgspec.structs.replace(monitor, up=True)
    monitors.tune(floor, monitors.put(floor, call, monitor), monitor)


def snoop_started(floor: Floor, call: Call, channel_id: ChannelId) -> None:
    """The listening leg is there: the supervisor hears."""
    monitor = next((m for m in call.monitors if m.snoop_id == channel_id), None)
    if monitor is not None:
        floor.order(JoinBridge(call.id, monitor.bridge_id, (channel_id,)))


def leg_gone(floor: Floor, call: Call, channel_id: ChannelId) -> None:
    """The supervisor hung up, or the leg that listened ended with the one listened to."""
    monitor = next((m for m in call.monitors if channel_id in (m.channel_id, m.snoop_id)), None)
    if monitor is None:
        floor.forget_leg(channel_id, alive=False)
        return
    call = monitors.end(floor, call, monitor, gone=channel_id)
    _told(floor, call, "leave", monitor.by, monitor.agent_id)


def stop(floor: Floor, asked: StopSupervising) -> None:
    """Leave the conversation. Raises Rejected."""
    call = _talk_of(floor, asked.agent_id)
    monitor = _monitor_of(call, asked.agent_id, asked.by)
    if monitor is None:
        raise Rejected(
            "not-supervising",
            f"{asked.by!r} is not with this conversation.",
            f"« {asked.by} » n’est pas dans cette conversation.",
        )
    call = monitors.end(floor, call, monitor)
    _told(floor, call, "leave", asked.by, asked.agent_id)


def take_over(floor: Floor, asked: TakeOver) -> None:
    """Take the agent's place in the conversation; the agent goes to wrap-up. Raises Rejected."""
    call = _talk_of(floor, asked.agent_id)
    monitor = _monitor_of(call, asked.agent_id, asked.by)
    talk = call.talk
    if monitor is None or not monitor.up or talk is None:
        raise Rejected(
            "not-supervising",
            "Listen, whisper or barge first, then take over.",
            "Écoutez, soufflez ou intervenez d’abord ; ensuite, reprenez l’appel.",
        )
    if call.consult_id is not None or talk.third is not None or talk.on_hold:
        raise Rejected(
            "not-now",
            "The customer is on hold, or a third party is there: let the agent end that first.",
            "Le client est en attente, ou un tiers est là : laissez d’abord le "
            "téléconseiller y mettre fin.",
        )
    owner = floor.agent_at(monitor.phone)
    work = floor.agents.get(owner) if owner is not None else None
    new_agent = owner if work is not None and work.state is AgentState.PAUSED else None
    bridge_id = talk.bridge_id
    # The supervisor's leg becomes the conversation's: only what listened goes.
    call = monitors.release(floor, call, monitor)
    call = monitors.end_of(floor, call, asked.agent_id)
    call = _told(floor, call, "take_over", asked.by, asked.agent_id)
    call = floor.tell_call(
        call,
        lambda subject, seq, at: Transferred(
            subject, seq, at, call.contact, asked.agent_id, "takeover", TargetKind.AGENT, new_agent
        ),
    )
    call = talks.close(floor, call, EndedBy.SYSTEM)
    call = floor.put_call(msgspec.structs.replace(call, bridge_id=bridge_id))
    talks.begin(floor, call, talks.Other(monitor.channel_id, new_agent, taken_over=True))
