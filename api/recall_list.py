"""The recall list: callers who were lost in a queue, until somebody has spoken to them.

Who takes an entry claims it for a quarter of an hour; calling from it is `api/recalling.py`'s.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.acts import named
from api.auth import AsAgent, Principal
from api.context import Ctx, audit
from api.own_queues import must_be_seen, seen_queues
from api.paging import Cursor, Limit, Number, Page, Until, decode_cursor, page_of, sought
from api.problems import described
from api.shapes import Body, GivenInstant, Instant, Out, PathId
from store import recall
from store.recall import RecallResult, RecallState
from store.rows import Role

router = APIRouter(prefix="/recall-list", tags=["callbacks"])

_RECENT_MS: Final = 30 * 86_400_000


class RecallEntry(Out):
    """A number that was lost in a queue: `losses` times from `lost_at` to `last_lost_at`.

    `attempts` counts the calls that agents made to it since. `closed_at` is null while there is
    something to do; `claimed_by` is an agent while the claim holds.
    """

    id: str
    contact_id: str
    queue_id: str
    number: str
    state: RecallState
    lost_at: Instant
    last_lost_at: Instant
    losses: int
    attempts: int
    claimed_by: str | None
    claimed_until: Instant | None
    closed_at: Instant | None
    resolved_by_contact_id: str | None
    done_by: str | None
    result: RecallResult | None


class RecallList(Page[RecallEntry]):
    """A page of the list."""


class DoneBody(Body):
    """What came of it."""

    result: RecallResult = Field(examples=["reached"])


@router.get(
    "",
    operation_id="listRecalls",
    summary="Lost callers to call back",
    responses=described(401, 403, 404, 422),
)
async def list_recalls(
    context: Ctx,
    who: AsAgent,
    since: Annotated[
        GivenInstant | None,
        Query(description="lost from then on, UTC ms; left out: 30 days"),
    ] = None,
    until: Until = None,
    queue: str | None = None,
    state: Annotated[
        list[RecallState] | None, Query(description="any of these; left out: open and claimed")
    ] = None,
    number: Number = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> RecallList:
    """Longest lost first. An agent: those of the queues that they work for."""
    now_ms = context.now_ms()
    async with context.history() as conn:
        wanted = recall.RecallFilter(
            since=now_ms - _RECENT_MS if since is None else since,
            until=until,
            states=recall.TO_DO if state is None else state,
            queues=await seen_queues(conn, who, queue),
            number=sought(context, number),
        )
        found = await recall.list_entries(
            conn, wanted, now_ms, limit=limit + 1, after=decode_cursor(cursor)
        )
    page, after = page_of(found, limit, lambda row: (row.lost_at, row.id))
    return RecallList(items=[RecallEntry.model_validate(row) for row in page], next=after)


async def _visible(conn: AsyncConnection, who: Principal, recall_id: str, now_ms: int) -> None:
    entry = await recall.get_entry(conn, recall_id, now_ms)
    await must_be_seen(conn, who, entry.queue_id, "recall entry", recall_id)


@router.post(
    "/{recall_id}/claim",
    operation_id="claimRecall",
    summary="Claim a lost caller",
    responses=described(401, 403, 404, 409),
)
async def claim(context: Ctx, who: AsAgent, recall_id: PathId) -> RecallEntry:
    """For one's own agent, for 15 minutes; again: 15 more. 409: another has it, or it is closed."""
    agent_id, now_ms = named(who, "me"), context.now_ms()
    async with context.engine.begin() as conn:
        await _visible(conn, who, recall_id, now_ms)
        return RecallEntry.model_validate(await recall.claim(conn, recall_id, agent_id, now_ms))


def _claimant(who: Principal) -> str | None:
    """Whose claim may be undone: a supervisor's word counts over anybody's."""
    return None if who.has(Role.SUPERVISOR) else named(who, "me")


@router.post(
    "/{recall_id}/release",
    operation_id="releaseRecall",
    summary="Give a lost caller back",
    responses=described(401, 403, 404, 409),
)
async def release(context: Ctx, who: AsAgent, recall_id: PathId) -> RecallEntry:
    """One's own claim; a supervisor: anybody's. Harmless where there is none."""
    now_ms = context.now_ms()
    async with context.engine.begin() as conn:
        await _visible(conn, who, recall_id, now_ms)
        entry = await recall.release(conn, recall_id, _claimant(who), now_ms)
    return RecallEntry.model_validate(entry)


@router.post(
    "/{recall_id}/done",
    operation_id="finishRecall",
    summary="Close a lost caller's entry",
    responses=described(401, 403, 404, 409, 422),
)
async def done(context: Ctx, who: AsAgent, recall_id: PathId, body: DoneBody) -> RecallEntry:
    """409 if another agent has it or it is closed. A later loss opens a new entry. Audited."""
    now_ms = context.now_ms()
    async with context.engine.begin() as conn:
        await _visible(conn, who, recall_id, now_ms)
        entry = await recall.finish(conn, recall_id, _claimant(who), body.result, who.actor, now_ms)
        detail: dict[str, object] = {"result": body.result.value}
        await audit(conn, context, who.actor, "done", f"recall:{recall_id}", detail)
    return RecallEntry.model_validate(entry)
