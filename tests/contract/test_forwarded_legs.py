"""Whoever we ring may send the call elsewhere (SIP 3xx): it is not followed, and nobody is rung."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from acd.events import BookCallback, Consult, PlaceCall, SignIn, Supervise, Transfer
from acd.model import AgentId, AgentState, CallId, MonitorMode, QueueId
from store import tables as t
from tests.contract.harness import Behaviour, Subscriber
from tests.contract.team import (
    BOB,
    BOSS,
    CALLER,
    CLEO,
    OUTSIDE_NUMBER,
    OUTSIDER,
    SEAT,
    TeamFloor,
    agent,
    both_hear,
    number,
)
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_RINGS = {OUTSIDE_NUMBER: Subscriber(behaviour=Behaviour.MANUAL)}
_OUR_OWN = "<sip:601@127.0.0.1:15960>"
"""Where the number of sales leads: a caller of ours, if it were followed."""


async def _ring_ends(team: TeamFloor) -> list[tuple[object, object]]:
    """(agent, how) of each ringing that ended, in order."""
    rows = [row for row in await team.segments() if row["kind"] in ("ring", "dial")]
    return [(row["agent_id"], row["end_reason"]) for row in rows if row["ended_at"] is not None]


async def _nobody_new(team: TeamFloor, contacts: int) -> None:
    """No contact but the test's own, and no leg that nobody owns: after a while, too."""
    await asyncio.sleep(0.4)
    rows = await team.rows(t.contact)
    assert len(rows) == contacts, rows
    assert not [row for row in rows if row["kind"] == "inbound" and row["dnis"] != "602"]


@pytest.mark.parametrize(
    ("contact", "status"),
    [
        (_OUR_OWN, 302),
        ("<sip:701@127.0.0.1:15960>", 302),
        ("<sip:agent-bob@127.0.0.1:15960>", 301),
        ("<sip:Local%2F601%40from-trunk@127.0.0.1>", 302),
        ("<tel:+33140000098>", 302),
        (f"<sip:{OUTSIDE_NUMBER}@127.0.0.1:15970>", 302),
        ("<sip:+33140000098@127.0.0.1:15970>;q=0.5, <sip:601@127.0.0.1:15960>", 305),
        ("<sip:601;npdi@127.0.0.1:15960>", 380),
    ],
)
async def test_a_number_outside_that_forwards_us_is_not_reached(
    team: TeamFloor, contact: str, status: int
) -> None:
    async with (
        team.outside(_RINGS) as outside,
        team.at_work("ana") as ana,
        team.at_work("bob") as bob,
    ):
        await team.ask(PlaceCall(AgentId("ana"), number(OUTSIDE_NUMBER)))
        called = await outside.called(OUTSIDE_NUMBER)
        await called.redirect(contact, status)
        await ana.ended()
        await team.agent_is("ana", AgentState.READY)
        await team.assert_clean()
        await _nobody_new(team, 1)
        (contact_row,) = await team.rows(t.contact)
        assert (contact_row["outcome"], contact_row["reason"]) == (
            "no_answer",
            "not_taken:forwarded",
        )
        assert (ana.offers(), bob.offers()) == (1, 0)
        assert outside.numbers_called() == [OUTSIDE_NUMBER]


async def _transferred(team: TeamFloor) -> None:
    await team.ask(Transfer(AgentId("cleo"), number(OUTSIDE_NUMBER)))


async def _consulted(team: TeamFloor) -> None:
    await team.ask(Consult(AgentId("cleo"), number(OUTSIDE_NUMBER)))


@pytest.mark.parametrize("asked", [_transferred, _consulted])
async def test_the_customer_comes_back_from_a_number_that_forwards(
    team: TeamFloor, asked: Callable[[TeamFloor], Awaitable[None]]
) -> None:
    async with team.outside(_RINGS) as outside, team.in_talk("cleo", "602") as (cleo, caller):
        await asked(team)
        called = await outside.called(OUTSIDE_NUMBER)
        await called.redirect(_OUR_OWN)
        await both_hear(cleo, CLEO, caller, CALLER)
        await team.agent_is("cleo", AgentState.TALKING)
        await caller.hang_up()
        await team.assert_clean()
        await _nobody_new(team, 1)
        assert (None, "forwarded") in await _ring_ends(team)


