"""The recall list: lost calls as agents work through them, and what they do about each.

Losses of one number in one queue, with nothing between them that closed the matter, are one entry,
known by the first of them. It closes when the number is answered (`store/lost_calls.py`) or when
somebody says that it is done; a later loss opens another. While a callback rings that number anyway
the entry is not listed, unless somebody is at it. An entry is claimed by one agent at a
time, for `CLAIM_MS`. The columns that people write are in no fact.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import CallKind
from store import tables as t
from store.decode import to_struct
from store.errors import NotFound, StoreError
from store.queries import CallCursor

CLAIM_MS: Final = 15 * 60_000
"""How long an entry is kept for the agent who claimed it."""


class RecallState(StrEnum):
    """Where an entry is. called_back_by_caller: the number called again and was answered;
    called_back: it was answered in a callback or an agent's own call; done: somebody said so.
    """

    OPEN = "open"
    CLAIMED = "claimed"
    CALLED_BACK_BY_CALLER = "called_back_by_caller"
    CALLED_BACK = "called_back"
    DONE = "done"


TO_DO: Final = (RecallState.OPEN, RecallState.CLAIMED)


class RecallResult(StrEnum):
    """What came of an entry that somebody says is done."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"
    NOT_WANTED = "not_wanted"


class RecallRefused(StoreError):
    """The entry cannot be worked on by this agent now; `french` is the same sentence."""

    def __init__(self, message: str, french: str) -> None:
        super().__init__(message)
        self.french = french


class RecallClosed(RecallRefused):
    """The entry is closed already: the number was answered, or somebody said that it is done."""

    slug = "recall-closed"


class RecallClaimed(RecallRefused):
    """Another agent has claimed the entry."""

    slug = "recall-claimed"


class RecallEntry(msgspec.Struct, frozen=True):
    """A number that was lost in a queue. `lost_at` is the first loss, `last_lost_at` the last.

    `losses` counts them, `attempts` the calls that agents made to the number since. `closed_at` and
    what follows it are None while the entry is to be worked on; `claimed_by` is an agent, None when
    nobody has a claim that still holds.
    """

    id: str
    contact_id: str
    queue_id: str
    number: str
    state: RecallState
    lost_at: int
    last_lost_at: int
    losses: int
    attempts: int
    claimed_by: str | None
    claimed_until: int | None
    closed_at: int | None
    resolved_by_contact_id: str | None
    done_by: str | None
    result: RecallResult | None


class RecallFilter(msgspec.Struct, frozen=True):
    """Which entries: lost in [since, until) (UTC ms; their last loss counts), in these queues
    (None: all), states, number.
    """

    since: int
    states: Collection[RecallState] = TO_DO
    queues: Collection[str] | None = None
    number: str | None = None
    until: int | None = None


_lost: Final = t.lost_call.c
_contact: Final = t.contact.c


def _closed_at(loss: FromClause) -> ColumnElement[int | None]:
    """When this loss was closed, by an answer or by hand, whichever came first; NULL: open."""
    done, resolved = loss.c.done_at, loss.c.resolved_at
    return case(
        (done.is_(None), resolved), (resolved.is_(None), done), (done <= resolved, done),
        else_=resolved,
    )  # fmt: skip


def _same_entry(other: FromClause) -> ColumnElement[bool]:
    return and_(
        other.c.number == _lost.number,
        other.c.queue_id == _lost.queue_id,
        _closed_at(other).is_not_distinct_from(_closed_at(t.lost_call)),
    )


def _is_first() -> ColumnElement[bool]:
    """Whether this is the first loss of its entry."""
    earlier = t.lost_call.alias("earlier")
    before = or_(
        earlier.c.lost_at < _lost.lost_at,
        and_(earlier.c.lost_at == _lost.lost_at, earlier.c.id < _lost.id),
    )
    found = select(earlier.c.id).where(_same_entry(earlier), before)
    return ~found.correlate(t.lost_call).exists()


def _is_lost_since(since: int) -> ColumnElement[bool]:
    """Whether a loss of this entry is as late as that."""
    late, same = t.lost_call.alias("late"), t.lost_call.alias("late_same")
    # The first condition only spares a look at every entry there ever was.
    numbers = select(late.c.number).where(late.c.lost_at >= since)
    found = select(same.c.id).where(_same_entry(same), same.c.lost_at >= since)
    return and_(_lost.number.in_(numbers), found.correlate(t.lost_call).exists())


