"""What became of a command, for who watches a floor. Decides nothing about calls.

A call's legs end when people hang up: a command that comes a moment too late finds nothing there,
and all is well. Such ends are told apart here from what somebody must look at.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from acd.commands import (
    AnswerCaller,
    Command,
    DestroyBridge,
    DialOutside,
    FetchLine,
    HangUp,
    IndicateRinging,
    JoinBridge,
    LeaveBridge,
    MuteLeg,
    PlayPrompt,
    ProbePhone,
    RingAgent,
    SendDigits,
    ShowCaller,
    StartMusic,
    StartRinging,
    StopMusic,
    StopPrompt,
    StopRecording,
    StopRinging,
)
from ari.errors import (
    AriError,
    BadRequest,
    Conflict,
    Gone,
    NotAcceptable,
    OutcomeUnknown,
    Replaced,
    ServerFault,
    Unavailable,
    Unprocessable,
)


class CommandOutcome(StrEnum):
    """`done`; `gone`: what it was about had just ended; `refused`: a phone or a line could not be
    rung; `unknown`: the switch was away or did not answer; `fault`: somebody must look at it.
    """

    DONE = "done"
    GONE = "gone"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    FAULT = "fault"


_ON_A_LEG: Final = (
    AnswerCaller,
    IndicateRinging,
    MuteLeg,
    PlayPrompt,
    SendDigits,
    ShowCaller,
    StartMusic,
    StartRinging,
)
"""A leg that is hanging up has left our application (409) or is in no state for these (412)."""

_LETS_GO: Final = (
    DestroyBridge,
    HangUp,
    LeaveBridge,
    StopMusic,
    StopPrompt,
    StopRecording,
    StopRinging,
)
"""What is over already cannot be ended."""


def outcome_of(command: Command, error: AriError) -> CommandOutcome:
    """What a command came to that was not carried out.

    The statuses are those of Asterisk's ARI: `addChannel` and `removeChannel` answer 400 `Channel
    not found` and 422 where a leg has gone, an originate to a phone that is not there 500.
    """
    match error:
        case Gone():
            return CommandOutcome.GONE
        case OutcomeUnknown() | Unavailable() | Replaced():
            return CommandOutcome.UNKNOWN
        case ServerFault() | BadRequest() if isinstance(
            command, RingAgent | DialOutside | ProbePhone
        ):
            return CommandOutcome.REFUSED
        case Conflict() | NotAcceptable() | Unprocessable() if isinstance(
            command, _ON_A_LEG + _LETS_GO
        ):
            return CommandOutcome.GONE
        case Unprocessable() if isinstance(command, JoinBridge | FetchLine):
            return CommandOutcome.GONE
        case BadRequest() if isinstance(command, JoinBridge | FetchLine | LeaveBridge):
            gone = "not found" in str(error).lower()
            return CommandOutcome.GONE if gone else CommandOutcome.FAULT
        case _:
            return CommandOutcome.FAULT
