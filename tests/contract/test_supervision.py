"""Supervisors with a conversation, by tones: who hears them is exact. And what they do to calls."""

from __future__ import annotations

import asyncio
from unittest.mock import ANY

import pytest

from acd.events import (
    EndCall,
    ForceState,
    MoveCall,
    SetPriority,
    StopSupervising,
    Supervise,
    TakeOver,
)
from acd.model import AgentId, AgentState, MonitorMode, PhoneId, QueueId
from control.protocol import Done, Refused
from store import tables as t
from tests.contract.harness import EndedBy, SippAgent
from tests.contract.team import (
    ANA,
    BOSS,
    CALLER,
    CLEO,
    SEAT,
    SECOND,
    TeamFloor,
    all_hear,
    both_hear,
)
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_ANA = AgentId("ana")
_BY = "user:claire"


async def _supervise(team: TeamFloor, mode: MonitorMode) -> None:
    """Ask for it; the supervisor's phone may have registered this moment."""

    async def taken() -> bool:
        result = await team.client.ask(Supervise(_ANA, _BY, SEAT, mode))
        assert isinstance(result, Done) or result == Refused("phone-down", 409, ANY, ANY), result
        return isinstance(result, Done)

    await until("the supervisor's phone is rung or the mode is another", taken)


async def _nobody_listens(team: TeamFloor) -> None:
    async def none() -> bool:
        return not (await team.only_call()).monitors

    await until("no supervisor is with the call", none)


async def _hears_both(boss: SippAgent) -> None:
    await boss.until_hears_all([ANA, CALLER], within_s=5)


# ---- ears and voices ---------------------------------------------------------------------------


async def test_listening_supervisor_hears_both_and_nobody_hears_the_supervisor(
    team: TeamFloor,
) -> None:
    async with team.seat(BOSS) as boss, team.in_talk() as (ana, caller):
        from_ana, from_caller = ana.now_s(), caller.now_s()
        await _supervise(team, MonitorMode.LISTEN)
        await _hears_both(boss)
        await asyncio.gather(ana.never_hears(BOSS, for_s=1.0), caller.never_hears(BOSS, for_s=1.0))
        assert {tone.hz for tone in ana.tones_together(from_ana)} == {CALLER}
        assert {tone.hz for tone in caller.tones_together(from_caller)} == {ANA}
        await team.ask(StopSupervising(_ANA, _BY))
        assert await boss.ended() is EndedBy.REMOTE
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.acts() == ["listen", "leave"]
        assert await team.recorded() == [{ANA, CALLER}]


async def test_whisper_is_heard_by_the_agent_and_not_by_the_customer(team: TeamFloor) -> None:
    async with team.seat(BOSS) as boss, team.in_talk() as (ana, caller):
        from_caller = caller.now_s()
        await _supervise(team, MonitorMode.WHISPER)
        await ana.until_hears_all([CALLER, BOSS], within_s=5)
        await _hears_both(boss)
        await caller.never_hears(BOSS, for_s=1.0)
        assert {tone.hz for tone in caller.tones_together(from_caller)} == {ANA}
        await caller.hang_up()
        assert await boss.ended() is EndedBy.REMOTE
        await team.assert_clean()
        assert await team.recorded() == [{ANA, CALLER}]


async def test_barging_supervisor_talks_with_both(team: TeamFloor) -> None:
    async with team.seat(BOSS) as boss, team.in_talk() as (ana, caller):
        await _supervise(team, MonitorMode.BARGE)
        await all_hear([(boss, BOSS), (ana, ANA), (caller, CALLER)])
        await caller.hang_up()
        assert await boss.ended() is EndedBy.REMOTE
        await team.assert_clean()


async def test_supervisor_goes_from_listening_to_whisper_to_barge_and_back_on_one_leg(
    team: TeamFloor,
) -> None:
    async with team.seat(BOSS) as boss, team.in_talk() as (ana, caller):
        await _supervise(team, MonitorMode.LISTEN)
        await _hears_both(boss)
        await _supervise(team, MonitorMode.WHISPER)
        await ana.until_hears_all([CALLER, BOSS], within_s=5)
        await caller.never_hears(BOSS, for_s=0.5)
        await _supervise(team, MonitorMode.BARGE)
        await all_hear([(boss, BOSS), (ana, ANA), (caller, CALLER)])
        await _supervise(team, MonitorMode.WHISPER)
        await caller.until_hears(ANA, within_s=5)
        await ana.until_hears_all([CALLER, BOSS], within_s=5)
        await caller.never_hears(BOSS, for_s=0.5)
        await _supervise(team, MonitorMode.LISTEN)
        await both_hear(ana, ANA, caller, CALLER)
        await _hears_both(boss)
        await asyncio.gather(ana.never_hears(BOSS, for_s=0.5), caller.never_hears(BOSS, for_s=0.5))
        assert boss.offers() == 1
        await caller.hang_up()
        await team.assert_clean()


