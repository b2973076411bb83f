"""Queues: where callers wait, who serves them and how, and the thresholds of the figures."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.config import Membership
from api.auth import AsAdministrator, AsAgent, AsSupervisor, Principal
from api.changes import (
    AsTold,
    How,
    change,
    finder,
    found,
    made_of,
    save,
    saved,
    shown,
    taken_away,
)
from api.context import Context, Ctx
from api.flows import refuse_if_used
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.queue_shapes import QueueEntry
from api.shapes import Changed, Id, PathId
from store import config
from store.config_document import Configuration, with_entry, without_entry
from store.errors import NotFound
from store.rows import QueueRow

router = APIRouter(prefix="/queues", tags=["queues"])


class Queue(QueueEntry):
    """A queue as configured."""

    id: Id


class Queues(Page[Queue]):
    """A list of queues."""


class QueueSaved(Queue, Changed):
    """A queue as saved."""


@router.get("", operation_id="listQueues", summary="All queues", responses=described(401))
async def list_queues(context: Ctx, _: AsAgent, cut: AsPage) -> Queues:
    """By id."""
    async with context.engine.connect() as conn:
        rows = [shown(Queue, row) for row in await config.list_queues(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return Queues(items=page, next=after)


@router.get(
    "/{queue_id}", operation_id="getQueue", summary="One queue", responses=described(401, 404)
)
async def get_queue(context: Ctx, _: AsAgent, queue_id: PathId, response: Response) -> Queue:
    """With its ETag."""
    async with context.engine.connect() as conn:
        row = await config.get_queue(conn, queue_id)
    return shown(Queue, found(response, [row], "queues", queue_id))


@router.post(
    "",
    operation_id="createQueue",
    summary="Add a queue",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_queue(context: Ctx, who: AsAdministrator, how: AsTold, body: Queue) -> QueueSaved:
    """Flows can send callers to it at once."""
    row = made_of(QueueRow, body)
    done = await save(context, who, how, "queues", body.id, lambda _: row, new=True)
    return saved(QueueSaved, done, "queues", body.id)


@router.put(
    "/{queue_id}",
    operation_id="updateQueue",
    summary="Replace a queue",
    responses=described(401, 403, 404, 412, 422),
)
async def update_queue(
    context: Ctx, who: AsAdministrator, how: AsTold, queue_id: PathId, body: QueueEntry
) -> QueueSaved:
    """Whole: a field left out takes its default. Past figures keep the thresholds of their day."""
    row = made_of(QueueRow, body, id=queue_id)
    done = await save(context, who, how, "queues", queue_id, lambda _: row, new=False)
    return saved(QueueSaved, done, "queues", queue_id)


@router.delete(
    "/{queue_id}",
    operation_id="deleteQueue",
    summary="Remove a queue",
    responses=described(401, 403, 404, 409, 412),
)
async def delete_queue(
    context: Ctx, who: AsAdministrator, how: AsTold, queue_id: PathId
) -> Changed:
    """409 while a flow, another queue or an alert rule names it; its members lose their places.

    Its history stays.
    """

    async def edit(conn: AsyncConnection, whole: Configuration) -> Configuration:
        if queue_id not in whole.queues:
            raise NotFound("queue", queue_id)
        await refuse_if_used(conn, queue_id)
        for agent in whole.agents.values():
            places = _but(agent.queues, queue_id)
            if places != agent.queues:
                left = msgspec.structs.replace(agent, queues=places)
                whole = with_entry(whole, "agents", left)
        return without_entry(whole, "queues", queue_id)

    return (await taken_away(context, who, how, "queues", queue_id, edit)).answer


def _but(places: tuple[Membership, ...], queue_id: str) -> tuple[Membership, ...]:
    return tuple(place for place in places if place.queue != queue_id)


@router.post(
    "/{queue_id}/close",
    operation_id="closeQueue",
    summary="Close a queue now, whatever its calendar says",
    responses=described(401, 403, 404),
)
async def close_queue(context: Ctx, who: AsSupervisor, how: AsTold, queue_id: PathId) -> QueueSaved:
    """Those who wait go on waiting; who comes now is sent where `on_closed` says."""
    return await _set_closed(context, who, how, queue_id, closed=True)


@router.post(
    "/{queue_id}/open",
    operation_id="openQueue",
    summary="End a supervisor's closing of a queue",
    responses=described(401, 403, 404),
)
async def open_queue(context: Ctx, who: AsSupervisor, how: AsTold, queue_id: PathId) -> QueueSaved:
    """Its calendar counts again."""
    return await _set_closed(context, who, how, queue_id, closed=False)


async def _set_closed(
    context: Context, who: Principal, how: How, queue_id: str, *, closed: bool
) -> QueueSaved:
    async def edit(_: AsyncConnection, whole: Configuration) -> Configuration:
        if queue_id not in whole.queues:
            raise NotFound("queue", queue_id)
        row = msgspec.structs.replace(whole.queues[queue_id], closed=closed)
        return with_entry(whole, "queues", row)

    done = await change(
        context,
        who,
        how,
        "close" if closed else "open",
        f"queue:{queue_id}",
        edit,
        find=finder("queues", queue_id),
        prefix=f"/queues/{queue_id}",
    )
    return saved(QueueSaved, done, "queues", queue_id)
