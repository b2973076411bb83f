"""The sums behind every indicator, read from SQL and counted by `kpi`.

Decides which rows belong to a report; what they mean is `kpi`'s business. Each row of a report can
be opened to its calls with `queries.list_calls` and the same range and scope:

| report | figure | CallFilter |
|---|---|---|
| total | received, handled, abandoned, overflow… | since, until, kind [, outcome] → `calls` |
| total | short_abandoned | + outcome=abandoned, short_abandon → `calls` |
| queue | offered, answered, queue_abandoned… | + queue_id [, outcome] → `visits` |
| queue | queue_short_abandoned | + queue_id, short_abandon → `visits` |
| agent | answered | + answered_by → `visits` |

`kind` is inbound in all of them: reports are about callers.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import VisitOutcome
from kpi.definitions import compute
from kpi.intervals import Interval, edges
from kpi.rows import (
    CallbackRow,
    ContactRow,
    LossRow,
    MediaLossRow,
    MessageRow,
    SegmentRow,
    StateRow,
    Sums,
    TransferRow,
    VisitRow,
    add,
)
from kpi.tally import Place, Tally, gathered, judge_slots, watched_intervals
from store import report_rows
from store import tables as t
from store.errors import StoreError
from store.report_rows import Range

_ORDER: Final = (Interval.M15, Interval.M30, Interval.M60, Interval.DAY, Interval.WHOLE)
_MOST_INTERVALS: Final = 20_000
_MOST_SLOTS: Final = 100_000
_LENGTH_MS: Final = {
    Interval.M15: 900_000,
    Interval.M30: 1_800_000,
    Interval.M60: 3_600_000,
    Interval.DAY: 86_400_000,
}


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
    transfers: list[TransferRow]
    callbacks: list[CallbackRow]
    messages: list[MessageRow]
    losses: list[LossRow]
    media_losses: list[MediaLossRow]
    targets: dict[str, float]


async def report(conn: AsyncConnection, query: ReportQuery) -> list[ReportRow]:
    """The rows of a report, by start and scope; a total row for each interval, even an empty one.

    Raises StoreError for a zone that does not exist, a range that is empty or cut too finely.
    """
    try:
        zone = ZoneInfo(query.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder, as Europe
        raise StoreError(
            f"There is no time zone {query.zone!r}; write one like Europe/Paris."
        ) from (error)
    if query.since >= query.until:
        raise StoreError("The report's range ends before it begins.")
    _must_be_bounded(query)
    rows = await _read(conn, query)
    return await asyncio.to_thread(_count, query, rows, zone)


def _must_be_bounded(query: ReportQuery) -> None:
    for interval, most in ((query.interval, _MOST_INTERVALS), (query.slot, _MOST_SLOTS)):
        length_ms = _LENGTH_MS.get(interval)
        if length_ms is not None and query.until - query.since > most * length_ms:
            raise StoreError(
                f"A report is cut into {most} parts at most: ask for a shorter range, or for "
                "longer intervals and slots."
            )


def _count(query: ReportQuery, rows: _Rows, zone: ZoneInfo) -> list[ReportRow]:
    # Intervals and the slots of the QS linéaire are both sums of the finer of the two.
    fine = min(query.interval, query.slot, key=_ORDER.index)
    fine_borders = edges(query.since, query.until, fine, zone)
    borders = edges(query.since, query.until, query.interval, zone)
    limit_ms = None if query.service_level_s is None else round(query.service_level_s * 1000)
    tally = Tally(fine_borders, query.now_ms, limit_ms)
    watched = watched_intervals(fine_borders, rows.states, query.now_ms)
    match query.by:
        case By.TOTAL:
            tally.add_contacts(rows.contacts)
            tally.add_visits(rows.visits, lambda _: None)
            tally.add_segments(rows.segments, lambda _: None, watched)
            tally.add_states(rows.states, per_agent=False)
            tally.add_transfers(rows.transfers, lambda _: None)
            _add_others(tally, rows, queues=False)
            tally.add_media_losses(rows.media_losses, lambda _: None)
        case By.QUEUE:
            tally.add_visits(rows.visits, lambda row: row.queue_id)
            tally.add_segments(rows.segments, lambda row: row.queue_id, watched)
            tally.add_transfers(
                (row for row in rows.transfers if row.queue_id is not None),
                lambda row: row.queue_id,
            )
            _add_others(tally, rows, queues=True)
            cut = [row for row in rows.media_losses if row.queue_id is not None]
            tally.add_media_losses(cut, lambda row: row.queue_id)
        case By.AGENT:
            answered = [row for row in rows.visits if row.outcome is VisitOutcome.ANSWERED]
            tally.add_visits(answered, lambda row: row.agent_id)
            tally.add_segments(rows.segments, lambda row: row.agent_id, watched)
            tally.add_states(rows.states, per_agent=True)
            tally.add_transfers(
                (row for row in rows.transfers if row.agent_id is not None),
                lambda row: row.agent_id,
                per_agent=True,
            )
            cut = [row for row in rows.media_losses if row.agent_id is not None]
            tally.add_media_losses(cut, lambda row: row.agent_id)
    found = tally.sums(queues=query.by is By.QUEUE, agents=query.by is By.AGENT)
    totals = gathered(found, fine_borders, borders)
    if query.by is not By.AGENT:
        slots = edges(query.since, query.until, query.slot, zone)
        judged = judge_slots(
            gathered(found, fine_borders, slots),
            lambda queue_id: rows.targets.get(queue_id or "", query.target_answer_ratio),
        )
        for place, sums in gathered(judged, slots, borders).items():
            totals[place] = add(totals.get(place, Sums()), sums)
    return _assemble(query, totals, borders)


def _add_others(tally: Tally, rows: _Rows, *, queues: bool) -> None:
    """What is asked of a queue or the floor, and of no agent: callbacks, messages, lost calls."""
    tally.add_callbacks(rows.callbacks, lambda row: row.queue_id if queues else None)
    tally.add_messages(rows.messages, lambda row: row.queue_id if queues else None)
    tally.add_losses(rows.losses, lambda row: row.queue_id if queues else None)


def _assemble(query: ReportQuery, found: dict[Place, Sums], borders: list[int]) -> list[ReportRow]:
    if query.by is By.TOTAL:
        totals = {(None, index): Sums() for index in range(len(borders) - 1)} | found
    else:
        totals = {
            place: sums
            for place, sums in found.items()
            if place[0] is not None and query.only in (None, place[0])
        }
    order = sorted(totals, key=lambda place: (place[1], place[0] or ""))
    return [
        ReportRow(scope, borders[index], borders[index + 1], totals[(scope, index)])
        for scope, index in order
    ]


async def _read(conn: AsyncConnection, query: ReportQuery) -> _Rows:
    span = Range(
        query.since,
        query.until,
        queue_id=query.only if query.by is By.QUEUE else None,
        agent_id=query.only if query.by is By.AGENT else None,
    )
    targets: dict[str, float] = {}
    if query.by is By.QUEUE:
        found = await conn.execute(select(t.queue.c.id, t.queue.c.target_answer_ratio))
        targets = {row.id: row.target_answer_ratio for row in found}
    return _Rows(
        contacts=await report_rows.contacts(conn, span) if query.by is By.TOTAL else [],
        visits=await report_rows.visits(conn, span),
        segments=await report_rows.segments(conn, span),
        states=await report_rows.states(conn, span),
        transfers=await report_rows.transfers(conn, span),
        callbacks=await report_rows.callbacks(conn, span),
        messages=await report_rows.messages(conn, span),
        losses=await report_rows.losses(conn, span),
        media_losses=await report_rows.media_losses(conn, span),
        targets=targets,
    )
