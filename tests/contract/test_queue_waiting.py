"""What callers hear while they wait, and where they go from there, on real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from acd.model import AgentState, CallState
from store import tables as t
from tests.contract.harness import Behaviour, EndedBy, SippCaller, Subscriber
from tests.contract.office import MUSIC_HZ, PARTNER, TONE_MUSIC, OfficeFloor
from tests.contract.team import ANA, BOB, CALLER, CLEO, DAN, OUTSIDER, SECOND
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

SAID, SAID_TO_SECOND = OUTSIDER, 2200
"""What messages sound like (Hz) in tests where nobody outside is called."""


def to(kind: str, id_: str | None = None, texts: Mapping[str, str] | None = None) -> object:
    """A target, as it is sent."""
    return {"kind": kind, "id": id_, "texts": dict(texts or {})}


async def hears_music(caller: SippCaller) -> None:
    """The caller was picked up, and it is music that they hear: no tone of anybody."""
    await caller.answered(timeout_s=5)
    await caller.until_hears_other_sound(within_s=5)


async def reason(office: OfficeFloor) -> tuple[object, object, object]:
    """(outcome, who ended it, why) of the only contact."""
    (contact,) = await office.assert_clean()
    return contact["outcome"], contact["ended_by"], contact["reason"]


# ---- what is heard -----------------------------------------------------------------------------


async def test_messages_interrupt_the_music_which_comes_back_until_the_next(
    office: OfficeFloor,
) -> None:
    office.tone_prompt("patience", SAID)
    # Some pieces of music begin with a second of silence.
    message = {"kind": "prompt", "prompt": "patience", "first_s": 3, "every_s": 5}
    await office.set_queue("sales", messages=[message])
    async with office.caller("601") as caller:
        await hears_music(caller)
        first = await caller.until_hears(SAID, within_s=4)
        await caller.until_hears_other_sound(within_s=3)
        again = await caller.until_hears(SAID, within_s=8)
        assert 5 <= again - first <= 7.5
        await caller.until_hears_other_sound(within_s=3)
        async with office.at_work("ana") as ana:
            await ana.until_hears(CALLER, within_s=5)
            await caller.until_hears(ANA, within_s=3)
            await caller.hang_up()
        assert (await reason(office))[0] == "answered"


async def test_each_queue_has_its_own_music_and_one_that_is_missing_is_replaced(
    office: OfficeFloor,
) -> None:
    await office.set_queue("sales", music=TONE_MUSIC)
    await office.set_queue("care", music="nowhere")
    async with office.caller("601") as buyer, office.caller("602") as asker:
        await buyer.until_hears(MUSIC_HZ, within_s=5, for_s=1.0)
        await asker.until_hears_other_sound(within_s=5)
        await asker.hang_up()
        async with office.at_work("ana") as ana:
            await buyer.until_hears(ANA, within_s=5)
            await ana.hold()
            await buyer.until_hears(MUSIC_HZ, within_s=3, for_s=1.0)
            await buyer.hang_up()
    await office.assert_clean(contacts=2)


async def test_callers_are_told_their_place_which_only_gets_better(office: OfficeFloor) -> None:
    frame = "Vous êtes à la place {position} de la file."
    for place in range(3, 21):
        office.tone_text(frame.replace("{position}", str(place)), DAN)
    office.tone_text(frame.replace("{position}", "1"), SAID)
    office.tone_text(frame.replace("{position}", "2"), SAID_TO_SECOND)
    message = {"kind": "position", "texts": {"fr": frame}, "first_s": 3, "every_s": 5}
    await office.set_queue("sales", messages=[message])
    async with office.caller("601", tone_hz=CALLER) as first:
        await hears_music(first)
        async with office.caller("601", tone_hz=SECOND) as second:
            await first.until_hears(SAID, within_s=6)
            await second.until_hears(SAID_TO_SECOND, within_s=6)
            await first.hang_up()
            await office.waiting("sales", 1)
            await second.until_hears(SAID, within_s=8)
            await second.hang_up()
    contacts = await office.assert_clean(contacts=2)
    assert [row["outcome"] for row in contacts] == ["abandoned", "abandoned"]


async def test_caller_who_must_wait_is_told_how_long_once_the_floor_knows(
    office: OfficeFloor,
) -> None:
    """Six calls teach it how long calls last; the seventh caller has somebody before them."""
    frame = "Votre attente est de {minutes} minutes."
    for minutes in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60):
        office.tone_text(frame.replace("{minutes}", str(minutes)), SAID)
    message = {"kind": "estimate", "texts": {"fr": frame}, "first_s": 3, "every_s": None}
    await office.set_queue("sales", messages=[message])
    async with office.at_work("ana"):
        async with office.at_work("bob"), office.at_work("cleo"):
            for _ in range(2):
                callers = [office.caller("601", tone_hz=SECOND) for _ in range(3)]
                await asyncio.gather(*(served(caller) for caller in callers))
                for name in ("ana", "bob", "cleo"):
                    await office.agent_is(name, AgentState.READY)
        async with office.caller("601", tone_hz=CALLER) as talking:
            await talking.until_hears(ANA, within_s=6)
            async with office.caller("601", tone_hz=SECOND) as waiting:
                await hears_music(waiting)
                await waiting.until_hears(SAID, within_s=6)
                await waiting.until_hears_other_sound(within_s=3)
                await talking.hang_up()
                await waiting.until_hears(ANA, within_s=5)
                await waiting.hang_up()
    await office.assert_clean(contacts=8)
    visits = sorted(await office.rows(t.queue_visit), key=lambda row: int(str(row["enqueued_at"])))
    assert [row["estimate_ms"] is not None for row in visits] == [False] * 7 + [True]


async def served(caller: SippCaller) -> None:
    """The caller talks to whoever picks up, and hangs up."""
    async with caller:

        def an_agent() -> bool:
            return any(caller.hears_now(hz) for hz in (ANA, BOB, CLEO))

        await until("an agent is heard", an_agent, within_s=6)
        await caller.hang_up()


# ---- exits by key ------------------------------------------------------------------------------


async def test_key_leads_to_another_queue_with_the_time_already_waited(office: OfficeFloor) -> None:
    """Who has waited longer than a caller of that queue goes before them."""
    await office.set_queue("sales", exits={"5": to("queue", "care")})
    async with office.caller("601", tone_hz=CALLER) as first:
        await hears_music(first)
        async with office.caller("602", tone_hz=SECOND) as second:
            await hears_music(second)
            await first.press("9")
            await first.press("5")
            await office.waiting("care", 2)
            async with office.at_work("dan") as dan:
                await dan.until_hears(CALLER, within_s=6)
                await first.until_hears(DAN, within_s=3)
                await first.hang_up()
                await dan.until_hears(SECOND, within_s=6)
                await second.hang_up()
    first_row, _ = await office.assert_clean(contacts=2)
    rows = [r for r in await office.rows(t.queue_visit) if r["contact_id"] == first_row["id"]]
    told = [(row["queue_id"], row["outcome"], row["overflow_to"]) for row in rows]
    assert sorted(told) == [("care", "answered", None), ("sales", "overflow", "queue:care")]


async def test_key_leads_outside_after_the_words_for_it(office: OfficeFloor) -> None:
    texts = office.tone_text("Nous vous transférons.", SAID_TO_SECOND)
    await office.set_queue("sales", exits={"3": to("number", PARTNER, texts)})
    async with (
        office.outside({PARTNER: Subscriber(tone_hz=OUTSIDER)}) as outside,
        office.caller("601", tone_hz=CALLER) as caller,
    ):
        await hears_music(caller)
        await caller.press("3")
        await caller.until_hears(SAID_TO_SECOND, within_s=3)
        call = await outside.called(PARTNER, timeout_s=5)
        await asyncio.gather(
            caller.until_hears(OUTSIDER, within_s=5), call.until_hears(CALLER, within_s=5)
        )
        await caller.hang_up()
        await call.ended()
    assert (await reason(office))[:2] == ("overflow", "caller")
    assert await office.kinds("dial", "talk") == [("dial", None), ("talk", None)]
    assert await office.visits() == [("sales", "overflow", None)]


async def test_key_is_obeyed_while_an_agents_phone_rings_which_falls_silent(
    office: OfficeFloor,
) -> None:
    await office.set_queue("sales", exits={"5": to("queue", "care")})
    async with (
        office.at_work("bob", Behaviour.RING) as bob,
        office.at_work("dan") as dan,
        office.caller("601", tone_hz=CALLER) as caller,
    ):
        await bob.rung(timeout_s=5)
        await hears_music(caller)
        await caller.press("5")
        await dan.until_hears(CALLER, within_s=5)
        assert await bob.ended() is EndedBy.CANCEL
        await office.agent_is("bob", AgentState.READY)
        await caller.hang_up()
    assert (await reason(office))[0] == "answered"
    assert await office.visits() == [("sales", "overflow", None), ("care", "answered", "dan")]


async def test_partner_who_is_engaged_gives_the_caller_back_to_the_old_place(
    office: OfficeFloor,
) -> None:
    await office.set_queue("sales", exits={"3": to("number", PARTNER)})
    engaged = {PARTNER: Subscriber(behaviour=Behaviour.BUSY)}
    async with (
        office.outside(engaged) as outside,
        office.caller("601", tone_hz=CALLER) as caller,
    ):
        await hears_music(caller)
        key = (await office.only_call()).key
        await caller.press("3")
        await outside.called(PARTNER, timeout_s=5)
        await office.waiting("sales", 1)
        assert (await office.only_call()).key == key
        await hears_music(caller)
        async with office.at_work("ana") as ana:
            await ana.until_hears(CALLER, within_s=5)
            await caller.hang_up()
    assert (await reason(office))[0] == "answered"


async def test_agents_answer_cuts_the_message_that_is_being_said(office: OfficeFloor) -> None:
    office.tone_prompt("long", SAID, seconds=20)
    message = {"kind": "prompt", "prompt": "long", "first_s": 0, "every_s": None}
    await office.set_queue("sales", messages=[message])
    async with (
        office.at_work("ana", Behaviour.MANUAL) as ana,
        office.caller("601", tone_hz=CALLER) as caller,
    ):
        await ana.rung(timeout_s=5)
        await caller.until_hears(SAID, within_s=4)
        await ana.answer()
        await asyncio.gather(
            ana.until_hears(CALLER, within_s=3), caller.until_hears(ANA, within_s=3)
        )
        await caller.hang_up()
    assert (await reason(office))[0] == "answered"


# ---- too long, too many ------------------------------------------------------------------------


async def test_caller_who_waited_too_long_overflows_with_the_age(office: OfficeFloor) -> None:
    """Before a caller who came to the other queue later, though earlier than the overflow."""
    await office.set_queue("sales", max_wait_s=2, on_max_wait=to("queue", "care"))
    async with office.caller("601", tone_hz=CALLER) as first:
        await hears_music(first)
        async with office.caller("602", tone_hz=SECOND) as second:
            await hears_music(second)
            await office.waiting("care", 2)
            async with office.at_work("dan") as dan:
                await dan.until_hears(CALLER, within_s=6)
                await first.hang_up()
                await dan.until_hears(SECOND, within_s=6)
                await second.hang_up()
    first_row, _ = await office.assert_clean(contacts=2)
    rows = [r for r in await office.rows(t.queue_visit) if r["contact_id"] == first_row["id"]]
    sales, care = sorted(rows, key=lambda row: int(str(row["enqueued_at"])))
    assert (sales["queue_id"], sales["outcome"], sales["overflow_to"]) == (
        "sales",
        "overflow",
        "queue:care",
    )
    waited_ms = int(str(sales["left_at"])) - int(str(sales["enqueued_at"]))
    assert 2_000 <= waited_ms <= 3_000
    assert (care["outcome"], care["key"]) == ("answered", sales["key"])


async def test_overflow_that_leads_back_ends_and_the_caller_goes_on_waiting(
    office: OfficeFloor,
) -> None:
    """sales sends on after 1 s to care, which is closed and sends to sales: once round, no more."""
    await office.set_queue("care", closed=True, on_closed=to("queue", "sales"))
    await office.set_queue("sales", max_wait_s=1, on_max_wait=to("queue", "care"))
    async with office.caller("601", tone_hz=CALLER) as caller:
        await hears_music(caller)

        async def been_round() -> bool:
            rows = [e for e in await office.rows(t.event) if e["kind"] == "VisitOpened"]
            return len(rows) == 2

        await until("the caller is back in sales", been_round, within_s=5)
        await caller.until_hears_other_sound(within_s=5, for_s=1.5)
        assert (await office.only_call()).state is CallState.WAITING
        async with office.at_work("ana") as ana:
            await ana.until_hears(CALLER, within_s=6)
            await caller.hang_up()
    assert (await reason(office))[0] == "answered"
    assert await office.visits() == [
        ("sales", "overflow", None),
        ("sales", "answered", "ana"),
    ]


async def test_full_queue_sends_the_next_caller_to_the_partner_outside(office: OfficeFloor) -> None:
    await office.set_queue("sales", max_length=1, on_full=to("number", PARTNER))
    async with (
        office.outside({PARTNER: Subscriber(tone_hz=OUTSIDER)}) as outside,
        office.caller("601", tone_hz=CALLER) as first,
    ):
        await hears_music(first)
        async with office.caller("601", tone_hz=SECOND) as second:
            call = await outside.called(PARTNER, timeout_s=5)
            await asyncio.gather(
                second.until_hears(OUTSIDER, within_s=5), call.until_hears(SECOND, within_s=5)
            )
            await office.waiting("sales", 1)
            await call.hang_up()
            assert await second.ended(timeout_s=3) is EndedBy.REMOTE
        await first.hang_up()
    rows = await office.assert_clean(contacts=2)
    assert [row["outcome"] for row in rows] == ["abandoned", "overflow"]


async def test_caller_for_whom_nobody_is_signed_in_is_sent_outside_at_once(
    office: OfficeFloor,
) -> None:
    await office.set_queue("sales", on_nobody=to("number", PARTNER))
    async with office.outside({PARTNER: Subscriber(tone_hz=OUTSIDER)}):
        # Signed in, but not for sales.
        async with office.at_work("dan"), office.caller("601", tone_hz=CALLER) as caller:
            await caller.until_hears(OUTSIDER, within_s=5)
            await caller.hang_up()
        async with office.at_work("ana"), office.caller("601", tone_hz=CALLER) as caller:
            await caller.until_hears(ANA, within_s=5)
            await caller.hang_up()
    rows = await office.assert_clean(contacts=2)
    assert [row["outcome"] for row in rows] == ["overflow", "answered"]


# ---- closed ------------------------------------------------------------------------------------


async def test_queue_closed_by_hand_says_so_to_new_callers_and_keeps_those_who_wait(
    office: OfficeFloor,
) -> None:
    texts = office.tone_text("Nous sommes fermés.", SAID)
    await office.set_queue("sales", on_closed=to("hang_up", None, texts))
    async with office.caller("601", tone_hz=CALLER) as waiting:
        await hears_music(waiting)
        await office.configure("POST", "/queues/sales/close")
        async with office.caller("601", tone_hz=SECOND) as late:
            await late.until_hears(SAID, within_s=5)
            assert await late.ended(timeout_s=4) is EndedBy.REMOTE
        async with office.at_work("ana") as ana:
            await ana.until_hears(CALLER, within_s=5)
            await waiting.hang_up()
    served_row, closed_row = await office.assert_clean(contacts=2)
    assert (served_row["outcome"], closed_row["outcome"]) == ("answered", "out_of_hours")
    assert (closed_row["ended_by"], closed_row["reason"]) == ("system", "closed")
    assert [visit[1] for visit in await office.visits()] == ["answered"]


async def test_exceptional_day_of_the_calendar_closes_the_queue_until_it_is_taken_away(
    office: OfficeFloor,
) -> None:
    today = datetime.now(ZoneInfo("Europe/Paris")).date().isoformat()
    calendar = {"name": "Bureau", "weekly": {"daily": "00:00-24:00"}}
    texts = office.tone_text("Nous sommes fermés.", SAID)
    await office.configure(
        "POST", "/calendars", json={"id": "office", **calendar, "special": {today: []}}
    )
    await office.set_queue("sales", calendar="office", on_closed=to("hang_up", None, texts))
    assert not (await office.queue_view("sales")).open
    async with office.at_work("ana") as ana:
        async with office.caller("601", tone_hz=SECOND) as late:
            await late.until_hears(SAID, within_s=5)
            assert await late.ended(timeout_s=4) is EndedBy.REMOTE
        assert ana.offers() == 0
        await office.configure("PUT", "/calendars/office", json=calendar)
        async with office.caller("601", tone_hz=CALLER) as caller:
            await caller.until_hears(ANA, within_s=6)
            await caller.hang_up()
    rows = await office.assert_clean(contacts=2)
    assert [row["outcome"] for row in rows] == ["out_of_hours", "answered"]


# ---- the floor dies ----------------------------------------------------------------------------


async def test_kill_9_while_a_caller_waits_the_music_and_messages_go_on_and_so_does_the_age(
    office: OfficeFloor,
) -> None:
    office.tone_prompt("patience", SAID)
    message = {"kind": "prompt", "prompt": "patience", "first_s": 1, "every_s": 5}
    await office.set_queue("sales", messages=[message])
    async with office.caller("601", tone_hz=CALLER) as caller:
        await caller.until_hears(SAID, within_s=5)
        before = await office.only_call()
        # In the middle of a message: music again, though nobody is there to ask for it.
        await office.kill()
        await office.start()
        await caller.until_hears_other_sound(within_s=5)
        after = await office.only_call()
        assert (after.id, after.key, after.order) == (before.id, before.key, before.order)
        await caller.until_hears(SAID, within_s=10)
        async with office.at_work("ana") as ana:
            await ana.until_hears(CALLER, within_s=6)
            await caller.hang_up()
    assert (await reason(office))[0] == "answered"
    assert await office.visits() == [("sales", "answered", "ana")]
