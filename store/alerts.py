"""Alerts that were raised, and when they ended: history only, who watches them is the floor."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store import tables as t
from store.decode import to_struct
from store.queries import CallCursor, between

_alert: Final = t.alert_event.c


class AlertRow(msgspec.Struct, frozen=True):
    """A threshold that was passed, with the value seen then.

    `queue_id` None: the rule is about no queue. `cleared_at` None: it stands still.
    """

    subject: str
    seq: int
    rule_id: str
    queue_id: str | None
    raised_at: int
    cleared_at: int | None
    value: float
    threshold: float

    @property
    def id(self) -> str:
        """Names this alert among all of its rule and queue."""
        return f"{self.subject}:{self.seq}"


class AlertFilter(msgspec.Struct, frozen=True):
    """Which alerts, by when they were raised: UTC ms, [since, until). None: no restriction."""

    since: int | None = None
    until: int | None = None
    rule_id: str | None = None
    queue_id: str | None = None


async def list_alerts(
    conn: AsyncConnection,
    wanted: AlertFilter,
    *,
    limit: int = 100,
    below: CallCursor | None = None,
) -> list[AlertRow]:
    """Alerts that match, newest first; `below` continues after the last of a page (its `id`)."""
    # An alert whose raise was told before the store existed has its end alone: nothing to show.
    query = select(t.alert_event).where(_alert.raised_at.is_not(None))
    query = query.where(*between(_alert.raised_at, wanted.since, wanted.until))
    for column, value in ((_alert.rule_id, wanted.rule_id), (_alert.queue_id, wanted.queue_id)):
        if value is not None:
            query = query.where(column == value)
    if below is not None:
        subject, _, seq = below.id.rpartition(":")
        number = int(seq) if seq.isdecimal() and len(seq) < 10 else 0
        lower = and_(_alert.subject == subject, _alert.seq < number)
        same = and_(_alert.raised_at == below.arrived_at, or_(_alert.subject < subject, lower))
        query = query.where(or_(_alert.raised_at < below.arrived_at, same))
    newest = (_alert.raised_at.desc(), _alert.subject.desc(), _alert.seq.desc())
    rows = await conn.execute(query.order_by(*newest).limit(limit))
    return [to_struct(row, AlertRow) for row in rows]
