"""Consultations, warm transfers, conferences: an agent asks somebody while a customer waits. Pure.

A consultation is a call of its own on the customer's contact, with the agent's leg as its first:
the leg goes from one bridge to the other, its commands in the order of the customer's call.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.agents.hands import Hand, Side, hand
from acd.call import Call
from acd.calls import consultation_ends, dialling, monitors, ringing, talks
from acd.calls.ending import Ending, end
from acd.commands import JoinBridge, LeaveBridge, ShowCaller, StartRinging
from acd.desk import handing, targets
from acd.destinations import sending
from acd.errors import Rejected
from acd.events import Consult
from acd.model import (
    AgentId,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    EndedBy,
    Outcome,
    Party,
    SegmentId,
    SegmentKind,
    Talk,
    Target,
    TargetKind,
)
from acd.state import legs, telling
from acd.state.floor import Floor, Role


def consult(floor: Floor, asked: Consult) -> None:
    """Ask an agent, a queue or a number while the customer waits with music. Raises Rejected."""
    held = hand(floor, asked.agent_id)
    must_be_alone(held)
    if held.talk.held_by_phone:
        raise Rejected(
            "held-by-phone",
            "A phone holds the call: take it back there first.",
            "Un téléphone met l’appel en attente : reprenez-le d’abord sur ce téléphone.",
        )
    if held.talk.other_held:
        raise Rejected(
            "not-now",
            "The other side holds you: wait until they take you back.",
            "L’autre partie vous a mis en attente : attendez qu’elle vous reprenne.",
        )
    target = targets.checked(floor, asked.target, asked.agent_id, held.call)
    call = talks.stop_recording(floor, talks.put_on_hold(floor, held.call))
    talk = call.talk
    if talk is None:
        return
    floor.order(LeaveBridge(call.lane, talk.bridge_id, (held.leg,)))
    talk = msgspec.structs.replace(talk, away=True)
    call = floor.put_call(msgspec.structs.replace(call, talk=talk))
    seek(floor, opened(floor, call, asked.agent_id, held.leg, shared=True), target)


def must_be_alone(held: Hand) -> None:
    """Raises Rejected unless this is an agent with one customer, whom they may send elsewhere."""
    if held.call.kind is CallKind.CONSULT:
        raise Rejected(
            "not-yours",
            "A colleague is asking you: the customer is theirs.",
            "Un collègue vous consulte : le client est le sien.",
        )
    if held.consult is not None:
        raise Rejected(
            "consulting",
            "End or complete the consultation first.",
            "Terminez d’abord la consultation, ou le transfert.",
        )
    if held.talk.third is not None:
        raise Rejected(
            "in-conference",
            "Leave the conference, or let the third party go, first.",
            "Quittez d’abord la conférence, ou libérez le tiers.",
        )
    if held.side is Side.CALLER:
        raise Rejected(
            "not-yours",
            "You called this colleague: end the call, then ring another.",
            "Vous avez appelé ce collègue : raccrochez, puis appelez-en un autre.",
        )
    if held.call.channel_id is None:
        raise Rejected(
            "no-customer",
            "There is no customer in this call.",
            "Il n’y a pas de client dans cet appel.",
        )


def opened(
    floor: Floor, call: Call, agent_id: AgentId, channel_id: ChannelId, shared: bool
) -> Call:
    """A consultation that this agent leads from `call` by this leg, with nobody sought yet."""
    consultation = Call(
        id=CallId(floor.new_id()),
        channel_id=channel_id,
        dnis=call.dnis,
        number=call.number,
        name=call.name,
        withheld=call.withheld,
        arrived_at=floor.now_ms,
        state=CallState.IN_FLOW,
        kind=CallKind.CONSULT,
        contact_id=call.contact,
        parent_id=call.id,
        caller_agent_id=agent_id,
        since=floor.now_ms,
        answered=True,
        language=call.language,
        visits=call.visits,
        leg_shared=shared,
        data=call.data,
    )
    if not shared:
        legs.own(floor, consultation.id, channel_id, Role.CALLER)
    floor.put_call(msgspec.structs.replace(call, consult_id=consultation.id))
    availability.consults(floor, agent_id, consultation.id)
    return floor.put_call(consultation)


def seek(floor: Floor, call: Call, target: Target) -> None:
    """Ring whom an agent asks for or calls; the agent hears it."""
    if target.kind is TargetKind.AGENT and call.channel_id is not None:
        floor.order(StartRinging(call.lane, call.channel_id))
        ringing.offer_direct(floor, call, AgentId(target.id or ""))
    elif target.kind is TargetKind.NUMBER:
        dialling.dial(floor, call, target.id or "")
    else:
        sending.send(floor, call, target, "consult")


# ---- between the two ---------------------------------------------------------------------------


def _consulting(floor: Floor, agent_id: AgentId) -> tuple[Call, Call]:
    """The customer's call and the consultation that this agent leads. Raises Rejected."""
    work = availability.known(floor, agent_id)
    call = floor.calls.get(work.call_id) if work.call_id is not None else None
    consultation = floor.calls.get(work.consult_id) if work.consult_id is not None else None
    if call is None or consultation is None:
        raise Rejected(
            "not-consulting",
            f"{agent_id!r} consults nobody.",
            f"« {agent_id} » ne consulte personne.",
        )
    return call, consultation


