"""Recordings: listing them, and their audio with ranges, so that a player can seek."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import AsAgent, Principal, only_own
from api.context import Ctx, audit
from api.documents import BYTES
from api.own_queues import own_queues
from api.paging import Cursor, Limit, Page, Since, Until, decode_cursor, page_of
from api.problems import Problem, described, not_found
from api.shapes import Instant, Out, PathId
from store import follow_up, queries

WAV: Final = "audio/wav"
router = APIRouter(prefix="/recordings", tags=["recordings"])


class RecordingState(StrEnum):
    """Whether there is audio."""

    STARTED = "started"
    KEPT = "kept"
    LOST = "lost"


class Recording(Out):
    """A recording; only one that is `kept` has audio.

    `fault` is why it may not hold all that was said (the switch reported a failure, or there is
    much less audio than there was time); null: nothing speaks against it.
    """

    id: str
    contact_id: str
    agent_id: str | None
    queue_id: str | None
    started_at: Instant | None
    state: RecordingState
    size_bytes: int | None
    duration_ms: int | None
    sha256: str | None
    lost_reason: str | None
    fault: str | None


class Recordings(Page[Recording]):
    """A page of the list."""


@router.get(
    "", operation_id="listRecordings", summary="Recordings", responses=described(401, 403, 422)
)
async def list_recordings(
    context: Ctx,
    who: AsAgent,
    call: str | None = None,
    queue: str | None = None,
    agent: str | None = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Recordings:
    """Newest first. An agent: their own conversations."""
    async with context.history() as conn:
        found = await queries.list_recordings(
            conn,
            call_id=call,
            queue_id=queue,
            agent_id=only_own(who, agent, "recordings"),
            since=since,
            until=until,
            limit=limit + 1,
            below=decode_cursor(cursor),
        )
    page, after = page_of(found, limit, lambda row: (row.started_at, row.id))
    return Recordings(items=[Recording.model_validate(row) for row in page], next=after)


async def _visible(context: Ctx, who: Principal, recording_id: str) -> queries.RecordingRow:
    async with context.history() as conn:
        row = await queries.get_recording(conn, recording_id)
        if not who.may_act_for(row.agent_id) and not await _is_own_message(conn, who, row):
            raise not_found("recording", recording_id)
    return row


async def _is_own_message(conn: AsyncConnection, who: Principal, row: queries.RecordingRow) -> bool:
    """Whether this is a voice message for a queue that the agent works for."""
    if row.agent_id is not None or row.queue_id not in (await own_queues(conn, who) or ()):
        return False
    return any(
        message.recording_id == row.id
        for message in await follow_up.messages_of(conn, row.contact_id)
    )


@router.get(
    "/{recording_id}",
    operation_id="getRecording",
    summary="One recording",
    responses=described(401, 404),
)
async def get_recording(context: Ctx, who: AsAgent, recording_id: PathId) -> Recording:
    """Its size, duration and SHA-256."""
    return Recording.model_validate(await _visible(context, who, recording_id))


_AUDIO: Final = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (WAV, BYTES)}


@router.get(
    "/{recording_id}/audio",
    operation_id="playRecording",
    summary="The audio (WAV), whole or by ranges",
    response_class=FileResponse,
    responses={
        200: {"content": _AUDIO, "description": "The audio"},
        206: {"content": _AUDIO, "description": "A range of it"},
        **described(401, 404, 409, 410),
    },
)
async def play_recording(
    context: Ctx, who: AsAgent, recording_id: PathId, request: Request
) -> FileResponse:
    """404: no such recording; 409: still being made; 410: lost, or its file is gone. Audited."""
    row = await _visible(context, who, recording_id)
    if row.state == "started":
        detail = "This conversation is still being recorded."
        french = "Cette conversation est encore en cours d’enregistrement."
        raise Problem(409, "recording-unfinished", detail, french)
    if row.state == "lost" or row.path is None:
        detail = f"There is no audio: {row.lost_reason or 'unknown'}."
        raise Problem(410, "recording-lost", detail, "Il n’y a pas de son à écouter.")
    file = _inside(context.settings.recordings, row.path)
    if file is None:
        detail = "The file of this recording is not there any more."
        french = "Le fichier de cet enregistrement n’est plus là."
        raise Problem(410, "recording-gone", detail, french)
    async with context.engine.begin() as conn:
        await audit(conn, context, who.actor, "play", f"recording:{recording_id}")
    return FileResponse(
        file,
        media_type=BYTES if request.headers.get("accept") == BYTES else WAV,
        filename=f"{recording_id}.wav",
        content_disposition_type="inline",
        headers={"cache-control": "private, no-store"},
    )


def _inside(folder: Path, relative: str) -> Path | None:
    """The file, None if it does not exist or would lie outside the folder."""
    root = folder.resolve()
    file = (root / relative).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None
