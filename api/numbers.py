"""Numbers: which flow a dialled number (DNIS) leads to."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, found, made_of, remove, save, saved, shown
from api.context import Ctx
from api.floor_shapes import NumberEntry
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.shapes import Changed, Dnis, PathId
from store import config
from store.config_document import NumberEntry as Row

router = APIRouter(prefix="/numbers", tags=["numbers"])


class Number(NumberEntry):
    """A number."""

    dnis: Dnis


class Numbers(Page[Number]):
    """A list of numbers."""


class NumberSaved(Number, Changed):
    """A number as saved."""


@router.get("", operation_id="listNumbers", summary="All numbers", responses=described(401, 403))
async def list_numbers(context: Ctx, _: AsSupervisor, cut: AsPage) -> Numbers:
    """By the digits."""
    async with context.engine.connect() as conn:
        rows = await config.list_numbers(conn)
    numbers = [Number(dnis=row.dnis, flow=row.flow_id, name=row.name) for row in rows]
    page, after = cut_from(numbers, cut, lambda row: row.dnis)
    return Numbers(items=page, next=after)


@router.get(
    "/{dnis}", operation_id="getNumber", summary="One number", responses=described(401, 403, 404)
)
async def get_number(context: Ctx, _: AsSupervisor, dnis: PathId, response: Response) -> Number:
    """With its ETag."""
    async with context.engine.connect() as conn:
        row = await config.get_number(conn, dnis)
    entry = Row(row.dnis, row.flow_id, row.name)
    return shown(Number, found(response, [entry], "numbers", dnis))


@router.post(
    "",
    operation_id="createNumber",
    summary="Lead a number to a flow",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_number(
    context: Ctx, who: AsAdministrator, how: AsTold, body: Number
) -> NumberSaved:
    """The next caller of this number enters the flow."""
    row = made_of(Row, body)
    done = await save(context, who, how, "numbers", body.dnis, lambda _: row, new=True)
    return saved(NumberSaved, done, "numbers", body.dnis)


@router.put(
    "/{dnis}",
    operation_id="updateNumber",
    summary="Lead a number elsewhere",
    responses=described(401, 403, 404, 412, 422),
)
async def update_number(
    context: Ctx, who: AsAdministrator, how: AsTold, dnis: PathId, body: NumberEntry
) -> NumberSaved:
    """Callers who are in the old flow stay in it."""
    row = made_of(Row, body, dnis=dnis)
    done = await save(context, who, how, "numbers", dnis, lambda _: row, new=False)
    return saved(NumberSaved, done, "numbers", dnis)


@router.delete(
    "/{dnis}",
    operation_id="deleteNumber",
    summary="Take a number away",
    responses=described(401, 403, 404, 412),
)
async def delete_number(context: Ctx, who: AsAdministrator, how: AsTold, dnis: PathId) -> Changed:
    """Its callers are rejected from now on."""
    return (await remove(context, who, how, "numbers", dnis)).answer
