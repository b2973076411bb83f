"""What supervisors do over REST, and who may not, on calls with tones."""

from __future__ import annotations

import pytest

from tests.contract.desks import Person
from tests.contract.harness import EndedBy
from tests.contract.office import OfficeFloor
from tests.contract.people import People
from tests.contract.team import (
    ANA,
    CALLER,
    CLEO,
    CUSTOMER,
    DAN,
    SECOND,
    all_hear,
    both_hear,
)

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

OTHER = "+33698765432"


async def test_supervisor_listens_whispers_barges_leaves_and_takes_over(
    office: OfficeFloor, people: People
) -> None:
    claire, path = people.claire, "/agents/ana/supervision"

    async def supervise(mode: str) -> None:
        await claire.rest("POST", path, json={"mode": mode})

    async with (
        claire.watching() as screen,
        people.ana.watching() as own,
        office.at_work("cleo") as cleo,
    ):
        await claire.act("pause", reason="pause")
        async with office.in_talk("ana") as (ana, caller):
            call = await screen.shows_call(agent_id="ana", state="talking")
            assert await claire.refused("DELETE", path) == "not-supervising"
            for who in (people.dora, people.bob, people.ana):
                assert await who.refused("POST", path, 403, mode="listen") == "forbidden"
            await supervise("listen")
            await cleo.until_hears_all([ANA, CALLER], within_s=5)
            await screen.shows(
                "who listens",
                lambda s: (
                    [(m["mode"], m["up"]) for m in s.calls[call["id"]]["monitors"]]
                    == [("listen", True)]
                ),
            )
            await ana.never_hears(CLEO, for_s=0.5)
            assert all(not c["monitors"] for c in own.calls.values())
            assert (await people.ana.read("/live/calls"))["items"][0]["monitors"] == []
            await supervise("whisper")
            await ana.until_hears_all([CALLER, CLEO], within_s=5)
            await caller.never_hears(CLEO, for_s=0.5)
            await supervise("barge")
            await all_hear([(ana, ANA), (cleo, CLEO), (caller, CALLER)])
            await claire.rest("DELETE", path)
            assert await cleo.ended() is EndedBy.REMOTE
            await both_hear(ana, ANA, caller, CALLER)
            await supervise("whisper")
            await cleo.until_hears_all([ANA, CALLER], within_s=5)
            await supervise("take_over")
            assert await ana.ended() is EndedBy.REMOTE
            await both_hear(cleo, CLEO, caller, CALLER)
            await screen.shows_call(id=call["id"], agent_id="cleo", monitors=[])
            await own.shows("the call gone", lambda s: not s.calls)
            await caller.hang_up()
            await office.assert_clean()
    whose = "agent:ana"
    on = {"phone": "agent-cleo"}
    assert await people.audit(claire) == [
        ("supervise", whose, on | {"mode": "listen"}),
        ("supervise", whose, on | {"mode": "whisper"}),
        ("supervise", whose, on | {"mode": "barge"}),
        ("leave", whose, {}),
        ("supervise", whose, on | {"mode": "whisper"}),
        ("take-over", whose, {}),
    ]
    assert [await people.audit(who) for who in (people.dora, people.ana)] == [[], []]


async def test_waiting_callers_put_first_moved_noted_and_ended_with_an_alert_on_the_screen(
    office: OfficeFloor, people: People
) -> None:
    claire = people.claire
    rule = {"metric": "waiting", "comparison": "above", "threshold": 1, "queue": "sales"}
    await office.configure("POST", "/alert-rules", json={"id": "crowd", **rule})
    async with (
        claire.watching() as screen,
        people.ana.watching() as own,
        office.caller("601", tone_hz=CALLER) as first,
    ):
        await screen.shows_call(number=CUSTOMER, state="waiting")
        async with office.caller("601", tone_hz=SECOND, number=OTHER) as second:
            late = await screen.shows_call(number=OTHER, state="waiting")
            await screen.shows("an alert", lambda s: [a["rule_id"] for a in s.alerts] == ["crowd"])
            assert [a["value"] for a in (await claire.read("/live/alerts"))["items"]] == [2]
            call = f"/calls/{late['id']}"
            for act, body in (("priority", {"priority": 5}), ("move", {"queue_id": "care"})):
                assert await people.ana.refused("POST", f"{call}/{act}", 403, **body) == "forbidden"
            await claire.rest("POST", f"{call}/priority", json={"priority": 5})
            await screen.shows_call(id=late["id"], priority=5)
            waiting = (await claire.read("/live/calls", queue="sales"))["items"]
            assert [(c["position"], c["number"]) for c in waiting] == [(1, OTHER), (2, CUSTOMER)]
            await claire.rest("POST", f"{call}/notes", json={"text": "Client important."})
            await claire.rest("PATCH", f"{call}/data", json={"data": {"vip": "1"}})
            await screen.shows_call(id=late["id"], data={"vip": "1"})
            await claire.rest("POST", f"{call}/move", json={"queue_id": "care"})
            await screen.shows_call(id=late["id"], queue_id="care")
            async with office.at_work("dan") as dan:
                await both_hear(dan, DAN, second, SECOND)
                await screen.shows_agent("dan", "talking")
                # A call that waits is every supervisor's, dan's is that of dan's team.
                assert await claire.refused("POST", f"{call}/hang-up", 403) == "forbidden"
                await people.dora.rest("POST", f"{call}/hang-up")
                assert await second.ended() is EndedBy.REMOTE
                await dan.ended()
        await screen.shows("no alert", lambda s: not s.alerts)
        await first.hang_up()
        await screen.shows("no call", lambda s: not s.calls)
        assert (own.alerts, own.calls) == ([], {})
        assert set(own.agents) == {"ana"}
    await office.assert_clean(2)
    about = f"call:{late['id']}"
    assert await people.audit(claire) == [
        ("priority", about, {"priority": 5}),
        ("note", about, {}),
        ("data", about, {}),
        ("move", about, {"queue": "care"}),
    ]
    assert await people.audit(people.dora) == [("hang-up", about, {})]
    detail = await claire.read(call)
    assert [(n["agent_id"], n["text"]) for n in detail["notes"]] == [("cleo", "Client important.")]


