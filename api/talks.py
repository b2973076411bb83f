"""The call in hand: what an agent does with it over REST, as on a telephone.

"In hand" is where the agent speaks now: in a consultation, that. Each act is answered once the
floor has decided; what becomes of it is in the live stream.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from acd.events import (
    AddNote,
    CancelConsult,
    CompleteTransfer,
    Conference,
    Consult,
    DropThird,
    HangUpTalk,
    Hold,
    LeaveConference,
    Mute,
    PlaceCall,
    PressKeys,
    Retrieve,
    SetData,
    SetDisposition,
    Swap,
    TakeBack,
    Transfer,
)
from acd.model import CallId, QueueId
from api.acts import (
    ACTS,
    Act,
    Acted,
    Acting,
    Agent,
    CallMade,
    Data,
    DataBody,
    NoteBody,
    QueueName,
    TargetBody,
    Text,
)
from api.shapes import Body

router = APIRouter(prefix="/agents/{agent_id}", tags=["call in hand"])


class SendBody(Body):
    """Where to."""

    target: TargetBody


class PlaceBody(SendBody):
    """Whom to call, and for which queue."""

    queue_id: QueueName | None = Field(
        None, description="whose wrap-up and dispositions hold; left out: none"
    )
    data: Data = Field(default={})


class DigitsBody(Body):
    """Keys to send."""

    digits: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-Da-d]{1,32}$")] = Field(
        examples=["1234#"]
    )


class TakeBackBody(Body):
    """Which call."""

    call_id: Annotated[str, Field(min_length=1, max_length=63)]


class DispositionBody(Body):
    """How the conversation is qualified."""

    code: Annotated[str, Field(min_length=1, max_length=63, examples=["sale"])]
    note: Text | None = None


async def _sent(agent: Acting, act: Act, body: SendBody) -> CallMade:
    done = await agent.ask(act, target_kind=body.target.kind, target=body.target.id)
    return CallMade(warnings=list(done.warnings), call_id=done.id)


# ---- calling -----------------------------------------------------------------------------------


@router.post(
    "/calls",
    operation_id="placeCall",
    summary="Call a colleague or a number",
    status_code=201,
    responses=ACTS,
)
async def place_call(agent: Agent, body: PlaceBody) -> CallMade:
    """The agent's own phone rings first; then the other is called."""
    queue_id = None if body.queue_id is None else QueueId(body.queue_id)
    target = body.target.target(agent.context.settings.country_code)
    return await _sent(agent, PlaceCall(agent.agent_id, target, queue_id, body.data), body)


@router.post("/call/hang-up", operation_id="hangUp", summary="End the call in hand", responses=ACTS)
async def hang_up(agent: Agent) -> Acted:
    """In a consultation: that; the customer stays on hold."""
    return await agent.acted(HangUpTalk(agent.agent_id))


# ---- hold, mute, keys --------------------------------------------------------------------------


@router.post("/call/hold", operation_id="holdCall", summary="Hold", responses=ACTS)
async def hold(agent: Agent) -> Acted:
    """The other side hears music."""
    return await agent.acted(Hold(agent.agent_id))


@router.post("/call/retrieve", operation_id="retrieveCall", summary="Retrieve", responses=ACTS)
async def retrieve(agent: Agent) -> Acted:
    """Take the other side back from hold."""
    return await agent.acted(Retrieve(agent.agent_id))


@router.post("/call/mute", operation_id="muteCall", summary="Mute", responses=ACTS)
async def mute(agent: Agent) -> Acted:
    """The agent is not heard."""
    return await agent.acted(Mute(agent.agent_id, True))


@router.post("/call/unmute", operation_id="unmuteCall", summary="Unmute", responses=ACTS)
async def unmute(agent: Agent) -> Acted:
    """The agent is heard again."""
    return await agent.acted(Mute(agent.agent_id, False))


