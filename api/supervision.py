"""What supervisors do to agents and to calls in progress. Every act is in the audit log."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from acd import model as acd
from acd.events import (
    AddNote,
    ForceState,
    MoveCall,
    SetData,
    SetPriority,
    StopSupervising,
    Supervise,
    TakeOver,
)
from api.acts import (
    ACTS,
    Act,
    Acted,
    Acting,
    DataBody,
    NoteBody,
    OfTeam,
    QueueName,
    ask,
    must_reach_call,
)
from api.auth import AsSupervisor, Principal
from api.context import Context, Ctx
from api.problems import Problem
from api.shapes import Body, Id, PathId, no_controls

router = APIRouter(tags=["supervision"])


class StateBody(Body):
    """The state to put an agent into."""

    state: Literal["ready", "paused", "signed_out"]
    reason: Annotated[str, Field(max_length=40), AfterValidator(no_controls)] | None = Field(
        None, description="of a pause"
    )


class SupervisionMode(StrEnum):
    """How to be with a conversation; take over: in the agent's place."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    TAKE_OVER = "take_over"


class SupervisionBody(Body):
    """How, and on which phone."""

    mode: SupervisionMode = SupervisionMode.LISTEN
    phone: Id | None = Field(
        None,
        description="the phone to ring; left out: that of the supervisor's own agent",
        examples=["seat-1"],
    )


class MoveBody(Body):
    """Where to."""

    queue_id: QueueName


class PriorityBody(Body):
    """Each point is worth 60 s of waiting."""

    priority: int = Field(ge=-100, le=100, examples=[5])


# ---- agents ------------------------------------------------------------------------------------


@router.post(
    "/agents/{agent_id}/state",
    operation_id="forceState",
    summary="Force an agent's state",
    responses=ACTS,
)
async def force_state(agent: OfTeam, body: StateBody) -> Acted:
    """A call in hand is not cut: the state comes after it."""
    state = acd.AgentState(body.state)
    act = ForceState(agent.agent_id, state, agent.who.actor, body.reason)
    return await agent.acted(act, state=body.state, reason=body.reason)


@router.post(
    "/agents/{agent_id}/supervision",
    operation_id="supervise",
    summary="Listen, whisper, barge, take over",
    responses=ACTS,
)
async def supervise(agent: OfTeam, body: SupervisionBody) -> Acted:
    """The phone rings and is joined to the conversation; again with another mode: it changes.

    listen: heard by nobody; whisper: by the agent; barge: by both. take_over, once there: the
    supervisor stays with the customer, the agent is freed.
    """
    if body.mode is SupervisionMode.TAKE_OVER:
        return await agent.acted(TakeOver(agent.agent_id, agent.who.actor))
    phone = _phone(agent, body.phone)
    mode = acd.MonitorMode(body.mode.value)
    act = Supervise(agent.agent_id, agent.who.actor, phone, mode)
    return await agent.acted(act, mode=body.mode.value, phone=phone)


def _phone(agent: Acting, named: str | None) -> acd.PhoneId:
    if named is not None:
        return acd.PhoneId(named)
    own = agent.context.feed.agents.get(agent.who.agent_id or "")
    if own is None or own.phone is None:
        raise Problem(
            422,
            "no-phone",
            "Your account belongs to no agent: say on which phone to listen.",
            "Votre compte n’est celui d’aucun téléconseiller : choisissez le poste d’écoute.",
        )
    return own.phone


@router.delete(
    "/agents/{agent_id}/supervision",
    operation_id="stopSupervising",
    summary="Leave an agent's conversation",
    responses=ACTS,
)
async def stop_supervising(agent: OfTeam) -> Acted:
    """The conversation goes on."""
    return await agent.acted(StopSupervising(agent.agent_id, agent.who.actor))


# ---- calls -------------------------------------------------------------------------------------


async def _acted(
    context: Context, who: Principal, act: Act, call_id: str, **detail: str | int
) -> Acted:
    await must_reach_call(context, who, call_id)
    done = await ask(context, who, act, f"call:{call_id}", **detail)
    return Acted(warnings=list(done.warnings))


@router.post(
    "/calls/{call_id}/move", operation_id="moveCall", summary="Move a waiting call", responses=ACTS
)
async def move(context: Ctx, who: AsSupervisor, call_id: PathId, body: MoveBody) -> Acted:
    """To another queue, with its age."""
    act = MoveCall(acd.CallId(call_id), acd.QueueId(body.queue_id), who.actor)
    return await _acted(context, who, act, call_id, queue=body.queue_id)


@router.post(
    "/calls/{call_id}/priority",
    operation_id="setPriority",
    summary="Change a waiting call's priority",
    responses=ACTS,
)
async def set_priority(
    context: Ctx, who: AsSupervisor, call_id: PathId, body: PriorityBody
) -> Acted:
    """Its place changes at once."""
    act = SetPriority(acd.CallId(call_id), body.priority, who.actor)
    return await _acted(context, who, act, call_id, priority=body.priority)


@router.post(
    "/calls/{call_id}/notes",
    operation_id="addCallNote",
    summary="Add a note to a call in progress",
    responses=ACTS,
)
async def add_note(context: Ctx, who: AsSupervisor, call_id: PathId, body: NoteBody) -> Acted:
    """From a supervisor or a program."""
    agent_id = None if who.agent_id is None else acd.AgentId(who.agent_id)
    return await _acted(context, who, AddNote(acd.CallId(call_id), body.text, agent_id), call_id)


@router.patch(
    "/calls/{call_id}/data",
    operation_id="setCallData",
    summary="Attach words to a call in progress",
    responses=ACTS,
)
async def set_data(context: Ctx, who: AsSupervisor, call_id: PathId, body: DataBody) -> Acted:
    """From a supervisor or a program (the CRM's customer number, say)."""
    return await _acted(context, who, SetData(acd.CallId(call_id), body.data), call_id)
