"""Supervisors: states, places and priorities; listening, whispering, joining, taking over."""

from __future__ import annotations

import pytest

from acd.commands import HangUp, MuteLeg, RingAgent, SnoopOn
from acd.config import Access, Membership, PauseReason
from acd.events import (
    EndCall,
    ForceState,
    MoveCall,
    Pause,
    SetPriority,
    SnoopStarted,
    StopSupervising,
    Supervise,
    TakeOver,
)
from acd.facts import PriorityChanged, Supervised, VisitClosed, VisitOpened
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    ChannelId,
    MonitorMode,
    PhoneId,
    QueueId,
    VisitOutcome,
)
from tests.unit.acd_stage import SEAT, Stage, agent, config, queue

pytestmark = pytest.mark.unit

ANA, BOB = AgentId("ana"), AgentId("bob")
LISTEN, WHISPER, BARGE = MonitorMode.LISTEN, MonitorMode.WHISPER, MonitorMode.BARGE


def stage_in_talk() -> tuple[Stage, ChannelId, ChannelId]:
    stage = Stage()
    stage.signs_in("ana")
    stage.phone_up("seat")
    caller, leg = stage.talk()
    return stage, caller, leg


def supervised(mode: MonitorMode) -> tuple[Stage, ChannelId, ChannelId, ChannelId]:
    """A talk with a supervisor in it; the legs of caller, agent and supervisor."""
    stage, caller, leg = stage_in_talk()
    stage.tell(Supervise(ANA, "sophie", SEAT, mode))
    (ring,) = stage.ordered(RingAgent)
    assert ring.auto_answer
    assert ring.agent_id is None
    stage.answers(ring.channel_id)
    return stage, caller, leg, ring.channel_id


def test_who_listens_hears_the_agent_leg_and_is_mute() -> None:
    stage, _, leg, own = supervised(LISTEN)
    (snoop,) = stage.ordered(SnoopOn)
    assert snoop.channel_id == leg
    assert [(m.channel_id, m.muted) for m in stage.ordered(MuteLeg)] == [(own, True)]
    stage.tell(SnoopStarted(snoop.snoop_id))
    (monitor,) = stage.call().monitors
    assert stage.bridges[monitor.bridge_id] == {own, snoop.snoop_id}


def test_modes_change_without_ringing_again() -> None:
    stage, caller, leg, own = supervised(LISTEN)
    (snoop,) = stage.ordered(SnoopOn)
    stage.tell(Supervise(ANA, "sophie", SEAT, WHISPER))
    assert [(m.channel_id, m.muted) for m in stage.ordered(MuteLeg)] == [(own, False)]
    assert not stage.ordered(SnoopOn)
    assert not stage.ordered(RingAgent)
    stage.tell(Supervise(ANA, "sophie", SEAT, BARGE))
    assert [h.channel_id for h in stage.ordered(HangUp)] == [snoop.snoop_id]
    talk = stage.call().talk
    assert talk is not None
    assert stage.bridges[talk.bridge_id] == {caller, leg, own}
    stage.tell(Supervise(ANA, "sophie", SEAT, LISTEN))
    assert len(stage.ordered(SnoopOn)) == 1
    assert own not in stage.bridges[talk.bridge_id]
    acts = [fact.act for fact in stage.told(Supervised)]
    assert acts == ["listen", "whisper", "barge", "listen"]


def test_who_ended_a_call_is_kept() -> None:
    stage, _caller, _leg, _own = supervised(LISTEN)
    stage.tell(EndCall(stage.call().id, "sophie"))
    acts = [(fact.act, fact.by, fact.agent_id) for fact in stage.told(Supervised)]
    assert ("end", "sophie", ANA) in acts


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
@pytest.mark.parametrize("who", ["supervisor", "caller", "stop"])
def test_nothing_is_left_when_somebody_leaves(mode: MonitorMode, who: str) -> None:
    stage, caller, leg, own = supervised(mode)
    if who == "stop":
        stage.tell(StopSupervising(ANA, "sophie"))
    else:
        stage.hangs_up(own if who == "supervisor" else caller)
    stage.news()
    kept = {caller, leg} if who != "caller" else set()
    assert set(stage.legs) == kept
    assert len(stage.bridges) == (1 if kept else 0)
    if kept:
        assert stage.call().monitors == ()


def test_taking_over_frees_the_agent_and_keeps_the_caller() -> None:
    stage, caller, leg, own = supervised(BARGE)
    stage.tell(TakeOver(ANA, "sophie"))
    assert leg in [h.channel_id for h in stage.ordered(HangUp)]
    assert stage.state("ana") is AgentState.READY
    talk = stage.call().talk
    assert talk is not None
    assert talk.agent_channel_id == own
    assert {caller, own} <= stage.bridges[talk.bridge_id]
    stage.news()
    stage.hangs_up(caller)
    stage.news()
    assert not stage.legs


