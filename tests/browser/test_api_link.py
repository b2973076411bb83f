"""The link to the server in Chromium: silence is noticed, and reloading never ends the sign-in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Error, Page, WebSocketRoute, expect

from tests.api_stand import T0, running
from tests.browser.test_api_page import a_floor, opened, sign_in

pytestmark = pytest.mark.browser

EMPTY = {
    "type": "snapshot",
    "at": T0,
    "floor": True,
    "time_zone": "Europe/Paris",
    "agents": [],
    "queues": [],
    "calls": [],
    "alerts": [],
}


async def test_a_stream_that_falls_silent_is_a_lost_link(tmp_path: Path) -> None:
    errors: list[str] = []
    streams: list[WebSocketRoute] = []

    def scripted(stream: WebSocketRoute) -> None:
        streams.append(stream)
        stream.send(json.dumps(EMPTY))

    async with running(tmp_path) as stand, opened(errors) as page:
        await page.route_web_socket("**/live/stream", scripted)
        await page.clock.install()
        await page.goto(stand.url)
        await sign_in(page, "boss")
        link = page.locator("#link")
        await expect(link).to_contain_text("En direct")
        for beat in range(1, 5):  # 20 s in which nothing happens on the floor
            await page.clock.run_for(5_000)
            streams[-1].send(json.dumps({"type": "beat", "at": T0 + beat * 5_000}))
            await expect(link).to_contain_text("En direct")
        assert len(streams) == 1
        await page.clock.run_for(11_000)
        await expect(link).to_contain_text("En direct")
        await page.clock.run_for(1_100)
        await expect(link).to_contain_text("Liaison perdue")
        await expect(link).to_contain_text("(chiffres de ")
        await expect(page.locator("body")).to_have_class(re.compile("stale"))
        await page.clock.run_for(1_000)
        await expect(link).to_contain_text("En direct")
        assert len(streams) == 2
    assert errors == []


async def reload(page: Page) -> None:
    """Reload without a usable access token, so that it has to be renewed."""
    await page.evaluate("sessionStorage.setItem('access', 'ended')")
    await page.reload()
    await expect(page.locator("#link")).to_contain_text("En direct")


async def cut_off(page: Page) -> None:
    """Reload at once, without waiting for what is being loaded."""
    for _ in range(100):
        try:
            await page.reload(wait_until="commit")
        except Error as error:
            # Just between two documents the browser takes no order: the key is down still.
            if "Not attached to an active page" not in str(error):
                raise
            await page.wait_for_load_state("domcontentloaded")
        else:
            return
    raise AssertionError("the browser was between two pages each time")


async def test_reloading_and_copied_tabs_stay_signed_in(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        await stand.floor.show(a_floor(T0))
        renewals: list[str] = []
        page.context.on(
            "request", lambda sent: renewals.append(sent.url) if "/refresh" in sent.url else None
        )
        await page.goto(stand.url)
        await sign_in(page, "boss")
        await expect(page.locator("#link")).to_contain_text("En direct")
        for _ in range(3):  # F5 held down: each load is cut off by the next
            await cut_off(page)
        await expect(page.locator("#link")).to_contain_text("En direct")
        assert renewals == []
        async with page.context.expect_page() as opening:
            await page.evaluate("window.open('/')")
        copy = await opening.value
        await expect(copy.locator("#link")).to_contain_text("En direct")
        for tab in (page, copy, copy, page, copy):
            await reload(tab)
        assert len(renewals) == 5
        await expect(page.locator("#sign-in")).to_be_hidden()
    assert errors == []
