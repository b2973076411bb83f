"""Faults of ours in a step: the call that it was about ends, whatever the event; others go on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TypeVar

import pytest

from acd.commands import AnswerCaller, Command, HangUp, PlayPrompt, ProbePhone, RingAgent, SnoopOn
from acd.dispatch import mishaps, news, requests, waking
from acd.dispatch.about import call_of
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import (
    AddNote,
    CallArrived,
    CommandFailed,
    EndCall,
    Event,
    Failure,
    GetReady,
    Hold,
    LegAnswered,
    PhoneDialled,
    PhoneReachable,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
    SignIn,
    Supervise,
    SwitchEvent,
)
from acd.facts import ContactEnded, JournalEntry
from acd.model import AgentId, AgentState, CallId, ChannelId, Outcome, PhoneId, RecordingId
from acd.shell.service import FloorService
from tests.sim.scripted_flows import ScriptedFlows
from tests.sim.small_floor import START_MS, small_config

pytestmark = pytest.mark.unit

ANA = AgentId("ana")


C = TypeVar("C", bound=Command)


class Desk:
    """A floor behind its shell; the clock stands unless it is turned."""

    def __init__(self) -> None:
        ids = count(1)
        self.now = START_MS
        self.entries: list[JournalEntry] = []
        self.done: list[Command] = []
        engine = Engine(small_config(), ScriptedFlows(), lambda: f"id-{next(ids)}", START_MS)
        self.service = FloorService(engine, self, self, lambda turn: None, "33")
        self.service.use(self)
        self.floor = engine.floor

    def now_ms(self) -> int:
        return self.now

    def append(self, entry: JournalEntry) -> None:
        self.entries.append(entry)

    def carry_out(self, command: Command) -> None:
        self.done.append(command)

    def call(self, dnis: str, channel: str) -> CallId:
        self.service.post(CallArrived(ChannelId(channel), dnis, "0612345678"))
        return self.floor.legs[ChannelId(channel)][0]

    def talk(self) -> CallId:
        self.service.post(PhoneReachable(PhoneId("ana")))
        self.service.ask(SignIn(ANA))
        call_id = self.call("601", "c-talk")
        self.service.post(LegAnswered(self.last(RingAgent).channel_id))
        assert self.floor.agents[ANA].state is AgentState.TALKING
        return call_id

    def last(self, kind: type[C]) -> C:
        return next(c for c in reversed(self.done) if isinstance(c, kind))

    def failed(self) -> list[CallId]:
        ended = [f for e in self.entries for f in e.facts if isinstance(f, ContactEnded)]
        assert all((f.outcome, f.reason) == (Outcome.FAILED, "fault_of_ours") for f in ended)
        return [f.call_id for f in ended]


def broken(*_: object, **__: object) -> None:
    raise KeyError("a fault of ours")


Happens = Callable[[Desk, CallId], SwitchEvent]


def _prompt(desk: Desk, _: CallId) -> SwitchEvent:
    return PromptFinished(desk.last(PlayPrompt).playback_id)


def _refused(desk: Desk, call_id: CallId) -> SwitchEvent:
    command = AnswerCaller(call_id, ChannelId("c1"))
    return CommandFailed(command, Failure.REFUSED, "no")


def _recorded(desk: Desk, call_id: CallId) -> SwitchEvent:
    desk.floor.messages[RecordingId("r1")] = call_id
    return RecordingEnded(RecordingId("r1"))


def _verified(desk: Desk, call_id: CallId) -> SwitchEvent:
    desk.floor.messages[RecordingId("r1")] = call_id
    return RecordingVerified(RecordingId("r1"), None)


@pytest.mark.parametrize(
    ("room", "name", "happens"),
    [
        (news, "prompt_finished", _prompt),
        (mishaps, "command_failed", _refused),
        (news, "recording_ended", _recorded),
        (news, "recording_verified", _verified),
    ],
)
async def test_the_call_ends_whatever_told_of_it(
    monkeypatch: pytest.MonkeyPatch, room: object, name: str, happens: Happens
) -> None:
    desk = Desk()
    other, call_id = desk.call("601", "c2"), desk.call("600", "c1")
    event = happens(desk, call_id)
    monkeypatch.setattr(room, name, broken)
    desk.service.post(event)
    assert desk.failed() == [call_id]
    assert HangUp(call_id, ChannelId("c1")) in desk.done
    assert other in desk.floor.calls
    assert desk.service.broken == 1
    desk.service.close()


async def test_what_let_go_of_the_call_before_it_failed_still_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    call_id = desk.call("600", "c1")

    def half_done(floor: object, event: PromptFinished) -> None:
        del desk.floor.playbacks[event.playback_id]
        broken()

    monkeypatch.setattr(news, "prompt_finished", half_done)
    desk.service.post(PromptFinished(desk.last(PlayPrompt).playback_id))
    assert desk.failed() == [call_id]
    desk.service.close()


async def test_a_caller_whose_arrival_fails_is_not_left_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    monkeypatch.setattr("acd.engine.settle", broken)
    desk.service.post(CallArrived(ChannelId("c1"), "601", "0612345678"))
    assert desk.failed() == ["id-1"]
    assert not desk.floor.calls
    desk.service.close()


async def test_a_timer_that_fails_ends_its_call_and_the_other_timers_are_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    first, second = desk.call("601", "c1"), desk.call("601", "c2")
    woken: list[str] = []
    real = waking.wake

    def wake(floor: object, why: object, owner: str) -> None:
        woken.append(owner)
        if owner == first:
            broken()
        real(desk.floor, why, owner)  # type: ignore[arg-type]

    monkeypatch.setattr(waking, "wake", wake)
    desk.now += 10_000_000
    while (due := desk.service.engine.next_timer()) is not None and due <= desk.now:
        desk.service._tick()
    assert desk.failed() == [first]
    assert first not in desk.floor.calls
    assert second in woken
    desk.service.close()


async def test_a_phone_that_is_asked_for_keys_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.service.post(PhoneDialled(ChannelId("p1"), PhoneId("ana"), "*10"))
    monkeypatch.setattr(news, "prompt_finished", broken)
    desk.service.post(PromptFinished(desk.last(PlayPrompt).playback_id))
    assert not desk.floor.phone_sessions
    assert isinstance(desk.done[-1], HangUp)
    desk.service.close()


async def test_who_asks_hears_of_the_fault_and_the_conversation_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    call_id = desk.talk()
    monkeypatch.setattr(requests, "of_talk", broken)
    with pytest.raises(Rejected, match="failed at this"):
        desk.service.ask(Hold(ANA))
    assert desk.failed() == [call_id]
    desk.service.close()


async def test_a_call_that_cannot_even_be_ended_stops_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.call("600", "c1")
    with monkeypatch.context() as planted:
        planted.setattr(news, "prompt_finished", broken)
        planted.setattr("acd.engine.end", broken)
        desk.service.post(PromptFinished(desk.last(PlayPrompt).playback_id))
    desk.talk()
    desk.service.close()


async def test_no_customers_call_is_at_stake_where_it_can_do_without() -> None:
    desk = Desk()
    call_id, floor = desk.talk(), desk.floor
    seat, leg, ear = PhoneId("seat"), ChannelId("s1"), ChannelId("s2")
    ring = RingAgent(call_id, None, leg, seat, None, None, 20)
    events: list[Event] = [
        AddNote(call_id, "x"),
        GetReady(ANA),
        Supervise(ANA, "sup", seat),
        PhoneReachable(PhoneId("ana")),
        CommandFailed(ProbePhone(PhoneId("ana")), Failure.REFUSED),
        CommandFailed(SnoopOn(call_id, ChannelId("c-talk"), ear, whisper=False), Failure.REFUSED),
        CommandFailed(ring, Failure.REFUSED),
    ]
    assert [call_of(floor, event) for event in events] == [None] * len(events)
    assert call_of(floor, Hold(ANA)) == call_of(floor, EndCall(call_id)) == call_id
    desk.service.close()
