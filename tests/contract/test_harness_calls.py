"""The harness's phones against real Asterisk: transfers, second calls, the outside, many tones.

What a contract test will rely on must be so: each thing a party claims to do is seen at another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from plateau.settings import Settings
from plateau.where import switch_config
from switch.model import RunningSwitch, SwitchConfig
from tests.contract.harness import (
    Account,
    Behaviour,
    Direction,
    EndedBy,
    HarnessError,
    HarnessTimeout,
    SippAgent,
    SippCaller,
    SippOutside,
    Site,
    Subscriber,
)
from tests.contract.harness_ground import extensions, make_phone
from tests.contract.real_floor import OUTSIDE_PORT, harness_site

pytestmark = pytest.mark.contract

ANA, BEA, CLEO = (Account(f"hx-{name}", f"{name}-secret") for name in ("ana", "bea", "cleo"))
ANSWERS, BUSY, DECLINES, RINGS, SHORT, UNKNOWN = (f"+3314000009{digit}" for digit in range(6))
_MODULES = (
    "app_echo",
    "app_dial",
    "app_read",
    "app_playtones",
    "app_stack",
    "app_senddtmf",
    "app_chanspy",
    "res_musiconhold",
)
_DIALPLAN = {
    **{account.user: [f"Dial(PJSIP/{account.user},8)", "Hangup()"] for account in (ANA, BEA, CLEO)},
    "hx-echo": ["Answer()", "Echo()"],
    "hx-both": ["Dial(PJSIP/hx-ana&PJSIP/hx-bea,8)", "Hangup()"],
    "hx-auto": ["Dial(PJSIP/hx-ana,8,b(from-trunk^hx-header^1))", "Hangup()"],
    "hx-header": ["Set(PJSIP_HEADER(add,Call-Info)=<sip:x>;answer-after=0)", "Return()"],
    "hx-barge": ["Answer()", "ChanSpy(PJSIP/hx-ana,qB)", "Hangup()"],
    "hx-whisper": ["Answer()", "ChanSpy(PJSIP/hx-ana,qw)", "Hangup()"],
    "hx-send": ["Answer()", "Wait(0.2)", "SendDTMF(147#,50)", "Wait(5)", "Hangup()"],
    # 800 Hz says that exactly these digits were understood; others end the call at once.
    "hx-early": [
        "Progress()",
        "Read(GOT,,3,n,1,8)",
        'GotoIf($["${GOT}"="159"]?4:5)',
        "Answer()",
        "PlayTones(800)",
        "Wait(2)",
        "Hangup()",
    ],
    "*77": [
        "Answer()",
        "Read(PIN,,4,,1,8)",
        'GotoIf($["${PIN}"="2580"]?5)',
        "Hangup(21)",
        "PlayTones(800)",
        "Wait(5)",
        "Hangup()",
    ],
    **{
        f"hx-out{number}": [f"Dial(PJSIP/{number}@trunk,8)", "Hangup(${HANGUPCAUSE})"]
        for number in (ANSWERS, BUSY, DECLINES, RINGS, SHORT, UNKNOWN)
    },
}


@pytest.fixture(scope="module")
def config(base_settings: Settings) -> SwitchConfig:
    return switch_config(base_settings)


@pytest.fixture(scope="module")
def dialplan(real_switch: RunningSwitch, config: SwitchConfig) -> Iterator[None]:
    with extensions(config, _DIALPLAN, _MODULES):
        yield


@pytest.fixture
async def site(
    dialplan: None, real_switch: RunningSwitch, base_settings: Settings, tmp_path: Path
) -> Site:
    for account, method in ((ANA, "invite"), (BEA, "invite"), (CLEO, "update")):
        await make_phone(real_switch, account, connected_line_method=method)
    workdir = tmp_path / "sipp"
    workdir.mkdir()
    return harness_site(base_settings.effective_rootfs, workdir, base_settings.sip_port)


@pytest.fixture
async def outside(site: Site) -> AsyncIterator[SippOutside]:
    subscribers = {
        ANSWERS: Subscriber(tone_hz=1850, ring_ms=300),
        BUSY: Subscriber(behaviour=Behaviour.BUSY),
        DECLINES: Subscriber(behaviour=Behaviour.DECLINE),
        RINGS: Subscriber(behaviour=Behaviour.RING),
        SHORT: Subscriber(tone_hz=2200, talk_s=0.6),
    }
    async with SippOutside(site, subscribers, port=OUTSIDE_PORT) as made:
        yield made


def phone(site: Site, account: Account, tone_hz: int, **more: object) -> SippAgent:
    return SippAgent(
        site,
        user=account.user,
        password=account.password,
        tone_hz=tone_hz,
        **more,  # type: ignore[arg-type]
    )


# ---- hold, again and again ----


async def test_hold_and_resume_three_times_in_one_talk_with_each_direction(site: Site) -> None:
    async with (
        phone(site, ANA, 1000) as ana,
        SippCaller(site, dnis="hx-ana", tone_hz=450) as caller,
    ):
        await ana.answered()
        await caller.until_hears(1000, within_s=3)
        for direction in (Direction.SENDONLY, Direction.INACTIVE, Direction.SENDONLY):
            await ana.hold(direction)
            await caller.until_hears_other_sound(within_s=3)
            await ana.resume()
            await caller.until_hears(1000, within_s=3)
        sent = [m for m in ana.wire() if m.sent and m.method == "INVITE"]
        assert [m.body.rsplit("a=", 1)[1].strip() for m in sent] == [
            "sendonly", "sendrecv", "inactive", "sendrecv", "sendonly", "sendrecv",
        ]  # fmt: skip
        await ana.hang_up()
        assert await ana.ended() is EndedBy.LOCAL


async def test_a_party_held_by_the_other_answers_the_re_invite_and_stops_sending(
    site: Site,
) -> None:
    """Party against party, no switch between: the caller's re-INVITE reaches the other as it is."""
    async with (
        SippOutside(site, {"100": Subscriber(tone_hz=1850)}, port=OUTSIDE_PORT) as outside,
        SippCaller(site.toward(OUTSIDE_PORT), dnis="100", tone_hz=600) as caller,
    ):
        call = await outside.called("100")
        assert (call.number, call.invite.caller) == ("100", "+33140000001")
        await caller.until_hears(1850, within_s=3)
        await call.until_hears(600, within_s=3)
        await caller.hold()
        await caller.until_silent(within_s=2)
        await caller.resume()
        await caller.until_hears(1850, within_s=2)
        await call.hold(Direction.INACTIVE)
        await call.until_silent(within_s=2)
        await call.resume()
        await call.until_hears(600, within_s=2)
        assert call.offers_received() == ["sendonly", "sendrecv"]
        assert caller.offers_received() == ["inactive", "sendrecv"]
        answered = [m for m in call.wire() if m.sent and m.code == 200 and m.body]
        assert "a=recvonly" in answered[1].body
        await caller.hang_up()
        assert await call.ended() is EndedBy.REMOTE
        assert await caller.ended() is EndedBy.LOCAL


