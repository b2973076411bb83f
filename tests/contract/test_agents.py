"""Agents at work, on real phones: signing in, connected lines, wrap-up, ringing all."""

from __future__ import annotations

import asyncio

import pytest

from acd.events import ExtendWrapUp, GetReady, Mute, PlaceCall, SetDisposition, SignIn
from acd.model import AgentId, AgentState, CallState
from store import tables as t
from tests.contract.harness import Behaviour, EndedBy, Subscriber
from tests.contract.team import (
    ANA,
    CALLER,
    DAN,
    NUMBERS,
    OUTSIDE_NUMBER,
    OUTSIDER,
    PINS,
    SEAT,
    SECOND,
    TeamFloor,
    both_hear,
    number,
)
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_ANA = AgentId("ana")


async def test_agent_signs_in_by_phone_with_a_pin_and_gets_the_next_call(team: TeamFloor) -> None:
    async with team.at_work("ana", sign_in=False) as ana:
        code = await ana.dial("*10")
        await code.until_hears_other_sound(within_s=5)
        assert (await team.agent_view("ana")).state is AgentState.SIGNED_OUT
        await code.press(f"{PINS['ana']}#")
        await team.agent_is("ana", AgentState.READY)
        assert await code.ended(timeout_s=6) is EndedBy.REMOTE
        async with team.caller("601", tone_hz=CALLER) as caller:
            await caller.until_hears(ANA, within_s=6)
            await caller.hang_up()
            await team.assert_clean()


async def test_pause_with_its_reason_ready_and_out_by_phone_code(team: TeamFloor) -> None:
    async with team.at_work("ana") as ana:
        for code, state in (
            ("*131", AgentState.PAUSED),
            ("*12", AgentState.READY),
            ("*11", AgentState.SIGNED_OUT),
        ):
            call = await ana.dial(code)
            await call.until_hears_other_sound(within_s=5)
            await team.agent_is("ana", state)
            assert await call.ended(timeout_s=6) is EndedBy.REMOTE
        states = [(r["state"], r["reason"]) for r in await team.rows(t.agent_state)]
        assert ("paused", "lunch") in states
        await team.assert_clean(0)


async def test_wrong_pin_is_refused_and_the_third_one_locks(team: TeamFloor) -> None:
    async with team.at_work("gus", sign_in=False) as gus:
        code = await gus.dial("*10")
        await code.answered()
        for _ in range(3):
            await code.press("0000#", on_ms=60, gap_ms=60)
        assert await code.ended(timeout_s=8) is EndedBy.REMOTE
        right = await gus.dial("*10")
        await right.answered()
        await right.press(f"{PINS['gus']}#", on_ms=60, gap_ms=60)
        assert await right.ended(timeout_s=8) is EndedBy.REMOTE
        assert (await team.agent_view("gus")).state is AgentState.SIGNED_OUT
        await team.assert_clean(0)


async def test_agent_sits_at_any_phone_and_is_rung_there(team: TeamFloor) -> None:
    async with team.at_work("ana", sign_in=False) as own, team.seat(ANA) as seat:
        code = await seat.dial("*10")
        await code.answered()
        await code.press(f"{NUMBERS['ana']}#")
        await code.press(f"{PINS['ana']}#")
        await team.agent_is("ana", AgentState.READY)
        assert (await team.agent_view("ana")).phone == SEAT
        await code.ended(timeout_s=6)
        async with team.caller("601", tone_hz=CALLER) as caller:
            await both_hear(seat, ANA, caller, CALLER)
            assert own.offers() == 0
            await caller.hang_up()
            await team.assert_clean()


