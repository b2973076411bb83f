"""Flows with their versions, and the numbers that lead to them; part of `store.config`."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import FlowId
from store import tables as t
from store.config_checks import exists, first_ids, must_be_free, must_exist, note_change
from store.decode import to_struct
from store.errors import InUse, NotFound, UnknownReference
from store.rows import FlowDocument, FlowRow, FlowVersionRow, NumberRow

# ---- flows ------------------------------------------------------------------------------------


async def list_flows(conn: AsyncConnection) -> list[FlowRow]:
    """All flows with the number of their newest version, by id."""
    return await _flows(conn, None)


async def get_flow(conn: AsyncConnection, flow_id: str) -> FlowRow:
    """One flow. Raises NotFound."""
    found = await _flows(conn, flow_id)
    if not found:
        raise NotFound("flow", flow_id)
    return found[0]


async def _flows(conn: AsyncConnection, only: str | None) -> list[FlowRow]:
    query = (
        select(t.flow.c.id, t.flow.c.name, func.max(t.flow_version.c.version).label("latest"))
        .outerjoin(t.flow_version, t.flow_version.c.flow_id == t.flow.c.id)
        .group_by(t.flow.c.id, t.flow.c.name)
        .order_by(t.flow.c.id)
    )
    if only is not None:
        query = query.where(t.flow.c.id == only)
    rows = await conn.execute(query)
    return [FlowRow(id=FlowId(row.id), name=row.name, latest=row.latest) for row in rows]


async def create_flow(
    conn: AsyncConnection,
    flow: FlowRow,
    document: str | None,
    *,
    created_by: str | None,
    now_ms: int,
) -> FlowRow:
    """Add a flow, with version 1 of its document unless None. Raises AlreadyThere."""
    await must_be_free(conn, "flow", t.flow.c.id, flow.id)
    await conn.execute(insert(t.flow).values(id=flow.id, name=flow.name))
    if document is not None:
        await add_flow_version(conn, flow.id, document, created_by=created_by, now_ms=now_ms)
    await note_change(conn)
    return await get_flow(conn, flow.id)


async def update_flow(conn: AsyncConnection, flow: FlowRow) -> FlowRow:
    """Replace a flow's name; its versions never change. Raises NotFound."""
    await must_exist(conn, "flow", t.flow.c.id, flow.id)
    await conn.execute(update(t.flow).where(t.flow.c.id == flow.id).values(name=flow.name))
    await note_change(conn)
    return await get_flow(conn, flow.id)


async def add_flow_version(
    conn: AsyncConnection, flow_id: str, document: str, *, created_by: str | None, now_ms: int
) -> FlowVersionRow:
    """Add the next version of a flow; new calls enter it after a reload. Raises NotFound."""
    # FOR UPDATE (PostgreSQL; SQLite has one writer): two authors must not get the same number.
    locked = select(t.flow.c.id).where(t.flow.c.id == flow_id).with_for_update()
    if await conn.scalar(locked) is None:
        raise NotFound("flow", flow_id)
    newest = await conn.scalar(
        select(func.max(t.flow_version.c.version)).where(t.flow_version.c.flow_id == flow_id)
    )
    row = FlowVersionRow(
        flow_id=FlowId(flow_id),
        version=(newest or 0) + 1,
        document=document,
        created_at=now_ms,
        created_by=created_by,
    )
    await conn.execute(
        insert(t.flow_version).values(
            flow_id=row.flow_id,
            version=row.version,
            document=row.document,
            created_at=row.created_at,
            created_by=row.created_by,
        )
    )
    await note_change(conn)
    return row


async def list_flow_versions(conn: AsyncConnection, flow_id: str) -> list[FlowVersionRow]:
    """All versions of a flow, newest first. Raises NotFound."""
    await must_exist(conn, "flow", t.flow.c.id, flow_id)
    version = t.flow_version
    rows = await conn.execute(
        select(version).where(version.c.flow_id == flow_id).order_by(version.c.version.desc())
    )
    return [to_struct(row, FlowVersionRow) for row in rows]