def test_a_supervisor_who_is_an_agent_takes_over_as_that_agent_and_is_paused_again() -> None:
    stage, _, _ = stage_in_talk()
    stage.signs_in("bob", ready=False)
    stage.tell(Supervise(ANA, "bob", PhoneId("bob"), BARGE))
    (ring,) = stage.ordered(RingAgent)
    stage.answers(ring.channel_id)
    stage.tell(TakeOver(ANA, "bob"))
    assert stage.state("bob") is AgentState.TALKING
    stage.hangs_up(ring.channel_id)
    assert stage.state("bob") is AgentState.PAUSED


def test_listening_needs_a_talk_and_a_free_phone() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.signs_in("bob")
    assert stage.refusal(Supervise(ANA, "sophie", SEAT)) == (409, "no-call")
    stage.caller()
    rung = next(c for c in stage.ordered(RingAgent))
    stage.answers(rung.channel_id)
    spied = rung.agent_id or ANA
    other = BOB if spied == ANA else ANA
    assert stage.refusal(Supervise(spied, "sophie", SEAT)) == (409, "phone-down")
    phone = PhoneId(other)
    assert stage.refusal(Supervise(spied, "sophie", phone)) == (409, "phone-busy")
    assert stage.refusal(Supervise(spied, "sophie", PhoneId("x"))) == (404, "unknown-phone")
    stage.tell(Pause(other))
    stage.tell(Supervise(spied, "sophie", phone))
    assert stage.refused is None
    assert stage.refusal(StopSupervising(spied, "other")) == (409, "not-supervising")


def two_queues() -> Stage:
    member = Membership(QueueId("vip"))
    return Stage(
        config(
            queue("sales"),
            queue("vip", access=Access.MEMBERS, priority=0),
            agents=(agent("ana", "201"), agent("bob", "202", queues=(member,))),
        )
    )


def test_a_moved_call_keeps_its_age_in_the_new_queue() -> None:
    stage = two_queues()
    stage.caller()
    entered = stage.now_ms
    stage.pass_time(40_000)
    stage.tell(MoveCall(stage.call().id, QueueId("vip"), "sophie"))
    first, second = stage.told(VisitOpened)
    assert (second.queue_id, second.key) == ("vip", first.key)
    assert first.key == entered
    (closed,) = stage.told(VisitClosed)
    assert (closed.outcome, closed.to, closed.by) == (VisitOutcome.MOVED, "queue:vip", "sophie")
    assert stage.refusal(MoveCall(stage.call().id, QueueId("vip"), "s")) == (409, "same-queue")
    assert stage.refusal(MoveCall(CallId("x"), QueueId("vip"), "s")) == (404, "unknown-call")


def test_an_offered_call_can_be_moved_and_the_agent_is_free_again() -> None:
    stage = two_queues()
    stage.signs_in("ana")
    stage.caller()
    assert stage.state("ana") is AgentState.OFFERED
    stage.tell(MoveCall(stage.call().id, QueueId("vip"), "sophie"))
    assert stage.state("ana") is AgentState.READY
    assert stage.call().offers == ()


def test_a_new_priority_changes_the_place_at_once() -> None:
    stage = Stage()
    first = stage.caller("0611111111")
    stage.pass_time(5_000)
    second = stage.caller("0622222222")
    calls = {call.channel_id: call for call in stage.engine.floor.calls.values()}
    stage.tell(SetPriority(calls[second].id, 1, "sophie"))
    (fact,) = stage.told(PriorityChanged)
    assert fact.key == stage.now_ms - 60_000
    stage.signs_in("ana")
    rung = stage.ring("ana")
    stage.answers(rung)
    calls = {call.channel_id: call for call in stage.engine.floor.calls.values()}
    assert calls[second].talk is not None
    assert calls[first].talk is None


def test_a_forced_state_needs_somebody_who_is_signed_in() -> None:
    stage = Stage()
    status, slug = stage.refusal(ForceState(ANA, AgentState.PAUSED, "sophie"))
    assert (status, slug) == (409, "not-now")
    stage.signs_in("ana")
    assert stage.refusal(ForceState(ANA, AgentState.TALKING, "s")) == (422, "state-not-forced")
    stage.tell(ForceState(ANA, AgentState.SIGNED_OUT, "sophie"))
    assert stage.state("ana") is AgentState.SIGNED_OUT


def test_a_supervisor_ends_a_call() -> None:
    stage, caller, leg = stage_in_talk()
    stage.tell(EndCall(stage.call().id, "sophie"))
    stage.news()
    assert not stage.legs
    assert stage.state("ana") is AgentState.READY
    assert {caller, leg}.isdisjoint(stage.engine.floor.legs)


def test_a_forced_pause_has_one_of_the_configured_reasons_or_the_supervisors() -> None:
    stage = Stage(config(pause_reasons={"lunch": PauseReason("lunch")}))
    stage.signs_in("ana")
    wrong = ForceState(ANA, AgentState.PAUSED, "sophie", "nonsense")
    assert stage.refusal(wrong) == (422, "unknown-pause-reason")
    stage.tell(ForceState(ANA, AgentState.PAUSED, "sophie", "lunch"))
    assert stage.work("ana").reason == "lunch"
    stage.tell(ForceState(ANA, AgentState.PAUSED, "sophie"))
    assert stage.work("ana").reason == "supervisor"
