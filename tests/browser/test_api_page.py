"""The live page in Chromium: sign in, see the floor, see a change, act on it, lose the floor."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, async_playwright, expect

from acd import events as e
from acd.config import AlertMetric
from acd.model import AgentId, AgentState, CallId, CallState, MonitorMode, PhoneId, QueueId
from control.protocol import AlertView, Live, LiveChange, MonitorView, Refused
from tests.api_stand import PASSWORD, Stand, agent_view, call_view, queue_view, running
from tests.waiting import until

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).parents[2] / ".cache" / "screenshots"
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = "<img src=x onerror=document.title='owned'>"


@asynccontextmanager
async def opened(errors: list[str]) -> AsyncIterator[Page]:
    """A French page; what goes wrong in it, or breaks its content policy, is in `errors`."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        try:
            page = await browser.new_page(
                locale="fr-FR",
                timezone_id="America/Martinique",
                viewport={"width": 1600, "height": 1000},
            )
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on(
                "console",
                lambda said: errors.append(said.text) if "Content Security" in said.text else None,
            )
            yield page
        finally:
            await browser.close()


async def sign_in(page: Page, login: str) -> None:
    """Through the form, by keyboard."""
    await page.get_by_label("Identifiant").fill(login)
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.keyboard.press("Enter")


def a_floor(now: int) -> Live:
    """A floor with everything on it that the page shows."""
    support = msgspec.structs.replace(
        queue_view("support", 2, "Support technique", now - 75_000),
        estimate_ms=95_000, callbacks=1, messages=3,
    )  # fmt: skip
    sales = msgspec.structs.replace(queue_view("ventes", 0, "Ventes"), open=False)
    people = [agent_view(f"{1000 + i}", state, f"Agent {i}") for i, state in enumerate(AgentState)]
    people.append(agent_view("1999", AgentState.READY, HOSTILE))
    agents = tuple(
        msgspec.structs.replace(
            one,
            since=now - 42_000,
            signed_in_at=now - 3_600_000,
            busy_ms=1_800_000,
            call_id=CallId("talk") if one.state is AgentState.TALKING else None,
            queue_id=QueueId("support") if one.state is AgentState.TALKING else None,
            reason="déjeuner" if one.state is AgentState.PAUSED else None,
            phone=PhoneId(f"agent-{one.id}"),
        )
        for one in people
    )
    talker = next(one.id for one in agents if one.state is AgentState.TALKING)
    calls = (
        call_view("w1", key=2, order=2, priority=0, enqueued_at=now - 30_000, estimate_ms=60_000),
        call_view("w2", key=1, order=1, priority=3, enqueued_at=now - 75_000, name="Mme Martin"),
        call_view("talk", CallState.TALKING, talker),
    )
    alert = AlertView(
        "late",
        QueueId("support"),
        now - 90_000,
        75.0,
        60.0,
        "critical",
        {"fr": "Trop d’attente"},
        AlertMetric.LONGEST_WAIT_S,
    )
    return Live(1, now, agents, (support, sales), calls, (alert,))