@pytest.mark.parametrize("mode", list(MonitorMode))
async def test_supervisor_who_hangs_up_changes_nothing(team: TeamFloor, mode: MonitorMode) -> None:
    async with team.seat(BOSS) as boss, team.in_talk() as (ana, caller):
        await _supervise(team, mode)
        await _hears_both(boss)
        left_at = caller.now_s()
        await boss.hang_up()
        await _nobody_listens(team)
        await both_hear(ana, ANA, caller, CALLER)
        await ana.never_hears(BOSS, for_s=0.3)
        assert caller.audio.longest_gap_s(left_at) < 0.2
        await caller.hang_up()
        await team.assert_clean()


async def test_supervisor_takes_over_and_the_agent_is_freed(team: TeamFloor) -> None:
    async with team.seat(BOSS) as boss, team.in_talk() as (ana, caller):
        await _supervise(team, MonitorMode.WHISPER)
        await _hears_both(boss)
        await team.ask(TakeOver(_ANA, _BY))
        assert await ana.ended() is EndedBy.REMOTE
        await both_hear(boss, BOSS, caller, CALLER)
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await boss.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        (contact,) = await team.assert_clean()
        assert contact["outcome"] == "answered"
        assert await team.acts() == ["whisper", "take_over"]


async def test_supervisor_who_is_an_agent_takes_over_and_has_the_call(team: TeamFloor) -> None:
    async with (
        team.at_work("cleo") as cleo,
        team.in_talk() as (ana, caller),
    ):
        await team.pause("cleo")
        await team.ask(Supervise(_ANA, _BY, PhoneId("agent-cleo"), MonitorMode.BARGE))
        await all_hear([(cleo, CLEO), (ana, ANA), (caller, CALLER)])
        await team.ask(TakeOver(_ANA, _BY))
        await both_hear(cleo, CLEO, caller, CALLER)
        await team.agent_is("cleo", AgentState.TALKING)
        await ana.ended()
        await caller.hang_up()
        await team.assert_clean()
        await team.agent_is("cleo", AgentState.PAUSED, AgentState.WRAP_UP)
        assert await team.transfers() == [("ana", "takeover", "agent", "cleo")]
        assert await team.kinds("talk") == [("talk", "ana"), ("talk", "cleo")]


async def test_floor_killed_while_a_supervisor_listens_all_ends_well(team: TeamFloor) -> None:
    async with team.seat(BOSS) as boss, team.in_talk() as (ana, caller):
        await _supervise(team, MonitorMode.LISTEN)
        await _hears_both(boss)
        await team.kill()
        await team.start()
        await asyncio.gather(both_hear(ana, ANA, caller, CALLER), ana.never_hears(BOSS, for_s=0.5))
        await caller.hang_up()
        await boss.ended()
        await team.assert_clean()


# ---- calls and agents --------------------------------------------------------------------------


async def test_supervisor_moves_a_waiting_call_to_another_queue(team: TeamFloor) -> None:
    async with team.at_work("cleo") as cleo, team.caller("601", tone_hz=CALLER) as caller:
        await team.waiting("sales", 1)
        call = await team.only_call()
        await team.ask(MoveCall(call.id, QueueId("support"), _BY))
        await both_hear(cleo, CLEO, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.visits() == [
            ("sales", "moved", None),
            ("support", "answered", "cleo"),
        ]
        assert await team.acts() == ["move"]


async def test_priority_given_to_a_waiting_call_changes_who_is_served_next(
    team: TeamFloor,
) -> None:
    async with team.caller("601", tone_hz=CALLER) as first:
        await team.waiting("sales", 1)
        async with team.caller("601", tone_hz=SECOND, number="+33698765432") as second:
            await team.waiting("sales", 2)
            calls = await team.calls()
            (late,) = [call for call in calls if call.number == "+33698765432"]
            await team.ask(SetPriority(late.id, 5, _BY))
            async with team.at_work("ana") as ana:
                await both_hear(ana, ANA, second, SECOND)
                assert not first.hears_now(ANA)
                await second.hang_up()
                await both_hear(ana, ANA, first, CALLER)
                await first.hang_up()
                await team.assert_clean(2)


async def test_supervisor_ends_a_call(team: TeamFloor) -> None:
    async with team.in_talk() as (ana, caller):
        await team.ask(EndCall(await team.call_of("ana"), _BY))
        assert await caller.ended() is EndedBy.REMOTE
        await ana.ended()
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "system")
        assert await team.acts() == ["end"]


async def test_forced_pause_comes_after_the_call_and_says_by_whom(team: TeamFloor) -> None:
    async with team.in_talk("cleo", "602") as (cleo, caller):
        await team.ask(ForceState(AgentId("cleo"), AgentState.PAUSED, _BY, "lunch"))
        await both_hear(cleo, CLEO, caller, CALLER)
        await caller.hang_up()
        await team.agent_is("cleo", AgentState.PAUSED)
        assert (await team.agent_view("cleo")).reason == "lunch"
        await team.ask(ForceState(AgentId("cleo"), AgentState.READY, _BY))
        await team.agent_is("cleo", AgentState.READY)
        await team.assert_clean()
        rows = await team.rows(t.agent_state)
        (ready,) = [row for row in rows if row["forced_by"] is not None and row["state"] == "ready"]
        assert ready["forced_by"] == _BY
