"""Calling a customer who was lost in a queue. The list of them is read elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from acd.events import PlaceCall
from acd.model import AgentId, QueueId, Target, TargetKind
from api.acts import ACTS, CallMade, ask, must_reach, named
from api.auth import AsAgent, Principal
from api.context import Context, Ctx
from api.own_queues import must_be_seen
from api.problems import forbidden
from api.shapes import Body, PathId
from control.client import FloorAbsent, FloorRefused
from store import recall

router = APIRouter(prefix="/recall-list/{recall_id}", tags=["callbacks"])


class CallerBody(Body):
    """Who calls."""

    agent_id: Annotated[str, Field(min_length=1, max_length=63, description="`me`: oneself")] = "me"


async def _agent(context: Context, who: Principal, body: CallerBody | None) -> AgentId:
    agent_id = named(who, "me" if body is None else body.agent_id)
    if not who.may_act_for(agent_id):
        raise forbidden(
            "An agent may act only for themself.", "Un téléconseiller n’agit que pour lui-même."
        )
    await must_reach(context, who, agent_id)
    return agent_id


@router.post(
    "/call",
    operation_id="callLostCaller",
    summary="Call a lost caller",
    status_code=201,
    responses=ACTS,
)
async def call(
    context: Ctx, who: AsAgent, recall_id: PathId, body: CallerBody | None = None
) -> CallMade:
    """Claims the entry for the agent, then places the call for its queue.

    409 if another agent has it, or if it is closed. A call that the floor refuses leaves no claim
    that was not there before.
    """
    agent_id = await _agent(context, who, body)
    async with context.engine.begin() as conn:
        before = await recall.get_entry(conn, recall_id, context.now_ms())
        await must_be_seen(conn, who, before.queue_id, "recall entry", recall_id)
        entry = await recall.claim(conn, recall_id, agent_id, context.now_ms())
    act = PlaceCall(
        agent_id,
        # As the trunk showed it: an answer of the very same number closes the entry.
        Target(TargetKind.NUMBER, entry.number),
        QueueId(entry.queue_id),
        {"recall": recall_id},
    )
    try:
        done = await ask(context, who, act, f"recall:{recall_id}", agent=agent_id)
    except (FloorAbsent, FloorRefused) as error:
        maybe_done = isinstance(error, FloorAbsent) and error.maybe_done
        if not maybe_done and before.claimed_by is None:
            async with context.engine.begin() as conn:
                await recall.release(conn, recall_id, agent_id, context.now_ms())
        raise
    return CallMade(warnings=list(done.warnings), call_id=done.id)
