"""Callers who wait, choose wrongly, give up; agents who do not answer: on real Asterisk."""

from __future__ import annotations

import asyncio

import pytest

from acd.model import AgentState
from store import tables as t
from tests.contract.harness import Behaviour
from tests.contract.real_floor import RealFloor

pytestmark = pytest.mark.contract

RING_S = 3


async def test_caller_waits_hears_music_and_is_served_when_an_agent_frees(
    floor: RealFloor,
) -> None:
    async with floor.agent("ana", tone_hz=1000):
        async with floor.caller("601", tone_hz=450) as first:
            await first.until_hears(1000, within_s=6)
            async with floor.caller("601", tone_hz=600) as second:
                await second.answered(timeout_s=5)
                await floor.waiting("sales", 1)
                await second.until_hears_other_sound(within_s=5)
                await first.hang_up()
                await second.until_hears(1000, within_s=8)
                await second.hang_up()
        first_row, second_row = await floor.contacts(2)
        assert first_row["outcome"] == second_row["outcome"] == "answered"


async def test_callers_are_served_in_the_order_of_their_coming(floor: RealFloor) -> None:
    async with floor.caller("601", tone_hz=450) as first:
        await floor.waiting("sales", 1)
        async with floor.caller("601", tone_hz=600) as second:
            await floor.waiting("sales", 2)
            async with floor.agent("ana", tone_hz=1000) as ana:
                await first.until_hears(1000, within_s=6)
                assert not second.hears_now(1000)
                await ana.until_hears(450, within_s=5)
                await first.hang_up()
                await second.until_hears(1000, within_s=6)
                await second.hang_up()
                await floor.contacts(2)


async def test_nobody_signed_in_the_caller_waits_and_abandons(floor: RealFloor) -> None:
    async with floor.caller("601") as caller:
        await caller.until_hears_other_sound(within_s=5)
        await floor.waiting("sales", 1)
        await caller.hang_up()
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("abandoned", "caller")
        (visit,) = await floor.rows(t.queue_visit)
        assert (visit["outcome"], visit["ringing"]) == ("abandoned", False)
        (decision,) = await floor.decisions()
        assert decision["agent_id"] is None
        assert decision["signed_in"] == 0


async def test_caller_hangs_up_in_the_menu(floor: RealFloor) -> None:
    async with floor.caller("600") as caller:
        await caller.until_hears_other_sound(within_s=5)
        await caller.hang_up()
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("flow_hang_up", "caller")
        assert await floor.rows(t.queue_visit) == []
        (step,) = await floor.rows(t.flow_step)
        assert (step["node"], step["input"]) == ("choice", None)


async def test_caller_hangs_up_while_the_agent_rings_which_is_no_fault_of_the_agent(
    floor: RealFloor,
) -> None:
    async with floor.agent("ana", behaviour=Behaviour.RING) as ana, floor.caller("601") as caller:
        await ana.rung(timeout_s=5)
        await caller.hang_up()
        (contact,) = await floor.contacts(1)
        assert contact["outcome"] == "abandoned"
        (visit,) = await floor.rows(t.queue_visit)
        assert visit["ringing"] is True
        (ring,) = [s for s in await floor.segments() if s["kind"] == "ring"]
        assert ring["end_reason"] == "caller_gone"
        await floor.agent_is("ana", AgentState.READY)


async def test_agent_does_not_answer_the_next_one_rings_within_a_second(floor: RealFloor) -> None:
    async with (
        floor.agent("dan", behaviour=Behaviour.RING),
        floor.agent("ana", tone_hz=1000),
        floor.caller("601") as caller,
    ):
        await caller.until_hears(1000, within_s=RING_S + 4)
        await caller.hang_up()
        await floor.contacts(1)
        silent, taken = [s for s in await floor.segments() if s["kind"] == "ring"]
        assert (silent["agent_id"], silent["end_reason"]) == ("dan", "rona")
        assert (taken["agent_id"], taken["end_reason"]) == ("ana", "answered")
        timed_out_at = int(str(silent["started_at"])) + RING_S * 1000
        assert 0 <= int(str(taken["started_at"])) - timed_out_at <= 1000
        await floor.agent_is("dan", AgentState.READY)


async def test_caller_keeps_the_place_when_the_agent_does_not_answer(floor: RealFloor) -> None:
    async with (
        floor.agent("dan", behaviour=Behaviour.RING) as dan,
        floor.caller("601", tone_hz=450) as first,
    ):
        await dan.rung(timeout_s=5)
        async with floor.caller("601", tone_hz=600) as second:
            await floor.waiting("sales", 2)
            async with floor.agent("ana", tone_hz=1000) as ana:
                # Ana takes the second; when Dan has not answered, the first is next for her.
                await second.until_hears(1000, within_s=5)
                await floor.agent_is("dan", AgentState.NOT_RESPONDING, within_s=2 * RING_S + 2)
                await second.hang_up()
                await ana.until_hears(450, within_s=6)
                await first.hang_up()
            await floor.contacts(2)


