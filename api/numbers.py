"""Numbers: which flow a dialled number (DNIS) leads to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from acd.model import FlowId
from api.auth import AsAdministrator, AsSupervisor
from api.context import Ctx, audit
from api.problems import described
from api.shapes import Body, Dnis, Id, Out, PathId, Saved, no_controls
from store import config
from store.rows import NumberRow

router = APIRouter(prefix="/numbers", tags=["numbers"])


class NumberChange(Body):
    """Where a number leads."""

    flow: Id
    name: Annotated[str, Field(max_length=100), AfterValidator(no_controls)] = ""


class NumberNew(NumberChange):
    """A new number."""

    dnis: Dnis


class Number(Out):
    """A number."""

    dnis: str
    flow: str
    name: str


class NumberSaved(Number, Saved):
    """A number as saved."""


def _out(row: NumberRow) -> Number:
    return Number(dnis=row.dnis, flow=row.flow_id, name=row.name)


def _saved(row: NumberRow, warnings: list[str]) -> NumberSaved:
    return NumberSaved(dnis=row.dnis, flow=row.flow_id, name=row.name, warnings=warnings)


@router.get("", operation_id="listNumbers", summary="All numbers", responses=described(401, 403))
async def list_numbers(context: Ctx, _: AsSupervisor) -> list[Number]:
    """By the digits."""
    async with context.engine.connect() as conn:
        return [_out(row) for row in await config.list_numbers(conn)]


@router.get(
    "/{dnis}", operation_id="getNumber", summary="One number", responses=described(401, 403, 404)
)
async def get_number(context: Ctx, _: AsSupervisor, dnis: PathId) -> Number:
    """One number."""
    async with context.engine.connect() as conn:
        return _out(await config.get_number(conn, dnis))


@router.post(
    "",
    operation_id="createNumber",
    summary="Lead a number to a flow",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_number(context: Ctx, who: AsAdministrator, body: NumberNew) -> NumberSaved:
    """The next caller of this number enters the flow."""
    row = NumberRow(body.dnis, FlowId(body.flow), body.name)
    async with context.engine.begin() as conn:
        await config.create_number(conn, row)
        await audit(conn, context, who.actor, "create", f"number:{row.dnis}", body.model_dump())
    return _saved(row, await context.reload())


@router.put(
    "/{dnis}",
    operation_id="updateNumber",
    summary="Lead a number elsewhere",
    responses=described(401, 403, 404, 422),
)
async def update_number(
    context: Ctx, who: AsAdministrator, dnis: PathId, body: NumberChange
) -> NumberSaved:
    """Calls under way stay in the flow in which they began."""
    row = NumberRow(dnis, FlowId(body.flow), body.name)
    async with context.engine.begin() as conn:
        await config.update_number(conn, row)
        await audit(conn, context, who.actor, "update", f"number:{dnis}", body.model_dump())
    return _saved(row, await context.reload())


@router.delete(
    "/{dnis}",
    operation_id="deleteNumber",
    summary="Take a number away",
    responses=described(401, 403, 404),
)
async def delete_number(context: Ctx, who: AsAdministrator, dnis: PathId) -> Saved:
    """Callers of it are then rejected."""
    async with context.engine.begin() as conn:
        await config.delete_number(conn, dnis)
        await audit(conn, context, who.actor, "delete", f"number:{dnis}")
    return Saved(warnings=await context.reload())
