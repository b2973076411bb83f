"""The live page in Chromium: sign in, see queues and agents, see a change, lose the floor."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from acd.model import AgentState
from control.protocol import Live, LiveChange
from tests.api_stand import PASSWORD, agent_view, queue_view, running, until

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).parents[2] / ".cache" / "screenshots"
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = "<img src=x onerror=document.title='owned'>"


async def test_sign_in_see_the_floor_and_a_change(tmp_path: Path) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    async with running(tmp_path) as stand, async_playwright() as playwright:
        now = time.time_ns() // 1_000_000
        queues = (
            queue_view("support", 2, "Support technique", now - 75_000),
            queue_view("ventes", 0, "Ventes"),
        )
        people = [
            agent_view(f"{1000 + i}", state, f"Agent {i}") for i, state in enumerate(AgentState)
        ]
        people.append(agent_view("1999", AgentState.READY, HOSTILE))
        agents = tuple(
            type(p)(p.id, p.name, p.state, now - 42_000, p.reason, p.after, True, None)
            for p in people
        )
        await stand.floor.stop()
        stand.floor.live = Live(1, now, agents, queues, ())
        await stand.floor.start()
        await until(lambda: stand.floor.following() == 1)
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        try:
            page = await browser.new_page(locale="fr-FR", viewport={"width": 1600, "height": 1000})
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(stand.url)
            await page.get_by_label("Identifiant").fill("boss")
            await page.get_by_label("Mot de passe").fill("wrong")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("alert")).to_have_text(re.compile("incorrect"))
            await page.screenshot(path=SHOTS / "sign-in.png")
            await page.get_by_label("Mot de passe").fill(PASSWORD)
            await page.keyboard.press("Enter")
            support = page.locator('.queue[data-id="support"]')
            await expect(support.locator(".waiting dd")).to_have_text("2")
            await expect(support.locator(".longest dd")).to_have_text(re.compile(r"^01:\d\d$"))
            await expect(page.locator("#link")).to_contain_text("En direct")
            await expect(page.locator('.agent[data-id="1999"] .name')).to_have_text(HOSTILE)
            await page.screenshot(path=SHOTS / "floor-fr.png", full_page=True)
            stand.floor.push(
                LiveChange(2, now + 1, queues=(queue_view("support", 7, "Support technique", now),))
            )
            await expect(support.locator(".waiting dd")).to_have_text("7")
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
        finally:
            await browser.close()
