"""A contact centre whose queues each test sets up over REST, as its administrator would.

One floor and one web process for a file of tests. What callers are told can be a tone, so that a
test recognises a message as surely as it recognises an agent.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import httpx
import numpy as np

from acd.config import Outside
from acd.model import FlowId, QueueId, SkillId, SkillLevel
from api.credentials import hash_password
from api.serve import server
from ivr.model import DEFAULT_VOICES, media_hash
from ivr.speech import FOLDER
from load.sound import RATE
from plateau.clock import Clock
from plateau.web_process import api_settings
from store import accounts
from store import config as store_config
from store.rows import FlowRow, NumberRow, QueueRow, Role, SkillRow, UserRow
from tests.contract.desks import Person
from tests.contract.harness import tone
from tests.contract.real_floor import direct
from tests.contract.team import CUSTOMER, TeamFloor
from tests.waiting import until

LOGIN, PASSWORD = "chief", "a password for tests"
PARTNER: Final = "+33140000099"
"""A number outside that queues may send callers to."""

TONE_MUSIC, MUSIC_HZ = "tone", 1500
"""Music that the session's Asterisk has beside its own, and what it sounds like (Hz)."""

SKILLS: Final[Mapping[str, Mapping[str, int]]] = {
    "ana": {"sales": 5, "care": 5},
    "bob": {"sales": 3},
    "cleo": {"sales": 8},
    "dan": {"care": 5},
}
QUEUES: Final[Mapping[str, Mapping[str, object]]] = {
    "sales": {"name": "Ventes", "required": [{"skill": "sales", "level": 1}]},
    "care": {"name": "Clients", "required": [{"skill": "care", "level": 1}]},
}
_EVERYWHERE: Final = {"ring_s": 5, "recorded": False}
NUMBERS: Final = {"601": "sales", "602": "care"}
URGENT: Final = "611"
"""Leads to sales with the priority 5."""

_URGENT_FLOW: Final = (
    "flow: urgent\nstart: q\nnodes:\n  q: {kind: queue, queue: sales, priority: 5}\n"
)


