"""Voicemail: greeted, recorded, verified, kept as work, heard; and left at every moment."""

from __future__ import annotations

import msgspec
import pytest

from acd.call import Call
from acd.commands import (
    DialOutside,
    HangUp,
    PlayPrompt,
    RecordLeg,
    StartRecording,
    StopPrompt,
    StopRecording,
)
from acd.config import FloorConfig, Outside, Queue, VoicemailPolicy
from acd.events import (
    CallArrived,
    DigitPressed,
    HangUpTalk,
    Hold,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
)
from acd.facts import (
    ContactArrived,
    ContactEnded,
    MessageHeard,
    MessageLeft,
    RecordingStarted,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentId,
    AgentState,
    CallKind,
    CallState,
    ChannelId,
    Outcome,
    RecordingId,
    SegmentKind,
    Target,
    TargetKind,
    VisitOutcome,
)
from tests.unit.acd_stage import Stage, config, queue

pytestmark = pytest.mark.unit

SECOND = 1_000
SENDER = "+33612345678"
VOICEMAIL = Target(TargetKind.VOICEMAIL)


def takes_messages(**more: object) -> Queue:
    given: dict[str, object] = {
        "exits": {"2": VOICEMAIL},
        "voicemail": VoicemailPolicy({"fr": "Parlez."}, longest_s=60, silence_s=3),
        **more,
    }
    return msgspec.structs.replace(queue(), **given)


def floor_of(*queues: Queue) -> FloorConfig:
    return config(*queues, outside=Outside(allowed=("+33",)))


class Answering(Stage):
    """A queue whose callers leave messages by key 2; the recording room is played by the test."""

    def __init__(self, configured: FloorConfig | None = None) -> None:
        super().__init__(configured or floor_of(takes_messages()))

    def waits(self, number: str = SENDER) -> ChannelId:
        channel_id = self.caller(number, dnis="600")
        self.tell(DigitPressed(channel_id, "1"))
        return channel_id

    def greeted(self) -> ChannelId:
        caller = self.waits()
        self.tell(DigitPressed(caller, "2"))
        return caller

    def speaks(self) -> ChannelId:
        """A caller who has heard the greeting and is being recorded."""
        caller = self.greeted()
        self.prompt_ends()
        assert len(self.ordered(RecordLeg)) == 1
        return caller

    def leaves(self, caller: ChannelId) -> RecordingId:
        """They hang up: the switch tells the end of the recording first."""
        recording_id = self.recordings.pop()
        self.tell(RecordingEnded(recording_id))
        self.hangs_up(caller)
        return recording_id

    def message(self) -> RecordingId:
        """A message is there, its file is whole, and it stands in the queue."""
        recording_id = self.leaves(self.speaks())
        self.verified(recording_id, 8 * SECOND)
        self.pass_time(0)
        return recording_id

    def verified(self, recording_id: RecordingId, duration_ms: int | None) -> None:
        self.tell(RecordingVerified(recording_id, duration_ms))

    def prompt_ends(self) -> None:
        self.tell(PromptFinished(self.prompts.pop()))

    def hears(self) -> list[str]:
        played = [media for c in self.ordered(PlayPrompt) for media in c.media]
        return [media.removeprefix("tts:fr-") for media in played]

    def outcomes(self, kind: CallKind = CallKind.INBOUND) -> list[tuple[Outcome, str]]:
        kinds = {f.call_id: f.kind for f in self.told(ContactArrived)}
        ended = [f for f in self.told(ContactEnded) if kinds[f.call_id] is kind]
        return [(f.outcome, f.reason) for f in ended]

    def work_item(self) -> Call:
        (work,) = (c for c in self.engine.floor.calls.values() if c.kind is CallKind.VOICEMAIL)
        return work


# ---- the caller --------------------------------------------------------------------------------


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


# ---- the message as work -----------------------------------------------------------------------


def test_an_agent_is_rung_hears_the_message_and_hangs_up_on_it() -> None:
    world = Answering()
    recording_id = world.message()
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    heard = world.hears()
    assert heard[0] == f"recording:{recording_id}"
    assert "réécouter" in heard[1]
    assert world.ordered(PlayPrompt)[0].channel_id == leg
    assert not world.ordered(StartRecording)
    assert world.state("ana") is AgentState.TALKING
    world.pass_time(12 * SECOND)
    world.hangs_up(leg)
    assert world.outcomes(CallKind.VOICEMAIL) == [(Outcome.ANSWERED, "agent_hung_up")]
    (fact,) = world.told(MessageHeard)
    assert (fact.recording_id, fact.agent_id) == (recording_id, "ana")
    assert world.engine.floor.messages == {}


