"""Plateau over REST, as an integrator uses it: seeding, agents' acts, live picture, figures.

Decides nothing; every refusal becomes one sentence.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping

import msgspec

from demo import cast
from demo.errors import DemoFailed
from load.rest import Listed, NotNow, RestSession


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


class Seated(msgspec.Struct, frozen=True):
    """A seat that was made; its account."""

    sip: Sip


class Imported(msgspec.Struct, frozen=True):
    """A configuration that was taken; the accounts of new agents."""

    sip: list[Sip]
    warnings: list[str] = []


class Made(msgspec.Struct, frozen=True):
    """A call that was made."""

    call_id: str | None = None


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
    callbacks: int


class LiveCall(msgspec.Struct, frozen=True):
    """A call in progress."""

    id: str
    state: str
    kind: str
    number: str | None
    since: int
    queue_id: str | None
    agent_id: str | None
    agent_ids: list[str]
    parent_id: str | None


class LiveAlert(msgspec.Struct, frozen=True):
    """A threshold that is passed now."""

    rule_id: str


class Picture(msgspec.Struct, frozen=True):
    """The floor now. `at` is UTC ms."""

    at: int
    agents: list[LiveAgent]
    queues: list[LiveQueue]
    calls: list[LiveCall]
    alerts: list[LiveAlert]


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


class PauseRow(msgspec.Struct, frozen=True):
    """An agent's pauses for one reason."""

    agent_id: str
    reason: str | None
    count: int
    total_ms: int


class DispositionRow(msgspec.Struct, frozen=True):
    """How often a queue's contacts were qualified so; code None: not at all."""

    queue_id: str
    code: str | None
    count: int


class KpiRow(msgspec.Struct, frozen=True):
    """Indicators of one queue or agent, None for the whole floor."""

    scope: str | None
    values: dict[str, float | None]


class Rest(RestSession):
    """A session with an API key of its own, once `sign_in` was called."""

    async def sign_in(self, login: str, password: str) -> None:
        """Sign in, and make an API key: it lasts as long as the demonstration does."""
        await super().sign_in(login, password)
        body = {"name": "demo", "role": "administrator", "expires_in_days": 30}
        self.use_key((await self.ask("POST", "/api-keys", Key, json=body)).secret)

    # ---- seeding ----

    async def seed(self) -> dict[str, Sip]:
        """The whole of `floor.yaml`, flow and numbers; the agents' SIP accounts by agent id."""
        floor, flow = cast.FLOOR_FILE.read_bytes(), cast.FLOW_FILE.read_bytes()
        headers = {"Content-Type": "application/yaml"}
        made = await self.ask("PUT", "/config", Imported, data=floor, headers=headers)
        self._taken(Saved(made.warnings))
        self._taken(await self.ask("POST", "/flows", Saved, data=flow, headers=headers))
        for dnis, name in cast.NUMBERS.items():
            await self._save("/numbers", {"dnis": dnis, "flow": cast.FLOW, "name": name})
        return {account.user.removeprefix("agent-"): account for account in made.sip}

    async def add_supervisor(self) -> str:
        """An account for the live page; its password."""
        password = secrets.token_urlsafe(9)
        body = {
            "login": cast.SUPERVISOR,
            "name": "Superviseur de démonstration",
            "role": "supervisor",
            "password": password,
        }
        await self.ask("POST", "/users", Saved, json=body)
        return password

    async def add_seat(self) -> Sip:
        """The phone on which the supervisor listens; its SIP account."""
        body = {"phone": cast.SEAT, "name": "Poste du superviseur"}
        return (await self.ask("POST", "/seats", Seated, json=body)).sip

    async def _save(self, path: str, body: object) -> None:
        self._taken(await self.ask("POST", path, Saved, json=body))

    @staticmethod
    def _taken(saved: Saved) -> None:
        if saved.warnings:
            raise DemoFailed(f"A setting is saved but not in force: {saved.warnings[0]}")

    # ---- agents ----

    async def act(self, agent: str, verb: str, body: object = None) -> None:
        """An act of an agent: `sign-in`, `ready`, `call/hold`…"""
        await self.ask("POST", f"/agents/{agent}/{verb}", Saved, json=body)

    async def try_act(self, agent: str, verb: str, body: object = None) -> bool:
        """The same; False where it is not possible now (the call has just ended, say)."""
        try:
            await self.act(agent, verb, body)
        except NotNow:
            return False
        return True

    async def try_consult(self, agent: str, target: Mapping[str, str]) -> str | None:
        """The agent asks a colleague; the consultation's call id, None where not possible now."""
        path = f"/agents/{agent}/call/consult"
        try:
            return (await self.ask("POST", path, Made, json={"target": target})).call_id
        except NotNow:
            return None

    async def give_up(self, callback: str) -> None:
        """The customer is not called back any more, unless that has begun."""
        with contextlib.suppress(NotNow):
            await self.ask("DELETE", f"/callbacks/{callback}", Saved)

    # ---- reading ----

    async def picture(self) -> Picture:
        """The floor now."""
        return await self.ask("GET", "/live", Picture)

    async def health(self) -> FloorHealth:
        """How the floor is."""
        return await self.ask("GET", "/floor", FloorHealth)

    async def definitions(self) -> list[Definition]:
        """What the indicators are called."""
        return (await self.ask("GET", "/kpi/definitions", Listed[Definition])).items

    async def kpis(self, what: str, since: int, until: int) -> list[KpiRow]:
        """Indicators of [since, until) UTC ms: `queues`, `agents`, or `intervals` for the floor."""
        query = f"?since={since}&until={until}&interval=whole"
        return (await self.ask("GET", f"/kpi/{what}{query}", Listed[KpiRow])).items

    async def pauses(self, since: int, until: int) -> list[PauseRow]:
        """Pauses of [since, until) UTC ms, by agent and reason."""
        path = f"/kpi/pauses?since={since}&until={until}"
        return (await self.ask("GET", path, Listed[PauseRow])).items

    async def dispositions(self, since: int, until: int) -> list[DispositionRow]:
        """How the conversations of [since, until) UTC ms were qualified, by queue."""
        path = f"/kpi/dispositions?since={since}&until={until}"
        return (await self.ask("GET", path, Listed[DispositionRow])).items
