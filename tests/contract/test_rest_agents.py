"""What agents do over REST, each by a token of their own, on calls with tones."""

from __future__ import annotations

import asyncio

import pytest

from acd.model import AgentState
from plateau.clock import Clock
from store import tables as t
from tests.contract.desks import Json
from tests.contract.harness import Behaviour, EndedBy, SippAgent, SippCaller, Subscriber
from tests.contract.harness.hearing import Hearing
from tests.contract.office import PARTNER, OfficeFloor
from tests.contract.people import SEAT, People
from tests.contract.team import (
    ANA,
    BOB,
    CALLER,
    CUSTOMER,
    FORBIDDEN_NUMBER,
    NUMBERS,
    OUTSIDER,
    all_hear,
    both_hear,
)
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

BOB_BY_ID = {"kind": "agent", "id": "bob"}
BOB_BY_NUMBER = {"kind": "agent", "id": NUMBERS["bob"]}
ANA_BY_NUMBER = {"kind": "agent", "id": NUMBERS["ana"]}
PARTNER_AS_WRITTEN = {"kind": "number", "id": "01 40 00 00 99"}
ANSWERS = {PARTNER: Subscriber(tone_hz=OUTSIDER), CUSTOMER: Subscriber(tone_hz=OUTSIDER)}
OTHER = "+33698765432"


async def talk(ana: SippAgent, caller: SippCaller) -> None:
    """Ana and the customer hear each other."""
    await both_hear(ana, ANA, caller, CALLER)


async def test_shift_on_a_seat_from_sign_in_to_sign_out(
    office: OfficeFloor, people: People
) -> None:
    ana = people.ana
    desk = SippAgent(office.site, user=SEAT, password=people.seat_secret, tone_hz=ANA)
    async with ana.watching() as screen, desk:
        await ana.act("sign-in", phone=SEAT, ready=False)
        await screen.shows_agent("ana", "paused")
        assert screen.agents["ana"]["phone"] == SEAT
        taken = await people.bob.refused("POST", "/agents/me/sign-in", phone=SEAT)
        assert taken == "phone-taken"
        unknown = await ana.refused("POST", "/agents/me/pause", 422, reason="golf")
        assert unknown == "unknown-pause-reason"
        await ana.act("ready")
        await screen.shows_agent("ana", "ready")
        async with office.caller("601", tone_hz=CALLER) as caller:
            await talk(desk, caller)
            await ana.act("pause", reason="lunch")
            await screen.shows("a pause to come", lambda s: s.agents["ana"]["after"] == "paused")
            assert screen.agents["ana"]["state"] == "talking"
            await talk(desk, caller)
            await caller.hang_up()
        await screen.shows_agent("ana", "paused")
        assert screen.agents["ana"]["reason"] == "lunch"
        await ana.act("ready")
        await screen.shows_agent("ana", "ready")
        await ana.act("sign-out")
        await screen.shows_agent("ana", "signed_out")
        assert set(screen.states) == {"ana"}
        assert screen.states["ana"][-4:] == ["talking", "paused", "ready", "signed_out"]
    await office.assert_clean()
    states = [(row["state"], row["reason"]) for row in await office.rows(t.agent_state)]
    assert ("paused", "lunch") in states
    assert await people.audit(ana) == []


async def test_hold_mute_keys_notes_and_words_during_a_call(
    office: OfficeFloor, people: People
) -> None:
    me = people.ana
    async with me.watching() as screen, office.in_talk() as (ana, caller):
        call = await screen.shows_call(state="talking", agent_id="ana")
        await me.act("call/hold")
        await caller.until_hears_other_sound(within_s=5)
        await screen.shows_call(id=call["id"], on_hold=True)
        assert await me.refused("POST", "/agents/me/call/hold") == "on-hold"
        await me.act("call/retrieve")
        await talk(ana, caller)
        await me.act("call/mute")
        await caller.until_silent(within_s=3)
        await ana.until_hears(CALLER, within_s=3)
        await screen.shows_call(id=call["id"], on_hold=False, muted=True)
        await me.act("call/unmute")
        await talk(ana, caller)
        await me.act("call/digits", digits="12*#9")
        await caller.until_digits("12*#9", within_s=4)
        await me.act("call/notes", text="Rappellera lundi.")
        await me.rest("PATCH", "/agents/me/call/data", json={"data": {"customer": "C-7"}})
        await screen.shows_call(id=call["id"], data={"customer": "C-7"})
        assert [c["id"] for c in (await me.read("/live/calls"))["items"]] == [call["id"]]
        assert (await people.bob.read("/live/calls"))["items"] == []
        await me.act("call/hang-up")
        assert await caller.ended() is EndedBy.REMOTE
        await ana.ended()
        await screen.shows("no call", lambda s: not s.calls)
        assert await me.refused("POST", "/agents/me/call/hold") == "no-call"
        (contact,) = await office.assert_clean()
    assert (contact["outcome"], contact["ended_by"]) == ("answered", "agent")
    detail = await me.read(f"/calls/{call['id']}")
    assert [(note["agent_id"], note["text"]) for note in detail["notes"]] == [
        ("ana", "Rappellera lundi.")
    ]
    assert detail["data"] == {"customer": "C-7"}
    assert await office.kinds("talk", "hold") == [("talk", "ana"), ("hold", "ana"), ("talk", "ana")]
    assert await people.audit(me) == []


