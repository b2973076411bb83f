"""Does what SIPp counted stand in SQL, call by call? Reads the store, compares by name.

The two accounts come from different programs: SIPp's own logs of both sides, and the rows that the
floor's facts became.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import EndedBy, SegmentKind, VisitOutcome
from demo.crowd import SippCounts
from demo.rest import FloorHealth, KpiRow
from store import tables as t
from store.engine import open_store


class SqlCounts(msgspec.Struct, frozen=True):
    """Counts of rows."""

    contacts: int
    contacts_ended: int
    terminal_records: int
    terminal_contacts: int
    ended_by_caller: int
    ended_by_agent: int
    ended_by_others: int
    rings: int
    talks: int
    visits: int
    visits_closed: int
    visits_answered: int
    recordings: int
    recordings_kept: int


class Comparison(msgspec.Struct, frozen=True):
    """One thing counted twice. `left` and `right` say who counted."""

    name: str
    left: str
    left_count: int
    right: str
    right_count: int
    agrees: bool


async def read_counts(store_url: str) -> SqlCounts:
    """Count in the store. Raises StoreError, SQLAlchemyError."""
    engine = open_store(store_url)
    contact, event, segment = t.contact.c, t.event.c, t.segment.c
    ended = event.kind == "ContactEnded"
    recorded = t.recording.c
    try:
        async with engine.connect() as conn:
            return SqlCounts(
                contacts=await _count(conn, contact.arrived_at.is_not(None)),
                contacts_ended=await _count(conn, contact.outcome.is_not(None)),
                terminal_records=await _count(conn, ended),
                terminal_contacts=await _distinct(conn, event.contact_id, ended),
                ended_by_caller=await _count(conn, contact.ended_by == EndedBy.CALLER.value),
                ended_by_agent=await _count(conn, contact.ended_by == EndedBy.AGENT.value),
                ended_by_others=await _count(
                    conn, contact.ended_by.in_([EndedBy.SYSTEM.value, EndedBy.UNKNOWN.value])
                ),
                rings=await _count(conn, segment.kind == SegmentKind.RING.value),
                talks=await _count(conn, segment.kind == SegmentKind.TALK.value),
                visits=await _count(conn, t.queue_visit.c.enqueued_at.is_not(None)),
                visits_closed=await _count(conn, t.queue_visit.c.left_at.is_not(None)),
                visits_answered=await _count(
                    conn, t.queue_visit.c.outcome == VisitOutcome.ANSWERED.value
                ),
                recordings=await _count(conn, recorded.started_at.is_not(None)),
                recordings_kept=await _count(conn, recorded.kept_at.is_not(None)),
            )
    finally:
        await engine.dispose()


async def _count(conn: AsyncConnection, condition: ColumnElement[bool]) -> int:
    return int(await conn.scalar(select(func.count()).where(condition)) or 0)


async def _distinct(
    conn: AsyncConnection, column: ColumnElement[str], condition: ColumnElement[bool]
) -> int:
    query = select(func.count(func.distinct(column))).where(condition)
    return int(await conn.scalar(query) or 0)


def compare(
    sipp: SippCounts, sql: SqlCounts, health: FloorHealth, floor: Sequence[KpiRow]
) -> list[Comparison]:
    """Every count that must agree."""
    values = floor[0].values if floor else {}
    counters = health.counters
    rows = [
        ("callers dialled = contacts", "SIPp", sipp.dialled, "SQL", sql.contacts),
        ("contacts = contacts ended", "SQL", sql.contacts, "SQL", sql.contacts_ended),
        ("contacts = terminal records", "SQL", sql.contacts, "SQL", sql.terminal_records),
        ("one terminal record each", "SQL", sql.terminal_records, "SQL", sql.terminal_contacts),
        ("callers answered = contacts", "SIPp", sipp.answered, "SQL", sql.contacts),
        ("ended by the caller", "SIPp", sipp.ended_by_caller, "SQL", sql.ended_by_caller),
        (
            "ended by the other side",
            "SIPp",
            sipp.ended_by_switch,
            "SQL",
            sql.ended_by_agent + sql.ended_by_others,
        ),
        ("phones rung = ring segments", "SIPp", sipp.phones_rung, "SQL", sql.rings),
        ("phones answered = visits answered", "SIPp", sipp.phones_answered, "SQL",
         sql.visits_answered),
        ("visits answered = talks", "SQL", sql.visits_answered, "SQL", sql.talks),
        ("agents hung up", "SIPp", sipp.phones_hung_up, "SQL", sql.ended_by_agent),
        ("visits = visits left", "SQL", sql.visits, "SQL", sql.visits_closed),
        ("talks = recordings kept", "SQL", sql.talks, "SQL", sql.recordings_kept),
        ("recordings begun = kept", "SQL", sql.recordings, "SQL", sql.recordings_kept),
        ("contacts = received (KPI)", "SQL", sql.contacts, "REST", _whole(values, "received")),
        ("talks = answered (KPI)", "SQL", sql.talks, "REST", _whole(values, "answered")),
        ("SIPp calls failed", "SIPp", sipp.failed, "wanted", 0),
        ("phones refused", "SIPp", sipp.phones_refused, "wanted", 0),
        ("calls left on the floor", "floor", health.calls, "wanted", 0),
        *(
            (f"floor: {name.removesuffix('_total').replace('_', ' ')}", "floor",
             int(counters.get(name, -1)), "wanted", 0)
            for name in (
                "faults_total",
                "impossible_transitions_total",
                "recordings_lost_total",
                "store_facts_rejected_total",
                "ari_reconnects_total",
            )
        ),
    ]  # fmt: skip
    return [Comparison(*row, agrees=row[2] == row[4]) for row in rows]


def _whole(values: dict[str, float | None], key: str) -> int:
    return int(values.get(key) or 0)