async def test_sign_in_see_the_floor_and_a_change(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        now = time.time_ns() // 1_000_000
        await stand.floor.show(a_floor(now))
        await page.goto(stand.url)
        await page.get_by_label("Identifiant").fill("boss")
        await page.get_by_label("Mot de passe").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert").first).to_have_text(re.compile("incorrect"))
        await page.screenshot(path=SHOTS / "sign-in.png")
        await sign_in(page, "boss")
        support = page.locator('.queue[data-id="support"]')
        await expect(support.locator(".waiting dd")).to_have_text("2")
        await expect(support.locator(".longest dd")).to_have_text(re.compile(r"^01:\d\d$"))
        await expect(support.locator(".estimate dd")).to_have_text("01:35")
        await expect(page.locator('.queue[data-id="ventes"]')).to_contain_text("Fermée")
        await expect(page.locator("#link")).to_contain_text("En direct")
        await expect(page.locator("#alerts li")).to_contain_text("Trop d’attente")
        await expect(page.locator("#alerts .measured")).to_have_text("01:15 (seuil 01:00)")
        await expect(page.locator('.agent[data-id="1999"] .name')).to_have_text(HOSTILE)
        await expect(page.locator(".agent.paused .what")).to_contain_text("déjeuner")
        await expect(page.locator(".agent.talking .more")).to_contain_text("occupé 51 %")
        places = page.locator(".waiting-call")
        await expect(places.first).to_contain_text("Mme Martin")
        await expect(places.first.locator(".caller button")).to_have_text("06 12 34 56 78")
        await page.screenshot(path=SHOTS / "floor-fr.png", full_page=True)
        stand.floor.push(
            LiveChange(
                2, now + 1, queues=(queue_view("support", 7, "Support technique", now),), alerts=()
            )
        )
        await expect(support.locator(".waiting dd")).to_have_text("7")
        await expect(page.locator("#alert-band")).to_be_hidden()
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", name="Queues")).to_be_visible()
        await page.emulate_media(color_scheme="dark")
        await page.screenshot(path=SHOTS / "floor-en-dark.png", full_page=True)
        await stand.floor.stop()
        await expect(page.locator("#link")).to_contain_text("does not answer")
        await page.screenshot(path=SHOTS / "floor-absent.png")
        await stand.floor.start()
        await expect(page.locator("#link")).to_contain_text("Live", timeout=15_000)
        assert await page.title() == "Plateau"
    assert errors == []


def asked(stand: Stand, kind: type) -> object:
    """The last that the floor was asked of this kind."""
    return next((wish for wish in reversed(stand.floor.asked) if type(wish) is kind), None)


async def test_a_supervisor_acts_on_the_page_by_keyboard(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        now = time.time_ns() // 1_000_000
        await stand.floor.show(a_floor(now))
        await page.goto(stand.url)
        await sign_in(page, "boss")
        first = page.locator('.waiting-call[data-id="w2"]')
        await first.get_by_role("button", name="Priorité plus haute").press("Enter")
        await until("the priority", lambda: asked(stand, e.SetPriority))
        assert asked(stand, e.SetPriority) == e.SetPriority(CallId("w2"), 4, "user:boss")
        await first.get_by_label("Vers").select_option("ventes")
        moved = Refused("not-waiting", 409, "The call waits in no queue.")
        stand.floor.answers[e.MoveCall] = moved
        mover = first.get_by_role("button", name="Déplacer")
        await mover.focus()
        # News of this very call draws its row anew: focus and choice stay where they were.
        later = call_view(
            "w2", key=1, order=1, priority=4, enqueued_at=now - 75_000, name="Mme Martin"
        )
        stand.floor.push(LiveChange(2, now + 1, calls=(later,)))
        await expect(first.locator(".priority b")).to_have_text("4")
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_have_text(moved.detail)
        assert asked(stand, e.MoveCall) == e.MoveCall(CallId("w2"), QueueId("ventes"), "user:boss")

        phones = page.get_by_label("J’écoute sur le poste")
        listed = await phones.locator("option").all_text_contents()
        # The phones of who is signed out or paused; a call might come to the others.
        assert listed == [
            "Choisir un poste",
            "Agent 0 (agent-1000)",
            "Agent 7 (agent-1007)",
        ]
        await phones.select_option("agent-1000")
        stand.floor.push(
            LiveChange(
                3,
                now + 2,
                agents=(
                    msgspec.structs.replace(
                        agent_view("1001", AgentState.TALKING, "Zoé"), call_id=CallId("c9")
                    ),
                ),
                calls=(call_view("c9", CallState.TALKING, "1001"),),
            )
        )
        card = page.locator('.agent[data-id="1001"]')
        await expect(card.locator(".name")).to_have_text("Zoé")
        await card.locator(".open").press("Enter")
        zoe = page.locator("#panel")
        await expect(zoe.get_by_role("heading", level=2)).to_have_text("Zoé")
        await zoe.get_by_role("button", name="Souffler").press("Enter")
        await until("the whisper", lambda: asked(stand, e.Supervise))
        assert asked(stand, e.Supervise) == e.Supervise(
            AgentId("1001"), "user:boss", PhoneId("agent-1000"), MonitorMode.WHISPER
        )
        there = (MonitorView("user:boss", AgentId("1001"), MonitorMode.WHISPER, True),)
        stand.floor.push(
            LiveChange(
                4, now + 3, calls=(call_view("c9", CallState.TALKING, "1001", monitors=there),)
            )
        )
        await expect(zoe.locator(".watched")).to_contain_text("on lui souffle")
        await expect(card.locator(".watched")).to_contain_text("on lui souffle")
        await expect(zoe.get_by_role("button", name="Souffler")).to_have_attribute(
            "aria-pressed", "true"
        )
        await page.screenshot(path=SHOTS / "supervising.png", full_page=True)
        await zoe.get_by_role("button", name="Cesser").press("Enter")
        await until("the end of it", lambda: asked(stand, e.StopSupervising))
        await page.keyboard.press("Escape")
        await expect(zoe).to_be_hidden()
        await expect(card.locator(".open")).to_be_focused()
    assert errors == []


async def test_an_agent_sees_the_page_without_the_acts(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        now = time.time_ns() // 1_000_000
        await stand.floor.show(a_floor(now))
        await page.goto(stand.url)
        await sign_in(page, "1001")
        await expect(page.locator("#link")).to_contain_text("En direct")
        await expect(page.locator(".agent")).to_have_count(1)
        await expect(page.locator(".queue")).to_have_count(2)
        unseen = ("#waiting-band", "#talking-band", "#alert-band", "#filters", "#listening")
        await expect(page.locator(", ".join(unseen))).to_have_count(len(unseen))
        for hidden in unseen:
            await expect(page.locator(hidden)).to_be_hidden()
        await expect(page.locator(".agent button, .queue button")).to_have_count(0)
        await page.get_by_role("link", name="Mon poste de travail").click()
        await expect(page.locator("#state-name")).to_be_visible()
    assert errors == []
