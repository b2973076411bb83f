"""The harness itself, against real Asterisk: what it claims to hear, press and send must be so.

The extensions are put into the running dialplan by console, for these tests only.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from plateau.settings import Settings
from plateau.where import switch_config
from switch.model import RunningSwitch, SwitchConfig
from tests.contract.harness import (
    Account,
    Behaviour,
    CallPlan,
    EndedBy,
    HarnessTimeout,
    Pattern,
    SippAgent,
    SippCaller,
    SippFailed,
    SippFleet,
    SippLoad,
    Site,
    arrivals,
    register,
    register_refused,
    unregister,
)
from tests.contract.harness_ground import extensions, make_phone
from tests.contract.real_floor import harness_site

pytestmark = pytest.mark.contract

_APPS = ("app_echo", "app_dial", "app_read", "app_playtones", "res_musiconhold")
_DIALPLAN = {
    "hx-echo": ["Answer()", "Echo()"],
    "hx-music": ["Answer()", "MusicOnHold()"],
    # 800 Hz says that exactly these digits were understood; others end the call at once.
    "hx-digits-159": [
        "Answer()",
        "Read(GOT,,3,,1,8)",
        'GotoIf($["${GOT}"="159"]?5)',
        "Hangup(21)",
        "PlayTones(800)",
        "Wait(1)",
        "Hangup()",
    ],
    "hx-busy": ["Hangup(17)"],
    "hx-ring": ["Ringing()", "Wait(60)"],
    "hx-ana": ["Dial(PJSIP/hx-ana,8)", "Hangup(${HANGUPCAUSE})"],
    **{f"hx-f{number}": [f"Dial(PJSIP/hx-f{number},8)", "Hangup()"] for number in range(1, 10)},
    "hx-bea": ["Dial(PJSIP/hx-bea,8)", "Hangup(${HANGUPCAUSE})"],
}


@pytest.fixture(scope="module")
def config(base_settings: Settings) -> SwitchConfig:
    return switch_config(base_settings)


@pytest.fixture(scope="module")
def dialplan(real_switch: RunningSwitch, config: SwitchConfig) -> Iterator[None]:
    """The test's extensions, and the applications they need, taken out again afterwards."""
    with extensions(config, _DIALPLAN, _APPS):
        yield


@pytest.fixture
async def site(dialplan: None, base_settings: Settings, tmp_path: Path) -> Site:
    workdir = tmp_path / "sipp"
    workdir.mkdir()
    return harness_site(base_settings.effective_rootfs, workdir, base_settings.sip_port)


ANA = Account("hx-ana", "ana-secret")
BEA = Account("hx-bea", "bea-secret")


async def test_echo_returns_the_callers_own_tone_without_gaps(site: Site) -> None:
    async with SippCaller(site, dnis="hx-echo", tone_hz=600) as caller:
        await caller.answered()
        heard_at_s = await caller.until_hears(600, within_s=3)
        await caller.until_hears(600, within_s=3, for_s=1.0)
        assert caller.audio.longest_gap_s(heard_at_s) < 0.2
        assert not caller.hears_now(1000)
        with pytest.raises(HarnessTimeout, match="did not hear 1000 Hz"):
            await caller.until_hears(1000, within_s=0.3)
        await caller.hang_up()
        assert await caller.ended() is EndedBy.LOCAL
    assert [one.hz for one in caller.tones(heard_at_s, heard_at_s + 0.5)] == [600]


async def test_music_is_told_from_tones(site: Site) -> None:
    async with SippCaller(site, dnis="hx-music") as caller:
        await caller.answered()
        await caller.until_hears_other_sound(within_s=5)
        assert caller.tones() == []


async def test_asterisk_understands_the_digits(site: Site) -> None:
    async with SippCaller(site, dnis="hx-digits-159") as caller:
        await caller.answered()
        await caller.press("159")
        await caller.until_hears(800, within_s=4)
        assert await caller.ended(timeout_s=8) is EndedBy.REMOTE


async def test_hanging_up_before_the_answer_cancels(site: Site) -> None:
    async with SippCaller(site, dnis="hx-ring") as caller:
        await caller.ringing()
        await caller.hang_up()
        assert await caller.ended() is EndedBy.CANCEL


async def test_refusal_is_seen_and_is_a_failure_when_an_answer_was_expected(site: Site) -> None:
    async with SippCaller(site, dnis="hx-busy", expect_refusal=True) as caller:
        assert await caller.refused() == 486
    async with SippCaller(site, dnis="hx-busy") as caller:
        with pytest.raises(SippFailed, match="486"):
            await caller.answered()


async def test_registration_accepted_and_forbidden(site: Site, real_switch: RunningSwitch) -> None:
    await make_phone(real_switch, ANA)
    await register(site, ANA)
    await unregister(site, ANA)
    assert await register_refused(site, Account(ANA.user, "wrong")) in (401, 403)
    with pytest.raises(SippFailed):
        await register(site, Account(ANA.user, "wrong"))


async def test_agent_and_caller_hear_each_other_hold_and_resume(
    site: Site, real_switch: RunningSwitch
) -> None:
    await make_phone(real_switch, ANA)
    async with (
        SippAgent(site, user=ANA.user, password=ANA.password, tone_hz=1000) as agent,
        SippCaller(site, dnis="hx-ana", tone_hz=450) as caller,
    ):
        await agent.answered()
        await caller.answered()
        await caller.until_hears(1000, within_s=3)
        await agent.until_hears(450, within_s=3)
        await agent.hold()
        await caller.until_hears_other_sound(within_s=4)
        await agent.resume()
        await caller.until_hears(1000, within_s=3)
        await agent.hang_up()
        assert await agent.ended() is EndedBy.LOCAL
        assert await caller.ended() is EndedBy.REMOTE
        assert agent.offers() == 1


