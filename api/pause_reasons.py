"""Pause reasons: why agents pause, and whether that time counts as worked and paid."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acd import config as floor
from api.auth import AsAdministrator, AsAgent
from api.changes import AsTold, found, made_of, remove, save, saved, shown
from api.context import Ctx
from api.floor_shapes import PauseReasonEntry
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.shapes import Changed, Id, PathId
from store import config

router = APIRouter(prefix="/pause-reasons", tags=["agents"])


class PauseReason(PauseReasonEntry):
    """Why agents pause."""

    code: Id


class PauseReasons(Page[PauseReason]):
    """A list of pause reasons."""


class PauseReasonSaved(PauseReason, Changed):
    """Why agents pause as saved."""


@router.get(
    "", operation_id="listPauseReasons", summary="All pause reasons", responses=described(401, 403)
)
async def list_pause_reasons(context: Ctx, _: AsAgent, cut: AsPage) -> PauseReasons:
    """By code."""
    async with context.engine.connect() as conn:
        rows = [shown(PauseReason, row) for row in await config.list_pause_reasons(conn)]
    page, after = cut_from(rows, cut, lambda row: row.code)
    return PauseReasons(items=page, next=after)


@router.get(
    "/{code}",
    operation_id="getPauseReason",
    summary="One pause reason",
    responses=described(401, 403, 404),
)
async def get_pause_reason(
    context: Ctx, _: AsAgent, code: PathId, response: Response
) -> PauseReason:
    """With its ETag."""
    async with context.engine.connect() as conn:
        rows = await config.list_pause_reasons(conn)
    return shown(PauseReason, found(response, rows, "pause_reasons", code))


@router.post(
    "",
    operation_id="createPauseReason",
    summary="Add a pause reason",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_pause_reason(
    context: Ctx, who: AsAdministrator, how: AsTold, body: PauseReason
) -> PauseReasonSaved:
    """While there is none at all, agents may give any word."""
    row = made_of(floor.PauseReason, body)
    done = await save(context, who, how, "pause_reasons", body.code, lambda _: row, new=True)
    return saved(PauseReasonSaved, done, "pause_reasons", body.code)


@router.put(
    "/{code}",
    operation_id="updatePauseReason",
    summary="Replace a pause reason",
    responses=described(401, 403, 404, 412, 422),
)
async def update_pause_reason(
    context: Ctx, who: AsAdministrator, how: AsTold, code: PathId, body: PauseReasonEntry
) -> PauseReasonSaved:
    """Its code stays; pauses that were taken keep their meaning of then."""
    row = made_of(floor.PauseReason, body, code=code)
    done = await save(context, who, how, "pause_reasons", code, lambda _: row, new=False)
    return saved(PauseReasonSaved, done, "pause_reasons", code)


@router.delete(
    "/{code}",
    operation_id="deletePauseReason",
    summary="Remove a pause reason",
    responses=described(401, 403, 404, 409, 412),
)
async def delete_pause_reason(
    context: Ctx, who: AsAdministrator, how: AsTold, code: PathId
) -> Changed:
    """Pauses that were taken stay."""
    return (await remove(context, who, how, "pause_reasons", code)).answer
