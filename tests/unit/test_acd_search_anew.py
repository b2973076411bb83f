"""The search for an agent is looked at anew when those whom it was for go away or do not answer."""

from __future__ import annotations

import pytest

from acd.commands import RingAgent
from acd.config import Membership, Step
from acd.events import ForceState, Pause, PhoneUnreachable, SignOut
from acd.facts import RoutingDecided, SegmentClosed
from acd.model import (
    AgentId,
    AgentState,
    ChannelId,
    OfferEnd,
    PhoneId,
    QueueId,
    SkillId,
    SkillLevel,
)
from tests.unit.acd_stage import Stage, agent, config, queue

pytestmark = pytest.mark.unit

ANA, BOB = AgentId("ana"), AgentId("bob")
ENGLISH = (SkillLevel(SkillId("english"), 5),)
REJECTED = 21


def english_first() -> Stage:
    """English for 300 s, then anyone: Ana, who speaks it, is in pause, and Bob is free."""
    steps = (Step("skills.english", for_s=300), Step("anyone"))
    people = (agent("ana", "201", skills=ENGLISH), agent("bob", "202"))
    stage = Stage(config(queue(steps=steps), agents=people))
    stage.signs_in("ana")
    stage.tell(Pause(ANA, "pause"))
    stage.signs_in("bob")
    return stage


def known_to_ana(sticky_s: int = 120, **more: object) -> Stage:
    """A queue that looks for the last agent first; the caller 0612345678 talked to Ana."""
    stage = Stage(config(queue(sticky_s=sticky_s, wrap_up_s=0, **more)))
    stage.signs_in("ana")
    caller, _ = stage.talk("ana")
    stage.hangs_up(caller)
    stage.signs_in("bob")
    return stage


def who_rings(stage: Stage) -> list[str | None]:
    return [ring.agent_id for ring in stage.ordered(RingAgent)]


def test_a_step_is_passed_when_the_last_who_could_satisfy_it_signs_out() -> None:
    stage = english_first()
    older = stage.caller()
    assert stage.state("bob") is AgentState.READY
    stage.pass_time(2_000)
    stage.tell(SignOut(ANA))
    assert who_rings(stage) == ["bob"]
    assert stage.told(RoutingDecided)[-1].trigger == "relaxed"
    stage.hangs_up(older)


def test_the_older_call_is_served_first_when_its_step_ends_so() -> None:
    stage = english_first()
    stage.caller("0611111111")
    stage.caller("0622222222")
    stage.pass_time(2_000)
    stage.tell(SignOut(ANA))
    offered = [c for c in stage.engine.floor.calls.values() if c.offers]
    assert [call.number for call in offered] == ["0611111111"]


def test_a_step_goes_on_while_one_who_fits_only_after_a_delay_is_signed_in() -> None:
    steps = (Step("skills.english", for_s=300), Step("anyone"))
    helper = agent("eve", skills=ENGLISH, queues=(Membership(QueueId("sales"), delay_s=60),))
    people = (agent("ana", skills=ENGLISH), agent("bob"), helper)
    stage = Stage(config(queue(steps=steps), agents=people))
    for name in ("ana", "eve"):
        stage.signs_in(name)
        stage.tell(Pause(AgentId(name), "pause"))
    stage.signs_in("bob")
    stage.caller()
    stage.tell(SignOut(ANA))
    assert stage.state("bob") is AgentState.READY
    stage.tell(SignOut(AgentId("eve")))
    assert stage.state("bob") is AgentState.OFFERED


@pytest.mark.parametrize(
    "leaving",
    [
        Pause(ANA, "pause"),
        ForceState(ANA, AgentState.PAUSED, "boss"),
        SignOut(ANA),
    ],
)
def test_an_agent_looked_for_alone_who_asks_to_go_is_waited_for_no_longer(
    leaving: Pause | ForceState | SignOut,
) -> None:
    stage = known_to_ana()
    stage.talk("ana")
    stage.caller()
    assert stage.state("bob") is AgentState.READY
    stage.tell(leaving)
    assert stage.state("ana") is AgentState.TALKING
    assert who_rings(stage) == ["bob"]


def test_a_call_kept_for_an_agent_goes_on_when_their_phone_goes_after_the_call() -> None:
    stage = known_to_ana()
    talking, _ = stage.talk("ana")
    stage.caller()
    stage.phones_up.discard(PhoneId("ana"))
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    assert stage.state("bob") is AgentState.READY
    stage.hangs_up(talking)
    assert stage.state("ana") is AgentState.UNREACHABLE
    assert who_rings(stage) == ["bob"]


def kept_call(stage: Stage) -> ChannelId:
    """The caller known to Ana rings at her phone; her leg."""
    stage.caller()
    return stage.ring("ana")


def test_who_does_not_answer_is_waited_for_no_longer() -> None:
    stage = known_to_ana()
    kept_call(stage)
    stage.pass_time(10_000)
    assert [f.reason for f in stage.told(SegmentClosed)].count(OfferEnd.RONA) == 1
    assert who_rings(stage) == ["bob"]


def test_who_rejects_is_waited_for_no_longer() -> None:
    stage = known_to_ana()
    stage.hangs_up(kept_call(stage), REJECTED)
    assert who_rings(stage) == ["bob"]


def test_whose_phone_goes_while_it_rings_is_waited_for_no_longer() -> None:
    stage = known_to_ana()
    kept_call(stage)
    stage.phones_up.discard(PhoneId("ana"))
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    assert who_rings(stage) == ["bob"]


def test_the_place_is_kept_when_the_agent_looked_for_alone_does_not_answer() -> None:
    stage = known_to_ana()
    kept_call(stage)
    before = stage.call().visit
    stage.tell(Pause(BOB, "pause"))
    stage.pass_time(10_000)
    visit = stage.call().visit
    assert before is not None
    assert visit is not None
    assert (before.only, visit.only) == (ANA, None)
    assert (visit.key, visit.order) == (before.key, before.order)
