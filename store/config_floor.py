"""Pause reasons, calendars, alert rules and where calls may go; part of `store.config`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.config import AlertRule, Outside, PauseReason
from store import tables as t
from store.config_checks import must_be_free, must_exist, note_change
from store.config_json import from_row, to_columns
from store.rows import CalendarRow

# ---- pause reasons ----------------------------------------------------------------------------

_NAMES: Final = ("names",)


async def list_pause_reasons(conn: AsyncConnection) -> list[PauseReason]:
    """All reasons, by code."""
    rows = await conn.execute(select(t.pause_reason).order_by(t.pause_reason.c.code))
    return [from_row(row, PauseReason, _NAMES) for row in rows]


async def create_pause_reason(conn: AsyncConnection, reason: PauseReason) -> PauseReason:
    """Add a reason. Raises AlreadyThere (code, digit)."""
    table = t.pause_reason
    await must_be_free(conn, "pause reason", table.c.code, reason.code, "code")
    if reason.digit is not None:
        await must_be_free(conn, "pause reason", table.c.digit, reason.digit, "digit")
    await conn.execute(insert(table).values(to_columns(reason, _NAMES)))
    await note_change(conn)
    return reason


async def update_pause_reason(conn: AsyncConnection, reason: PauseReason) -> PauseReason:
    """Replace a reason. Raises NotFound; the digit is the caller's to check."""
    table = t.pause_reason
    await must_exist(conn, "pause reason", table.c.code, reason.code)
    columns = to_columns(reason, _NAMES, ("code",))
    await conn.execute(update(table).where(table.c.code == reason.code).values(columns))
    await note_change(conn)
    return reason


async def delete_pause_reason(conn: AsyncConnection, code: str) -> None:
    """Take a reason away; history keeps the word. Raises NotFound."""
    await must_exist(conn, "pause reason", t.pause_reason.c.code, code)
    await conn.execute(delete(t.pause_reason).where(t.pause_reason.c.code == code))
    await note_change(conn)


# ---- calendars --------------------------------------------------------------------------------

_CALENDAR_JSON: Final = ("weekly", "special")


async def list_calendars(conn: AsyncConnection) -> list[CalendarRow]:
    """All calendars, by id."""
    rows = await conn.execute(select(t.calendar).order_by(t.calendar.c.id))
    return [from_row(row, CalendarRow, _CALENDAR_JSON) for row in rows]


async def create_calendar(conn: AsyncConnection, calendar: CalendarRow) -> CalendarRow:
    """Add a calendar. Raises AlreadyThere."""
    await must_be_free(conn, "calendar", t.calendar.c.id, calendar.id)
    await conn.execute(insert(t.calendar).values(to_columns(calendar, _CALENDAR_JSON)))
    await note_change(conn)
    return calendar


async def update_calendar(conn: AsyncConnection, calendar: CalendarRow) -> CalendarRow:
    """Replace a calendar. Raises NotFound."""
    table = t.calendar
    await must_exist(conn, "calendar", table.c.id, calendar.id)
    columns = to_columns(calendar, _CALENDAR_JSON, ("id",))
    await conn.execute(update(table).where(table.c.id == calendar.id).values(columns))
    await note_change(conn)
    return calendar


async def delete_calendar(conn: AsyncConnection, calendar_id: str) -> None:
    """Remove a calendar; queues that name it are the caller's to check. Raises NotFound."""
    await must_exist(conn, "calendar", t.calendar.c.id, calendar_id)
    await conn.execute(delete(t.calendar).where(t.calendar.c.id == calendar_id))
    await note_change(conn)


# ---- outside ----------------------------------------------------------------------------------


async def read_outside(conn: AsyncConnection) -> Outside:
    """Where calls may go outside; nowhere before anybody has said so."""
    row = (await conn.execute(select(t.outside))).one_or_none()
    return Outside() if row is None else from_row(row, Outside, ("allowed",))


async def write_outside(conn: AsyncConnection, outside: Outside) -> Outside:
    """Replace it."""
    columns = to_columns(outside, ("allowed",))
    done = await conn.execute(update(t.outside).values(columns))
    if done.rowcount == 0:
        await conn.execute(insert(t.outside).values({**columns, "id": 1}))
    await note_change(conn)
    return outside


# ---- alert rules ------------------------------------------------------------------------------


async def list_alert_rules(conn: AsyncConnection) -> list[AlertRule]:
    """All rules, by id."""
    rows = await conn.execute(select(t.alert_rule).order_by(t.alert_rule.c.id))
    return [from_row(row, AlertRule, _NAMES, queue=row.queue_id) for row in rows]


def _rule_columns(rule: AlertRule) -> dict[str, object]:
    return {**to_columns(rule, _NAMES, ("queue",)), "queue_id": rule.queue}


async def create_alert_rule(conn: AsyncConnection, rule: AlertRule) -> AlertRule:
    """Add a rule. Raises AlreadyThere."""
    await must_be_free(conn, "alert rule", t.alert_rule.c.id, rule.id)
    await conn.execute(insert(t.alert_rule).values(_rule_columns(rule)))
    await note_change(conn)
    return rule


async def update_alert_rule(conn: AsyncConnection, rule: AlertRule) -> AlertRule:
    """Replace a rule. Raises NotFound."""
    table = t.alert_rule
    await must_exist(conn, "alert rule", table.c.id, rule.id)
    await conn.execute(update(table).where(table.c.id == rule.id).values(_rule_columns(rule)))
    await note_change(conn)
    return rule


async def delete_alert_rule(conn: AsyncConnection, rule_id: str) -> None:
    """Take a rule away. Raises NotFound."""
    await must_exist(conn, "alert rule", t.alert_rule.c.id, rule_id)
    await conn.execute(delete(t.alert_rule).where(t.alert_rule.c.id == rule_id))
    await note_change(conn)
