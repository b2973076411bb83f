"""Makes the tables hold a wanted configuration: only what differs is written.

The wanted configuration has been checked as a whole; this knows the order in which things must come
and go, and gives new phones their secrets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeVar

import msgspec
from sqlalchemy import null, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import PhoneId
from store import config
from store import tables as t
from store.config_document import AgentEntry, Configuration, FlowEntry, NumberEntry, SeatEntry
from store.config_people import add_agents, replace_agents
from store.rows import AgentRow, FlowRow, NumberRow, SeatRow

E = TypeVar("E")

NewDigest = Callable[[PhoneId], str]
"""Makes up a SIP secret for a phone, remembers it to be told once, and gives its HA1."""


class Way(msgspec.Struct, frozen=True):
    """What writing needs beside the configuration: who writes (`actor`), when, new secrets."""

    actor: str
    now_ms: int
    new_digest: NewDigest


async def apply(
    conn: AsyncConnection, before: Configuration, after: Configuration, way: Way
) -> None:
    """Write what differs. Raises InUse where an account belongs to an agent that goes."""
    await _plain(conn, before.skills, after.skills, config.create_skill, config.update_skill)
    await _plain(conn, before.teams, after.teams, config.create_team, config.update_team)
    await _plain(
        conn, before.calendars, after.calendars, config.create_calendar, config.update_calendar
    )
    await _pause_reasons(conn, before, after)
    if before.outside != after.outside:
        await config.write_outside(conn, after.outside)
    await _plain(conn, before.queues, after.queues, config.create_queue, config.update_queue)
    await _plain(
        conn,
        before.alert_rules,
        after.alert_rules,
        config.create_alert_rule,
        config.update_alert_rule,
    )
    await _remove(conn, _gone(before.seats, after.seats), config.delete_seat)
    await _remove(conn, _gone(before.agents, after.agents), config.delete_agent)
    await _agents(conn, before.agents, after.agents, way)
    await _seats(conn, before.seats, after.seats, way)
    await _flows_and_numbers(conn, before, after, way)
    await _take_away(conn, before, after)


async def _take_away(conn: AsyncConnection, before: Configuration, after: Configuration) -> None:
    """Remove what nothing refers to any more, after everything else was written."""
    await _remove(conn, _gone(before.alert_rules, after.alert_rules), config.delete_alert_rule)
    await _remove(conn, _gone(before.queues, after.queues), config.delete_queue)
    await _remove(conn, _gone(before.calendars, after.calendars), config.delete_calendar)
    await _remove(conn, _gone(before.teams, after.teams), config.delete_team)
    await _remove(conn, _gone(before.skills, after.skills), config.delete_skill)


def _gone(before: Mapping[str, E], after: Mapping[str, E]) -> list[str]:
    return [id_ for id_ in before if id_ not in after]


async def _remove(
    conn: AsyncConnection,
    ids: Collection[str],
    delete: Callable[[AsyncConnection, str], Awaitable[None]],
) -> None:
    for id_ in ids:
        await delete(conn, id_)


async def _plain(
    conn: AsyncConnection,
    before: Mapping[str, E],
    after: Mapping[str, E],
    create: Callable[[AsyncConnection, E], Awaitable[E]],
    change: Callable[[AsyncConnection, E], Awaitable[E]],
) -> None:
    for id_, entry in after.items():
        if id_ not in before:
            await create(conn, entry)
        elif entry != before[id_]:
            await change(conn, entry)


async def _pause_reasons(
    conn: AsyncConnection, before: Configuration, after: Configuration
) -> None:
    old, new = before.pause_reasons, after.pause_reasons
    await _remove(conn, _gone(old, new), config.delete_pause_reason)
    moved = [code for code in new if code in old and old[code].digit != new[code].digit]
    if moved:
        # Two reasons may exchange their digits; none may be held twice in between.
        column = t.pause_reason.c
        await conn.execute(
            update(t.pause_reason).where(column.code.in_(moved)).values(digit=null())
        )
    await _plain(conn, old, new, config.create_pause_reason, config.update_pause_reason)


async def _agents(
    conn: AsyncConnection,
    before: Mapping[str, AgentEntry],
    after: Mapping[str, AgentEntry],
    way: Way,
) -> None:
    changed = {id_: entry for id_, entry in after.items() if id_ in before and entry != before[id_]}
    if changed:
        await _free_what_moves(conn, before, changed)
        held = {row.id: row for row in await config.list_agents(conn)}
        rows = []
        for id_, entry in changed.items():
            row = held[entry.id]
            if before[id_].phone != entry.phone:
                # The old digest holds the old name: it would fit no secret.
                row = msgspec.structs.replace(row, phone_digest=way.new_digest(entry.phone))
            rows.append(_with(row, entry))
        await replace_agents(conn, rows, way.now_ms)
    made = [
        _with(AgentRow(entry.id, entry.name, way.new_digest(entry.phone)), entry)
        for id_, entry in after.items()
        if id_ not in before
    ]
    if made:
        await add_agents(conn, made, way.now_ms)


def _with(row: AgentRow, entry: AgentEntry) -> AgentRow:
    return msgspec.structs.replace(
        row, **{name: getattr(entry, name) for name in AgentEntry.__struct_fields__}
    )


async def _free_what_moves(
    conn: AsyncConnection, before: Mapping[str, AgentEntry], changed: Mapping[str, AgentEntry]
) -> None:
    """Two agents may exchange numbers or phones; none may be held twice in between."""
    old = {id_: before[id_] for id_ in changed if id_ in before}
    column = t.agent.c
    numbers = [id_ for id_, entry in old.items() if entry.number != changed[id_].number]
    phones = [id_ for id_, entry in old.items() if entry.phone != changed[id_].phone]
    if numbers:
        await conn.execute(update(t.agent).where(column.id.in_(numbers)).values(number=null()))
    if phones:
        free = update(t.agent).where(column.id.in_(phones)).values(phone="~" + column.id)
        await conn.execute(free)


async def _seats(
    conn: AsyncConnection,
    before: Mapping[str, SeatEntry],
    after: Mapping[str, SeatEntry],
    way: Way,
) -> None:
    for phone, entry in after.items():
        if phone not in before:
            seat = SeatRow(entry.phone, entry.name, way.new_digest(entry.phone))
            await config.create_seat(conn, seat, way.now_ms)
        elif entry != before[phone]:
            held = await config.get_seat(conn, phone)
            await config.update_seat(conn, msgspec.structs.replace(held, name=entry.name))


async def _flows_and_numbers(
    conn: AsyncConnection, before: Configuration, after: Configuration, way: Way
) -> None:
    for id_, flow in after.flows.items():
        if flow != before.flows.get(id_):
            await _flow(conn, flow, way, new=id_ not in before.flows)
    for dnis, number in after.numbers.items():
        if number != before.numbers.get(dnis):
            await _number(conn, number, new=dnis not in before.numbers)
    await _remove(conn, _gone(before.numbers, after.numbers), config.delete_number)
    await _remove(conn, _gone(before.flows, after.flows), config.delete_flow)


async def _flow(conn: AsyncConnection, flow: FlowEntry, way: Way, *, new: bool) -> None:
    name = flow.name or flow.id
    if new:
        row = FlowRow(flow.id, name)
        await config.create_flow(conn, row, flow.document, created_by=way.actor, now_ms=way.now_ms)
    elif flow.document is not None:
        await config.add_flow_version(
            conn, flow.id, flow.document, created_by=way.actor, now_ms=way.now_ms
        )
        await config.update_flow(conn, FlowRow(flow.id, name))


async def _number(conn: AsyncConnection, number: NumberEntry, *, new: bool) -> None:
    row = NumberRow(number.dnis, number.flow, number.name)
    if new:
        await config.create_number(conn, row)
    else:
        await config.update_number(conn, row)
