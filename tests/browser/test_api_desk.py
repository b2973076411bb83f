"""An agent's desk in Chromium: a day's work by keyboard and mouse, each act seen by the floor."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from datetime import time as dt_time
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.async_api import expect
from sqlalchemy import insert

from acd import events as e
from acd.model import AgentId, AgentState, CallId, CallState, PhoneId, QueueId, Target, TargetKind
from control.protocol import AgentView, CallView, Live, LiveChange, Refused
from store import tables as t
from store.engine import open_store
from tests.api_stand import Stand, agent_view, call_view, queue_view, running
from tests.browser.test_api_page import SHOTS, asked, opened, sign_in
from tests.waiting import until

pytestmark = pytest.mark.browser

ONE = AgentId("1001")
PARIS = ZoneInfo("Europe/Paris")


async def prepare(stand: Stand) -> None:
    """A queue with dispositions, a pause reason, a lost call."""
    queue = {
        "id": "support",
        "name": "Support technique",
        "wrap_up": "mandatory",
        "dispositions": [
            {"code": "solved", "names": {"fr": "Résolu", "en": "Solved"}},
            {"code": "again", "names": {"fr": "À rappeler", "en": "To be called"}},
        ],
    }
    made = await stand.call("POST", "/queues", json=queue)
    assert made.status_code == 201, made.text
    reason = {"code": "lunch", "names": {"fr": "Déjeuner", "en": "Lunch"}}
    made = await stand.call("POST", "/pause-reasons", json=reason)
    assert made.status_code == 201, made.text
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await conn.execute(
            insert(t.lost_call).values(
                id="v1",
                contact_id="c0",
                queue_id="support",
                number="+33698765432",
                lost_at=time.time_ns() // 1_000_000 - 600_000,
            )
        )
    await engine.dispose()


class Floor:
    """The scripted floor as it changes in front of the agent."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._now = time.time_ns() // 1_000_000
        self._version = 1

    async def begin(self) -> None:
        queues = (queue_view("support", 0, "Support technique"),)
        agents = (self.me(AgentState.SIGNED_OUT), agent_view("1002", name="Karim"))
        await self._stand.floor.show(Live(1, self._now, agents, queues, ()))

    def me(self, state: AgentState, **more: object) -> AgentView:
        shown = agent_view("1001", state, "Zoé")
        more = {"since": self._now - 12_000, "phone": PhoneId("agent-1001")} | more
        return msgspec.structs.replace(shown, **more)

    def change(self, me: AgentView, *calls: CallView, ended: tuple[str, ...] = ()) -> None:
        self._version += 1
        gone = tuple(CallId(id_) for id_ in ended)
        at = self._now + self._version
        self._stand.floor.push(
            LiveChange(self._version, at, agents=(me,), calls=calls, calls_ended=gone)
        )


async def until_asked(stand: Stand, wish: object) -> None:
    """Wait until the floor was asked this."""
    await until(f"the floor is asked {wish}", lambda: asked(stand, type(wish)) == wish)


