"""Which callers were lost, and which of them were spoken to after all: worked out with the facts.

A loss is a caller with a known number who hung up while waiting, later than a short abandon. One
row of `lost_call` is one loss. It is resolved when the number is answered afterwards: in a later
call of theirs, a callback, or an agent's own call.

`work_out` runs within the writer's transaction. It sets a loss from whichever fact completes it and
a resolution as the earliest answer after it, so neither the order of facts nor their repetition
matters. What people do about a loss is `store/recall.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Row, and_, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from acd.facts import AnyFact, ContactArrived, ContactEnded, SegmentOpened, VisitClosed, VisitOpened
from acd.model import CallId, CallKind, Outcome, SegmentKind, VisitOutcome
from store import tables as t

_AT_ONCE: Final = 500
_LONGEST_CALL_MS: Final = 86_400_000
_contact: Final = t.contact.c
_visit: Final = t.queue_visit.c
_segment: Final = t.segment.c
_lost: Final = t.lost_call.c

_IS_LOSS: Final = and_(
    _contact.kind == CallKind.INBOUND.value,
    _contact.outcome == Outcome.ABANDONED.value,
    _contact.number != "",
    _visit.kind == CallKind.INBOUND.value,
    _visit.outcome == VisitOutcome.ABANDONED.value,
    _visit.left_at - _visit.enqueued_at > _visit.short_abandon_ms,
)
_IS_ANSWER: Final = and_(
    _contact.kind.in_([CallKind.INBOUND, CallKind.CALLBACK, CallKind.MANUAL]),
    _contact.number != "",
    _segment.kind == SegmentKind.TALK.value,
    _segment.agent_id.is_not(None),
)
_CALLS_AND_TALKS: Final = t.contact.join(t.segment, _segment.contact_id == _contact.id)

_IS_EARLIER: Final = or_(
    _lost.resolved_at.is_(None),
    _lost.resolved_at > bindparam("answered_at"),
    and_(
        _lost.resolved_at == bindparam("answered_at"),
        _lost.resolved_by_contact_id > bindparam("answer"),
    ),
)
_RESOLVE: Final = update(t.lost_call).values(
    resolved_at=bindparam("answered_at"), resolved_by_contact_id=bindparam("answer")
)


async def work_out(conn: AsyncConnection, facts: Sequence[AnyFact]) -> None:
    """Bring `lost_call` up to date with facts that are in the other tables by now."""
    ended: set[CallId] = set()
    answered: set[CallId] = set()
    for fact in facts:
        match fact:
            case ContactArrived():
                ended.add(fact.call_id)
                answered.add(fact.call_id)
            case VisitOpened():
                ended.add(fact.call_id)
            case VisitClosed(outcome=VisitOutcome.ABANDONED):
                ended.add(fact.call_id)
            case ContactEnded(outcome=Outcome.ABANDONED):
                ended.add(fact.call_id)
            case SegmentOpened(kind=SegmentKind.TALK, agent_id=str()):
                answered.add(fact.call_id)
    for part in _parts(ended):
        await _keep_losses(conn, part)
    for part in _parts(answered):
        await _resolve(conn, part)


def _parts(ids: set[CallId]) -> Iterator[list[CallId]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


@lru_cache(maxsize=2)
def _add_losses(dialect: str) -> ReturningInsert[str, str, str, int]:
    losses = (
        select(_visit.id, _contact.id, _visit.queue_id, _contact.number, _visit.left_at)
        .select_from(t.contact.join(t.queue_visit, _visit.contact_id == _contact.id))
        .where(_contact.id.in_(bindparam("ids", expanding=True)), _IS_LOSS)
    )
    adding: postgresql.Insert | sqlite.Insert
    dialect_insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    adding = dialect_insert(t.lost_call).from_select(
        ["id", "contact_id", "queue_id", "number", "lost_at"], losses
    )
    return adding.on_conflict_do_nothing().returning(
        _lost.id, _lost.queue_id, _lost.number, _lost.lost_at
    )


async def _keep_losses(conn: AsyncConnection, ids: list[CallId]) -> None:
    added = await conn.execute(_add_losses(conn.dialect.name), {"ids": ids})
    for row in added.all():
        await _resolve_by_past(conn, row)
        await _done_by_past(conn, row)


async def _resolve_by_past(conn: AsyncConnection, row: Row[str, str, str, int]) -> None:
    """The number may have been answered since: this loss became known late."""
    found = await conn.execute(
        select(_contact.id, _segment.started_at)
        .select_from(_CALLS_AND_TALKS)
        .where(
            _contact.number == row.number,
            _contact.arrived_at >= row.lost_at - _LONGEST_CALL_MS,
            _segment.started_at >= row.lost_at,
            _IS_ANSWER,
        )
        .order_by(_segment.started_at, _contact.id)
        .limit(1)
    )
    answer = found.one_or_none()
    if answer is not None:
        values = {"answer": answer.id, "answered_at": answer.started_at}
        await conn.execute(_RESOLVE.where(_lost.id == row.id), values)


async def _done_by_past(conn: AsyncConnection, row: Row[str, str, str, int]) -> None:
    """Somebody may have dealt with the entry that this loss belongs to before it was known."""
    found = await conn.execute(
        select(_lost.done_at, _lost.done_by, _lost.result)
        .where(
            _lost.number == row.number,
            _lost.queue_id == row.queue_id,
            _lost.done_at >= row.lost_at,
        )
        .order_by(_lost.done_at)
        .limit(1)
    )
    done = found.one_or_none()
    if done is not None:
        await conn.execute(
            update(t.lost_call).where(_lost.id == row.id).values(**dict(done._mapping))
        )


async def _resolve(conn: AsyncConnection, ids: list[CallId]) -> None:
    """These contacts may be the first answer to numbers that were lost before."""
    answers = await conn.execute(
        select(_contact.id, _contact.number, _segment.started_at)
        .select_from(_CALLS_AND_TALKS)
        .where(
            _contact.id.in_(ids),
            _IS_ANSWER,
            select(_lost.id).where(_lost.number == _contact.number).exists(),
        )
        .order_by(_segment.started_at, _contact.id)
    )
    found = [
        {"answer": row.id, "caller": row.number, "answered_at": row.started_at} for row in answers
    ]
    if found:
        earlier = _RESOLVE.where(
            _lost.number == bindparam("caller"),
            _lost.lost_at <= bindparam("answered_at"),
            _IS_EARLIER,
        )
        await conn.execute(earlier, found)
