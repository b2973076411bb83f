"""What the journal cannot keep as it is: mended or set aside, loudly, and in nobody's way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from acd.facts import AnyFact, ContactArrived, JournalEntry
from acd.model import AgentId, AgentWork, CallState
from store import tables as t
from store.journal import Journal
from store.journal_lines import LARGEST_PART, SET_ASIDE
from store.writer import StoreWriter
from tests.store.told import Told

pytestmark = pytest.mark.store

HALF = "VIP \ud83d"


def _entry(name: str, words: str, at: int = 1) -> JournalEntry:
    told = Told(name, at)
    facts: list[AnyFact] = [
        replace(fact, name=words) if isinstance(fact, ContactArrived) else fact
        for fact in told.facts
    ]
    call = replace(told.state(CallState.WAITING), name=words, data={"client": words})
    return JournalEntry(at=at, facts=tuple(facts), calls=(call,))


def _aside(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / SET_ASIDE).read_text("ascii").splitlines()]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (HALF, "VIP �"),
        ("\udc51\ud83d", "��"),
        ("\ud83d\udc51", "👑"),  # both halves, one after the other: Python does not join them
    ],
)
def test_half_a_character_is_replaced_and_all_else_of_the_step_is_kept(
    tmp_path: Path, words: str, kept: str
) -> None:
    journal = Journal(tmp_path)
    other = _entry("other", "Zoë")
    assert journal.append(other) is None
    with capture_logs() as logs:
        written = journal.append(_entry("a", words))
    assert written is not None
    assert written.calls[0].data == {"client": kept}
    assert [line["about"] for line in logs if line["log_level"] == "critical"] == ["a", "a"]
    assert journal.set_aside == 2
    assert [each["mended"] for each in _aside(tmp_path)] == [True, True]
    assert (
        words in json.dumps(_aside(tmp_path)[0]).encode().decode("unicode_escape", "replace")
        or (_aside(tmp_path)[0]["why"])
    )
    assert journal.append(_entry("b", "après", 2)) is None
    journal.close()
    again = Journal(tmp_path)
    found = again.recover()
    assert (found.damaged, found.entries) == (0, 3)
    assert {call.name for call in found.calls.values()} == {"Zoë", kept, "après"}
    again.close()


def test_what_json_writes_and_does_not_read_again_is_mended_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = _entry("a", "Zoë")
    far = replace(entry.calls[0], since=10**5000)
    written = journal.append(replace(entry, calls=(far,)))
    assert written is not None
    assert written.calls[0].since == 2**63 - 1
    journal.close()
    again = Journal(tmp_path)
    assert (again.recover().damaged, set(again.recover().calls)) == (0, {"a"})
    again.close()


def test_a_text_without_end_is_cut_and_a_large_step_of_many_calls_is_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    written = journal.append(_entry("a", "x" * 10_000_000))
    assert written is not None
    assert len(written.calls[0].name or "") == 1_000
    calls = tuple(replace(_entry(f"c{n}", "y" * 5_000).calls[0]) for n in range(300))
    assert journal.append(JournalEntry(2, calls=calls)) is None
    assert journal.end.offset > LARGEST_PART
    assert len(_aside(tmp_path)) == 2
    journal.close()


def test_what_is_past_mending_is_left_out_and_the_rest_is_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = _entry("a", "Zoë")
    odd = replace(entry.calls[0], data=object())
    anne = AgentWork(AgentId("anne"), since=7)
    written = journal.append(replace(entry, calls=(odd,), agents=(anne,)))
    assert written is not None
    assert (written.calls, written.agents, written.facts) == ((), (anne,), entry.facts)
    assert [each["mended"] for each in _aside(tmp_path)] == [False]
    journal.close()


def test_a_bad_part_does_not_stop_the_next_file_of_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path, rotate_bytes=1)
    for n in range(4):
        journal.append(_entry(f"c{n}", HALF))
    assert journal.end.segment == 5
    # Even if one had got in by another way than `append`.
    journal._calls["odd"] = replace(_entry("odd", HALF).calls[0])  # type: ignore[index]
    journal.append(_entry("after", "Zoë"))
    assert journal.end.segment == 6
    journal.close()
    again = Journal(tmp_path)
    assert set(again.recover().calls) == {"c0", "c1", "c2", "c3", "odd", "after"}
    again.close()


def test_a_file_that_cannot_take_it_stops_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    (tmp_path / SET_ASIDE).mkdir()
    with capture_logs() as logs:
        assert journal.append(_entry("a", HALF)) is not None
    assert "what was set aside could not be written" in {line["event"] for line in logs}
    assert journal.append(_entry("b", "Zoë")) is None
    journal.close()


def test_bad_bytes_in_a_journal_are_a_damaged_line_not_the_end_of_the_floor(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(_entry("a", "Zoë"))
    with journal.path(1).open("ab") as file:
        file.write(b'{"at":1,"calls":[{"id":"\xff\xfe"}]}\n' + b"[" * 100_000 + b"\n")
    journal.close()
    again = Journal(tmp_path)
    assert (again.recover().damaged, set(again.recover().calls)) == (2, {"a"})
    again.append(_entry("b", "Zoë"))
    again.sync()
    assert again.read(replace(again.end, offset=0), 100).damaged == 2
    again.close()


async def test_a_character_that_cannot_be_kept_does_not_cost_the_fact(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal")
    assert journal.append(_entry("a", "one\x00two")) is None  # JSON can hold it
    journal.append(_entry("b", HALF))
    writer = StoreWriter(engine, journal, lambda: 1)
    await writer.step()
    async with engine.connect() as conn:
        rows = await conn.execute(select(t.contact.c.id, t.contact.c.name))
        names = {row.id: row.name for row in rows}
    assert names == {"a": "one�two", "b": "VIP �"}
    assert writer.rejected == 0
    journal.close()