async def test_call_given_away_by_id_and_by_short_number_and_taken_back(
    office: OfficeFloor, people: People
) -> None:
    me, bob = people.ana, people.bob
    async with (
        me.watching() as screen,
        office.at_work("cleo", Behaviour.RING) as cleo_phone,
        office.in_talk("ana") as (ana, caller),
    ):
        call = await screen.shows_call(agent_id="ana")
        async with office.at_work("bob") as bob_phone:
            await me.act("call/transfer", target=BOB_BY_ID)
            await both_hear(bob_phone, BOB, caller, CALLER)
            await screen.shows("the call gone", lambda s: call["id"] not in s.calls)
            await screen.shows_agent("ana", "ready")
            await bob.act("call/transfer", target=ANA_BY_NUMBER)
            await talk(ana, caller)
            assert await bob_phone.ended() is EndedBy.REMOTE
        await me.act("call/transfer", target={"kind": "agent", "id": "cleo"})
        await cleo_phone.rung()
        not_bobs = await bob.refused("POST", "/agents/me/call/take-back", call_id=call["id"])
        assert not_bobs == "not-yours"
        await me.act("call/take-back", call_id=call["id"])
        assert await cleo_phone.ended() is EndedBy.CANCEL
        await talk(ana, caller)
        await caller.hang_up()
        await office.assert_clean()
    assert await office.transfers() == [
        ("ana", "blind", "agent", "bob"),
        ("bob", "blind", "agent", "ana"),
        ("ana", "blind", "agent", "cleo"),
        ("ana", "taken_back", "agent", "ana"),
    ]


async def test_colleague_asked_and_left_then_asked_again_and_handed_the_customer(
    office: OfficeFloor, people: People
) -> None:
    me = people.ana
    async with (
        me.watching() as screen,
        office.in_talk("ana") as (ana, caller),
        office.at_work("bob") as bob,
    ):
        call = await screen.shows_call(agent_id="ana")

        async def only_bob_is_free() -> bool:
            colleagues = (await me.read("/live/colleagues"))["items"]
            return {c["id"] for c in colleagues if c["free"]} == {"bob"}

        await until("only bob is free among the colleagues", only_bob_is_free)
        consult = (await me.act("call/consult", target=BOB_BY_ID))["call_id"]
        await both_hear(ana, ANA, bob, BOB)
        await caller.until_hears_other_sound(within_s=5)
        await screen.shows_call(id=consult, parent_id=call["id"])
        await screen.shows_agent("ana", "consulting")
        await me.act("call/swap")
        await talk(ana, caller)
        await bob.until_hears_other_sound(within_s=5)
        await me.act("call/swap")
        await both_hear(ana, ANA, bob, BOB)
        await me.act("call/cancel-consult")
        assert await bob.ended() is EndedBy.REMOTE
        await talk(ana, caller)
        await office.agent_is("bob", AgentState.READY)
        assert await me.refused("POST", "/agents/me/call/complete") == "not-consulting"
        await me.act("call/consult", target=BOB_BY_NUMBER)
        await both_hear(ana, ANA, bob, BOB)
        await me.act("call/complete")
        await both_hear(bob, BOB, caller, CALLER)
        assert await ana.ended() is EndedBy.REMOTE
        await screen.shows("no call any more", lambda s: not s.calls)
        await people.bob.act("call/hang-up")
        assert await caller.ended() is EndedBy.REMOTE
        await office.assert_clean()
    assert await office.transfers() == [("ana", "warm", "agent", "bob")]


