"""The floor's process dies and comes back; its configuration changes under it: on real Asterisk."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from contextlib import AsyncExitStack

import msgspec
import pytest

from acd.agents.offering import REST_MS
from acd.model import AgentState, CallState, PhoneId
from control.protocol import Done
from plateau.clock import Clock
from plateau.settings import Settings
from plateau.where import switch_config
from store import config as store_config
from store import tables as t
from switch import lifecycle
from switch.model import RunningSwitch
from tests.contract.harness import Behaviour, wav_tones
from tests.contract.real_floor import RealFloor
from tests.waiting import until

pytestmark = pytest.mark.contract


async def test_kill_9_during_five_calls_loses_nothing(floor: RealFloor) -> None:
    """Three talk, one waits, one is in the menu. Talks go on; after the restart all end well."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        ana = await enter(floor.agent("ana", tone_hz=1000))
        dan = await enter(floor.agent("dan", tone_hz=800))
        await enter(floor.agent("cleo", tone_hz=1250))
        callers = []
        # Ana signed in before Dan, so she has been idle for longer.
        for dnis, hz, agent_hz in (("601", 450, 1000), ("601", 600, 800), ("602", 1500, 1250)):
            caller = await enter(floor.caller(dnis, tone_hz=hz))
            await caller.until_hears(agent_hz, within_s=6)
            callers.append((caller, agent_hz))
        waiting = await enter(floor.caller("601", tone_hz=1850))
        await floor.waiting("sales", 1)
        in_menu = await enter(floor.caller("600", tone_hz=450))
        await in_menu.answered(timeout_s=5)
        await until("five calls", lambda: floor.counted_calls(5))

        await floor.kill()
        killed_at = {caller: caller.now_s() for caller, _ in callers}
        await asyncio.gather(*(c.until_hears(hz, within_s=3, for_s=1.0) for c, hz in callers))
        # One party hangs up while nobody looks.
        await callers[2][0].hang_up()
        await floor.start()

        live = await floor.live()
        assert len(live.calls) == 4
        assert sorted(c.state for c in live.calls) == [
            CallState.IN_FLOW,
            CallState.TALKING,
            CallState.TALKING,
            CallState.WAITING,
        ]
        for caller, hz in callers[:2]:
            await caller.until_hears(hz, within_s=3)
            gap_s = caller.audio.longest_gap_s(killed_at[caller])
            assert gap_s < 0.2, f"a gap of {gap_s:.3f} s"
        await floor.agent_is("cleo", AgentState.READY)

        # The menu is asked again, and the waiting caller is served when an agent frees.
        await in_menu.press("3")
        assert await in_menu.ended(timeout_s=10) == "remote"
        await callers[0][0].hang_up()
        await ana.until_hears(1850, within_s=8)
        await waiting.hang_up()
        await callers[1][0].hang_up()
        await dan.ended(timeout_s=5)
        rows = await floor.contacts(5)
        assert [r["outcome"] for r in rows] == [
            "answered",
            "answered",
            "answered",
            "answered",
            "self_service",
        ]
        assert len(await floor.rows(t.queue_visit)) == 4
        kinds = Counter(str(segment["kind"]) for segment in await floor.closed_segments(16))
        assert kinds == {"ivr": 5, "ring": 4, "talk": 4, "acw": 3}
        recordings = await floor.kept_recordings(3)
        assert [r["lost_reason"] for r in recordings] == [None, None, None]
        for recording in recordings:
            heard_tones = {tone.hz for tone in wav_tones(floor.recording_path(recording))}
            assert len(heard_tones) >= 2, heard_tones


async def test_killed_while_an_agent_rings_the_answer_is_not_lost(floor: RealFloor) -> None:
    """The floor is back before the ring is over: the agent is not rung anew."""
    await ring_for(floor, "support", ring_s=60)
    async with (
        floor.agent("cleo", tone_hz=1250, behaviour=Behaviour.MANUAL) as cleo,
        floor.caller("602") as caller,
    ):
        await cleo.rung(timeout_s=5)
        await floor.kill()
        await floor.start()
        await cleo.answer()
        await caller.until_hears(1250, within_s=5)
        assert cleo.offers() == 1
        await caller.hang_up()
        (contact,) = await floor.contacts(1)
        assert contact["outcome"] == "answered"


