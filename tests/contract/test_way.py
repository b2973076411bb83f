"""The whole way on real Asterisk: dial, menu, queue, agent, talk, recording, SQL."""

from __future__ import annotations

import pytest

from acd.model import AgentState
from store import tables as t
from tests.contract.harness import wav_tones
from tests.contract.real_floor import RealFloor

pytestmark = pytest.mark.contract


async def test_menu_choice_1_reaches_sales_both_hear_each_other_and_sql_has_it(
    floor: RealFloor,
) -> None:
    async with floor.agent("ana", tone_hz=1000) as ana, floor.caller("600") as caller:
        await caller.answered(timeout_s=5)
        await caller.until_hears_other_sound(within_s=5)
        await caller.press("1")
        await ana.answered(timeout_s=5)
        await floor.agent_is("ana", AgentState.TALKING)
        await caller.until_hears(1000, within_s=5)
        await ana.until_hears(450, within_s=5)
        await caller.hang_up()
        await ana.ended(timeout_s=5)
        await floor.agent_is("ana", AgentState.WRAP_UP)
        await floor.agent_is("ana", AgentState.READY)
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "caller")
        assert (contact["dnis"], contact["number"]) == ("600", "+33612345678")
        (visit,) = await floor.rows(t.queue_visit)
        assert (visit["queue_id"], visit["outcome"], visit["agent_id"]) == (
            "sales",
            "answered",
            "ana",
        )
        segments = await floor.closed_segments(4)
        assert [s["kind"] for s in segments] == ["ivr", "ring", "talk", "acw"]
        steps = sorted(await floor.rows(t.flow_step), key=lambda step: int(str(step["seq"])))
        assert [(s["node"], s["input"]) for s in steps] == [("choice", "1"), ("sales", None)]


async def test_menu_choice_2_reaches_support(floor: RealFloor) -> None:
    async with floor.agent("ana"), floor.agent("cleo", tone_hz=1250) as cleo:
        async with floor.caller("600") as caller:
            await caller.answered(timeout_s=5)
            await caller.press("2")
            await caller.until_hears(1250, within_s=6)
            await cleo.hang_up()
            await caller.ended(timeout_s=5)
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "agent")
        (visit,) = await floor.rows(t.queue_visit)
        assert (visit["queue_id"], visit["agent_id"]) == ("support", "cleo")


async def test_skill_decides_between_two_idle_agents(floor: RealFloor) -> None:
    """Ana has been idle for longer, but only Cleo can support."""
    async with floor.agent("ana"), floor.agent("cleo", tone_hz=1250):
        async with floor.caller("602") as caller:
            await caller.until_hears(1250, within_s=6)
            await caller.hang_up()
        await floor.contacts(1)
        (decision,) = await floor.decisions()
        assert decision["agent_id"] == "cleo"
        verdicts = {c["agent_id"]: c["verdict"] for c in decision["candidates"]}
        assert verdicts == {"cleo": "chosen", "ana": "lacks:support"}


async def test_longest_idle_of_the_fit_is_chosen(floor: RealFloor) -> None:
    async with floor.agent("dan", tone_hz=800), floor.agent("ana", tone_hz=1000):
        async with floor.caller("601") as caller:
            await caller.until_hears(800, within_s=6)
        await floor.contacts(1)


async def test_recording_holds_both_tones(floor: RealFloor) -> None:
    async with floor.agent("ana", tone_hz=1000) as ana, floor.caller("601") as caller:
        await caller.until_hears(1000, within_s=6)
        await ana.until_hears(450, within_s=5)
        talked_from = caller.now_s()
        await caller.until_hears(1000, within_s=5, for_s=1.5)
        talked_s = caller.now_s() - talked_from
        await caller.hang_up()
        (recording,) = await floor.kept_recordings(1)
        assert recording["lost_reason"] is None
        path = floor.recording_path(recording)
        heard = {tone.hz: tone.seconds for tone in wav_tones(path)}
        assert heard.get(450, 0) >= talked_s * 0.8, heard
        assert heard.get(1000, 0) >= talked_s * 0.8, heard
        assert recording["size_bytes"] == path.stat().st_size
        (talk,) = [s for s in await floor.segments() if s["kind"] == "talk"]
        talk_ms = int(str(talk["ended_at"])) - int(str(talk["started_at"]))
        assert abs(int(str(recording["duration_ms"])) - talk_ms) < 500


async def test_queue_that_is_not_recorded_leaves_no_file(floor: RealFloor) -> None:
    async with floor.agent("cleo", tone_hz=1250), floor.caller("602") as caller:
        await caller.until_hears(1250, within_s=6)
        await caller.hang_up()
        await floor.contacts(1)
        assert await floor.rows(t.recording) == []


async def test_caller_who_is_answered_by_the_agent_hears_ringing_until_then(
    floor: RealFloor,
) -> None:
    """`answer: with_agent`: the caller pays from the moment the agent is there."""
    async with floor.agent("ana", ring_ms=700) as ana, floor.caller("603") as caller:
        rang = await caller.ringing(timeout_s=3)
        answered = await caller.answered(timeout_s=5)
        assert answered - rang >= 0.5
        await ana.answered(timeout_s=1)
        await caller.until_hears(1000, within_s=5)
        await caller.hang_up()
        await floor.contacts(1)


async def test_agent_hangs_up_and_the_caller_is_let_go(floor: RealFloor) -> None:
    async with floor.agent("ana") as ana, floor.caller("601") as caller:
        await caller.until_hears(1000, within_s=6)
        await ana.hang_up()
        assert await caller.ended(timeout_s=5) == "remote"
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "agent")


async def test_hold_by_the_phone_is_counted_apart_from_talk(floor: RealFloor) -> None:
    async with floor.agent("ana") as ana, floor.caller("601") as caller:
        await caller.until_hears(1000, within_s=6)
        await ana.hold()
        await caller.until_hears_other_sound(within_s=5)
        await ana.resume()
        await caller.until_hears(1000, within_s=5)
        await caller.hang_up()
        await floor.contacts(1)
        kinds = [s["kind"] for s in await floor.segments() if s["kind"] in ("talk", "hold")]
        assert kinds == ["talk", "hold", "talk"]


async def test_unknown_number_is_refused_with_404(floor: RealFloor) -> None:
    async with floor.caller("699", expect_refusal=True) as caller:
        assert await caller.refused(timeout_s=5) == 404
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["reason"]) == ("rejected", "unknown_number")
