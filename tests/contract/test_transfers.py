"""What an agent does with a call: hold, mute, keys, transfers with and without a question first."""

from __future__ import annotations

import asyncio

import pytest

from acd.events import (
    CancelConsult,
    CompleteTransfer,
    Consult,
    Hold,
    Mute,
    PressKeys,
    Retrieve,
    Swap,
    TakeBack,
    Transfer,
)
from acd.model import AgentId, AgentState, CallState
from store import tables as t
from tests.contract.harness import Behaviour, EndedBy, Subscriber
from tests.contract.team import (
    ANA,
    BOB,
    CALLER,
    CLEO,
    CUSTOMER,
    FORBIDDEN_NUMBER,
    NUMBERS,
    OUTSIDE_NUMBER,
    OUTSIDER,
    SHOWN_OUTSIDE,
    TeamFloor,
    agent,
    both_hear,
    number,
    queue,
)
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_ANA, _BOB = AgentId("ana"), AgentId("bob")
_OUTSIDE = {OUTSIDE_NUMBER: Subscriber(tone_hz=OUTSIDER)}


# ---- hold, mute, keys --------------------------------------------------------------------------


async def test_customer_on_hold_hears_music_the_agent_nothing_and_recording_goes_on(
    team: TeamFloor,
) -> None:
    async with team.in_talk() as (ana, caller):
        await team.ask(Hold(_ANA))
        await team.agent_is("ana", AgentState.HOLDING)
        await caller.until_hears_other_sound(within_s=5)
        await ana.never_hears(CALLER, for_s=0.5, even_if_quiet=True)
        assert await team.refused(Hold(_ANA)) == "on-hold"
        await team.ask(Retrieve(_ANA))
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        talking = [("talk", "ana"), ("hold", "ana"), ("talk", "ana")]
        assert await team.kinds("talk", "hold") == talking
        (recording,) = await team.rows(t.recording)
        spoken = [s for s in await team.segments() if s["kind"] in ("talk", "hold")]
        whole_ms = int(str(spoken[-1]["ended_at"])) - int(str(spoken[0]["started_at"]))
        assert abs(int(str(recording["duration_ms"])) - whole_ms) < 500


async def test_either_side_may_hang_up_while_the_customer_is_on_hold(team: TeamFloor) -> None:
    async with team.in_talk() as (ana, caller):
        await team.ask(Hold(_ANA))
        await caller.until_hears_other_sound(within_s=5)
        await caller.hang_up()
        await ana.ended()
        await team.agent_is("ana", AgentState.READY)
        async with team.caller("601", tone_hz=CALLER) as other:
            await both_hear(ana, ANA, other, CALLER)
            await team.ask(Hold(_ANA))
            await other.until_hears_other_sound(within_s=5)
            await ana.hang_up()
            assert await other.ended() is EndedBy.REMOTE
            first, second = await team.assert_clean(2)
    assert (first["ended_by"], second["ended_by"]) == ("caller", "agent")


async def test_muted_agent_is_not_heard_but_hears(team: TeamFloor) -> None:
    async with team.in_talk() as (ana, caller):
        await team.ask(Mute(_ANA, True))
        await caller.until_silent(within_s=3)
        await asyncio.gather(
            caller.never_hears(ANA, for_s=0.6, even_if_quiet=True),
            ana.until_hears(CALLER, within_s=3),
        )
        assert (await team.only_call()).muted
        await team.ask(Mute(_ANA, False))
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()


async def test_keys_of_the_agent_reach_the_customer_and_are_not_kept(team: TeamFloor) -> None:
    async with team.in_talk() as (ana, caller):
        await team.ask(PressKeys(_ANA, "12*#9"))
        await caller.until_digits("12*#9", within_s=4)
        assert ana.digits() == ""
        await caller.hang_up()
        await team.assert_clean()
        (told,) = [e for e in await team.rows(t.event) if e["kind"] == "DigitsSent"]
        assert "12*#9" not in str(told["payload"])


# ---- at once -----------------------------------------------------------------------------------


async def test_blind_transfer_to_a_colleague_shows_them_the_customer_and_frees_the_agent(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Transfer(_ANA, agent(NUMBERS["bob"])))
        await both_hear(bob, BOB, caller, CALLER)
        assert bob.invite.caller == CUSTOMER
        assert await ana.ended() is EndedBy.REMOTE
        await team.agent_is("ana", AgentState.READY)
        await caller.hang_up()
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "caller")
        assert await team.transfers() == [("ana", "blind", "agent", "bob")]
        assert await team.kinds("talk") == [("talk", "ana"), ("talk", "bob")]
        assert [r["lost_reason"] for r in await team.rows(t.recording)] == [None, None]


