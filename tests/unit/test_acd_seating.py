"""Where agents sit: seats, phones that come and go, standing lines of connected agents."""

from __future__ import annotations

import msgspec
import pytest

from acd.commands import HangUp, JoinBridge, RingAgent
from acd.events import (
    Configure,
    ForceState,
    GetReady,
    Pause,
    PhoneReachable,
    PhoneTransferred,
    PhoneUnreachable,
    SignIn,
    SignOut,
)
from acd.model import AgentId, AgentState, ChannelId, PhoneId
from acd.state.legs import WAITING_LINES
from tests.unit.acd_stage import SEAT, Stage, config, queue

pytestmark = pytest.mark.unit

ANA = AgentId("ana")


def connected() -> tuple[Stage, ChannelId]:
    """Ana, whose line stands."""
    stage = Stage(config(queue(wrap_up_s=0)))
    stage.signs_in("ana", connected=True)
    line = stage.ring("ana")
    assert stage.state("ana") is AgentState.UNREACHABLE
    stage.answers(line)
    assert stage.state("ana") is AgentState.READY
    return stage, line


def test_an_agent_is_rung_on_the_seat_where_they_signed_in() -> None:
    stage = Stage()
    stage.phone_up("seat")
    stage.signs_in("ana", phone=SEAT)
    stage.caller()
    assert [ring.phone for ring in stage.ordered(RingAgent)] == [SEAT]


def test_a_seat_is_free_again_after_signing_out_and_the_own_phone_rings() -> None:
    stage = Stage()
    stage.phone_up("seat")
    stage.signs_in("ana", phone=SEAT)
    stage.tell(SignOut(ANA))
    stage.signs_in("bob", phone=SEAT)
    stage.signs_in("ana")
    stage.caller()
    (first,) = stage.ordered(RingAgent)
    stage.caller()
    (second,) = stage.ordered(RingAgent)
    rung = {ring.agent_id: ring.phone for ring in (first, second)}
    assert rung == {"ana": PhoneId("ana"), "bob": SEAT}


def test_nobody_signs_in_where_somebody_sits_or_there_is_no_phone() -> None:
    stage = Stage()
    stage.phone_up("seat")
    stage.signs_in("ana", phone=SEAT)
    assert stage.refusal(SignIn(AgentId("bob"), phone=SEAT)) == (409, "phone-taken")
    assert stage.refusal(SignIn(AgentId("bob"), phone=PhoneId("x"))) == (404, "unknown-phone")
    assert stage.refusal(SignIn(ANA)) == (409, "signed-in-elsewhere")
    assert stage.refusal(SignIn(AgentId("who"))) == (404, "unknown-agent")


def test_who_sits_elsewhere_leaves_their_own_phone_to_others() -> None:
    stage = Stage()
    stage.phone_up("seat")
    stage.signs_in("ana", phone=SEAT)
    stage.phone_up("ana")
    stage.signs_in("bob", phone=PhoneId("ana"))
    assert stage.engine.floor.agent_at(PhoneId("ana")) == "bob"


def test_a_phone_that_goes_takes_its_agent_out_and_brings_them_back() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.phones_up.discard(PhoneId("ana"))
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    assert stage.state("ana") is AgentState.UNREACHABLE
    stage.tell(PhoneReachable(PhoneId("ana")))
    assert stage.state("ana") is AgentState.READY


def test_the_next_call_of_a_connected_agent_comes_without_ringing() -> None:
    stage, line = connected()
    caller = stage.caller()
    assert stage.ordered(RingAgent) == []
    stage.news()
    assert stage.ordered(RingAgent) == []
    joined = [c.channel_ids for c in stage.ordered(JoinBridge)]
    assert (caller, line) in joined
    assert stage.state("ana") is AgentState.TALKING


def test_after_the_call_the_line_stands_and_waits_again() -> None:
    stage, line = connected()
    caller = stage.caller_on_line()
    stage.hangs_up(caller)
    assert line not in [c.channel_id for c in stage.ordered(HangUp)]
    assert line in stage.bridges[WAITING_LINES]
    assert stage.state("ana") is AgentState.READY
    stage.caller_on_line()
    assert stage.state("ana") is AgentState.TALKING


def test_a_connected_agent_who_hangs_up_ends_the_call_and_is_rung_for_the_line_again() -> None:
    stage, line = connected()
    caller = stage.caller_on_line()
    stage.hangs_up(line)
    assert caller in [c.channel_id for c in stage.ordered(HangUp)]
    assert stage.state("ana") is AgentState.UNREACHABLE
    stage.answers(stage.ring("ana"))
    assert stage.state("ana") is AgentState.READY


def test_a_line_by_which_the_phone_transferred_is_rung_again_when_the_phone_hangs_up() -> None:
    stage, line = connected()
    stage.caller_on_line()
    stage.tell(PhoneTransferred(line, "bob"))
    stage.hangs_up(line)
    assert stage.state("ana") is AgentState.UNREACHABLE
    stage.answers(stage.ring("ana"))
    assert stage.state("ana") is AgentState.READY


def test_a_line_hung_up_while_idle_stays_down_until_the_agent_is_ready() -> None:
    stage, line = connected()
    stage.hangs_up(line)
    assert stage.state("ana") is AgentState.UNREACHABLE
    assert stage.work("ana").reason == "line_down"
    assert stage.ordered(RingAgent) == []
    stage.tell(GetReady(ANA))
    stage.answers(stage.ring("ana"))
    assert stage.state("ana") is AgentState.READY


