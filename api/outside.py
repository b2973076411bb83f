"""Where calls may go outside: one policy for the whole floor."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from acd import config as floor
from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, change, etag_of, made_of, shown
from api.context import Ctx
from api.floor_shapes import OutsideEntry
from api.problems import described
from api.shapes import Changed
from store import config
from store.config_document import Configuration

router = APIRouter(prefix="/outside", tags=["queues"])


class OutsideSaved(OutsideEntry, Changed):
    """The policy as saved."""


@router.get(
    "",
    operation_id="getOutside",
    summary="Where calls may go outside",
    responses=described(401, 403),
)
async def get_outside(context: Ctx, _: AsSupervisor, response: Response) -> OutsideEntry:
    """Nowhere, before anybody has said so."""
    async with context.engine.connect() as conn:
        outside = await config.read_outside(conn)
    response.headers["ETag"] = etag_of(outside)
    return shown(OutsideEntry, outside)


@router.put(
    "",
    operation_id="updateOutside",
    summary="Say where calls may go outside",
    responses=described(401, 403, 412, 422),
)
async def update_outside(
    context: Ctx, who: AsAdministrator, how: AsTold, body: OutsideEntry
) -> OutsideSaved:
    """422 if a queue sends calls to a number that would not be allowed any more."""
    outside = made_of(floor.Outside, body)

    async def edit(_: AsyncConnection, whole: Configuration) -> Configuration:
        return msgspec.structs.replace(whole, outside=outside)

    done = await change(
        context,
        who,
        how,
        "update",
        "outside",
        edit,
        find=lambda whole: whole.outside,
        prefix="/outside",
    )
    return shown(OutsideSaved, done.after.outside, **done.answer.model_dump())