@router.post("/call/digits", operation_id="sendDigits", summary="Send keys", responses=ACTS)
async def digits(agent: Agent, body: DigitsBody) -> Acted:
    """To the other side: an SVI, an access code. They are kept nowhere."""
    return await agent.acted(PressKeys(agent.agent_id, body.digits))


# ---- transfer, consultation, conference --------------------------------------------------------


@router.post("/call/transfer", operation_id="transferCall", summary="Transfer", responses=ACTS)
async def transfer(agent: Agent, body: SendBody) -> Acted:
    """Give the call away at once (blind)."""
    target = body.target.target(agent.context.settings.country_code)
    return await _sent(agent, Transfer(agent.agent_id, target), body)


@router.post("/call/take-back", operation_id="takeCallBack", summary="Take back", responses=ACTS)
async def take_back(agent: Agent, body: TakeBackBody) -> Acted:
    """Take back a call given away that nobody has taken yet."""
    return await agent.acted(TakeBack(agent.agent_id, CallId(body.call_id)), call=body.call_id)


@router.post("/call/consult", operation_id="consult", summary="Consult", responses=ACTS)
async def consult(agent: Agent, body: SendBody) -> CallMade:
    """Ask somebody; the customer waits with music. `call_id` is the consultation's."""
    target = body.target.target(agent.context.settings.country_code)
    return await _sent(agent, Consult(agent.agent_id, target), body)


@router.post("/call/swap", operation_id="swapCalls", summary="Swap", responses=ACTS)
async def swap(agent: Agent) -> Acted:
    """Turn to the other side: customer, or the one consulted."""
    return await agent.acted(Swap(agent.agent_id))


@router.post(
    "/call/cancel-consult",
    operation_id="cancelConsult",
    summary="End the consultation",
    responses=ACTS,
)
async def cancel_consult(agent: Agent) -> Acted:
    """Back to the customer."""
    return await agent.acted(CancelConsult(agent.agent_id))


@router.post("/call/complete", operation_id="completeTransfer", summary="Complete", responses=ACTS)
async def complete(agent: Agent) -> Acted:
    """Leave the customer with the one consulted (warm transfer)."""
    return await agent.acted(CompleteTransfer(agent.agent_id))


@router.post("/call/conference", operation_id="conference", summary="Conference", responses=ACTS)
async def conference(agent: Agent) -> Acted:
    """Customer, agent and the one consulted talk together."""
    return await agent.acted(Conference(agent.agent_id))


@router.post(
    "/call/drop-third", operation_id="dropThird", summary="Drop the third party", responses=ACTS
)
async def drop_third(agent: Agent) -> Acted:
    """Go on with the customer alone."""
    return await agent.acted(DropThird(agent.agent_id))


@router.post(
    "/call/leave-conference",
    operation_id="leaveConference",
    summary="Leave the conference",
    responses=ACTS,
)
async def leave_conference(agent: Agent) -> Acted:
    """The two others talk on."""
    return await agent.acted(LeaveConference(agent.agent_id))


# ---- what is written down ----------------------------------------------------------------------


@router.post(
    "/call/disposition", operation_id="setDisposition", summary="Qualify the call", responses=ACTS
)
async def set_disposition(agent: Agent, body: DispositionBody) -> Acted:
    """The call in hand, or in wrap-up the one just ended; a mandatory wrap-up ends with it."""
    act = SetDisposition(agent.agent_id, body.code, body.note)
    return await agent.acted(act, code=body.code)


@router.post("/call/notes", operation_id="addNote", summary="Add a note", responses=ACTS)
async def add_note(agent: Agent, body: NoteBody) -> Acted:
    """To the call in hand, or in wrap-up to the one just ended."""
    call_id = agent.call_id(wrapping_up=True)
    return await agent.acted(AddNote(call_id, body.text, agent.agent_id), call=call_id)


@router.patch("/call/data", operation_id="setData", summary="Attach words", responses=ACTS)
async def set_data(agent: Agent, body: DataBody) -> Acted:
    """They travel with the call through every transfer."""
    call_id = agent.call_id()
    return await agent.acted(SetData(call_id, body.data), call=call_id)