async def get_flow_version(conn: AsyncConnection, flow_id: str, version: int) -> FlowVersionRow:
    """One version of a flow. Raises NotFound."""
    table = t.flow_version
    found = await conn.execute(
        select(table).where(table.c.flow_id == flow_id, table.c.version == version)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("flow version", f"{flow_id}/{version}")
    return to_struct(row, FlowVersionRow)


async def delete_flow(conn: AsyncConnection, flow_id: str) -> None:
    """Remove a flow and its versions when no number leads to it. Raises NotFound, InUse."""
    await must_exist(conn, "flow", t.flow.c.id, flow_id)
    numbers = await first_ids(conn, t.number.c.dnis, t.number.c.flow_id, flow_id)
    if numbers:
        raise InUse("flow", flow_id, tuple(f"number {dnis}" for dnis in numbers))
    await conn.execute(delete(t.flow).where(t.flow.c.id == flow_id))
    await note_change(conn)


# ---- numbers ----------------------------------------------------------------------------------


async def list_numbers(conn: AsyncConnection) -> list[NumberRow]:
    """All numbers, by the digits."""
    rows = await conn.execute(select(t.number).order_by(t.number.c.dnis))
    return [NumberRow(dnis=row.dnis, flow_id=FlowId(row.flow_id), name=row.name) for row in rows]


async def get_number(conn: AsyncConnection, dnis: str) -> NumberRow:
    """One number. Raises NotFound."""
    row = (await conn.execute(select(t.number).where(t.number.c.dnis == dnis))).one_or_none()
    if row is None:
        raise NotFound("number", dnis)
    return NumberRow(dnis=row.dnis, flow_id=FlowId(row.flow_id), name=row.name)


async def _check_flow(conn: AsyncConnection, number: NumberRow) -> None:
    if not await exists(conn, t.flow.c.id, number.flow_id):
        raise UnknownReference("flow", number.flow_id, f"The number {number.dnis!r}")


async def create_number(conn: AsyncConnection, number: NumberRow) -> NumberRow:
    """Lead a number to a flow. Raises AlreadyThere, UnknownReference."""
    await must_be_free(conn, "number", t.number.c.dnis, number.dnis)
    await _check_flow(conn, number)
    await conn.execute(
        insert(t.number).values(dnis=number.dnis, flow_id=number.flow_id, name=number.name)
    )
    await note_change(conn)
    return number


async def update_number(conn: AsyncConnection, number: NumberRow) -> NumberRow:
    """Lead a number elsewhere or rename it. Raises NotFound, UnknownReference."""
    await must_exist(conn, "number", t.number.c.dnis, number.dnis)
    await _check_flow(conn, number)
    await conn.execute(
        update(t.number)
        .where(t.number.c.dnis == number.dnis)
        .values(flow_id=number.flow_id, name=number.name)
    )
    await note_change(conn)
    return number


async def delete_number(conn: AsyncConnection, dnis: str) -> None:
    """Take a number away; callers of it are then rejected. Raises NotFound."""
    await must_exist(conn, "number", t.number.c.dnis, dnis)
    await conn.execute(delete(t.number).where(t.number.c.dnis == dnis))
    await note_change(conn)


async def load_flow_documents(conn: AsyncConnection) -> list[FlowDocument]:
    """Every version of every flow, by flow and version: calls end in the version they began in."""
    table = t.flow_version
    rows = (await conn.execute(select(table).order_by(table.c.flow_id, table.c.version))).all()
    newest = {row.flow_id: row.version for row in rows}
    return [
        FlowDocument(
            flow_id=FlowId(row.flow_id),
            version=row.version,
            document=row.document,
            latest=newest[row.flow_id] == row.version,
        )
        for row in rows
    ]
