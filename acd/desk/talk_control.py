"""What an agent does with the call in hand: hold, mute, keys, hang up. Pure."""

from __future__ import annotations

import msgspec

from acd.agents.hands import Hand, Side, hand
from acd.call import Call
from acd.calls import consultation_ends, talks
from acd.calls.ending import Ending, end
from acd.commands import MuteLeg, SendDigits
from acd.desk import consulting, second_lines
from acd.destinations import callbacks, voicemail
from acd.errors import Rejected
from acd.facts import DigitsSent
from acd.model import AgentId, CallKind, CallState, EndedBy, Outcome
from acd.state.floor import Floor

KEYS = frozenset("0123456789*#ABCDabcd")
"""What a telephone can send (RFC 4733 events 0 to 15)."""

MOST_KEYS = 32


def hold(floor: Floor, agent_id: AgentId) -> None:
    """Put the other side on hold, with music. Raises Rejected."""
    held = hand(floor, agent_id)
    _must_lead(held)
    by_caller = held.side is Side.CALLER
    if talks.held_leg(held.front, by_caller) is None:
        raise Rejected(
            "not-now",
            "It is a voice message: there is nobody to be put on hold.",
            "C’est un message vocal : il n’y a personne à mettre en attente.",
        )
    if held.talk.on_hold:
        raise Rejected(
            "on-hold", "The other side is on hold already.", "L’autre partie est déjà en attente."
        )
    talks.put_on_hold(floor, held.front, by_caller)


def retrieve(floor: Floor, agent_id: AgentId) -> None:
    """Take the other side back. Raises Rejected."""
    held = hand(floor, agent_id)
    _must_lead(held)
    by_caller = held.side is Side.CALLER
    if not held.talk.on_hold:
        raise Rejected(
            "not-on-hold", "The other side is not on hold.", "L’autre partie n’est pas en attente."
        )
    if held.talk.held_by_phone:
        raise Rejected(
            "held-by-phone",
            "A phone holds: take the call back on that phone.",
            "C’est un téléphone qui met en attente : reprenez l’appel sur ce téléphone.",
        )
    if held.talk.other_held != by_caller:
        raise Rejected(
            "not-yours",
            "The other side holds you: only they take you back.",
            "L’autre partie vous a mis en attente : elle seule vous reprend.",
        )
    talks.take_back(floor, held.front, by_caller)


def _must_lead(held: Hand) -> None:
    if held.side is Side.THIRD:
        raise Rejected(
            "not-yours",
            "Only the agent who leads the conference holds the customer.",
            "Seul le téléconseiller qui mène la conférence met le client en attente.",
        )
    if held.front.kind is CallKind.CONSULT and held.side is not Side.CALLER:
        raise Rejected(
            "not-yours",
            "A colleague is asking you: only they can hold.",
            "Un collègue vous consulte : lui seul peut mettre en attente.",
        )


def mute(floor: Floor, agent_id: AgentId, muted: bool) -> None:
    """Be not heard, or be heard again. Raises Rejected."""
    held = hand(floor, agent_id)
    floor.order(MuteLeg(held.front.lane, held.leg, muted))
    talk = held.call.talk
    if talk is not None and talk.agent_id == agent_id:
        talk = msgspec.structs.replace(talk, muted=muted)
    elif talk is not None and talk.third is not None and held.side is Side.THIRD:
        third = msgspec.structs.replace(talk.third, muted=muted)
        talk = msgspec.structs.replace(talk, third=third)
    floor.put_call(msgspec.structs.replace(held.call, talk=talk))


def press(floor: Floor, agent_id: AgentId, digits: str) -> None:
    """Send keys to the other side. Raises Rejected, for what is no key with status 422."""
    if not digits or len(digits) > MOST_KEYS or not KEYS.issuperset(digits):
        raise Rejected(
            "no-keys",
            f"1 to {MOST_KEYS} keys are sent: digits, * # and A to D.",
            f"On envoie de 1 à {MOST_KEYS} touches : chiffres, * # et A à D.",
            422,
        )
    held = hand(floor, agent_id)
    by_caller = held.side is Side.CALLER
    to = talks.held_leg(held.front, by_caller)
    if to is None or held.side is Side.THIRD:
        raise Rejected(
            "not-yours",
            "Keys go from the call's agent to the customer.",
            "Les touches vont du téléconseiller de l’appel au client.",
        )
    floor.order(SendDigits(held.front.lane, to, digits))
    _digits_told(floor, held.front, agent_id, len(digits))


def _digits_told(floor: Floor, call: Call, agent_id: AgentId, count: int) -> None:
    floor.tell_call(
        call,
        lambda subject, seq, at: DigitsSent(subject, seq, at, call.contact, agent_id, count),
    )


def hang_up(floor: Floor, agent_id: AgentId) -> None:
    """End the conversation in hand: in a consultation, that one; in a conference, for oneself.

    Raises Rejected where there is none.
    """
    work = floor.agents.get(agent_id)
    call = floor.calls.get(work.call_id) if work is not None and work.call_id else None
    consult = floor.calls.get(work.consult_id) if work is not None and work.consult_id else None
    if call is not None and any(one.agent_id == agent_id for one in call.offers):
        raise Rejected(
            "not-now",
            "The call is still being offered: take it or let it ring.",
            "L’appel vous est encore présenté : prenez-le ou laissez-le sonner.",
        )
    if consult is not None and consult.talk is None:
        end(floor, consult, Ending(Outcome.NO_ANSWER, "consult_cancelled", EndedBy.AGENT))
    elif call is not None and call.kind is CallKind.CALLBACK and not call.served:
        callbacks.agent_left(floor, call, leg_alive=True)
    elif call is not None and call.state is not CallState.TALKING:
        # A call that they placed and that nobody has taken yet.
        end(floor, call, Ending(Outcome.NO_ANSWER, "agent_hung_up", EndedBy.AGENT))
    else:
        _hang_up_talk(floor, hand(floor, agent_id))


def _hang_up_talk(floor: Floor, held: Hand) -> None:
    third = held.talk.third
    if held.side is Side.THIRD:
        consultation_ends.third_over(floor, held.front, EndedBy.AGENT)
    elif third is not None and held.side is Side.AGENT:
        consulting.leave_conference(floor, held.work.id)
    elif not voicemail.put_back(floor, held.front, leg_alive=True):
        front = second_lines.part(floor, held.front)
        end(floor, front, Ending(Outcome.ANSWERED, "agent_hung_up", EndedBy.AGENT))
