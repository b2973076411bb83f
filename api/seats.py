"""Seats: phones that belong to no agent, where anybody may sign in."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import AsAdministrator, AsSupervisor
from api.changes import (
    AsTold,
    found,
    made_of,
    remove,
    save,
    saved,
    shown,
)
from api.context import Ctx
from api.floor_shapes import SeatEntry
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.shapes import Changed, Id, PathId
from api.sip_accounts import SipAccount, SipReset, account, with_new_secret
from api.sip_secrets import NewSecrets
from store import config
from store.config_document import SeatEntry as Row

router = APIRouter(prefix="/seats", tags=["agents"])


class Seat(SeatEntry):
    """A seat. `phone` is its SIP user name."""

    phone: Id


class Seats(Page[Seat]):
    """A list of seats."""


class SeatSaved(Seat, Changed):
    """A seat as saved."""


class SeatCreated(SeatSaved):
    """A new seat with its SIP account; without one in a dry run."""

    sip: SipAccount | None = Field(None, description="told this once")


@router.get("", operation_id="listSeats", summary="All seats", responses=described(401, 403))
async def list_seats(context: Ctx, _: AsSupervisor, cut: AsPage) -> Seats:
    """By phone."""
    async with context.engine.connect() as conn:
        rows = await config.list_seats(conn)
    page, after = cut_from(
        [Seat(phone=row.phone, name=row.name) for row in rows], cut, lambda row: row.phone
    )
    return Seats(items=page, next=after)


@router.get(
    "/{phone}", operation_id="getSeat", summary="One seat", responses=described(401, 403, 404)
)
async def get_seat(context: Ctx, _: AsSupervisor, phone: PathId, response: Response) -> Seat:
    """With its ETag."""
    async with context.engine.connect() as conn:
        row = await config.get_seat(conn, phone)
    return shown(Seat, found(response, [Row(row.phone, row.name)], "seats", phone))


@router.post(
    "",
    operation_id="createSeat",
    summary="Add a seat and its SIP account",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_seat(context: Ctx, who: AsAdministrator, how: AsTold, body: Seat) -> SeatCreated:
    """Answered when the phone can register (or with a warning that the floor is not running)."""
    row = made_of(Row, body)
    done = await save(context, who, how, "seats", body.phone, lambda _: row, new=True)
    secret = done.sip.get(row.phone)
    sip = None if secret is None else account(context, row.phone, secret)
    return saved(SeatCreated, done, "seats", body.phone, sip=sip)


@router.put(
    "/{phone}",
    operation_id="updateSeat",
    summary="Rename a seat",
    responses=described(401, 403, 404, 412, 422),
)
async def update_seat(
    context: Ctx, who: AsAdministrator, how: AsTold, phone: PathId, body: SeatEntry
) -> SeatSaved:
    """Its phone and secret stay."""
    row = made_of(Row, body, phone=phone)
    done = await save(context, who, how, "seats", phone, lambda _: row, new=False)
    return saved(SeatSaved, done, "seats", phone)


@router.delete(
    "/{phone}",
    operation_id="deleteSeat",
    summary="Take a seat away",
    responses=described(401, 403, 404, 412),
)
async def delete_seat(context: Ctx, who: AsAdministrator, how: AsTold, phone: PathId) -> Changed:
    """Its phone cannot register any more."""
    return (await remove(context, who, how, "seats", phone)).answer


@router.post(
    "/{phone}/sip-secret",
    operation_id="resetSeatSecret",
    summary="Give a seat's phone a new secret",
    responses=described(401, 403, 404),
)
async def reset_seat_secret(
    context: Ctx, who: AsAdministrator, how: AsTold, phone: PathId
) -> SipReset:
    """The old one stops working at the phone's next registration."""
    new = NewSecrets(context.settings.sip_realm)

    async def reset(conn: AsyncConnection) -> bool:
        held = await config.get_seat(conn, phone)
        digest = new.digest(held.phone)
        await config.update_seat(conn, msgspec.structs.replace(held, phone_digest=digest))
        return True

    return await with_new_secret(context, who, how, "seats", phone, reset, new)