async def test_conference_of_three_that_one_is_let_go_of_and_that_another_leaves(
    office: OfficeFloor, people: People
) -> None:
    me = people.ana
    async with (
        me.watching() as screen,
        office.in_talk("ana") as (ana, caller),
        office.at_work("bob") as bob,
    ):
        everybody: list[tuple[Hearing, int]] = [(ana, ANA), (bob, BOB), (caller, CALLER)]
        await me.act("call/consult", target=BOB_BY_ID)
        await both_hear(ana, ANA, bob, BOB)
        await me.act("call/conference")
        await all_hear(everybody)
        await screen.shows_call(third=True)
        await me.act("call/drop-third")
        assert await bob.ended() is EndedBy.REMOTE
        await talk(ana, caller)
        assert await me.refused("POST", "/agents/me/call/leave-conference") == "no-conference"
        await office.agent_is("bob", AgentState.READY)
        await me.act("call/consult", target=BOB_BY_ID)
        await both_hear(ana, ANA, bob, BOB)
        await me.act("call/conference")
        await all_hear(everybody)
        await me.act("call/leave-conference")
        assert await ana.ended() is EndedBy.REMOTE
        await both_hear(bob, BOB, caller, CALLER)
        await caller.hang_up()
        await office.assert_clean()
    assert await office.transfers() == [("ana", "conference", "agent", "bob")]


async def test_agent_calls_a_colleague_and_a_number_outside_for_a_queue(
    office: OfficeFloor, people: People
) -> None:
    me = people.ana
    async with (
        me.watching() as screen,
        office.outside(ANSWERS) as outside,
        office.at_work("bob") as bob,
        office.at_work("ana") as ana,
    ):
        made = await me.act("calls", target=BOB_BY_NUMBER)
        await both_hear(ana, ANA, bob, BOB)
        await screen.shows_call(id=made["call_id"], kind="internal")
        await me.act("call/hang-up")
        assert await bob.ended() is EndedBy.REMOTE
        await ana.ended()
        await screen.shows_agent("ana", "ready")
        forbidden = {"kind": "number", "id": FORBIDDEN_NUMBER}
        refused = await me.refused("POST", "/agents/me/calls", 403, target=forbidden)
        assert refused == "destination-not-allowed"
        words = {"customer": "C-8"}
        made = await me.act("calls", target=PARTNER_AS_WRITTEN, queue_id="sales", data=words)
        partner = await outside.called(PARTNER)
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), partner.until_hears(ANA, within_s=5)
        )
        await screen.shows_call(id=made["call_id"], kind="manual", number=PARTNER, data=words)
        await me.act("call/hang-up")
        assert await partner.ended() is EndedBy.REMOTE
        first, second = await office.assert_clean(2)
    assert (first["kind"], second["kind"], second["outcome"]) == ("internal", "manual", "answered")
    assert outside.numbers_called() == [PARTNER]


async def test_wrap_up_asked_for_prolonged_and_used(office: OfficeFloor, people: People) -> None:
    me = people.ana
    dispositions = [{"code": "sold"}, {"code": "lost"}]
    await office.set_queue(
        "sales",
        wrap_up="optional",
        wrap_up_s=20,
        wrap_up_extension_s=30,
        dispositions=dispositions,
    )
    await office.set_queue("care", wrap_up="mandatory", dispositions=dispositions)
    async with me.watching() as screen, office.at_work("ana") as ana:
        async with office.caller("601", tone_hz=CALLER) as caller:
            await talk(ana, caller)
            early = await me.refused("POST", "/agents/me/wrap-up/extend")
            assert early == "not-in-wrap-up"
            await me.act("wrap-up")
            await caller.hang_up()
            await screen.shows_agent("ana", "wrap_up")
            until_at = screen.agents["ana"]["wrap_up_until"]
            await me.act("wrap-up/extend")
            await screen.shows(
                "a longer wrap-up",
                lambda s: s.agents["ana"]["wrap_up_until"] == until_at + 30_000,
            )
            again = await me.refused("POST", "/agents/me/wrap-up/extend")
            assert again == "already-extended"
            await me.act("call/notes", text="Après l'appel.")
            await me.act("call/disposition", code="lost", note="trop cher")
            await me.act("ready")
            await screen.shows_agent("ana", "ready")
        async with office.caller("602", tone_hz=CALLER) as caller:
            await talk(ana, caller)
            await caller.hang_up()
            await screen.shows(
                "a mandatory wrap-up", lambda s: s.agents["ana"]["wrap_up_mandatory"]
            )
            assert await me.refused("POST", "/agents/me/ready") == "disposition-missing"
            unknown = await me.refused("POST", "/agents/me/call/disposition", 422, code="won")
            assert unknown == "unknown-disposition"
            await me.act("call/disposition", code="sold")
            await screen.shows_agent("ana", "ready")
        first, _ = await office.assert_clean(2)
    detail = await me.read(f"/calls/{first['id']}")
    assert [note["text"] for note in detail["notes"]] == ["Après l'appel."]
    assert [(d["code"], d["note"]) for d in detail["dispositions"]] == [("lost", "trop cher")]