# ---- transfers that the phone starts ----


async def test_blind_refer_moves_the_caller_and_ends_the_phones_call(site: Site) -> None:
    async with (
        phone(site, ANA, 1000) as ana,
        phone(site, BEA, 1250) as bea,
        SippCaller(site, dnis="hx-ana", tone_hz=450) as caller,
    ):
        await ana.answered()
        await caller.until_hears(1000, within_s=3)
        transfer = await ana.refer("hx-bea")
        assert transfer.code == 202
        assert await transfer.finished(within_s=5) == 200
        assert transfer.statuses()[0] < 200
        await ana.ended()
        await bea.answered()
        await caller.until_hears(1250, within_s=3)
        await bea.until_hears(450, within_s=3)
        await caller.hang_up()
        assert await bea.ended() is EndedBy.REMOTE


async def test_refer_to_nobody_says_so_and_the_talk_goes_on(site: Site) -> None:
    async with phone(site, ANA, 1000) as ana, SippCaller(site, dnis="hx-ana") as caller:
        await ana.answered()
        await caller.until_hears(1000, within_s=3)
        transfer = await ana.refer("x")
        failed = transfer.code if transfer.code >= 300 else await transfer.finished(within_s=5)
        assert failed == 404
        if transfer.code >= 300:
            with pytest.raises(HarnessError, match="refused with 404"):
                await transfer.finished(within_s=1)
        await caller.until_hears(1000, within_s=3, for_s=0.6)


@pytest.mark.parametrize(
    ("target", "told_by"), [(BEA, "INVITE"), (CLEO, "UPDATE")], ids=["re-INVITE", "UPDATE"]
)
async def test_attended_refer_joins_the_caller_with_the_phones_second_call(
    site: Site, target: Account, told_by: str
) -> None:
    async with (
        phone(site, ANA, 1000) as ana,
        phone(site, target, 1250) as other,
        SippCaller(site, dnis="hx-ana", tone_hz=450) as caller,
    ):
        await ana.answered()
        await caller.until_hears(1000, within_s=3)
        await ana.hold()
        second = await ana.dial(target.user, tone_hz=800)
        await second.ringing()
        await second.answered()
        await second.until_hears(1250, within_s=3)
        await other.until_hears(800, within_s=3)
        await caller.until_hears_other_sound(within_s=3)
        transfer = await ana.refer_attended(second)
        assert transfer.code == 202
        assert await transfer.finished(within_s=5) == 200
        await caller.until_hears(1250, within_s=3)
        await other.until_hears(450, within_s=3)
        await ana.ended()
        await second.ended()
        # The switch tells the transferred phone whom it talks with now; the phone answers 200.
        await other.until_wire(lambda: len(other.callers_shown()) == 2, "the new caller", 2)
        assert other.callers_shown()[1] == "+33140000001"
        told = [m for m in other.wire() if m.method == told_by and not m.sent][-1]
        assert [m.code for m in other.wire() if m.sent and m.cseq == told.cseq][-1] == 200
        await other.until_hears(450, within_s=2)


