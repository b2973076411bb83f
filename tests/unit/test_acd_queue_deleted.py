"""A queue is deleted while callers wait in it, or while an agent writes up a call of it."""

from __future__ import annotations

import msgspec
import pytest

from acd.config import Access, Disposition, Membership, VoicemailPolicy, WrapUp
from acd.events import Configure, PromptFinished
from acd.facts import ContactEnded, VisitClosed
from acd.model import (
    AgentState,
    CallState,
    Outcome,
    QueueId,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
    VisitOutcome,
)
from tests.unit.acd_stage import Stage, agent, config, queue

pytestmark = pytest.mark.unit

SALES, TEAM = QueueId("sales"), QueueId("team")
TO_TEAM = Target(TargetKind.QUEUE, "team")
MEMBER = (Membership(SALES),)
NOBODY = (SkillLevel(SkillId("latin"), 5),)


def waiting(**more: object) -> Stage:
    """A caller waits in `sales`; Ana is its only member, Bob is free."""
    people = (agent("ana", queues=MEMBER), agent("bob"))
    sales = queue(access=Access.MEMBERS, **more)
    stage = Stage(config(sales, queue("team", voicemail=VoicemailPolicy()), agents=people))
    stage.signs_in("bob")
    stage.caller()
    assert stage.state("bob") is AgentState.READY
    return stage


def delete(stage: Stage, *queues: QueueId) -> None:
    left = {k: v for k, v in stage.config.queues.items() if k not in queues}
    stage.config = msgspec.structs.replace(stage.config, queues=left)
    stage.tell(Configure(stage.config))


def test_callers_go_where_the_queue_sent_them_while_closed() -> None:
    other = Target(TargetKind.HANG_UP)
    stage = waiting(on_closed=TO_TEAM, max_wait_s=60, on_max_wait=other)
    delete(stage, SALES)
    visit = stage.call().visit
    assert visit is not None
    assert visit.queue_id == TEAM
    assert [fact.to for fact in stage.told(VisitClosed)] == ["queue:team"]


def test_callers_go_where_the_longest_wait_led_if_nothing_else_is_said() -> None:
    stage = waiting(max_wait_s=60, on_max_wait=Target(TargetKind.VOICEMAIL, "team"))
    delete(stage, SALES)
    assert stage.call().state is CallState.LEAVING_MESSAGE


@pytest.mark.parametrize("target", [TO_TEAM, Target(TargetKind.VOICEMAIL)])
def test_a_way_that_leads_to_a_deleted_queue_is_none(target: Target) -> None:
    stage = waiting(on_closed=target)
    delete(stage, SALES, TEAM)
    if stage.engine.floor.calls:
        stage.tell(PromptFinished(stage.prompts.pop()))
    assert [fact.outcome for fact in stage.told(ContactEnded)] == [Outcome.OVERFLOW]


def test_callers_of_members_are_never_offered_to_others() -> None:
    stage = waiting()
    delete(stage, SALES)
    assert stage.state("bob") is AgentState.READY
    assert [fact.outcome for fact in stage.told(VisitClosed)] == [VisitOutcome.OVERFLOW]


def test_a_caller_whose_phone_rings_is_sent_on_too() -> None:
    stage = waiting(on_closed=TO_TEAM)
    stage.signs_in("ana")
    assert stage.state("ana") is AgentState.OFFERED
    delete(stage, SALES)
    visit = stage.call().visit
    assert visit is not None
    assert visit.queue_id == TEAM


def test_a_caller_of_an_open_queue_without_a_way_out_waits_for_one_who_is_able() -> None:
    stage = Stage(config(queue(required=NOBODY), queue("team")))
    stage.signs_in("bob")
    stage.caller()
    delete(stage, SALES)
    assert stage.call().state is CallState.WAITING


def test_nobody_stays_in_a_wrap_up_that_only_a_deleted_queue_could_end() -> None:
    sales = queue(wrap_up=WrapUp.MANDATORY, dispositions=(Disposition("ok"),))
    stage = Stage(config(sales, queue("team")))
    stage.signs_in("ana")
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.WRAP_UP
    delete(stage, SALES)
    assert stage.state("ana") is AgentState.READY
