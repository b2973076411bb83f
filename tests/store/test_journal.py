"""The journal outlives its process: kills, half lines, full files, a second floor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from acd.facts import JournalEntry
from acd.model import AgentId, AgentState, AgentWork, CallState
from store.errors import JournalError, JournalInUse
from store.journal import Journal, Position
from tests.store.told import Told

pytestmark = pytest.mark.store


FIRST = Position(1, 0)


def _read_all(journal: Journal, start: Position = FIRST) -> list[JournalEntry]:
    journal.sync()
    found: list[JournalEntry] = []
    while True:
        batch = journal.read(start, 3)
        if batch.next == start:
            return found
        found.extend(batch.entries)
        start = batch.next


def _entry(name: str, state: CallState, at: int = 1) -> JournalEntry:
    told = Told(name, at)
    return JournalEntry(at=at, facts=tuple(told.facts), calls=(told.state(state),))


def test_a_restart_finds_live_calls_and_agents_and_no_ended_ones(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(_entry("a", CallState.WAITING))
    journal.append(_entry("b", CallState.WAITING))
    journal.append(_entry("a", CallState.ENDED, 2))
    anne = AgentWork(AgentId("anne"), AgentState.READY, since=7)
    journal.append(JournalEntry(at=3, agents=(anne,)))
    journal.close()
    again = Journal(tmp_path)
    found = again.recover()
    again.close()
    assert set(found.calls) == {"b"}
    assert found.agents == {"anne": anne}
    assert (found.entries, found.damaged) == (4, 0)


def test_a_restart_knows_when_the_floor_last_lived_and_saw_the_switch(tmp_path: Path) -> None:
    journal = Journal(tmp_path, rotate_bytes=1)
    assert journal.recover().alive_at is None
    journal.append(JournalEntry(at=700))
    journal.append(JournalEntry(at=900, blind_since=800))
    journal.close()
    # The newest file has no entry yet: its head remembers.
    again = Journal(tmp_path)
    found = again.recover()
    assert (found.entries, found.alive_at, found.blind_since) == (0, 900, 800)
    again.append(JournalEntry(at=950))
    assert (again.recover().alive_at, again.recover().blind_since) == (950, None)
    again.close()
    last = Journal(tmp_path)
    assert (last.recover().alive_at, last.recover().blind_since) == (950, None)
    last.close()


def test_what_was_appended_before_a_kill_is_there(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from store.journal import Journal\n"
        "from tests.store.test_journal import _entry; from acd.model import CallState\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for n in range(50): journal.append(_entry(f'c{n}', CallState.TALKING))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL
    journal = Journal(tmp_path)
    assert len(journal.recover().calls) == 50
    assert len(_read_all(journal)) == 50
    journal.close()


def test_half_a_line_is_cut_off_counted_and_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(_entry("a", CallState.WAITING))
    journal.close()
    with (tmp_path / "00000001.jsonl").open("ab") as file:
        file.write(b'{"at":2,"facts":[{"ty')
    with capture_logs() as said:
        journal = Journal(tmp_path)
    assert journal.recover().damaged == 1
    assert ["cut short" in each["event"] for each in said] == [True]
    journal.append(_entry("b", CallState.WAITING, 2))
    assert set(journal.recover().calls) == {"a", "b"}
    assert len(_read_all(journal)) == 2
    journal.close()


def test_only_the_newest_file_is_needed_to_recover(tmp_path: Path) -> None:
    journal = Journal(tmp_path, rotate_bytes=2_000)
    journal.append(_entry("long", CallState.TALKING))
    for n in range(40):
        journal.append(_entry(f"c{n}", CallState.WAITING))
        journal.append(_entry(f"c{n}", CallState.ENDED))
    journal.sync()
    newest = journal.segments()[-1]
    assert newest > 5
    assert len(_read_all(journal)) == 81
    assert journal.forget_before(journal.end) == newest - 1
    journal.close()
    again = Journal(tmp_path, rotate_bytes=2_000)
    assert set(again.recover().calls) == {"long"}
    assert again.recover().entries < 10
    assert _read_all(again) == _read_all(again, Position(newest, 0))
    again.close()


def test_a_file_that_was_only_begun_falls_back_on_the_one_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(_entry("a", CallState.WAITING))
    journal.close()
    (tmp_path / "00000002.jsonl").write_bytes(b'{"type":"Head","jour')
    journal = Journal(tmp_path)
    assert set(journal.recover().calls) == {"a"}
    assert journal.end.segment == 1
    journal.close()


def test_a_second_floor_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(JournalInUse, match=f"process {os.getpid()};"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def test_a_new_file_that_cannot_be_begun_is_told_now_and_then_and_tried_again(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path, rotate_bytes=2_000)
    blocked = journal.path(2).with_suffix(".part")
    blocked.mkdir()
    with capture_logs() as said:
        for n in range(40):
            journal.append(_entry(f"c{n}", CallState.WAITING))
    assert {each["log_level"] for each in said} == {"error"}
    assert 1 <= len(said) < 40
    assert journal.segments() == [1]
    blocked.rmdir()
    while journal.segments() == [1]:
        journal.append(_entry("later", CallState.ENDED))
    assert len(journal.recover().calls) == 40
    journal.close()


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(_entry("a", CallState.WAITING))
    before, write = journal.end, os.write

    def half(fd: int, data: bytes) -> int:
        if len(data) < 40:
            raise OSError(28, "No space left on device")
        return write(fd, data[: len(data) // 2])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        with pytest.raises(JournalError, match="No space left"):
            journal.append(_entry("b", CallState.WAITING))
    assert journal.end == before
    journal.append(_entry("c", CallState.WAITING))
    assert set(journal.recover().calls) == {"a", "c"}
    assert len(_read_all(journal)) == 2
    journal.close()


def test_readers_see_only_what_a_power_cut_would_leave(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.sync()
    journal.append(_entry("a", CallState.WAITING))
    assert journal.read(FIRST, 10).entries == ()
    journal.sync()
    assert len(journal.read(FIRST, 10).entries) == 1
    journal.close()


def test_files_that_are_gone_before_they_were_read_are_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path, rotate_bytes=1)
    for n in range(6):
        journal.append(_entry(f"c{n}", CallState.ENDED))
    journal.sync()
    assert journal.segments() == [1, 2, 3, 4, 5, 6, 7]
    assert journal.read(FIRST, 1000).missing == 0
    for segment in (1, 2, 4):
        journal.path(segment).unlink()
    batch = journal.read(FIRST, 1000)
    assert (batch.missing, len(batch.entries)) == (3, 3)
    assert journal.read(Position(2, 300), 1000).missing == 2
    assert journal.read(Position(3, 0), 1000).missing == 1
    journal.close()


def test_a_place_that_is_gone_goes_on_where_there_is_something(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(_entry("a", CallState.WAITING))
    assert len(_read_all(journal, Position(1, 10_000_000))) == 1
    assert len(_read_all(journal, Position(0, 0))) == 1
    journal.close()