async def test_blind_transfer_to_a_queue_is_a_new_visit_of_the_same_contact(
    team: TeamFloor,
) -> None:
    async with team.in_talk() as (ana, caller):
        await team.ask(Transfer(_ANA, queue("support")))
        await caller.until_hears_other_sound(within_s=5)
        await ana.ended()
        await team.waiting("support", 1)
        async with team.at_work("cleo") as cleo:
            await both_hear(cleo, CLEO, caller, CALLER)
            await caller.hang_up()
            await team.assert_clean()
        assert await team.visits() == [
            ("sales", "answered", "ana"),
            ("support", "answered", "cleo"),
        ]
        assert await team.transfers() == [("ana", "blind", "queue", "support")]


async def test_blind_transfer_outside_shows_our_number_and_ends_with_either_side(
    team: TeamFloor,
) -> None:
    async with team.outside(_OUTSIDE) as outside, team.in_talk() as (ana, caller):
        assert await team.refused(Transfer(_ANA, number(FORBIDDEN_NUMBER))) == (
            "destination-not-allowed"
        )
        await team.ask(Transfer(_ANA, number(OUTSIDE_NUMBER)))
        called = await outside.called(OUTSIDE_NUMBER)
        await called.answered()
        await asyncio.gather(
            caller.until_hears(OUTSIDER, within_s=5), called.until_hears(CALLER, within_s=5)
        )
        assert called.invite.caller == SHOWN_OUTSIDE
        await ana.ended()
        await called.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        (contact,) = await team.assert_clean()
        assert contact["outcome"] == "answered"
        assert await team.transfers() == [("ana", "blind", "number", OUTSIDE_NUMBER)]


async def test_blind_transfer_that_the_colleague_declines_comes_back(team: TeamFloor) -> None:
    async with team.at_work("bob", Behaviour.DECLINE) as bob, team.in_talk() as (ana, caller):
        await team.ask(Transfer(_ANA, agent("bob")))
        assert await bob.refused() == 603
        await ana.ended()
        await ana.rung(timeout_s=5)
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.kinds("talk") == [("talk", "ana"), ("talk", "ana")]


async def test_blind_transfer_to_a_busy_number_comes_back(team: TeamFloor) -> None:
    busy = {OUTSIDE_NUMBER: Subscriber(behaviour=Behaviour.BUSY)}
    async with team.outside(busy) as outside, team.in_talk() as (ana, caller):
        await team.ask(Transfer(_ANA, number(OUTSIDE_NUMBER)))
        assert await (await outside.called(OUTSIDE_NUMBER)).refused() == 486
        await ana.ended()
        await ana.rung(timeout_s=5)
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()


