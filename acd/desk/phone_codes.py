"""What somebody wants who dials us from a phone: a code, a colleague, a number outside. Pure.

`*10` signs in (own phone: PIN; a seat: short number, then PIN), `*11` out, `*12` ready, `*13` and a
reason's digit pauses, `*14` and a number qualifies the call (the queue's dispositions, counted from
1). Anything else is a call, which `placing` makes. Each answer is spoken, then the leg is let go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from acd.agents import availability, seating, wrapping
from acd.commands import NOBODYS, AnswerCaller, HangUp, PlayPrompt, StopPrompt
from acd.desk import placing
from acd.errors import Rejected
from acd.events import DigitPressed, PhoneDialled, PromptFinished, SetDisposition, SignIn
from acd.model import AgentId, AgentState, AgentWork, CallId, ChannelId, PhoneId, PlaybackId
from acd.pins import pin_right
from acd.queues.announcing import Texts, chosen
from acd.state.floor import Floor, PhoneSession, PinTries, Role
from acd.state.timers import Wake

CALL_REJECTED = 21

WRONG_PINS = 3
"""After so many wrong PINs in a row nobody signs in with this number by phone for `LOCKED_MS`."""

LOCKED_MS = 5 * 60_000

NUMBERS_COUNTED = 10_000
"""Of how many numbers wrong PINs are counted; the one counted longest ago is forgotten first."""

PATIENCE_MS = 20_000
"""How long a phone that has been asked for keys may stay silent."""

TEXTS: Final[Mapping[str, Texts]] = {
    "number": {
        "fr": "Composez votre numéro d'agent, puis dièse.",
        "en": "Enter your agent number, then hash.",
    },
    "pin": {
        "fr": "Composez votre code secret, puis dièse.",
        "en": "Enter your PIN, then hash.",
    },
    "wrong": {"fr": "Code incorrect.", "en": "Wrong PIN."},
    "locked": {
        "fr": "Trop d'essais. Réessayez dans cinq minutes.",
        "en": "Too many attempts. Try again in five minutes.",
    },
    "signed_in": {"fr": "Vous êtes connecté.", "en": "You are signed in."},
    "signed_out": {"fr": "Vous êtes déconnecté.", "en": "You are signed out."},
    "ready": {"fr": "Vous êtes disponible.", "en": "You are ready."},
    "paused": {"fr": "Vous êtes en pause.", "en": "You are in pause."},
    "later": {
        "fr": "C'est noté. Ce sera pris en compte après l'appel.",
        "en": "Noted. It takes effect after the call.",
    },
    "qualify": {"fr": "Qualifiez d'abord l'appel.", "en": "Set a disposition for the call first."},
    "line": {
        "fr": "Votre ligne va sonner. Décrochez.",
        "en": "Your line is about to ring. Pick it up.",
    },
    "disposed": {"fr": "Qualification enregistrée.", "en": "Disposition recorded."},
    "nobody": {
        "fr": "Personne n'est connecté sur ce poste.",
        "en": "Nobody is signed in on this phone.",
    },
    "refused": {
        "fr": "Ce n'est pas possible maintenant.",
        "en": "This is not possible now.",
    },
    "unknown": {"fr": "Ce code n'existe pas.", "en": "This code does not exist."},
}
"""What is said on a phone, in the language of the configuration; it must exist as sound before."""

_NO_NUMBER = "agent:"
"""Stands before the id of an agent without a short number, who signs in on their own phone."""

_ENDS = "end"
"""`PhoneSession.asked` of a session in which nothing more is asked: it ends with the prompt."""


def phone_dialled(floor: Floor, event: PhoneDialled) -> None:
    """A phone dialled: a code of ours, or somebody."""
    if event.channel_id in floor.legs or event.channel_id in floor.let_go:
        return
    phone = event.phone
    if phone is None or not floor.is_phone(phone):
        _refuse(floor, event.channel_id)
    elif event.extension.startswith("*"):
        _begin(floor, event.channel_id, phone)
        _code(floor, event.channel_id, event.extension)
    else:
        _call(floor, event.channel_id, phone, event.extension)


def _refuse(floor: Floor, channel_id: ChannelId) -> None:
    floor.order(HangUp(NOBODYS, channel_id, CALL_REJECTED))
    floor.forget_leg(channel_id, alive=True)


def _call(floor: Floor, channel_id: ChannelId, phone: PhoneId, extension: str) -> None:
    agent_id = _signed_in_at(floor, phone)
    if agent_id is None:
        _begin(floor, channel_id, phone)
        _say(floor, channel_id, "nobody")
        return
    try:
        placing.dialled(floor, channel_id, agent_id, extension)
    except Rejected:
        _begin(floor, channel_id, phone)
        _say(floor, channel_id, "refused")


def _signed_in_at(floor: Floor, phone: PhoneId) -> AgentId | None:
    agent_id = floor.agent_at(phone)
    return agent_id if agent_id is not None and agent_id in floor.at_work else None


def _begin(floor: Floor, channel_id: ChannelId, phone: PhoneId) -> None:
    floor.phone_sessions[channel_id] = PhoneSession(channel_id, phone, _ENDS, floor.now_ms)
    floor.legs[channel_id] = (CallId(channel_id), Role.PHONE)
    floor.order(AnswerCaller(CallId(channel_id), channel_id))


def _code(floor: Floor, channel_id: ChannelId, extension: str) -> None:
    session = floor.phone_sessions[channel_id]
    code, rest = extension[:3], extension[3:]
    agent_id = _signed_in_at(floor, session.phone)
    if code == "*10":
        _sign_in(floor, session, rest)
    elif code not in ("*11", "*12", "*13", "*14"):
        _say(floor, channel_id, "unknown")
    elif agent_id is None:
        _say(floor, channel_id, "nobody")
    else:
        _say(floor, channel_id, _done(floor, agent_id, code, rest))


def _done(floor: Floor, agent_id: AgentId, code: str, rest: str) -> str:
    """Do what the code says; the key of the text that tells how it went."""
    try:
        if code == "*11":
            seating.sign_out(floor, agent_id)
            return _outcome(floor.agents[agent_id], AgentState.SIGNED_OUT)
        if code == "*12":
            seating.get_ready(floor, agent_id)
            return _outcome(floor.agents[agent_id], AgentState.READY)
        if code == "*13":
            availability.pause(floor, agent_id, _reason(floor, rest))
            return _outcome(floor.agents[agent_id], AgentState.PAUSED)
        wrapping.dispose(floor, SetDisposition(agent_id, _disposition(floor, agent_id, rest)))
    except Rejected as refusal:
        if refusal.slug == availability.DISPOSITION_MISSING:
            return "qualify"
        return "unknown" if refusal.status == 422 else "refused"
    return "disposed"


def _outcome(work: AgentWork, wanted: AgentState) -> str:
    """The key of the text for what was asked: it is so, or why it is not so yet."""
    if work.state is wanted:
        return str(wanted)
    if work.state in (AgentState.OFFERED, *availability.IN_TALK):
        return "later"
    if work.state is AgentState.WRAP_UP:
        return "qualify"
    return "line" if seating.line_rings(work) else "refused"


def _reason(floor: Floor, digit: str) -> str:
    reasons = floor.config.pause_reasons
    chosen = next((r.code for r in reasons.values() if digit and r.digit == digit), None)
    if chosen is not None:
        return chosen
    if digit:
        raise Rejected(
            "unknown-pause-reason",
            f"No pause reason has the digit {digit!r}.",
            f"Aucun motif de pause n’a la touche « {digit} ».",
            422,
        )
    return "pause" if not reasons or "pause" in reasons else next(iter(sorted(reasons)))


def _disposition(floor: Floor, agent_id: AgentId, number: str) -> str:
    work = floor.agents[agent_id]
    call = floor.calls.get(work.call_id) if work.call_id is not None else None
    queue_id = call.last_queue_id if call is not None else work.wrap_up_queue_id
    known = floor.queue(queue_id).dispositions if queue_id is not None else ()
    place = int(number) if number.isdigit() else 0
    if not 1 <= place <= len(known):
        raise Rejected(
            "unknown-disposition",
            f"There is no disposition {number!r}.",
            f"Il n’y a pas de qualification « {number} ».",
            422,
        )
    return known[place - 1].code


# ---- signing in --------------------------------------------------------------------------------


def _sign_in(floor: Floor, session: PhoneSession, number: str) -> None:
    """Ask for what is still to be known: whose number (on a seat), and the PIN."""
    owner = floor.owner_of(session.phone)
    if not number and owner is not None:
        number = floor.config.agents[owner].number or f"{_NO_NUMBER}{owner}"
    if number:
        _ask(floor, session, "pin", (number,))
    else:
        _ask(floor, session, "number", ())


def _agent_of(floor: Floor, number: str) -> AgentId | None:
    if number.startswith(_NO_NUMBER):
        return AgentId(number.removeprefix(_NO_NUMBER))
    return floor.agent_with_number(number)


def _ask(floor: Floor, session: PhoneSession, what: str, answers: tuple[str, ...]) -> None:
    session = msgspec.structs.replace(session, asked=what, digits="", answers=answers)
    floor.phone_sessions[session.channel_id] = session
    _say(floor, session.channel_id, what)
    floor.timers.set(Wake.SESSION, session.channel_id, floor.now_ms + PATIENCE_MS)


def digit(floor: Floor, event: DigitPressed) -> None:
    """A key: the prompt stops; `#` ends what is being composed."""
    session = floor.phone_sessions[event.channel_id]
    if session.asked == _ENDS:
        return
    if session.playback_id is not None:
        floor.playbacks.pop(session.playback_id, None)
        floor.order(StopPrompt(CallId(session.channel_id), session.playback_id))
        session = msgspec.structs.replace(session, playback_id=None)
    if event.digit != "#":
        session = msgspec.structs.replace(session, digits=(session.digits + event.digit)[:20])
        floor.phone_sessions[session.channel_id] = session
        floor.timers.set(Wake.SESSION, session.channel_id, floor.now_ms + PATIENCE_MS)
    elif session.asked == "number":
        floor.phone_sessions[session.channel_id] = session
        _ask(floor, session, "pin", (session.digits,))
    else:
        _check_pin(floor, session)


def _check_pin(floor: Floor, session: PhoneSession) -> None:
    number = session.answers[0]
    tries = _tries(floor, number)
    if tries >= WRONG_PINS:
        _finish(floor, session, "locked")
        return
    agent_id = _agent_of(floor, number)
    profile = floor.config.agents.get(agent_id) if agent_id is not None else None
    if profile is None or profile.pin is None or not pin_right(session.digits, profile.pin):
        _wrong_pin(floor, session, number, tries + 1)
        return
    floor.wrong_pins.pop(number, None)
    try:
        seating.sign_in(floor, SignIn(profile.id, phone=session.phone))
    except Rejected:
        _finish(floor, session, "refused")
        return
    _finish(floor, session, "signed_in")


def _tries(floor: Floor, number: str) -> int:
    """How many wrong PINs in a row count now: each counts for `LOCKED_MS` after the last."""
    known = floor.wrong_pins.get(number)
    return known.count if known is not None and floor.now_ms < known.at + LOCKED_MS else 0


def _wrong_pin(floor: Floor, session: PhoneSession, number: str, count: int) -> None:
    # By the number composed, whether it is somebody's or not: nobody learns which there are.
    floor.wrong_pins.pop(number, None)
    floor.wrong_pins[number] = PinTries(count, floor.now_ms)
    if len(floor.wrong_pins) > NUMBERS_COUNTED:
        del floor.wrong_pins[next(iter(floor.wrong_pins))]
    if count >= WRONG_PINS:
        _finish(floor, session, "locked")
    elif session.tries + 1 >= WRONG_PINS:
        _finish(floor, session, "wrong")
    else:
        again = msgspec.structs.replace(session, tries=session.tries + 1)
        _ask(floor, again, "pin", session.answers)


def _finish(floor: Floor, session: PhoneSession, text: str) -> None:
    floor.timers.cancel(Wake.SESSION, session.channel_id)
    done = msgspec.structs.replace(session, asked=_ENDS, digits="", answers=())
    floor.phone_sessions[session.channel_id] = done
    _say(floor, session.channel_id, text)


# ---- what is heard, and the end ----------------------------------------------------------------


def _say(floor: Floor, channel_id: ChannelId, text: str) -> None:
    language, words = chosen(TEXTS[text], floor.config.language)
    media = floor.flows.spoken(words, language)
    session = floor.phone_sessions[channel_id]
    if session.playback_id is not None:
        floor.playbacks.pop(session.playback_id, None)
        floor.order(StopPrompt(CallId(channel_id), session.playback_id))
    if not media:
        # Its sound is not made yet: keys are taken all the same, and what is over ends in silence.
        floor.phone_sessions[channel_id] = msgspec.structs.replace(session, playback_id=None)
        if session.asked == _ENDS:
            _let_go(floor, channel_id)
        return
    playback_id = PlaybackId(floor.new_id())
    floor.playbacks[playback_id] = CallId(channel_id)
    floor.phone_sessions[channel_id] = msgspec.structs.replace(session, playback_id=playback_id)
    floor.order(PlayPrompt(CallId(channel_id), channel_id, playback_id, media, language))


def prompt_finished(floor: Floor, channel_id: ChannelId, event: PromptFinished) -> None:
    """What was said has been heard: where nothing more is asked, that was all."""
    session = floor.phone_sessions[channel_id]
    if session.playback_id != event.playback_id:
        return
    floor.phone_sessions[channel_id] = msgspec.structs.replace(session, playback_id=None)
    if session.asked == _ENDS:
        _let_go(floor, channel_id)


def too_slow(floor: Floor, channel_id: ChannelId) -> None:
    """No key came for too long."""
    if channel_id in floor.phone_sessions:
        _let_go(floor, channel_id)


def _let_go(floor: Floor, channel_id: ChannelId) -> None:
    gone(floor, channel_id)
    floor.forget_leg(channel_id, alive=True)
    floor.order(HangUp(CallId(channel_id), channel_id))


def gone(floor: Floor, channel_id: ChannelId) -> None:
    """They hung up."""
    session = floor.phone_sessions.pop(channel_id, None)
    floor.timers.cancel(Wake.SESSION, channel_id)
    floor.forget_leg(channel_id, alive=False)
    if session is not None and session.playback_id is not None:
        floor.playbacks.pop(session.playback_id, None)