async def test_supervisor_acts_for_an_agent_of_the_team_and_nobody_else_does(
    office: OfficeFloor, people: People
) -> None:
    claire, ana_of = people.claire, "/agents/ana"

    async def not_allowed(who: Person) -> None:
        for path in ("call/hold", "call/hang-up", "pause", "sign-out"):
            assert await who.refused("POST", f"{ana_of}/{path}", 403) == "forbidden"
        state = await who.refused("POST", f"{ana_of}/state", 403, state="signed_out")
        assert state == "forbidden"

    async with claire.watching() as screen, office.in_talk("ana") as (ana, caller):
        await not_allowed(people.bob)
        await not_allowed(people.dora)
        await claire.act("call/hold", of="ana")
        await caller.until_hears_other_sound(within_s=5)
        await claire.act("call/retrieve", of="ana")
        await both_hear(ana, ANA, caller, CALLER)
        await claire.act("state", of="ana", state="paused", reason="lunch")
        await screen.shows("a pause to come", lambda s: s.agents["ana"]["after"] == "paused")
        await both_hear(ana, ANA, caller, CALLER)
        await caller.hang_up()
        await screen.shows_agent("ana", "paused")
        await claire.act("state", of="ana", state="ready")
        await screen.shows_agent("ana", "ready")
        await claire.act("state", of="ana", state="signed_out")
        await screen.shows_agent("ana", "signed_out")
        await office.assert_clean()
    whose = "agent:ana"
    assert await people.audit(claire) == [
        ("hold", whose, {}),
        ("retrieve", whose, {}),
        ("state", whose, {"state": "paused", "reason": "lunch"}),
        ("state", whose, {"state": "ready"}),
        ("state", whose, {"state": "signed_out"}),
    ]
    assert [await people.audit(who) for who in (people.bob, people.dora)] == [[], []]


async def test_queue_closed_and_opened_while_a_caller_waits(
    office: OfficeFloor, people: People
) -> None:
    claire, closed = people.claire, office.tone_text("Nous sommes fermés.", 2200, seconds=0.6)
    await office.set_queue("sales", on_closed={"kind": "hang_up", "texts": closed})
    async with (
        claire.watching() as screen,
        office.caller("601", tone_hz=CALLER) as early,
    ):
        await early.until_hears_other_sound(within_s=5)
        assert await people.ana.refused("POST", "/queues/sales/close", 403) == "forbidden"
        await claire.rest("POST", "/queues/sales/close")
        await screen.shows("a closed queue", lambda s: s.queues["sales"]["closed_by_hand"])
        assert not screen.queues["sales"]["open"]
        async with office.caller("601", tone_hz=SECOND, number=OTHER) as late:
            await late.until_hears(2200, within_s=5)
            assert await late.ended(timeout_s=4) is EndedBy.REMOTE
        await claire.rest("POST", "/queues/sales/open")
        await screen.shows("an open queue", lambda s: s.queues["sales"]["open"])
        async with office.at_work("ana") as ana:
            await both_hear(ana, ANA, early, CALLER)
            await early.hang_up()
            async with office.caller("601", tone_hz=SECOND, number=OTHER) as late:
                await both_hear(ana, ANA, late, SECOND)
                await late.hang_up()
    rows = await office.assert_clean(3)
    assert [row["outcome"] for row in rows] == ["answered", "out_of_hours", "answered"]
    acts = [(act, object_) for act, object_, _ in await people.audit(claire)]
    assert acts == [("close", "queue:sales"), ("open", "queue:sales")]