def _is_called_back(now_ms: int) -> ColumnElement[bool]:
    """Whether a callback to the number is under way; an appointment for later is none."""
    callback = t.callback.c
    return (
        select(callback.id)
        .where(
            callback.number == _lost.number,
            callback.booked_at.is_not(None),
            callback.ended_at.is_(None),
            callback.asked_at <= now_ms,
        )
        .correlate(t.lost_call)
        .exists()
    )


def _holds(now_ms: int) -> ColumnElement[bool]:
    """Whether the claim of this entry still holds."""
    return and_(_lost.claimed_by.is_not(None), _lost.claimed_at > now_ms - CLAIM_MS)


def _state(now_ms: int) -> ColumnElement[str]:
    resolver = t.contact.alias("resolver")
    kind = (
        select(resolver.c.kind)
        .where(resolver.c.id == _lost.resolved_by_contact_id)
        .correlate(t.lost_call)
        .scalar_subquery()
    )
    by_hand = and_(
        _lost.done_at.is_not(None),
        or_(_lost.resolved_at.is_(None), _lost.done_at <= _lost.resolved_at),
    )
    return case(
        (by_hand, RecallState.DONE.value),
        (
            _lost.resolved_at.is_not(None),
            case(
                (kind == CallKind.INBOUND.value, RecallState.CALLED_BACK_BY_CALLER.value),
                else_=RecallState.CALLED_BACK.value,
            ),
        ),
        (_holds(now_ms), RecallState.CLAIMED.value),
        else_=RecallState.OPEN.value,
    )


def _entries(now_ms: int) -> Select[*tuple[object, ...]]:
    group, closed_at = t.lost_call.alias("same"), _closed_at(t.lost_call)
    last, losses = (
        select(what).where(_same_entry(group)).correlate(t.lost_call).scalar_subquery()
        for what in (func.max(group.c.lost_at), func.count())
    )
    attempts = (
        select(func.count())
        .select_from(t.contact)
        .where(
            _contact.kind == CallKind.MANUAL.value,
            _contact.number == _lost.number,
            _contact.arrived_at >= _lost.lost_at,
            or_(closed_at.is_(None), _contact.arrived_at <= closed_at),
        )
        .correlate(t.lost_call)
        .scalar_subquery()
    )
    holds, by_hand = _holds(now_ms), _lost.done_at == closed_at
    return select(
        _lost.id,
        _lost.contact_id,
        _lost.queue_id,
        _lost.number,
        _lost.lost_at,
        _state(now_ms).label("state"),
        last.label("last_lost_at"),
        losses.label("losses"),
        attempts.label("attempts"),
        case((holds, _lost.claimed_by), else_=null()).label("claimed_by"),
        cast(case((holds, _lost.claimed_at + CLAIM_MS), else_=null()), BigInteger).label(
            "claimed_until"
        ),
        closed_at.label("closed_at"),
        case((by_hand, null()), else_=_lost.resolved_by_contact_id).label("resolved_by_contact_id"),
        case((by_hand, _lost.done_by), else_=null()).label("done_by"),
        case((by_hand, _lost.result), else_=null()).label("result"),
    ).where(_is_first())


async def list_entries(
    conn: AsyncConnection,
    wanted: RecallFilter,
    now_ms: int,
    *,
    limit: int = 100,
    after: CallCursor | None = None,
) -> list[RecallEntry]:
    """Entries that match, longest lost first; `after` continues below the last of a page."""
    query = _entries(now_ms).where(
        _is_lost_since(wanted.since),
        or_(_closed_at(t.lost_call).is_not(None), _holds(now_ms), ~_is_called_back(now_ms)),
    )
    if wanted.until is not None:
        query = query.where(~_is_lost_since(wanted.until))
    if not set(wanted.states) - set(TO_DO):
        query = query.where(_closed_at(t.lost_call).is_(None))
    query = query.where(_state(now_ms).in_([state.value for state in wanted.states]))
    if wanted.queues is not None:
        query = query.where(_lost.queue_id.in_(wanted.queues))
    if wanted.number is not None:
        query = query.where(_lost.number == wanted.number)
    if after is not None:
        same = and_(_lost.lost_at == after.arrived_at, _lost.id > after.id)
        query = query.where(or_(_lost.lost_at > after.arrived_at, same))
    query = query.order_by(_lost.lost_at, _lost.id).limit(limit)
    return [to_struct(row, RecallEntry) for row in await conn.execute(query)]


