"""Calendars: when somebody is there, week, public holidays and exceptional days."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, found, made_of, remove, save, saved, shown
from api.context import Ctx
from api.floor_shapes import CalendarEntry
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.shapes import Changed, Id, PathId
from store import config
from store.rows import CalendarRow

router = APIRouter(prefix="/calendars", tags=["queues"])


class Calendar(CalendarEntry):
    """A calendar."""

    id: Id


class Calendars(Page[Calendar]):
    """A list of calendars."""


class CalendarSaved(Calendar, Changed):
    """A calendar as saved."""


@router.get(
    "", operation_id="listCalendars", summary="All calendars", responses=described(401, 403)
)
async def list_calendars(context: Ctx, _: AsSupervisor, cut: AsPage) -> Calendars:
    """By id."""
    async with context.engine.connect() as conn:
        rows = [shown(Calendar, row) for row in await config.list_calendars(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return Calendars(items=page, next=after)


@router.get(
    "/{calendar_id}",
    operation_id="getCalendar",
    summary="One calendar",
    responses=described(401, 403, 404),
)
async def get_calendar(
    context: Ctx, _: AsSupervisor, calendar_id: PathId, response: Response
) -> Calendar:
    """With its ETag."""
    async with context.engine.connect() as conn:
        rows = await config.list_calendars(conn)
    return shown(Calendar, found(response, rows, "calendars", calendar_id))


@router.post(
    "",
    operation_id="createCalendar",
    summary="Add a calendar",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_calendar(
    context: Ctx, who: AsAdministrator, how: AsTold, body: Calendar
) -> CalendarSaved:
    """Days are mon to sun; `mon-fri` and `daily` are read too."""
    row = made_of(CalendarRow, body)
    done = await save(context, who, how, "calendars", body.id, lambda _: row, new=True)
    return saved(CalendarSaved, done, "calendars", body.id)


@router.put(
    "/{calendar_id}",
    operation_id="updateCalendar",
    summary="Replace a calendar",
    responses=described(401, 403, 404, 412, 422),
)
async def update_calendar(
    context: Ctx, who: AsAdministrator, how: AsTold, calendar_id: PathId, body: CalendarEntry
) -> CalendarSaved:
    """Queues that name it open and close by it at once."""
    row = made_of(CalendarRow, body, id=calendar_id)
    done = await save(context, who, how, "calendars", calendar_id, lambda _: row, new=False)
    return saved(CalendarSaved, done, "calendars", calendar_id)


@router.delete(
    "/{calendar_id}",
    operation_id="deleteCalendar",
    summary="Remove a calendar",
    responses=described(401, 403, 404, 409, 412),
)
async def delete_calendar(
    context: Ctx, who: AsAdministrator, how: AsTold, calendar_id: PathId
) -> Changed:
    """409 while a queue names it."""
    return (await remove(context, who, how, "calendars", calendar_id)).answer
