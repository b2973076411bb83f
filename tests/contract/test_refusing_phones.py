"""Agents' phones that refuse every call, on real Asterisk: put aside, and why; taken back."""

from __future__ import annotations

import pytest

from acd.agents.offering import REST_MS
from acd.model import AgentState
from tests.contract.harness import Behaviour
from tests.contract.harness.raw_sip import Refuser
from tests.contract.office import OfficeFloor
from tests.contract.real_floor import secret_of
from tests.contract.team import BOB, CALLER
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

PORT = 16890
"""Of the phone that refuses."""


async def shows(office: OfficeFloor, reason: str) -> bool:
    """Whether pages and the stream say why ana does not respond."""
    agents = (await office.rest("GET", "/live/agents")).json()["items"]
    (ana,) = (one for one in agents if one["id"] == "ana")
    return (ana["state"], ana["reason"]) == ("not_responding", reason)


async def refusing(office: OfficeFloor, phone: Refuser) -> None:
    """Ana's phone registers and she is ready."""
    await phone.register("agent-ana", secret_of("ana"), office.settings.sip_port)
    await until("ana's phone is known", lambda: office.phone_up("ana"))
    await office.sign_in("ana")
    await office.agent_is("ana", AgentState.READY, AgentState.OFFERED)


@pytest.mark.parametrize("code", [404, 480, 488, 503, 603])
async def test_a_phone_that_refuses_as_often_as_the_limit_is_put_aside_and_the_next_is_rung(
    office: OfficeFloor, code: int
) -> None:
    await office.set_queue("sales", refusal_limit=1, rona_limit=1)
    async with Refuser(PORT, code) as phone:
        await refusing(office, phone)
        async with office.caller("601", tone_hz=CALLER) as caller:
            await phone.called(1)
            await office.agent_is("ana", AgentState.NOT_RESPONDING)
            await until(f"she is shown with {code}", lambda: shows(office, f"sip_{code}"))
            async with office.at_work("bob"):
                await caller.until_hears(BOB, within_s=5)
                assert len(phone.invited) == 1
                await caller.hang_up()
                await office.agent_is("bob", AgentState.READY)
        await office.sign_out("ana")
    await office.assert_clean(contacts=1)


async def test_a_phone_on_do_not_disturb_is_tried_three_times_and_a_caller_leaves_as_configured(
    office: OfficeFloor,
) -> None:
    await office.set_queue("sales", max_wait_s=14, on_max_wait={"kind": "hang_up"})
    async with Refuser(PORT, 486) as phone:
        await refusing(office, phone)
        async with office.caller("601", tone_hz=CALLER) as caller:
            await phone.called(3, within_s=2 * REST_MS / 1000 + 5)
            await office.agent_is("ana", AgentState.NOT_RESPONDING)
            await caller.ended(timeout_s=10)
        assert len(phone.invited) == 3
        # Signed out and in again she is rung at once: nothing of it is left.
        await office.sign_out("ana")
        await office.sign_in("ana")
        async with office.caller("601", tone_hz=CALLER) as caller:
            await phone.called(4, within_s=REST_MS / 1000 - 1)
            await office.sign_out("ana")
            await office.sign_in("ana")
            await phone.called(5, within_s=REST_MS / 1000 - 1)
            await caller.hang_up()
        await office.sign_out("ana")


async def test_a_call_taken_ends_the_count(office: OfficeFloor) -> None:
    await office.set_queue("sales", refusal_limit=2)
    async with office.at_work("bob", Behaviour.MANUAL) as bob:
        for _ in range(2):
            async with office.caller("601", tone_hz=CALLER) as caller:
                await bob.rung(timeout_s=REST_MS / 1000 + 3)
                await bob.refuse_busy()
                await bob.rung(timeout_s=REST_MS / 1000 + 3)
                await bob.answer()
                await caller.until_hears(BOB, within_s=5)
                await caller.hang_up()
                await office.agent_is("bob", AgentState.READY)
