"""One load against a running Plateau: agents made, callers started, counted, all removed again.

Whatever happens, what was made is removed: the last thing that `run` does.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import msgspec

from load.callers import SippLoad
from load.errors import LoadStopped, PartyTimeout
from load.figures import percentiles
from load.fleet import SippFleet
from load.order import RING_MS, LoadOrder
from load.report import LoadReport, compared, refusals, ring_times_ms
from load.rest import Listed, RestSession
from load.site import Site
from load.staff import Staff, until

_LOOK_S = 0.25
_HZ = 1000
_CALLER_HZ = 450
_ENDING_S = 10.0
_STEADY_S = 20.0
_EXPIRES_S = 120


class _Health(msgspec.Struct, frozen=True):
    now: int
    journal_behind: int


class _Row(msgspec.Struct, frozen=True):
    scope: str | None
    values: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a load stands. `phase` is a few words; `of_s` None: it is not known how long."""

    phase: str
    at_s: float = 0.0
    of_s: float | None = None
    dialled: int = 0
    answered: int = 0
    in_call: int = 0
    talking: int = 0
    failed: int = 0


class Load:
    """A load on a site, from which SIPp calls the switch. `show` is told where it stands."""

    def __init__(
        self,
        order: LoadOrder,
        rest: RestSession,
        site: Site,
        show: Callable[[Progress], None],
    ) -> None:
        self._order = order
        self._rest = rest
        self._site = site
        self._show = show
        self._stop = asyncio.Event()
        self._staff = Staff(rest, secrets.token_hex(3))
        self._left: list[str] = []
        self._calling = False

    def stop(self) -> None:
        """No new callers; who talks hangs up. A second time: at once."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def _say(self, progress: Progress) -> None:
        self._show(progress)
        if self._stop.is_set() and not self._calling:
            raise LoadStopped("Stopped before the first call.")

    async def run(self) -> LoadReport:
        """Make, call, count, remove. Raises RestFailed, PartyError, LoadStopped."""
        order = self._order
        async with AsyncExitStack() as ending:
            ending.push_async_callback(self._remove)
            dnis = order.dnis
            if dnis is None:
                self._say(Progress("Making a queue and a number"))
                dnis = await self._staff.make_way()
            await self._staff.hire(
                order.agents,
                order.queues,
                lambda n: self._say(Progress("Making agents", n, order.agents)),
            )
            fleet = await self._phones(self._site, ending) if order.agents else None
            report = await self._call(self._site, dnis, fleet)
        return msgspec.structs.replace(report, left_behind=self._left)

    async def _phones(self, site: Site, ending: AsyncExitStack) -> SippFleet:
        self._say(Progress(f"Registering {self._order.agents} phones"))
        fleet = SippFleet(
            site,
            self._staff.accounts,
            ring_ms=RING_MS,
            talk_ms=[round(self._order.talk_s * 1000)],
            tone_hz=_HZ,
            expires_s=_EXPIRES_S,
        )
        await ending.enter_async_context(fleet)
        self._say(Progress("Signing the agents in"))
        await self._staff.sign_in()
        return fleet

    async def _call(self, site: Site, dnis: str, fleet: SippFleet | None) -> LoadReport:
        order = self._order
        began_ms = (await self._health()).now
        plan = order.plan(dnis)
        tone_s = min(order.talk_s + order.patience_s, 600.0)
        hz = _CALLER_HZ if order.sound else None
        load = SippLoad(site, plan, tone_hz=hz, tone_s=tone_s)
        self._calling = True
        try:
            async with load:
                await self._follow(load, fleet)
        finally:
            await self._staff.sign_out()
        await self._steady()
        floor = await self._counted(began_ms)
        return self._report(dnis, load, fleet, floor)

    async def _follow(self, load: SippLoad, fleet: SippFleet | None) -> None:
        began = time.monotonic()
        told = False
        deadline = began + self._order.seconds + self._order.talk_s + self._order.patience_s
        deadline += _ENDING_S + 32.0  # SIP's own longest wait for an answer (RFC 3261, 17.1.1.2)
        while load.sipp.running:
            now = time.monotonic()
            if self._stop.is_set() and not told:
                told = True
                await load.stop()
                deadline = time.monotonic() + _ENDING_S
            if told:  # a caller about to dial when it was told dials yet
                await load.hang_up_all()
            if now > deadline:
                raise PartyTimeout(f"the callers did not end\n{load.sipp.report()}")
            figures = load.figures()
            ended = figures.ended_by_caller + figures.ended_by_switch + figures.cancelled
            talking = 0
            if fleet is not None:
                talking = fleet.count("answered") - fleet.count("ended")
            self._say(
                Progress(
                    "Ending" if told else "Calling",
                    now - began,
                    self._order.seconds,
                    figures.dialled,
                    figures.answered,
                    max(0, figures.dialled - ended - figures.failed),
                    max(0, talking),
                    figures.failed,
                )
            )
            await asyncio.sleep(_LOOK_S)

    async def _health(self) -> _Health:
        return await self._rest.ask("GET", "/floor", _Health)

    async def _steady(self) -> None:
        async def written() -> bool:
            return not (await self._health()).journal_behind

        self._say(Progress("Waiting until the floor has written everything"))
        await until("everything is in SQL", written, _STEADY_S)

    async def _counted(self, since: int) -> dict[str, int]:
        until_ms = (await self._health()).now + 1
        path = f"/kpi/queues?since={since}&until={until_ms}&interval=whole"
        wanted = set(self._order.queues or [self._staff.id])
        rows = (await self._rest.ask("GET", path, Listed[_Row])).items
        found: dict[str, int] = {}
        for row in rows:
            if row.scope in wanted:
                for key in ("offered", "answered", "abandoned"):
                    found[key] = found.get(key, 0) + round(row.values.get(key) or 0)
        return found

    def _report(
        self, dnis: str, load: SippLoad, fleet: SippFleet | None, floor: dict[str, int]
    ) -> LoadReport:
        order, figures = self._order, load.figures()
        refused = refusals(load.sipp.errors())
        talks = fleet.count("answered") if fleet is not None else 0
        comparisons = compared(
            figures.dialled, sum(refused.values()), talks, order.agents, not order.queues, floor
        )
        return LoadReport(
            dnis=dnis,
            rate=order.rate,
            seconds=order.seconds,
            agents=order.agents,
            planned=figures.planned,
            offered=figures.dialled,
            answered=figures.answered,
            refused=refused,
            failed=max(0, figures.failed - sum(refused.values())),
            abandoned=floor.get("abandoned"),
            talks=talks,
            set_up=figures.setup,
            ring=percentiles(ring_times_ms(fleet.sipp.events) if fleet is not None else []),
            floor=floor,
            comparisons=comparisons,
            agree=all(one.agrees for one in comparisons) if comparisons else None,
            left_behind=[],
        )

    async def _remove(self) -> None:
        self._show(Progress("Removing what was made"))
        self._left = await self._staff.remove()
