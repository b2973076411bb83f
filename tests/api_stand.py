"""A stand for API tests: real uvicorn, real SQLite, a scripted floor on a real Unix socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.events import BookCallback, Consult, PlaceCall
from acd.facts import Audited
from acd.model import AgentId, AgentState, CallId, CallState, QueueId
from api.credentials import hash_password
from api.serve import server
from api.settings import ApiSettings
from control.protocol import (
    AgentView,
    Answer,
    Ask,
    CallView,
    Done,
    Follow,
    Health,
    Live,
    LiveChange,
    QueueView,
    ReadHealth,
    ReadLive,
    Result,
    Wish,
)
from store import accounts
from store import tables as t
from store.engine import open_store
from store.rows import Role, UserRow
from store.writer import write_facts
from tests.waiting import until

PASSWORD = "correct horse battery"
T0 = 1_800_000_000_000


def agent_view(id_: str, state: AgentState = AgentState.READY, name: str = "") -> AgentView:
    return AgentView(
        id=AgentId(id_),
        name=name or f"Agent {id_}",
        state=state,
        since=T0,
        reason=None,
        after=None,
        phone_up=True,
        call_id=None,
    )


def queue_view(
    id_: str, waiting: int = 0, name: str = "", oldest_at: int | None = None
) -> QueueView:
    return QueueView(
        id=QueueId(id_),
        name=name or id_,
        service_level_s=20,
        waiting=waiting,
        offered=0,
        talking=0,
        oldest_at=oldest_at,
        fit_ready=1,
        fit_signed_in=2,
        counted_from=T0,
        offered_today=10,
        answered_today=8,
        answered_in_time_today=7,
        abandoned_today=2,
        short_abandoned_today=1,
    )


def call_view(
    id_: str, state: CallState = CallState.WAITING, agent: str | None = None, **more: object
) -> CallView:
    shown = CallView(
        id=CallId(id_),
        state=state,
        dnis="33170000001",
        number="+33612345678",
        arrived_at=T0,
        since=T0,
        queue_id=QueueId("support"),
        agent_id=None if agent is None else AgentId(agent),
        on_hold=False,
        agent_ids=() if agent is None else (AgentId(agent),),
    )
    return msgspec.structs.replace(shown, **more)


@dataclass
class ScriptedFloor:
    """Answers as told; remembers what it was asked. `store` None: SQL does not answer it."""

    path: Path
    live: Live = field(default_factory=lambda: Live(1, T0, (), (), ()))
    asked: list[Wish] = field(default_factory=list)
    answers: dict[type, Result] = field(default_factory=dict)
    silent: set[type] = field(default_factory=set)
    store: AsyncEngine | None = None
    lines: list[Audited] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _followers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.close()
            await until("every follower is gone", lambda: not self._writers)
            await self._server.wait_closed()
            self._server = None
        self.path.unlink(missing_ok=True)

    def push(self, change: LiveChange) -> None:
        for writer in self._followers:
            writer.write(msgspec.json.encode(change) + b"\n")

    async def show(self, live: Live) -> None:
        """The floor is now this one, and the web process has seen it."""
        await self.stop()
        self.live = live
        await self.start()
        await until("the web process follows the floor", lambda: self.following() == 1)

    def following(self) -> int:
        return len(self._followers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                ask = msgspec.json.decode(line, type=Ask)
                self.asked.append(ask.wish)
                if type(ask.wish) in self.silent:
                    continue
                answer = Answer(ask.id, self._result(ask.wish))
                if ask.audit is not None and isinstance(answer.result, Done):
                    await self._keep(ask.audit)
                writer.write(msgspec.json.encode(answer) + b"\n")
                if isinstance(ask.wish, Follow):
                    self._followers.add(writer)
        except OSError:
            return  # the client has gone
        finally:
            self._writers.discard(writer)
            self._followers.discard(writer)
            writer.close()

    async def _keep(self, line: Audited) -> None:
        """What the floor's journal and its writer do with the line."""
        self.lines.append(line)
        if self.store is None:
            return
        async with self.store.begin() as conn:
            await write_facts(conn, [line], line.at)

    def _result(self, wish: Wish) -> Result:
        if type(wish) in self.answers:
            return self.answers[type(wish)]
        match wish:
            case Follow() | ReadLive():
                return self.live
            case ReadHealth():
                return Health(
                    "connected", "22.10.1", T0, T0 + 1, 3, 2, 0, 0, None, {"calls_total": 12.0}
                )
            case BookCallback():
                return Done(id=wish.id)
            case PlaceCall() | Consult():
                return Done(id=CallId("made"))
            case _:
                return Done()


