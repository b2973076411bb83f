"""From the journal to SQL: in batches, exactly once in effect, never in a call's way.

The task reads what the journal has synced, writes the facts and its own place in the journal in
one transaction, and goes on. When SQL fails it waits and tries again for as long as it takes; the
journal holds everything meanwhile. A fact that SQL refuses for what it contains is put aside in
`rejected.jsonl` in the journal's folder, counted and told, so that one bad fact cannot hold up the
others.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Final

import msgspec
import structlog
from sqlalchemy import BigInteger, Update, bindparam, cast, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import ReturningInsert

from acd.facts import AnyFact
from acd.failing import Failing
from store import tables as t
from store.errors import JournalError
from store.journal import Batch, Journal, Position
from store.lost_calls import work_out
from store.projection import ChainState, Statement, Values, event_row, plan

_BATCH_FACTS: Final = 1000
_SYNC_S: Final = 0.05
_WRITE_S: Final = 0.25
_RETRY_FIRST_S: Final = 0.2
_RETRY_MOST_S: Final = 5.0
_TOO_LONG_MS: Final = 15_000

# SQLite's driver says OverflowError of a number too large, unwrapped.
_REFUSALS: Final = (DBAPIError, OverflowError)
# SQLSTATE classes (PostgreSQL, appendix A): data exception, integrity constraint violation.
_REFUSAL_STATES: Final = ("22", "23")
_log = structlog.get_logger("plateau.store")

Insert = postgresql.Insert | sqlite.Insert


@lru_cache(maxsize=256)
def _upsert(dialect: str, what: Statement) -> Insert:
    """INSERT that knows ON CONFLICT; made once, because making it costs more than running it."""
    table = t.metadata.tables[what.table]
    adding: Insert
    adding = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    new = adding.excluded
    if not what.columns:
        return adding.on_conflict_do_nothing()
    older = None
    if what.newest is not None:
        kept = table.c[what.newest]
        older = or_(kept.is_(None), kept < new[what.newest])
    return adding.on_conflict_do_update(
        index_elements=list(what.key),
        set_={column: new[column] for column in what.columns},
        where=older,
    )


@lru_cache(maxsize=2)
def _add_events(dialect: str) -> ReturningInsert[str, int]:
    """The events that are new, and which they were."""
    adding = _upsert(dialect, Statement("event", (), ()))
    return adding.returning(t.event.c.subject, t.event.c.seq)


def _sentence(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}"


def _refused(error: Exception) -> bool:
    """True if SQL refused what was to be written, False if SQL itself is in trouble."""
    if isinstance(error, OverflowError | DataError | IntegrityError | ProgrammingError):
        return True
    # asyncpg checks arguments before it sends them, as a plain error with the state of class 22.
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(state, str) and state[:2] in _REFUSAL_STATES


async def write_facts(conn: AsyncConnection, facts: Sequence[AnyFact], received_at: int) -> int:
    """Write facts within the caller's transaction; how many were new.

    Facts whose (subject, seq) is in `event` already change nothing.
    """
    by_id = {(fact.subject, fact.seq): fact for fact in reversed(facts)}
    if not by_id:
        return 0
    added = await conn.execute(
        _add_events(conn.dialect.name),
        [event_row(fact, received_at) for fact in by_id.values()],
    )
    new = {(subject, seq) for subject, seq in added}
    # As they were told: the audit log's lines are numbered as they are written.
    fresh = [fact for key, fact in reversed(by_id.items()) if key in new]
    work = plan(fresh)
    for statement, rows in work.rows.items():
        await conn.execute(_upsert(conn.dialect.name, statement), rows)
    await _chain(conn, work.chains)
    await work_out(conn, fresh)
    return len(fresh)


def _chain_updates() -> tuple[Update, Update]:
    """The two updates that end an agent's state where the next one begins."""
    other = t.agent_state.alias("other")
    same = other.c.agent_id == bindparam("a")
    before = (
        select(other.c.seq)
        .where(same, other.c.seq < bindparam("n"))
        .order_by(other.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    begins = select(other.c.started_at).where(same, other.c.seq == bindparam("n")).scalar_subquery()
    after = (
        select(other.c.started_at)
        .where(same, other.c.seq > bindparam("n"))
        .order_by(other.c.seq)
        .limit(1)
        .scalar_subquery()
    )
    state = t.agent_state.c
    mine = update(t.agent_state).where(state.agent_id == bindparam("a"))
    return (
        mine.where(state.seq == before).values(ended_at=begins),
        mine.where(state.seq == bindparam("n")).values(ended_at=cast(after, BigInteger)),
    )


_ENDS_LAST, _ENDS_SELF = _chain_updates()


async def _chain(conn: AsyncConnection, chains: Sequence[ChainState]) -> None:
    """End each state where the next one of the same agent begins, whatever came first."""
    if not chains:
        return
    parameters = [{"a": chain.agent_id, "n": chain.seq} for chain in chains]
    await conn.execute(_ENDS_LAST, parameters)
    await conn.execute(_ENDS_SELF, parameters)


class StoreWriter:
    """The task that brings the journal to SQL. `start` it, `drain` it, `close` it.

    `now_ms` is the floor's clock. `last_error` is a sentence while SQL fails, None while it works,
    `failing_since` since when; `behind` counts facts that are in the journal and not in SQL;
    `rejected` those put aside;
    `damaged` lines of the journal that nobody can read, `missing` files of it that were deleted
    before SQL had them (an older database was put back): what they told is not in SQL.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        journal: Journal,
        now_ms: Callable[[], int],
        *,
        batch_facts: int = _BATCH_FACTS,
        sync_s: float = _SYNC_S,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._now_ms = now_ms
        self._batch_facts = batch_facts
        self._sync_s = sync_s
        self._position: Position | None = None
        self._read_facts = 0
        self._backlog = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._moved = asyncio.Event()
        self._stopping = asyncio.Event()
        self._writing, self._syncing = Failing(), Failing()
        self._step_began: int | None = None
        self.written = 0
        self.rejected = 0
        self.damaged = 0
        self.missing = 0

    @property
    def last_error(self) -> str | None:
        """Why SQL, or the journal's sync, fails now."""
        return self._writing.why or self._syncing.why or None

    @property
    def failing_since(self) -> int | None:
        """Since when nothing reaches SQL (UTC ms), by failures or because SQL takes for ever."""
        began, now_ms = self._step_began, self._now_ms()
        slow = began if began is not None and now_ms - began > _TOO_LONG_MS else None
        rows = (self._writing.since, self._syncing.since, slow)
        return min((since for since in rows if since is not None), default=None)

    @property
    def behind(self) -> int:
        """Facts in the journal that are not in SQL; exact once the checkpoint was read."""
        return max(0, self._backlog + self._journal.appended_facts - self._read_facts)

    def start(self) -> None:
        """Begin to sync and to write; must be called in the running loop, once."""
        if self._tasks:
            raise RuntimeError("the writer was started already")
        self._tasks = [
            asyncio.create_task(
                self._run(self._sync_once, self._sync_s, self._syncing), name="journal-sync"
            ),
            asyncio.create_task(self._run(self.step, _WRITE_S, self._writing), name="store-writer"),
        ]

    async def _run(self, work: Callable[[], Awaitable[bool]], pause_s: float, row: Failing) -> None:
        """Do `work` again and again; after a failure wait longer each time, but never give up."""
        wait_s = _RETRY_FIRST_S
        while not self._stopping.is_set():
            try:
                moved = await work()
            except (SQLAlchemyError, OSError, JournalError) as error:
                if row.since is None:
                    _log.warning("store_write_failed", error=_sentence(error))
                row.failed(self._now_ms(), _sentence(error))
            except Exception as error:  # noqa: BLE001 - told, counted as an error, retried
                # A fault of ours; the journal keeps everything, so going on trying loses nothing.
                _log.exception("store_writer_fault")
                row.failed(self._now_ms(), _sentence(error))
            else:
                row.succeeded()
                wait_s = _RETRY_FIRST_S
                if not moved:
                    await self._pause(pause_s)
                continue
            await self._pause(wait_s)
            wait_s = min(_RETRY_MOST_S, wait_s * 2)

    async def _sync_once(self) -> bool:
        await asyncio.to_thread(self._journal.sync)
        return False

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def step(self) -> bool:
        """Sync, write one batch, note the place; False when there was nothing to write."""
        self._step_began = self._now_ms()
        try:
            return await self._batch()
        finally:
            self._step_began = None

    async def _batch(self) -> bool:
        if self._position is None:
            await asyncio.to_thread(self._journal.sync)
            self._position = await self._read_checkpoint()
            self._backlog = await asyncio.to_thread(self._journal.count_behind, self._position)
            # Where there is nothing to write, this is all that `drain` waits for.
            self._moved.set()
        batch = await asyncio.to_thread(self._journal.read, self._position, self._batch_facts)
        if batch.next == self._position:
            return False
        facts = [fact for entry in batch.entries for fact in entry.facts]
        try:
            async with self._engine.begin() as conn:
                written = await write_facts(conn, facts, self._now_ms())
                await self._write_checkpoint(conn, batch.next)
        except _REFUSALS as error:
            if not _refused(error):
                raise
            written = await self._write_singly(facts, batch.next)
        self.written += written
        self._tell_losses(batch)
        self._read_facts += len(facts)
        if batch.next.segment != self._position.segment:
            await asyncio.to_thread(self._journal.forget_before, batch.next)
        self._position = batch.next
        self._moved.set()
        return len(facts) >= self._batch_facts

    def _tell_losses(self, batch: Batch) -> None:
        """What the journal should have held and does not: SQL goes on without it, loudly."""
        self.damaged += batch.damaged
        self.missing += batch.missing
        if batch.damaged:
            _log.error("journal_lines_damaged", lines=batch.damaged)
        if batch.missing:
            _log.error(
                "journal_files_missing",
                files=batch.missing,
                why="SQL stands further back than the journal reaches",
            )

    async def _write_singly(self, facts: Sequence[AnyFact], end: Position) -> int:
        """Write one by one and put aside those that SQL refuses for their content."""
        written = 0
        for fact in facts:
            try:
                async with self._engine.begin() as conn:
                    written += await write_facts(conn, [fact], self._now_ms())
            except _REFUSALS as error:
                if not _refused(error) or await self._schema_missing():
                    raise
                reason = str(getattr(error, "orig", None) or error)
                await asyncio.to_thread(self._put_aside, fact, reason)
        async with self._engine.begin() as conn:
            await self._write_checkpoint(conn, end)
        return written

    async def _schema_missing(self) -> bool:
        """True if our tables cannot even be read: then it is not the fact's fault."""
        try:
            async with self._engine.connect() as conn:
                await conn.execute(select(t.event.c.seq).limit(1))
                await conn.execute(select(t.journal_checkpoint.c.offset).limit(1))
        except SQLAlchemyError:
            return True
        return False

    def _put_aside(self, fact: AnyFact, reason: str) -> None:
        line = msgspec.json.encode({"reason": reason, "fact": fact}) + b"\n"
        with (self._journal.folder / "rejected.jsonl").open("ab") as file:
            file.write(line)
        self.rejected += 1

    async def _read_checkpoint(self) -> Position:
        place = t.journal_checkpoint
        async with self._engine.connect() as conn:
            found = await conn.execute(
                select(place.c.segment, place.c.offset).where(
                    place.c.journal_id == self._journal.journal_id
                )
            )
            row = found.one_or_none()
        return Position(1, 0) if row is None else Position(row.segment, row.offset)

    async def _write_checkpoint(self, conn: AsyncConnection, position: Position) -> None:
        values: Values = {
            "segment": position.segment,
            "offset": position.offset,
            "updated_at": self._now_ms(),
        }
        place = t.journal_checkpoint
        mine = place.c.journal_id == self._journal.journal_id
        done = await conn.execute(update(place).where(mine).values(**values))
        if done.rowcount == 0:
            await conn.execute(insert(place).values(journal_id=self._journal.journal_id, **values))

    async def drain(self, timeout: float) -> bool:
        """Wait until SQL has all that the journal has now; False if `timeout` seconds passed."""
        goal = self._journal.end
        try:
            async with asyncio.timeout(timeout):
                while self._position is None or self._position < goal:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Stop after the batch in hand; what is not in SQL stays in the journal."""
        self._stopping.set()
        if self._tasks:
            await asyncio.gather(*self._tasks)
