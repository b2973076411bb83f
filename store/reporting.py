"""The sums behind every indicator, read from SQL and counted by `kpi`.

Decides which rows belong to a report; what they mean is `kpi`'s business. Each row of a report can
be opened to its calls with `queries.list_calls` and the same range and scope:

| report | figure | CallFilter |
|---|---|---|
| total | received, handled, abandoned, overflow… | since, until [, outcome] → `calls` |
| queue | offered, answered, queue_abandoned… | + queue_id [, outcome] → `visits` |
| queue | queue_short_abandoned | + queue_id, short_abandon → `visits` |
| agent | answered | + agent_id, outcome=answered → `visits` |
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import AgentState, Outcome, SegmentKind, VisitOutcome
from kpi.definitions import compute
from kpi.intervals import Interval, edges, index_of
from kpi.rows import ContactRow, SegmentRow, StateRow, Sums, VisitRow, add
from kpi.tally import Place, Tally, judge_slot, watched_intervals
from store import tables as t
from store.errors import StoreError
from store.queries import HANDLED

_ORDER: Final = (Interval.M15, Interval.M30, Interval.M60, Interval.DAY, Interval.WHOLE)
_MOST_INTERVALS: Final = 20_000


class By(StrEnum):
    """What a report's rows are about."""

    TOTAL = "total"
    QUEUE = "queue"
    AGENT = "agent"


class ReportQuery(msgspec.Struct, frozen=True):
    """What to report on: UTC ms [since, until), cut by `interval` in the zone (IANA name).

    `now_ms` ends what has not ended. `only` restricts to one queue or agent. `service_level_s`
    replaces the thresholds that were copied at entry. `slot` is the slot of the QS linéaire and
    `target_answer_ratio` its target for the whole floor and for queues that are gone.
    """

    since: int
    until: int
    now_ms: int
    by: By = By.TOTAL
    interval: Interval = Interval.WHOLE
    zone: str = "Europe/Paris"
    only: str | None = None
    service_level_s: float | None = None
    slot: Interval = Interval.M30
    target_answer_ratio: float = 0.8


class ReportRow(msgspec.Struct, frozen=True):
    """One scope (None: the whole floor) in one interval; rows may be added by their sums."""

    scope: str | None
    start: int
    end: int
    sums: Sums

    def kpis(self) -> dict[str, float | None]:
        """Every indicator by key (kpi.definitions)."""
        return compute(self.sums)


class _Rows(msgspec.Struct, frozen=True):
    contacts: list[ContactRow]
    visits: list[VisitRow]
    segments: list[SegmentRow]
    states: list[StateRow]
    targets: dict[str, float]