# ---- what the phone dials ----


async def test_phone_dials_a_code_presses_its_pin_and_hears_the_answer(site: Site) -> None:
    async with phone(site, ANA, 1000) as ana:
        for pin, understood in (("2580", True), ("1111", False)):
            call = await ana.dial("*77")
            await call.answered()
            await call.press(pin)
            if understood:
                await call.until_hears(800, within_s=3)
                await call.hang_up()
                assert await call.ended() is EndedBy.LOCAL
            else:
                assert await call.ended() is EndedBy.REMOTE


async def test_refusal_and_giving_up_of_what_the_phone_dialled(site: Site) -> None:
    async with phone(site, ANA, 1000) as ana, phone(site, BEA, 1250, behaviour=Behaviour.RING):
        nobody = await ana.dial("x")
        assert await nobody.refused() == 484  # longer numbers would be known
        ringing = await ana.dial("hx-bea")
        await ringing.ringing()
        with pytest.raises(HarnessError, match="was not answered"):
            await ringing.press("1")
        await ringing.hang_up()
        assert await ringing.ended() is EndedBy.CANCEL


async def test_one_phone_takes_and_makes_many_calls_one_after_another(site: Site) -> None:
    async with phone(site, ANA, 1000) as ana:
        for number in range(4):
            async with SippCaller(site, dnis="hx-ana", caller=f"+3360000000{number}") as caller:
                await ana.rung()
                assert ana.invite.caller == f"+3360000000{number}"
                await ana.answered()
                await caller.until_hears(1000, within_s=3, for_s=0.1)
                await caller.hang_up()
                assert await ana.ended() is EndedBy.REMOTE
            for _ in range(3):
                call = await ana.dial("hx-echo")
                await call.until_hears(1000, within_s=3, for_s=0.1)
                await call.hang_up()
                assert await call.ended() is EndedBy.LOCAL
        assert ana.offers() == 4


# ---- what an INVITE and a CANCEL say ----


async def test_auto_answer_phone_answers_only_when_asked_to(site: Site) -> None:
    async with phone(site, ANA, 1000, behaviour=Behaviour.AUTO) as ana:
        async with SippCaller(site, dnis="hx-auto") as caller:
            rung_s = await ana.rung()
            assert await ana.answered() - rung_s < 0.5
            assert ana.invite.header("Call-Info") == "<sip:x>;answer-after=0"
            await caller.until_hears(1000, within_s=3)
            await caller.hang_up()
            await ana.ended()
        async with SippCaller(site, dnis="hx-ana") as caller:
            await ana.rung()
            assert ana.invite.header("Call-Info") is None
            with pytest.raises(HarnessTimeout):
                await ana.answered(timeout_s=0.6)
            await ana.answer()
            await ana.answered()
            await caller.until_hears(1000, within_s=3)


async def test_cancel_says_that_another_phone_answered(site: Site) -> None:
    async with (
        phone(site, ANA, 1000, ring_ms=300) as ana,
        phone(site, BEA, 1250, behaviour=Behaviour.RING) as bea,
        SippCaller(site, dnis="hx-both") as caller,
    ):
        await bea.rung()
        await ana.answered()
        assert await bea.ended() is EndedBy.CANCEL
        assert "completed elsewhere" in (bea.cancel_reason() or "")
        await caller.until_hears(1000, within_s=3)
        with pytest.raises(HarnessError, match="no CANCEL"):
            ana.cancel_reason()


# ---- many at once ----


async def test_three_in_one_talk_each_hear_both_others_and_not_themselves(site: Site) -> None:
    async with (
        phone(site, ANA, 1000) as ana,
        phone(site, BEA, 1250) as bea,
        SippCaller(site, dnis="hx-ana", tone_hz=450) as caller,
    ):
        await caller.until_hears(1000, within_s=3)
        third = await bea.dial("hx-barge", tone_hz=1500)
        await caller.until_hears_all([1500, 1000], within_s=4)
        await ana.until_hears_all([450, 1500], within_s=4)
        await third.until_hears_all([450, 1000], within_s=4)
        await caller.never_hears(450, 600, for_s=0.6)
        with pytest.raises(HarnessError, match="heard 1500 Hz"):
            await caller.never_hears(1500, for_s=0.4)
        now_s = caller.now_s()
        assert {one.hz for one in caller.tones_together(now_s - 0.5)} == {1000, 1500}
        await third.hang_up()
        await caller.until_hears(1000, within_s=3)
        await caller.never_hears(1500, for_s=0.5)