@pytest.mark.parametrize("how", ["phone", "request", "unseen"])
def test_an_agent_who_is_gone_before_having_heard_it_leaves_it_in_its_place(how: str) -> None:
    world = Answering()
    world.message()
    key = world.told(VisitOpened)[0].key
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    world.pass_time(4 * SECOND)
    if how == "phone":
        world.hangs_up(leg, cause=38)
    elif how == "request":
        world.tell(HangUpTalk(AgentId("ana")))
        assert leg in [c.channel_id for c in world.ordered(HangUp)]
    else:
        del world.legs[leg]
        world.out_of_bridges(leg)
        world.restart()
    world.news()
    world.pass_time(0)
    assert world.told(MessageHeard) == []
    assert world.state("ana") is AgentState.READY
    work = world.work_item()
    assert (work.state, work.talk) == (CallState.WAITING, None)
    assert world.told(VisitOpened)[-1].key == key
    world.signs_in("bob")
    world.answers(world.ring("bob"))
    world.pass_time(5 * SECOND)
    world.hangs_up(world.work("bob").channel_id or ChannelId(""))
    assert [f.agent_id for f in world.told(MessageHeard)] == ["bob"]
    world.news()
    world.run_dry()


@pytest.mark.parametrize("how", ["to_its_end", "all_of_a_short_one", "key"])
def test_a_message_heard_out_or_acted_on_is_dealt_with_however_soon(how: str) -> None:
    world = Answering()
    world.verified(world.leaves(world.speaks()), 2 * SECOND)
    world.pass_time(0)
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    if how == "to_its_end":
        world.prompt_ends()
    elif how == "key":
        world.tell(DigitPressed(leg, "1"))
    else:
        world.pass_time(2 * SECOND)
    world.hangs_up(leg)
    assert [f.agent_id for f in world.told(MessageHeard)] == ["ana"]


def test_a_message_that_could_not_be_played_has_not_been_heard() -> None:
    world = Answering()
    world.message()
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    world.tell(PromptFinished(world.prompts.pop(), failed=True))
    world.hangs_up(leg)
    assert world.told(MessageHeard) == []
    assert world.work_item().state is CallState.SCHEDULED


def test_nobody_can_be_put_on_hold_behind_a_message() -> None:
    world = Answering()
    world.message()
    world.signs_in("ana")
    world.answers(world.ring("ana"))
    assert world.refusal(Hold(AgentId("ana"))) == (409, "not-now")
    assert world.state("ana") is AgentState.TALKING


def test_a_message_keeps_its_place_among_callers() -> None:
    world = Answering()
    caller = world.speaks()
    world.pass_time(3 * SECOND)
    younger = world.waits("0699999999")
    world.verified(world.leaves(caller), 8 * SECOND)
    world.pass_time(0)
    world.signs_in("ana")
    assert world.work_item().state is CallState.OFFERED
    world.signs_in("bob")
    assert world.engine.floor.legs[younger][0] == world.work("bob").call_id


def test_a_message_that_nobody_picks_up_goes_back_to_the_queue() -> None:
    world = Answering()
    world.message()
    world.signs_in("ana")
    world.pass_time(10 * SECOND)
    assert world.work_item().visit is not None
    assert world.work_item().state in (CallState.WAITING, CallState.OFFERED)


def test_keys_play_it_again_or_call_the_sender_who_is_recorded() -> None:
    world = Answering()
    recording_id = world.message()
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    world.tell(DigitPressed(leg, "1"))
    assert world.ordered(StopPrompt)
    assert world.hears()[0] == f"recording:{recording_id}"
    world.tell(DigitPressed(leg, "2"))
    (dialled,) = world.ordered(DialOutside)
    assert dialled.number == SENDER
    world.answers(dialled.channel_id)
    assert world.work_item().state is CallState.TALKING
    assert world.ordered(StartRecording)
    world.hangs_up(dialled.channel_id)
    assert world.outcomes(CallKind.VOICEMAIL) == [(Outcome.ANSWERED, "caller_hung_up")]
    assert len(world.told(MessageHeard)) == 1
    world.news()
    world.run_dry()


def test_a_sender_who_does_not_pick_up_leaves_the_agent_with_the_message() -> None:
    world = Answering()
    world.message()
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    world.tell(DigitPressed(leg, "2"))
    (dialled,) = world.ordered(DialOutside)
    world.hangs_up(dialled.channel_id, cause=17)
    assert "joint" in world.hears()[0]
    assert world.work_item().state is CallState.TALKING
    world.tell(DigitPressed(leg, "2"))
    world.hangs_up(leg)
    assert world.outcomes(CallKind.VOICEMAIL) == [(Outcome.ANSWERED, "agent_hung_up")]
    world.news()
    world.run_dry()


def test_a_sender_without_a_number_cannot_be_called() -> None:
    world = Answering()
    world.callers += 1
    caller = ChannelId("withheld")
    world.legs[caller] = "caller"
    world.tell(CallArrived(caller, "600", None))
    world.tell(DigitPressed(caller, "1"))
    world.tell(DigitPressed(caller, "2"))
    world.prompt_ends()
    world.verified(world.leaves(caller), 8 * SECOND)
    world.pass_time(0)
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    world.tell(DigitPressed(leg, "2"))
    assert world.ordered(DialOutside) == []
    assert "joint" in world.hears()[0]
