"""The journal: what happened, on disk before anybody acts on it.

One folder of files `NNNNNNNN.jsonl`. The first line of each is a `Head` with every live call and
agent as they stood when the file was begun, the others are `JournalEntry` lines; so the newest
file alone tells where everybody is. `append` hands the line to the kernel before it returns: the
death of this process loses nothing. `sync` makes it survive a power cut as well; SQL is only ever
given what was synced, so that SQL can never know of something that the journal has forgotten. What
an entry holds can keep neither it nor another out: see `store.journal_lines`.

It decides when a file is full and what a damaged line means; it knows neither SQL nor the engine.
"""

from __future__ import annotations

import fcntl
import os
import threading
import uuid
from pathlib import Path
from typing import Final

import msgspec
import structlog

from acd.call import Call
from acd.facts import JournalEntry
from acd.model import AgentId, AgentWork, CallId, CallState
from store.errors import JournalError, JournalInUse
from store.journal_lines import UNREADABLE, Head, Lines, entry_decoder, head_decoder

log = structlog.get_logger(__name__)

_ROTATE_BYTES: Final = 16 * 1024 * 1024
_READ_BYTES: Final = 1024 * 1024


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in the journal: the byte `offset` in the file number `segment`."""

    segment: int
    offset: int


class Recovered(msgspec.Struct, frozen=True):
    """What a restart finds: the last state of each live call and of each agent.

    `entries` counts the lines that were read for it, `damaged` those that could not be. `alive_at`
    (UTC ms) is when the last entry was written, None in a new journal; `blind_since` is that
    entry's.
    """

    calls: dict[CallId, Call]
    agents: dict[AgentId, AgentWork]
    entries: int
    damaged: int
    alive_at: int | None = None
    blind_since: int | None = None


class Batch(msgspec.Struct, frozen=True):
    """Entries read from the journal, and where to go on.

    `damaged` counts unreadable lines, `missing` files that should have been read and are gone.
    """

    entries: tuple[JournalEntry, ...]
    next: Position
    damaged: int = 0
    missing: int = 0


class Journal:
    """A journal open for writing. One process at a time; `append` and `sync` may be in two threads.

    Raises JournalInUse if another process has it open, JournalError if the folder is unusable.
    """

    def __init__(self, folder: Path, *, rotate_bytes: int = _ROTATE_BYTES) -> None:
        self.folder = folder
        self._rotate_bytes = self._rotate_at = rotate_bytes
        self._calls: dict[CallId, Call] = {}
        self._agents: dict[AgentId, AgentWork] = {}
        self._entries_read = 0
        self._damaged = 0
        self._alive_at = 0
        self._blind_since: int | None = None
        self._retired: list[int] = []
        self._synced = (Position(0, 0), 0)
        self._lines_made = Lines(folder)
        self._end_lock = threading.Lock()
        self._sync_lock = threading.Lock()
        self.appended_facts = 0
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise JournalError(
                f"The journal folder {folder} cannot be made: {error.strerror}"
            ) from error
        self._lock_fd = self._lock()
        try:
            self._open_newest()
        except BaseException:
            os.close(self._lock_fd)
            raise

    def _lock(self) -> int:
        fd = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise JournalInUse(
                f"The journal in {self.folder} is being written by process {owner}; "
                "only one floor can use it. Stop that one, or give this one a folder of its own."
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        return fd

    def path(self, segment: int) -> Path:
        """The file of a segment."""
        return self.folder / f"{segment:08d}.jsonl"

    def segments(self) -> list[int]:
        """The numbers of the files that are there, oldest first."""
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.jsonl"))

    def _open_newest(self) -> None:
        present = self.segments()
        while present:
            newest = present.pop()
            path = self.path(newest)
            size = self._load(path)
            if size is not None:
                self._fd = os.open(path, os.O_WRONLY | os.O_APPEND)
                os.ftruncate(self._fd, size)
                self._segment, self._size = newest, size
                return
            if not present and path.stat().st_size > 0:
                raise JournalError(
                    f"The journal file {path} has no readable first line and there is none before "
                    "it; move the folder aside to start a new journal (SQL keeps what it has)."
                )
            # The process died while it began this file: the one before is complete.
            path.unlink()
            log.warning("a journal file was begun but empty; removed", file=str(path))
        self.journal_id = uuid.uuid4().hex
        self._begin(1)

    def _load(self, path: Path) -> int | None:
        """Take the state from a file; the size of its readable part, None without a head."""
        data = path.read_bytes()
        end = data.rfind(b"\n") + 1
        lines = data[:end].splitlines()
        try:
            head = head_decoder.decode(lines[0])
        except (IndexError, *UNREADABLE):
            return None
        if end < len(data):
            cut = len(data) - end
            log.warning("the journal's last line was cut short; removed", file=str(path), bytes=cut)
            self._damaged += 1
        self.journal_id = head.journal
        self._remember(head.calls, head.agents)
        self._alive_at, self._blind_since = head.at, head.blind_since
        for number, line in enumerate(lines[1:], start=2):
            try:
                entry = entry_decoder.decode(line)
            except UNREADABLE as error:
                self._damaged += 1
                log.error(
                    "a line of the journal is damaged and was left out",
                    file=str(path),
                    line=number,
                    why=str(error),
                )
                continue
            self._entries_read += 1
            self._remember_entry(entry)
        return end

    def _remember_entry(self, entry: JournalEntry) -> None:
        self._remember(entry.calls, entry.agents)
        self._alive_at = max(self._alive_at, entry.at)
        self._blind_since = entry.blind_since

    def _remember(self, calls: tuple[Call, ...], agents: tuple[AgentWork, ...]) -> None:
        for call in calls:
            if call.state is CallState.ENDED:
                self._calls.pop(call.id, None)
            else:
                self._calls[call.id] = call
        for agent in agents:
            self._agents[agent.id] = agent

    def recover(self) -> Recovered:
        """The state that the journal held when it was opened, with what was appended since."""
        return Recovered(
            calls=dict(self._calls),
            agents=dict(self._agents),
            entries=self._entries_read,
            damaged=self._damaged,
            alive_at=self._alive_at or None,
            blind_since=self._blind_since,
        )

    # ---- writing ------------------------------------------------------------------------------

    def append(self, entry: JournalEntry) -> JournalEntry | None:
        """Write one entry; when this returns, a kill of this process cannot lose it.

        Returns what was written where that is not `entry` itself: a part of it could not be kept as
        it is. Raises JournalError (disk full, for one); then nothing of the entry was written.
        """
        line, kept = self._lines_made.of_entry(entry)
        with self._end_lock:
            self._write(line)
            self.appended_facts += len(kept.facts)
        self._remember_entry(kept)
        if self._size >= self._rotate_at:
            self._rotate()
        return None if kept is entry else kept

    @property
    def set_aside(self) -> int:
        """How many facts, calls and agents could not be kept as they were."""
        return self._lines_made.set_aside

    def _rotate(self) -> None:
        """Go on in a new file; where that cannot be begun, the old one goes on growing."""
        with self._end_lock:
            old = self._fd
            try:
                self._begin(self._segment + 1)
            except Exception as error:  # noqa: BLE001 - the entry is written: nothing may undo that
                log.error("a new journal file cannot be begun; the old one grows", why=str(error))
                # Not at each step: a full disk has no room for as many complaints.
                self._rotate_at = self._size + self._rotate_bytes // 16
            else:
                self._rotate_at = self._rotate_bytes
                self._retired.append(old)

    def _begin(self, segment: int) -> None:
        """Begin a file with its head, under another name until the head is whole.

        Raises OSError; then this journal still writes where it wrote.
        """
        head = Head(
            journal=self.journal_id,
            segment=segment,
            calls=tuple(self._calls.values()),
            agents=tuple(self._agents.values()),
            at=self._alive_at,
            blind_since=self._blind_since,
        )
        line = self._lines_made.of_head(head)
        part = self.folder / f"{segment:08d}.part"
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(fd, rest) :]
            part.rename(self.path(segment))
        except OSError:
            os.close(fd)
            part.unlink(missing_ok=True)
            raise
        self._fd, self._segment, self._size = fd, segment, len(line)

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            # A half line would spoil the next one as well.
            os.ftruncate(self._fd, self._size)
            raise JournalError(
                f"The journal {self.path(self._segment)} cannot be written: {error.strerror}."
            ) from error
        self._size += len(line)

    @property
    def end(self) -> Position:
        """Where the next entry will stand."""
        return Position(self._segment, self._size)

    def sync(self) -> None:
        """Wait until all that was appended is on the disk; blocking, meant for a thread.

        Raises JournalError.
        """
        with self._sync_lock:
            with self._end_lock:
                end, facts = self.end, self.appended_facts
                if end == self._synced[0]:
                    return
                retired, self._retired = self._retired, []
                # A copy, because a rotation may retire the original meanwhile.
                copy = os.dup(self._fd)
            try:
                for fd in retired:
                    os.fsync(fd)
                os.fdatasync(copy)
                if end.segment != self._synced[0].segment:
                    self._sync_folder()
            except OSError as error:
                raise JournalError(f"The journal cannot be synced: {error.strerror}.") from error
            finally:
                for fd in (*retired, copy):
                    os.close(fd)
            self._synced = (end, facts)

    def _sync_folder(self) -> None:
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    # ---- reading on ---------------------------------------------------------------------------

    def read(self, start: Position, limit_facts: int, until: Position | None = None) -> Batch:
        """Entries from `start` on, at most `limit_facts` facts (one entry at least).

        They end at `until`, or where the synced part ends.

        A position in a file that is gone, or beyond the end of one, goes on at the start of the
        next file there is: facts are idempotent, so reading again is safe and skipping is not. What
        had to be skipped is counted in `missing`.
        """
        limit = self._synced[0] if until is None else until
        position = self._place(start)
        missing = position.segment - start.segment
        entries: list[JournalEntry] = []
        facts = damaged = 0
        while position < limit and facts < limit_facts:
            lines = self._lines(position, limit)
            if not lines:
                if position.segment >= limit.segment:
                    break
                following = self._next_segment(position.segment)
                missing += following - position.segment - 1
                position = Position(following, 0)
                continue
            for line in lines:
                if position.offset > 0:
                    try:
                        entry = entry_decoder.decode(line)
                    except UNREADABLE:
                        damaged += 1
                    else:
                        if entries and facts + len(entry.facts) > limit_facts:
                            return Batch(tuple(entries), position, damaged, missing)
                        facts += len(entry.facts)
                        entries.append(entry)
                position = Position(position.segment, position.offset + len(line))
        return Batch(tuple(entries), position, damaged, missing)

    def _place(self, start: Position) -> Position:
        path = self.path(start.segment)
        if path.exists():
            return start if start.offset <= path.stat().st_size else Position(start.segment, 0)
        return Position(self._next_segment(start.segment), 0)

    def _next_segment(self, segment: int) -> int:
        return min((n for n in self.segments() if n > segment), default=self._segment)

    def _lines(self, position: Position, limit: Position) -> list[bytes]:
        """Whole lines at `position`, about a megabyte of them; a longer line comes whole."""
        with self.path(position.segment).open("rb") as file:
            file.seek(position.offset)
            data = file.read(_READ_BYTES) + file.readline()
        if position.segment == limit.segment:
            data = data[: max(0, limit.offset - position.offset)]
        return data[: data.rfind(b"\n") + 1].splitlines(keepends=True)

    def count_behind(self, start: Position) -> int:
        """How many synced facts stand after `start`, less those that this process appended.

        What `start` lacks is then this plus `appended_facts`. Reads them all: once, at a start.
        """
        limit, appended = self._synced
        count, position = 0, start
        while position < limit:
            batch = self.read(position, 5000, limit)
            count += sum(len(entry.facts) for entry in batch.entries)
            position = batch.next
        return count - appended

    def forget_before(self, position: Position) -> int:
        """Delete the files before `position`'s that are not needed for recovery; how many."""
        keep_from = min(position.segment, self._synced[0].segment)
        gone = [segment for segment in self.segments() if segment < keep_from]
        for segment in gone:
            self.path(segment).unlink(missing_ok=True)
        return len(gone)

    def close(self) -> None:
        """Sync, close the files and let another process have the journal."""
        try:
            self.sync()
        finally:
            os.close(self._fd)
            os.close(self._lock_fd)
