"""The callers and the agents' phones, on SIPp, doing what each has in mind.

SIPp dials and presses keys by plan. Who leaves the queue and who ends a talk depends on how the
call went, so those are told to hang up here, from the picture that REST gives. One side alone ends
each talk, so that both sides' accounts of it must agree. What agents do by clicks is the desk's.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from demo.cast import CONNECTED
from demo.desk import Desk
from demo.impatient import Impatient
from demo.people import RING_MS, Person, by_number, draw_people
from demo.rest import LiveCall, Picture, Sip
from load.callers import SippLoad
from load.dialog import EndedBy
from load.errors import PartyError
from load.fleet import SippFleet
from load.registering import Account
from load.site import Site

WAVE_S = 100.0
_CALLER_HZ: int | None = None  # a caller's tone would cut the last digit short
_AGENT_HZ = 1000
_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class SippCounts:
    """What SIPp itself counted, both sides, over the whole run."""

    dialled: int = 0
    answered: int = 0
    ended_by_caller: int = 0
    ended_by_switch: int = 0
    failed: int = 0
    phones_rung: int = 0
    phones_answered: int = 0
    phones_refused: int = 0
    phones_hung_up: int = 0
    customers_called_back: int = 0
    experts_answered: int = 0


@dataclass(slots=True)
class _Wave:
    """Callers of one stretch of time, in one SIPp process."""

    load: SippLoad
    people: list[Person]
    began: float
    numbers: dict[str, int] = field(init=False)
    told: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.numbers = by_number(self.people)


class Crowd:
    """Callers in waves, and one fleet of phones. `seconds` None: until told to stop."""

    def __init__(
        self,
        site: Site,
        desk: Desk,
        impatient: Impatient,
        rng: random.Random,
        seconds: float | None,
    ) -> None:
        self._site = site
        self._desk = desk
        self._impatient = impatient
        self._rng = rng
        self._seconds = seconds
        self._waves: list[_Wave] = []
        self._over: list[SippCounts] = []
        self._people = 0
        self._phones: dict[str, str] = {}
        self._phones_told: set[str] = set()
        self._waiting_since: dict[str, int] = {}
        self._began = 0.0
        self._next_wave = 0.0
        self._fleet: SippFleet | None = None
        self.stopped = False

    # ---- phones ----

    async def open_phones(self, accounts: Mapping[str, Sip]) -> None:
        """Register one phone for each agent. Raises PartyError when that fails."""
        self._phones = {agent: account.user for agent, account in accounts.items()}
        sip = [Account(account.user, account.secret) for account in accounts.values()]
        fleet = SippFleet(self._site, sip, ring_ms=RING_MS, tone_hz=_AGENT_HZ)
        self._fleet = await fleet.__aenter__()
        await self._impatient.open()

    async def close(self) -> None:
        """End every SIPp process."""
        await self._impatient.close()
        for wave in self._waves:
            await wave.load.sipp.close()
        if self._fleet is not None:
            await self._fleet.__aexit__(None, None, None)
            self._fleet = None

    # ---- arrivals ----

    @property
    def arriving(self) -> bool:
        """Whether callers are still to come."""
        if self.stopped:
            return False
        return self._seconds is None or time.monotonic() < self._began + self._seconds

    async def begin(self) -> None:
        """The first callers dial from now on."""
        self._began = self._next_wave = time.monotonic()
        await self._start_wave()

    async def _start_wave(self) -> None:
        now = time.monotonic()
        length_s = WAVE_S
        if self._seconds is not None:
            length_s = min(length_s, self._began + self._seconds - now)
        if length_s < 0.5:
            return
        everybody = draw_people(self._rng, length_s, self._people)
        self._people += len(everybody)
        people = [one for one in everybody if not one.wants_callback] or everybody[:1]
        self._impatient.start([one for one in everybody if one not in people])
        load = SippLoad(self._site, [person.plan for person in people], tone_hz=_CALLER_HZ)
        await load.sipp.start()
        self._waves.append(_Wave(load, people, now))
        self._next_wave = now + length_s
        if (len(self._over) + len(self._waves)) % (_BLOCKS - 1) == 0:
            self._site.load_block()  # the fleet's own ports come next in turn: not for callers

    async def stop(self) -> None:
        """Nobody dials any more; calls under way go on."""
        if not self.stopped:
            self.stopped = True
            self._impatient.stop()
            for wave in self._waves:
                if wave.load.sipp.running:
                    await wave.load.stop()

    async def hang_up_all(self) -> None:
        """Every caller hangs up now."""
        for wave in self._waves:
            if wave.load.sipp.running:
                await wave.load.hang_up_all()
        await self._impatient.hang_up_all()

    @property
    def in_call(self) -> int:
        """Callers who have dialled and not hung up, as SIPp's log tells it."""
        return sum(_in_call(wave.load) for wave in self._waves) + self._impatient.in_call

    # ---- what each does ----

    async def act(self, picture: Picture) -> None:
        """Let those hang up whose time has come, by this picture; start the next wave if due."""
        if self.arriving and time.monotonic() >= self._next_wave:
            await self._start_wave()
        await self._desk.look(picture)
        waiting = {
            c.number for c in picture.calls if c.number and c.state in ("waiting", "offered")
        }
        self._waiting_since = {n: at for n, at in self._waiting_since.items() if n in waiting}
        for call in picture.calls:
            if self._impatient.person(call.number) is not None:
                await self._mind_impatient(call, picture)
        calls = {c.number: c for c in picture.calls if c.number and c.kind == "inbound"}
        for wave in self._waves:
            for number in wave.numbers.keys() & calls.keys():
                await self._mind(wave, wave.numbers[number], calls[number], picture)
        for wave in [wave for wave in self._waves if not wave.load.sipp.running]:
            await wave.load.sipp.close()  # reads the last of its events
            self._over.append(_caller_counts(wave.load))
            self._waves.remove(wave)

    async def _mind_impatient(self, call: LiveCall, picture: Picture) -> None:
        person = self._impatient.person(call.number)
        if person is None or call.kind not in ("inbound", "callback"):
            return
        if call.state == "waiting" and call.kind == "inbound":
            await self._impatient.wait(call)
        elif call.state == "talking" and picture.at - call.since >= person.talk_ms:
            if call.kind == "callback":
                await self._desk.qualify(call)
            await self._impatient.hang_up(call)

    async def _mind(self, wave: _Wave, position: int, call: LiveCall, picture: Picture) -> None:
        person = wave.people[position]
        if position in wave.told or person.leaves_menu:
            return
        if call.state in ("waiting", "offered"):
            since = self._waiting_since.setdefault(person.plan.caller, call.since)
            # Who hears the phone ring stays: a hang-up would race with the agent's answer.
            if call.state == "waiting" and picture.at - since >= person.patience_ms:
                self._hang_up(wave, position)
        elif call.state == "talking":
            in_hand = await self._desk.serve(person, call, picture)
            if in_hand or picture.at - call.since < person.talk_ms:
                return
            if not person.agent_ends or call.agent_id is None:
                self._hang_up(wave, position)
            elif await self._agent_ends(call.agent_id):
                wave.told.add(position)

    def _hang_up(self, wave: _Wave, position: int) -> None:
        wave.told.add(position)
        wave.load.sipp.steer("HANGUP", f"load-{position + 1}-{wave.load.sipp.pid}")

    async def _agent_ends(self, agent: str) -> bool:
        """With the phone; who is connected keeps the line, and clicks."""
        if agent == CONNECTED:
            return await self._desk.hang_up(agent)
        return self._agent_hangs_up(agent)

    def _agent_hangs_up(self, agent: str) -> bool:
        fleet, phone = self._fleet, self._phones.get(agent)
        if fleet is None or phone is None:
            return False
        ended = {e.call_id for e in fleet.sipp.events if e.name == "ended"} | self._phones_told
        for event in reversed(fleet.sipp.events):
            if event.name == "answered" and event.fields.get("user") == phone:
                if event.call_id in ended:
                    return False
                self._phones_told.add(event.call_id)
                fleet.sipp.steer("HANGUP", event.call_id)
                return True
        return False

    # ---- counting ----

    @property
    def dialled(self) -> int:
        """Callers who have dialled so far."""
        return (
            sum(c.dialled for c in self._over)
            + sum(wave.load.figures().dialled for wave in self._waves)
            + self._impatient.dialled
        )

    async def settled(self, timeout_s: float) -> bool:
        """Wait until every SIPp process of callers has ended; False when one still runs."""
        try:
            async with asyncio.timeout(timeout_s):
                for wave in self._waves:
                    await wave.load.sipp.finished(timeout_s)
                    await wave.load.sipp.close()  # reads the last of its events
        except (TimeoutError, PartyError):
            return False
        return True

    def counts(self) -> SippCounts:
        """All that SIPp counted, waves that are over included."""
        parts = [*self._over, *(_caller_counts(wave.load) for wave in self._waves)]
        fleet = self._fleet
        hung_up = 0
        if fleet is not None:
            hung_up = sum(
                e.name == "ended" and e.fields.get("by") == "local" for e in fleet.sipp.events
            )
        alone = self._impatient
        return SippCounts(
            dialled=sum(p.dialled for p in parts) + alone.dialled,
            answered=sum(p.answered for p in parts) + alone.answered,
            ended_by_caller=sum(p.ended_by_caller for p in parts)
            + alone.ended(EndedBy.LOCAL, EndedBy.CANCEL),
            ended_by_switch=sum(p.ended_by_switch for p in parts) + alone.ended(EndedBy.REMOTE),
            failed=sum(p.failed for p in parts) + alone.failed,
            customers_called_back=alone.picked_up(experts=False),
            experts_answered=alone.picked_up(experts=True),
            phones_rung=0 if fleet is None else fleet.count("rung"),
            phones_answered=0 if fleet is None else fleet.count("answered"),
            phones_refused=0 if fleet is None else fleet.count("refused"),
            phones_hung_up=hung_up,
        )


def _in_call(load: SippLoad) -> int:
    names = [event.name for event in load.sipp.events]
    return names.count("dialled") - names.count("ended")


def _caller_counts(load: SippLoad) -> SippCounts:
    figures = load.figures()
    return SippCounts(
        dialled=figures.dialled,
        answered=figures.answered,
        ended_by_caller=figures.ended_by_caller + figures.cancelled,
        ended_by_switch=figures.ended_by_switch,
        failed=figures.failed,
    )