async def test_agents_that_do_not_answer(site: Site, real_switch: RunningSwitch) -> None:
    await make_phone(real_switch, BEA)
    for behaviour, code in ((Behaviour.BUSY, 486), (Behaviour.DECLINE, 603)):
        async with (
            SippAgent(site, user=BEA.user, password=BEA.password, behaviour=behaviour) as agent,
            SippCaller(site, dnis="hx-bea", expect_refusal=True) as caller,
        ):
            assert await agent.refused() == code
            await caller.refused()
    async with (
        SippAgent(site, user=BEA.user, password=BEA.password, behaviour=Behaviour.RING) as agent,
        SippCaller(site, dnis="hx-bea") as caller,
    ):
        await agent.rung()
        await caller.ringing()
        await caller.hang_up()
        assert await caller.ended() is EndedBy.CANCEL
        assert await agent.ended() is EndedBy.CANCEL


async def test_a_phone_that_vanishes_goes_silent(site: Site, real_switch: RunningSwitch) -> None:
    await make_phone(real_switch, ANA)
    async with (
        SippAgent(site, user=ANA.user, password=ANA.password, behaviour=Behaviour.MANUAL) as agent,
        SippCaller(site, dnis="hx-ana") as caller,
    ):
        await agent.rung()
        await agent.answer()
        await caller.answered()
        await agent.answered()
        await caller.until_hears(1000, within_s=3)
        await agent.vanish()
        await caller.until_silent(within_s=3)
        await caller.hang_up()
        await caller.ended()


async def test_a_ring_given_up_meanwhile_does_not_silence_the_talk(
    site: Site, real_switch: RunningSwitch
) -> None:
    await make_phone(real_switch, ANA)
    async with (
        SippAgent(site, user=ANA.user, password=ANA.password, behaviour=Behaviour.MANUAL) as agent,
        SippCaller(site, dnis="hx-ana") as caller,
    ):
        await agent.rung()
        await agent.answer()
        await caller.until_hears(1000, within_s=3)
        async with SippCaller(site, dnis="hx-ana", caller="+33140000002") as other:
            await agent.rung()
            await other.hang_up()
            assert await other.ended() is EndedBy.CANCEL
        assert await agent.ended() is EndedBy.CANCEL
        ended_s = caller.now_s()
        await caller.until_past(ended_s + 0.95)
        assert caller.heard(1000, ended_s, ended_s + 0.9)
        await caller.hang_up()
        assert await caller.ended() is EndedBy.LOCAL


def test_sites_of_one_switch_share_their_ports(base_settings: Settings, tmp_path: Path) -> None:
    """A phone that vanished is rung for 32 s: no later test's phone may stand on its port."""
    ports = []
    for _ in range(2):
        site = harness_site(base_settings.effective_rootfs, tmp_path, base_settings.sip_port)
        ports += [site.sip_pool.take(), site.rtp_pool.take()]
        site.sip_pool.give_back(ports[-2])
        site.rtp_pool.give_back(ports[-1])
    assert len(set(ports)) == 4


async def test_a_fleet_serves_a_load_and_both_counts_agree(
    site: Site, real_switch: RunningSwitch
) -> None:
    accounts = [Account(f"hx-f{number}", f"secret{number}") for number in range(1, 10)]
    for account in accounts:
        await make_phone(real_switch, account)
    times = arrivals(4, 2.5, rng=random.Random(3), pattern=Pattern.EVEN)
    plan = [
        CallPlan(at_ms, f"hx-f{number % 9 + 1}", f"+336{number:08d}", hang_up_after_ms=400)
        for number, at_ms in enumerate(times)
    ]
    async with SippFleet(site, accounts, ring_ms=20) as fleet, SippLoad(site, plan) as load:
        await load.finished(timeout_s=20)
        load.check()
        figures = load.figures()
        assert (figures.planned, figures.answered, figures.failed) == (10, 10, 0)
        assert figures.ended_by_caller == load.counts().succeeded == 10
        assert figures.setup.n == 10
        assert fleet.count("answered") == 10


async def test_load_presses_digits_and_stops_when_told(site: Site) -> None:
    pressed = [CallPlan(n * 50, "hx-digits-159", "+331", "159", 400) for n in range(5)]
    waiting = [CallPlan(60_000 + n, "hx-echo", "+332") for n in range(5)]
    async with SippLoad(site, [*pressed, *waiting], tone_hz=450, tone_s=5) as load:
        await load.sipp.until(
            lambda: load.figures().ended_by_switch == 5, what="five ends", timeout_s=15
        )
        await load.stop()
        await load.finished(timeout_s=5)
        load.check()
        assert load.figures().skipped == 5
        # Digits not understood would have ended the call a second sooner (Hangup, cause 21).
        ends = {e.call_id: e.at_s for e in load.sipp.events if e.name == "ended"}
        starts = {e.call_id: e.at_s for e in load.sipp.events if e.name == "answered"}
        assert all(ends[call] - starts[call] > 2.0 for call in ends)
