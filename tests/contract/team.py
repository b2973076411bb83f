"""A contact centre for the tests of agents, calls and supervision: one floor for a file of tests.

Its configuration has one of each kind, so that a test says only what it is about. Starting a floor
takes longer than most of these tests: they share one, and each begins on a clean page.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from sqlalchemy import Table

from acd.config import Disposition, Outside, PauseReason, Strategy, WrapUp
from acd.desk import phone_codes
from acd.events import EndCall, ForceState, SignIn
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    FlowId,
    PhoneId,
    QueueId,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
)
from acd.pins import pin_digest
from control.protocol import CallView
from ivr.model import DEFAULT_VOICES, media_hash
from ivr.speech import FOLDER
from plateau.clock import Clock
from store import config as store_config
from store import tables as t
from store.rows import AgentRow, FlowRow, NumberRow, QueueRow, SeatRow, SkillRow
from tests.contract.harness import Behaviour, SippAgent, SippCaller, wav_tones
from tests.contract.harness.hearing import Hearing
from tests.contract.real_floor import RealFloor, direct, secret_of
from tests.waiting import until

CALLER, SECOND, ANA, BOB, CLEO, DAN, OUTSIDER, BOSS = 450, 600, 1000, 800, 1250, 1500, 1850, 2200
"""What each party sounds like (Hz)."""

TONES_OF: Final[Mapping[str, int]] = {
    "ana": ANA,
    "bob": BOB,
    "cleo": CLEO,
    "dan": DAN,
    "eve": ANA,
    "gus": ANA,
}
NUMBERS: Final[Mapping[str, str]] = {
    "ana": "701",
    "bob": "702",
    "cleo": "703",
    "dan": "704",
    "eve": "705",
    "gus": "706",
}
PINS: Final[Mapping[str, str]] = {"ana": "1234", "gus": "4321"}
SKILLS: Final[Mapping[str, Mapping[str, int]]] = {
    "ana": {"sales": 5, "care": 5, "all": 5},
    "bob": {"support": 3},
    "cleo": {"support": 7},
    "dan": {"all": 5},
    "eve": {"auto": 5},
    "gus": {"support": 1},
}
SEAT: Final = PhoneId("seat-1")
RINGING: Final = "611"
"""The number of sales whose callers hear ringing until an agent answers: no 200 before."""
OUTSIDE_NUMBER: Final = "+33140000099"
SHOWN_OUTSIDE: Final = "+33140000000"
FORBIDDEN_NUMBER: Final = "+88213000000"
CUSTOMER: Final = "+33612345678"


def _queue(name: str, level: int, **more: object) -> QueueRow:
    queue = QueueRow(QueueId(name), name.title(), (SkillLevel(SkillId(name), level),), ring_s=3)
    return msgspec.structs.replace(queue, **more)


QUEUES: Final[Mapping[str, QueueRow]] = {
    "601": _queue("sales", 5, wrap_up_s=1, wrap_up_extension_s=2),
    "602": _queue("support", 5, recorded=False),
    "603": _queue(
        "care",
        5,
        wrap_up=WrapUp.MANDATORY,
        dispositions=(Disposition("sold"), Disposition("lost")),
        recorded=False,
    ),
    "604": _queue("all", 5, strategy=Strategy.RING_ALL, recorded=False),
    "605": _queue("auto", 5, recorded=False),
}
"""By the number that callers dial. sales has timed wrap-up and is recorded, support has neither."""


def agent(name: str) -> Target:
    """A colleague, as where a call may go."""
    return Target(TargetKind.AGENT, name)


def queue(name: str) -> Target:
    """A queue, as where a call may go."""
    return Target(TargetKind.QUEUE, name)


def number(digits: str) -> Target:
    """A number, as where a call may go."""
    return Target(TargetKind.NUMBER, digits)


class TeamFloor(RealFloor):
    """A floor that many tests share. `rows` shows what came to pass since `turn_page`."""

    _old: frozenset[object] = frozenset()
    _page_at = 0
    _said_before = 0

    async def furnish(self) -> None:
        """Write the configuration."""
        now_ms = Clock().now_ms()
        async with self.store.begin() as conn:
            for skill in sorted({skill for levels in SKILLS.values() for skill in levels}):
                await store_config.create_skill(conn, SkillRow(SkillId(skill), skill))
            for dnis, row in QUEUES.items():
                await store_config.create_queue(conn, row)
                flow = FlowRow(FlowId(f"{row.id}-direct"), row.name)
                document = direct(flow.id, row.id, "first")
                await store_config.create_flow(
                    conn, flow, document, created_by="test", now_ms=now_ms
                )
                await store_config.create_number(conn, NumberRow(dnis, flow.id))
            flow = FlowRow(FlowId("sales-ringing"), "Ventes, sonnerie")
            document = direct(flow.id, QueueId("sales"), "with_agent")
            await store_config.create_flow(conn, flow, document, created_by="test", now_ms=now_ms)
            await store_config.create_number(conn, NumberRow(RINGING, flow.id))
            for name, levels in SKILLS.items():
                await store_config.create_agent(conn, self._row(name, levels), now_ms)
            seat = SeatRow(SEAT, "Poste 1", self._digest(SEAT, SEAT))
            await store_config.create_seat(conn, seat, now_ms)
            for reason in (PauseReason("pause"), PauseReason("lunch", digit="1", paid=False)):
                await store_config.create_pause_reason(conn, reason)
            await store_config.write_outside(conn, Outside(("+331",), SHOWN_OUTSIDE))

    def _row(self, name: str, levels: Mapping[str, int]) -> AgentRow:
        pin = PINS.get(name)
        return msgspec.structs.replace(
            self.agent_row(name, dict(levels)),
            number=NUMBERS[name],
            pin=pin_digest(pin, name) if pin is not None else None,
            auto_answer=name == "eve",
        )

    def _digest(self, user: str, name: str) -> str:
        words = f"{user}:{self.settings.domain}:{secret_of(name)}"
        return hashlib.md5(words.encode()).hexdigest()

    async def can_speak(self) -> bool:
        """Whether what phone codes say exists as sound: it is made once after the start."""
        assert self.settings.sounds is not None
        language = self.settings.language
        folder = self.settings.sounds / FOLDER
        words = [texts[language] for texts in phone_codes.TEXTS.values()]
        hashes = [media_hash(language, DEFAULT_VOICES[language], each) for each in words]
        return all((folder / f"{each}.wav").exists() for each in hashes)

    # ---- one test after another ----

    async def turn_page(self) -> None:
        """Nobody is signed in, no phone is there, nobody calls; what was is not shown any more."""
        for call in await self.calls():
            await self.client.ask(EndCall(call.id, "test"))
        await self.nobody_left()
        for one in (await self.live()).agents:
            if one.state is not AgentState.SIGNED_OUT:
                await self.client.ask(ForceState(one.id, AgentState.SIGNED_OUT, "test"))
        await until("all are signed out, all phones gone", self._deserted, within_s=10)
        self._old = frozenset(row["id"] for row in await super().rows(t.contact))
        self._page_at = Clock().now_ms()
        self._said_before = len(self._log.read_bytes())

    def said(self) -> str:
        """The floor's log of this test."""
        return self._log.read_bytes()[self._said_before :].decode(errors="replace")

    async def _deserted(self) -> bool:
        agents = (await self.live()).agents
        return all(a.state is AgentState.SIGNED_OUT and not a.phone_up for a in agents)

    async def rows(self, table: Table) -> list[dict[str, object]]:
        """The rows of this test."""
        rows = await super().rows(table)
        if table is t.agent_state:
            return [row for row in rows if int(str(row["started_at"])) >= self._page_at]
        key = "id" if table is t.contact else "contact_id"
        return [row for row in rows if row.get(key) not in self._old]

    # ---- people ----

    @asynccontextmanager
    async def at_work(
        self, name: str, behaviour: Behaviour = Behaviour.ANSWER, *, sign_in: bool = True
    ) -> AsyncIterator[SippAgent]:
        """An agent with their own phone and tone, signed in and ready."""
        async with self.agent(
            name, tone_hz=TONES_OF[name], behaviour=behaviour, sign_in=sign_in
        ) as phone:
            if sign_in:
                await self.agent_is(name, AgentState.READY, AgentState.OFFERED, AgentState.TALKING)
            yield phone

    @asynccontextmanager
    async def connected(self, name: str) -> AsyncIterator[SippAgent]:
        """An agent whose leg stands, signed in and ready."""
        async with self.agent(name, tone_hz=TONES_OF[name], sign_in=False) as phone:
            await self.ask(SignIn(AgentId(name), connected=True))
            await phone.answered()
            await self.agent_is(name, AgentState.READY)
            yield phone

    @asynccontextmanager
    async def in_talk(
        self, name: str = "ana", dnis: str = "601"
    ) -> AsyncIterator[tuple[SippAgent, SippCaller]]:
        """An agent and a customer who hear each other."""
        async with self.at_work(name) as phone, self.caller(dnis, tone_hz=CALLER) as caller:
            await caller.until_hears(TONES_OF[name], within_s=6)
            await phone.until_hears(CALLER, within_s=5)
            yield phone, caller

    def seat(self, tone_hz: int, behaviour: Behaviour = Behaviour.ANSWER) -> SippAgent:
        """The phone that belongs to nobody."""
        return SippAgent(
            self.site, user=SEAT, password=secret_of(SEAT), tone_hz=tone_hz, behaviour=behaviour
        )

    # ---- what is seen ----

    async def call_of(self, name: str) -> CallId:
        """The call that an agent has in hand."""
        view = await self.agent_view(name)
        assert view.call_id is not None, view
        return view.call_id

    async def only_call(self) -> CallView:
        """The one call on the floor."""
        (call,) = await self.calls()
        return call

    async def kinds(self, *wanted: str) -> list[tuple[str, str | None]]:
        """(kind, agent) of all segments in order; of some kinds only, where they are named."""
        rows = await self.segments()
        found = [(str(row["kind"]), row["agent_id"]) for row in rows]
        return [(k, None if a is None else str(a)) for k, a in found if not wanted or k in wanted]

    async def transfers(self) -> list[tuple[object, ...]]:
        """(from, how, kind of target, target) of all transfers in order."""
        rows = sorted(await self.rows(t.transfer), key=lambda row: int(str(row["seq"])))
        columns = ("from_agent_id", "kind", "target_kind", "target_id")
        return [tuple(row[column] for column in columns) for row in rows]

    async def visits(self) -> list[tuple[object, ...]]:
        """(queue, outcome, agent) of all visits in order."""
        rows = sorted(await self.rows(t.queue_visit), key=lambda row: int(str(row["seq"])))
        return [(row["queue_id"], row["outcome"], row["agent_id"]) for row in rows]

    async def recorded(self) -> list[set[int]]:
        """The tones in each recording, in the order of their beginning."""
        rows = sorted(await self.rows(t.recording), key=lambda row: int(str(row["started_at"])))
        assert [row["lost_reason"] for row in rows] == [None] * len(rows)
        return [{tone.hz for tone in wav_tones(self.recording_path(row))} for row in rows]

    async def acts(self) -> list[object]:
        """What supervisors did, in order."""
        rows = await self.rows(t.supervision_act)
        return [row["act"] for row in sorted(rows, key=lambda row: int(str(row["seq"])))]


async def both_hear(
    one: SippAgent | SippCaller, hz: int, other: SippAgent | SippCaller, other_hz: int
) -> None:
    """The two hear each other, and nobody else."""
    await asyncio.gather(one.until_hears(other_hz, within_s=5), other.until_hears(hz, within_s=5))


async def all_hear(parties: Sequence[tuple[Hearing, int]]) -> None:
    """Each hears all the others at the same time."""
    await asyncio.gather(
        *(
            party.until_hears_all([hz for other, hz in parties if other is not party], within_s=6)
            for party, _ in parties
        )
    )
