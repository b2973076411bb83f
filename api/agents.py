"""What agents do about their own state: work, pause, wrap-up. Who they are: `api.agent_config`.

Calls in hand are in `api.talks`, what supervisors do to agents in `api.supervision`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from acd.events import AskWrapUp, ExtendWrapUp, GetReady, Pause, SignIn, SignOut
from acd.model import PhoneId
from api.acts import ACTS, Acted, Agent
from api.shapes import Body, Id, no_controls

router = APIRouter(prefix="/agents/{agent_id}", tags=["agents"])


class SignInBody(Body):
    """How to begin."""

    ready: bool = Field(True, description="false begins in pause")
    phone: Id | None = Field(
        None, description="where they sit; left out: their own", examples=["seat-12"]
    )
    connected: bool = Field(
        False, description="keep a leg to that phone up: calls come without ringing"
    )


class PauseBody(Body):
    """Why."""

    reason: Annotated[
        str, Field(min_length=1, max_length=40, examples=["lunch"]), AfterValidator(no_controls)
    ] = "pause"


@router.post("/sign-in", operation_id="signInAgent", summary="Start work", responses=ACTS)
async def sign_in_agent(agent: Agent, body: SignInBody | None = None) -> Acted:
    """Ready at once, or in pause; on any phone where nobody else is signed in."""
    body = body or SignInBody.model_validate({})
    phone = None if body.phone is None else PhoneId(body.phone)
    return await agent.acted(
        SignIn(agent.agent_id, body.ready, phone, body.connected), phone=body.phone
    )


@router.post("/sign-out", operation_id="signOutAgent", summary="End work", responses=ACTS)
async def sign_out_agent(agent: Agent) -> Acted:
    """During a call: after it."""
    return await agent.acted(SignOut(agent.agent_id))


@router.post("/ready", operation_id="readyAgent", summary="Take calls", responses=ACTS)
async def ready_agent(agent: Agent) -> Acted:
    """Ends pause, wrap-up or not responding."""
    return await agent.acted(GetReady(agent.agent_id))


@router.post("/pause", operation_id="pauseAgent", summary="Take no calls", responses=ACTS)
async def pause_agent(agent: Agent, body: PauseBody | None = None) -> Acted:
    """During a call: after it. `reason` is one of `GET /pause-reasons` where there are any."""
    reason = "pause" if body is None else body.reason
    return await agent.acted(Pause(agent.agent_id, reason), reason=reason)


@router.post("/wrap-up", operation_id="askWrapUp", summary="Ask for wrap-up", responses=ACTS)
async def ask_wrap_up(agent: Agent) -> Acted:
    """During a call of a queue that leaves it open: wrap-up follows this call."""
    return await agent.acted(AskWrapUp(agent.agent_id))


@router.post(
    "/wrap-up/extend", operation_id="extendWrapUp", summary="More wrap-up time", responses=ACTS
)
async def extend_wrap_up(agent: Agent) -> Acted:
    """Once, by as much as the queue allows."""
    return await agent.acted(ExtendWrapUp(agent.agent_id))