async def test_answer_while_the_floor_is_away_the_caller_is_offered_again(floor: RealFloor) -> None:
    """Nobody was there to join them: the agent's leg ends, the caller waits on and is served."""
    await ring_for(floor, "support", ring_s=60)
    async with (
        floor.agent("cleo", tone_hz=1250, behaviour=Behaviour.MANUAL) as cleo,
        floor.caller("602") as caller,
    ):
        await cleo.rung(timeout_s=5)
        await floor.kill()
        await cleo.answer()
        assert await cleo.ended(timeout_s=5) == "remote"
        await floor.start()
        await cleo.rung(timeout_s=REST_MS / 1000 + 5)
        await cleo.answer()
        await caller.until_hears(1250, within_s=5)
        await caller.hang_up()
        (contact,) = await floor.contacts(1)
        assert contact["outcome"] == "answered"
        rings = [s for s in await floor.segments() if s["kind"] == "ring"]
        assert [s["end_reason"] for s in rings] == ["failed", "answered"]


async def ring_for(floor: RealFloor, queue: str, *, ring_s: int) -> None:
    """Let the queue's agents ring that long: how soon a killed floor is back is no promise."""
    async with floor.store.begin() as conn:
        row = await store_config.get_queue(conn, queue)
        await store_config.update_queue(conn, msgspec.structs.replace(row, ring_s=ring_s))
    assert isinstance(await floor.reload(), Done)


async def test_agents_keep_their_state_over_a_restart(floor: RealFloor) -> None:
    async with floor.agent("ana"), floor.agent("dan"):
        await floor.pause("dan", "lunch")
        await floor.kill()
        await floor.start()
        await floor.agent_is("ana", AgentState.READY)
        dan = await floor.agent_view("dan")
        assert (dan.state, dan.reason) == (AgentState.PAUSED, "lunch")
        async with floor.caller("601") as caller:
            await caller.until_hears(1000, within_s=6)
        await floor.contacts(1)


async def test_second_floor_on_the_same_home_is_refused(floor: RealFloor) -> None:
    code, said = await floor.try_second()
    assert code == 1
    assert f"process {floor.pid}" in said


async def test_agent_made_while_running_registers_and_serves_at_once(floor: RealFloor) -> None:
    async with floor.store.begin() as conn:
        await store_config.create_agent(
            conn, floor.agent_row("eve", {"sales": 9}), Clock().now_ms()
        )
    done = await floor.reload()
    assert isinstance(done, Done)
    assert done.warnings == ()
    async with floor.agent("eve", tone_hz=1500), floor.caller("601") as caller:
        await caller.until_hears(1500, within_s=6)
        await caller.hang_up()
        await floor.contacts(1)


async def test_phone_deleted_while_the_floor_is_down_is_gone_from_the_switch(
    floor: RealFloor,
) -> None:
    fay = msgspec.structs.replace(floor.agent_row("fay", {"sales": 1}), phone=PhoneId("desk-7"))
    async with floor.store.begin() as conn:
        await store_config.create_agent(conn, fay, Clock().now_ms())
    assert isinstance(await floor.reload(), Done)
    before = await floor.endpoints()
    assert {"desk-7", "trunk"} <= before
    await floor.kill()
    async with floor.store.begin() as conn:
        await store_config.delete_agent(conn, "fay")
    await floor.start()
    assert await floor.endpoints() == before - {"desk-7"}


async def test_asterisk_dies_its_calls_are_closed_and_the_next_one_is_served(
    floor: RealFloor, base_settings: Settings, real_switch: RunningSwitch
) -> None:
    async with floor.agent("ana", tone_hz=1000, expires_s=30):
        async with floor.caller("601") as caller:
            await caller.until_hears(1000, within_s=6)
            config = switch_config(base_settings)
            running = await asyncio.to_thread(lifecycle.status, config)
            assert running is not None
            os.kill(running.pid, signal.SIGKILL)
            await until("the floor sees it", floor.switch_lost)
            await asyncio.to_thread(lifecycle.up, config)
            (contact,) = await floor.contacts(1, within_s=10)
            assert (contact["outcome"], contact["reason"]) == ("answered", "node_lost")
            await caller.vanish()
        # Where the killed switch had not written the contact, the phone registers again when half
        # of its 30 s are over; until then the caller waits.
        async with floor.caller("601", tone_hz=600) as caller:
            await caller.until_hears(1000, within_s=25)
            await caller.hang_up()
        await floor.contacts(2)


async def test_the_same_on_postgresql_over_a_kill(floor_on_postgresql: RealFloor) -> None:
    floor = floor_on_postgresql
    async with floor.agent("ana", tone_hz=1000), floor.caller("600") as caller:
        await caller.answered(timeout_s=5)
        await caller.press("1")
        await caller.until_hears(1000, within_s=6)
        await floor.kill()
        await floor.start()
        await caller.until_hears(1000, within_s=3)
        await caller.hang_up()
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "caller")
        kinds = [segment["kind"] for segment in await floor.closed_segments(4)]
        assert kinds == ["ivr", "ring", "talk", "acw"]
        (recording,) = await floor.kept_recordings(1)
        assert recording["lost_reason"] is None