async def test_agent_who_never_answers_is_put_aside(floor: RealFloor) -> None:
    """Twice in a row (the queue's limit), then the agent is not responding until they say so."""
    async with floor.agent("dan", behaviour=Behaviour.RING), floor.caller("601") as caller:
        await caller.answered(timeout_s=5)
        await floor.agent_is("dan", AgentState.NOT_RESPONDING, within_s=2 * RING_S + 3)
        await caller.hang_up()
        await floor.contacts(1)
        await floor.ready("dan")
        await floor.agent_is("dan", AgentState.READY)


@pytest.mark.parametrize(
    ("behaviour", "reason"), [(Behaviour.BUSY, "busy"), (Behaviour.DECLINE, "rejected")]
)
async def test_agent_busy_or_declining_the_next_one_is_rung(
    floor: RealFloor, behaviour: Behaviour, reason: str
) -> None:
    async with (
        floor.agent("dan", behaviour=behaviour),
        floor.agent("ana", tone_hz=1000),
        floor.caller("601") as caller,
    ):
        await caller.until_hears(1000, within_s=5)
        await caller.hang_up()
        await floor.contacts(1)
        refused, taken = [s for s in await floor.segments() if s["kind"] == "ring"]
        assert (refused["agent_id"], refused["end_reason"]) == ("dan", reason)
        assert (taken["agent_id"], taken["end_reason"]) == ("ana", "answered")
        await floor.agent_is("dan", AgentState.READY)


async def test_wrong_digit_is_said_and_the_menu_asked_again(floor: RealFloor) -> None:
    async with floor.agent("ana", tone_hz=1000), floor.caller("600") as caller:
        await caller.answered(timeout_s=5)
        await caller.press("7")
        await caller.until_hears_other_sound(within_s=5)
        await caller.press("1")
        await caller.until_hears(1000, within_s=8)
        await caller.hang_up()
        await floor.contacts(1)


async def test_no_digit_twice_says_goodbye(floor: RealFloor) -> None:
    async with floor.caller("600") as caller:
        await caller.answered(timeout_s=5)
        assert await caller.ended(timeout_s=40) == "remote"
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("self_service", "system")
        assert await floor.rows(t.queue_visit) == []


async def test_two_queues_are_served_side_by_side(floor: RealFloor) -> None:
    async with (
        floor.agent("ana", tone_hz=1000),
        floor.agent("cleo", tone_hz=1250),
        floor.caller("601", tone_hz=450) as buyer,
        floor.caller("602", tone_hz=600) as asker,
    ):
        await asyncio.gather(
            buyer.until_hears(1000, within_s=6), asker.until_hears(1250, within_s=6)
        )
        assert not buyer.hears_now(1250)
        assert not asker.hears_now(1000)
        await buyer.hang_up()
        await asker.hang_up()
        await floor.contacts(2)


async def test_pause_asked_during_a_call_starts_after_it(floor: RealFloor) -> None:
    async with floor.agent("cleo", tone_hz=1250), floor.caller("602") as caller:
        await caller.until_hears(1250, within_s=6)
        await floor.pause("cleo", "lunch")
        view = await floor.agent_view("cleo")
        assert (view.state, view.after) == (AgentState.TALKING, AgentState.PAUSED)
        await caller.hang_up()
        await floor.agent_is("cleo", AgentState.PAUSED)
        assert (await floor.agent_view("cleo")).reason == "lunch"
        await floor.contacts(1)


async def test_phone_that_leaves_makes_its_agent_unreachable_and_back_again(
    floor: RealFloor,
) -> None:
    async with floor.agent("ana"):
        await floor.agent_is("ana", AgentState.READY)
    await floor.agent_is("ana", AgentState.UNREACHABLE)
    async with floor.agent("ana", sign_in=False, tone_hz=1000), floor.caller("601") as caller:
        await floor.agent_is("ana", AgentState.TALKING)
        await caller.until_hears(1000, within_s=5)
        await caller.hang_up()
        await floor.contacts(1)


async def test_phone_that_disappears_in_talk_ends_the_call(floor: RealFloor) -> None:
    """The phone is gone without a word; its silence (10 s in these tests) ends the leg."""
    async with floor.agent("ana", tone_hz=1000) as ana, floor.caller("601") as caller:
        await caller.until_hears(1000, within_s=6)
        await ana.vanish()
        assert await caller.ended(timeout_s=20) == "remote"
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "media_lost")


async def test_phone_that_disappears_before_it_is_rung_is_passed_over(floor: RealFloor) -> None:
    async with floor.agent("dan") as dan, floor.agent("ana", tone_hz=1000):
        await dan.vanish()
        async with floor.caller("601") as caller:
            await caller.until_hears(1000, within_s=RING_S + 5)
            await caller.hang_up()
        await floor.contacts(1)
        rings = [s for s in await floor.segments() if s["kind"] == "ring"]
        assert [s["agent_id"] for s in rings] == ["dan", "ana"]


async def test_agent_signs_out_and_is_rung_no_more(floor: RealFloor) -> None:
    async with floor.agent("dan"), floor.agent("ana", tone_hz=1000):
        await floor.sign_out("dan")
        async with floor.caller("601") as caller:
            await caller.until_hears(1000, within_s=5)
        await floor.contacts(1)
        assert [s["agent_id"] for s in await floor.segments() if s["kind"] == "ring"] == ["ana"]
