"""A trunk that carries nothing, on real Asterisk: silent, refusing, failing, and back again."""

from __future__ import annotations

from typing import Any

import pytest

from acd.model import AgentState
from store import tables as t
from tests.contract.harness import Subscriber
from tests.contract.harness.raw_sip import Refuser
from tests.contract.office import OfficeFloor
from tests.contract.real_floor import OUTSIDE_PORT
from tests.contract.team import ANA, CUSTOMER, OUTSIDER
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

SECOND_ONE = "+33612000031"
ELSEWHERE = "+33612000032"
ANSWERS = {number: Subscriber(tone_hz=OUTSIDER) for number in (CUSTOMER, SECOND_ONE, ELSEWHERE)}


async def books(office: OfficeFloor, *numbers: str, mode: str = "customer_first") -> None:
    """These are to be called back by sales, now, with two attempts 10 s apart."""
    policy = {"mode": mode, "attempts": 2, "retry_s": 10, "ring_s": 5}
    await office.set_queue("sales", callback=policy)
    for number in numbers:
        await office.rest("POST", "/callbacks", json={"queue_id": "sales", "number": number})


async def callback_is(
    office: OfficeFloor, state: str, number: str = CUSTOMER, within_s: float = 12
) -> dict[str, Any]:
    """The newest callback to this number, once SQL has it in this state."""
    found: list[dict[str, Any]] = []

    async def so() -> bool:
        params = {"number": number, "limit": 1}
        found[:] = (await office.rest("GET", "/callbacks", params=params)).json()["items"]
        return [each["state"] for each in found] == [state]

    await until(f"the callback to {number} is {state}", so, within_s=within_s)
    return found[0]


async def trunk_away(office: OfficeFloor) -> bool:
    health = (await office.rest("GET", "/floor")).json()
    return health["trunk_away_since"] is not None


@pytest.mark.parametrize("code", [403, 503, None])
async def test_what_never_came_to_the_customer_is_no_attempt_and_they_are_called_again(
    office: OfficeFloor, code: int | None
) -> None:
    """`None`: nobody answers there."""
    async with office.at_work("ana"):
        async with Refuser(OUTSIDE_PORT, code) as carrier:
            await books(office, CUSTOMER)
            await carrier.called(1)
            told = await callback_is(office, "postponed")
            assert told["attempts"] == 0
        async with office.outside(ANSWERS) as outside:
            # After 10 s by itself, well before `retry_s` would have cost the last attempt.
            if code is None:
                # The INVITE of before, which Asterisk cannot cancel until somebody has answered it.
                stale = await outside.called(CUSTOMER, timeout_s=15)
                await stale.ended()
            customer = await outside.called(CUSTOMER, timeout_s=15)
            await customer.until_hears(ANA, within_s=5)
            await customer.hang_up()
            await office.agent_is("ana", AgentState.READY)
    assert (await callback_is(office, "reached"))["attempts"] == 0
    await office.assert_clean(contacts=1)


async def test_callbacks_wait_together_and_the_first_call_carried_sets_them_free(
    office: OfficeFloor,
) -> None:
    async with office.at_work("ana") as ana, office.at_work("bob") as bob:
        async with Refuser(OUTSIDE_PORT, 503) as carrier:
            await books(office, CUSTOMER, SECOND_ONE, mode="agent_first")
            await carrier.called(2)
            await callback_is(office, "postponed", CUSTOMER)
            await callback_is(office, "postponed", SECOND_ONE)
            await until("the floor says that the trunk is away", lambda: trunk_away(office))
            rung = ana.offers() + bob.offers()
            assert rung == 2
        async with office.outside(ANSWERS) as outside:
            await office.rest(
                "POST", "/agents/bob/calls", json={"target": {"kind": "number", "id": ELSEWHERE}}
            )
            placed = await outside.called(ELSEWHERE, timeout_s=5)
            await placed.answered()
            await until("a call was carried", lambda: carried(office))
            await placed.hang_up()
            first = await outside.called(timeout_s=5)
            second = await outside.called(timeout_s=5)
            for call in (first, second):
                await call.answered()
                await call.hang_up()
            assert {first.number, second.number} == {CUSTOMER, SECOND_ONE}
            await office.agent_is("ana", AgentState.READY)
            await office.agent_is("bob", AgentState.READY)
    for number in (CUSTOMER, SECOND_ONE):
        assert (await callback_is(office, "reached", number))["attempts"] == 0


async def carried(office: OfficeFloor) -> bool:
    return not await trunk_away(office)


@pytest.mark.parametrize(
    ("code", "why"),
    [(403, "trunk"), (503, "trunk"), (404, "invalid_number"), (486, "busy"), (480, "rona")],
)
async def test_an_agent_who_dials_is_told_why_nobody_was_reached(
    office: OfficeFloor, code: int, why: str
) -> None:
    async with office.at_work("ana"), Refuser(OUTSIDE_PORT, code) as carrier:
        await office.rest(
            "POST", "/agents/ana/calls", json={"target": {"kind": "number", "id": ELSEWHERE}}
        )
        await carrier.called(1)

        async def told() -> bool:
            agents = (await office.rest("GET", "/live/agents")).json()
            found = agents["items"] if isinstance(agents, dict) else agents
            (ana,) = (one for one in found if one["id"] == "ana")
            return bool(ana["not_reached"] == why and ana["call_id"] is None)

        await until(f"ana is told {why}", told)
    (contact,) = await office.assert_clean(contacts=1)
    assert contact["reason"] == f"not_taken:{why}"


async def test_a_customer_who_lets_it_ring_with_early_media_alone_was_reached(
    office: OfficeFloor,
) -> None:
    """Many carriers answer 183 and never 180."""
    async with office.at_work("ana"), Refuser(OUTSIDE_PORT, None, provisional=183) as carrier:
        await books(office, CUSTOMER)
        await carrier.called(1)
        told = await callback_is(office, "postponed")
        assert told["attempts"] == 1
    kept = [row for row in await office.rows(t.event) if row["kind"] == "SegmentClosed"]
    assert any('"rona"' in str(row["payload"]) for row in kept)
    await office.rest("DELETE", f"/callbacks/{told['id']}")


async def test_a_number_that_does_not_exist_is_called_once(office: OfficeFloor) -> None:
    async with office.at_work("ana"), Refuser(OUTSIDE_PORT, 404) as carrier:
        await books(office, CUSTOMER)
        await carrier.called(1)
        await callback_is(office, "failed")
    (contact,) = await office.assert_clean(contacts=1)
    assert contact["reason"] == "not_reached:invalid_number"