def _answered(consultation: Call) -> Talk:
    if consultation.talk is None or consultation.state is not CallState.TALKING:
        raise Rejected(
            "not-now",
            "Nobody has answered the consultation yet.",
            "Personne n’a encore répondu à la consultation.",
        )
    return consultation.talk


def _must_share_leg(consultation: Call) -> None:
    if not consultation.leg_shared:
        raise Rejected(
            "phones-own-call",
            "The phone made this second call by itself: use the phone for this.",
            "Le téléphone a passé ce second appel lui-même : servez-vous du téléphone.",
        )


def swap(floor: Floor, agent_id: AgentId) -> None:
    """Turn to the other side; the one left hears music. Raises Rejected."""
    call, consultation = _consulting(floor, agent_id)
    _answered(consultation)
    _must_share_leg(consultation)
    talk = call.talk
    if talk is None:
        return
    if talk.away:
        talks.put_on_hold(floor, consultation, by_caller=True)
        talk = msgspec.structs.replace(talk, away=False)
        call = floor.put_call(msgspec.structs.replace(call, talk=talk))
        talks.take_back(floor, call, along=(talk.agent_channel_id,))
    else:
        call = talks.stop_recording(floor, talks.put_on_hold(floor, call))
        if call.talk is not None:
            talk = msgspec.structs.replace(call.talk, away=True)
            call = floor.put_call(msgspec.structs.replace(call, talk=talk))
        talks.take_back(floor, consultation, by_caller=True, along=(talk.agent_channel_id,))


def cancel(floor: Floor, agent_id: AgentId) -> None:
    """End the consultation: back to the customer. Raises Rejected."""
    _, consultation = _consulting(floor, agent_id)
    end(floor, consultation, Ending(Outcome.NO_ANSWER, "consult_cancelled", EndedBy.AGENT))


def complete(floor: Floor, agent_id: AgentId) -> None:
    """Leave the two others alone; one who has not answered yet is rung for the customer now.

    Raises Rejected.
    """
    call, consultation = _consulting(floor, agent_id)
    _go_without(floor, call, consultation, gone=None)


def _go_without(floor: Floor, call: Call, consultation: Call, gone: ChannelId | None) -> None:
    if consultation.talk is not None:
        handing.hand_over(floor, call, consultation, "warm", gone)
    else:
        handing.give_semi_attended(floor, call, consultation, "blind", gone)


# ---- three -------------------------------------------------------------------------------------


def conference(floor: Floor, agent_id: AgentId) -> None:
    """Bring the one consulted into the conversation with the customer. Raises Rejected."""
    call, consultation = _consulting(floor, agent_id)
    _answered(consultation)
    _must_share_leg(consultation)
    call, _ = consultation_ends.parted(floor, call)
    other = consultation_ends.dissolved(floor, consultation, "conference")
    if other is None or call.talk is None:
        return
    segment_id = SegmentId(floor.new_id())
    visit_id = consultation.visit.id if consultation.visit is not None else None
    call = telling.segment_opened(
        floor, call, segment_id, SegmentKind.CONFERENCE, other.agent_id, visit_id
    )
    third = Party(
        channel_id=other.agent_channel_id,
        segment_id=segment_id,
        agent_id=other.agent_id,
        number=other.number,
        standing=other.standing,
        muted=other.muted,
        visit=consultation.visit,
    )
    legs.own(floor, call.id, third.channel_id, Role.THIRD)
    call = _all_in(floor, call, third)
    consultation_ends.let_bridge_go(floor, consultation)
    on_hold = call.talk is not None and call.talk.on_hold
    availability.consult_over(floor, agent_id, on_hold)
    if other.agent_id is not None:
        availability.answered(floor, other.agent_id, call.id, third.channel_id)
        floor.order(ShowCaller(call.lane, third.channel_id, call.number, call.name))


