"""Agents whose phones refuse calls: not rung for ever, put aside with the reason, taken back."""

from __future__ import annotations

import pytest

from acd.agents.offering import REST_MS
from acd.commands import RingAgent
from acd.events import (
    ChannelGone,
    ForceState,
    GetReady,
    Pause,
    PhoneReachable,
    PhoneUnreachable,
    SignIn,
    SignOut,
)
from acd.facts import AgentStateChanged, VisitClosed
from acd.model import (
    AgentId,
    AgentState,
    CallState,
    ChannelId,
    PhoneId,
    Target,
    TargetKind,
    VisitOutcome,
)
from tests.unit.acd_stage import Stage, config, queue

ANA = AgentId("ana")
CAUSES = {404: 1, 415: 127, 480: 19, 486: 17, 488: 58, 500: 38, 502: 27, 600: 17, 603: 21, 606: 58}


def refuses(stage: Stage, leg: ChannelId, sip: int = 486, name: str = "ana") -> None:
    """The phone that rings answers with this final response."""
    del stage.legs[leg]
    stage.tell(ChannelGone(leg, CAUSES[sip], sip=sip))
    if CAUSES[sip] == 27:
        # It is looked at, and is there.
        stage.tell(PhoneReachable(PhoneId(name)))


def refuses_in_a_row(stage: Stage, times: int, sip: int = 486) -> None:
    """The phone refuses so many offers; the first one rings already."""
    for done in range(times):
        refuses(stage, stage.ring("ana"), sip)
        if done < times - 1:
            stage.pass_time(REST_MS)


@pytest.mark.parametrize("sip", sorted(CAUSES))
def test_after_three_refusals_an_agent_does_not_respond_and_the_reason_is_kept(sip: int) -> None:
    stage = Stage(config(queue(rona_limit=3)))
    stage.signs_in("ana")
    stage.caller()
    for _ in range(3):
        if stage.state("ana") is AgentState.OFFERED:
            refuses(stage, stage.ring("ana") if stage.ordered(RingAgent) else _rung(stage), sip)
        stage.pass_time(REST_MS)
    assert stage.state("ana") is AgentState.NOT_RESPONDING
    assert stage.work("ana").reason == f"sip_{sip}"
    assert stage.told(AgentStateChanged)[-1].reason == f"sip_{sip}"
    stage.pass_time(600_000)
    assert stage.ordered(RingAgent) == []
    assert stage.call().state is CallState.WAITING


def _rung(stage: Stage) -> ChannelId:
    return stage.work("ana").channel_id or ChannelId("")


def test_the_limit_is_the_queues() -> None:
    stage = Stage(config(queue(refusal_limit=1)))
    stage.signs_in("ana")
    stage.caller()
    refuses(stage, stage.ring("ana"), 603)
    assert (stage.state("ana"), stage.work("ana").reason) == (AgentState.NOT_RESPONDING, "sip_603")


def test_a_call_that_rang_in_vain_is_no_refusal_and_has_its_own_reason() -> None:
    stage = Stage(config(queue(rona_limit=1)))
    stage.signs_in("ana")
    stage.caller()
    stage.pass_time(10_000)
    work = stage.work("ana")
    assert (work.state, work.reason, work.refusals) == (
        AgentState.NOT_RESPONDING,
        "no_answer",
        0,
    )


def test_a_call_taken_ends_the_count() -> None:
    stage = Stage()
    stage.signs_in("ana")
    caller = stage.caller()
    refuses_in_a_row(stage, 2)
    stage.pass_time(REST_MS)
    stage.answers(stage.ring("ana"))
    assert stage.work("ana").refusals == 0
    stage.hangs_up(caller)
    stage.caller()
    refuses_in_a_row(stage, 2)
    assert stage.state("ana") is AgentState.READY


def test_the_rest_after_a_refusal_ends_with_signing_out_and_in() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.caller()
    refuses_in_a_row(stage, 2)
    stage.tell(SignOut(ANA))
    work = stage.work("ana")
    assert (work.refusals, work.rona_count, work.resting_until) == (0, 0, 0)
    stage.tell(SignIn(ANA))
    stage.ring("ana")


def test_calls_that_rang_in_vain_do_not_outlive_signing_out() -> None:
    stage = Stage(config(queue(rona_limit=2)))
    stage.signs_in("ana")
    stage.caller()
    stage.pass_time(10_000)
    assert stage.work("ana").rona_count == 1
    stage.tell(SignOut(ANA))
    if stage.state("ana") is not AgentState.SIGNED_OUT:
        stage.hangs_up(_rung(stage))
    assert stage.work("ana").rona_count == 0


@pytest.mark.parametrize("who", ["agent", "supervisor", "pause"])
def test_who_is_made_ready_is_rung_at_once_and_begins_anew(who: str) -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.caller()
    refuses_in_a_row(stage, 3)
    assert stage.state("ana") is AgentState.NOT_RESPONDING
    if who == "supervisor":
        stage.tell(ForceState(ANA, AgentState.READY, "sophie"))
    else:
        if who == "pause":
            stage.tell(Pause(ANA, "lunch"))
        stage.tell(GetReady(ANA))
    refuses_in_a_row(stage, 2)
    assert stage.state("ana") is AgentState.READY


def test_a_switch_that_cannot_ring_is_no_refusal_of_the_phone() -> None:
    stage = Stage(config(queue(refusal_limit=1)))
    stage.signs_in("ana")
    stage.phones_up.clear()
    stage.caller()
    stage.news()
    assert stage.state("ana") is AgentState.UNREACHABLE
    assert stage.work("ana").refusals == 0


def test_a_caller_whom_nobody_takes_leaves_the_queue_as_configured() -> None:
    sales = queue(max_wait_s=20, on_max_wait=Target(TargetKind.HANG_UP))
    stage = Stage(config(sales))
    stage.signs_in("ana")
    stage.caller()
    refuses_in_a_row(stage, 3)
    stage.pass_time(20_000)
    (left,) = stage.told(VisitClosed)
    assert left.outcome is VisitOutcome.OVERFLOW


def test_a_line_that_the_phone_refuses_says_why_and_is_not_rung_for_ever() -> None:
    stage = Stage()
    stage.signs_in("ana", connected=True)
    (rung,) = stage.ordered(RingAgent)
    del stage.legs[rung.channel_id]
    stage.tell(ChannelGone(rung.channel_id, 17, sip=486))
    work = stage.work("ana")
    assert (work.state, work.reason) == (AgentState.UNREACHABLE, "sip_486")
    stage.pass_time(600_000)
    assert stage.ordered(RingAgent) == []
    stage.tell(GetReady(ANA))
    (again,) = stage.ordered(RingAgent)
    stage.answers(again.channel_id)
    assert (stage.state("ana"), stage.work("ana").reason) == (AgentState.READY, None)


def test_a_phone_that_goes_away_is_unreachable_and_no_refusal() -> None:
    stage = Stage(config(queue(refusal_limit=1)))
    stage.signs_in("ana")
    stage.caller()
    stage.phones_up.discard(PhoneId("ana"))
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    assert (stage.state("ana"), stage.work("ana").refusals) == (AgentState.UNREACHABLE, 0)