async def test_phone_of_an_auto_answer_agent_is_told_to_pick_up(team: TeamFloor) -> None:
    async with (
        team.at_work("eve", Behaviour.AUTO) as eve,
        team.caller("605", tone_hz=CALLER) as caller,
    ):
        rung_at = await eve.rung(timeout_s=5)
        assert await eve.answered(timeout_s=2) - rung_at < 0.5
        await both_hear(eve, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()


async def test_connected_agent_gets_call_after_call_without_ringing(team: TeamFloor) -> None:
    async with team.connected("ana") as ana:
        for hz in (CALLER, SECOND):
            joined_from = ana.now_s()
            async with team.caller("601", tone_hz=hz) as caller:
                await both_hear(ana, ANA, caller, hz)
                assert {tone.hz for tone in ana.tones(joined_from)} == {hz}
                await caller.hang_up()
                await team.agent_is("ana", AgentState.WRAP_UP)
            await team.agent_is("ana", AgentState.READY)
        assert ana.offers() == 1
        await team.assert_clean(2)
        assert await team.visits() == [("sales", "answered", "ana")] * 2


async def test_mute_of_a_connected_agent_ends_with_the_call_and_the_line_with_the_shift(
    team: TeamFloor,
) -> None:
    async with team.connected("ana") as ana:
        async with team.caller("601", tone_hz=CALLER) as caller:
            await both_hear(ana, ANA, caller, CALLER)
            await team.ask(Mute(_ANA, True))
            await caller.hang_up()
            await team.agent_is("ana", AgentState.WRAP_UP)
        async with team.caller("601", tone_hz=SECOND) as caller:
            await both_hear(ana, ANA, caller, SECOND)
            await caller.hang_up()
            await team.agent_is("ana", AgentState.READY)
        await team.sign_out("ana")
        assert await ana.ended() is EndedBy.REMOTE
        await team.assert_clean(2)


async def test_connected_agent_calls_outside_without_own_ringing(team: TeamFloor) -> None:
    async with (
        team.outside({OUTSIDE_NUMBER: Subscriber(tone_hz=OUTSIDER)}) as outside,
        team.connected("ana") as ana,
    ):
        await team.ask(PlaceCall(_ANA, number(OUTSIDE_NUMBER)))
        called = await outside.called(OUTSIDE_NUMBER)
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), called.until_hears(ANA, within_s=5)
        )
        assert ana.offers() == 1
        await called.hang_up()
        await team.agent_is("ana", AgentState.READY)
        await team.assert_clean()


async def test_connected_agent_hangs_up_the_customer_goes_and_the_line_comes_back(
    team: TeamFloor,
) -> None:
    async with team.connected("ana") as ana:
        async with team.caller("601", tone_hz=CALLER) as caller:
            await both_hear(ana, ANA, caller, CALLER)
            await ana.hang_up()
            assert await caller.ended(timeout_s=5) is EndedBy.REMOTE
        await ana.rung(timeout_s=5)
        await ana.answered()
        await team.agent_is("ana", AgentState.READY)
        async with team.caller("601", tone_hz=SECOND) as caller:
            await both_hear(ana, ANA, caller, SECOND)
            await caller.hang_up()
            first, _ = await team.assert_clean(2)
        assert (first["outcome"], first["ended_by"]) == ("answered", "agent")


async def test_connected_phone_that_leaves_and_comes_back_is_connected_again(
    team: TeamFloor,
) -> None:
    async with team.connected("ana"):
        pass
    await team.agent_is("ana", AgentState.UNREACHABLE)
    async with team.at_work("ana", sign_in=False) as ana:
        await ana.answered(timeout_s=5)
        await team.agent_is("ana", AgentState.READY)
        async with team.caller("601", tone_hz=CALLER) as caller:
            await both_hear(ana, ANA, caller, CALLER)
            assert ana.offers() == 1
            await caller.hang_up()
            await team.assert_clean()


async def test_sign_in_where_a_colleague_sits_is_refused(team: TeamFloor) -> None:
    async with team.at_work("ana", sign_in=False), team.seat(ANA):
        await team.ask(SignIn(_ANA, phone=SEAT))
        assert await team.refused(SignIn(AgentId("bob"), phone=SEAT)) == "phone-taken"
        assert await team.refused(SignIn(_ANA)) == "signed-in-elsewhere"
        await team.assert_clean(0)


