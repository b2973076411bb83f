"""The two machines of the floor, as tables: a call's and an agent's.

Each pair of state and input is listed: where it may lead (`Goes`), why it changes nothing
(`Ignored`), why the person who asked is refused (`Refused`), or, where nothing is listed, it is
impossible. A test asserts that the tables are total in this sense and draws `docs/states.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from acd.errors import ImpossibleTransition, Rejected
from acd.model import AgentState, CallState

S = TypeVar("S", bound=StrEnum)


class CallInput(StrEnum):
    """What can happen to a call."""

    PROMPT_FINISHED = "prompt_finished"
    DIGIT_PRESSED = "digit_pressed"
    WOKEN = "woken"
    QUEUED = "queued"
    FLOW_FINISHED = "flow_finished"
    SENT = "sent"
    AGENT_FOUND = "agent_found"
    AGENT_ANSWERED = "agent_answered"
    DIALLED = "dialled"
    OUTSIDE_ANSWERED = "outside_answered"
    OFFER_FAILED = "offer_failed"
    TRANSFERRED = "transferred"
    MESSAGE_STARTED = "message_started"
    MESSAGE_ENDED = "message_ended"
    PUT_OFF = "put_off"
    CALLER_GONE = "caller_gone"
    AGENT_GONE = "agent_gone"
    HELD = "held"
    RESUMED = "resumed"
    ASKED_TO_END = "asked_to_end"
    SWITCH_FAILED = "switch_failed"


class AgentInput(StrEnum):
    """What can happen to an agent."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    GET_READY = "get_ready"
    PAUSE = "pause"
    OFFERED = "offered"
    ANSWERED = "answered"
    HELD = "held"
    RETRIEVED = "retrieved"
    CONSULTS = "consults"
    CONSULT_OVER = "consult_over"
    PLACES_CALL = "places_call"
    FORCED = "forced"
    OFFER_OVER = "offer_over"
    TALK_OVER = "talk_over"
    WRAP_UP_OVER = "wrap_up_over"
    PHONE_LOST = "phone_lost"
    PHONE_BACK = "phone_back"


class Goes(msgspec.Struct, Generic[S], frozen=True):
    """The input leads to one of these states."""

    to: tuple[S, ...]


class Ignored(msgspec.Struct, frozen=True):
    """The input changes nothing, and why that is right."""

    why: str


class Refused(msgspec.Struct, frozen=True):
    """The input is a person's request that cannot be granted now; the sentence says why."""

    why: str
    french: str


CallRow = Goes[CallState] | Ignored
AgentRow = Goes[AgentState] | Ignored | Refused

_C = CallState
_I = CallInput
_OVER = Ignored("the call is over; the event was under way when it ended")
_LATE_PROMPT = Ignored("the prompt belonged to the flow, which is over")
_LATE_TIMER = Ignored("the timer belonged to the flow, which is over")
_NO_EXIT = Ignored("no key is asked for here")


def _call(*to: CallState) -> Goes[CallState]:
    return Goes(to)


_OURS_ONLY = (
    _I.QUEUED,
    _I.SENT,
    _I.AGENT_FOUND,
    _I.FLOW_FINISHED,
    _I.DIALLED,
    _I.TRANSFERRED,
    _I.MESSAGE_STARTED,
    _I.PUT_OFF,
)
"""Inputs that the engine itself makes: not listed means that it must never make them there."""

_OWN = Ignored("keys pressed in a conversation are the parties' own")
_TWICE = Ignored("the switch told the same answer twice")
_NO_HOLD = Ignored("only a hold inside a conversation is counted")
_MOVED_ON = Ignored("the ringing it belonged to is over")
_ON_THE_WAY = (
    _C.IN_FLOW,
    _C.SCHEDULED,
    _C.WAITING,
    _C.OFFERED,
    _C.DIALLING,
    _C.TALKING,
    _C.LEAVING_MESSAGE,
)


