"""Blind transfers, taking back, transfers that a phone makes. Pure."""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.agents.hands import hand
from acd.call import Call, Resume
from acd.calls import dialling, ringing
from acd.commands import HangUp, JoinBridge
from acd.desk import consulting, handing, targets
from acd.destinations import sending
from acd.errors import Rejected
from acd.events import PhoneTransferred, TakeBack, Transfer
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallState,
    ChannelId,
    OfferEnd,
    Target,
    TargetKind,
    VisitOutcome,
)
from acd.queues import stay
from acd.state import legs
from acd.state.floor import Floor
from acd.states import CallInput, call_goes

_STILL_SOUGHT = (CallState.WAITING, CallState.OFFERED, CallState.DIALLING)
"""The states in which somebody is sought to take a call that was given away."""


def blind(floor: Floor, asked: Transfer) -> None:
    """Give the call away at once. Raises Rejected."""
    held = hand(floor, asked.agent_id)
    consulting.must_be_alone(held)
    target = targets.checked(floor, asked.target, asked.agent_id, held.call)
    handing.give_away(floor, held.call, target, "blind")


def take_back(floor: Floor, asked: TakeBack) -> None:
    """Take back what nobody has taken yet: the agent who gave it away is rung at once.

    Raises Rejected: an unknown call (404), one that was taken or that somebody else gave away, an
    agent who does something else by now (409).
    """
    work = availability.known(floor, asked.agent_id)
    call = floor.calls.get(asked.call_id)
    if call is None:
        raise Rejected(
            "unknown-call",
            f"There is no call {asked.call_id!r} in progress.",
            f"Il n’y a pas d’appel « {asked.call_id} » en cours.",
            404,
        )
    resume = call.resume
    if resume is None or call.talk is not None:
        raise Rejected(
            "too-late",
            "Only a call that was given away and nobody took comes back.",
            "Seul un appel transféré que personne n’a encore pris revient.",
        )
    if resume.agent_id != work.id:
        raise Rejected(
            "not-yours",
            "Only the agent who gave a call away takes it back.",
            "Seul le téléconseiller qui a transféré un appel le reprend.",
        )
    if call.state not in _STILL_SOUGHT:
        raise Rejected(
            "too-late",
            f"The call has gone on from there: it is {call.state} now.",
            "L’appel a continué son chemin : il ne revient plus.",
        )
    if not _free_for(work, call):
        raise Rejected(
            "not-now",
            f"{work.id!r} is {work.state}: a call comes back to who is free.",
            f"« {work.id} » n’est pas libre : un appel revient à qui l’est.",
        )
    target = Target(TargetKind.AGENT, work.id)
    call = handing.told(floor, _recalled(floor, call, work.id), work.id, "taken_back", target)
    _ring_again(floor, call, work.id)


def _free_for(work: AgentWork, call: Call) -> bool:
    wraps_it_up = work.state is AgentState.WRAP_UP and work.wrap_up_call_id == call.contact
    return work.phone_up and (work.state is AgentState.READY or wraps_it_up)


def _recalled(floor: Floor, call: Call, agent_id: AgentId) -> Call:
    """The call is sought for nobody any more: out of the queue, no phone rings."""
    call_goes(call.state, CallInput.TRANSFERRED, CallState.OFFERED)
    call = ringing.withdraw_all(floor, call, OfferEnd.WITHDRAWN)
    if stay.in_queue(floor, call):
        to = sending.name_of(Target(TargetKind.AGENT, agent_id))
        call = stay.close_visit(floor, call, VisitOutcome.MOVED, to=to, by=agent_id)
    return dialling.close(floor, call, OfferEnd.WITHDRAWN, answered=False, gone=None)


def _ring_again(floor: Floor, call: Call, agent_id: AgentId) -> None:
    """Ring the agent who gave the call away, out of their wrap-up; else back to its queue."""
    resume = call.resume or Resume(None, call.last_queue_id, floor.now_ms)
    resume = msgspec.structs.replace(resume, agent_id=agent_id)
    work = floor.agents[agent_id]
    if _free_for(work, call):
        availability.ready_again(floor, agent_id)
    sending.not_taken(floor, msgspec.structs.replace(call, resume=resume), OfferEnd.WITHDRAWN)


