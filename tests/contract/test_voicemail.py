"""Messages that callers leave: kept, listed, given to agents, on real Asterisk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from acd.model import AgentState
from tests.contract.harness import EndedBy, SippCaller, Subscriber, wav_tones
from tests.contract.office import OfficeFloor
from tests.contract.team import ANA, CALLER, CUSTOMER, OUTSIDER, SECOND
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

GREETING = 2200
"""What the greeting sounds like (Hz)."""

SPOKEN_S = 1.6
"""How long a caller speaks; a second at least makes a message."""

HEARD_S = 5.0
"""Who has listened to a message for so long has heard it."""


async def takes_messages(office: OfficeFloor, **fields: object) -> None:
    """The queue takes messages from now on, when a caller presses 2."""
    greeting = office.tone_text("Parlez après le signal.", GREETING, seconds=0.6)
    policy = {"greeting": greeting, "longest_s": 20, "silence_s": 3}
    exits = {"2": {"kind": "voicemail"}}
    await office.set_queue("sales", voicemail=policy, exits=exits, **fields)


async def is_recorded(caller: SippCaller) -> None:
    """The caller has been greeted, and what they say is being recorded from about now on."""
    await caller.until_hears(GREETING, within_s=5)
    await caller.until_silent(within_s=3)


async def speaks(caller: SippCaller) -> None:
    """The caller's tone sounds for as long as a spoken message lasts."""
    await caller.until_past(caller.now_s() + SPOKEN_S)


async def message(office: OfficeFloor, state: str, number: str = CUSTOMER) -> dict[str, Any]:
    """The newest message from this number, once it is in this state."""
    found: list[dict[str, Any]] = []

    async def listed() -> bool:
        params = {"number": number, "state": state, "limit": 1}
        found[:] = (await office.rest("GET", "/voicemails", params=params)).json()["items"]
        return bool(found)

    await until(f"a message from {number} is {state}", listed)
    return found[0]


async def kinds(office: OfficeFloor, count: int) -> list[tuple[object, object]]:
    """(kind, outcome) of the contacts, by arrival."""
    return [(row["kind"], row["outcome"]) for row in await office.assert_clean(contacts=count)]


async def test_message_is_kept_listed_and_played_to_the_agent_it_is_routed_to(
    office: OfficeFloor, tmp_path: Path
) -> None:
    await takes_messages(office)
    async with office.caller("601", tone_hz=CALLER) as caller:
        await caller.until_hears_other_sound(within_s=5)
        await caller.press("2")
        await is_recorded(caller)
        await speaks(caller)
        await caller.press("#")
        await caller.until_hears_other_sound(within_s=6)
        await caller.hang_up()
    await office.stands("sales", messages=1)
    left = await message(office, "new")
    assert left["queue_id"] == "sales"
    assert SPOKEN_S * 1000 - 400 <= left["duration_ms"] <= SPOKEN_S * 1000 + 1_500
    sound = tmp_path / "message.wav"
    sound.write_bytes(
        (await office.rest("GET", f"/recordings/{left['recording_id']}/audio")).content
    )
    heard = {each.hz: each.seconds for each in wav_tones(sound)}
    assert heard[CALLER] >= SPOKEN_S * 0.8, heard
    async with office.at_work("ana") as ana:
        await ana.answered(timeout_s=5)
        await ana.until_hears(CALLER, within_s=5, for_s=1.0)
        await ana.until_hears_other_sound(within_s=6)
        await ana.press("1")
        await ana.until_hears(CALLER, within_s=5, for_s=1.0)
        await ana.hang_up()
        await office.agent_is("ana", AgentState.READY)
    assert await kinds(office, 2) == [("inbound", "voicemail"), ("voicemail", "answered")]
    done = await message(office, "done")
    assert (done["id"], done["agent_id"]) == (left["id"], "ana")


async def test_message_whose_agent_hangs_up_at_once_is_played_to_the_agent_again(
    office: OfficeFloor,
) -> None:
    await takes_messages(office, closed=True, on_closed={"kind": "voicemail"})
    async with office.caller("601", tone_hz=CALLER) as caller:
        await is_recorded(caller)
        await speaks(caller)
        await caller.hang_up()
    await office.stands("sales", messages=1)
    async with office.at_work("ana") as ana:
        await ana.answered(timeout_s=5)
        await ana.hang_up()
        assert (await message(office, "new"))["agent_id"] is None
        await ana.rung(timeout_s=10)
        await ana.until_hears(CALLER, within_s=5, for_s=1.0)
        await ana.until_hears_other_sound(within_s=8)
        await ana.hang_up()
        await office.agent_is("ana", AgentState.READY)
    assert (await message(office, "done"))["agent_id"] == "ana"


async def test_agent_who_hears_a_message_calls_its_sender_with_one_key(
    office: OfficeFloor,
) -> None:
    await takes_messages(office, closed=True, on_closed={"kind": "voicemail"})
    async with office.caller("601", tone_hz=CALLER) as caller:
        await is_recorded(caller)
        await speaks(caller)
        await caller.hang_up()
    await office.stands("sales", messages=1)
    async with (
        office.outside({CUSTOMER: Subscriber(tone_hz=OUTSIDER)}) as outside,
        office.at_work("ana") as ana,
    ):
        await ana.until_hears(CALLER, within_s=6)
        await ana.press("2")
        sender = await outside.called(CUSTOMER, timeout_s=5)
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), sender.until_hears(ANA, within_s=5)
        )
        await sender.hang_up()
        await office.agent_is("ana", AgentState.READY)
    assert await kinds(office, 2) == [("inbound", "voicemail"), ("voicemail", "answered")]


async def test_silence_leaves_no_message_and_rings_nobody(office: OfficeFloor) -> None:
    await takes_messages(office, closed=True, on_closed={"kind": "voicemail"})
    async with office.at_work("ana") as ana:
        async with office.caller("601", tone_hz=CALLER) as caller:
            await caller.until_hears(GREETING, within_s=5)
            await caller.hold()
            assert await caller.ended(timeout_s=15) is EndedBy.REMOTE
        assert await kinds(office, 1) == [("inbound", "out_of_hours")]
        assert ana.offers() == 0


async def test_kill_9_while_two_callers_speak_loses_neither_message(office: OfficeFloor) -> None:
    """One ends the message while the floor is away and is thanked as soon as it is back; the other
    speaks on and hangs up then.
    """
    await takes_messages(office, closed=True, on_closed={"kind": "voicemail"})
    numbers = "+33612000010", "+33612000011"
    async with office.caller("601", tone_hz=CALLER, number=numbers[0]) as first:
        await is_recorded(first)
        async with office.caller("601", tone_hz=SECOND, number=numbers[1]) as second:
            await is_recorded(second)
            await office.kill()
            await speaks(first)
            await first.press("#")
            await office.start()
            await first.until_hears_other_sound(within_s=5)
            await second.hang_up()
            assert await first.ended(timeout_s=8) is EndedBy.REMOTE
    await office.stands("sales", messages=2)
    for number in numbers:
        assert (await message(office, "new", number))["queue_id"] == "sales"
    async with office.at_work("ana") as ana:
        for hz in (CALLER, SECOND):
            await ana.rung(timeout_s=5)
            await ana.until_hears(hz, within_s=8)
            await ana.until_past(ana.now_s() + HEARD_S)
            await ana.hang_up()
        await office.agent_is("ana", AgentState.READY, within_s=8)
        assert sorted(await kinds(office, 4)) == [
            ("inbound", "voicemail"),
            ("inbound", "voicemail"),
            ("voicemail", "answered"),
            ("voicemail", "answered"),
        ]