def _all_in(floor: Floor, call: Call, third: Party) -> Call:
    talk = call.talk
    if talk is None:
        return call
    along = (talk.agent_channel_id, third.channel_id) if talk.away else (third.channel_id,)
    talk = msgspec.structs.replace(talk, third=third, away=False)
    call = floor.put_call(msgspec.structs.replace(call, talk=talk, since=floor.now_ms))
    if talk.held_by_us:
        return talks.take_back(floor, call, along=along)
    floor.order(JoinBridge(call.lane, talk.bridge_id, along))
    return call


def _conferring(floor: Floor, agent_id: AgentId) -> Hand:
    held = hand(floor, agent_id)
    if held.talk.third is None:
        raise Rejected(
            "no-conference",
            f"{agent_id!r} is in no conference.",
            f"« {agent_id} » n’est dans aucune conférence.",
        )
    return held


def drop_third(floor: Floor, agent_id: AgentId) -> None:
    """Let the third party go. Raises Rejected."""
    held = _conferring(floor, agent_id)
    if held.side is not Side.AGENT:
        raise Rejected(
            "not-yours",
            "Only the agent who leads the conference lets others go.",
            "Seul le téléconseiller qui mène la conférence en libère les autres.",
        )
    consultation_ends.third_over(floor, held.front, EndedBy.AGENT)


def third_gone(floor: Floor, call: Call) -> None:
    """The third party hung up: the two others talk on."""
    third = call.talk.third if call.talk is not None else None
    if third is not None:
        by = EndedBy.AGENT if third.agent_id is not None else EndedBy.UNKNOWN
        consultation_ends.third_over(floor, call, by, gone=third.channel_id)


def leave_conference(floor: Floor, agent_id: AgentId) -> None:
    """Leave; the two others talk on. Raises Rejected."""
    held = _conferring(floor, agent_id)
    match held.side:
        case Side.AGENT:
            _third_takes(floor, held.front, gone=None)
        case Side.THIRD:
            consultation_ends.third_over(floor, held.front, EndedBy.AGENT)
        case Side.CALLER:
            raise Rejected(
                "not-yours",
                "This call is yours: hang up to end it.",
                "Cet appel est le vôtre : raccrochez pour y mettre fin.",
            )


def _third_takes(floor: Floor, call: Call, gone: ChannelId | None) -> None:
    """The agent of a conference leaves: the conversation is the third party's now."""
    talk = call.talk
    third = talk.third if talk is not None else None
    if talk is None or third is None:
        return
    kind = TargetKind.AGENT if third.agent_id is not None else TargetKind.NUMBER
    target = Target(kind, third.agent_id or third.number)
    call = monitors.end_all(floor, call, None)
    call = handing.told(floor, call, talk.agent_id, "conference", target)
    call = telling.segment_closed(floor, call, third.segment_id, EndedBy.SYSTEM)
    call = talks.close(floor, call, EndedBy.AGENT, gone)
    if third.visit is not None:
        call = msgspec.structs.replace(call, visit=third.visit, last_queue_id=third.visit.queue_id)
    handing.begin_with(
        floor,
        call,
        talks.Other(
            third.channel_id,
            third.agent_id,
            third.number,
            standing=third.standing,
            muted=third.muted,
        ),
    )


def agent_left(floor: Floor, call: Call) -> bool:
    """Whether the call goes on without the agent whose leg ended.

    In a conference with the third, in a consultation with the one consulted, who may still be
    ringing.
    """
    talk = call.talk
    if talk is None:
        return False
    if talk.third is not None:
        _third_takes(floor, call, gone=talk.agent_channel_id)
        return True
    consultation = floor.calls.get(call.consult_id) if call.consult_id is not None else None
    if consultation is None:
        return False
    _go_without(floor, call, consultation, gone=talk.agent_channel_id)
    return True
