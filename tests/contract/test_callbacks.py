"""Customers who are called back, and lost callers who are found again, on real Asterisk."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from acd.model import AgentState
from plateau.clock import Clock
from store import config as store_config
from store import tables as t
from tests.contract.harness import Behaviour, EndedBy, SippCaller, Subscriber
from tests.contract.office import URGENT, OfficeFloor
from tests.contract.team import ANA, BOB, CALLER, CUSTOMER, OUTSIDER, SECOND
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

KEPT = 2200
"""What the words sound like (Hz) with which a callback is confirmed."""

OTHER = "+33612000029"
"""Somebody who wants no callback."""

ANSWERS = {CUSTOMER: Subscriber(tone_hz=OUTSIDER)}


async def offers_callbacks(office: OfficeFloor, **policy: object) -> None:
    """Key 1 keeps the place in the queue."""
    texts = office.tone_text("Nous vous rappelons.", KEPT, seconds=0.6)
    exits = {"1": {"kind": "callback", "texts": texts}}
    called_back = {"attempts": 2, "retry_s": 10, "ring_s": 5, **policy}
    await office.set_queue("sales", exits=exits, callback=called_back)


async def wants_a_callback(office: OfficeFloor, number: str = CUSTOMER) -> None:
    """A caller waits, presses 1, hears that it is noted and is let go."""
    async with office.caller("601", tone_hz=CALLER, number=number) as caller:
        await caller.until_hears_other_sound(within_s=5)
        await caller.press("1")
        await caller.until_hears(KEPT, within_s=3)
        assert await caller.ended(timeout_s=4) is EndedBy.REMOTE


async def states(office: OfficeFloor) -> list[tuple[str, int]]:
    """(state, attempts) that the callback of this test went through."""
    rows = [e for e in await office.rows(t.event) if e["kind"] == "CallbackChanged"]
    told = [json_of(row["payload"]) for row in sorted(rows, key=lambda row: int(str(row["seq"])))]
    return [(each["state"], each["attempts"]) for each in told]


def json_of(payload: object) -> dict[str, Any]:
    """A fact as the store keeps it."""
    found: dict[str, Any] = msgspec.json.decode(str(payload))
    return found


async def waits(caller: SippCaller) -> None:
    """The caller was picked up and hears music."""
    await caller.until_hears_other_sound(within_s=5)


async def listed(office: OfficeFloor, number: str, count: int) -> list[dict[str, Any]]:
    """What is to be done about this number, once it is so many entries."""
    found: list[dict[str, Any]] = []

    async def so_many() -> bool:
        answer = await office.rest("GET", "/recall-list", params={"number": number})
        found[:] = answer.json()["items"]
        return len(found) == count

    await until(f"{count} entries of {number} on the recall list", so_many)
    return found


# ---- the place ---------------------------------------------------------------------------------


async def test_callback_keeps_the_place_before_who_came_later_and_both_talk(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office)
    await wants_a_callback(office)
    await office.stands("sales", callbacks=1)
    async with (
        office.outside(ANSWERS) as outside,
        office.caller("601", tone_hz=SECOND, number=OTHER) as later,
    ):
        await waits(later)
        async with office.at_work("ana") as ana:
            await ana.answered(timeout_s=5)
            customer = await outside.called(CUSTOMER, timeout_s=5)
            await asyncio.gather(
                ana.until_hears(OUTSIDER, within_s=5), customer.until_hears(ANA, within_s=5)
            )
            assert not later.hears_now(ANA)
            await customer.hang_up()
            await later.until_hears(ANA, within_s=6)
            await later.hang_up()
    asked, back, _ = await office.assert_clean(contacts=3)
    assert (asked["kind"], asked["outcome"]) == ("inbound", "callback")
    assert (back["kind"], back["outcome"], back["direction"]) == (
        "callback",
        "answered",
        "outbound",
    )
    assert (back["root_id"], back["number"]) == (asked["id"], CUSTOMER)
    callback = await office.callback_of()
    assert (callback["id"], callback["state"], callback["agent_id"]) == (
        back["id"],
        "reached",
        "ana",
    )
    assert callback["origin_contact_id"] == asked["id"]


async def test_callback_never_overtakes_an_older_caller_who_waits_on_the_telephone(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office)
    async with (
        office.outside(ANSWERS) as outside,
        office.caller("601", tone_hz=SECOND, number=OTHER) as older,
    ):
        await waits(older)
        await wants_a_callback(office)
        await office.stands("sales", callbacks=1)
        async with office.at_work("ana") as ana:
            await ana.until_hears(SECOND, within_s=6)
            assert outside.numbers_called() == []
            await older.hang_up()
            customer = await outside.called(CUSTOMER, timeout_s=6)
            await customer.until_hears(ANA, within_s=5)
            await ana.hang_up()
            assert await customer.ended() is EndedBy.REMOTE
    rows = await office.assert_clean(contacts=3)
    assert [row["outcome"] for row in rows] == ["answered", "callback", "answered"]


async def test_customer_is_called_first_and_waits_no_longer_than_the_agents_phone_rings(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office, mode="customer_first")
    await wants_a_callback(office)
    await office.stands("sales", callbacks=1)
    async with (
        office.outside(ANSWERS) as outside,
        office.at_work("ana", Behaviour.MANUAL) as ana,
    ):
        customer = await outside.called(CUSTOMER, timeout_s=5)
        await customer.answered()
        await ana.rung(timeout_s=5)
        await customer.until_hears_other_sound(within_s=5)
        await ana.answer()
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), customer.until_hears(ANA, within_s=5)
        )
        await customer.hang_up()
        await office.agent_is("ana", AgentState.READY)
    await office.assert_clean(contacts=2)
    assert (await office.callback_of())["state"] == "reached"


# ---- not reached -------------------------------------------------------------------------------


async def test_customer_who_does_not_answer_costs_an_attempt_frees_the_agent_and_is_called_again(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office)
    await tries_again_after(office, 2)
    await wants_a_callback(office)
    await office.stands("sales", callbacks=1)
    silent = {CUSTOMER: Subscriber(behaviour=Behaviour.RING)}
    async with office.outside(silent) as outside, office.at_work("ana") as ana:
        await ana.answered(timeout_s=5)
        unheard = await outside.called(CUSTOMER, timeout_s=5)
        assert await ana.ended(timeout_s=8) is EndedBy.REMOTE
        assert await unheard.ended() is EndedBy.CANCEL
        await office.agent_is("ana", AgentState.READY)
        assert (await office.callback_is("postponed"))["attempts"] == 1
        outside.subscribe(CUSTOMER, Subscriber(tone_hz=OUTSIDER))
        customer = await outside.called(CUSTOMER, timeout_s=5)
        await customer.until_hears(ANA, within_s=5)
        await customer.hang_up()
        await office.agent_is("ana", AgentState.READY)
    rows = await office.assert_clean(contacts=2)
    assert [row["outcome"] for row in rows] == ["callback", "answered"]
    assert (await office.callback_of())["state"] == "reached"


async def tries_again_after(office: OfficeFloor, seconds: int) -> None:
    """Sooner than an administrator may say."""
    async with office.store.begin() as conn:
        row = await store_config.get_queue(conn, "sales")
        assert row.callback is not None
        policy = msgspec.structs.replace(row.callback, retry_s=seconds)
        await store_config.update_queue(conn, msgspec.structs.replace(row, callback=policy))
    await office.reload()


async def test_agent_who_hangs_up_while_the_customers_phone_rings_costs_no_attempt(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office, ring_s=30)
    await wants_a_callback(office)
    await office.stands("sales", callbacks=1)
    rings = {CUSTOMER: Subscriber(behaviour=Behaviour.RING)}
    async with office.outside(rings) as outside, office.at_work("ana") as ana:
        await ana.answered(timeout_s=5)
        first = await outside.called(CUSTOMER, timeout_s=5)
        await ana.hang_up()
        assert await first.ended() is EndedBy.CANCEL
        outside.subscribe(CUSTOMER, Subscriber(tone_hz=OUTSIDER))
        async with office.at_work("bob"):
            customer = await outside.called(CUSTOMER, timeout_s=5)
            await customer.until_hears(BOB, within_s=5)
            await customer.hang_up()
            await office.agent_is("bob", AgentState.READY)
    await office.assert_clean(contacts=2)
    assert {attempts for _, attempts in await states(office)} == {0}
    assert [state for state, _ in await states(office)].count("refused") == 1


async def test_agent_who_refuses_costs_no_attempt_and_the_next_one_calls_back(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office)
    await wants_a_callback(office)
    await office.stands("sales", callbacks=1)
    async with office.outside(ANSWERS) as outside:
        async with office.at_work("ana", Behaviour.DECLINE) as ana:
            await ana.rung(timeout_s=5)
            async with office.at_work("bob") as bob:
                customer = await outside.called(CUSTOMER, timeout_s=6)
                await asyncio.gather(
                    bob.until_hears(OUTSIDER, within_s=5), customer.until_hears(BOB, within_s=5)
                )
                await customer.hang_up()
                await office.agent_is("bob", AgentState.READY)
        assert len(outside.calls) == 1
    await office.assert_clean(contacts=2)
    assert await states(office) == [
        ("booked", 0),
        ("waiting", 0),
        ("refused", 0),
        ("dialling", 0),
        ("reached", 0),
    ]


async def test_caller_without_a_number_is_told_so_and_keeps_waiting(office: OfficeFloor) -> None:
    await offers_callbacks(office)
    async with office.caller("601", tone_hz=CALLER, number="anonymous") as caller:
        await waits(caller)
        await caller.press("1")
        async with office.at_work("ana") as ana:
            await ana.until_hears(CALLER, within_s=6)
            await caller.hang_up()
    (contact,) = await office.assert_clean()
    assert contact["outcome"] == "answered"


# ---- found again -------------------------------------------------------------------------------


async def test_customer_who_calls_again_and_is_answered_is_not_called_back_any_more(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office)
    await wants_a_callback(office)
    await office.stands("sales", callbacks=1)
    async with office.outside(ANSWERS) as outside:
        # Urgent, so that the agent has this call before the callback's turn.
        async with office.caller(URGENT, tone_hz=SECOND, number=CUSTOMER) as again:
            await waits(again)
            async with office.at_work("ana") as ana:
                await ana.until_hears(SECOND, within_s=6)
                await again.hang_up()
                await office.callback_is("cancelled")
                await office.agent_is("ana", AgentState.READY)
                await office.stands("sales")
        assert outside.numbers_called() == []
    rows = await office.assert_clean(contacts=3)
    assert [row["outcome"] for row in rows] == ["callback", "no_answer", "answered"]


async def test_lost_caller_is_on_the_recall_list_until_they_call_again_and_are_answered(
    office: OfficeFloor,
) -> None:
    number = "+33612000020"
    await office.set_queue("sales", short_abandon_s=0)

    for _ in range(2):
        async with office.caller("601", number=number) as caller:
            await waits(caller)
            await caller.hang_up()
        await listed(office, number, 1)
    await office.assert_clean(contacts=2)
    (entry,) = await listed(office, number, 1)
    assert (entry["queue_id"], entry["losses"], entry["state"]) == ("sales", 2, "open")
    async with office.at_work("ana"), office.caller("601", number=number) as caller:
        await caller.until_hears(ANA, within_s=6)
        await listed(office, number, 0)
        await caller.hang_up()
    rows = await office.assert_clean(contacts=3)
    assert [row["outcome"] for row in rows] == ["abandoned", "abandoned", "answered"]


async def test_agent_calls_a_lost_caller_from_the_list_which_is_done_when_they_answer(
    office: OfficeFloor,
) -> None:
    number = "+33612000021"
    await office.set_queue("sales", short_abandon_s=0)
    async with office.caller("601", number=number) as caller:
        await waits(caller)
        await caller.hang_up()
    await office.assert_clean()
    (entry,) = await listed(office, number, 1)
    async with (
        office.outside({number: Subscriber(tone_hz=OUTSIDER)}) as outside,
        office.at_work("ana") as ana,
    ):
        await office.rest("POST", f"/recall-list/{entry['id']}/call", json={"agent_id": "ana"})
        await ana.answered(timeout_s=5)
        lost = await outside.called(number, timeout_s=5)
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), lost.until_hears(ANA, within_s=5)
        )
        await listed(office, number, 0)
        await lost.hang_up()
        await office.agent_is("ana", AgentState.READY)
    await office.assert_clean(contacts=2)


async def test_callback_booked_for_later_is_made_then_and_not_before(office: OfficeFloor) -> None:
    await offers_callbacks(office)
    async with office.outside(ANSWERS) as outside, office.at_work("ana") as ana:
        at = Clock().now_ms() + 1_500
        body = {"queue_id": "sales", "number": CUSTOMER, "at": at}
        await office.rest("POST", "/callbacks", json=body)
        await office.rest("POST", "/callbacks", json=body, status=409)
        assert (await office.callback_is("booked"))["by"] == "user:chief"
        assert ana.offers() == 0
        customer = await outside.called(CUSTOMER, timeout_s=5)
        await customer.until_hears(ANA, within_s=5)
        await customer.hang_up()
        await office.agent_is("ana", AgentState.READY)
    (contact,) = await office.assert_clean()
    (ring,) = [row for row in await office.segments() if row["kind"] == "ring"]
    assert 0 <= int(str(ring["started_at"])) - at <= 1_000
    assert (contact["kind"], contact["outcome"]) == ("callback", "answered")


# ---- the floor dies ----------------------------------------------------------------------------


async def test_kill_9_while_the_customers_phone_rings_the_answer_is_not_lost(
    office: OfficeFloor,
) -> None:
    await offers_callbacks(office, ring_s=60)
    await wants_a_callback(office)
    await office.stands("sales", callbacks=1)
    rings = {CUSTOMER: Subscriber(tone_hz=OUTSIDER, behaviour=Behaviour.MANUAL)}
    async with office.outside(rings) as outside, office.at_work("ana") as ana:
        await ana.answered(timeout_s=5)
        customer = await outside.called(CUSTOMER, timeout_s=5)
        await office.kill()
        await office.start()
        await customer.answer()
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), customer.until_hears(ANA, within_s=5)
        )
        await customer.hang_up()
        await office.agent_is("ana", AgentState.READY)
        assert len(outside.calls) == 1
    await office.assert_clean(contacts=2)
    assert (await office.callback_of())["state"] == "reached"