# ---- by the phone itself (REFER) ---------------------------------------------------------------


def by_phone(floor: Floor, call: Call, event: PhoneTransferred) -> None:
    """A phone transfers by itself; the switch has told it already that this is done.

    So what cannot be done comes back to the agent, or to the queue: nobody may lose a customer by
    a wrong key.
    """
    for channel_id in (event.channel_id, event.second_channel_id):
        if channel_id is None:
            continue
        floor.being_replaced.pop(channel_id, None)
        floor.replaced.pop(channel_id, None)
        if channel_id in floor.line_owner:
            floor.transferred_lines[channel_id] = None
    if event.to is not None:
        _blind_by_phone(floor, call, event.channel_id, event.to)
        return
    pair = _pair(floor, call, event.second_channel_id)
    if pair is None:
        _as_it_was(floor, call)
    elif pair[1].talk is not None:
        handing.hand_over(floor, *pair, how="phone")
    else:
        handing.give_semi_attended(floor, *pair, how="phone")
    for channel_id in event.link:
        floor.order(HangUp(call.lane, channel_id))


def leg_replaced(floor: Floor, call: Call) -> None:
    """The switch has put a leg of its own in the place of one: with the other one, both are joined.

    Of the joining itself nothing is told where the customer's leg was out of the bridge.
    """
    consult = floor.calls.get(call.consult_id) if call.consult_id is not None else None
    parent = floor.calls.get(call.parent_id) if call.parent_id is not None else call
    consult = call if call.parent_id is not None else consult
    if parent is None or parent.talk is None or consult is None or consult.channel_id is None:
        return
    first, second = parent.talk.agent_channel_id, consult.channel_id
    by = floor.replaced | floor.being_replaced
    if first in by and second in by:
        by_phone(floor, parent, PhoneTransferred(first, None, second, (by[first], by[second])))


def _pair(floor: Floor, call: Call, second: ChannelId | None) -> tuple[Call, Call] | None:
    """The customer's call and the one that the same phone made beside it; None if they are not."""
    leg = floor.legs.get(second) if second is not None else None
    other = floor.calls.get(leg[0]) if leg is not None else None
    for first, beside in ((call, other), (other, call)):
        if first is not None and beside is not None and first.consult_id == beside.id:
            return first, beside
    return None


def _blind_by_phone(floor: Floor, call: Call, channel_id: ChannelId, to: str) -> None:
    talk = call.talk
    simple = (
        talk is not None
        and talk.agent_channel_id == channel_id
        and talk.agent_id is not None
        and talk.third is None
        and call.channel_id is not None
        and call.consult_id is None
        and call.parent_id is None
    )
    if talk is None or talk.agent_id is None or not simple or call.state is not CallState.TALKING:
        _as_it_was(floor, call)
        return
    try:
        target = targets.checked(floor, targets.dialled(floor, to), talk.agent_id, call)
    except Rejected:
        _give_back(floor, call, talk.agent_id)
    else:
        handing.give_away(floor, call, target, "phone")


def _give_back(floor: Floor, call: Call, agent_id: AgentId) -> None:
    """Where the phone sends it nobody can be reached: its leg is gone, so it is rung anew.

    Not so if its agent has asked for a pause: then the call goes to its queue.
    """
    call_goes(call.state, CallInput.TRANSFERRED)
    call = handing.left_by_agent(floor, call, gone=None)
    if floor.agents[agent_id].after is None:
        _ring_again(floor, call, agent_id)
    else:
        sending.not_taken(floor, call, OfferEnd.UNREACHABLE)


def _as_it_was(floor: Floor, call: Call) -> None:
    """The switch has taken the legs apart for nothing: bring together who belongs together."""
    if call.talk is not None and legs.bridged(call):
        floor.order(JoinBridge(call.lane, call.talk.bridge_id, legs.bridged(call)))
