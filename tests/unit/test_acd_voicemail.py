"""Voicemail: greeted, recorded, verified, kept; and left at every moment."""

from __future__ import annotations

import pytest

from acd.commands import (
    HangUp,
    RecordLeg,
    StopPrompt,
    StopRecording,
)
from acd.events import (
    DigitPressed,
    RecordingEnded,
)
from acd.facts import (
    ContactArrived,
    ContactEnded,
    MessageLeft,
    RecordingStarted,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentState,
    CallKind,
    CallState,
    Outcome,
    RecordingId,
    SegmentKind,
    VisitOutcome,
)
from tests.unit.message_desk import SECOND, SENDER, VOICEMAIL, Answering, floor_of, takes_messages

pytestmark = pytest.mark.unit


def test_a_caller_is_greeted_then_recorded_then_hung_up_on_with_thanks() -> None:
    world = Answering()
    caller = world.greeted()
    assert world.hears() == ["Parlez."]
    assert world.ordered(RecordLeg) == []
    world.prompt_ends()
    (record,) = world.ordered(RecordLeg)
    assert (record.longest_s, record.silence_s, record.channel_id) == (60, 3, caller)
    assert [f.recording_id for f in world.told(RecordingStarted)] == [record.recording_id]
    assert world.told(RecordingStarted)[0].agent_id is None
    world.recordings.clear()
    world.tell(RecordingEnded(record.recording_id))
    world.verified(record.recording_id, 5 * SECOND)
    assert "enregistré" in world.hears()[0]
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.VOICEMAIL, "message_left")]
    assert [c.channel_id for c in world.ordered(HangUp)] == [caller]


def test_a_hang_up_after_speaking_leaves_the_message_at_the_callers_place() -> None:
    world = Answering()
    caller = world.speaks()
    world.pass_time(9 * SECOND)
    recording_id = world.leaves(caller)
    assert world.outcomes() == []
    world.verified(recording_id, 8 * SECOND)
    assert world.outcomes() == [(Outcome.VOICEMAIL, "message_left")]
    assert [f.outcome for f in world.told(VisitClosed)] == [VisitOutcome.VOICEMAIL]
    (left,) = world.told(MessageLeft)
    opened = world.told(VisitOpened)[0]
    assert (left.recording_id, left.number, left.key) == (recording_id, SENDER, opened.key)
    work = world.told(ContactArrived)[-1]
    assert (work.kind, work.root_id, work.queue_id) == (
        CallKind.VOICEMAIL,
        left.call_id,
        "sales",
    )
    messages = [f for f in world.told(SegmentOpened) if f.kind is SegmentKind.MESSAGE]
    (closed,) = (f for f in world.told(SegmentClosed) if f.segment_id == messages[0].segment_id)
    assert closed.at - messages[0].at == 9 * SECOND


def test_news_of_the_hang_up_before_that_of_the_recording_changes_nothing() -> None:
    world = Answering()
    caller = world.speaks()
    recording_id = world.recordings.pop()
    world.hangs_up(caller)
    world.tell(RecordingEnded(recording_id))
    world.verified(recording_id, 2 * SECOND)
    assert world.outcomes() == [(Outcome.VOICEMAIL, "message_left")]


@pytest.mark.parametrize("found", [None, 0, 200, 999])
def test_too_little_said_is_no_message(found: int | None) -> None:
    world = Answering()
    caller = world.speaks()
    recording_id = world.recordings.pop()
    world.tell(RecordingEnded(recording_id))
    world.verified(recording_id, found)
    assert "rien entendu" in world.hears()[0]
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OVERFLOW, "no_message")]
    assert world.told(MessageLeft) == []
    assert world.ordered(HangUp)[0].channel_id == caller


def test_who_hangs_up_having_said_nothing_leaves_none() -> None:
    world = Answering()
    recording_id = world.leaves(world.speaks())
    world.verified(recording_id, 200)
    assert world.outcomes() == [(Outcome.OVERFLOW, "hung_up_on_the_way")]
    assert not world.engine.floor.calls


def test_who_comes_out_of_hours_and_leaves_no_message_came_out_of_hours() -> None:
    world = Answering(floor_of(takes_messages(closed=True, on_closed=VOICEMAIL)))
    world.hangs_up(world.caller(dnis="601"))
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "hung_up_on_the_way")]


def test_a_message_out_of_hours_waits_for_the_agents_although_the_queue_is_closed() -> None:
    world = Answering(floor_of(takes_messages(closed=True, on_closed=VOICEMAIL)))
    caller = world.caller(SENDER, dnis="601")
    world.prompt_ends()
    world.verified(world.leaves(caller), 4 * SECOND)
    world.pass_time(0)
    assert world.work_item().state is CallState.WAITING
    world.signs_in("ana")
    world.ring("ana")
    (ended,) = world.told(ContactEnded)
    assert (ended.outcome, ended.in_hours) == (Outcome.VOICEMAIL, False)