def _same_everywhere(state: CallState) -> dict[tuple[CallState, CallInput], CallRow]:
    """What may befall a call in every state that is not the last."""
    return {
        (state, _I.PROMPT_FINISHED): _LATE_PROMPT,
        (state, _I.DIGIT_PRESSED): _NO_EXIT,
        (state, _I.WOKEN): _LATE_TIMER,
        (state, _I.HELD): _NO_HOLD,
        (state, _I.RESUMED): _NO_HOLD,
        (state, _I.AGENT_ANSWERED): _MOVED_ON,
        (state, _I.OUTSIDE_ANSWERED): _MOVED_ON,
        (state, _I.OFFER_FAILED): _MOVED_ON,
        (state, _I.AGENT_GONE): _MOVED_ON,
        (state, _I.MESSAGE_ENDED): Ignored("the recording was not a message to the queue"),
        (state, _I.CALLER_GONE): _call(_C.ENDED),
        (state, _I.ASKED_TO_END): _call(_C.ENDED),
        (state, _I.SWITCH_FAILED): _call(_C.ENDED),
    }


CALL_TABLE: Mapping[tuple[CallState, CallInput], CallRow] = {
    **{pair: row for state in _ON_THE_WAY for pair, row in _same_everywhere(state).items()},
    (_C.IN_FLOW, _I.PROMPT_FINISHED): _call(_C.IN_FLOW),
    (_C.IN_FLOW, _I.DIGIT_PRESSED): _call(_C.IN_FLOW),
    (_C.IN_FLOW, _I.WOKEN): _call(_C.IN_FLOW),
    (_C.IN_FLOW, _I.QUEUED): _call(_C.WAITING),
    (_C.IN_FLOW, _I.SENT): _call(_C.IN_FLOW),
    (_C.IN_FLOW, _I.FLOW_FINISHED): _call(_C.ENDED),
    (_C.IN_FLOW, _I.AGENT_FOUND): _call(_C.OFFERED),
    (_C.IN_FLOW, _I.DIALLED): _call(_C.DIALLING),
    (_C.IN_FLOW, _I.MESSAGE_STARTED): _call(_C.LEAVING_MESSAGE),
    (_C.SCHEDULED, _I.QUEUED): _call(_C.WAITING),
    (_C.SCHEDULED, _I.DIALLED): _call(_C.DIALLING),
    (_C.SCHEDULED, _I.PUT_OFF): _call(_C.SCHEDULED),
    (_C.WAITING, _I.QUEUED): _call(_C.WAITING),
    (_C.WAITING, _I.DIGIT_PRESSED): _call(_C.WAITING),
    (_C.WAITING, _I.SENT): _call(_C.IN_FLOW),
    (_C.WAITING, _I.AGENT_FOUND): _call(_C.OFFERED),
    (_C.WAITING, _I.DIALLED): _call(_C.DIALLING),
    (_C.WAITING, _I.MESSAGE_STARTED): _call(_C.LEAVING_MESSAGE),
    (_C.WAITING, _I.TRANSFERRED): _call(_C.OFFERED),
    (_C.WAITING, _I.PUT_OFF): _call(_C.SCHEDULED),
    (_C.OFFERED, _I.DIGIT_PRESSED): _call(_C.WAITING, _C.OFFERED),
    (_C.OFFERED, _I.QUEUED): _call(_C.WAITING),
    (_C.OFFERED, _I.AGENT_FOUND): _call(_C.OFFERED),
    (_C.OFFERED, _I.AGENT_ANSWERED): _call(_C.TALKING),
    (_C.OFFERED, _I.OFFER_FAILED): _call(_C.WAITING),
    (_C.OFFERED, _I.TRANSFERRED): _call(_C.WAITING, _C.OFFERED, _C.DIALLING, _C.TALKING),
    (_C.OFFERED, _I.DIALLED): _call(_C.DIALLING),
    (_C.OFFERED, _I.PUT_OFF): _call(_C.SCHEDULED),
    (_C.OFFERED, _I.SENT): _call(_C.IN_FLOW),
    (_C.DIALLING, _I.QUEUED): _call(_C.WAITING),
    (_C.DIALLING, _I.AGENT_FOUND): _call(_C.OFFERED),
    (_C.DIALLING, _I.AGENT_ANSWERED): _call(_C.DIALLING, _C.OFFERED),
    (_C.DIALLING, _I.DIALLED): _call(_C.DIALLING),
    (_C.DIALLING, _I.OUTSIDE_ANSWERED): _call(_C.TALKING),
    (_C.DIALLING, _I.SENT): _call(_C.IN_FLOW),
    (_C.DIALLING, _I.OFFER_FAILED): _call(
        _C.WAITING, _C.OFFERED, _C.SCHEDULED, _C.TALKING, _C.ENDED
    ),
    (_C.DIALLING, _I.TRANSFERRED): _call(_C.WAITING, _C.OFFERED, _C.DIALLING, _C.TALKING),
    (_C.DIALLING, _I.AGENT_GONE): _call(_C.SCHEDULED, _C.ENDED),
    (_C.DIALLING, _I.PUT_OFF): _call(_C.SCHEDULED),
    (_C.TALKING, _I.DIGIT_PRESSED): _OWN,
    (_C.TALKING, _I.QUEUED): _call(_C.WAITING),
    (_C.TALKING, _I.SENT): _call(_C.IN_FLOW),
    (_C.TALKING, _I.AGENT_FOUND): _call(_C.OFFERED),
    (_C.TALKING, _I.DIALLED): _call(_C.DIALLING),
    (_C.TALKING, _I.TRANSFERRED): _call(_C.WAITING, _C.OFFERED, _C.DIALLING, _C.TALKING),
    (_C.TALKING, _I.AGENT_ANSWERED): _TWICE,
    (_C.TALKING, _I.OUTSIDE_ANSWERED): _TWICE,
    (_C.TALKING, _I.AGENT_GONE): _call(_C.ENDED, _C.SCHEDULED, _C.TALKING),
    (_C.TALKING, _I.HELD): _call(_C.TALKING),
    (_C.TALKING, _I.RESUMED): _call(_C.TALKING),
    (_C.TALKING, _I.MESSAGE_STARTED): _call(_C.LEAVING_MESSAGE),
    (_C.TALKING, _I.PUT_OFF): _call(_C.SCHEDULED),
    (_C.LEAVING_MESSAGE, _I.DIGIT_PRESSED): _call(_C.LEAVING_MESSAGE),
    (_C.LEAVING_MESSAGE, _I.PROMPT_FINISHED): _call(_C.LEAVING_MESSAGE, _C.ENDED),
    (_C.LEAVING_MESSAGE, _I.MESSAGE_ENDED): _call(_C.LEAVING_MESSAGE, _C.ENDED),
    (_C.LEAVING_MESSAGE, _I.CALLER_GONE): _call(_C.LEAVING_MESSAGE, _C.ENDED),
    **{(_C.ENDED, happened): _OVER for happened in CallInput if happened not in _OURS_ONLY},
}

