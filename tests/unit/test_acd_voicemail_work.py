"""A voice message as work: rung for, heard, acted on, put back."""

from __future__ import annotations

import pytest

from acd.commands import (
    DialOutside,
    HangUp,
    PlayPrompt,
    StartRecording,
    StopPrompt,
)
from acd.events import (
    CallArrived,
    DigitPressed,
    HangUpTalk,
    Hold,
    PromptFinished,
)
from acd.facts import (
    MessageHeard,
    VisitOpened,
)
from acd.model import (
    AgentId,
    AgentState,
    CallKind,
    CallState,
    ChannelId,
    Outcome,
)
from tests.unit.message_desk import SECOND, SENDER, Answering

pytestmark = pytest.mark.unit


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
