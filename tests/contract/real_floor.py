"""A real floor for a test: Asterisk, the floor's own process, SQLite, and agents that can register.

Starts and stops everything by process id; reads what happened from SQL and over the control
channel, as the web process does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.events import GetReady, Pause, SignIn, SignOut
from acd.model import AgentId, AgentState, FlowId, PhoneId, QueueId, SkillId, SkillLevel
from acd.state.legs import WAITING_LINES
from control.client import FloorClient
from control.protocol import (
    AgentView,
    CallView,
    Done,
    Health,
    Live,
    QueueView,
    ReadHealth,
    ReadLive,
    Refused,
    Reload,
    Result,
    Wish,
)
from plateau.clock import Clock
from plateau.settings import Settings
from plateau.stack import environment
from store import config as store_config
from store import tables as t
from store.engine import open_store
from store.rows import AgentRow, FlowRow, NumberRow, QueueRow, SkillRow
from store.schema import migrate
from switch.sipp import sipp_argv
from tests.contract.harness import (
    SCENARIOS,
    Behaviour,
    PortPool,
    SippAgent,
    SippCaller,
    SippOutside,
    Site,
    Subscriber,
)
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
# One pool for all tests: they share one Asterisk, which goes on ringing a phone that vanished.
_SIP_PORTS = PortPool(range(16000, 16300))
_RTP_PORTS = PortPool(range(36000, 37900, 2))
OUTSIDE_PORT = 15970
"""Where the trunk's contact is: `SippOutside` in tests that need the outside world."""
_FAULTS = ("faults_total", "impossible_transitions_total", "store_facts_rejected_total")
ANNOUNCED = {"600": "menu", "601": "sales-direct", "602": "support-direct", "603": "sales-ringing"}

MENU = """
flow: menu
language: fr
start: choice
nodes:
  choice:
    kind: menu
    prompt: welcome
    choices:
      1: sales
      2: support
      3: bye
    timeout_s: 2
    tries: 2
    on_invalid: invalid-choice
    on_timeout: no-choice
    otherwise: bye
  sales: {kind: queue, queue: sales}
  support: {kind: queue, queue: support}
  bye: {kind: hang_up, prompt: goodbye}
"""


def direct(flow: str, queue: str, answer: str) -> str:
    return (
        f"flow: {flow}\nstart: q\nnodes:\n  q: {{kind: queue, queue: {queue}, answer: {answer}}}\n"
    )


FLOWS = {
    "menu": MENU,
    "sales-direct": direct("sales-direct", "sales", "first"),
    "support-direct": direct("support-direct", "support", "first"),
    "sales-ringing": direct("sales-ringing", "sales", "with_agent"),
}


def secret_of(agent: str) -> str:
    """The SIP password of an agent in these tests."""
    return f"secret-of-{agent}-0123456789"