def test_a_key_cuts_the_greeting_short() -> None:
    world = Answering()
    caller = world.greeted()
    world.tell(DigitPressed(caller, "#"))
    assert [type(c) for c in world.orders] == [StopPrompt, RecordLeg]


def test_a_greeting_that_is_not_ready_is_passed_over() -> None:
    world = Answering()
    caller = world.waits()
    world.flows.silent = True
    world.tell(DigitPressed(caller, "2"))
    assert world.ordered(RecordLeg)


def test_a_greeting_whose_end_is_never_told_gives_way_to_the_recording() -> None:
    world = Answering()
    world.greeted()
    world.pass_time(60 * SECOND)
    assert world.ordered(StopPrompt)
    assert world.ordered(RecordLeg)


def test_a_recording_that_never_ends_is_stopped_and_kept() -> None:
    world = Answering()
    world.speaks()
    world.pass_time(70 * SECOND)
    assert world.ordered(StopRecording)
    world.late.clear()
    world.pass_time(15 * SECOND)
    assert "enregistré" in world.hears()[0]
    assert len(world.told(MessageLeft)) == 1


def test_what_cannot_be_recorded_is_told() -> None:
    world = Answering()
    world.speaks()
    world.tell(RecordingEnded(world.recordings.pop(), "Cannot record channel while in bridge"))
    assert "rien entendu" in world.hears()[0]
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OVERFLOW, "no_message")]


def test_a_message_that_turns_out_empty_rings_nobody() -> None:
    world = Answering()
    recording_id = world.leaves(world.speaks())
    world.pass_time(15 * SECOND)
    world.pass_time(0)
    assert world.work_item().state is CallState.WAITING
    world.verified(recording_id, None)
    assert world.outcomes(CallKind.VOICEMAIL) == [(Outcome.FAILED, "message_lost")]
    world.signs_in("ana")
    assert world.state("ana") is AgentState.READY


@pytest.mark.parametrize("stage", ["greeting", "speaking", "spoken", "thanked"])
def test_a_caller_may_hang_up_at_every_stage(stage: str) -> None:
    world = Answering()
    caller = world.greeted() if stage == "greeting" else world.speaks()
    recording_id = world.recordings[-1] if world.recordings else RecordingId("none")
    if stage in ("spoken", "thanked"):
        world.tell(RecordingEnded(recording_id))
    if stage == "thanked":
        world.verified(recording_id, 3 * SECOND)
    world.hangs_up(caller)
    world.news()
    if stage in ("speaking", "spoken"):
        world.verified(recording_id, 3 * SECOND)
    kept = stage != "greeting"
    outcome = Outcome.VOICEMAIL if kept else Outcome.OVERFLOW
    assert [o for o, _ in world.outcomes()] == [outcome]
    assert len(world.told(MessageLeft)) == kept
    world.run_dry()


@pytest.mark.parametrize("stage", ["greeting", "speaking", "gone", "thanked", "work"])
def test_a_restart_at_every_stage_loses_no_message(stage: str) -> None:
    world = Answering()
    if stage == "greeting":
        caller = world.greeted()
        world.restart()
        world.pass_time(60 * SECOND)
        assert world.ordered(RecordLeg)
        recording_id = world.leaves(caller)
    elif stage == "work":
        recording_id = world.message()
        world.restart()
    else:
        caller = world.speaks()
        recording_id = world.recordings[-1]
        if stage == "gone":
            world.hangs_up(caller)
        elif stage == "thanked":
            world.tell(RecordingEnded(recording_id))
            world.verified(recording_id, 3 * SECOND)
        world.restart()
        if stage == "speaking":
            world.leaves(caller)
        elif stage == "thanked":
            world.pass_time(60 * SECOND)
    world.verified(recording_id, 3 * SECOND)
    world.pass_time(0)
    assert world.outcomes() == [(Outcome.VOICEMAIL, "message_left")]
    assert world.work_item().state is CallState.WAITING
    world.signs_in("ana")
    world.answers(world.ring("ana"))
    assert f"recording:{recording_id}" in world.hears()
    world.run_dry()


@pytest.mark.parametrize("stage", ["greeting", "thanked"])
def test_words_cut_by_a_restart_are_not_waited_for(stage: str) -> None:
    world = Answering()
    if stage == "greeting":
        world.greeted()
    else:
        world.speaks()
        world.tell(RecordingEnded(world.recordings[-1]))
        world.verified(world.recordings[-1], 3 * SECOND)
    world.restart()
    world.pass_time(0)
    if stage == "greeting":
        assert world.ordered(RecordLeg)
    else:
        assert world.outcomes() == [(Outcome.VOICEMAIL, "message_left")]
