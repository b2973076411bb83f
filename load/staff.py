"""Agents for a load, and a number that leads to them: made over REST, and removed again.

Everything made has an id that begins with `load-`, so that what a killed run left behind can be
found (`remove_all`). Decides nothing about calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from load.errors import PartyTimeout
from load.registering import Account
from load.rest import Listed, Nothing, RestFailed, RestSession

TAG = "load-"
_LEVEL = 10
_NUMBERS = range(9900, 10000)
_FLOW = """\
flow: {id}
name: Load test
start: queue
nodes:
  queue: {{kind: queue, queue: {id}, answer: with_agent}}
"""
_LOOK_S = 0.1


class Sip(msgspec.Struct, frozen=True):
    """A SIP account."""

    user: str
    secret: str


class Made(msgspec.Struct, frozen=True):
    """An agent or a seat just made; `warnings` say why it is not in force, if so."""

    sip: Sip | None = None
    warnings: list[str] = []


class _Need(msgspec.Struct, frozen=True):
    skill: str


class _Step(msgspec.Struct, frozen=True):
    expression: str | None = None


class _Queue(msgspec.Struct, frozen=True):
    required: list[_Need] = []
    steps: list[_Step] = []


class _Named(msgspec.Struct, frozen=True):
    id: str = ""
    dnis: str = ""
    phone: str = ""


class LiveAgent(msgspec.Struct, frozen=True):
    """An agent now."""

    id: str
    state: str
    phone_up: bool


class _Live(msgspec.Struct, frozen=True):
    agents: list[LiveAgent]


class Staff:
    """The agents of one load, and its own queue and number where no number was named."""

    def __init__(self, rest: RestSession, tag: str) -> None:
        self._rest = rest
        self.id = f"{TAG}{tag}"
        self.agents: list[str] = []
        self.accounts: list[Account] = []
        self._made: list[str] = []

    async def make_way(self) -> str:
        """A skill, queue, flow and number of its own; returns the number. Raises RestFailed."""
        taken = {one.dnis for one in await listed(self._rest, "/numbers")}
        free = next((str(n) for n in _NUMBERS if str(n) not in taken), None)
        if free is None:
            raise RestFailed(f"The numbers {_NUMBERS.start} to {_NUMBERS.stop - 1} are all taken.")
        await self._make("/skills", self.id, {"id": self.id, "name": "Load test"})
        await self._make(
            "/queues",
            self.id,
            {
                "id": self.id,
                "name": "Load test",
                "required": [{"skill": self.id, "level": 1}],
                "wrap_up": "none",
            },
        )
        headers = {"Content-Type": "application/yaml"}
        document = _FLOW.format(id=self.id).encode()
        await self._rest.ask("POST", "/flows", Nothing, data=document, headers=headers)
        self._made.append(f"/flows/{self.id}")
        await self._make("/numbers", free, {"dnis": free, "flow": self.id, "name": "Load test"})
        return free

    async def hire(
        self, count: int, queues: Sequence[str], progress: Callable[[int], None]
    ) -> None:
        """Make agents who can serve these queues (empty: its own). Raises RestFailed."""
        skills = sorted(await self._skills_for(queues)) if queues else [self.id]
        entry = {
            "name": "Load test",
            "skills": [{"skill": skill, "level": _LEVEL} for skill in skills],
            "queues": [{"queue": queue} for queue in queues or [self.id]],
        }
        for number in range(1, count + 1):
            agent = f"{self.id}-{number:03d}"
            made = await self._rest.ask("POST", "/agents", Made, json=entry | {"id": agent})
            self._made.append(f"/agents/{agent}")
            if made.sip is None or made.warnings:
                raise RestFailed(f"The agent {agent} has no phone: {' '.join(made.warnings)}")
            self.agents.append(agent)
            self.accounts.append(Account(made.sip.user, made.sip.secret))
            progress(number)

    async def _skills_for(self, queues: Sequence[str]) -> set[str]:
        wanted: set[str] = set()
        for queue in queues:
            known = await self._rest.ask("GET", f"/queues/{queue}", _Queue)
            wanted |= {need.skill for need in known.required}
            if any(step.expression for step in known.steps):  # may ask for any: they have them all
                wanted |= {one.id for one in await listed(self._rest, "/skills")}
        return wanted

    async def sign_in(self) -> None:
        """Sign all in, once the floor has seen their phones. Raises RestFailed, PartyTimeout."""
        within_s = 30.0 + 0.1 * len(self.agents)
        await self._all("seen every phone", lambda agent: agent.phone_up, within_s)
        for agent in self.agents:
            await self._rest.ask("POST", f"/agents/{agent}/sign-in", Nothing, json={"ready": True})
        await self._all("every agent ready", lambda agent: agent.state == "ready", within_s)

    async def _all(self, what: str, good: Callable[[LiveAgent], bool], within_s: float) -> None:
        wanted = set(self.agents)

        async def all_good() -> bool:
            live = await self._rest.ask("GET", "/live", _Live)
            return wanted <= {agent.id for agent in live.agents if good(agent)}

        await until(f"the floor has {what}", all_good, within_s)

    async def sign_out(self) -> None:
        """Sign everybody out who is in; during a call it is done after it."""
        for agent in self.agents:
            try:
                await self._rest.ask("POST", f"/agents/{agent}/sign-out", Nothing)
            except RestFailed as error:
                if error.status not in (404, 409):
                    raise

    async def remove(self) -> list[str]:
        """Remove everything that was made, last first; sentences about what could not be."""
        with contextlib.suppress(RestFailed):
            await self.sign_out()
        return await _remove(self._rest, list(reversed(self._made)))

    async def _make(self, path: str, id_: str, body: object) -> None:
        await self._rest.ask("POST", path, Nothing, json=body)
        self._made.append(f"{path}/{id_}")


async def until(what: str, condition: Callable[[], Awaitable[bool]], within_s: float) -> None:
    """Wait for the condition. Raises PartyTimeout."""
    deadline_s = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > deadline_s:
            raise PartyTimeout(f"not within {within_s:.0f} s: {what}")
        await asyncio.sleep(_LOOK_S)


async def listed(rest: RestSession, path: str) -> list[_Named]:
    """The ids of a list. Raises RestFailed."""
    return (await rest.ask("GET", path, Listed[_Named])).items


async def remove_all(rest: RestSession) -> tuple[list[str], list[str]]:
    """Remove what earlier loads left behind: paths of what there was, and why any stayed."""
    paths: list[str] = []
    flows = [one.id for one in await listed(rest, "/flows")]
    for dnis in [one.dnis for one in await listed(rest, "/numbers") if one.dnis]:
        number = await rest.ask("GET", f"/numbers/{dnis}", _Number)
        if number.flow.startswith(TAG):
            paths.append(f"/numbers/{dnis}")
    paths += [f"/flows/{flow}" for flow in flows if flow.startswith(TAG)]
    for kind in ("agents", "queues", "skills"):
        found = [one.id for one in await listed(rest, f"/{kind}")]
        paths += [f"/{kind}/{id_}" for id_ in found if id_.startswith(TAG)]
    seats = [one.phone for one in await listed(rest, "/seats")]
    paths += [f"/seats/{phone}" for phone in seats if phone.startswith(TAG)]
    for path in paths:
        if path.startswith("/agents/"):
            try:
                await rest.ask("POST", f"{path}/sign-out", Nothing)
            except RestFailed:
                continue
    return paths, await _remove(rest, paths)


class _Number(msgspec.Struct, frozen=True):
    flow: str


async def _remove(rest: RestSession, paths: Sequence[str]) -> list[str]:
    stayed = []
    for path in paths:
        try:
            await rest.ask("DELETE", path, Nothing)
        except RestFailed as error:
            if error.status != 404:
                stayed.append(str(error))
    return stayed
