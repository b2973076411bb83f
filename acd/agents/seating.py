"""Where agents sit: signing in on a phone, standing lines, phones that come and go. Pure.

Any registered phone will do: an agent's own, a colleague's who is not there, or a seat that
belongs to nobody. A *connected* agent keeps one leg up, so that calls come without ringing.
"""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.agents.availability import IN_TALK, close_wrap_up, enter, free_state, known, take_down
from acd.commands import ProbePhone, RingAgent
from acd.dial_ends import phone_end, phone_reason
from acd.errors import Rejected
from acd.events import ChannelGone, SignIn
from acd.model import AgentId, AgentState, AgentWork, CallId, ChannelId, PhoneId
from acd.state import legs
from acd.state.floor import Floor, Role
from acd.states import AgentInput, agent_goes

LINE_RING_S = 30
"""How long a phone rings that is to keep a standing line."""

LINE_STOOD_MS = 2_000
"""A line that is lost sooner after its agent's last change of state is not rung again by itself."""


def sign_in(floor: Floor, event: SignIn) -> None:
    """Start work on a phone, ready or in pause.

    Raises Rejected: unknown agent or phone (404), a phone where somebody else is signed in (409),
    an agent who is signed in elsewhere, or already and without the line that is asked for (409).
    """
    work = known(floor, event.agent_id)
    own = floor.config.agents[event.agent_id].phone
    phone = event.phone or own
    _must_be_free(floor, work, phone)
    seated = msgspec.structs.replace(
        availability.rehabilitated(work),
        phone=phone if phone != own else None,
        phone_up=phone in floor.phones_up,
        connected=event.connected,
        after=None,
        after_reason=None,
        signed_in_at=floor.now_ms,
        calls_taken=0,
        busy_ms=0,
        not_reached=None,
    )
    target = free_state(seated) if event.ready else AgentState.PAUSED
    if not agent_goes(work.state, AgentInput.SIGN_IN, target):
        if event.connected and not work.connected:
            raise Rejected(
                "signed-in-already",
                f"{work.id!r} is signed in without a standing line: sign out first.",
                f"« {work.id} » est connecté sans ligne permanente : déconnectez-le d’abord.",
            )
        return
    work = enter(floor, seated, target, None if event.ready else "sign_in")
    if event.connected:
        ring_line(floor, work)


def _must_be_free(floor: Floor, work: AgentWork, phone: PhoneId) -> None:
    if not floor.is_phone(phone):
        raise Rejected(
            "unknown-phone",
            f"There is no phone {phone!r}: name an agent's or a seat.",
            f"Il n’y a pas de poste « {phone} » : nommez celui d’un téléconseiller ou "
            "un poste libre.",
            404,
        )
    there = floor.agent_at(phone)
    other = floor.agents.get(there) if there is not None and there != work.id else None
    if other is not None and other.state is not AgentState.SIGNED_OUT:
        raise Rejected(
            "phone-taken",
            f"{other.id!r} is signed in on phone {phone!r}.",
            f"« {other.id} » est connecté sur le poste « {phone} ».",
        )
    if work.state is not AgentState.SIGNED_OUT and floor.phone_of(work.id) != phone:
        raise Rejected(
            "signed-in-elsewhere",
            f"{work.id!r} is signed in on phone {floor.phone_of(work.id)!r}: sign out there first.",
            f"« {work.id} » est connecté sur le poste « {floor.phone_of(work.id)} » : "
            "déconnectez-le là-bas d’abord.",
        )


def sign_out(floor: Floor, agent_id: AgentId) -> None:
    """Leave, or leave after the work in hand. Raises Rejected for an unknown agent."""
    _leave(floor, known(floor, agent_id))


def removed(floor: Floor, work: AgentWork) -> None:
    """The agent was taken out of the configuration: they leave, after the call in hand if busy."""
    _leave(floor, msgspec.structs.replace(work, wrap_up_mandatory=False))


def _leave(floor: Floor, work: AgentWork) -> None:
    if work.state is AgentState.WRAP_UP and work.wrap_up_mandatory:
        take_down(floor, work, AgentState.SIGNED_OUT, None)
    elif agent_goes(work.state, AgentInput.SIGN_OUT, AgentState.SIGNED_OUT):
        enter(floor, close_wrap_up(floor, work), AgentState.SIGNED_OUT)
    elif work.state in (AgentState.OFFERED, *IN_TALK):
        take_down(floor, work, AgentState.SIGNED_OUT, None)


def get_ready(floor: Floor, agent_id: AgentId) -> None:
    """Take calls; a connected agent whose line is down is rung for it first. Raises Rejected."""
    work = known(floor, agent_id)
    if work.connected and work.line is None and work.phone_up and work.state not in IN_TALK:
        availability.must_have_disposed(work)
        if work.state is not AgentState.UNREACHABLE:
            availability.get_ready(floor, agent_id)
        ring_line(floor, floor.agents[agent_id])
    elif line_rings(work):
        raise Rejected(
            "line-rings",
            "The agent's line is being rung: pick it up, and calls come by it.",
            "La ligne du téléconseiller sonne : qu’il décroche, et les appels y arrivent.",
        )
    else:
        availability.get_ready(floor, agent_id)


