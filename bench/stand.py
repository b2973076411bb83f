"""What a measurement stands on: a real Asterisk, a floor process of its own, SQLite, SIPp's site.

Starts and ends everything by process id, in a folder that is removed afterwards. The floor's
process can be started under the profiler; nothing else differs from `plateau up`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from acd.events import SignIn
from acd.model import AgentId, AgentState, FlowId, PhoneId, QueueId, SkillId, SkillLevel
from control.client import FloorClient
from control.protocol import Done, Health, Live, ReadHealth, ReadLive
from load.registering import Account
from load.site import SCENARIOS, PortPool, Site
from plateau.clock import Clock
from plateau.settings import Settings
from plateau.stack import environment
from plateau.where import switch_config
from store import config as store_config
from store.engine import open_store
from store.rows import AgentRow, FlowRow, NumberRow, QueueRow, SkillRow
from store.schema import migrate
from switch import lifecycle
from switch.finder import default_rootfs
from switch.model import RunningSwitch
from switch.sipp import sipp_argv

ROOT = Path(__file__).resolve().parent.parent
DNIS = "700"
QUEUE = QueueId("bench")
SKILL = SkillId("bench")
FLOW = FlowId("bench")
DOCUMENT = """\
flow: bench
start: queue
nodes:
  queue: {kind: queue, queue: bench, answer: with_agent}
