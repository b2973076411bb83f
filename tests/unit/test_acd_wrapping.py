"""After the call: wrap-up in its four kinds, dispositions, pauses asked for meanwhile."""

from __future__ import annotations

import pytest

from acd.config import Disposition, PauseReason, WrapUp
from acd.events import (
    AddNote,
    AskWrapUp,
    ExtendWrapUp,
    ForceState,
    GetReady,
    Pause,
    SetData,
    SetDisposition,
    SignOut,
)
from acd.facts import AgentStateChanged, DispositionSet, NoteAdded, VisitClosed
from acd.model import AgentId, AgentState, CallId
from tests.unit.acd_stage import Stage, config, queue

pytestmark = pytest.mark.unit

ANA = AgentId("ana")
CODES = (Disposition("sold"), Disposition("not_sold"))


def stage_with(**queue_fields: object) -> Stage:
    reasons = {
        "lunch": PauseReason("lunch", paid=False),
        "training": PauseReason("training", productive=True),
    }
    stage = Stage(config(queue(**queue_fields), pause_reasons=reasons))
    stage.signs_in("ana")
    return stage


def test_without_wrap_up_the_agent_is_ready_at_once() -> None:
    stage = stage_with(wrap_up=WrapUp.NONE, wrap_up_s=30)
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.READY


def test_optional_wrap_up_comes_only_when_asked_for() -> None:
    stage = stage_with(wrap_up=WrapUp.OPTIONAL, wrap_up_s=30)
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.READY
    caller, _ = stage.talk()
    stage.tell(AskWrapUp(ANA))
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.WRAP_UP
    stage.pass_time(30_000)
    assert stage.state("ana") is AgentState.READY


def test_timed_wrap_up_ends_by_itself_or_sooner_and_is_extended_once() -> None:
    stage = stage_with(wrap_up_s=10, wrap_up_extension_s=20)
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    stage.pass_time(9_000)
    stage.tell(ExtendWrapUp(ANA))
    assert stage.refusal(ExtendWrapUp(ANA)) == (409, "already-extended")
    stage.pass_time(20_000)
    assert stage.state("ana") is AgentState.WRAP_UP
    stage.pass_time(1_000)
    assert stage.state("ana") is AgentState.READY


def test_mandatory_wrap_up_lasts_until_a_disposition_is_set() -> None:
    stage = stage_with(wrap_up=WrapUp.MANDATORY, dispositions=CODES)
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    stage.pass_time(3_600_000)
    assert stage.state("ana") is AgentState.WRAP_UP
    assert stage.refusal(GetReady(ANA)) == (409, "disposition-missing")
    assert stage.refusal(SetDisposition(ANA, "what")) == (422, "unknown-disposition")
    stage.tell(SetDisposition(ANA, "sold", "two"))
    assert stage.state("ana") is AgentState.READY
    (fact,) = stage.told(DispositionSet)
    assert (fact.code, fact.note, fact.queue_id) == ("sold", "two", "sales")


def test_a_disposition_set_during_the_call_leaves_nothing_to_be_done() -> None:
    stage = stage_with(wrap_up=WrapUp.MANDATORY, dispositions=CODES)
    caller, _ = stage.talk()
    stage.tell(SetDisposition(ANA, "not_sold"))
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.READY


@pytest.mark.parametrize(
    ("asked", "after"),
    [(Pause(ANA, "lunch"), AgentState.PAUSED), (SignOut(ANA), AgentState.SIGNED_OUT)],
)
def test_what_is_asked_for_in_a_mandatory_wrap_up_starts_after_it(
    asked: Pause | SignOut, after: AgentState
) -> None:
    stage = stage_with(wrap_up=WrapUp.MANDATORY, dispositions=CODES)
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    stage.tell(asked)
    assert stage.state("ana") is AgentState.WRAP_UP
    stage.tell(SetDisposition(ANA, "sold"))
    assert stage.state("ana") is after


def test_a_pause_asked_for_during_a_call_starts_after_its_wrap_up() -> None:
    stage = stage_with(wrap_up_s=5)
    caller, _ = stage.talk()
    stage.tell(Pause(ANA, "training"))
    assert stage.state("ana") is AgentState.TALKING
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.WRAP_UP
    stage.pass_time(5_000)
    assert (stage.state("ana"), stage.work("ana").reason) == (AgentState.PAUSED, "training")
    last = stage.told(AgentStateChanged)[-1]
    assert (last.productive, last.paid) == (True, True)


def test_a_pause_reason_must_be_one_of_the_configured() -> None:
    stage = stage_with()
    assert stage.refusal(Pause(ANA, "golf")) == (422, "unknown-pause-reason")
    stage.tell(Pause(ANA, "lunch"))
    last = stage.told(AgentStateChanged)[-1]
    assert (last.productive, last.paid) == (False, False)


def test_a_forced_state_says_by_whom_and_waits_for_the_call() -> None:
    stage = stage_with(wrap_up=WrapUp.MANDATORY, dispositions=CODES)
    caller, _ = stage.talk()
    stage.tell(ForceState(ANA, AgentState.PAUSED, "sophie", "lunch"))
    assert stage.state("ana") is AgentState.TALKING
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.WRAP_UP
    stage.tell(ForceState(ANA, AgentState.READY, "sophie"))
    assert stage.state("ana") is AgentState.READY
    assert stage.told(AgentStateChanged)[-1].by == "sophie"


def test_notes_and_data_belong_to_the_call() -> None:
    stage = stage_with(wrap_up_s=30)
    caller, _ = stage.talk()
    call = stage.call()
    stage.tell(AddNote(call.id, "rappeler lundi", ANA))
    stage.tell(SetData(call.id, {"order": "42", "shop": "7"}))
    stage.tell(SetData(call.id, {"shop": ""}))
    assert stage.call().data == {"order": "42"}
    stage.hangs_up(caller)
    stage.tell(AddNote(call.id, "fait", ANA))
    assert [note.text for note in stage.told(NoteAdded)] == ["rappeler lundi", "fait"]
    assert stage.refusal(AddNote(CallId("none"), "x", ANA)) == (404, "unknown-call")


def test_the_visit_names_the_talk_that_it_was_answered_with() -> None:
    stage = stage_with()
    stage.talk()
    (closed,) = stage.told(VisitClosed)
    talk = stage.call().talk
    assert talk is not None
    assert closed.segment_id == talk.segment_id


def test_a_wrap_up_that_the_queue_gives_no_more_time_for_is_not_used_up() -> None:
    stage = stage_with(wrap_up_s=20, wrap_up_extension_s=0)
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    assert stage.refusal(ExtendWrapUp(ANA)) == (409, "not-extended")
    assert not stage.work("ana").wrap_up_extended
