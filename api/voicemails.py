"""Voice messages: which wait to be heard, and what became of each. The audio is a recording's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.events import EndCall
from acd.model import CallId
from api.auth import AsAgent, Principal
from api.context import Context, Ctx, audit
from api.own_queues import must_be_seen, seen_queues
from api.paging import Cursor, Limit, Number, Page, Since, Until, decode_cursor, page_of, sought
from api.problems import described
from api.shapes import Instant, Out, PathId
from control.client import FloorAbsent, FloorRefused
from store import follow_up
from store.follow_up import MessageState

router = APIRouter(prefix="/voicemails", tags=["voicemails"])


class Voicemail(Out):
    """A voice message; `id` is that of the work item that it made for the queue's agents.

    Play it at /recordings/{recording_id}/audio once `duration_ms` is known. `agent_id` has taken or
    heard it; `marked_by` is who said that it is done instead.
    """

    id: str
    contact_id: str | None
    queue_id: str | None
    number: str | None
    recording_id: str | None
    duration_ms: int | None
    left_at: Instant
    state: MessageState
    agent_id: str | None
    done_at: Instant | None
    marked_by: str | None


class Voicemails(Page[Voicemail]):
    """A page of the list."""


class VoicemailDone(Voicemail):
    """A message that is done. `warnings`: why its call goes on, if it does."""

    warnings: list[str] = Field(default=[])


@router.get(
    "",
    operation_id="listVoicemails",
    summary="Voice messages",
    responses=described(401, 403, 404, 422),
)
async def list_voicemails(
    context: Ctx,
    who: AsAgent,
    since: Since = None,
    until: Until = None,
    queue: str | None = None,
    state: Annotated[list[MessageState] | None, Query(description="any of these")] = None,
    number: Number = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Voicemails:
    """Newest first. An agent: those of the queues that they work for."""
    async with context.history() as conn:
        wanted = follow_up.FollowUpFilter(
            since=since,
            until=until,
            queues=await seen_queues(conn, who, queue),
            states=state,
            number=sought(context, number),
        )
        found = await follow_up.list_messages(
            conn, wanted, limit=limit + 1, below=decode_cursor(cursor)
        )
    page, after = page_of(found, limit, lambda row: (row.left_at, row.id))
    return Voicemails(items=[Voicemail.model_validate(row) for row in page], next=after)


async def _visible(conn: AsyncConnection, who: Principal, message_id: str) -> follow_up.MessageRow:
    row = await follow_up.get_message(conn, message_id)
    await must_be_seen(conn, who, row.queue_id, "voice message", message_id)
    return row


@router.get(
    "/{voicemail_id}",
    operation_id="getVoicemail",
    summary="One voice message",
    responses=described(401, 404),
)
async def get_voicemail(context: Ctx, who: AsAgent, voicemail_id: PathId) -> Voicemail:
    """An agent: of a queue that they work for."""
    async with context.history() as conn:
        return Voicemail.model_validate(await _visible(conn, who, voicemail_id))


@router.post(
    "/{voicemail_id}/done",
    operation_id="markVoicemailDone",
    summary="Mark a voice message as done",
    responses=described(401, 404),
)
async def mark_done(context: Ctx, who: AsAgent, voicemail_id: PathId) -> VoicemailDone:
    """It waits for no agent any more; one who listens to it now is not cut off. Audited."""
    async with context.engine.begin() as conn:
        before = await _visible(conn, who, voicemail_id)
        row = await follow_up.mark_done(conn, voicemail_id, who.actor, context.now_ms())
        if before.state is not MessageState.DONE:
            await audit(conn, context, who.actor, "done", f"voicemail:{voicemail_id}")
    warnings: list[str] = []
    if before.state is MessageState.NEW:
        warnings = await _leave_queue(context, who, voicemail_id)
    return VoicemailDone(**Voicemail.model_validate(row).model_dump(), warnings=warnings)


async def _leave_queue(context: Context, who: Principal, voicemail_id: str) -> list[str]:
    """Take the work item off the floor; why that could not be, in sentences."""
    try:
        return await context.act(EndCall(CallId(voicemail_id), who.actor))
    except FloorAbsent as absent:
        return [f"Saved. {absent} An agent may still be rung for it."]
    except FloorRefused as refused:
        # It is over already: that is what was wanted.
        return [] if refused.refusal.status == 404 else [refused.refusal.detail]