async def test_a_callback_to_a_customer_who_forwards_is_an_attempt(team: TeamFloor) -> None:
    async with team.outside(_RINGS) as outside, team.at_work("cleo") as cleo:
        booked = BookCallback(CallId("fwd-1"), QueueId("support"), OUTSIDE_NUMBER, "test")
        await team.ask(booked)
        await cleo.rung()
        called = await outside.called(OUTSIDE_NUMBER)
        await called.redirect(_OUR_OWN)
        await cleo.ended()
        await team.agent_is("cleo", AgentState.READY)
        await _nobody_new(team, 1)
        assert (None, "forwarded") in [(None, how) for _, how in await _ring_ends(team)]
        (call,) = await team.calls()
        assert call.state == "scheduled"


@pytest.mark.parametrize("dnis", ["601", "604"])
async def test_an_agents_phone_that_forwards_has_refused(team: TeamFloor, dnis: str) -> None:
    """Also one among several that ring (604)."""
    name = "ana" if dnis == "601" else "dan"
    async with team.at_work(name, Behaviour.MANUAL) as phone:
        async with team.caller(dnis, tone_hz=CALLER) as caller:
            await phone.rung()
            await phone.redirect("<sip:702@127.0.0.1:15960>")
            await team.agent_is(name, AgentState.READY)
            await caller.hang_up()
        await team.assert_clean()
        assert await _ring_ends(team) == [(name, "forwarded")]
        assert len(await team.rows(t.contact)) == 1
        assert phone.offers() == 1


async def test_a_colleague_who_forwards_gives_the_customer_back(team: TeamFloor) -> None:
    async with (
        team.at_work("bob", Behaviour.MANUAL) as bob,
        team.in_talk("cleo", "602") as (cleo, caller),
    ):
        await team.ask(Transfer(AgentId("cleo"), agent("bob")))
        await bob.rung()
        await bob.redirect(_OUR_OWN)
        await both_hear(cleo, CLEO, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        await _nobody_new(team, 1)


async def test_a_line_that_is_to_stand_and_is_forwarded_does_not(team: TeamFloor) -> None:
    async with team.agent("bob", behaviour=Behaviour.MANUAL, sign_in=False) as bob:
        await team.ask(SignIn(AgentId("bob"), connected=True))
        await bob.rung()
        await bob.redirect(_OUR_OWN)

        async def not_up() -> bool:
            return (await team.agent_view("bob")).state is not AgentState.READY

        await until("bob is not ready", not_up, within_s=3)
        await _nobody_new(team, 0)


async def test_a_supervisors_phone_that_forwards_listens_to_nothing(team: TeamFloor) -> None:
    async with (
        team.seat(BOSS, Behaviour.MANUAL) as seat,
        team.in_talk("cleo", "602") as (_, caller),
    ):
        await team.ask(Supervise(AgentId("cleo"), "boss", SEAT, MonitorMode.LISTEN))
        await seat.rung()
        await seat.redirect(_OUR_OWN)
        await caller.until_hears(CLEO, within_s=5)
        await caller.hang_up()
        await team.assert_clean()
        await _nobody_new(team, 1)


async def test_who_forwards_by_itself_and_rings_on_may_answer(team: TeamFloor) -> None:
    """181 (RFC 3261, 21.1.3): the network forwards, and whoever answers there has been reached."""
    async with team.outside(
        {OUTSIDE_NUMBER: Subscriber(Behaviour.MANUAL, tone_hz=OUTSIDER)}
    ) as out:
        async with team.at_work("bob") as bob:
            await team.ask(PlaceCall(AgentId("bob"), number(OUTSIDE_NUMBER)))
            called = await out.called(OUTSIDE_NUMBER)
            await called.divert(f"<sip:{OUTSIDE_NUMBER}@127.0.0.1>;reason=unconditional")
            await called.until_wire(
                lambda: any(message.code == 181 for message in called.wire()), "its 181", 3
            )
            await called.answer()
            await asyncio.gather(
                bob.until_hears(OUTSIDER, within_s=5), called.until_hears(BOB, within_s=5)
            )
            await bob.hang_up()
            await called.ended()
        await team.assert_clean()
        await _nobody_new(team, 1)