class RealFloor:
    """One floor process on the session's Asterisk, with a home and a store of its own."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self.settings = settings
        self.site = site
        self.store: AsyncEngine = open_store(settings.effective_store_url)
        self.client = FloorClient(settings.control_socket)
        self._process: asyncio.subprocess.Process | None = None
        self._log = settings.home / "floor.log"

    # ---- process ----

    async def start(self) -> None:
        """Start `plateau floor` and wait until it answers."""
        self.settings.control_socket.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "plateau",
                "floor",
                cwd=ROOT,
                env={**os.environ, **environment(self.settings)},
                stdout=log,
                stderr=log,
            )
        try:
            await until("the floor's control socket", self._listening, within_s=30)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._log.read_text()[-4000:]}") from None

    async def _listening(self) -> bool:
        if self._process is not None and self._process.returncode is not None:
            raise AssertionError("the floor ended")
        return self.settings.control_socket.exists()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self.client.close()

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self._process.wait(), 30)
        await self.client.close()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        await self.store.dispose()
        if error is not None and self._log.exists():
            error.add_note("floor log:\n" + self._log.read_text()[-3000:])

    async def __aenter__(self) -> Self:
        async with self.store.connect():
            pass
        await migrate(self.store)
        return self

    # ---- configuration ----

    async def seed(self, agents: dict[str, dict[str, int]], queues: Sequence[QueueRow]) -> None:
        """Skills, queues, flows, numbers and agents, before the floor starts."""
        now_ms = Clock().now_ms()
        skills = {skill for levels in agents.values() for skill in levels}
        skills |= {need.skill for queue in queues for need in queue.required}
        async with self.store.begin() as conn:
            for skill in sorted(skills):
                await store_config.create_skill(conn, SkillRow(SkillId(skill), skill))
            for queue in queues:
                await store_config.create_queue(conn, queue)
            for flow, document in FLOWS.items():
                await store_config.create_flow(
                    conn,
                    FlowRow(FlowId(flow), flow),
                    document,
                    created_by="test",
                    now_ms=now_ms,
                )
            for dnis, flow in ANNOUNCED.items():
                await store_config.create_number(conn, NumberRow(dnis, FlowId(flow)))
            for agent, levels in agents.items():
                await store_config.create_agent(conn, self.agent_row(agent, levels), now_ms)

    def agent_row(self, agent: str, levels: dict[str, int]) -> AgentRow:
        phone = f"agent-{agent}"
        digest = hashlib.md5(
            f"{phone}:{self.settings.domain}:{secret_of(agent)}".encode()
        ).hexdigest()
        return AgentRow(
            AgentId(agent),
            agent.title(),
            digest,
            phone=PhoneId(phone),
            skills=tuple(SkillLevel(SkillId(s), n) for s, n in levels.items()),
        )

    async def reload(self) -> Result:
        return await self.client.ask(Reload(), 20)

    # ---- people ----

    @asynccontextmanager
    async def agent(
        self,
        name: str,
        *,
        tone_hz: int = 1000,
        behaviour: Behaviour = Behaviour.ANSWER,
        ring_ms: int = 100,
        sign_in: bool = True,
        expires_s: int = 120,
    ) -> AsyncIterator[SippAgent]:
        """An agent with a registered phone, signed in and ready."""
        async with SippAgent(
            self.site,
            user=f"agent-{name}",
            password=secret_of(name),
            tone_hz=tone_hz,
            behaviour=behaviour,
            ring_ms=ring_ms,
            expires_s=expires_s,
        ) as phone:
            await until(f"{name}'s phone is seen", lambda: self.phone_up(name))
            if sign_in:
                await self.sign_in(name)
            yield phone

    def outside(self, subscribers: Mapping[str, Subscriber]) -> SippOutside:
        """The outside world behind the trunk, with these numbers; enter it before it is called."""
        return SippOutside(self.site, subscribers, port=OUTSIDE_PORT)

    async def phone_up(self, name: str) -> bool:
        return (await self.agent_view(name)).phone_up

    async def sign_in(self, name: str) -> None:
        assert isinstance(await self.client.ask(SignIn(AgentId(name))), Done)

    async def sign_out(self, name: str) -> None:
        assert isinstance(await self.client.ask(SignOut(AgentId(name))), Done)

    async def ready(self, name: str) -> None:
        assert isinstance(await self.client.ask(GetReady(AgentId(name))), Done)

    async def pause(self, name: str, reason: str = "pause") -> None:
        assert isinstance(await self.client.ask(Pause(AgentId(name), reason)), Done)

    def caller(
        self,
        dnis: str,
        *,
        tone_hz: int = 450,
        number: str = "+33612345678",
        expect_refusal: bool = False,
    ) -> SippCaller:
        return SippCaller(
            self.site, dnis=dnis, caller=number, tone_hz=tone_hz, expect_refusal=expect_refusal
        )

    async def ask(self, wish: Wish) -> Done:
        """Have the floor do this; it must not refuse."""
        result = await self.client.ask(wish)
        assert isinstance(result, Done), result
        return result

    async def refused(self, wish: Wish) -> str:
        """Ask for what cannot be granted; the problem's name."""
        result = await self.client.ask(wish)
        assert isinstance(result, Refused), result
        return result.slug

    # ---- what is seen ----

    async def live(self) -> Live:
        live = await self.client.ask(ReadLive())
        assert isinstance(live, Live)
        return live

    async def agent_view(self, name: str) -> AgentView:
        return next(a for a in (await self.live()).agents if a.id == name)

    async def queue_view(self, name: str) -> QueueView:
        return next(q for q in (await self.live()).queues if q.id == QueueId(name))

    async def calls(self) -> tuple[CallView, ...]:
        return (await self.live()).calls

    async def agent_is(self, name: str, *states: AgentState, within_s: float = 5.0) -> None:
        async def in_state() -> bool:
            return (await self.agent_view(name)).state in states

        await until(f"{name} is {'/'.join(states)}", in_state, within_s)

    async def waiting(self, queue: str, count: int, within_s: float = 5.0) -> None:
        async def so_many() -> bool:
            return (await self.queue_view(queue)).waiting == count

        await until(f"{count} wait in {queue}", so_many, within_s)

    async def nobody_left(self, within_s: float = 5.0) -> None:
        async def empty() -> bool:
            return not await self.calls()

        await until("the floor is empty", empty, within_s)

    async def rows(self, table: Table) -> list[dict[str, object]]:
        async with self.store.connect() as conn:
            return [dict(row._mapping) for row in await conn.execute(select(table))]

    async def segments(self) -> list[dict[str, object]]:
        """All segments, in the order of their beginning."""
        rows = await self.rows(t.segment)
        return sorted(rows, key=lambda row: int(str(row["started_at"])))

    async def closed_segments(self, count: int) -> list[dict[str, object]]:
        """All segments once there are `count` and all are over."""

        async def closed() -> bool:
            rows = await self.segments()
            return len(rows) == count and all(row["ended_at"] is not None for row in rows)

        await until(f"{count} closed segments in SQL", closed)
        return await self.segments()

    async def decisions(self) -> list[dict[str, Any]]:
        """All routing decisions with their candidates decoded."""
        return [
            {**row, "candidates": json.loads(str(row["candidates"]))}
            for row in await self.rows(t.routing_decision)
        ]

    async def switch_lost(self) -> bool:
        health = await self.client.ask(ReadHealth())
        return isinstance(health, Health) and health.switch != "connected"

    async def counted_calls(self, count: int) -> bool:
        return len(await self.calls()) == count

    def recording_path(self, row: dict[str, object]) -> Path:
        """The file of a recording, as the floor sees it."""
        assert self.settings.recordings is not None
        return self.settings.recordings / str(row["path"])

    async def try_second(self) -> tuple[int, str]:
        """Start a second floor on the same home: its exit status and what it said."""
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "plateau",
            "floor",
            cwd=ROOT,
            env={**os.environ, **environment(self.settings)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(second.communicate(), 30)
        return second.returncode or 0, said.decode()

    async def contacts(self, count: int, within_s: float = 5.0) -> list[dict[str, object]]:
        """All contacts once `count` of them have ended and are in SQL, by arrival."""

        async def written() -> bool:
            ended = [r for r in await self.rows(t.contact) if r["ended_at"] is not None]
            return len(ended) >= count

        await until(f"{count} ended contacts in SQL", written, within_s)
        rows = await self.rows(t.contact)
        assert len(rows) == count, rows
        return sorted(rows, key=lambda row: int(str(row["arrived_at"])))

    async def assert_clean(self, contacts: int = 1) -> list[dict[str, object]]:
        """All is over and well kept: returns the contacts, by arrival.

        Each contact has one terminal record, every visit, segment and recording of it is closed, no
        agent is in a call, Asterisk has no leg and no bridge left (but the one in which connected
        agents' legs wait), and the floor has met no fault of its own.
        """
        rows = await self.contacts(contacts)
        await self.nobody_left()
        await until("no agent is in a call", self._nobody_talks)
        left: list[dict[str, object]] = []

        async def all_closed() -> bool:
            left[:] = await self._open_rows()
            return not left

        try:
            await until("all visits, segments and recordings are closed", all_closed, within_s=8)
        except AssertionError as error:
            raise AssertionError(f"{error}: {left}") from None
        try:
            await until("no leg and no bridge is left on the switch", self._switch_empty)
        except AssertionError as error:
            raise AssertionError(f"{error}: {await self.on_switch()}") from None
        events = await self.rows(t.event)
        for row in rows:
            mine = [e["kind"] for e in events if e["contact_id"] == row["id"]]
            assert (mine.count("ContactArrived"), mine.count("ContactEnded")) == (1, 1), mine
            assert row["outcome"] is not None, row
        health = await self.client.ask(ReadHealth())
        assert isinstance(health, Health), health
        faults = {k: v for k, v in health.counters.items() if k in _FAULTS and v}
        assert (faults, health.journal_unkept, health.store_error) == ({}, 0, None)
        return rows

    async def _nobody_talks(self) -> bool:
        agents = (await self.live()).agents
        return all(a.call_id is None and a.consult_id is None for a in agents)

    async def _open_rows(self) -> list[dict[str, object]]:
        """Visits, segments (but wrap-up, which an agent may prolong) and recordings still open."""
        visits = [r for r in await self.rows(t.queue_visit) if None in (r["left_at"], r["outcome"])]
        segments = [
            r for r in await self.rows(t.segment) if r["ended_at"] is None and r["kind"] != "acw"
        ]
        recordings = [
            r for r in await self.rows(t.recording) if r["kept_at"] is None and r["lost_at"] is None
        ]
        return [*visits, *segments, *recordings]

    async def on_switch(self) -> tuple[list[str], list[str]]:
        """The names of the legs and the ids of the bridges that Asterisk has now."""
        async with self._asterisk() as asterisk:
            legs = (await asterisk.get("channels")).raise_for_status().json()
            bridges = (await asterisk.get("bridges")).raise_for_status().json()
        return [leg["name"] for leg in legs], [bridge["id"] for bridge in bridges]

    async def endpoints(self) -> set[str]:
        """The phones and trunks that Asterisk knows now."""
        async with self._asterisk() as asterisk:
            found = (await asterisk.get("endpoints/PJSIP")).raise_for_status().json()
        return {endpoint["resource"] for endpoint in found}

    def _asterisk(self) -> httpx.AsyncClient:
        assert self.settings.ari_url is not None
        assert self.settings.ari_password_file is not None
        password = self.settings.ari_password_file.read_text()
        auth = httpx.BasicAuth(self.settings.ari_user, password)
        return httpx.AsyncClient(base_url=self.settings.ari_url, auth=auth)

    async def _switch_empty(self) -> bool:
        legs, bridges = await self.on_switch()
        standing = sum(a.connected and a.phone_up for a in (await self.live()).agents)
        return len(legs) <= standing and set(bridges) <= {WAITING_LINES}

    async def kept_recordings(self, count: int, within_s: float = 15.0) -> list[dict[str, object]]:
        """All recordings once `count` of them were verified or lost."""

        async def settled() -> bool:
            rows = await self.rows(t.recording)
            done = [r for r in rows if r["kept_at"] is not None or r["lost_at"] is not None]
            return len(done) >= count

        await until(f"{count} verified recordings", settled, within_s)
        return await self.rows(t.recording)


def harness_site(rootfs: Path | None, workdir: Path, sip_port: int) -> Site:
    """The harness on the session's Asterisk."""
    argv = sipp_argv(rootfs, visible=[workdir, SCENARIOS])
    return Site(
        sipp=tuple(argv),
        workdir=workdir,
        switch_port=sip_port,
        sip_pool=_SIP_PORTS,
        rtp_pool=_RTP_PORTS,
    )
