"""Callbacks: booking one and giving one up. What became of each is read elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from acd.events import BookCallback, CancelCallback
from acd.model import AgentId, CallId, QueueId
from api.acts import ACTS, Acted, Data, QueueName, ask, e164, must_reach, named
from api.auth import AsAgent, Principal
from api.context import Context, Ctx
from api.problems import forbidden, invalid, not_found
from api.shapes import Body, GivenInstant, Name, PathId, new_id
from store import follow_up
from store.rows import Role

router = APIRouter(prefix="/callbacks", tags=["callbacks"])

_YEAR_MS = 366 * 24 * 3600 * 1000

_PAST_MS = 120_000
"""A time so long ago still means now: clients' clocks differ, and pages choose whole minutes."""


class CallbackBody(Body):
    """Who is to be called back, by which queue, and when."""

    queue_id: QueueName
    number: Annotated[str, Field(min_length=3, max_length=40)] = Field(
        description="as +33123456789, or nationally; it is normalised to E.164",
        examples=["01 23 45 67 89"],
    )
    name: Name | None = None
    at: GivenInstant | None = Field(
        None, description="not before this instant, UTC ms, at most a year ahead; left out: now"
    )
    agent_id: Annotated[str, Field(max_length=63)] | None = Field(
        None, description="who is looked for first; `me`: oneself"
    )
    origin_id: Annotated[str, Field(max_length=63)] | None = Field(
        None, description="the call that it follows from"
    )
    data: Data = Field(default={})


class CallbackBooked(Acted):
    """A callback as booked."""

    id: str
    queue_id: str
    number: str
    at: int | None


@router.post(
    "", operation_id="bookCallback", summary="Book a callback", status_code=201, responses=ACTS
)
async def book(context: Ctx, who: AsAgent, body: CallbackBody) -> CallbackBooked:
    """It has the place of a caller who came at `at`. 409 if the number is to be called already."""
    number = e164(context, body.number, "/number")
    if body.at is not None:
        _must_be_ahead(body.at, context.now_ms())
    agent_id = None if body.agent_id is None else named(who, body.agent_id)
    if agent_id is not None and not who.may_act_for(agent_id):
        raise forbidden(
            "An agent may promise only their own callbacks.",
            "Un téléconseiller ne promet de rappels que pour lui-même.",
        )
    if agent_id is not None:
        await must_reach(context, who, agent_id)
    callback_id = CallId(new_id())
    act = BookCallback(
        id=callback_id,
        queue_id=QueueId(body.queue_id),
        number=number,
        by=who.actor,
        name=body.name,
        at=body.at,
        origin_id=None if body.origin_id is None else CallId(body.origin_id),
        agent_id=None if agent_id is None else AgentId(agent_id),
        data=body.data,
    )
    done = await ask(context, who, act, f"callback:{callback_id}", queue=body.queue_id, at=body.at)
    return CallbackBooked(
        warnings=list(done.warnings),
        id=callback_id,
        queue_id=body.queue_id,
        number=number,
        at=body.at,
    )


def _must_be_ahead(at: int, now_ms: int) -> None:
    if at < now_ms - _PAST_MS:
        raise invalid(
            "/at",
            f"{_told(at)} is past: it is {_told(now_ms)}. Leave `at` out to call back now.",
            f"{_told(at)} est passé : il est {_told(now_ms)}. Laissez l’heure vide pour "
            "rappeler maintenant.",
        )
    if at > now_ms + _YEAR_MS:
        raise invalid(
            "/at",
            f"{_told(at)} is more than a year ahead: a callback is at most a year ahead.",
            f"{_told(at)} est dans plus d’un an : un rappel se prend au plus un an à l’avance.",
        )


def _told(at: int) -> str:
    """An instant as people read it: `2026-11-29T03:45:21Z` (RFC 3339)."""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"


@router.delete(
    "/{callback_id}",
    operation_id="cancelCallback",
    summary="Give a callback up",
    responses=ACTS,
)
async def cancel(context: Ctx, who: AsAgent, callback_id: PathId) -> Acted:
    """409 once the customer has been reached. An agent: those that they booked."""
    if not who.has(Role.SUPERVISOR):
        await _must_be_own(context, who, callback_id)
    act = CancelCallback(CallId(callback_id), who.actor)
    done = await ask(context, who, act, f"callback:{callback_id}")
    return Acted(warnings=list(done.warnings))


async def _must_be_own(context: Context, who: Principal, callback_id: str) -> None:
    async with context.history() as conn:
        by = await follow_up.booked_by(conn, callback_id)
    if by != who.actor:
        raise not_found("callback", callback_id)  # as if it did not exist: ids tell nothing