async def test_mandatory_wrap_up_lasts_until_the_disposition(team: TeamFloor) -> None:
    async with team.in_talk("ana", "603") as (_, caller):
        await caller.hang_up()
        await team.agent_is("ana", AgentState.WRAP_UP)
        assert (await team.agent_view("ana")).wrap_up_mandatory
        assert await team.refused(GetReady(_ANA)) == "disposition-missing"
        assert await team.refused(SetDisposition(_ANA, "won")) == "unknown-disposition"
        await team.ask(SetDisposition(_ANA, "sold", "deux ans"))
        await team.agent_is("ana", AgentState.READY)
        (contact,) = await team.assert_clean()
        (row,) = await team.rows(t.disposition)
        assert (row["contact_id"], row["agent_id"], row["code"], row["note"]) == (
            contact["id"],
            "ana",
            "sold",
            "deux ans",
        )


async def test_disposition_by_phone_code_ends_a_mandatory_wrap_up(team: TeamFloor) -> None:
    async with team.in_talk("ana", "603") as (ana, caller):
        await caller.hang_up()
        await team.agent_is("ana", AgentState.WRAP_UP)
        code = await ana.dial("*142")
        await team.agent_is("ana", AgentState.READY)
        await code.ended(timeout_s=6)
        await team.assert_clean()
        (row,) = await team.rows(t.disposition)
        assert row["code"] == "lost"


async def test_wrap_up_is_extended_once(team: TeamFloor) -> None:
    async with team.in_talk() as (_, caller):
        await caller.hang_up()
        await team.agent_is("ana", AgentState.WRAP_UP)
        ends_at = (await team.agent_view("ana")).wrap_up_until
        await team.ask(ExtendWrapUp(_ANA))
        assert ends_at is not None
        assert (await team.agent_view("ana")).wrap_up_until == ends_at + 2000
        assert await team.refused(ExtendWrapUp(_ANA)) == "already-extended"
        await team.agent_is("ana", AgentState.READY)
        await team.assert_clean()
        (acw,) = [s for s in await team.closed_segments(4) if s["kind"] == "acw"]
        lasted_ms = int(str(acw["ended_at"])) - int(str(acw["started_at"]))
        assert 3000 <= lasted_ms < 3500


async def test_ring_all_the_first_to_answer_wins_and_the_others_are_told(team: TeamFloor) -> None:
    async with (
        team.at_work("ana", Behaviour.MANUAL) as ana,
        team.at_work("dan", Behaviour.MANUAL) as dan,
        team.caller("604", tone_hz=CALLER) as caller,
    ):
        await asyncio.gather(ana.rung(), dan.rung())
        await dan.answer()
        await both_hear(dan, DAN, caller, CALLER)
        assert await ana.ended() is EndedBy.CANCEL
        reason = ana.cancel_reason()
        assert reason is not None
        assert "completed elsewhere" in reason
        await team.agent_is("ana", AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.visits() == [("all", "answered", "dan")]
        rings = [s for s in await team.segments() if s["kind"] == "ring"]
        assert {s["agent_id"]: s["end_reason"] for s in rings} == {
            "ana": "withdrawn",
            "dan": "answered",
        }


async def somebody_talks(team: TeamFloor) -> bool:
    return (await team.only_call()).state is CallState.TALKING


async def test_two_agents_who_answer_a_ring_all_call_at_once_do_not_both_get_it(
    team: TeamFloor,
) -> None:
    async with (
        team.at_work("ana", Behaviour.MANUAL) as ana,
        team.at_work("dan", Behaviour.MANUAL) as dan,
        team.caller("604", tone_hz=CALLER) as caller,
    ):
        await asyncio.gather(ana.rung(), dan.rung())
        await asyncio.gather(ana.answer(), dan.answer())
        await until("one of them talks", lambda: somebody_talks(team))
        live = await team.only_call()
        winner, loser = (ana, dan) if live.agent_id == "ana" else (dan, ana)
        hz, other_hz = (ANA, DAN) if winner is ana else (DAN, ANA)
        await both_hear(winner, hz, caller, CALLER)
        await team.agent_is(loser.user.removeprefix("agent-"), AgentState.READY)
        await caller.never_hears(other_hz, for_s=0.5)
        await caller.hang_up()
        await team.assert_clean()
