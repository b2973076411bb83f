"""Callbacks: which are to be made, and what became of each. Booking is `api/booking.py`'s."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import AsAgent
from api.context import Ctx
from api.own_queues import must_be_seen, seen_queues
from api.paging import Cursor, Limit, Number, Page, Since, Until, decode_cursor, page_of, sought
from api.problems import described
from api.shapes import Instant, Out, PathId
from store import follow_up

router = APIRouter(prefix="/callbacks", tags=["callbacks"])


class CallbackState(StrEnum):
    """What became of a callback so far."""

    BOOKED = "booked"
    WAITING = "waiting"
    DIALLING = "dialling"
    POSTPONED = "postponed"
    REFUSED = "refused"
    REACHED = "reached"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CallbackOutcome(StrEnum):
    """What came of a callback."""

    REACHED = "reached"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Callback(Out):
    """A callback; `id` is that of its own call.

    `asked_at`: when the customer wanted it; `due_at`: when it is tried next. `ended_at` and
    `outcome` are null while it is still to be made. `by` is who booked it, null: the caller.
    """

    id: str
    origin_contact_id: str | None
    queue_id: str | None
    number: str | None
    state: CallbackState
    attempts: int
    booked_at: Instant
    asked_at: Instant
    due_at: Instant
    ended_at: Instant | None
    outcome: CallbackOutcome | None
    agent_id: str | None
    by: str | None


class Callbacks(Page[Callback]):
    """A page of the list."""


@router.get(
    "", operation_id="listCallbacks", summary="Callbacks", responses=described(401, 403, 404, 422)
)
async def list_callbacks(
    context: Ctx,
    who: AsAgent,
    since: Since = None,
    until: Until = None,
    queue: str | None = None,
    state: Annotated[list[CallbackState] | None, Query(description="any of these")] = None,
    number: Number = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Callbacks:
    """By booking, newest first. An agent: those of the queues that they work for."""
    async with context.history() as conn:
        wanted = follow_up.FollowUpFilter(
            since=since,
            until=until,
            queues=await seen_queues(conn, who, queue),
            states=state,
            number=sought(context, number),
        )
        found = await follow_up.list_callbacks(
            conn, wanted, limit=limit + 1, below=decode_cursor(cursor)
        )
    page, after = page_of(found, limit, lambda row: (row.booked_at, row.id))
    return Callbacks(items=[Callback.model_validate(row) for row in page], next=after)


@router.get(
    "/{callback_id}",
    operation_id="getCallback",
    summary="One callback",
    responses=described(401, 404),
)
async def get_callback(context: Ctx, who: AsAgent, callback_id: PathId) -> Callback:
    """Its call's history is at /calls/{id}."""
    async with context.history() as conn:
        row = await follow_up.get_callback(conn, callback_id)
        await must_be_seen(conn, who, row.queue_id, "callback", callback_id)
    return Callback.model_validate(row)
