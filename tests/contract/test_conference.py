"""Three in one conversation; agents who call each other and the outside: who hears whom."""

from __future__ import annotations

import asyncio

import pytest

from acd.events import (
    CompleteTransfer,
    Conference,
    Consult,
    DropThird,
    HangUpTalk,
    LeaveConference,
    PlaceCall,
)
from acd.model import AgentId, AgentState, CallKind, QueueId
from tests.contract.harness import Behaviour, EndedBy, SippAgent, SippCaller, Subscriber
from tests.contract.team import (
    ANA,
    BOB,
    CALLER,
    NUMBERS,
    OUTSIDE_NUMBER,
    OUTSIDER,
    SHOWN_OUTSIDE,
    TeamFloor,
    agent,
    all_hear,
    both_hear,
    number,
)

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_ANA = AgentId("ana")
_OUTSIDE = {OUTSIDE_NUMBER: Subscriber(tone_hz=OUTSIDER)}


async def _conference(team: TeamFloor, ana: SippAgent, bob: SippAgent, caller: SippCaller) -> None:
    await team.ask(Consult(_ANA, agent("bob")))
    await both_hear(ana, ANA, bob, BOB)
    await team.ask(Conference(_ANA))
    await all_hear([(ana, ANA), (bob, BOB), (caller, CALLER)])


# ---- three -------------------------------------------------------------------------------------


