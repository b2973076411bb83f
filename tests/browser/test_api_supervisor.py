"""A large floor in Chromium, and what a supervisor does to agents, calls and queues on it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from playwright.async_api import expect

from acd import events as e
from acd.facts import Candidate, ContactEnded, RecordingKept, RecordingStarted, RoutingDecided
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallState,
    EndedBy,
    Outcome,
    QueueId,
    RecordingId,
    VisitOutcome,
)
from control.protocol import Live
from store.engine import open_store
from store.writer import write_facts
from tests.api_stand import T0, Stand, agent_view, call_view, queue_view, running
from tests.browser.test_api_page import SHOTS, asked, opened, sign_in
from tests.store.told import Told
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.browser

ZOE = AgentId("1001")


def a_large_floor(now: int) -> Live:
    """30 queues, 500 agents of two teams, half of them talking, 60 callers waiting."""
    queues = tuple(
        queue_view(f"q{i:02}", 2, f"File {i:02}", now - (90_000 if i == 7 else 5_000))
        for i in range(30)
    )
    agents = tuple(
        msgspec.structs.replace(
            agent_view(
                str(2000 + i),
                AgentState.SIGNED_OUT if i % 10 == 9 else AgentState(("ready", "talking")[i % 2]),
                f"Agent {i:03}",
            ),
            since=now - 20_000,
            team=("nord", "sud")[i % 2],
            call_id=CallId(f"t{i}") if i % 2 and i % 10 != 9 else None,
            queue_ids=(QueueId(f"q{i % 30:02}"),),
        )
        for i in range(500)
    )
    talking = tuple(
        call_view(agent.call_id, CallState.TALKING, agent.id, queue_id=agent.queue_ids[0])
        for agent in agents
        if agent.call_id is not None
    )
    waiting = tuple(
        call_view(
            f"w{i}",
            key=now - i,
            order=i,
            priority=0,
            enqueued_at=now - i,
            queue_id=QueueId(f"q{i % 30:02}"),
            number=f"+3369900{i:04}",
        )
        for i in range(60)
    )
    return Live(1, now, agents, queues, waiting + talking)


async def entered(stand: Stand, page: Page, live: Live) -> None:
    """The floor shows this, and `boss` looks at it."""
    await stand.floor.show(live)
    await page.goto(stand.url)
    await sign_in(page, "boss")
    await expect(page.locator("#link")).to_contain_text("En direct")


async def test_a_large_floor_is_read_at_first_sight_and_filtered(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        await page.set_viewport_size({"width": 1920, "height": 1080})
        await entered(stand, page, a_large_floor(time.time_ns() // 1_000_000))
        await expect(page.locator("#queue-lines .queue")).to_have_count(30)
        await expect(page.locator("#queue-lines .queue").first).to_contain_text("File 07")
        await expect(page.locator("#totals")).to_contain_text("60 En attente")
        # Who waits, who talks and the first agents are on the first screen.
        for seen in ("#waiting-title", "#show-talking", "#tally"):
            box = await page.locator(seen).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 1080, seen
        height = await page.evaluate("document.documentElement.scrollHeight")
        assert height < 5 * 1080
        agents = page.locator(".agent")
        await expect(agents).to_have_count(450)  # who is signed out stays away
        await page.screenshot(path=SHOTS / "floor-large.png")

        await page.get_by_role("button", name="Déconnecté").click()
        await expect(agents).to_have_count(50)
        await page.get_by_role("button", name="Tout afficher").click()
        await page.get_by_label("Équipe").select_option("sud")
        await expect(agents).to_have_count(200)
        await page.get_by_label("File", exact=True).select_option("q07")
        await expect(agents).to_have_count(17)
        await expect(page.locator("article.queue")).to_contain_text("File 07")
        await expect(page.locator(".waiting-call")).to_have_count(2)
        await page.reload()  # the filters are still there
        await expect(agents).to_have_count(17)
        await page.get_by_role("button", name="Tout afficher").click()
        await page.keyboard.press("Escape")
        await page.locator("h1").click()
        await page.keyboard.press("/")
        await page.keyboard.type("AGENT 04")
        await expect(agents).to_have_count(10)
        await page.locator("#search").fill("06 99 00 00 41")
        await expect(page.locator(".waiting-call")).to_have_count(1)
        await page.locator("#search").fill("personne")
        await expect(page.locator("#no-agent")).to_have_text("Rien ne répond à ces filtres.")
    assert errors == []


def zoe_talks(now: int) -> Live:
    """Zoé talks with Mme Martin."""
    zoe = msgspec.structs.replace(
        agent_view("1001", AgentState.TALKING, "Zoé"),
        since=now,
        call_id=CallId("c9"),
        queue_id=QueueId("support"),
    )
    call = call_view("c9", CallState.TALKING, "1001", name="Mme Martin")
    return Live(1, now, (zoe,), (queue_view("support", 0, "Support"),), (call,))


async def test_what_cannot_be_undone_is_asked_first(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        queue = {"id": "support", "name": "Support"}
        assert (await stand.call("POST", "/queues", json=queue)).status_code == 201
        await entered(stand, page, zoe_talks(time.time_ns() // 1_000_000))
        talk = page.locator(".talk")
        await expect(talk).to_contain_text("Mme Martin")
        await expect(talk).to_contain_text("Zoé")
        question = page.get_by_role("dialog")
        await talk.get_by_role("button", name="Raccrocher").press("Enter")
        await expect(question).to_contain_text("06 12 34 56 78")
        await page.keyboard.press("Enter")  # the answer in focus is no
        await expect(question).to_have_count(0)
        assert asked(stand, e.EndCall) is None
        await talk.get_by_role("button", name="Raccrocher").click()
        await question.get_by_role("button", name="Raccrocher").click()
        await until("the end of the call", lambda: asked(stand, e.EndCall))
        assert asked(stand, e.EndCall) == e.EndCall(CallId("c9"), "user:boss")

        await page.locator(".queue").get_by_role("button", name="Fermer").click()
        await question.get_by_role("button", name="Non").click()
        closed = (await stand.call("GET", "/queues/support")).json()["closed"]
        assert closed is False
        await page.locator(".queue").get_by_role("button", name="Fermer").click()
        await question.get_by_role("button", name="Fermer").click()
        await until("the queue is closed", lambda: is_closed(stand))

        await page.locator(".agent .open").click()
        await page.locator("#panel").get_by_role("button", name="Déconnecter").click()
        await page.keyboard.press("Escape")  # closes the question, not the panel
        await expect(question).to_have_count(0)
        await expect(page.locator("#panel")).to_be_visible()
        assert asked(stand, e.ForceState) is None
    assert errors == []


async def is_closed(stand: Stand) -> bool:
    return bool((await stand.call("GET", "/queues/support")).json()["closed"])


async def test_an_agents_skills_queues_and_forced_pause(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        for path, body in (
            ("/skills", {"id": "fr", "name": "Français"}),
            ("/skills", {"id": "en", "name": "Anglais"}),
            ("/queues", {"id": "support", "name": "Support"}),
            ("/pause-reasons", {"code": "lunch", "names": {"fr": "Déjeuner"}}),
        ):
            assert (await stand.call("POST", path, json=body)).status_code == 201
        skills = {"skills": [{"skill": "fr", "level": 5}]}
        assert (await stand.call("PUT", "/agents/1001/skills", json=skills)).status_code == 200
        await entered(stand, page, zoe_talks(time.time_ns() // 1_000_000))
        await page.locator(".agent .open").press("Enter")
        panel = page.locator("#panel")
        await panel.get_by_label("Motif").select_option(label="Déjeuner")
        await panel.get_by_role("button", name="Mettre en pause").click()
        await until("the pause", lambda: asked(stand, e.ForceState))
        forced = e.ForceState(ZOE, AgentState.PAUSED, "user:boss", "lunch")
        assert asked(stand, e.ForceState) == forced

        await panel.get_by_label("niveau : Français").fill("8")
        await panel.get_by_label("Ajouter : Compétences").select_option("en")
        await expect(panel.get_by_label("niveau : Français")).to_have_value("8")
        await panel.get_by_label("niveau : Anglais").fill("3")
        await panel.get_by_role("button", name="Enregistrer les compétences").click()
        await until("the skills", lambda: has_skills(stand, {"fr": 8, "en": 3}))
        await panel.get_by_label("Ajouter : Files").select_option("support")
        await panel.get_by_label("Priorité : Support").fill("2")
        await panel.get_by_role("button", name="Enregistrer les files").click()
        await until("the place in the queue", lambda: places(stand))
        assert await places(stand) == [{"queue": "support", "priority": 2, "delay_s": 0}]

        # Somebody else was faster: nothing of theirs is overwritten.
        assert (await stand.call("PUT", "/agents/1001/skills", json=skills)).status_code == 200
        await panel.get_by_role("button", name="Retirer : Anglais").click()
        await panel.get_by_role("button", name="Enregistrer les compétences").click()
        await expect(page.locator("#toast")).to_have_class("bad")
        await expect(panel.get_by_label("niveau : Français")).to_have_value("5")
    assert errors == []


async def has_skills(stand: Stand, wanted: dict[str, int]) -> bool:
    held = (await stand.call("GET", "/agents/1001")).json()["skills"]
    return {one["skill"]: one["level"] for one in held} == wanted


async def places(stand: Stand) -> object:
    return (await stand.call("GET", "/agents/1001")).json()["queues"]


async def history(stand: Stand) -> None:
    """A call that waited, was given to 1001, was recorded and has ended."""
    call = Told("c1", T0, "+33612345678").queue("support")
    decision: dict[str, object] = {
        "visit_id": call.visit,
        "queue_id": QueueId("support"),
        "signed_in": 2,
        "waiting_ahead": 0,
    }
    call.tell(
        RoutingDecided,
        trigger="arrival",
        agent_id=None,
        candidates=(Candidate(ZOE, "paused"),),
        **decision,
    )
    call.wait(65_000).leave(VisitOutcome.ANSWERED, agent_id=ZOE)
    recording = RecordingId("c1-r")
    call.tell(RecordingStarted, recording_id=recording, agent_id=ZOE, queue_id=QueueId("support"))
    call.tell(
        RecordingKept,
        recording_id=recording,
        path="a.wav",
        size_bytes=44,
        duration_ms=3_000,
        sha256="00",
    )
    call.tell(ContactEnded, outcome=Outcome.ANSWERED, ended_by=EndedBy.CALLER, reason="x")
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await write_facts(conn, call.facts, T0)
    await engine.dispose()


async def test_why_a_call_waited_and_its_recording_are_one_click_away(tmp_path: Path) -> None:
    errors: list[str] = []
    async with running(tmp_path) as stand, opened(errors) as page:
        queue = {"id": "support", "name": "Support"}
        assert (await stand.call("POST", "/queues", json=queue)).status_code == 201
        (stand.settings.recordings / "a.wav").write_bytes(silent_wav())
        await history(stand)
        await entered(stand, page, zoe_talks(time.time_ns() // 1_000_000))
        await page.get_by_role("button", name="Terminés").click()
        await page.locator(".ended").get_by_role("button", name="06 12 34 56 78").click()
        panel = page.locator("#panel")
        await expect(panel).to_contain_text("Traité")
        await expect(panel.locator(".why")).to_contain_text("À l’entrée en file")
        await panel.locator(".why summary").press("Enter")
        await expect(panel.locator(".why li")).to_have_text("Agent 1001 est en pause.")
        await panel.get_by_role("button", name="Écouter l’enregistrement").click()
        audio = panel.locator("audio")
        await expect(audio).to_be_visible()
        await until("the audio is there", lambda: audio.evaluate("one => one.duration > 0"))
        await page.get_by_role("button", name="English").click()
        await expect(panel.locator(".why li")).to_have_text("Agent 1001 is paused.")
        await page.screenshot(path=SHOTS / "call-panel.png")
    assert errors == []


def silent_wav() -> bytes:
    """A second of silence: 8 kHz, 16 bits, mono."""
    sound = bytes(16_000)
    size = len(sound).to_bytes(4, "little")
    form = b"\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"
    whole = (len(sound) + 36).to_bytes(4, "little")
    return b"RIFF" + whole + b"WAVEfmt \x10\x00\x00\x00" + form + b"data" + size + sound
