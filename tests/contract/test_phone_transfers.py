"""Transfers that an agent makes with the phone's own keys: REFER, blind and attended."""

from __future__ import annotations

import asyncio

import pytest

from acd.events import CancelConsult, Consult, Hold
from acd.model import AgentId, AgentState
from tests.contract.harness import Behaviour, Subscriber
from tests.contract.team import (
    ANA,
    BOB,
    CALLER,
    CLEO,
    CUSTOMER,
    NUMBERS,
    OUTSIDE_NUMBER,
    OUTSIDER,
    SHOWN_OUTSIDE,
    TONES_OF,
    TeamFloor,
    agent,
    both_hear,
)

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_OUTSIDE = {OUTSIDE_NUMBER: Subscriber(tone_hz=OUTSIDER)}


async def test_phone_sends_the_customer_to_a_colleague(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        transfer = await ana.refer(NUMBERS["bob"])
        assert transfer.code == 202
        assert await transfer.finished(within_s=5) == 200
        await both_hear(bob, BOB, caller, CALLER)
        assert bob.invite.caller == CUSTOMER
        await ana.ended()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await caller.hang_up()
        (contact,) = await team.assert_clean()
        assert contact["outcome"] == "answered"
        assert await team.transfers() == [("ana", "phone", "agent", "bob")]
        assert await team.recorded() == [{ANA, CALLER}, {BOB, CALLER}]


@pytest.mark.parametrize(("name", "dnis"), [("ana", "601"), ("cleo", "602")])
async def test_customer_hears_music_while_the_phone_holds(
    team: TeamFloor, name: str, dnis: str
) -> None:
    """A call that is recorded (601) is mixed by the switch, one that is not (602) is not."""
    async with team.in_talk(name, dnis) as (phone, caller):
        for _ in range(2):
            await phone.hold()
            await caller.until_hears_other_sound(within_s=3, for_s=1.2)
            await team.agent_is(name, AgentState.HOLDING)
            await phone.resume()
            await both_hear(phone, TONES_OF[name], caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        kinds = [kind for kind, _ in await team.kinds("talk", "hold")]
        assert kinds == ["talk", "hold", "talk", "hold", "talk"]


@pytest.mark.parametrize("held_by", ["phone", "request"])
async def test_phone_sends_a_customer_who_is_held_to_a_colleague(
    team: TeamFloor, held_by: str
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        if held_by == "phone":
            await ana.hold()
        else:
            await team.ask(Hold(AgentId("ana")))
        await caller.until_hears_other_sound(within_s=3)
        transfer = await ana.refer(NUMBERS["bob"])
        assert await transfer.finished(within_s=5) == 200
        await both_hear(bob, BOB, caller, CALLER)
        await ana.ended()
        await caller.hang_up()
        await team.assert_clean()
        assert await team.transfers() == [("ana", "phone", "agent", "bob")]


async def test_phone_sends_the_customer_outside(team: TeamFloor) -> None:
    async with team.outside(_OUTSIDE) as outside, team.in_talk() as (ana, caller):
        transfer = await ana.refer(OUTSIDE_NUMBER)
        assert await transfer.finished(within_s=5) == 200
        called = await outside.called(OUTSIDE_NUMBER)
        await asyncio.gather(
            caller.until_hears(OUTSIDER, within_s=5), called.until_hears(CALLER, within_s=5)
        )
        assert called.invite.caller == SHOWN_OUTSIDE
        await ana.ended()
        await caller.hang_up()
        await called.ended()
        await team.assert_clean()
        assert await team.transfers() == [("ana", "phone", "number", OUTSIDE_NUMBER)]


async def test_phone_sends_the_customer_to_a_queue(team: TeamFloor) -> None:
    async with team.at_work("cleo") as cleo, team.in_talk() as (ana, caller):
        transfer = await ana.refer("support")
        assert await transfer.finished(within_s=5) == 200
        await both_hear(cleo, CLEO, caller, CALLER)
        await ana.ended()
        await caller.hang_up()
        await team.assert_clean()
        assert await team.visits() == [
            ("sales", "answered", "ana"),
            ("support", "answered", "cleo"),
        ]


async def test_phone_that_sends_the_customer_nowhere_gets_them_back(team: TeamFloor) -> None:
    async with team.in_talk() as (ana, caller):
        transfer = await ana.refer("799")
        assert await transfer.finished(within_s=5) == 200
        await ana.ended()
        await ana.rung(timeout_s=5)
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()


async def test_phone_asks_a_colleague_on_a_second_call_and_joins_both(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(NUMBERS["bob"])
        await second.answered()
        await asyncio.gather(second.until_hears(BOB, within_s=5), bob.until_hears(ANA, within_s=5))
        await team.agent_is("ana", AgentState.CONSULTING)
        await caller.until_hears_other_sound(within_s=5)
        transfer = await ana.refer_attended(second)
        assert await transfer.finished(within_s=5, hang_up=False) == 200
        await both_hear(bob, BOB, caller, CALLER)
        # The switch ends the second call; the first is the phone's to end (RFC 3515, 2.4.5).
        await second.ended()
        await ana.hang_up()
        await ana.ended()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await bob.hang_up()
        await caller.ended()
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "agent")
        assert await team.transfers() == [("ana", "phone", "agent", "bob")]


async def test_phone_turns_from_one_call_to_the_other_and_joins_both(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(NUMBERS["bob"])
        await second.until_hears(BOB, within_s=5)
        await second.hold()
        await ana.resume()
        await both_hear(ana, ANA, caller, CALLER)
        await bob.until_hears_other_sound(within_s=5)
        transfer = await second.refer_attended(ana)
        assert await transfer.finished(within_s=5, hang_up=False) == 200
        await both_hear(bob, BOB, caller, CALLER)
        await ana.hang_up()
        await second.hang_up()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.transfers() == [("ana", "phone", "agent", "bob")]


async def test_phone_joins_a_colleague_whose_phone_rings_still(team: TeamFloor) -> None:
    async with (
        team.at_work("bob", Behaviour.MANUAL) as bob,
        team.in_talk() as (ana, caller),
    ):
        await ana.hold()
        second = await ana.dial(NUMBERS["bob"])
        await bob.rung(timeout_s=5)
        transfer = await ana.refer_attended(second)
        assert await transfer.finished(within_s=5, hang_up=False) == 200
        await ana.hang_up()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await bob.rung(timeout_s=5)
        await bob.answer()
        await both_hear(bob, BOB, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.transfers() == [("ana", "phone", "agent", "bob")]


async def test_phone_asks_somebody_outside_on_a_second_call_and_joins_both(team: TeamFloor) -> None:
    async with team.outside(_OUTSIDE) as outside, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(OUTSIDE_NUMBER)
        called = await outside.called(OUTSIDE_NUMBER)
        await second.until_hears(OUTSIDER, within_s=5)
        transfer = await ana.refer_attended(second)
        assert await transfer.finished(within_s=5, hang_up=False) == 200
        await asyncio.gather(
            caller.until_hears(OUTSIDER, within_s=5), called.until_hears(CALLER, within_s=5)
        )
        await ana.hang_up()
        await caller.hang_up()
        await called.ended()
        await team.assert_clean()
        assert await team.transfers() == [("ana", "phone", "number", OUTSIDE_NUMBER)]


async def test_phone_asks_a_colleague_on_a_second_call_and_returns_to_the_customer(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(NUMBERS["bob"])
        await second.until_hears(BOB, within_s=5)
        await second.hang_up()
        await bob.ended()
        await team.agent_is("ana", AgentState.HOLDING)
        await ana.resume()
        await both_hear(ana, ANA, caller, CALLER)
        await team.agent_is("ana", AgentState.TALKING)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.transfers() == []


async def test_customer_held_by_request_and_joined_by_the_phone(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Hold(AgentId("ana")))
        await caller.until_hears_other_sound(within_s=5)
        second = await ana.dial(NUMBERS["bob"])
        await second.until_hears(BOB, within_s=5)
        transfer = await ana.refer_attended(second)
        assert await transfer.finished(within_s=5, hang_up=False) == 200
        await second.ended()
        await ana.hang_up()
        await both_hear(bob, BOB, caller, CALLER)
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.transfers() == [("ana", "phone", "agent", "bob")]


async def test_phone_of_a_connected_agent_sends_the_customer_on_and_is_connected_again(
    team: TeamFloor,
) -> None:
    async with (
        team.at_work("bob") as bob,
        team.connected("ana") as ana,
        team.caller("601", tone_hz=CALLER) as caller,
    ):
        await both_hear(ana, ANA, caller, CALLER)
        transfer = await ana.refer(NUMBERS["bob"])
        assert await transfer.finished(within_s=5) == 200
        await ana.ended()
        await both_hear(bob, BOB, caller, CALLER)
        await ana.rung(timeout_s=5)
        await team.agent_is("ana", AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()


async def test_colleague_who_is_asked_cannot_send_the_agent_away(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(AgentId("ana"), agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        transfer = await bob.refer(NUMBERS["cleo"])
        await transfer.finished(within_s=5, hang_up=False)
        await both_hear(ana, ANA, bob, BOB)
        await team.ask(CancelConsult(AgentId("ana")))
        await both_hear(ana, ANA, caller, CALLER)
        await bob.hang_up()
        await caller.hang_up()
        await team.assert_clean()
