"""Who gets the call, and why: steps, skills, delays, priorities, stickiness, on real Asterisk."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from acd.model import AgentState, CallId
from store import tables as t
from tests.contract.harness import SippCaller
from tests.contract.office import URGENT, OfficeFloor
from tests.contract.team import ANA, BOB, CALLER, CLEO, DAN, SECOND

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_SOON_MS = 1_500
"""A phone rings at the latest so long after it may: a turn of the floor and an INVITE."""


async def waits(office: OfficeFloor, caller: SippCaller, queue: str, so_many: int) -> CallId:
    """The caller was picked up and stands last in the queue, where so many wait now; their call."""
    await caller.answered(timeout_s=5)
    await office.waiting(queue, so_many)
    return max(await office.calls(), key=lambda call: call.arrived_at).id


async def first_ring_ms(office: OfficeFloor) -> tuple[str, int]:
    """Who was rung first, and how long after the first caller came into the queue."""
    visit = min(await office.rows(t.queue_visit), key=lambda row: int(str(row["enqueued_at"])))
    ring = next(row for row in await office.segments() if row["kind"] == "ring")
    waited_ms = int(str(ring["started_at"])) - int(str(visit["enqueued_at"]))
    return str(ring["agent_id"]), waited_ms


async def test_search_widens_in_place_after_its_seconds_and_the_caller_keeps_the_place(
    office: OfficeFloor,
) -> None:
    """Experts alone for 2 s, then everybody; the expert is at work but not free."""
    steps = [
        {"expression": "skills.sales >= 8", "for_s": 2},
        {"expression": "skills.sales >= 1"},
    ]
    await office.set_queue("sales", steps=steps)
    async with office.at_work("cleo"), office.at_work("ana") as ana:
        await office.pause("cleo")
        async with office.caller("601", tone_hz=CALLER) as first:
            call_id = await waits(office, first, "sales", 1)
            async with office.caller("601", tone_hz=SECOND) as second:
                await waits(office, second, "sales", 2)
                assert ana.offers() == 0
                await first.until_hears(ANA, within_s=5)
                await ana.until_hears(CALLER, within_s=3)
                await office.waiting("sales", 1)
                await first.hang_up()
                await ana.until_hears(SECOND, within_s=6)
                await second.hang_up()
        await office.assert_clean(contacts=2)
        who, waited_ms = await first_ring_ms(office)
        assert who == "ana"
        assert 2_000 <= waited_ms <= 2_000 + _SOON_MS
        said = (await office.routing(call_id, "fr"))[-1]["sentence"]
        assert said == (
            "La recherche s’est élargie, après 2 s : appel présenté à Ana. "
            "Ouverture de l’étape 2 sur 2."
        )


async def test_best_skilled_agent_gets_the_call_though_another_is_idle_for_longer(
    office: OfficeFloor,
) -> None:
    await office.set_queue("sales", strategy="best_skill")
    async with office.at_work("bob"), office.at_work("cleo"):
        async with office.caller("601") as caller:
            await caller.until_hears(CLEO, within_s=6)
            await caller.hang_up()
        (contact,) = await office.assert_clean()
        (told,) = await office.routing(str(contact["id"]), "en")
        assert told["sentence"].endswith("offered to Cleo, the best skilled of those who fit.")
        sentences = [candidate["sentence"] for candidate in told["candidates"]]
        assert "Bob was fit too, but less skilled (3 points against 8)." in sentences


async def test_overflow_agent_helps_out_once_a_caller_has_waited_for_their_delay(
    office: OfficeFloor,
) -> None:
    await office.set_queue("care", access="members", required=[])
    await office.configure("PUT", "/agents/dan/queues", json={"queues": [{"queue": "care"}]})
    late = {"queues": [{"queue": "care", "delay_s": 2}]}
    await office.configure("PUT", "/agents/bob/queues", json=late)
    async with office.at_work("dan"), office.at_work("bob") as bob:
        await office.pause("dan")
        async with office.caller("602", tone_hz=CALLER) as caller:
            await waits(office, caller, "care", 1)
            await caller.until_hears(BOB, within_s=5)
            await bob.until_hears(CALLER, within_s=3)
            await caller.hang_up()
        (contact,) = await office.assert_clean()
        who, waited_ms = await first_ring_ms(office)
        assert who == "bob"
        assert 2_000 <= waited_ms <= 2_000 + _SOON_MS
        last = (await office.routing(str(contact["id"]), "en"))[-1]["sentence"]
        assert last.endswith("Members admitted after 2 s are now asked too.")


async def test_urgent_caller_goes_before_one_who_came_earlier(office: OfficeFloor) -> None:
    async with office.caller("601", tone_hz=CALLER) as patient:
        await waits(office, patient, "sales", 1)
        async with office.caller(URGENT, tone_hz=SECOND) as urgent:
            await waits(office, urgent, "sales", 2)
            async with office.at_work("ana") as ana:
                await ana.until_hears(SECOND, within_s=6)
                await urgent.hang_up()
                await ana.until_hears(CALLER, within_s=6)
                await patient.hang_up()
                await office.assert_clean(contacts=2)


async def test_older_caller_goes_first_whichever_queue_they_are_in(office: OfficeFloor) -> None:
    """One agent serves both queues: care, sales, care are served in the order of their coming."""
    async with AsyncExitStack() as stack:
        callers = []
        for dnis, hz, queue, so_many in (
            ("602", CALLER, "care", 1),
            ("601", SECOND, "sales", 1),
            ("602", BOB, "care", 2),
        ):
            caller = await stack.enter_async_context(office.caller(dnis, tone_hz=hz))
            await waits(office, caller, queue, so_many)
            callers.append((caller, hz))
        async with office.at_work("ana") as ana:
            for caller, hz in callers:
                await ana.until_hears(hz, within_s=6)
                await caller.hang_up()
            await office.assert_clean(contacts=3)


async def test_caller_is_given_the_agent_who_served_them_last(office: OfficeFloor) -> None:
    """Though another has been idle for longer; and if that agent is away, nobody waits for them."""
    await office.set_queue("sales", sticky_s=30)
    number = "+33612000001"
    async with office.at_work("ana"):
        async with office.caller("601", number=number) as caller:
            await caller.until_hears(ANA, within_s=6)
            await caller.hang_up()
        await office.agent_is("ana", AgentState.READY)
        async with office.at_work("cleo"):
            await office.pause("ana")
            await office.ready("ana")
            async with office.caller("601", number=number) as caller:
                await caller.until_hears(ANA, within_s=6)
                await caller.hang_up()
            await office.agent_is("ana", AgentState.READY)
            await office.pause("ana")
            async with office.caller("601", number=number) as caller:
                await caller.until_hears(CLEO, within_s=6)
                await caller.hang_up()
            _, again, last = await office.assert_clean(contacts=3)
        (told,) = await office.routing(str(again["id"]), "fr")
        assert told["sentence"].endswith("appel présenté à Ana, à qui il était réservé.")
        assert "Cleo n’était pas demandé : l’appel était réservé à Ana." in [
            candidate["sentence"] for candidate in told["candidates"]
        ]
        (told,) = await office.routing(str(last["id"]), "fr")
        assert "appel présenté à Cleo" in told["sentence"]


async def test_supervisor_raises_a_waiting_callers_priority_and_they_are_next(
    office: OfficeFloor,
) -> None:
    async with office.caller("601", tone_hz=CALLER) as first:
        await waits(office, first, "sales", 1)
        async with office.caller("601", tone_hz=SECOND) as second:
            call_id = await waits(office, second, "sales", 2)
            await office.rest("POST", f"/calls/{call_id}/priority", json={"priority": 3})
            async with office.at_work("ana") as ana:
                await ana.until_hears(SECOND, within_s=6)
                await second.hang_up()
                await ana.until_hears(CALLER, within_s=6)
                await first.hang_up()
                await office.assert_clean(contacts=2)
            assert await office.acts() == ["priority"]


async def test_skill_given_while_a_caller_waits_counts_at_once(office: OfficeFloor) -> None:
    async with office.at_work("bob") as bob, office.caller("602", tone_hz=CALLER) as caller:
        call_id = await waits(office, caller, "care", 1)
        skills = {"skills": [{"skill": "sales", "level": 3}, {"skill": "care", "level": 4}]}
        given = caller.now_s()
        await office.configure("PUT", "/agents/bob/skills", json=skills)
        await bob.rung(timeout_s=2)
        assert caller.now_s() - given < 2
        await asyncio.gather(
            caller.until_hears(BOB, within_s=4), bob.until_hears(CALLER, within_s=4)
        )
        await caller.hang_up()
        await office.assert_clean()
        before, after = await office.routing(call_id, "fr")
        assert before["sentence"] == (
            "À l’entrée en file : le seul connecté ne peut pas prendre cet appel pour l’instant."
        )
        assert "Bob n’a pas la compétence care." in [
            candidate["sentence"] for candidate in before["candidates"]
        ]
        assert "appel présenté à Bob" in after["sentence"]


async def test_why_a_call_waited_and_who_got_it_is_told_in_french_and_english(
    office: OfficeFloor,
) -> None:
    async with office.at_work("dan"), office.at_work("ana"), office.at_work("bob"):
        await office.pause("dan")
        async with office.caller("602", tone_hz=CALLER) as first:
            await first.until_hears(ANA, within_s=6)
            async with office.caller("602", tone_hz=SECOND) as second:
                call_id = await waits(office, second, "care", 1)
                async with office.caller("602", tone_hz=DAN) as third:
                    third_id = await waits(office, third, "care", 2)
                    await third.hang_up()
                    await office.waiting("care", 1)
                await second.until_hears_other_sound(within_s=5, for_s=1.2)
                await second.until_past(second.now_s() + 1.1)  # a wait of a second is told
                await first.hang_up()
                await second.until_hears(ANA, within_s=6)
                await second.hang_up()
        await office.assert_clean(contacts=3)
        french = await office.routing(call_id, "fr")
        english = await office.routing(call_id, "en")
        waited, chosen = (told["sentence"] for told in french)
        assert waited == (
            "À l’entrée en file : aucun de ceux qui peuvent prendre cet appel n’était libre "
            "(2/3 connectés)."
        )
        assert chosen.startswith("Un téléconseiller s’est libéré, après ")
        assert chosen.endswith(" s : appel présenté à Ana.")
        assert [told["sentence"].partition(", after ")[0] for told in english] == [
            "On entering the queue: none of those who may take this call was free (2/3 signed in).",
            "An agent became free",
        ]
        assert english[1]["sentence"].endswith(": offered to Ana.")
        refused = {each["agent_id"]: each["sentence"] for each in french[0]["candidates"]}
        assert refused["ana"] == "Ana est en communication."
        assert refused["dan"] == "Dan est en pause."
        assert refused["bob"] == "Bob n’a pas la compétence care."
        in_english = {each["agent_id"]: each["sentence"] for each in english[0]["candidates"]}
        assert in_english["ana"] == "Ana is talking."
        (abandoned,) = await office.routing(third_id, "fr")
        assert abandoned["sentence"].endswith("; 1 appel(s) devant dans la file.")