def test_signing_out_hangs_up_the_standing_line() -> None:
    stage, line = connected()
    stage.tell(SignOut(ANA))
    assert line in [c.channel_id for c in stage.ordered(HangUp)]
    assert stage.work("ana").line is None


def test_signing_out_during_a_call_hangs_up_the_line_after_it() -> None:
    stage, line = connected()
    caller = stage.caller_on_line()
    stage.tell(SignOut(ANA))
    assert stage.state("ana") is AgentState.TALKING
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.SIGNED_OUT
    assert line in [c.channel_id for c in stage.ordered(HangUp)]


def test_a_standing_line_survives_a_restart_of_the_floor() -> None:
    stage, line = connected()
    stage.restart()
    stage.caller_on_line()
    assert stage.state("ana") is AgentState.TALKING
    assert line in stage.legs


@pytest.mark.parametrize("while_away", ["idle", "in_call"])
def test_a_line_that_went_while_nobody_looked_is_noticed(while_away: str) -> None:
    stage, line = connected()
    if while_away == "in_call":
        stage.caller_on_line()
    del stage.legs[line]
    stage.out_of_bridges(line)
    stage.restart()
    assert stage.work("ana").line != line
    assert stage.state("ana") is AgentState.UNREACHABLE


LOST = 0
"""What the switch says of a leg that the network lost."""


def test_an_idle_line_that_the_network_lost_is_rung_again() -> None:
    stage, line = connected()
    stage.pass_time(60_000)
    stage.hangs_up(line, LOST)
    assert (stage.state("ana"), stage.work("ana").reason) == (AgentState.UNREACHABLE, "line_down")
    stage.answers(stage.ring("ana"))
    assert stage.state("ana") is AgentState.READY


def test_a_line_that_is_lost_at_once_again_is_not_rung_for_ever() -> None:
    stage, line = connected()
    stage.pass_time(60_000)
    stage.hangs_up(line, LOST)
    again = stage.ring("ana")
    stage.answers(again)
    stage.hangs_up(again, LOST)
    assert stage.ordered(RingAgent) == []


def test_a_line_that_is_not_picked_up_is_not_rung_again_by_itself() -> None:
    stage, line = connected()
    stage.pass_time(60_000)
    stage.hangs_up(line, LOST)
    stage.hangs_up(stage.ring("ana"), 19)
    assert stage.ordered(RingAgent) == []
    assert stage.state("ana") is AgentState.UNREACHABLE


def test_a_line_lost_in_wrap_up_is_rung_again_and_hung_up_in_it_stays_down() -> None:
    for cause, rung in ((LOST, ["ana"]), (16, [])):
        stage = Stage(config(queue(wrap_up_s=20)))
        stage.signs_in("ana", connected=True)
        line = stage.ring("ana")
        stage.answers(line)
        stage.hangs_up(stage.caller_on_line())
        assert stage.state("ana") is AgentState.WRAP_UP
        stage.pass_time(5_000)
        stage.hangs_up(line, cause)
        assert [ring.agent_id for ring in stage.ordered(RingAgent)] == rung
        stage.pass_time(15_000)
        work = stage.work("ana")
        assert (work.state, work.reason) == (AgentState.UNREACHABLE, "line_down")


def test_a_line_is_not_rung_again_for_one_who_signs_out_with_the_call() -> None:
    stage, line = connected()
    stage.caller_on_line()
    stage.tell(SignOut(ANA))
    stage.hangs_up(line)
    assert stage.state("ana") is AgentState.SIGNED_OUT
    assert stage.ordered(RingAgent) == []


def test_ready_is_refused_for_the_true_reason_while_the_line_rings() -> None:
    stage = Stage()
    stage.signs_in("ana", connected=True)
    assert stage.refusal(GetReady(ANA)) == (409, "line-rings")
    stage.phones_up.clear()
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    assert stage.refusal(GetReady(ANA)) == (409, "not-now")


def test_a_standing_line_asked_for_too_late_is_refused() -> None:
    stage, _ = connected()
    stage.signs_in("ana")
    stage.signs_in("ana", connected=True)
    stage.signs_in("bob")
    late = SignIn(AgentId("bob"), connected=True)
    assert stage.refusal(late) == (409, "signed-in-already")


@pytest.mark.parametrize("line_down", [True, False])
def test_a_supervisor_who_makes_a_connected_agent_ready_has_the_line_rung(line_down: bool) -> None:
    stage, line = connected()
    stage.hangs_up(line)
    if not line_down:
        stage.tell(Pause(ANA, "pause"))
    stage.tell(ForceState(ANA, AgentState.READY, "boss"))
    assert stage.refused is None
    ring = stage.ring("ana")
    assert stage.refusal(ForceState(ANA, AgentState.READY, "boss")) == (409, "line-rings")
    stage.answers(ring)
    assert stage.state("ana") is AgentState.READY


def test_a_supervisor_cannot_make_ready_whose_phone_is_down() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.phones_up.clear()
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    assert stage.refusal(ForceState(ANA, AgentState.READY, "boss")) == (409, "not-now")


def test_who_sits_on_a_seat_that_is_deleted_gets_no_call_there() -> None:
    stage = Stage()
    stage.phone_up("seat")
    stage.signs_in("ana", phone=SEAT)
    stage.config = msgspec.structs.replace(stage.config, seats=frozenset())
    stage.tell(Configure(stage.config))
    assert stage.state("ana") is AgentState.UNREACHABLE
    stage.caller()
    assert stage.ordered(RingAgent) == []
