"""Indicators: per queue, per agent, for the whole floor by interval; and what each one means.

Beside them two reports that go into shares: pauses by reason, conversations by disposition.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.auth import AsAgent, AsSupervisor, only_own
from api.context import Context, Ctx
from api.paging import Page
from api.problems import Problem, described, invalid_parameter
from api.shapes import GivenInstant, Instant, Out
from kpi.definition import Unit
from kpi.definitions import DEFINITIONS
from kpi.intervals import Interval
from store import breakdowns, config
from store.errors import StoreError
from store.reporting import By, ReportQuery, report

router = APIRouter(prefix="/kpi", tags=["kpi"])

Since = Annotated[GivenInstant, Query(description="from this instant on")]
Until = Annotated[GivenInstant, Query(description="before this instant")]

Threshold = Annotated[
    float | None,
    Query(ge=0, le=3600, description="service level in s; left out: as set when callers queued"),
]
Zone = Annotated[str | None, Query(max_length=64, description="IANA; left out: the floor's")]


class Definition(Out):
    """What an indicator means. Ratios are 0 to 1, durations seconds, null: it has no value."""

    key: str
    fr: str
    en: str
    unit: Unit
    formula: str
    edges: str


class Definitions(Page[Definition]):
    """All indicators."""


class ReportRow(Out):
    """One queue or agent (null: the whole floor) in one interval."""

    scope: str | None = Field(description="queue or agent id")
    start: Instant
    end: Instant
    values: dict[str, float | None] = Field(description="by key, see /kpi/definitions")


class Report(Page[ReportRow]):
    """A report, by start and scope."""

    zone: str
    interval: Interval


@router.get(
    "/definitions",
    operation_id="kpiDefinitions",
    summary="What each indicator means",
    responses=described(401),
)
async def definitions(_: AsAgent) -> Definitions:
    """Names in French and English, unit, formula, edge cases."""
    return Definitions(items=[Definition.model_validate(each) for each in DEFINITIONS])


async def _report(context: Context, query: ReportQuery) -> Report:
    _must_have_length(query.since, query.until)
    async with context.history() as conn:
        try:
            found = await report(conn, query)
        except StoreError as error:
            if error.retryable:
                raise
            raise Problem(422, "invalid", str(error), f"Rapport refusé : {error}") from error
    rows = [
        ReportRow(scope=row.scope, start=row.start, end=row.end, values=row.kpis()) for row in found
    ]
    return Report(items=rows, zone=query.zone, interval=query.interval)


@router.get(
    "/queues",
    operation_id="kpiQueues",
    summary="Indicators per queue",
    responses=described(401, 403, 404, 422),
)
async def queues(
    context: Ctx,
    _: AsSupervisor,
    since: Since,
    until: Until,
    interval: Interval = Interval.WHOLE,
    queue: str | None = None,
    threshold: Threshold = None,
    zone: Zone = None,
) -> Report:
    """Counts and waits belong to the interval in which callers entered the queue."""
    if queue is not None:
        async with context.history() as conn:
            await config.get_queue(conn, queue)
    return await _report(
        context,
        ReportQuery(
            since=since,
            until=until,
            now_ms=context.now_ms(),
            by=By.QUEUE,
            interval=interval,
            zone=zone or context.settings.time_zone,
            only=queue,
            service_level_s=threshold,
        ),
    )


@router.get(
    "/agents",
    operation_id="kpiAgents",
    summary="Indicators per agent",
    responses=described(401, 403, 404, 422),
)
async def agents(
    context: Ctx,
    who: AsAgent,
    since: Since,
    until: Until,
    interval: Interval = Interval.WHOLE,
    agent: str | None = None,
    zone: Zone = None,
) -> Report:
    """An agent sees only their own."""
    agent = only_own(who, agent, "figures")
    if agent is not None:
        async with context.history() as conn:
            await config.get_agent(conn, agent)
    return await _report(
        context,
        ReportQuery(
            since=since,
            until=until,
            now_ms=context.now_ms(),
            by=By.AGENT,
            interval=interval,
            zone=zone or context.settings.time_zone,
            only=agent,
        ),
    )


@router.get(
    "/intervals",
    operation_id="kpiIntervals",
    summary="Indicators of the whole floor by interval",
    responses=described(401, 403, 422),
)
async def intervals(
    context: Ctx,
    _: AsSupervisor,
    since: Since,
    until: Until,
    interval: Interval = Interval.M30,
    threshold: Threshold = None,
    zone: Zone = None,
) -> Report:
    """Contacts by arrival, visits by entry into the queue; times are cut at the borders."""
    return await _report(
        context,
        ReportQuery(
            since=since,
            until=until,
            now_ms=context.now_ms(),
            interval=interval,
            zone=zone or context.settings.time_zone,
            service_level_s=threshold,
        ),
    )


class PauseFigures(Out):
    """An agent's pauses for one reason; null `productive`, `paid`: not kept then."""

    agent_id: str
    reason: str | None
    productive: bool | None
    paid: bool | None
    count: int = Field(description="begun in the range")
    total_ms: int = Field(description="their time within the range")


class Pauses(Page[PauseFigures]):
    """Pauses of each agent by reason."""


class DispositionShare(Out):
    """How often a queue's contacts were qualified so."""

    queue_id: str
    code: str | None = Field(description="null: not qualified (non qualifié)")
    count: int
    share: float = Field(description="among all that the queue's agents talked to, 0 to 1")


class Dispositions(Page[DispositionShare]):
    """Shares of the dispositions of each queue."""


def _must_have_length(since: int, until: int) -> None:
    if since >= until:
        raise invalid_parameter(
            "until", "`until` must be after `since`.", "« until » doit venir après « since »."
        )


@router.get(
    "/pauses",
    operation_id="kpiPauses",
    summary="Pauses by agent and reason",
    responses=described(401, 403, 404, 422),
)
async def pauses(
    context: Ctx, who: AsAgent, since: Since, until: Until, agent: str | None = None
) -> Pauses:
    """By agent, the longest first. An agent sees only their own."""
    _must_have_length(since, until)
    agent = only_own(who, agent, "figures")
    async with context.history() as conn:
        if agent is not None:
            await config.get_agent(conn, agent)
        rows = await breakdowns.pauses(conn, since, until, context.now_ms(), agent_id=agent)
    return Pauses(items=[PauseFigures.model_validate(row) for row in rows])


@router.get(
    "/dispositions",
    operation_id="kpiDispositions",
    summary="Conversations by disposition",
    responses=described(401, 403, 404, 422),
)
async def dispositions(
    context: Ctx,
    _: AsSupervisor,
    since: Since,
    until: Until,
    queue: str | None = None,
    agent: str | None = None,
) -> Dispositions:
    """By queue, the most frequent first, those not qualified last; by entry into the queue."""
    _must_have_length(since, until)
    async with context.history() as conn:
        if queue is not None:
            await config.get_queue(conn, queue)
        if agent is not None:
            await config.get_agent(conn, agent)
        rows = await breakdowns.dispositions(conn, since, until, queue_id=queue, agent_id=agent)
    return Dispositions(items=[DispositionShare.model_validate(row) for row in rows])
