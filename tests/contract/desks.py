"""People at the web process of a real floor: their own accounts, their acts, their live picture.

Says what they asked and were answered; refuses to know what becomes of it on the telephone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import httpx
import websockets

from tests.waiting import until

Json = dict[str, Any]


class Person:
    """Somebody signed in over REST, with a token of their own."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._token = token

    @classmethod
    async def signed_in(cls, http: httpx.AsyncClient, login: str, password: str) -> Self:
        """As a client signs in: a password for a token."""
        form = {"username": login, "password": password}
        answer = await http.post("/api/v1/token", data=form)
        return cls(http, answer.raise_for_status().json()["access_token"])

    async def rest(
        self, method: str, path: str, *, status: int | None = None, **more: Any
    ) -> httpx.Response:
        """One request; it must succeed, or answer `status`."""
        headers = {"Authorization": f"Bearer {self._token}"} | more.pop("headers", {})
        answer = await self._http.request(method, f"/api/v1{path}", headers=headers, **more)
        right = answer.is_success if status is None else answer.status_code == status
        assert right, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def read(self, path: str, **params: str | int) -> Any:
        """What is to be read there."""
        return (await self.rest("GET", path, params=params)).json()

    async def act(self, path: str, *, of: str = "me", method: str = "POST", **body: object) -> Json:
        """An act of that agent: it must be done, and nothing stand in its way. The answer."""
        answer = await self.rest(method, f"/agents/{of}/{path}", json=body or None)
        done: Json = answer.json()
        assert done["warnings"] == [], done
        return done

    async def refused(self, method: str, path: str, status: int = 409, **body: object) -> str:
        """Ask for what cannot be granted; the problem's name. The floor says why, in French too."""
        french = {"Accept-Language": "fr"}
        answer = await self.rest(method, path, status=status, json=body or None, headers=french)
        problem: Json = answer.json()
        assert problem["detail"], problem
        if status == 409:
            assert answer.headers["Content-Language"] == "fr", problem
        return str(problem["type"]).rsplit(":", 1)[1]

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Screen]:
        """This one's live stream, opened with a ticket as a browser does."""
        ticket = (await self.rest("POST", "/live/ticket")).json()["ticket"]
        url = str(self._http.base_url).replace("http", "ws", 1).rstrip("/")
        protocols = ["plateau.live", f"ticket.{ticket}"]
        async with websockets.connect(
            f"{url}/api/v1/live/stream",
            subprotocols=protocols,  # type: ignore[arg-type]
        ) as socket:
            screen = Screen()
            task = asyncio.create_task(screen.follow(socket))
            try:
                await until("the stream's snapshot", lambda: screen.begun or task.done())
                yield screen
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


class Screen:
    """The live picture as a client keeps it from the stream, and what it has shown so far."""

    def __init__(self) -> None:
        self.begun = False
        self.agents: dict[str, Json] = {}
        self.queues: dict[str, Json] = {}
        self.calls: dict[str, Json] = {}
        self.alerts: list[Json] = []
        self.states: dict[str, list[str]] = {}
        """By agent the states in the order of their being shown."""

    async def follow(self, socket: websockets.ClientConnection) -> None:
        """Take what is sent until it ends."""
        async for text in socket:
            self._take(json.loads(text))

    def _take(self, message: Json) -> None:
        if message["type"] == "beat":
            return
        if message["type"] == "snapshot":
            self.begun = True
            self.agents, self.queues, self.calls = {}, {}, {}
        for kept, name in (
            (self.agents, "agents"),
            (self.queues, "queues"),
            (self.calls, "calls"),
        ):
            kept.update((thing["id"], thing) for thing in message[name])
            for gone in message.get(f"{name}_gone", ()):
                kept.pop(gone, None)
        if message["alerts"] is not None:
            self.alerts = message["alerts"]
        for agent in message["agents"]:
            seen = self.states.setdefault(agent["id"], [])
            if seen[-1:] != [agent["state"]]:
                seen.append(agent["state"])

    async def shows(self, what: str, condition: Callable[[Screen], object]) -> None:
        """Wait until it shows that."""
        await until(f"the stream shows {what}", lambda: condition(self))

    async def shows_agent(self, agent: str, state: str) -> None:
        """Wait until it shows the agent in this state."""
        await self.shows(f"{agent} {state}", lambda s: s.agents[agent]["state"] == state)

    async def shows_call(self, **fields: object) -> Json:
        """Wait until it shows one call, and that as told; the call."""

        def so() -> bool:
            return [c for c in self.calls.values() if fields.items() <= c.items()] != []

        await until(f"the stream shows a call with {fields}", so)
        return next(call for call in self.calls.values() if fields.items() <= call.items())
