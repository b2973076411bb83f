"""What people ask, each to the room that grants or refuses it. Decides nothing itself."""

from __future__ import annotations

from typing import assert_never

from acd.agents import availability, seating, wrapping
from acd.desk import consulting, placing, supervising, talk_control, transfers
from acd.destinations import callback_schedule
from acd.events import (
    AddNote,
    AgentRequest,
    AskWrapUp,
    BookCallback,
    CancelCallback,
    CancelConsult,
    CompleteTransfer,
    Conference,
    Consult,
    DropThird,
    EndCall,
    ExtendWrapUp,
    FloorRequest,
    ForceState,
    GetReady,
    HangUpTalk,
    Hold,
    LeaveConference,
    MoveCall,
    Mute,
    Pause,
    PlaceCall,
    PressKeys,
    Retrieve,
    SetData,
    SetDisposition,
    SetPriority,
    SignIn,
    SignOut,
    StopSupervising,
    Supervise,
    Swap,
    TakeBack,
    TakeOver,
    TalkRequest,
    Transfer,
)
from acd.state.floor import Floor


def of_agent(floor: Floor, asked: AgentRequest) -> None:
    """An agent's own state, wrap-up and words. Raises Rejected."""
    match asked:
        case SignIn():
            seating.sign_in(floor, asked)
        case SignOut(agent_id=agent_id):
            seating.sign_out(floor, agent_id)
        case GetReady(agent_id=agent_id):
            seating.get_ready(floor, agent_id)
        case Pause(agent_id=agent_id, reason=reason):
            availability.pause(floor, agent_id, reason)
        case ForceState():
            supervising.force_state(floor, asked)
        case ExtendWrapUp(agent_id=agent_id):
            wrapping.extend(floor, agent_id)
        case AskWrapUp(agent_id=agent_id):
            wrapping.ask(floor, agent_id)
        case SetDisposition():
            wrapping.dispose(floor, asked)
        case AddNote():
            wrapping.note(floor, asked)
        case SetData():
            wrapping.attach(floor, asked)
        case _:
            assert_never(asked)


def of_talk(floor: Floor, asked: TalkRequest) -> None:
    """What an agent does with the call in hand. Raises Rejected."""
    match asked:
        case Hold(agent_id=agent_id):
            talk_control.hold(floor, agent_id)
        case Retrieve(agent_id=agent_id):
            talk_control.retrieve(floor, agent_id)
        case Mute(agent_id=agent_id, muted=muted):
            talk_control.mute(floor, agent_id, muted)
        case PressKeys(agent_id=agent_id, digits=digits):
            talk_control.press(floor, agent_id, digits)
        case HangUpTalk(agent_id=agent_id):
            talk_control.hang_up(floor, agent_id)
        case Transfer():
            transfers.blind(floor, asked)
        case TakeBack():
            transfers.take_back(floor, asked)
        case Consult():
            consulting.consult(floor, asked)
        case Swap(agent_id=agent_id):
            consulting.swap(floor, agent_id)
        case CancelConsult(agent_id=agent_id):
            consulting.cancel(floor, agent_id)
        case CompleteTransfer(agent_id=agent_id):
            consulting.complete(floor, agent_id)
        case Conference(agent_id=agent_id):
            consulting.conference(floor, agent_id)
        case DropThird(agent_id=agent_id):
            consulting.drop_third(floor, agent_id)
        case LeaveConference(agent_id=agent_id):
            consulting.leave_conference(floor, agent_id)
        case PlaceCall():
            placing.place(floor, asked)
        case _:
            assert_never(asked)


def of_floor(floor: Floor, asked: FloorRequest) -> None:
    """What supervisors and programs ask. Raises Rejected."""
    match asked:
        case EndCall():
            supervising.end_call(floor, asked)
        case BookCallback():
            callback_schedule.book(floor, asked)
        case CancelCallback():
            callback_schedule.cancel(floor, asked)
        case Supervise():
            supervising.supervise(floor, asked)
        case StopSupervising():
            supervising.stop(floor, asked)
        case TakeOver():
            supervising.take_over(floor, asked)
        case MoveCall():
            supervising.move(floor, asked)
        case SetPriority():
            supervising.set_priority(floor, asked)
        case _:
            assert_never(asked)