async def test_in_a_conference_each_hears_both_others_until_the_third_is_let_go(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await _conference(team, ana, bob, caller)
        await team.ask(DropThird(_ANA))
        assert await bob.ended() is EndedBy.REMOTE
        await both_hear(ana, ANA, caller, CALLER)
        await team.agent_is("bob", AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.kinds("conference") == [("conference", "bob")]
        assert await team.recorded() == [{ANA, CALLER}, {ANA, BOB, CALLER}]


async def test_agent_leaves_a_conference_and_the_two_others_talk_on(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await _conference(team, ana, bob, caller)
        await team.ask(LeaveConference(_ANA))
        assert await ana.ended() is EndedBy.REMOTE
        await both_hear(bob, BOB, caller, CALLER)
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await team.agent_is("bob", AgentState.TALKING)
        await bob.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        await team.assert_clean()
        assert await team.transfers() == [("ana", "conference", "agent", "bob")]


async def test_agent_who_hangs_up_leaves_the_conference_to_the_others(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await _conference(team, ana, bob, caller)
        await ana.hang_up()
        await both_hear(bob, BOB, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()


async def test_customer_who_leaves_ends_the_conference(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await _conference(team, ana, bob, caller)
        await caller.hang_up()
        await asyncio.gather(ana.ended(), bob.ended())
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "caller")


async def test_third_from_outside_hears_both_and_hangs_up_alone(team: TeamFloor) -> None:
    async with team.outside(_OUTSIDE) as outside, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, number(OUTSIDE_NUMBER)))
        third = await outside.called(OUTSIDE_NUMBER)
        await third.answered()
        await ana.until_hears(OUTSIDER, within_s=5)
        await team.ask(Conference(_ANA))
        await asyncio.gather(
            third.until_hears_all([ANA, CALLER], within_s=5),
            ana.until_hears_all([OUTSIDER, CALLER], within_s=5),
            caller.until_hears_all([OUTSIDER, ANA], within_s=5),
        )
        await third.hang_up()
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()


async def test_floor_killed_during_a_conference_the_three_talk_on_and_it_ends_well(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await _conference(team, ana, bob, caller)
        await team.kill()
        killed_at = caller.now_s()
        await team.start()
        await all_hear([(ana, ANA), (bob, BOB), (caller, CALLER)])
        assert caller.audio.longest_gap_s(killed_at) < 0.2
        assert (await team.only_call()).third
        await team.ask(DropThird(_ANA))
        await bob.ended()
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()


# ---- agents who call ---------------------------------------------------------------------------


async def test_agent_dials_a_colleague_by_short_number(team: TeamFloor) -> None:
    async with team.at_work("ana") as ana, team.at_work("bob") as bob:
        call = await ana.dial(NUMBERS["bob"])
        await call.answered()
        await asyncio.gather(call.until_hears(BOB, within_s=5), bob.until_hears(ANA, within_s=5))
        assert bob.invite.caller == NUMBERS["ana"]
        assert (await team.only_call()).kind is CallKind.INTERNAL
        await team.agent_is("ana", AgentState.TALKING)
        await call.hang_up()
        assert await bob.ended() is EndedBy.REMOTE
        (contact,) = await team.assert_clean()
        assert (contact["kind"], contact["direction"]) == ("internal", "internal")
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "agent")
        await team.agent_is("ana", AgentState.READY)


async def test_agent_calls_a_colleague_by_request_and_the_own_phone_rings_first(
    team: TeamFloor,
) -> None:
    async with team.at_work("ana") as ana, team.at_work("bob") as bob:
        await team.ask(PlaceCall(_ANA, agent("bob")))
        assert await ana.answered() < await bob.rung()
        await both_hear(ana, ANA, bob, BOB)
        await bob.hang_up()
        assert await ana.ended() is EndedBy.REMOTE
        (contact,) = await team.assert_clean()
        assert contact["outcome"] == "answered"


async def test_colleague_who_does_not_pick_up_leaves_the_caller_free(team: TeamFloor) -> None:
    async with team.at_work("ana") as ana, team.at_work("bob", Behaviour.DECLINE) as bob:
        call = await ana.dial(NUMBERS["bob"])
        assert await bob.refused() == 603
        await call.ended()
        await team.agent_is("ana", AgentState.READY)
        (contact,) = await team.assert_clean()
        assert contact["outcome"] == "no_answer"


async def test_outbound_call_for_a_queue_shows_our_number_and_is_recorded(
    team: TeamFloor,
) -> None:
    async with team.outside(_OUTSIDE) as outside, team.at_work("ana") as ana:
        await team.ask(PlaceCall(_ANA, number(OUTSIDE_NUMBER), QueueId("sales")))
        await ana.answered()
        called = await outside.called(OUTSIDE_NUMBER)
        await called.answered()
        assert called.invite.caller == SHOWN_OUTSIDE
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), called.until_hears(ANA, within_s=5)
        )
        await called.hang_up()
        assert await ana.ended() is EndedBy.REMOTE
        await team.agent_is("ana", AgentState.WRAP_UP)
        (contact,) = await team.assert_clean()
        assert (contact["kind"], contact["direction"]) == ("manual", "outbound")
        assert (contact["outcome"], contact["number"]) == ("answered", OUTSIDE_NUMBER)
        assert await team.kinds("dial", "talk") == [("dial", "ana"), ("talk", "ana")]
        assert await team.recorded() == [{ANA, OUTSIDER}]


async def test_number_dialled_on_the_phone_goes_outside_and_a_forbidden_one_does_not(
    team: TeamFloor,
) -> None:
    async with team.outside(_OUTSIDE) as outside, team.at_work("ana") as ana:
        call = await ana.dial("+88213000000")
        await call.answered()
        await call.ended(timeout_s=8)
        assert outside.numbers_called() == []
        call = await ana.dial(OUTSIDE_NUMBER)
        called = await outside.called(OUTSIDE_NUMBER)
        await asyncio.gather(
            call.until_hears(OUTSIDER, within_s=5), called.until_hears(ANA, within_s=5)
        )
        await team.ask(HangUpTalk(_ANA))
        assert await called.ended() is EndedBy.REMOTE
        await call.ended()
        (contact,) = await team.assert_clean()
        assert (contact["kind"], contact["outcome"]) == ("manual", "answered")


async def test_outbound_call_that_is_busy_ends_as_not_answered(team: TeamFloor) -> None:
    busy = {OUTSIDE_NUMBER: Subscriber(behaviour=Behaviour.BUSY)}
    async with team.outside(busy) as outside, team.at_work("ana") as ana:
        await team.ask(PlaceCall(_ANA, number(OUTSIDE_NUMBER)))
        assert await (await outside.called(OUTSIDE_NUMBER)).refused() == 486
        await ana.ended()
        (contact,) = await team.assert_clean()
        assert contact["outcome"] == "no_answer"
        await team.agent_is("ana", AgentState.READY)


async def test_connected_agent_consults_transfers_and_keeps_the_line(team: TeamFloor) -> None:
    async with (
        team.at_work("bob") as bob,
        team.connected("ana") as ana,
        team.caller("601", tone_hz=CALLER) as caller,
    ):
        await both_hear(ana, ANA, caller, CALLER)
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await team.ask(CompleteTransfer(_ANA))
        await both_hear(bob, BOB, caller, CALLER)
        await team.agent_is("ana", AgentState.READY)
        assert ana.offers() == 1
        assert not ana.hears_now(BOB)
        await caller.hang_up()
        await team.assert_clean()