class OfficeFloor(TeamFloor):
    """A floor with its web process; `turn_page` undoes what a test has configured."""

    _touched = False
    _http: httpx.AsyncClient
    _chief: Person | None = None
    _staff: Mapping[str, Mapping[str, object]] = MappingProxyType({})

    async def furnish(self) -> None:
        """Write the configuration that every test begins with, and who may change it."""
        now_ms = Clock().now_ms()
        hashed = await asyncio.to_thread(hash_password, PASSWORD)
        async with self.store.begin() as conn:
            for skill in ("sales", "care"):
                await store_config.create_skill(conn, SkillRow(SkillId(skill), skill))
            for name, entry in QUEUES.items():
                need = SkillLevel(SkillId(name), 1)
                row = QueueRow(QueueId(name), str(entry["name"]), (need,), ring_s=5, recorded=False)
                await store_config.create_queue(conn, row)
            flows = {
                f"to-{q}": (dnis, direct(f"to-{q}", q, "first")) for dnis, q in NUMBERS.items()
            }
            flows["urgent"] = (URGENT, _URGENT_FLOW)
            for flow, (dnis, document) in flows.items():
                row_of_flow = FlowRow(FlowId(flow), flow)
                await store_config.create_flow(
                    conn, row_of_flow, document, created_by="test", now_ms=now_ms
                )
                await store_config.create_number(conn, NumberRow(dnis, FlowId(flow)))
            for name, levels in SKILLS.items():
                await store_config.create_agent(conn, self.agent_row(name, dict(levels)), now_ms)
            await store_config.write_outside(conn, Outside(("+33",), None))
            chief = UserRow(LOGIN, LOGIN, "Chief", hashed, Role.ADMINISTRATOR, None, True, now_ms)
            await accounts.create_user(conn, chief)

    @asynccontextmanager
    async def web(self) -> AsyncIterator[Self]:
        """The web process of this floor, in this loop."""
        web = server(api_settings(self.settings), "127.0.0.1", 0)
        task = asyncio.create_task(web.serve())
        try:
            await until("the web server serves", lambda: web.started or task.done(), 10.0)
            port = web.servers[0].sockets[0].getsockname()[1]
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
                self._http = http
                yield self
        finally:
            web.should_exit = True
            with suppress(asyncio.CancelledError):
                await task

    # ---- REST ----

    async def rest(
        self, method: str, path: str, *, status: int | None = None, **more: Any
    ) -> httpx.Response:
        """One request of the administrator; it must succeed, or answer `status`."""
        if self._chief is None:
            self._chief = await Person.signed_in(self._http, LOGIN, PASSWORD)
        return await self._chief.rest(method, path, status=status, **more)

    async def person(self, login: str, role: Role, agent: str) -> Person:
        """Somebody new with an account that belongs to an agent, signed in."""
        account = {"login": login, "name": login.title(), "role": role, "agent_id": agent}
        await self.rest("POST", "/users", json=account | {"password": PASSWORD})
        return await Person.signed_in(self._http, login, PASSWORD)

    async def staff(self, fields: Mapping[str, Mapping[str, object]]) -> None:
        """The agents are from now on, on every page, as in `SKILLS` with these fields."""
        self._staff = fields
        for name in fields:
            entry = self._agent_entry(name)
            del entry["phone"]  # belongs to the section of agents, not to a change of one
            await self.rest("PUT", f"/agents/{name}", json=entry)

    async def configure(self, method: str, path: str, **more: Any) -> Any:
        """A change of the configuration, in force when this returns; its answer."""
        self._touched = True
        return (await self.rest(method, path, **more)).json()

    def touched(self) -> None:
        """Something else than `configure` changes the configuration: undo it after the test."""
        self._touched = True

    async def set_queue(self, queue: str, **fields: object) -> None:
        """The queue is from now on as in `QUEUES`, with these fields."""
        await self.configure("PUT", f"/queues/{queue}", json=queue_entry(queue, **fields))

    async def routing(self, call_id: str, language: str) -> list[dict[str, Any]]:
        """Why the call was routed as it was, in sentences."""
        answer = await self.rest("GET", f"/calls/{call_id}/routing", params={"lang": language})
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def callback_of(self, number: str = CUSTOMER) -> dict[str, Any]:
        """The newest callback to this number."""
        answer = await self.rest("GET", "/callbacks", params={"number": number, "limit": 1})
        found: dict[str, Any] = answer.json()["items"][0]
        return found

    async def callback_is(self, state: str, number: str = CUSTOMER) -> dict[str, Any]:
        """The newest callback to this number, once it is in this state."""

        async def so() -> bool:
            return bool((await self.callback_of(number))["state"] == state)

        await until(f"the callback to {number} is {state}", so, within_s=8)
        return await self.callback_of(number)

    async def stands(self, queue: str, *, callbacks: int = 0, messages: int = 0) -> None:
        """Wait until so many callbacks and messages have their places in the queue."""

        async def so_many() -> bool:
            view = await self.queue_view(queue)
            return (view.callbacks, view.messages) == (callbacks, messages)

        await until(f"{callbacks} callbacks, {messages} messages in {queue}", so_many, within_s=10)

    # ---- sounds ----

    def tone_prompt(self, key: str, hz: int, seconds: float = 0.8) -> None:
        """A recorded prompt of that name, which is a tone."""
        assert self.settings.sounds is not None
        for language in ("fr", "en"):
            folder = self.settings.sounds / "plateau" / language
            folder.mkdir(parents=True, exist_ok=True)
            write_tone(folder / f"{key}.wav", hz, seconds)

    def tone_text(self, text: str, hz: int, seconds: float = 0.8) -> dict[str, str]:
        """The texts (French alone) that are said as a tone."""
        assert self.settings.sounds is not None
        folder = self.settings.sounds / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        digest = media_hash("fr", DEFAULT_VOICES["fr"], text)
        write_tone(folder / f"{digest}.wav", hz, seconds)
        return {"fr": text}

    # ---- one test after another ----

    async def turn_page(self) -> None:
        """As of every floor; and the configuration is that of the beginning again."""
        await super().turn_page()
        if self._touched:
            whole = {
                "queues": {name: queue_entry(name) for name in QUEUES},
                "agents": {name: self._agent_entry(name) for name in SKILLS},
                "calendars": {},
                "alert_rules": {},
            }
            await self.rest("PUT", "/config", json=whole)
            self._touched = False

    def _agent_entry(self, name: str) -> dict[str, object]:
        skills = [{"skill": skill, "level": level} for skill, level in SKILLS[name].items()]
        entry = {"name": name.title(), "phone": f"agent-{name}", "skills": skills}
        return {**entry, **self._staff.get(name, {})}


def queue_entry(queue: str, **fields: object) -> dict[str, object]:
    """A queue as it is sent: that of `QUEUES` with other fields."""
    return {**QUEUES[queue], **_EVERYWHERE, **fields}


def write_tone(path: Path, hz: int, seconds: float) -> None:
    """A sound file that Asterisk plays without conversion: a tone within a little silence."""
    quiet = np.zeros(RATE // 10, dtype=np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.concatenate((quiet, tone(hz, seconds), quiet)).tobytes())
