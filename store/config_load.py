"""The whole configuration out of SQL: as the floor loads it, and as the one document."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.config import AgentProfile, Calendar, FloorConfig, Queue
from acd.opening import DAYS, holiday_dates, read_spans
from store import tables as t
from store.config_document import (
    Configuration,
    FlowEntry,
    NumberEntry,
    SeatEntry,
    entry_of,
)
from store.config_floor import (
    list_alert_rules,
    list_calendars,
    list_pause_reasons,
    read_outside,
)
from store.config_flows import list_flows, list_numbers, load_flow_documents
from store.config_people import list_agents, list_seats, list_skills, list_teams
from store.config_queues import list_queues
from store.rows import AgentRow, CalendarRow, QueueRow


async def read_version(conn: AsyncConnection) -> int:
    """The number of the configuration's newest change; 0 in an empty store."""
    return await conn.scalar(select(t.config_version.c.version)) or 0


async def load_floor_config(conn: AsyncConnection, now_ms: int) -> FloorConfig:
    """All that the engine must know, with the version; inactive agents are left out.

    Public holidays are worked out from the year before `now_ms` (UTC) to the second year after.
    """
    version = await read_version(conn)
    return FloorConfig(
        queues={row.id: _queue(row) for row in await list_queues(conn)},
        agents={row.id: _profile(row) for row in await list_agents(conn) if row.active},
        numbers={row.dnis: row.flow_id for row in await list_numbers(conn)},
        pause_reasons={row.code: row for row in await list_pause_reasons(conn)},
        calendars={row.id: to_calendar(row, now_ms) for row in await list_calendars(conn)},
        seats=frozenset(row.phone for row in await list_seats(conn)),
        outside=await read_outside(conn),
        alerts={row.id: row for row in await list_alert_rules(conn)},
        version=version,
    )


def _queue(row: QueueRow) -> Queue:
    return Queue(**{name: getattr(row, name) for name in Queue.__struct_fields__})


def _profile(row: AgentRow) -> AgentProfile:
    return AgentProfile(**{name: getattr(row, name) for name in AgentProfile.__struct_fields__})


def to_calendar(row: CalendarRow, now_ms: int) -> Calendar:
    """The calendar as the floor asks it. Raises ValueError for spans that cannot be read."""
    this_year = datetime.fromtimestamp(now_ms / 1000, UTC).year
    closed: frozenset[str] = frozenset()
    if row.holidays is not None:
        closed = frozenset(
            day.isoformat()
            for year in range(this_year - 1, this_year + 3)
            for day in holiday_dates(row.holidays, year)
        )
    return Calendar(
        id=row.id,
        zone=row.zone,
        weekly=tuple(read_spans(row.weekly.get(day, ())) for day in DAYS),
        special={day: read_spans(spans) for day, spans in row.special.items()},
        holidays=closed,
    )


async def load_configuration(conn: AsyncConnection, *, texts: bool = False) -> Configuration:
    """Everything; with `texts` the newest document of each flow too."""
    documents: dict[str, str] = {}
    if texts:
        for row in await load_flow_documents(conn):
            if row.latest:
                documents[row.flow_id] = row.document
    return Configuration(
        skills={row.id: row for row in await list_skills(conn)},
        teams={row.id: row for row in await list_teams(conn)},
        calendars={row.id: row for row in await list_calendars(conn)},
        queues={row.id: row for row in await list_queues(conn)},
        agents={row.id: entry_of(row) for row in await list_agents(conn)},
        seats={row.phone: SeatEntry(row.phone, row.name) for row in await list_seats(conn)},
        pause_reasons={row.code: row for row in await list_pause_reasons(conn)},
        outside=await read_outside(conn),
        alert_rules={row.id: row for row in await list_alert_rules(conn)},
        flows={
            row.id: FlowEntry(row.id, row.latest, documents.get(row.id), row.name)
            for row in await list_flows(conn)
        },
        numbers={
            row.dnis: NumberEntry(row.dnis, row.flow_id, row.name)
            for row in await list_numbers(conn)
        },
    )