_A = AgentState
_J = AgentInput
_NOT_IN = Refused(
    "the agent is not signed in: sign in first",
    "le téléconseiller n’est pas connecté : connectez-le d’abord",
)
_NOTED = Ignored("noted; it counts when the present state ends")
_PENDING = Ignored("taken down; it starts when the call is over")
_ALREADY = Ignored("the agent is signed in already")
_SAME = Ignored("it is so already")


def _agent(*to: AgentState) -> Goes[AgentState]:
    return Goes(to)


_FREE = (_A.READY, _A.PAUSED, _A.SIGNED_OUT, _A.UNREACHABLE)

_IN_TALK = (_A.TALKING, _A.HOLDING, _A.CONSULTING)


def _in_talk(state: AgentState) -> dict[tuple[AgentState, AgentInput], AgentRow]:
    """What may befall an agent who is in a call, whichever way."""
    return {
        (state, _J.SIGN_IN): _ALREADY,
        (state, _J.SIGN_OUT): _PENDING,
        (state, _J.GET_READY): _PENDING,
        (state, _J.PAUSE): _PENDING,
        (state, _J.FORCED): _PENDING,
        (state, _J.ANSWERED): _agent(_A.TALKING),
        (state, _J.HELD): _agent(_A.HOLDING),
        (state, _J.RETRIEVED): _agent(_A.TALKING),
        (state, _J.CONSULTS): _agent(_A.CONSULTING),
        (state, _J.CONSULT_OVER): _agent(_A.TALKING, _A.HOLDING),
        (state, _J.TALK_OVER): _agent(_A.WRAP_UP, *_FREE, _A.NOT_RESPONDING),
        (state, _J.PHONE_LOST): _NOTED,
        (state, _J.PHONE_BACK): _NOTED,
    }