@dataclass
class Stand:
    """Everything a test of the API needs."""

    settings: ApiSettings
    floor: ScriptedFloor
    http: httpx.AsyncClient
    url: str
    tokens: dict[str, str] = field(default_factory=dict)

    async def sign_in(self, login: str) -> dict[str, str]:
        """The headers of this account."""
        if login not in self.tokens:
            form = {"username": login, "password": PASSWORD}
            answer = await self.http.post("/api/v1/token", data=form)
            assert answer.status_code == 200, answer.text
            self.tokens[login] = answer.json()["access_token"]
        return {"Authorization": f"Bearer {self.tokens[login]}"}

    async def call(
        self, method: str, path: str, as_: str | None = "admin", **more: object
    ) -> httpx.Response:
        headers = dict(more.pop("headers", {}) or {})  # type: ignore[call-overload]
        if as_ is not None:
            headers |= await self.sign_in(as_)
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **more)  # type: ignore[arg-type]


async def fill(url: str, agents: tuple[str, ...] = ("1001", "1002")) -> None:
    """Empty tables, three accounts (admin, boss, 1001) and two agents."""
    engine = open_store(url)
    hashed = await asyncio.to_thread(hash_password, PASSWORD)
    async with engine.begin() as conn:
        await conn.run_sync(t.metadata.create_all)
        for id_ in agents:
            await conn.execute(
                t.agent.insert().values(
                    id=id_,
                    name=f"Agent {id_}",
                    phone=f"agent-{id_}",
                    phone_digest="0" * 32,
                    active=True,
                    created_at=T0,
                    updated_at=T0,
                )
            )
        people = (
            ("admin", Role.ADMINISTRATOR, None),
            ("boss", Role.SUPERVISOR, None),
            ("1001", Role.AGENT, AgentId("1001")),
        )
        for login, role, agent_id in people:
            await accounts.create_user(
                conn, UserRow(login, login, login, hashed, role, agent_id, True, T0)
            )
    await engine.dispose()


@asynccontextmanager
async def running(folder: Path, **changes: object) -> AsyncIterator[Stand]:
    """A stand at work; `changes` go into the settings."""
    values: dict[str, object] = {
        "store_url": f"sqlite:///{folder}/plateau.db",
        "control_socket": folder / "control",
        "recordings": folder / "recordings",
        "jwt_secret": "test-secret-" * 4,
        "stream_interval_s": 0.02,
        "floor_timeout_s": 0.5,
        "reload_timeout_s": 0.5,
    }
    settings = ApiSettings(**(values | changes))  # type: ignore[arg-type]
    settings.recordings.mkdir(exist_ok=True)
    await fill(settings.store_url)
    store = open_store(settings.store_url)
    floor = ScriptedFloor(settings.control_socket, store=store)
    await floor.start()
    web = server(settings, "127.0.0.1", 0)
    task = asyncio.create_task(web.serve())
    try:
        await until("the web server serves", lambda: web.started or task.done(), 10.0)
        port = web.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:
            yield Stand(settings, floor, http, url)
    finally:
        web.should_exit = True
        with suppress(asyncio.CancelledError):
            await task
        await floor.stop()
        await store.dispose()