def line_rings(work: AgentWork) -> bool:
    """Whether nothing but the line, which is being rung, keeps a connected agent from calls."""
    rings = work.line is not None and not work.line_up
    return work.state is AgentState.UNREACHABLE and work.phone_up and rings


# ---- standing lines ----------------------------------------------------------------------------


def ring_line(floor: Floor, work: AgentWork) -> None:
    """Ring a connected agent's phone for the leg that is to stand."""
    phone = floor.phone_of(work.id)
    profile = floor.config.agents.get(work.id)
    if phone is None or work.line is not None or not work.phone_up:
        return
    channel_id = ChannelId(floor.new_id())
    legs.own(floor, CallId(work.id), channel_id, Role.LINE)
    floor.put_agent(msgspec.structs.replace(work, line=channel_id, line_up=False))
    auto_answer = profile is not None and profile.auto_answer
    floor.order(
        RingAgent(
            CallId(work.id), work.id, channel_id, phone, None, "Plateau", LINE_RING_S, auto_answer
        )
    )


def line_answered(floor: Floor, channel_id: ChannelId) -> None:
    """A connected agent picked up the leg that is to stand: from now on calls come by it."""
    work = _owner(floor, channel_id)
    if work is None or work.line_up:
        return
    work = floor.put_agent(msgspec.structs.replace(work, line_up=True))
    legs.wait_on_line(floor, CallId(work.id), work.id, channel_id)
    if work.state is AgentState.UNREACHABLE and work.phone_up:
        agent_goes(work.state, AgentInput.PHONE_BACK, AgentState.READY)
        enter(floor, work, AgentState.READY)


def line_gone(floor: Floor, event: ChannelGone) -> None:
    """A connected agent's standing leg ended.

    Hung up to end a call, or lost by the network, it is rung again; hung up while idle, the agent
    wants no calls: they come back by saying that they are ready.
    """
    channel_id, cause = event.channel_id, event.cause
    work = _owner(floor, channel_id)
    if work is None:
        return
    # One that is lost as soon as it is picked up would be rung for ever.
    stood = work.line_up and floor.now_ms - work.since >= LINE_STOOD_MS
    lost = stood and cause != legs.NORMAL_CLEARING
    in_call = floor.legs.get(channel_id, ("", Role.LINE))[1] is not Role.LINE
    if not in_call:
        floor.forget_leg(channel_id, alive=False)
    if channel_id in floor.transferred_lines:
        # A phone hangs up what it has transferred (RFC 3515, 2.4.5): that is the end of a call.
        del floor.transferred_lines[channel_id]
        in_call = True
    was_up = work.line_up
    work = floor.put_agent(msgspec.structs.replace(work, line=None, line_up=False))
    if not was_up and work.state is AgentState.UNREACHABLE and work.phone_up:
        why = phone_reason(phone_end(cause), event.sip, event.rang)
        enter(floor, work, AgentState.UNREACHABLE, why)
        return
    if work.state is AgentState.READY:
        agent_goes(work.state, AgentInput.PHONE_LOST, AgentState.UNREACHABLE)
        work = enter(floor, work, AgentState.UNREACHABLE, "line_down")
    if (in_call or lost) and work.after is not AgentState.SIGNED_OUT:
        ring_line(floor, work)


def _owner(floor: Floor, channel_id: ChannelId) -> AgentWork | None:
    agent_id = floor.line_owner.get(channel_id)
    return floor.agents.get(agent_id) if agent_id is not None else None


# ---- phones ------------------------------------------------------------------------------------


def phone_seen(floor: Floor, phone: PhoneId, up: bool) -> AgentWork | None:
    """A phone came or went. The agent whose offer must end for it, or None."""
    if up:
        floor.phones_up.add(phone)
    else:
        floor.phones_up.discard(phone)
    agent_id = floor.agent_at(phone)
    work = floor.agents.get(agent_id) if agent_id is not None else None
    if work is None or work.phone_up == up:
        return None
    work = floor.put_agent(msgspec.structs.replace(work, phone_up=up))
    if up and work.connected and work.line is None and work.state is not AgentState.SIGNED_OUT:
        ring_line(floor, work)
        return None
    happened = AgentInput.PHONE_BACK if up else AgentInput.PHONE_LOST
    target = free_state(work) if up else AgentState.UNREACHABLE
    if agent_goes(work.state, happened, target):
        enter(floor, work, target)
        return None
    return work if not up and work.state is AgentState.OFFERED else None


def probe(floor: Floor, agent_id: AgentId) -> None:
    """Have the agent's phone looked at."""
    phone = floor.phone_of(agent_id)
    if phone is not None:
        floor.order(ProbePhone(phone))