async def test_a_days_work(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        await prepare(stand)
        floor = Floor(stand)
        await floor.begin()
        await page.goto(f"{stand.url}/agent")
        await sign_in(page, "1001")
        state = page.locator("#state-name")
        await expect(state).to_contain_text("Déconnecté")
        await page.get_by_label("Poste", exact=True).fill("seat-12")
        await page.get_by_label("Poste", exact=True).press("Enter")
        await until_asked(stand, e.SignIn(ONE, True, PhoneId("seat-12"), False))
        floor.change(floor.me(AgentState.READY))
        await expect(state).to_contain_text("Disponible")
        await page.get_by_label("Motif").select_option(label="Déjeuner")
        await page.get_by_role("button", name="Pause").click()
        await until_asked(stand, e.Pause(ONE, "lunch"))
        floor.change(floor.me(AgentState.PAUSED, reason="lunch"))
        await expect(page.locator("#state-more")).to_contain_text("Déjeuner")
        await page.get_by_role("button", name="Disponible").click()
        await until_asked(stand, e.GetReady(ONE))

        call_id, queue_id = CallId("c1"), QueueId("support")
        busy = {"call_id": call_id, "queue_id": queue_id}
        floor.change(
            floor.me(AgentState.OFFERED, **busy), call_view("c1", CallState.OFFERED, "1001")
        )
        await expect(page).to_have_title("◎ 06 12 34 56 78 — Plateau")
        talk = call_view("c1", CallState.TALKING, "1001", name="Mme Martin", data={"client": "C-7"})
        talking = floor.me(AgentState.TALKING, **busy)
        floor.change(talking, talk)
        await expect(page.locator("#call-data dd")).to_have_text("C-7")
        await expect(page).to_have_title("Plateau")
        await page.get_by_role("button", name="Mettre en attente").click()
        await until_asked(stand, e.Hold(ONE))
        held = msgspec.structs.replace(talk, on_hold=True, held_by=ONE, muted=True)
        floor.change(floor.me(AgentState.HOLDING, **busy), held)
        await expect(page.locator("#call-more")).to_contain_text("micro coupé")
        await page.get_by_role("button", name="Reprendre", exact=True).click()
        await until_asked(stand, e.Retrieve(ONE))
        await page.get_by_role("button", name="Rouvrir mon micro").click()
        await until_asked(stand, e.Mute(ONE, False))
        await page.get_by_label("Touches").fill("1#")
        await page.get_by_label("Touches").press("Enter")
        await until_asked(stand, e.PressKeys(ONE, "1#"))

        floor.change(talking, talk)
        await page.get_by_label("Destinataire").select_option("agent 1002")
        await page.get_by_role("button", name="Consulter").click()
        await until_asked(stand, e.Consult(ONE, Target(TargetKind.AGENT, "1002")))
        away = msgspec.structs.replace(talk, on_hold=True, held_by=ONE, away=True)
        beside = call_view(
            "c2",
            CallState.TALKING,
            "1002",
            parent_id=call_id,
            agent_ids=(AgentId("1002"), ONE),
        )
        consulting = floor.me(AgentState.CONSULTING, consult_id=CallId("c2"), **busy)
        floor.change(consulting, away, beside)
        await expect(page.locator("#third-who")).to_contain_text("Karim · en communication")
        await expect(page.locator("#third-line")).to_have_text("▶ en ligne avec vous")
        await expect(page.locator("#caller-line")).to_have_text("◐ en attente, avec la musique")
        await expect(page.locator("#send")).to_be_hidden()
        await page.screenshot(path=SHOTS / "desk-consult.png", full_page=True)
        for name, wish in (
            ("Va-et-vient", e.Swap(ONE)),
            ("Conférence", e.Conference(ONE)),
            ("Revenir au client", e.CancelConsult(ONE)),
            ("Passer l’appel", e.CompleteTransfer(ONE)),
        ):
            await page.get_by_role("button", name=name).click()
            await until_asked(stand, wish)
        floor.change(talking, msgspec.structs.replace(talk, third=True), ended=("c2",))
        await page.get_by_role("button", name="Libérer le tiers").click()
        await until_asked(stand, e.DropThird(ONE))

        stand.floor.answers[e.Transfer] = Refused(
            "agent-not-free", 409, "Karim is talking.", "Karim est en appel."
        )
        floor.change(talking, talk)
        await page.get_by_label("Destinataire").select_option("agent 1002")
        await page.get_by_role("button", name="Transférer", exact=True).click()
        await expect(page.locator("#said")).to_have_text("Karim est en appel.")
        await expect(page.locator("#take-back")).to_be_hidden()
        del stand.floor.answers[e.Transfer]
        await page.get_by_role("button", name="Transférer", exact=True).click()
        await until_asked(stand, e.Transfer(ONE, Target(TargetKind.AGENT, "1002")))
        wrapping = floor.me(
            AgentState.WRAP_UP,
            wrap_up_call_id=call_id,
            queue_id=queue_id,
            wrap_up_mandatory=True,
        )
        floor.change(wrapping, msgspec.structs.replace(talk, agent_ids=(AgentId("1002"),)))
        await page.get_by_role("button", name="Reprendre l’appel transféré").click()
        await until_asked(stand, e.TakeBack(ONE, call_id))

        await expect(page.locator("#state-left")).to_have_text("jusqu’à la qualification")
        # Nothing is chosen beforehand: what was not read is not saved.
        await page.get_by_role("button", name="Enregistrer").click()
        assert await page.get_by_label("Qualification").input_value() == ""
        assert asked(stand, e.SetDisposition) is None
        await page.get_by_label("Qualification").select_option(label="À rappeler")
        await page.get_by_label("Note").fill("Rappeler mardi.")
        await page.get_by_role("button", name="Enregistrer").click()
        await until_asked(stand, e.SetDisposition(ONE, "again", "Rappeler mardi."))
        await expect(page.get_by_label("Note")).to_have_value("")
        await page.get_by_label("Note").fill("Préfère le matin.")
        await page.get_by_role("button", name="Ajouter la note").click()
        await until_asked(stand, e.AddNote(call_id, "Préfère le matin.", ONE))

        callback = page.locator("#callback-form")
        await callback.get_by_label("Numéro").fill("06 12 34 56 78")
        # The business's clock counts, wherever the browser is.
        tomorrow = datetime.now(PARIS).date() + timedelta(days=1)
        wanted = datetime.combine(tomorrow, dt_time(9, 30), PARIS)
        await callback.get_by_label("À partir de").fill(f"{tomorrow}T09:30")
        await callback.get_by_role("button", name="Programmer").click()
        await expect(page.locator("#said")).to_contain_text("06 12 34 56 78")
        booked = asked(stand, e.BookCallback)
        assert isinstance(booked, e.BookCallback)
        assert (booked.number, booked.queue_id, booked.at) == (
            "+33612345678",
            "support",
            int(wanted.timestamp() * 1000),
        )
        await page.screenshot(path=SHOTS / "desk-wrap-up.png", full_page=True)

        lost = page.locator(".lost")
        await expect(lost).to_contain_text("06 98 76 54 32")
        await lost.get_by_role("button", name="Appeler").click()
        number = Target(TargetKind.NUMBER, "+33698765432")
        await until_asked(stand, e.PlaceCall(ONE, number, queue_id, {"recall": "v1"}))
        await lost.get_by_label("Clore").select_option(label="Joint")
        await lost.get_by_role("button", name="Clore").click()
        await expect(lost).to_have_count(0)
        await page.emulate_media(color_scheme="dark")
        await page.get_by_role("button", name="English").click()
        await expect(state).to_contain_text("Wrap-up")
        await page.screenshot(path=SHOTS / "desk-en-dark.png", full_page=True)
    assert errors == []


async def test_the_desk_of_nobody_says_so(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        await page.goto(f"{stand.url}/agent")
        await sign_in(page, "boss")
        await expect(page.locator("#nobody")).to_contain_text("aucun téléconseiller")
        await expect(page.locator("#floor")).to_be_hidden()
    assert errors == []
