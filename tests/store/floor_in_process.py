"""A floor without a switch: engine, journal, writer and control channel as in a floor's process."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from acd.config import (
    AgentProfile,
    CallbackPolicy,
    Disposition,
    FloorConfig,
    Outside,
    Queue,
    WrapUp,
)
from acd.counting.tally import Tally
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import BookCallback, PhoneReachable
from acd.model import AgentId, FlowId, PhoneId, QueueId
from acd.shell.service import FloorService
from acd.state.floor import Turn
from control.live import LivePicture
from control.protocol import Ask, Done, Health, ReadHealth, Refused, Reload, Result
from control.server import ControlServer
from store import config
from store.engine import open_store
from store.journal import Journal
from store.rows import QueueRow
from store.writer_thread import WriterThread
from tests.api_stand import T0, Stand
from tests.sim.scripted_flows import ScriptedFlows
from tests.waiting import until

AGENTS = ("1001", "1002")


class _Clock:
    def __init__(self) -> None:
        self._ahead = T0 - time.time_ns() // 1_000_000

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead


def _queue() -> Queue:
    return Queue(
        QueueId("sales"),
        "Ventes",
        wrap_up=WrapUp.NONE,
        callback=CallbackPolicy(),
        dispositions=(Disposition("sold"), Disposition("later")),
    )


def _config() -> FloorConfig:
    agents = {
        AgentId(name): AgentProfile(AgentId(name), f"Agent {name}", PhoneId(f"agent-{name}"))
        for name in AGENTS
    }
    return FloorConfig(
        queues={QueueId("sales"): _queue()},
        agents=agents,
        numbers={"601": FlowId("direct")},
        outside=Outside(allowed=("+33",), caller_id="+33199999999"),
    )


class FloorInProcess:
    """See the module. `service` takes events of a switch that is not there."""

    def __init__(self, stand: Stand, folder: Path) -> None:
        clock = _Clock()
        ids = count(1)
        self._engine = Engine(_config(), ScriptedFlows(), lambda: f"id-{next(ids)}", clock.now_ms())
        self._tally = Tally(ZoneInfo("Europe/Paris"), clock.now_ms())
        self._picture = LivePicture(self._engine.floor, self._tally)
        self.journal = Journal(folder / "journal")
        self.journal.recover()
        self.writer = WriterThread(stand.settings.store_url, self.journal, clock.now_ms)
        self.service = FloorService(self._engine, self.journal, clock, self._on_turn, "33")
        self._control = ControlServer(
            stand.settings.control_socket, self._picture, clock.now_ms, self._answer, self.journal
        )

    def _on_turn(self, turn: Turn) -> None:
        self._picture.on_turn(turn)

    async def _answer(self, ask: Ask) -> Result:
        match ask.wish:
            case Reload():
                self._picture.reconfigured()
                return Done()
            case ReadHealth():
                return Health("connected", "22", T0, T0, 0, 0, 0, 0, None, {})
            case wish:
                also = () if ask.audit is None else (ask.audit,)
                try:
                    self.service.ask(wish, also)  # type: ignore[arg-type]
                except Rejected as refusal:
                    return Refused(refusal.slug, refusal.status, str(refusal), refusal.french)
                return Done(id=wish.id if isinstance(wish, BookCallback) else None)

    async def start(self) -> None:
        self.writer.start()
        for name in AGENTS:
            self.service.post(PhoneReachable(PhoneId(f"agent-{name}")))
        await self._control.start()

    async def stop(self) -> None:
        await self._control.close()
        self.service.close()
        await self.writer.close()
        self.journal.close()


@asynccontextmanager
async def floor_of(stand: Stand, folder: Path) -> AsyncIterator[FloorInProcess]:
    """This floor in the place of the stand's scripted one."""
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await config.create_queue(conn, QueueRow(QueueId("sales"), "Ventes"))
    await engine.dispose()
    await stand.floor.stop()
    floor = FloorInProcess(stand, folder)
    await floor.start()

    async def followed() -> bool:
        return (await stand.call("GET", "/live")).status_code == 200

    try:
        await until("the web process follows the floor", followed)
        yield floor
    finally:
        await floor.stop()