async def get_entry(conn: AsyncConnection, entry_id: str, now_ms: int) -> RecallEntry:
    """The entry with this id, or with this loss in it. Raises NotFound."""
    first = await _first_of(conn, entry_id)
    row = (await conn.execute(_entries(now_ms).where(_lost.id == first))).one_or_none()
    if row is None:
        raise NotFound("recall entry", entry_id)
    return to_struct(row, RecallEntry)


async def _first_of(conn: AsyncConnection, loss_id: str) -> str:
    """The id of the entry that this loss belongs to. Raises NotFound.

    An earlier loss may have become known after somebody was shown the entry.
    """
    one = t.lost_call.alias("one")
    found: str | None = await conn.scalar(
        select(_lost.id)
        .select_from(t.lost_call.join(one, _same_entry(one)))
        .where(one.c.id == loss_id)
        .order_by(_lost.lost_at, _lost.id)
        .limit(1)
    )
    if found is None:
        raise NotFound("recall entry", loss_id)
    return found


# ---- what people do ----------------------------------------------------------------------------


def _refusal(entry: RecallEntry) -> StoreError:
    if entry.closed_at is not None:
        return RecallClosed(
            f"Nothing is to be done here any more: {entry.state.value}.",
            "Il n’y a plus rien à faire ici : cet appel perdu est traité.",
        )
    return RecallClaimed(
        f"The agent {entry.claimed_by!r} has claimed this entry.",
        f"Le téléconseiller « {entry.claimed_by} » s’occupe déjà de cet appel perdu.",
    )


async def claim(conn: AsyncConnection, entry_id: str, agent_id: str, now_ms: int) -> RecallEntry:
    """Keep the entry for this agent, from now on for `CLAIM_MS`; one's own claim is renewed.

    Raises NotFound, RecallClosed, RecallClaimed.
    """
    entry_id = await _first_of(conn, entry_id)
    mine = or_(_lost.claimed_by == agent_id, ~_holds(now_ms), _lost.claimed_by.is_(None))
    taken = await conn.execute(
        update(t.lost_call)
        .where(_lost.id == entry_id, _closed_at(t.lost_call).is_(None), mine)
        .values(claimed_by=agent_id, claimed_at=now_ms)
    )
    entry = await get_entry(conn, entry_id, now_ms)
    if taken.rowcount == 0:
        raise _refusal(entry)
    return entry


async def release(
    conn: AsyncConnection, entry_id: str, agent_id: str | None, now_ms: int
) -> RecallEntry:
    """Give a claim back; an `agent_id` of None gives back anybody's. Harmless where there is none.

    Raises NotFound, RecallClaimed.
    """
    entry = await _must_be_free(conn, entry_id, agent_id, now_ms)
    await conn.execute(
        update(t.lost_call).where(_lost.id == entry.id).values(claimed_by=None, claimed_at=None)
    )
    return await get_entry(conn, entry_id, now_ms)


async def finish(
    conn: AsyncConnection,
    entry_id: str,
    agent_id: str | None,
    result: RecallResult,
    by: str,
    now_ms: int,
) -> RecallEntry:
    """Nothing more is to be done about this entry; `by` says so. `agent_id`: as in `release`.

    Raises NotFound, RecallClosed, RecallClaimed.
    """
    entry = await _must_be_free(conn, entry_id, agent_id, now_ms)
    if entry.closed_at is not None:
        raise _refusal(entry)
    # The floor's clock may be ahead of this one: what is done is done after the loss.
    done_at = max(now_ms, entry.last_lost_at)
    await conn.execute(
        update(t.lost_call)
        .where(
            _lost.number == entry.number,
            _lost.queue_id == entry.queue_id,
            _closed_at(t.lost_call).is_(None),
        )
        .values(done_at=done_at, done_by=by, result=result.value)
    )
    return await get_entry(conn, entry_id, now_ms)


async def _must_be_free(
    conn: AsyncConnection, entry_id: str, agent_id: str | None, now_ms: int
) -> RecallEntry:
    entry = await get_entry(conn, entry_id, now_ms)
    if agent_id is not None and entry.claimed_by not in (None, agent_id):
        raise _refusal(entry)
    return entry