AGENT_TABLE: Mapping[tuple[AgentState, AgentInput], AgentRow] = {
    (_A.SIGNED_OUT, _J.FORCED): Refused(
        "the agent is not signed in: only they can sign in",
        "le téléconseiller n’est pas connecté : lui seul peut se connecter",
    ),
    (_A.SIGNED_OUT, _J.SIGN_IN): _agent(_A.READY, _A.PAUSED, _A.UNREACHABLE),
    (_A.SIGNED_OUT, _J.SIGN_OUT): _SAME,
    (_A.SIGNED_OUT, _J.GET_READY): _NOT_IN,
    (_A.SIGNED_OUT, _J.PAUSE): _NOT_IN,
    (_A.SIGNED_OUT, _J.PHONE_LOST): _NOTED,
    (_A.SIGNED_OUT, _J.PHONE_BACK): _NOTED,
    (_A.READY, _J.FORCED): _agent(*_FREE),
    (_A.READY, _J.PLACES_CALL): _agent(_A.TALKING),
    (_A.READY, _J.SIGN_IN): _ALREADY,
    (_A.READY, _J.SIGN_OUT): _agent(_A.SIGNED_OUT),
    (_A.READY, _J.GET_READY): _SAME,
    (_A.READY, _J.PAUSE): _agent(_A.PAUSED),
    (_A.READY, _J.OFFERED): _agent(_A.OFFERED),
    (_A.READY, _J.PHONE_LOST): _agent(_A.UNREACHABLE),
    (_A.READY, _J.PHONE_BACK): _SAME,
    (_A.OFFERED, _J.FORCED): _PENDING,
    (_A.OFFERED, _J.SIGN_IN): _ALREADY,
    (_A.OFFERED, _J.SIGN_OUT): _PENDING,
    (_A.OFFERED, _J.GET_READY): _PENDING,
    (_A.OFFERED, _J.PAUSE): _PENDING,
    (_A.OFFERED, _J.ANSWERED): _agent(_A.TALKING),
    (_A.OFFERED, _J.OFFER_OVER): _agent(*_FREE, _A.NOT_RESPONDING),
    (_A.OFFERED, _J.PHONE_LOST): _NOTED,
    (_A.OFFERED, _J.PHONE_BACK): _NOTED,
    **{pair: row for state in _IN_TALK for pair, row in _in_talk(state).items()},
    (_A.WRAP_UP, _J.FORCED): _agent(*_FREE),
    (_A.WRAP_UP, _J.PLACES_CALL): _agent(_A.TALKING),
    (_A.WRAP_UP, _J.SIGN_IN): _ALREADY,
    (_A.WRAP_UP, _J.SIGN_OUT): _agent(_A.SIGNED_OUT),
    (_A.WRAP_UP, _J.GET_READY): _agent(_A.READY, _A.UNREACHABLE),
    (_A.WRAP_UP, _J.PAUSE): _agent(_A.PAUSED),
    (_A.WRAP_UP, _J.WRAP_UP_OVER): _agent(*_FREE),
    (_A.WRAP_UP, _J.PHONE_LOST): _NOTED,
    (_A.WRAP_UP, _J.PHONE_BACK): _NOTED,
    (_A.PAUSED, _J.FORCED): _agent(*_FREE),
    (_A.PAUSED, _J.PLACES_CALL): _agent(_A.TALKING),
    (_A.PAUSED, _J.SIGN_IN): _ALREADY,
    (_A.PAUSED, _J.SIGN_OUT): _agent(_A.SIGNED_OUT),
    (_A.PAUSED, _J.GET_READY): _agent(_A.READY, _A.UNREACHABLE),
    (_A.PAUSED, _J.PAUSE): _agent(_A.PAUSED),
    (_A.PAUSED, _J.PHONE_LOST): _NOTED,
    (_A.PAUSED, _J.PHONE_BACK): _NOTED,
    (_A.NOT_RESPONDING, _J.FORCED): _agent(*_FREE),
    (_A.NOT_RESPONDING, _J.PLACES_CALL): _agent(_A.TALKING),
    (_A.NOT_RESPONDING, _J.SIGN_IN): _ALREADY,
    (_A.NOT_RESPONDING, _J.SIGN_OUT): _agent(_A.SIGNED_OUT),
    (_A.NOT_RESPONDING, _J.GET_READY): _agent(_A.READY, _A.UNREACHABLE),
    (_A.NOT_RESPONDING, _J.PAUSE): _agent(_A.PAUSED),
    (_A.NOT_RESPONDING, _J.PHONE_LOST): _NOTED,
    (_A.NOT_RESPONDING, _J.PHONE_BACK): _NOTED,
    (_A.UNREACHABLE, _J.FORCED): _agent(*_FREE),
    (_A.UNREACHABLE, _J.SIGN_IN): _ALREADY,
    (_A.UNREACHABLE, _J.SIGN_OUT): _agent(_A.SIGNED_OUT),
    (_A.UNREACHABLE, _J.GET_READY): Refused(
        "the agent's phone is not registered: start the phone; the agent is ready as soon as it is",
        "le téléphone n’est pas enregistré : démarrez-le ; le téléconseiller sera alors disponible",
    ),
    (_A.UNREACHABLE, _J.PAUSE): _agent(_A.PAUSED),
    (_A.UNREACHABLE, _J.PHONE_LOST): _SAME,
    (_A.UNREACHABLE, _J.PHONE_BACK): _agent(_A.READY, _A.UNREACHABLE),
}


def call_goes(state: CallState, happened: CallInput, to: CallState | None = None) -> bool:
    """Whether `happened` moves a call in `state` (to `to`, where it is given).

    False: it is to be ignored. Raises ImpossibleTransition if it cannot happen there, or if `to`
    is not where it leads.
    """
    row = CALL_TABLE.get((state, happened))
    if isinstance(row, Ignored):
        return False
    if row is None or (to is not None and to not in row.to):
        raise ImpossibleTransition("call", state, happened)
    return True


def agent_goes(state: AgentState, happened: AgentInput, to: AgentState | None = None) -> bool:
    """Whether `happened` moves an agent in `state` (to `to`, where it is given).

    False: it is to be ignored, or only taken down. Raises Rejected where a person's request is
    refused, ImpossibleTransition if it cannot happen there.
    """
    row = AGENT_TABLE.get((state, happened))
    if isinstance(row, Ignored):
        return False
    if isinstance(row, Refused):
        raise Rejected("not-now", row.why, row.french)
    if row is None or (to is not None and to not in row.to):
        raise ImpossibleTransition("agent", state, happened)
    return True
