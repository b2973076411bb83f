"""Queues: where callers wait, which skills they need, and the thresholds of the figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from acd.model import QueueId
from api.auth import AsAdministrator, AsAgent
from api.context import Ctx, audit
from api.flows import refuse_if_used
from api.problems import described
from api.shapes import Body, Id, Name, Out, PathId, Saved, SkillLevel, SkillLevels, to_levels
from store import config
from store.rows import QueueRow

router = APIRouter(prefix="/queues", tags=["queues"])

Music = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class QueueChange(Body):
    """A queue but for its id. Durations in seconds."""

    name: Name
    required: SkillLevels = Field(default=[], description="an agent is fit who has all of these")
    ring_s: int = Field(20, ge=3, le=300, description="how long an agent's phone rings")
    wrap_up_s: int = Field(0, ge=0, le=3600, description="after-call work (post-appel)")
    service_level_s: int = Field(20, ge=1, le=3600, description="threshold of the service level")
    short_abandon_s: int = Field(5, ge=0, le=600, description="abandons up to this are short")
    recorded: bool = True
    music: Music = "default"
    priority: int = Field(0, ge=-100, le=100, description="each point is worth 60 s of waiting")
    rona_limit: int = Field(2, ge=1, le=10, description="calls let ring before not responding")
    target_answer_ratio: float = Field(0.8, ge=0, le=1, description="target of the QS linéaire")


class QueueNew(QueueChange):
    """A new queue."""

    id: Id


class Queue(Out):
    """A queue as configured."""

    id: str
    name: str
    required: list[SkillLevel]
    ring_s: int
    wrap_up_s: int
    service_level_s: int
    short_abandon_s: int
    recorded: bool
    music: str
    priority: int
    rona_limit: int
    target_answer_ratio: float


class QueueSaved(Queue, Saved):
    """A queue as saved."""


def _row(queue_id: str, body: QueueChange) -> QueueRow:
    return QueueRow(
        id=QueueId(queue_id),
        required=to_levels(body.required),
        **body.model_dump(exclude={"required", "id"}),
    )


def _saved(row: QueueRow, warnings: list[str]) -> QueueSaved:
    return QueueSaved(**Queue.model_validate(row).model_dump(), warnings=warnings)


@router.get("", operation_id="listQueues", summary="All queues", responses=described(401))
async def list_queues(context: Ctx, _: AsAgent) -> list[Queue]:
    """By id."""
    async with context.engine.connect() as conn:
        return [Queue.model_validate(row) for row in await config.list_queues(conn)]


@router.get(
    "/{queue_id}", operation_id="getQueue", summary="One queue", responses=described(401, 404)
)
async def get_queue(context: Ctx, _: AsAgent, queue_id: PathId) -> Queue:
    """One queue."""
    async with context.engine.connect() as conn:
        return Queue.model_validate(await config.get_queue(conn, queue_id))


@router.post(
    "",
    operation_id="createQueue",
    summary="Add a queue",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_queue(context: Ctx, who: AsAdministrator, body: QueueNew) -> QueueSaved:
    """Flows can send callers to it at once."""
    async with context.engine.begin() as conn:
        row = await config.create_queue(conn, _row(body.id, body))
        await audit(conn, context, who.actor, "create", f"queue:{row.id}", body.model_dump())
    return _saved(row, await context.reload())


@router.put(
    "/{queue_id}",
    operation_id="updateQueue",
    summary="Replace a queue",
    responses=described(401, 403, 404, 422),
)
async def update_queue(
    context: Ctx, who: AsAdministrator, queue_id: PathId, body: QueueChange
) -> QueueSaved:
    """Whole: a field left out takes its default. Past figures keep the thresholds of their day."""
    async with context.engine.begin() as conn:
        row = await config.update_queue(conn, _row(queue_id, body))
        await audit(conn, context, who.actor, "update", f"queue:{row.id}", body.model_dump())
    return _saved(row, await context.reload())


@router.delete(
    "/{queue_id}",
    operation_id="deleteQueue",
    summary="Remove a queue",
    responses=described(401, 403, 404, 409),
)
async def delete_queue(context: Ctx, who: AsAdministrator, queue_id: PathId) -> Saved:
    """409 while the newest version of a flow sends callers to it. Its history stays."""
    async with context.engine.begin() as conn:
        await config.get_queue(conn, queue_id)
        await refuse_if_used(conn, queue_id)
        await config.delete_queue(conn, queue_id)
        await audit(conn, context, who.actor, "delete", f"queue:{queue_id}")
    return Saved(warnings=await context.reload())
