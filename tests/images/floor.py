"""A project of the compose file with people around it: an administrator, a phone, a caller.

Says what they did and saw; refuses to know how services are started.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from load.site import SCENARIOS, PortPool, Site
from switch.sipp import sipp_argv
from tests.contract.desks import Person
from tests.contract.harness import SippAgent, SippCaller
from tests.images import compose
from tests.images.compose import ROOT, Compose
from tests.images.containers import Project
from tests.images.ground import Ground
from tests.waiting import until

TRUNK: Final = "172.28.91.51"
"""Where the carrier of these tests calls from; the service `sipp` has the address before it."""
OFFICE: Final = "172.28.91.60"
"""Where agents' phones are."""
ENV: Final = f"""PLATEAU_SIP_ADDRESS=
PLATEAU_TRUNK_MATCH=172.28.91.50,{TRUNK}
PLATEAU_TIME_ZONE=Europe/Paris
"""
AGENT, CALLER = 1000, 450
"""Tones of the two in talk (Hz)."""
_PASSWORD: Final = re.compile(r"^First administrator: (\S+) / (\S+)$", re.MULTILINE)
_FLOW: Final = """flow: accueil
start: q
nodes:
  q: {kind: queue, queue: vente, answer: first}
"""


@dataclass(slots=True)
class Floor:
    """One project. `password` is the administrator's, once a first start has shown it."""

    folder: Path
    compose: Compose
    ground: Ground
    project: Project
    password: str = ""
    phone: dict[str, Any] | None = None

    @classmethod
    def make(cls, folder: Path, env: str = ENV) -> Floor:
        """A project folder with this `.env`, and its networks; nothing is started."""
        read = compose.read(compose.project(folder / "plateau", env), profile="sipp")
        ground = Ground(read, folder)
        for address in (TRUNK, OFFICE):
            ground.machine_address("telephony", address)
        return cls(folder, read, ground, Project(read.services, ground, folder))

    def start(self) -> None:
        """`docker-compose up`: the web process is what all others are needed for."""
        self.project.up("api")
        self.project.until_well("api")

    def close(self) -> None:
        """End everything at once and take the networks away; volumes stay in the folder."""
        self.project.kill()
        self.ground.close()

    def passwords(self) -> list[str]:
        """What the service `migrate` of this start showed of administrators' passwords."""
        return [password for _, password in _PASSWORD.findall(self.project.said("migrate"))]

    # ---- people ----

    @asynccontextmanager
    async def administrator(self) -> AsyncIterator[Person]:
        """Signed in over REST, where the compose file publishes it."""
        (port,) = self.compose.services["api"].ports
        assert port.host == "127.0.0.1"
        address = self.ground.addresses["api"]["web"]
        async with httpx.AsyncClient(
            base_url=f"http://{address}:{port.target}", timeout=20
        ) as http:
            yield await Person.signed_in(http, "admin", self.password)

    async def furnish(self) -> None:
        """A queue, a number that leads to it, an agent signed in; the agent's phone is kept."""
        async with self.administrator() as chief:
            await chief.rest("POST", "/skills", json={"id": "vente", "name": "Vente"})
            queue = {"id": "vente", "name": "Ventes", "required": [{"skill": "vente", "level": 1}]}
            await chief.rest("POST", "/queues", json=queue)
            await chief.rest(
                "POST", "/flows", content=_FLOW, headers={"Content-Type": "application/yaml"}
            )
            await chief.rest("POST", "/numbers", json={"dnis": "0100", "flow": "accueil"})
            skills = [{"skill": "vente", "level": 5}]
            agent = {"id": "1001", "name": "Zoé Martin", "skills": skills}
            made = await chief.rest("POST", "/agents", json=agent)
            self.phone = made.json()["sip"]

    def site(self, host: str) -> Site:
        """The harness at that address, toward the switch of this project."""
        workdir = self.folder / f"sipp-{host}"
        workdir.mkdir(exist_ok=True)
        return Site(
            sipp=tuple(sipp_argv(ROOT / ".cache/rootfs", visible=[workdir, SCENARIOS])),
            workdir=workdir / str(len(list(workdir.iterdir()))),
            switch_port=5060,
            sip_pool=PortPool(range(16000, 16200)),
            rtp_pool=PortPool(range(36000, 36400, 2)),
            switch_host=self.ground.addresses["asterisk"]["telephony"],
            host=host,
        )

    async def takes_a_call(self) -> dict[str, Any]:
        """One call: rung, talked through both ways by tones, hung up; the call as REST tells it."""
        assert self.phone is not None
        user, secret = self.phone["user"], self.phone["secret"]
        async with (
            self.administrator() as chief,
            SippAgent(self.site(OFFICE), user=user, password=secret, tone_hz=AGENT) as phone,
        ):
            before = {call["id"] for call in (await chief.read("/calls"))["items"]}

            async def ready() -> bool:
                agents = (await chief.read("/live/agents"))["items"]
                return [one["state"] for one in agents if one["id"] == "1001"] == ["ready"]

            await chief.rest("POST", "/agents/1001/sign-in", json={})
            await until("the agent is ready", ready, within_s=10)
            async with SippCaller(self.site(TRUNK), dnis="0100", tone_hz=CALLER) as caller:
                await caller.until_hears(AGENT, within_s=20)
                await phone.until_hears(CALLER, within_s=5)
                await caller.until_hears(AGENT, within_s=5, for_s=2.0)
                await caller.hang_up()
            made: list[dict[str, Any]] = []

            async def told() -> bool:
                calls = (await chief.read("/calls"))["items"]
                made[:] = [c for c in calls if c["id"] not in before and c["ended_at"] is not None]
                return len(made) == 1

            await until("REST tells of the call", told, within_s=15)
        return made[0]