async def test_agent_takes_back_what_nobody_has_taken(team: TeamFloor) -> None:
    async with team.at_work("bob", Behaviour.RING) as bob, team.in_talk() as (ana, caller):
        call_id = await team.call_of("ana")
        await team.ask(Transfer(_ANA, agent("bob")))
        await bob.rung()
        await ana.ended()
        await team.ask(TakeBack(_ANA, call_id))
        assert await bob.ended() is EndedBy.CANCEL
        await both_hear(ana, ANA, caller, CALLER)
        await team.agent_is("bob", AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()
        assert [row[1] for row in await team.transfers()] == ["blind", "taken_back"]


# ---- with a question first ---------------------------------------------------------------------


async def test_agent_asks_a_colleague_while_the_customer_hears_music_and_returns(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await team.agent_is("ana", AgentState.CONSULTING)
        await caller.until_hears_other_sound(within_s=5)
        await asyncio.gather(ana.never_hears(CALLER, for_s=0.5), bob.never_hears(CALLER, for_s=0.5))
        await team.ask(CancelConsult(_ANA))
        assert await bob.ended() is EndedBy.REMOTE
        await both_hear(ana, ANA, caller, CALLER)
        await team.agent_is("ana", AgentState.TALKING)
        await team.agent_is("bob", AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()
        assert await team.transfers() == []
        assert await team.kinds("consult") == [("consult", "bob")]
        # What the two colleagues said to each other is in neither.
        assert await team.recorded() == [{CALLER, ANA}, {CALLER, ANA}]


async def test_agent_turns_from_one_to_the_other_and_back(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await team.ask(Swap(_ANA))
        await both_hear(ana, ANA, caller, CALLER)
        await bob.until_hears_other_sound(within_s=5)
        await ana.never_hears(BOB, for_s=0.4)
        await team.ask(Swap(_ANA))
        await both_hear(ana, ANA, bob, BOB)
        await caller.until_hears_other_sound(within_s=5)
        await ana.never_hears(CALLER, for_s=0.4)
        await caller.hang_up()
        await team.assert_clean()


async def test_warm_transfer_joins_customer_and_colleague_and_frees_the_agent(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await team.ask(CompleteTransfer(_ANA))
        await both_hear(bob, BOB, caller, CALLER)
        assert await ana.ended() is EndedBy.REMOTE
        await team.agent_is("ana", AgentState.WRAP_UP)
        await until("bob's phone shows the customer", lambda: bob.callers_shown()[-1] == CUSTOMER)
        await bob.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "agent")
        assert await team.transfers() == [("ana", "warm", "agent", "bob")]
        assert await team.kinds("talk", "hold", "consult") == [
            ("talk", "ana"),
            ("hold", "ana"),
            ("consult", "bob"),
            ("talk", "bob"),
        ]
        assert await team.recorded() == [{CALLER, ANA}, {CALLER, BOB}]


async def test_transfer_completed_while_the_colleague_still_rings(team: TeamFloor) -> None:
    async with team.at_work("bob", Behaviour.MANUAL) as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await bob.rung()
        await team.ask(CompleteTransfer(_ANA))
        assert await ana.ended() is EndedBy.REMOTE
        await bob.rung()
        await bob.answer()
        await both_hear(bob, BOB, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        assert [row[2:] for row in await team.transfers()] == [("agent", "bob")]


async def test_agent_asks_a_queue_and_hands_over_to_whom_it_found(team: TeamFloor) -> None:
    async with team.at_work("cleo") as cleo, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, queue("support")))
        await both_hear(ana, ANA, cleo, CLEO)
        await team.ask(CompleteTransfer(_ANA))
        await both_hear(cleo, CLEO, caller, CALLER)
        await ana.ended()
        await caller.hang_up()
        await team.assert_clean()
        assert await team.visits() == [
            ("sales", "answered", "ana"),
            ("support", "answered", "cleo"),
        ]


async def test_agent_asks_a_queue_where_nobody_is_free_and_returns(team: TeamFloor) -> None:
    async with team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, queue("support")))
        await team.waiting("support", 1)
        await caller.until_hears_other_sound(within_s=5)
        await team.ask(CancelConsult(_ANA))
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        (contact,) = await team.assert_clean()
        assert contact["outcome"] == "answered"


async def test_agent_asks_a_number_outside_and_hands_over(team: TeamFloor) -> None:
    async with team.outside(_OUTSIDE) as outside, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, number(OUTSIDE_NUMBER)))
        called = await outside.called(OUTSIDE_NUMBER)
        await called.answered()
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), called.until_hears(ANA, within_s=5)
        )
        await team.ask(CompleteTransfer(_ANA))
        await asyncio.gather(
            caller.until_hears(OUTSIDER, within_s=5), called.until_hears(CALLER, within_s=5)
        )
        await ana.ended()
        await caller.hang_up()
        assert await called.ended() is EndedBy.REMOTE
        await team.assert_clean()
        assert await team.transfers() == [("ana", "warm", "number", OUTSIDE_NUMBER)]


async def test_agent_who_hangs_up_in_a_consultation_hands_over(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await ana.hang_up()
        await both_hear(bob, BOB, caller, CALLER)
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await caller.hang_up()
        await team.assert_clean()


async def test_colleague_who_hangs_up_leaves_the_agent_with_the_customer(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await bob.hang_up()
        await both_hear(ana, ANA, caller, CALLER)
        await team.agent_is("ana", AgentState.TALKING)
        await caller.hang_up()
        await team.assert_clean()


async def test_customer_who_gives_up_during_a_consultation_ends_it(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await caller.hang_up()
        await asyncio.gather(ana.ended(), bob.ended())
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "caller")
        await team.agent_is("bob", AgentState.READY)


async def test_floor_killed_during_a_consultation_the_talk_goes_on_and_can_be_completed(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await team.kill()
        killed_at = ana.now_s()
        await team.start()
        await both_hear(ana, ANA, bob, BOB)
        assert ana.audio.longest_gap_s(killed_at) < 0.2
        calls = await team.calls()
        assert [call.state for call in calls] == [CallState.TALKING] * 2
        await team.ask(CompleteTransfer(_ANA))
        await both_hear(bob, BOB, caller, CALLER)
        await caller.hang_up()
        await team.assert_clean()
        assert [row[1] for row in await team.transfers()] == ["warm"]
