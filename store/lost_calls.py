"""Which callers were lost, and which of them were spoken to after all: worked out with the facts.

A loss is a caller with a number of their own (E.164: not withheld, no name, no short number) who
waited in a queue, longer than a short abandon, and had nothing of it: they hung up there, or on the
way out of it by a key, a transfer or the longest wait, with nobody to talk to and neither message
nor callback left. One row of `lost_call` is one loss, of the last queue. It is resolved when the
number is answered afterwards: in a later call of theirs, a callback, an agent's own call, also that
to the sender of a voice message.

`work_out` runs within the writer's transaction. It sets a loss from whichever fact completes it and
a resolution as the earliest answer after it, so neither the order of facts nor their repetition
matters. What people do about a loss is `store/recall.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Row, and_, bindparam, case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from acd.facts import (
    AnyFact,
    ContactArrived,
    ContactEnded,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.model import CallId, CallKind, OfferEnd, Outcome, SegmentKind, VisitOutcome
from store import tables as t
from store.queries import WAITED_IN_ALL_MS

_AT_ONCE: Final = 500
_LONGEST_CALL_MS: Final = 86_400_000
_contact: Final = t.contact.c
_visit: Final = t.queue_visit.c
_segment: Final = t.segment.c
_lost: Final = t.lost_call.c

# Who was served by one queue may be lost in the next: ANSWERED alone says nothing.
_HUNG_UP_IN_QUEUE: Final = and_(
    _contact.outcome.in_([Outcome.ABANDONED, Outcome.ANSWERED]),
    _visit.outcome == VisitOutcome.ABANDONED.value,
)
# The reasons of `acd/dispatch/hangups.py`, and of `voicemail` and `sending` in `acd/destinations/`.
_LEFT_WITH_NOTHING: Final = and_(
    _contact.outcome.in_([Outcome.OVERFLOW, Outcome.ANSWERED]),
    _visit.outcome.in_([VisitOutcome.OVERFLOW, VisitOutcome.VOICEMAIL]),
    or_(
        _contact.reason.in_(["hung_up_on_the_way", "caller_media_lost", "no_message", "max_wait"]),
        _contact.reason.startswith("not_taken:"),
    ),
)
_later: Final = t.queue_visit.alias("later")
_IS_LAST: Final = (
    ~select(_later.c.id)
    .where(
        _later.c.contact_id == _visit.contact_id,
        _later.c.kind == CallKind.INBOUND.value,
        _later.c.seq > _visit.seq,
    )
    .correlate(t.queue_visit)
    .exists()
)
_IS_LOSS: Final = and_(
    _contact.kind == CallKind.INBOUND.value,
    _contact.number.startswith("+"),
    _visit.kind == CallKind.INBOUND.value,
    _visit.short_abandon_ms < WAITED_IN_ALL_MS,
    or_(_HUNG_UP_IN_QUEUE, _LEFT_WITH_NOTHING),
    _IS_LAST,
)
# A voice message is talk of its agent's too: its sender is there once what was dialled is answered.
_SENDER_REACHED: Final = and_(
    _contact.kind == CallKind.VOICEMAIL.value,
    _segment.kind == SegmentKind.DIAL.value,
    _segment.end_reason == OfferEnd.ANSWERED.value,
)
_IS_ANSWER: Final = and_(
    _contact.number != "",
    _segment.agent_id.is_not(None),
    or_(
        and_(
            _contact.kind.in_([CallKind.INBOUND, CallKind.CALLBACK, CallKind.MANUAL]),
            _segment.kind == SegmentKind.TALK.value,
        ),
        _SENDER_REACHED,
    ),
)
_ANSWERED_AT: Final = case((_SENDER_REACHED, _segment.ended_at), else_=_segment.started_at)
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
            case VisitClosed(
                outcome=VisitOutcome.ABANDONED | VisitOutcome.OVERFLOW | VisitOutcome.VOICEMAIL
            ):
                ended.add(fact.call_id)
            case ContactEnded(outcome=Outcome.ABANDONED | Outcome.OVERFLOW | Outcome.ANSWERED):
                ended.add(fact.call_id)
            case SegmentOpened(kind=SegmentKind.TALK | SegmentKind.DIAL, agent_id=str()):
                answered.add(fact.call_id)
            case SegmentClosed(reason=OfferEnd.ANSWERED):
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


_NOT_LAST: Final = delete(t.lost_call).where(
    _lost.contact_id.in_(bindparam("ids", expanding=True)),
    select(_visit.id).where(_visit.id == _lost.id, ~_IS_LAST).correlate(t.lost_call).exists(),
)
"""What counted as a loss until a later visit of the same call became known."""


async def _keep_losses(conn: AsyncConnection, ids: list[CallId]) -> None:
    await conn.execute(_NOT_LAST, {"ids": ids})
    added = await conn.execute(_add_losses(conn.dialect.name), {"ids": ids})
    for row in added.all():
        await _resolve_by_past(conn, row)
        await _done_by_past(conn, row)


async def _resolve_by_past(conn: AsyncConnection, row: Row[str, str, str, int]) -> None:
    """The number may have been answered since: this loss became known late."""
    found = await conn.execute(
        select(_contact.id, _ANSWERED_AT.label("answered_at"))
        .select_from(_CALLS_AND_TALKS)
        .where(
            _contact.number == row.number,
            _contact.arrived_at >= row.lost_at - _LONGEST_CALL_MS,
            row.lost_at <= _ANSWERED_AT,
            _IS_ANSWER,
        )
        .order_by(_ANSWERED_AT, _contact.id)
        .limit(1)
    )
    answer = found.one_or_none()
    if answer is not None:
        values = {"answer": answer.id, "answered_at": answer.answered_at}
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
        select(_contact.id, _contact.number, _ANSWERED_AT.label("answered_at"))
        .select_from(_CALLS_AND_TALKS)
        .where(
            _contact.id.in_(ids),
            _IS_ANSWER,
            select(_lost.id).where(_lost.number == _contact.number).exists(),
        )
        .order_by(_ANSWERED_AT, _contact.id)
    )
    found = [
        {"answer": row.id, "caller": row.number, "answered_at": row.answered_at} for row in answers
    ]
    if found:
        earlier = _RESOLVE.where(
            _lost.number == bindparam("caller"),
            _lost.lost_at <= bindparam("answered_at"),
            _IS_EARLIER,
        )
        await conn.execute(earlier, found)