async def report(conn: AsyncConnection, query: ReportQuery) -> list[ReportRow]:
    """The rows of a report, by start and scope; a total row for each interval, even an empty one.

    Raises StoreError for a zone that does not exist, a range that is empty or cut too finely.
    """
    try:
        zone = ZoneInfo(query.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise StoreError(
            f"There is no time zone {query.zone!r}; write one like Europe/Paris."
        ) from (error)
    if query.since >= query.until:
        raise StoreError("The report's range ends before it begins.")
    days = (query.until - query.since) / 86_400_000
    if days > _MOST_INTERVALS / 96:
        raise StoreError(f"A report covers {_MOST_INTERVALS // 96} days at most.")
    # The slots of the QS linéaire are the finest part; wider intervals are sums of them.
    fine = min(query.interval, query.slot, key=_ORDER.index)
    fine_borders = edges(query.since, query.until, fine, zone)
    borders = edges(query.since, query.until, query.interval, zone)
    rows = await _read(conn, query)
    return await asyncio.to_thread(_count, query, rows, fine_borders, borders)


def _count(
    query: ReportQuery, rows: _Rows, fine_borders: list[int], borders: list[int]
) -> list[ReportRow]:
    limit_ms = None if query.service_level_s is None else round(query.service_level_s * 1000)
    tally = Tally(fine_borders, query.now_ms, limit_ms)
    watched = watched_intervals(fine_borders, rows.states, query.now_ms)
    match query.by:
        case By.TOTAL:
            tally.add_contacts(rows.contacts)
            tally.add_visits(rows.visits, lambda _: None)
            tally.add_segments(rows.segments, lambda _: None, watched)
            tally.add_states(rows.states, per_agent=False)
        case By.QUEUE:
            tally.add_visits(rows.visits, lambda row: row.queue_id)
            tally.add_segments(rows.segments, lambda row: row.queue_id, watched)
        case By.AGENT:
            answered = [row for row in rows.visits if row.outcome is VisitOutcome.ANSWERED]
            tally.add_visits(answered, lambda row: row.agent_id)
            tally.add_segments(rows.segments, lambda row: row.agent_id, watched)
            tally.add_states(rows.states, per_agent=True)
    found = tally.sums(queues=query.by is By.QUEUE)
    if query.by is not By.AGENT:
        found = {
            place: judge_slot(sums, rows.targets.get(place[0] or "", query.target_answer_ratio))
            for place, sums in found.items()
        }
    return _assemble(query, found, fine_borders, borders)


def _assemble(
    query: ReportQuery, found: dict[Place, Sums], fine_borders: list[int], borders: list[int]
) -> list[ReportRow]:
    totals: dict[Place, Sums] = {}
    if query.by is By.TOTAL:
        totals = {(None, index): Sums() for index in range(len(borders) - 1)}
    for (scope, fine), sums in found.items():
        index = index_of(borders, fine_borders[fine])
        if index is None or (query.by is not By.TOTAL and scope is None):
            continue
        if query.only is not None and query.by is not By.TOTAL and scope != query.only:
            continue
        before = totals.get((scope, index))
        totals[(scope, index)] = sums if before is None else add(before, sums)
    order = sorted(totals, key=lambda place: (place[1], place[0] or ""))
    return [
        ReportRow(scope, borders[index], borders[index + 1], totals[(scope, index)])
        for scope, index in order
    ]


async def _read(conn: AsyncConnection, query: ReportQuery) -> _Rows:
    contacts: list[ContactRow] = []
    if query.by is By.TOTAL:
        contacts = await _contacts(conn, query)
    targets: dict[str, float] = {}
    if query.by is By.QUEUE:
        found = await conn.execute(select(t.queue.c.id, t.queue.c.target_answer_ratio))
        targets = {row.id: row.target_answer_ratio for row in found}
    return _Rows(
        contacts=contacts,
        visits=await _visits(conn, query),
        segments=await _segments(conn, query),
        states=await _states(conn, query),
        targets=targets,
    )


async def _contacts(conn: AsyncConnection, query: ReportQuery) -> list[ContactRow]:
    contact = t.contact.c
    rows = await conn.execute(
        select(contact.arrived_at, HANDLED.label("handled"), contact.outcome).where(
            contact.arrived_at >= query.since, contact.arrived_at < query.until
        )
    )
    return [
        ContactRow(arrived_at, bool(handled), None if outcome is None else Outcome(outcome))
        for arrived_at, handled, outcome in rows
    ]


async def _visits(conn: AsyncConnection, query: ReportQuery) -> list[VisitRow]:
    visit = t.queue_visit.c
    statement = select(
        visit.queue_id,
        visit.agent_id,
        visit.enqueued_at,
        visit.left_at,
        visit.outcome,
        visit.service_level_ms,
        visit.short_abandon_ms,
    ).where(visit.enqueued_at >= query.since, visit.enqueued_at < query.until)
    if query.only is not None and query.by is not By.TOTAL:
        column = visit.queue_id if query.by is By.QUEUE else visit.agent_id
        statement = statement.where(column == query.only)
    return [
        VisitRow(
            queue_id=row.queue_id,
            agent_id=row.agent_id,
            enqueued_at=row.enqueued_at,
            left_at=row.left_at,
            outcome=None if row.outcome is None else VisitOutcome(row.outcome),
            service_level_ms=row.service_level_ms,
            short_abandon_ms=row.short_abandon_ms,
        )
        for row in await conn.execute(statement)
    ]


def _overlaps(
    started_at: ColumnElement[int], ended_at: ColumnElement[int], query: ReportQuery
) -> list[ColumnElement[bool]]:
    return [started_at < query.until, or_(ended_at > query.since, ended_at.is_(None))]


async def _segments(conn: AsyncConnection, query: ReportQuery) -> list[SegmentRow]:
    segment, visit = t.segment.c, t.queue_visit.c
    statement = (
        select(
            segment.contact_id,
            visit.queue_id,
            segment.agent_id,
            segment.kind,
            segment.started_at,
            segment.ended_at,
            segment.end_reason,
        )
        .select_from(t.segment.outerjoin(t.queue_visit, visit.id == segment.visit_id))
        .where(
            segment.kind != SegmentKind.IVR.value,
            *_overlaps(segment.started_at, segment.ended_at, query),
        )
    )
    if query.only is not None and query.by is not By.TOTAL:
        column = visit.queue_id if query.by is By.QUEUE else segment.agent_id
        statement = statement.where(column == query.only)
    return [
        SegmentRow(
            contact_id, queue_id, agent_id, SegmentKind(kind), started_at, ended_at, end_reason
        )
        for contact_id, queue_id, agent_id, kind, started_at, ended_at, end_reason in (
            await conn.execute(statement)
        )
    ]


async def _states(conn: AsyncConnection, query: ReportQuery) -> list[StateRow]:
    state = t.agent_state.c
    rows = await conn.execute(
        select(state.agent_id, state.state, state.started_at, state.ended_at).where(
            *_overlaps(state.started_at, state.ended_at, query)
        )
    )
    return [
        StateRow(agent_id, AgentState(name), started_at, ended_at)
        for agent_id, name, started_at, ended_at in rows
    ]
