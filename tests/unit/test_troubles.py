"""When a floor says that it does not serve calls: a row of failures does, a single one does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import acd.shell.service as shell
from acd.commands import AnswerCaller
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import CallArrived, ChannelGone, Event, SignIn
from acd.facts import ContactArrived, JournalEntry
from acd.failing import FailedCalls, Failing
from acd.model import AgentId, ChannelId
from acd.shell.service import MEANS_NOTHING
from acd.shell.switchboard import Switchboard
from acd.state.floor import Turn
from ari import errors
from ari.connection import ConnectionState
from control.protocol import TroubleKind
from plateau.troubles import troubles
from store.journal_lines import Lines
from tests.unit.test_acd_shell import CALL, LEG, Floor, Wire
from tests.waiting import until

pytestmark = pytest.mark.unit

WELL = (ConnectionState.CONNECTED, 0)


def kinds(floor: Floor) -> list[str]:
    service = floor.service
    found = troubles(
        floor.clock.now_ms(),
        service.steps,
        service.failed_calls,
        service.keeping,
        WELL,
        0,
        (None, None),
    )
    return [trouble.kind for trouble in found]


def beat(floor: Floor, seconds: int) -> None:
    for _ in range(seconds):
        floor.clock.at += 1_000
        floor.service.post(MEANS_NOTHING)
        if floor.service.keeping.since is not None:
            floor.service._beat()


Handle = Callable[[Engine, Event, int], Turn]


def faulty(which: Callable[[Event], bool]) -> Handle:
    real = Engine.handle

    def handle(self: Engine, event: Event, now_ms: int) -> Turn:
        if which(event):
            self.floor.now_ms = now_ms
            self._about = None
            raise KeyError("a fault of ours")
        return real(self, event, now_ms)

    return handle


async def test_a_floor_that_fails_every_step_says_so_and_says_when_it_works_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor()
    beat(floor, 5)
    assert kinds(floor) == []
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "handle", faulty(lambda event: True))
        began = floor.clock.now_ms() + 1_000
        beat(floor, 2)
        assert kinds(floor) == []
        beat(floor, 2)  # without one call
        assert kinds(floor) == [TroubleKind.STEPS]
        assert floor.service.steps.since == began
    beat(floor, 1)
    assert kinds(floor) == []
    floor.service.close()


async def test_one_faulty_call_among_good_ones_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor()
    bad = faulty(lambda event: getattr(event, "channel_id", "") == "bad")
    monkeypatch.setattr(Engine, "handle", bad)
    for _ in range(20):
        floor.service.post(ChannelGone(ChannelId("bad")))
        beat(floor, 1)
    assert floor.service.broken == 20
    assert kinds(floor) == []
    floor.service.close()


async def test_a_floor_that_fails_one_caller_after_the_other_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor()
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "handle", faulty(lambda event: isinstance(event, CallArrived)))
        for n in range(3):
            assert kinds(floor) == []
            floor.call("601", f"c{n}")
            beat(floor, 1)
        assert kinds(floor) == [TroubleKind.STEPS]
    floor.call("601", "c9")
    assert kinds(floor) == []
    floor.service.close()


async def test_a_refusal_is_no_failure() -> None:
    floor = Floor()
    for _ in range(5):
        with pytest.raises(Rejected):
            floor.service.ask(SignIn(AgentId("nobody")))
        beat(floor, 1)
    assert kinds(floor) == []
    floor.service.close()


async def test_a_journal_that_refuses_for_whatever_reason_is_told_and_stops_no_call() -> None:
    floor = Floor()
    floor.sign_in("ana")
    real = floor.pages.append
    for refusal in (OSError("disk full"), UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "no")):

        def append(entry: JournalEntry, refusal: Exception = refusal) -> None:
            raise refusal

        floor.pages.append = append  # type: ignore[method-assign]
        floor.call("601", f"c-{type(refusal).__name__}")
        beat(floor, 4)
        assert kinds(floor) == [TroubleKind.JOURNAL]
        floor.pages.append = real  # type: ignore[method-assign]
        floor.service._keep_again()
        beat(floor, 1)
        assert kinds(floor) == []
    assert floor.service.lost > 0
    assert floor.service.unkept == 0
    assert len(floor.hands.done) > 2
    floor.service.close()


async def test_what_the_journal_mended_is_mended_on_the_floor(tmp_path: Path) -> None:
    floor = Floor()
    lines = Lines(tmp_path)
    kept: list[JournalEntry] = []

    def append(entry: JournalEntry) -> JournalEntry | None:
        _, written = lines.of_entry(entry)
        kept.append(written)
        return None if written is entry else written

    floor.pages.append = append  # type: ignore[method-assign,assignment]
    floor.service.post(CallArrived(ChannelId("c1"), "601", "0612345678", "VIP \ud83d"))
    (call,) = floor.service.engine.floor.calls.values()
    assert call.name == "VIP �"
    assert [f.name for e in kept for f in e.facts if isinstance(f, ContactArrived)] == ["VIP �"]
    before = lines.set_aside
    floor.service.post(ChannelGone(ChannelId("c1")))
    assert lines.set_aside == before
    assert floor.service.engine.floor.calls == {}
    floor.service.close()


async def test_the_beat_tries_a_step_and_a_journal_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shell, "TRY_EVERY_S", 0.001)
    floor = Floor()
    beating = asyncio.create_task(floor.service.beat_regularly())
    await until("the journal has a beat", lambda: bool(floor.pages.entries))
    assert len(floor.pages.entries) == 1
    assert floor.service.events == 0
    floor.service.keeping.failed(1, "no")
    await until("the journal was tried again", lambda: floor.service.keeping.since is None)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    floor.service.close()


async def test_commands_without_an_answer_are_told_until_the_switch_answers_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("acd.shell.switchboard.ASK_AGAIN_S", 0.001)
    wire = Wire(
        errors.OutcomeUnknown("POST", "/x", 0, "no reply in time"),
        b'{"asterisk_id": "a", "ping": "pong", "timestamp": "2026-11-29T00:00:00.000+0000"}',
    )
    board = Switchboard(wire, "plateau", "sound:/x/", "trunk", 3600, lambda event: None)  # type: ignore[arg-type]
    looking = asyncio.create_task(board.look_for_answers())
    board.carry_out(AnswerCaller(CALL, LEG))
    await until("the switch has been asked", lambda: len(wire.asked) > 3)
    assert board.silent_ms > 0
    wire.refusal = None
    await until("it answers", lambda: board.silent_ms == 0)
    wire.refusal = errors.Gone("POST", "/x", 404, "no such channel")
    board.carry_out(AnswerCaller(CALL, LEG))
    await board.close()
    assert board.answering.since is None
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


def test_each_trouble_has_its_kind_and_its_beginning() -> None:
    row, calls, none = Failing(), FailedCalls(), Failing()
    row.failed(1_000, "no")
    calls.failed("CallArrived", "a", 900)
    found = troubles(
        5_000, row, calls, none, (ConnectionState.LOST, 700), 0, (600, "OperationalError: full")
    )
    assert [(t.kind, t.since) for t in found] == [("steps", 1_000), ("switch", 700), ("store", 600)]
    quiet = troubles(5_000, none, calls, none, WELL, 3_000, (4_000, "a moment"))
    assert [(t.kind, t.since) for t in quiet] == [("commands", 2_000)]


def test_failed_calls_are_forgotten() -> None:
    calls = FailedCalls()
    for name in "abca":
        calls.failed("CallArrived", name, 1_000)
    assert calls.since(2_000) == 1_000
    assert calls.since(60_000) is None
    calls.succeeded("ChannelGone")
    assert calls.since(2_000) == 1_000
    calls.succeeded("CallArrived")
    assert calls.since(2_000) is None