async def test_whisper_is_heard_by_the_agent_and_never_by_the_caller(site: Site) -> None:
    async with (
        phone(site, ANA, 1000) as ana,
        SippCaller(site, dnis="hx-ana", tone_hz=450) as caller,
    ):
        await caller.until_hears(1000, within_s=3)
        async with SippCaller(site, dnis="hx-whisper", tone_hz=2200) as supervisor:
            await ana.until_hears_all([450, 2200], within_s=4)
            await supervisor.until_hears_all([450, 1000], within_s=4)
            await caller.never_hears(2200, for_s=0.8)
            await caller.until_hears(1000, within_s=1)


async def test_never_hears_proves_nothing_without_sound(site: Site) -> None:
    async with SippCaller(site, dnis="hx-echo", tone_hz=None) as caller:
        await caller.answered()
        await caller.hang_up()
        await caller.ended()
        with pytest.raises(HarnessError, match="too few to prove"):
            await caller.never_hears(1000, for_s=0.3)
        await caller.never_hears(1000, for_s=0.3, even_if_quiet=True)


# ---- digits ----


async def test_digits_received_and_digits_before_the_answer(site: Site) -> None:
    async with SippCaller(site, dnis="hx-send") as caller:
        await caller.until_digits("147#", within_s=4)
        assert caller.digits() == "147#"
    async with SippCaller(site, dnis="hx-early") as caller:
        await caller.early()
        await caller.press("159")
        await caller.answered()
        await caller.until_hears(800, within_s=3)


async def test_digits_pass_between_parties_in_talk(site: Site) -> None:
    async with phone(site, ANA, 1000) as ana, SippCaller(site, dnis="hx-ana") as caller:
        await caller.until_hears(1000, within_s=3)
        await caller.press("12")
        await ana.until_digits("12", within_s=2)
        await ana.press("#9")
        await caller.until_digits("#9", within_s=2)
        assert (ana.digits(), caller.digits()) == ("12", "#9")


# ---- the outside world ----


async def test_outside_answers_rings_is_busy_declines_or_is_unknown(
    site: Site, outside: SippOutside
) -> None:
    async with phone(site, ANA, 1000) as ana:
        for number, code in ((BUSY, 486), (DECLINES, 603), (UNKNOWN, 404)):
            refused = await ana.dial(f"hx-out{number}")
            assert await refused.refused() >= 400
            call = await outside.called(number)
            assert await call.refused() == code
        ringing = await ana.dial(f"hx-out{RINGS}")
        call = await outside.called(RINGS)
        await ringing.ringing()
        await ringing.hang_up()
        assert await call.ended() is EndedBy.CANCEL
        short = await ana.dial(f"hx-out{SHORT}")
        call = await outside.called(SHORT)
        answered_s = await call.answered()
        assert await call.ended() is EndedBy.LOCAL
        assert await short.ended() is EndedBy.REMOTE
        assert short.bye_reason() is not None
        ended_s = next(e.at_s for e in outside.sipp.events[::-1] if e.name == "ended")
        assert 0.5 < ended_s - answered_s < 1.2
        assert outside.numbers_called() == [BUSY, DECLINES, UNKNOWN, RINGS, SHORT]


async def test_two_calls_to_one_outside_number_have_sounds_of_their_own(
    site: Site, outside: SippOutside
) -> None:
    async with (
        SippCaller(site, dnis=f"hx-out{ANSWERS}", caller="+33140000021", tone_hz=450) as one,
        SippCaller(site, dnis=f"hx-out{ANSWERS}", caller="+33140000022", tone_hz=600) as two,
    ):
        calls = {}
        for _ in range(2):
            call = await outside.called(ANSWERS)
            calls[call.invite.caller] = call
        await one.until_hears(1850, within_s=4)
        await two.until_hears(1850, within_s=4)
        await calls["+33140000021"].until_hears(450, within_s=3)
        await calls["+33140000022"].until_hears(600, within_s=3)
        await calls["+33140000022"].never_hears(450, for_s=0.4)
        await one.press("5")
        await calls["+33140000021"].until_digits("5", within_s=2)
        await calls["+33140000022"].press("6")
        await two.until_digits("6", within_s=2)
        assert calls["+33140000022"].digits() == ""
        await calls["+33140000021"].hang_up()
        assert await one.ended() is EndedBy.REMOTE
        await two.until_hears(1850, within_s=2)