async def test_agent_books_callbacks_of_which_one_is_made_and_one_given_up(
    office: OfficeFloor, people: People
) -> None:
    me = people.ana
    hour_ms = 3_600_000
    await office.set_queue("sales", callback={"attempts": 2, "retry_s": 10, "ring_s": 5})
    async with office.outside(ANSWERS) as outside, office.at_work("ana") as ana:
        later = {"queue_id": "sales", "number": OTHER, "at": Clock().now_ms() + hour_ms}
        booked = (await me.rest("POST", "/callbacks", json=later)).json()
        assert await me.refused("POST", "/callbacks", 409, **later) == "already-booked"
        promised = {"queue_id": "sales", "number": "01 40 00 00 99", "agent_id": "bob"}
        assert await me.refused("POST", "/callbacks", 403, **promised) == "forbidden"
        await people.bob.refused("DELETE", f"/callbacks/{booked['id']}", 404)
        mine = promised | {"agent_id": "me", "number": "06 12 34 56 78"}
        made = (await me.rest("POST", "/callbacks", json=mine)).json()
        assert made["number"] == CUSTOMER
        customer = await outside.called(CUSTOMER, timeout_s=6)
        await asyncio.gather(
            ana.until_hears(OUTSIDER, within_s=5), customer.until_hears(ANA, within_s=5)
        )
        await me.rest("DELETE", f"/callbacks/{booked['id']}")
        late = await me.refused("DELETE", f"/callbacks/{made['id']}")
        assert late == "too-late"
        await me.act("call/hang-up")
        assert await customer.ended() is EndedBy.REMOTE
        await office.callback_is("reached")
        await office.callback_is("cancelled", OTHER)
        await office.assert_clean(2)
    assert outside.numbers_called() == [CUSTOMER]
    assert [(act, object_) for act, object_, _ in await people.audit(me)] == [
        ("book", f"callback:{booked['id']}"),
        ("book", f"callback:{made['id']}"),
        ("cancel", f"callback:{booked['id']}"),
    ]


async def test_message_marked_done_rings_nobody_and_is_audited(
    office: OfficeFloor, people: People
) -> None:
    greeting = office.tone_text("Parlez après le signal.", 2200, seconds=0.6)
    await office.set_queue(
        "sales",
        voicemail={"greeting": greeting, "longest_s": 20, "silence_s": 3},
        closed=True,
        on_closed={"kind": "voicemail"},
    )
    async with office.caller("601", tone_hz=CALLER) as caller:
        await caller.until_hears(2200, within_s=5)
        await caller.until_silent(within_s=3)
        await caller.until_past(caller.now_s() + 1.5)  # less than a second is no message
        await caller.hang_up()
    await office.stands("sales", messages=1)
    left: list[Json] = []

    async def listed() -> bool:
        left[:] = (await people.ana.read("/voicemails", state="new"))["items"]
        return len(left) == 1

    await until("the message is listed", listed)
    done = (await people.ana.rest("POST", f"/voicemails/{left[0]['id']}/done")).json()
    assert (done["state"], done["warnings"]) == ("done", [])
    await office.stands("sales", messages=0)
    async with office.at_work("ana") as ana, office.caller("602", tone_hz=CALLER) as other:
        await talk(ana, other)
        assert ana.offers() == 1
        await other.hang_up()
    await office.assert_clean(3)
    assert await people.audit(people.ana) == [("done", f"voicemail:{left[0]['id']}", {})]
