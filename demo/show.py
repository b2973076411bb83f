"""The order of the demonstration: start, seed, sign in, traffic, drain, figures, end.

Whatever happens, what was started is ended: the last thing that `run` does.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live

from demo import cast, screen
from demo.check import Comparison, SqlCounts, compare, read_counts
from demo.crowd import Crowd, SippCounts
from demo.desk import Desk
from demo.errors import DemoFailed, DemoStopped
from demo.impatient import Impatient
from demo.places import Place
from demo.rest import FloorHealth, Picture, Rest
from load.agent import SippAgent
from load.site import SCENARIOS, PortPool, Site
from plateau import stack
from switch.sipp import sipp_argv

_LOOK_S = 0.3
_ENDING = "No new callers; calls are ending (Ctrl-C ends them now)"
_LINE_EVERY_S = 5.0
_DRAIN_S = 20.0
_STEADY_S = 15.0
_NOTABLE_S = 0.05


class Result(msgspec.Struct, frozen=True):
    """Everything that a run gave, for the JSON file."""

    ok: bool
    seed: int
    seconds_of_traffic: float
    url: str
    home: str
    phases_s: dict[str, float]
    sipp: SippCounts
    sql: SqlCounts
    acts: dict[str, int]
    comparisons: list[Comparison]
    disagreements: list[str]
    floor: dict[str, float | None]
    queues: dict[str, dict[str, float | None]]
    agents: dict[str, dict[str, float | None]]
    health: FloorHealth


class Show:
    """One run. `seconds` None: until Ctrl-C."""

    def __init__(self, place: Place, console: Console, seed: int, seconds: float | None) -> None:
        self._place = place
        self._settings = place.settings
        self._console = console
        self._seed = seed
        self._seconds = seconds
        self._stop = asyncio.Event()
        self._hurry = self._draining = False
        self._phases: dict[str, float] = {}
        self._step: tuple[str, float] | None = None
        self._began_at = 0
        self._last_line = 0.0

    # ---- telling ----

    def _say(self, step: str) -> None:
        """A step of the start begins. Raises DemoStopped when somebody asked to end."""
        self._step_over()
        if self._stop.is_set():
            raise DemoStopped
        self._step = (step, time.monotonic())

    def _step_over(self) -> None:
        if self._step is not None:
            step, began = self._step
            self._step = None
            took_s = time.monotonic() - began
            if took_s < _NOTABLE_S:  # a remark rather than a step
                return
            self._phases[step] = round(took_s, 2)
            self._console.print(f"  {step[:1].upper()}{step[1:]} [bright_black]{took_s:.1f} s[/]")

    def _on_signal(self) -> None:
        self._hurry = self._stop.is_set() or self._draining
        self._stop.set()

    # ---- the run ----

    async def run(self) -> Result:
        """Start, play, count, end.

        Raises DemoFailed, DemoStopped, PlateauError, PartyError and what the rooms raise.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        async with AsyncExitStack() as ending:
            ending.push_async_callback(self._down)
            started = await asyncio.to_thread(stack.up, self._settings, self._say)
            rest = await ending.enter_async_context(Rest(started.url))
            if started.password is None:
                raise DemoFailed("the store already had an administrator: this home is not fresh")
            self._say("Seeding over REST: demo/floor.yaml, flow, numbers, accounts")
            await rest.sign_in(stack.FIRST_LOGIN, started.password)
            accounts = await rest.seed()
            supervisor = await rest.add_supervisor()
            seat = await rest.add_seat()
            self._step_over()
            self._announce(started, supervisor)
            site = self._site()
            desk = Desk(rest, random.Random(self._seed + 1))
            crowd = Crowd(
                site,
                desk,
                Impatient(site, self._place.outside_port),
                random.Random(self._seed),
                self._seconds,
            )
            ending.push_async_callback(crowd.close)
            self._say(f"Registering {len(accounts)} phones")
            await crowd.open_phones(accounts)
            await ending.enter_async_context(
                SippAgent(site, user=seat.user, password=seat.secret, tone_hz=None)
            )
            self._say("Signing the agents in")
            await self._sign_in(rest)
            self._step_over()
            return await self._play(rest, crowd, desk, started.url)

    async def _down(self) -> None:
        self._step_over()
        began = time.monotonic()
        await asyncio.to_thread(stack.down, self._settings, lambda _: None)
        self._phases["Ending everything"] = round(time.monotonic() - began, 2)
        self._console.print(
            f"  Floor, API and Asterisk ended [bright_black]{time.monotonic() - began:.1f} s[/]"
        )

    def _site(self) -> Site:
        workdir = self._place.home / "sipp"
        workdir.mkdir()
        argv = sipp_argv(self._settings.effective_rootfs, visible=[workdir, SCENARIOS])
        return Site(
            sipp=tuple(argv),
            workdir=workdir,
            switch_port=self._settings.sip_port,
            sip_pool=PortPool(self._place.sip_phones),
            rtp_pool=PortPool(self._place.rtp_steered[::2]),
            load_rtp_ports=self._place.rtp_phones,
        )

    def _announce(self, started: stack.Started, supervisor: str) -> None:
        show = self._console.print
        show()
        show(f"Page             [bold]{started.url}[/]")
        show(f"  supervisor     {cast.SUPERVISOR} / {supervisor}")
        show(f"  administrator  {stack.FIRST_LOGIN} / {started.password}")
        show(f"SIP {started.sip}, numbers {', '.join(cast.NUMBERS)}; {started.switch}")
        if self._place.moved:
            show("The usual ports are in use: this demonstration took the next free ones.")
        show(f"Files and logs   {self._place.home}")
        show(f"Seed             {self._seed}  (the same with --seed {self._seed})")
        show()

    async def _sign_in(self, rest: Rest) -> None:
        async def phones_up() -> bool:
            return all(agent.phone_up for agent in (await rest.picture()).agents)

        await self._until(phones_up, 10.0, "the floor saw every phone registered")
        for agent in cast.AGENTS:
            connected = agent == cast.CONNECTED
            await rest.act(agent, "sign-in", {"ready": False, "connected": connected})
        for agent in cast.AGENTS:
            await rest.act(agent, "ready")

        async def all_ready() -> bool:
            return all(agent.state == "ready" for agent in (await rest.picture()).agents)

        await self._until(all_ready, 5.0, "every agent was ready")

    async def _until(
        self, condition: Callable[[], Awaitable[bool]], within_s: float, what: str
    ) -> None:
        deadline = time.monotonic() + within_s
        while True:
            if self._stop.is_set():
                raise DemoStopped
            if await condition():
                return
            if time.monotonic() > deadline:
                raise DemoFailed(f"not within {within_s:g} s: {what}")
            await asyncio.sleep(0.1)

    # ---- traffic ----

    async def _play(self, rest: Rest, crowd: Crowd, desk: Desk, url: str) -> Result:
        self._began_at = (await rest.health()).now
        began = time.monotonic()
        await crowd.begin()
        until = "until Ctrl-C" if self._seconds is None else f"for {self._seconds:g} s"
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while crowd.arriving and not self._stop.is_set():
                await self._look(rest, crowd, live, f"{clock_since(began)} of traffic, {until}")
            traffic_s = time.monotonic() - began
            await crowd.stop()
            desk.closing = True
            await self._drain(rest, crowd, live)
        self._phases["Traffic"] = round(traffic_s, 2)
        self._phases["Letting calls end"] = round(time.monotonic() - began - traffic_s, 2)
        return await self._figures(rest, crowd, desk, url, traffic_s)

    async def _look(self, rest: Rest, crowd: Crowd, live: Live, status: str) -> Picture:
        picture = await rest.picture()
        await crowd.act(picture)
        now = time.monotonic()
        every_s = 1.0 if self._console.is_terminal else _LINE_EVERY_S
        if now - self._last_line >= every_s:
            self._last_line = now
            if self._console.is_terminal:
                live.update(screen.live_view(picture, crowd.dialled, status), refresh=True)
            else:
                self._console.print(screen.live_line(picture, crowd.dialled, status))
        await asyncio.sleep(_LOOK_S)
        return picture

    async def _drain(self, rest: Rest, crowd: Crowd, live: Live) -> None:
        """Callers go on until they are served; the agents' shift ends when nobody waits."""
        self._draining = True
        deadline = time.monotonic() + _DRAIN_S
        signed_out = hung_up = False
        while True:
            picture = await self._look(rest, crowd, live, _ENDING)
            if not picture.calls and not crowd.in_call:
                break
            if not signed_out and all(call.state == "talking" for call in picture.calls):
                await self._sign_out(rest)
                signed_out = True
            late_s = time.monotonic() - deadline
            if not hung_up and (late_s > 0 or self._hurry):
                for call in picture.calls:
                    if call.kind == "callback":
                        await rest.give_up(call.id)
                await crowd.hang_up_all()
                hung_up = True
            if late_s > 10.0:
                raise DemoFailed(
                    f"{len(picture.calls)} calls on the floor and {crowd.in_call} callers did not "
                    "end 10 s after every caller was told to hang up"
                )
        if not signed_out:
            await self._sign_out(rest)
        if not await crowd.settled(10.0):
            raise DemoFailed("SIPp did not end after its last call")

    async def _sign_out(self, rest: Rest) -> None:
        for agent in cast.AGENTS:
            await rest.act(agent, "sign-out")

    # ---- figures ----

    async def _figures(
        self, rest: Rest, crowd: Crowd, desk: Desk, url: str, traffic_s: float
    ) -> Result:
        began = time.monotonic()
        health, sql = await self._steady(rest)
        since, until = self._began_at, health.now + 1
        definitions = await rest.definitions()
        floor = await rest.kpis("intervals", since, until)
        queues = await rest.kpis("queues", since, until)
        agents = await rest.kpis("agents", since, until)
        sipp = crowd.counts()
        comparisons = compare(sipp, sql, health, floor, desk.done)
        for table in screen.kpi_tables(definitions, floor, queues, agents):
            self._console.print(table)
        self._console.print(
            screen.shares_table(
                await rest.pauses(since, until), await rest.dispositions(since, until)
            )
        )
        self._console.print(screen.comparison_table(comparisons))
        self._phases["Figures"] = round(time.monotonic() - began, 2)
        wrong = [
            f"{one.name}: {one.left} {one.left_count}, {one.right} {one.right_count}"
            for one in comparisons
            if not one.agrees
        ]
        if health.store_error is not None:
            wrong.append(f"the store failed: {health.store_error}")
        return Result(
            ok=not wrong,
            seed=self._seed,
            seconds_of_traffic=round(traffic_s, 2),
            url=url,
            home=str(self._place.home),
            phases_s=self._phases,
            sipp=sipp,
            sql=sql,
            acts=dict(desk.done),
            comparisons=comparisons,
            disagreements=wrong,
            floor=floor[0].values if floor else {},
            queues={row.scope or "": row.values for row in queues},
            agents={row.scope or "": row.values for row in agents},
            health=health,
        )

    async def _steady(self, rest: Rest) -> tuple[FloorHealth, SqlCounts]:
        """Wait until SQL has all that the floor told, and every recording was verified.

        What is still missing at the deadline shows in the comparison.
        """
        deadline = time.monotonic() + _STEADY_S
        url = self._settings.effective_store_url
        while True:
            health = await rest.health()
            sql = await read_counts(url)
            lost = int(health.counters.get("recordings_lost_total", 0))
            verified = sql.recordings == sql.recordings_kept + lost
            calm = sql.alerts == sql.alerts_cleared  # the floor looks at them every few seconds
            if (verified and calm and not health.journal_behind) or time.monotonic() > deadline:
                return health, sql
            await asyncio.sleep(0.2)


def clock_since(began: float) -> str:
    """Minutes and seconds since a monotonic instant."""
    return screen.clock(time.monotonic() - began)


def write_json(result: Result, file: Path) -> None:
    """Write all the figures. Raises OSError."""
    text = msgspec.json.format(msgspec.json.encode(result), indent=2)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text + b"\n")
