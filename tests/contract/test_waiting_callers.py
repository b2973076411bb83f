"""Those who wait, on the real switch: closed doors, keys, messages, voicemail and callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from acd import announcing
from acd.config import (
    CallbackMode,
    CallbackPolicy,
    MessageKind,
    Outside,
    VoicemailPolicy,
    WaitMessage,
)
from acd.model import AgentState, QueueId, SkillId, SkillLevel, Target, TargetKind
from ivr.model import DEFAULT_VOICES, media_hash
from ivr.speech import FOLDER
from plateau.settings import Settings
from store import config as store_config
from store import tables as t
from store.rows import QueueRow
from switch.model import RunningSwitch
from tests.contract.conftest import settings_for
from tests.contract.harness import Behaviour, Subscriber
from tests.contract.real_floor import RealFloor, harness_site
from tests.waiting import until

pytestmark = pytest.mark.contract

CALLER, ANA, OUTSIDER = 450, 1000, 1250
CUSTOMER, PARTNER = "+33612345678", "+33140000099"


def _queue(name: str, skill: str, **more: object) -> QueueRow:
    row = QueueRow(QueueId(name), name.title(), (SkillLevel(SkillId(skill), 5),), ring_s=5)
    return msgspec.structs.replace(row, recorded=False, **more)


QUEUES = (
    _queue(
        "sales",
        "sales",
        exits={
            "1": Target(TargetKind.CALLBACK),
            "2": Target(TargetKind.VOICEMAIL),
            "3": Target(TargetKind.NUMBER, PARTNER),
        },
        messages=(WaitMessage(MessageKind.POSITION, first_s=2, every_s=None),),
        callback=CallbackPolicy(attempts=2, retry_s=1, ring_s=5),
        voicemail=VoicemailPolicy(longest_s=20, silence_s=3),
    ),
    _queue(
        "support",
        "support",
        exits={"1": Target(TargetKind.CALLBACK)},
        callback=CallbackPolicy(CallbackMode.CUSTOMER_FIRST, attempts=2, retry_s=1, ring_s=5),
    ),
)


@pytest.fixture
async def desk(
    base_settings: Settings, real_switch: RunningSwitch, tmp_path: Path
) -> AsyncIterator[RealFloor]:
    """A floor whose queues offer everything to those who wait, with its words audible."""
    settings = settings_for(base_settings, real_switch, tmp_path, None)
    workdir = tmp_path / "sipp"
    workdir.mkdir()
    site = harness_site(settings.effective_rootfs, workdir, settings.sip_port)
    async with RealFloor(settings, site) as made:
        await made.seed({"ana": {"sales": 5, "support": 5}}, QUEUES)
        async with made.store.begin() as conn:
            await store_config.write_outside(conn, Outside(("+33",), None))
        await made.start()
        await until("the floor's own words are audible", lambda: _audible(settings), within_s=30)
        yield made


async def _audible(settings: Settings) -> bool:
    assert settings.sounds is not None
    ours = (announcing.CLOSED, announcing.GREETING, announcing.MESSAGE_KEYS, announcing.CALLED_BACK)
    hashes = [media_hash("fr", DEFAULT_VOICES["fr"], texts["fr"]) for texts in ours]
    return all((settings.sounds / FOLDER / f"{each}.wav").exists() for each in hashes)


async def _stands(floor: RealFloor, name: str) -> bool:
    """Whether a callback or a message has its place in the queue."""
    view = await floor.queue_view(name)
    return (view.callbacks, view.messages) in ((0, 1), (1, 0))


async def _outcomes(floor: RealFloor, count: int) -> list[tuple[object, object]]:
    rows = await floor.contacts(count, within_s=20)
    return [(row["kind"], row["outcome"]) for row in rows]


async def test_a_message_left_by_a_caller_is_played_to_an_agent_who_may_hear_it_again(
    desk: RealFloor,
) -> None:
    async with desk.caller("601", tone_hz=CALLER, number=CUSTOMER) as caller:
        await caller.answered()
        await desk.waiting("sales", 1)
        await caller.press("2")
        await caller.until_hears_other_sound(within_s=3)
        await caller.press("#")
        await asyncio.sleep(3)
        await caller.hang_up()
    await until("the message waits", lambda: _stands(desk, "sales"), within_s=10)
    async with desk.agent("ana", tone_hz=ANA) as ana:
        await ana.answered()
        await ana.until_hears(CALLER, within_s=5)
        await ana.until_hears_other_sound(within_s=8)
        await ana.press("1")
        await ana.until_hears(CALLER, within_s=5)
        await ana.hang_up()
        await desk.agent_is("ana", AgentState.READY)
    assert await _outcomes(desk, 2) == [("inbound", "voicemail"), ("voicemail", "answered")]
    (recording,) = await desk.kept_recordings(1)
    assert recording["lost_at"] is None
    assert 2_000 < int(str(recording["duration_ms"])) < 4_500
    await desk.assert_clean(contacts=2)


async def test_silence_leaves_no_message(desk: RealFloor) -> None:
    async with desk.caller("601", tone_hz=CALLER, number=CUSTOMER) as caller:
        await caller.answered()
        await desk.waiting("sales", 1)
        await caller.press("2")
        await caller.until_hears_other_sound(within_s=3)
        await caller.hold()
        await caller.ended(timeout_s=25)
    assert await _outcomes(desk, 1) == [("inbound", "overflow")]
    await desk.assert_clean()


async def test_a_callback_rings_the_agent_then_the_customer_and_both_talk(desk: RealFloor) -> None:
    async with desk.caller("601", tone_hz=CALLER, number=CUSTOMER) as caller:
        await caller.answered()
        await desk.waiting("sales", 1)
        await caller.press("1")
        await caller.ended(timeout_s=10)
    async with (
        desk.outside({CUSTOMER: Subscriber(tone_hz=OUTSIDER)}) as outside,
        desk.agent("ana", tone_hz=ANA) as ana,
    ):
        await ana.answered()
        customer = await outside.called(CUSTOMER, timeout_s=5)
        await customer.answered()
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), customer.until_hears(ANA, within_s=5)
        )
        await customer.hang_up()
        await desk.agent_is("ana", AgentState.READY)
    assert await _outcomes(desk, 2) == [("inbound", "callback"), ("callback", "answered")]
    await desk.assert_clean(contacts=2)


async def test_a_customer_who_is_engaged_is_called_again(desk: RealFloor) -> None:
    async with desk.caller("601", tone_hz=CALLER, number=CUSTOMER) as caller:
        await caller.answered()
        await desk.waiting("sales", 1)
        await caller.press("1")
        await caller.ended(timeout_s=10)
    engaged = Subscriber(behaviour=Behaviour.BUSY)
    async with desk.outside({CUSTOMER: engaged}) as outside, desk.agent("ana", tone_hz=ANA) as ana:
        await ana.answered()
        await outside.called(CUSTOMER, timeout_s=5)
        await ana.ended()
        outside.subscribe(CUSTOMER, Subscriber(tone_hz=OUTSIDER))
        await ana.rung()
        await ana.answered()
        customer = await outside.called(CUSTOMER, timeout_s=5)
        await customer.until_hears(ANA, within_s=5)
        await customer.hang_up()
    rows = [row for row in await desk.rows(t.contact) if row["kind"] == "callback"]
    assert len(rows) == 1
    await desk.assert_clean(contacts=2)


async def test_a_customer_called_first_waits_for_the_agent_who_then_rings(desk: RealFloor) -> None:
    async with desk.caller("602", tone_hz=CALLER, number=CUSTOMER) as caller:
        await caller.answered()
        await desk.waiting("support", 1)
        await caller.press("1")
        await caller.ended(timeout_s=10)
    await until("the callback waits", lambda: _stands(desk, "support"), within_s=10)
    async with (
        desk.outside({CUSTOMER: Subscriber(tone_hz=OUTSIDER)}) as outside,
        desk.agent("ana", tone_hz=ANA, behaviour=Behaviour.MANUAL) as ana,
    ):
        customer = await outside.called(CUSTOMER, timeout_s=5)
        await customer.answered()
        await ana.rung()
        await customer.until_hears_other_sound(within_s=5)
        await ana.answer()
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), customer.until_hears(ANA, within_s=5)
        )
        await ana.hang_up()
        await customer.ended()
    assert await _outcomes(desk, 2) == [("inbound", "callback"), ("callback", "answered")]
    await desk.assert_clean(contacts=2)


async def test_a_key_leads_outside_and_the_caller_hears_it_ring(desk: RealFloor) -> None:
    partner = Subscriber(tone_hz=OUTSIDER, ring_ms=1500)
    async with (
        desk.outside({PARTNER: partner}) as outside,
        desk.caller("601", tone_hz=CALLER, number=CUSTOMER) as caller,
    ):
        await caller.answered()
        await desk.waiting("sales", 1)
        await caller.press("3")
        call = await outside.called(PARTNER, timeout_s=5)
        await call.answered()
        await asyncio.gather(
            caller.until_hears(OUTSIDER, within_s=5), call.until_hears(CALLER, within_s=5)
        )
        await call.hang_up()
        await caller.ended()
    assert await _outcomes(desk, 1) == [("inbound", "overflow")]
    await desk.assert_clean()


async def test_a_message_is_cut_by_the_agents_answer(desk: RealFloor) -> None:
    async with (
        desk.agent("ana", tone_hz=ANA, behaviour=Behaviour.MANUAL) as ana,
        desk.caller("601", tone_hz=CALLER, number=CUSTOMER) as caller,
    ):
        await ana.rung()
        await asyncio.sleep(2.5)
        await ana.answer()
        await asyncio.gather(
            ana.until_hears(CALLER, within_s=3), caller.until_hears(ANA, within_s=3)
        )
        await caller.hang_up()
    assert await _outcomes(desk, 1) == [("inbound", "answered")]
    await desk.assert_clean()


async def test_a_closed_queue_says_so_and_hangs_up(desk: RealFloor) -> None:
    async with desk.store.begin() as conn:
        row = await store_config.get_queue(conn, "sales")
        await store_config.update_queue(conn, msgspec.structs.replace(row, closed=True))
    await desk.reload()
    async with desk.caller("601", tone_hz=CALLER, number=CUSTOMER) as caller:
        await caller.until_hears_other_sound(within_s=3)
        await caller.ended(timeout_s=15)
    assert await _outcomes(desk, 1) == [("inbound", "out_of_hours")]
    await desk.assert_clean()
