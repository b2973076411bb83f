"""Plateau over REST, as an integrator uses it: seeding, agents' acts, live picture, figures.

Decides nothing; every refusal becomes one sentence.
"""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import TypeVar

import aiohttp
import msgspec

from demo import cast
from demo.errors import DemoFailed

T = TypeVar("T")
_TIMEOUT = aiohttp.ClientTimeout(total=30)


class Token(msgspec.Struct, frozen=True):
    """The answer to a sign-in."""

    access_token: str


class Key(msgspec.Struct, frozen=True):
    """A new API key."""

    secret: str


class Saved(msgspec.Struct, frozen=True):
    """A change that was taken."""

    warnings: list[str] = []


class Sip(msgspec.Struct, frozen=True):
    """A SIP account."""

    user: str
    secret: str


class NewAgent(msgspec.Struct, frozen=True):
    """An agent just made."""

    id: str
    sip: Sip
    warnings: list[str] = []


class LiveAgent(msgspec.Struct, frozen=True):
    """An agent now."""

    id: str
    name: str
    state: str
    since: int
    phone_up: bool


class LiveQueue(msgspec.Struct, frozen=True):
    """A queue now, and its counts of this day."""

    id: str
    name: str
    waiting: int
    offered: int
    talking: int
    oldest_at: int | None
    offered_today: int
    answered_today: int
    answered_in_time_today: int
    abandoned_today: int
    short_abandoned_today: int


class LiveCall(msgspec.Struct, frozen=True):
    """A call in progress."""

    id: str
    state: str
    number: str | None
    since: int
    agent_id: str | None


class Picture(msgspec.Struct, frozen=True):
    """The floor now. `at` is UTC ms."""

    at: int
    agents: list[LiveAgent]
    queues: list[LiveQueue]
    calls: list[LiveCall]


class FloorHealth(msgspec.Struct, frozen=True):
    """How the floor is."""

    switch: str
    now: int
    calls: int
    journal_behind: int
    store_error: str | None
    counters: dict[str, float]


class Definition(msgspec.Struct, frozen=True):
    """An indicator's names and unit (n, %, s)."""

    key: str
    fr: str
    unit: str


class KpiRow(msgspec.Struct, frozen=True):
    """Indicators of one queue or agent, None for the whole floor."""

    scope: str | None
    values: dict[str, float | None]


class KpiReport(msgspec.Struct, frozen=True):
    """A report."""

    rows: list[KpiRow]


class _Fault(msgspec.Struct, frozen=True):
    detail: str = ""


class Rest:
    """A session with an API key of its own, once `sign_in` was called."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._headers: dict[str, str] = {}
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Rest:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def sign_in(self, login: str, password: str) -> None:
        """Sign in, and make an API key: it lasts as long as the demonstration does."""
        form = aiohttp.FormData({"username": login, "password": password})
        token = await self._ask("POST", "/token", Token, data=form)
        self._headers = {"Authorization": f"Bearer {token.access_token}"}
        body = {"name": "demo", "role": "administrator", "expires_in_days": 30}
        key = await self._ask("POST", "/api-keys", Key, json=body)
        self._headers = {"X-API-Key": key.secret}

    # ---- seeding ----

    async def seed(self) -> dict[str, Sip]:
        """Skills, queues, flow, numbers, agents; the agents' SIP accounts by agent id."""
        await self._save("/teams", {"id": "demo", "name": "Démonstration"})
        for skill, name in cast.SKILLS.items():
            await self._save("/skills", {"id": skill, "name": name})
        for queue in cast.QUEUES:
            await self._save("/queues", queue)
        document = cast.FLOW_FILE.read_bytes()
        headers = {"Content-Type": "application/yaml"}
        self._taken(await self._ask("POST", "/flows", Saved, data=document, headers=headers))
        for dnis, name in cast.NUMBERS.items():
            await self._save("/numbers", {"dnis": dnis, "flow": cast.FLOW, "name": name})
        accounts: dict[str, Sip] = {}
        for agent, (name, levels) in cast.AGENTS.items():
            skills = [{"skill": skill, "level": level} for skill, level in levels.items()]
            body = {"id": agent, "name": name, "team": "demo", "skills": skills}
            made = await self._ask("POST", "/agents", NewAgent, json=body)
            self._taken(Saved(made.warnings))
            accounts[agent] = made.sip
        return accounts

    async def add_supervisor(self) -> str:
        """An account for the live page; its password."""
        password = secrets.token_urlsafe(9)
        body = {
            "login": cast.SUPERVISOR,
            "name": "Superviseur de démonstration",
            "role": "supervisor",
            "password": password,
        }
        await self._ask("POST", "/users", Saved, json=body)
        return password

    async def _save(self, path: str, body: object) -> None:
        self._taken(await self._ask("POST", path, Saved, json=body))

    @staticmethod
    def _taken(saved: Saved) -> None:
        if saved.warnings:
            raise DemoFailed(f"A setting is saved but not in force: {saved.warnings[0]}")

    # ---- agents ----

    async def act(self, agent: str, verb: str, body: object = None) -> None:
        """`sign-in`, `ready`, `pause` or `sign-out` for an agent."""
        await self._ask("POST", f"/agents/{agent}/{verb}", Saved, json=body)

    # ---- reading ----

    async def picture(self) -> Picture:
        """The floor now."""
        return await self._ask("GET", "/live", Picture)

    async def health(self) -> FloorHealth:
        """How the floor is."""
        return await self._ask("GET", "/floor", FloorHealth)

    async def definitions(self) -> list[Definition]:
        """What the indicators are called."""
        return await self._ask("GET", "/kpi/definitions", list[Definition])

    async def kpis(self, what: str, since: int, until: int) -> list[KpiRow]:
        """Indicators of [since, until) UTC ms: `queues`, `agents`, or `intervals` for the floor."""
        query = f"?from={since}&to={until}&interval=whole"
        return (await self._ask("GET", f"/kpi/{what}{query}", KpiReport)).rows

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        json: object = None,
        data: bytes | aiohttp.FormData | None = None,
        headers: dict[str, str] | None = None,
    ) -> T:
        try:
            async with self._session.request(
                method,
                self._url + path,
                json=json,
                data=data,
                headers={**self._headers, **(headers or {})},
            ) as reply:
                text = await reply.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DemoFailed(
                f"{method} {path} got no answer: {error or type(error).__name__}"
            ) from error
        try:
            if reply.status >= 400:
                why = msgspec.json.decode(text, type=_Fault).detail
                raise DemoFailed(f"{method} {path} was refused ({reply.status}): {why}")
            return msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            raise DemoFailed(
                f"{method} {path} gave {reply.status} and what is not its answer: {error}"
            ) from error
