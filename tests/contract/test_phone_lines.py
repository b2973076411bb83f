"""Two calls on an agent's phone: a BYE ends one of them and says nothing of the other."""

from __future__ import annotations

import asyncio

import pytest

from acd.model import AgentState
from store import tables as t
from tests.contract.harness import Behaviour, EndedBy, Subscriber
from tests.contract.team import (
    ANA,
    BOB,
    CALLER,
    CLEO,
    NUMBERS,
    OUTSIDE_NUMBER,
    OUTSIDER,
    TeamFloor,
    both_hear,
)
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_OUTSIDE = {OUTSIDE_NUMBER: Subscriber(tone_hz=OUTSIDER)}


async def _contacts(team: TeamFloor) -> dict[object, tuple[object, ...]]:
    """(outcome, reason, ended_by, agent) of each kind of contact."""
    rows = await team.rows(t.contact)
    found: dict[object, tuple[object, ...]] = {
        row["kind"]: (row["outcome"], row["reason"], row["ended_by"], row["agent_id"])
        for row in rows
    }
    assert len(found) == len(rows)
    return found


async def test_line_1_hung_up_ends_the_customer_and_line_2_with_a_colleague_goes_on(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(NUMBERS["bob"])
        await second.until_hears(BOB, within_s=5)
        await team.agent_is("ana", AgentState.CONSULTING)
        await ana.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        await team.agent_is("ana", AgentState.TALKING)
        await asyncio.gather(second.until_hears(BOB, within_s=5), bob.until_hears(ANA, within_s=5))

        async def customer_is_told_of() -> bool:
            return (await _contacts(team))["inbound"][0] is not None

        await until("the customer's contact has ended", customer_is_told_of)
        (call,) = await team.calls()
        assert call.kind == "internal"
        await second.hang_up()
        await bob.ended()
        await team.agent_is("ana", AgentState.WRAP_UP)
        await team.agent_is("ana", AgentState.READY)
        await team.assert_clean(2)
        assert await _contacts(team) == {
            "inbound": ("answered", "agent_hung_up", "agent", None),
            "internal": ("answered", "caller_hung_up", "agent", "ana"),
        }
        assert await team.transfers() == []
        assert await team.recorded() == [{ANA, CALLER}]
        kinds = await team.kinds("talk", "consult", "hold", "acw")
        assert sorted(kinds) == [
            ("acw", "ana"), ("consult", "bob"), ("hold", "ana"), ("talk", "ana"), ("talk", "bob"),
        ]  # fmt: skip


async def test_line_1_hung_up_never_joins_the_customer_with_somebody_outside(
    team: TeamFloor,
) -> None:
    async with team.outside(_OUTSIDE) as outside, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(OUTSIDE_NUMBER)
        called = await outside.called(OUTSIDE_NUMBER)
        await second.until_hears(OUTSIDER, within_s=5)
        await ana.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        await asyncio.gather(
            second.until_hears(OUTSIDER, within_s=5), called.until_hears(ANA, within_s=5)
        )
        await team.agent_is("ana", AgentState.TALKING)
        # The outsider holds nobody: the agent's phone may, and takes them back.
        await second.hold()
        await called.until_hears_other_sound(within_s=5)
        await team.agent_is("ana", AgentState.HOLDING)
        await second.resume()
        await called.until_hears(ANA, within_s=5)
        await called.hang_up()
        await second.ended()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await team.assert_clean(2)
        assert await _contacts(team) == {
            "inbound": ("answered", "agent_hung_up", "agent", None),
            "manual": ("answered", "caller_hung_up", "caller", "ana"),
        }
        assert await team.transfers() == []


@pytest.mark.parametrize("answers", [True, False])
async def test_line_1_hung_up_while_line_2_still_rings(team: TeamFloor, answers: bool) -> None:
    async with (
        team.at_work("cleo", Behaviour.MANUAL) as cleo,
        team.in_talk() as (ana, caller),
    ):
        await ana.hold()
        second = await ana.dial(NUMBERS["cleo"])
        await cleo.rung(timeout_s=5)
        await ana.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        if answers:
            await cleo.answer()
            await asyncio.gather(
                second.until_hears(CLEO, within_s=5), cleo.until_hears(ANA, within_s=5)
            )
            await cleo.hang_up()
        else:
            await cleo.decline()
        await second.ended()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await team.assert_clean(2)
        contacts = await _contacts(team)
        assert contacts["internal"][0] == ("answered" if answers else "no_answer")
        assert await team.transfers() == []


async def test_line_1_hung_up_while_a_number_outside_rings_on_line_2(team: TeamFloor) -> None:
    rings = {OUTSIDE_NUMBER: Subscriber(Behaviour.MANUAL, tone_hz=OUTSIDER)}
    async with team.outside(rings) as outside, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(OUTSIDE_NUMBER)
        called = await outside.called(OUTSIDE_NUMBER)
        await ana.hang_up()
        assert await caller.ended() is EndedBy.REMOTE
        await called.answer()
        await asyncio.gather(
            second.until_hears(OUTSIDER, within_s=5), called.until_hears(ANA, within_s=5)
        )
        await second.hang_up()
        await called.ended()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await team.assert_clean(2)
        assert (await _contacts(team))["manual"][:3] == ("answered", "agent_hung_up", "agent")
        assert await team.transfers() == []


async def test_customer_who_hangs_up_line_1_leaves_line_2_alone(team: TeamFloor) -> None:
    async with team.at_work("bob") as bob, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(NUMBERS["bob"])
        await second.until_hears(BOB, within_s=5)
        await caller.hang_up()
        await ana.ended()
        await asyncio.gather(second.until_hears(BOB, within_s=5), bob.until_hears(ANA, within_s=5))
        await bob.hang_up()
        await second.ended()
        await team.agent_is("ana", AgentState.WRAP_UP, AgentState.READY)
        await team.assert_clean(2)
        assert (await _contacts(team))["inbound"][:3] == ("answered", "caller_hung_up", "caller")


async def test_line_2_hung_up_first_leaves_the_customer_on_hold(team: TeamFloor) -> None:
    async with team.outside(_OUTSIDE) as outside, team.in_talk() as (ana, caller):
        await ana.hold()
        second = await ana.dial(OUTSIDE_NUMBER)
        called = await outside.called(OUTSIDE_NUMBER)
        await second.until_hears(OUTSIDER, within_s=5)
        await second.hang_up()
        await called.ended()
        await team.agent_is("ana", AgentState.HOLDING)
        await ana.resume()
        await both_hear(ana, ANA, caller, CALLER)
        await ana.hang_up()
        await caller.ended()
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["reason"]) == ("answered", "agent_hung_up")
        assert await team.transfers() == []