"""


class StandFailed(Exception):
    """The measurement could not be made; the text says what stood in the way."""


@dataclass(frozen=True, slots=True)
class Stand:
    """All that runs, and how to reach it."""

    settings: Settings
    switch: RunningSwitch
    site: Site
    store: AsyncEngine
    client: FloorClient
    floor_pid: int
    agents: tuple[str, ...]

    @property
    def accounts(self) -> list[Account]:
        """The SIP accounts of all agents."""
        return [Account(_phone(name), _secret(name)) for name in self.agents]

    async def health(self) -> Health:
        """How the floor is. Raises StandFailed when it does not say."""
        answer = await self.client.ask(ReadHealth(), 30)
        if not isinstance(answer, Health):
            raise StandFailed(f"the floor does not tell its health: {answer}")
        return answer

    async def live(self) -> Live:
        """The whole floor now. Raises StandFailed when it does not say."""
        answer = await self.client.ask(ReadLive(), 30)
        if not isinstance(answer, Live):
            raise StandFailed(f"the floor does not show itself: {answer}")
        return answer

    async def sign_in_all(self) -> None:
        """Sign in every agent, once every phone is seen, and wait until all are ready."""
        try:
            await until("the floor sees every phone", self._phones_up, 30)
        except StandFailed as error:
            unseen = [a.id for a in (await self.live()).agents if not a.phone_up]
            raise StandFailed(f"{error}; not seen: {', '.join(unseen)}") from None
        for name in self.agents:
            answer = await self.client.ask(SignIn(AgentId(name)))
            if not isinstance(answer, Done):
                raise StandFailed(f"agent {name} was not signed in: {answer}")
        await until("every agent is ready", self._all_ready, 10)

    async def _phones_up(self) -> bool:
        return all(agent.phone_up for agent in (await self.live()).agents)

    async def _all_ready(self) -> bool:
        return all(agent.state is AgentState.READY for agent in (await self.live()).agents)


async def until(what: str, condition: Callable[[], Awaitable[bool]], within_s: float) -> None:
    """Wait for the condition, looking every 50 ms. Raises StandFailed after `within_s`."""
    deadline_s = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > deadline_s:
            raise StandFailed(f"not within {within_s:g} s: {what}")
        await asyncio.sleep(0.05)


def _phone(agent: str) -> str:
    return f"agent-{agent}"


def _secret(agent: str) -> str:
    return f"secret-of-{agent}-bench"


def bench_settings(home: Path) -> Settings:
    """Ports apart from those of an installation and of the tests, so that both may run."""
    return Settings(
        home=home,
        sip_port=15460,
        tls_port=15461,
        http_port=18488,
        https_port=18489,
        rtp_first=20000,
        rtp_last=21999,
        rootfs=default_rootfs(),
        seed=1,
    )


@asynccontextmanager
async def stand(
    *, agents: int, recorded: bool, profile: Path | None = None
) -> AsyncIterator[Stand]:
    """Start everything, give it, and end it. Raises StandFailed, SwitchUnavailable.

    With `profile` the floor runs under cProfile and leaves its statistics there.
    """
    home = Path(tempfile.mkdtemp(prefix="plateau-bench-"))
    try:
        settings = bench_settings(home / "home")
        config = switch_config(settings)
        running = await asyncio.to_thread(lifecycle.up, config)
        try:
            async with _floor(settings, running, home, agents, recorded, profile) as made:
                yield made
        finally:
            await asyncio.to_thread(lifecycle.down, config)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def _floor(
    settings: Settings,
    running: RunningSwitch,
    folder: Path,
    agents: int,
    recorded: bool,
    profile: Path | None,
) -> AsyncIterator[Stand]:
    names = tuple(f"a{number:04d}" for number in range(agents))
    store = open_store(settings.effective_store_url)
    client = FloorClient(settings.control_socket)
    workdir = folder / "sipp"
    workdir.mkdir()
    try:
        await migrate(store)
        await _seed(store, settings, names, recorded)
        process = await _start(settings, folder / "floor.log", profile)
        try:
            yield Stand(
                settings=settings,
                switch=running,
                site=_site(settings, workdir),
                store=store,
                client=client,
                floor_pid=process.pid,
                agents=names,
            )
        finally:
            await client.close()
            await _stop(process)
    finally:
        await store.dispose()


def _site(settings: Settings, workdir: Path) -> Site:
    return Site(
        sipp=tuple(sipp_argv(settings.effective_rootfs, visible=[workdir, SCENARIOS])),
        workdir=workdir,
        switch_port=settings.sip_port,
        sip_pool=PortPool(range(17500, 17700)),
        rtp_pool=PortPool(range(17700, 17900, 2)),
        load_rtp_ports=range(22000, 24000),
    )


async def _seed(
    store: AsyncEngine, settings: Settings, names: Sequence[str], recorded: bool
) -> None:
    """One queue, one skill, one number, and agents whose accounts the switch will be told."""
    now_ms = Clock().now_ms()
    queue = QueueRow(
        QUEUE, "Bench", (SkillLevel(SKILL, 1),), ring_s=20, wrap_up_s=0, recorded=recorded
    )
    async with store.begin() as conn:
        await store_config.create_skill(conn, SkillRow(SKILL, "Bench"))
        await store_config.create_queue(conn, queue)
        await store_config.create_flow(
            conn, FlowRow(FLOW, "Bench"), DOCUMENT, created_by="bench", now_ms=now_ms
        )
        await store_config.create_number(conn, NumberRow(DNIS, FLOW))
        for name in names:
            login = f"{_phone(name)}:{settings.domain}:{_secret(name)}"
            row = AgentRow(
                AgentId(name),
                name,
                hashlib.md5(login.encode(), usedforsecurity=False).hexdigest(),
                phone=PhoneId(_phone(name)),
                skills=(SkillLevel(SKILL, 5),),
            )
            await store_config.create_agent(conn, row, now_ms)


async def _start(
    settings: Settings, log_file: Path, profile: Path | None
) -> asyncio.subprocess.Process:
    """Start `plateau floor` and wait for its control socket. Raises StandFailed with its log."""
    program = ["-m", "plateau", "floor"]
    if profile is not None:
        program = ["-m", "bench.profiled_floor", os.path.abspath(profile)]  # noqa: ASYNC240, PTH100 - a name, no disk
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *program,
            cwd=ROOT,
            env={**os.environ, **environment(settings)},
            stdout=log,
            stderr=log,
        )

    async def listening() -> bool:
        if process.returncode is not None:
            raise StandFailed(f"the floor ended:\n{_end_of(log_file)}")
        return settings.control_socket.exists()

    try:
        await until("the floor listens", listening, 60)
    except BaseException:
        await _stop(process)
        raise
    return process


def _end_of(log_file: Path) -> str:
    return log_file.read_text(errors="replace")[-2000:]


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()
