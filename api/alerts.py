"""Alerts that were raised. Those that stand now are `api/live.py`'s, their rules `alert_rules`'."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import AsSupervisor
from api.context import Ctx
from api.paging import Cursor, Limit, Page, Since, Until, decode_cursor, page_of
from api.problems import described
from api.shapes import Instant, Out
from store import alerts

router = APIRouter(prefix="/alerts", tags=["live"])


class Alert(Out):
    """A threshold that was passed, with the value seen then.

    `rule_id` may name a rule that has been deleted since; `queue_id` is null where the rule is
    about no queue, `cleared_at` while the alert stands.
    """

    id: str
    rule_id: str
    queue_id: str | None
    raised_at: Instant
    cleared_at: Instant | None
    value: float
    threshold: float


class Alerts(Page[Alert]):
    """A page of the list."""


@router.get(
    "",
    operation_id="listAlerts",
    summary="Alerts that were raised",
    responses=described(401, 403, 422),
)
async def list_alerts(
    context: Ctx,
    _: AsSupervisor,
    since: Since = None,
    until: Until = None,
    rule: Annotated[str | None, Query(max_length=64)] = None,
    queue: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Alerts:
    """By when they were raised, newest first; those of deleted rules and queues too."""
    wanted = alerts.AlertFilter(since, until, rule, queue)
    async with context.history() as conn:
        found = await alerts.list_alerts(conn, wanted, limit=limit + 1, below=decode_cursor(cursor))
    page, after = page_of(found, limit, lambda row: (row.raised_at, row.id))
    return Alerts(items=[Alert.model_validate(row) for row in page], next=after)
