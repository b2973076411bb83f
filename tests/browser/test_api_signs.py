"""What the pages tell at a glance: who is on hold, what is late, what is old, in any width."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect

from acd import events as e
from acd.model import AgentId, AgentState, CallId, CallKind, CallState, PhoneId, QueueId
from control.protocol import Live
from tests.api_stand import Stand, agent_view, call_view, queue_view, running
from tests.browser.test_api_desk import ONE, Floor, prepare
from tests.browser.test_api_page import SHOTS, a_floor, asked, opened, sign_in

pytestmark = pytest.mark.browser

CONSULT = CallId("c2")
BUSY = {"call_id": CallId("c1"), "queue_id": QueueId("support")}


async def at_the_desk(stand: Stand, page: Page) -> Floor:
    """1001 signed in at their page."""
    await prepare(stand)
    floor = Floor(stand)
    await floor.begin()
    await page.goto(f"{stand.url}/agent")
    await sign_in(page, "1001")
    await expect(page.locator("#state-name")).to_contain_text("Déconnecté")
    return floor


async def test_after_a_swap_each_line_says_who_hears_music(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        floor = await at_the_desk(stand, page)
        customer, other = page.locator("#caller-line"), page.locator("#third-line")
        me = floor.me(AgentState.CONSULTING, consult_id=CONSULT, **BUSY)
        talk = call_view("c1", CallState.TALKING, "1001")
        beside = call_view(
            CONSULT, CallState.TALKING, "1002",
            kind=CallKind.CONSULT, parent_id=talk.id, agent_ids=(AgentId("1002"), ONE),
        )  # fmt: skip
        away = msgspec.structs.replace(talk, on_hold=True, held_by=ONE, away=True)
        floor.change(me, away, beside)
        await expect(other).to_have_text("▶ en ligne avec vous")
        await expect(customer).to_have_text("◐ en attente, avec la musique")
        # The hold button is about whom one speaks with: here the colleague.
        await expect(page.locator("#hold")).to_have_text("Mettre en attente")

        floor.change(me, talk, msgspec.structs.replace(beside, on_hold=True, held_by=ONE))
        await expect(customer).to_have_text("▶ en ligne avec vous")
        await expect(other).to_have_text("◐ en attente, avec la musique")
        await page.screenshot(path=SHOTS / "desk-swapped.png", full_page=True)

        # A second call made on the phone: only the phone turns from one to the other.
        held = msgspec.structs.replace(talk, on_hold=True, held_by=ONE, held_by_phone=True)
        floor.change(me, held, msgspec.structs.replace(beside, own_line=True))
        await expect(page.locator("#third-note")).to_be_visible()
        for name in ("#swap", "#conference"):
            await expect(page.locator(name)).to_be_hidden()
        await expect(page.locator("#complete")).to_be_visible()
        await expect(customer).to_have_text("◐ en attente par le téléphone")
    assert errors == []


async def test_only_a_hold_that_one_may_end_is_offered_for_retrieval(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        floor = await at_the_desk(stand, page)
        hold, note = page.locator("#hold"), page.locator("#hold-note")
        me = floor.me(AgentState.HOLDING, **BUSY)
        talk = call_view("c1", CallState.TALKING, "1001")
        floor.change(me, msgspec.structs.replace(talk, on_hold=True, held_by=ONE))
        await expect(hold).to_have_text("Reprendre")
        by_phone = msgspec.structs.replace(talk, on_hold=True, held_by=ONE, held_by_phone=True)
        floor.change(me, by_phone)
        await expect(hold).to_be_hidden()
        await expect(note).to_contain_text("Reprenez l’appel sur le téléphone")
        by_other = msgspec.structs.replace(
            talk, kind=CallKind.INTERNAL, on_hold=True, held_by=AgentId("1002")
        )
        floor.change(me, by_other)
        await expect(hold).to_be_hidden()
        await expect(note).to_have_text("Seule l’autre partie peut vous reprendre.")
        await expect(page.locator("#caller-line")).to_have_text("◐ vous a mis en attente")
        floor.change(floor.me(AgentState.TALKING, **BUSY), talk)
        await expect(hold).to_have_text("Mettre en attente")
        await expect(note).to_be_hidden()
    assert errors == []


async def test_a_timed_wrap_up_counts_down_on_both_pages(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        floor = await at_the_desk(stand, page)
        now = time.time_ns() // 1_000_000
        wrapping = floor.me(
            AgentState.WRAP_UP,
            wrap_up_call_id=CallId("c1"),
            wrap_up_until=now + 90_000,
            queue_id=QueueId("support"),
        )
        floor.change(wrapping)
        left = page.locator("#state-left .time")
        first = await left.inner_text()
        assert "01:00" < first <= "01:45"  # the scripted floor's clock began earlier
        await expect(left).not_to_have_text(first)
        assert await left.inner_text() < first
        await page.get_by_role("button", name="Quitter", exact=True).click()
        live = Live(9, now, (wrapping,), (queue_view("support"),), ())
        await stand.floor.show(live)
        await page.goto(stand.url)
        await sign_in(page, "boss")
        card = page.locator('.agent[data-id="1001"] .left')
        await expect(card).to_contain_text("encore")
        told = await card.locator(".time").inner_text()
        assert "00:30" < told <= "01:45"
    assert errors == []


async def test_who_waits_is_counted_alike_in_header_and_list_and_late_is_no_colour_alone(
    tmp_path: Path,
) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        now = time.time_ns() // 1_000_000
        live = a_floor(now)
        asked_back = call_view(
            "cb", key=5, order=5, priority=0, enqueued_at=now - 500_000, kind=CallKind.CALLBACK
        )
        await stand.floor.show(msgspec.structs.replace(live, calls=(*live.calls, asked_back)))
        await page.goto(stand.url)
        await sign_in(page, "boss")
        await expect(page.locator("#totals li").first).to_contain_text("2")
        await expect(page.locator("#waiting-count")).to_have_text("2")
        await expect(page.locator("#waiting-beside")).to_have_text("+ 1 rappel")
        late = page.locator('.waiting-call[data-id="w2"]')
        await expect(late.locator("td.time .sr")).to_have_text("en retard")
        sign = "row => getComputedStyle(row.querySelector('.time'), '::before').content"
        assert "▲" in await late.evaluate(sign)
        late_total = page.locator("#totals .bad b").first
        assert "▲" in await late_total.evaluate("b => getComputedStyle(b, '::before').content")
    assert errors == []


async def test_a_lost_link_fades_every_figure_and_what_went_wrong_can_be_closed(
    tmp_path: Path,
) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        await stand.floor.show(a_floor(time.time_ns() // 1_000_000))
        await page.goto(stand.url)
        await sign_in(page, "boss")
        await page.locator(".talk").get_by_role("button", name="Écouter").click()
        said = page.locator("#said")
        await expect(said).to_have_text("Choisissez d’abord le poste sur lequel vous écoutez.")
        assert asked(stand, e.Supervise) is None
        await page.get_by_role("button", name="Fermer ce message").click()
        await expect(page.locator("#toast")).to_be_hidden()
        await page.locator(".talk").get_by_role("button", name="Écouter").click()
        await expect(said).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#toast")).to_be_hidden()

        await stand.floor.stop()
        await expect(page.locator("#link")).to_contain_text("(chiffres de ")
        for part in ("#totals", "#board", "#agents", "#tally", "#alerts"):
            opacity = await page.locator(part).evaluate("node => getComputedStyle(node).opacity")
            assert float(opacity) < 0.5, part
        frozen = await page.locator("#totals").inner_text()
        await page.wait_for_timeout(1_300)  # the page's own clock goes on; the figures must not
        assert await page.locator("#totals").inner_text() == frozen
        await page.screenshot(path=SHOTS / "floor-stale.png")
    assert errors == []


@pytest.mark.parametrize("width", [390, 700, 900, 1100, 1240, 1400, 1600])
async def test_names_of_queues_are_read_in_every_width(tmp_path: Path, width: int) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        now = time.time_ns() // 1_000_000
        names = (
            "Service commercial",
            "Assistance technique",
            "Réclamations",
            "Sinistres auto",
            "Contrats professionnels",
            "Facturation",
            "Résiliations",
            "International",
        )
        queues = tuple(queue_view(f"q{i}", i, name, now - 9_000) for i, name in enumerate(names))
        calls = tuple(
            call_view(f"w{i}", key=i, order=i, priority=0, enqueued_at=now - 9_000,
                      queue_id=QueueId(f"q{i}"), name="Mme Martin")
            for i in range(5)
        )  # fmt: skip
        agents = (agent_view("1001", AgentState.READY, "Zoé Martin"),)
        await stand.floor.show(Live(1, now, agents, queues, calls))
        await page.set_viewport_size({"width": width, "height": 900})
        await page.goto(stand.url)
        await sign_in(page, "boss")
        cells = page.locator("#queue-lines th.name button")
        await expect(cells).to_have_count(len(names))
        for cell, wide in zip(
            await cells.all(), await cells.evaluate_all("all => all.map(b => b.offsetWidth)"),
            strict=True,
        ):  # fmt: skip
            assert wide >= 70, await cell.inner_text()
        await page.screenshot(path=SHOTS / f"queues-{width}.png", full_page=True)
        beyond = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(beyond) <= 0
    assert errors == []


async def test_phones_and_qualifications_have_names(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        await prepare(stand)
        seat = {"phone": "seat-1", "name": "Bureau du superviseur"}
        made = await stand.call("POST", "/seats", json=seat)
        assert made.status_code == 201, made.text
        now = time.time_ns() // 1_000_000
        at_home = msgspec.structs.replace(
            agent_view("1001", AgentState.PAUSED, "Zoé Martin"),
            phone=PhoneId("agent-1001"), own_phone=True,
        )  # fmt: skip
        at_seat = msgspec.structs.replace(
            agent_view("1002", AgentState.READY, "Karim"), phone=PhoneId("seat-1")
        )
        silent = msgspec.structs.replace(
            agent_view("1003", AgentState.NOT_RESPONDING, "Ana"), reason="supervisor"
        )
        live = Live(1, now, (at_home, at_seat, silent), (queue_view("support"),), ())
        await stand.floor.show(live)
        await page.goto(stand.url)
        await sign_in(page, "boss")
        choices = page.locator("#phone option")
        await expect(choices.filter(has_text="Bureau du superviseur")).to_have_count(1)
        assert not [text for text in await choices.all_inner_texts() if "agent-" in text]
        await page.locator('.agent[data-id="1002"] .open').click()
        await expect(page.locator("#panel .state")).to_contain_text("Poste : Bureau du superviseur")
        await page.keyboard.press("Escape")
        await expect(page.locator('.agent[data-id="1003"] .what')).to_contain_text(
            "Ne répond pas · par un superviseur"
        )
    assert errors == []
