"""The shell around the engine: events go in by one door, the journal is written before commands.

Feeds the engine from the switch, from people and from its own timers; every step is synchronous,
so nothing needs a lock. Keeps no decision: what happens is the engine's, where it is kept is the
journal's, how it is done is the switchboard's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from acd.commands import Command
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import ChannelGone, ChannelResumed, Event, Request, SwitchEvent
from acd.facts import AnyFact, JournalEntry
from acd.failing import FailedCalls, Failing
from acd.model import CallId, ChannelId
from acd.shell.leg_ends import LegEnds
from acd.shell.translate import Contacts, event_of, seen_of
from acd.state.floor import Turn
from ari.connection import AriConnection, ConnectionState, Snapshot
from ari.errors import AriError
from ari.events_gen import AriEvent, ChannelHangupRequest, ContactStatusChange

log = structlog.get_logger(__name__)

DOUBT_S = 0.05
"""How long the end of a leg waits for the copy of the CANCEL that says why."""

KEEP_AGAIN_S = 1.0
"""How soon the journal is tried again after it refused."""

BEAT_EVERY_S = 5.0
"""How often the journal is told that the floor is alive; a restart sees how long it was not."""

TRY_EVERY_S = 1.0
"""How often a step is taken that means nothing: without traffic, it shows that steps work."""

MEANS_NOTHING = ChannelResumed(ChannelId(""))
"""The event of that step: no leg has this name."""

LOOK_EVERY_S = 30.0
"""How often the switch is looked at for legs and bridges that nobody owns."""


class Clock(Protocol):
    """The one clock: UTC milliseconds that never run backwards."""

    def now_ms(self) -> int:
        """Now."""


class Journal(Protocol):
    """Where a step is kept before anything is done about it."""

    def append(self, entry: JournalEntry) -> JournalEntry | None:
        """Keep the entry; when this returns, the death of this process does not lose it.

        Returns what is kept where that is not the entry as it was given. Raises OSError when
        nothing can be written now; then nothing of it was.
        """


class Hands(Protocol):
    """What carries out commands."""

    def carry_out(self, command: Command) -> None:
        """Send one command."""


class FloorService:
    """One floor on one switch.

    `country` is the telephone code of numbers that come without one. `on_turn` is told of every
    step after it was kept (live view, recordings, counts). `broken` counts events whose handling
    failed by a fault of ours: each is logged with its trace, its call is ended, everybody else is
    served. `steps` and `keeping` are the rows of steps that failed, and of those that were not
    kept; `failed_calls` whom the last failures concerned. `lost` counts steps that could not be
    kept at all. `blind_since` (UTC ms) is when the switch was last heard, None while it is; a
    restart sets it to what the journal knows.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        on_turn: Callable[[Turn], None],
        country: str,
    ) -> None:
        self.engine = engine
        self._country = country
        self._journal = journal
        self._clock = clock
        self._on_turn = on_turn
        self._hands: Hands | None = None
        self._contacts = Contacts()
        self.leg_ends = LegEnds()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self.startup_time: str | None = None
        self.blind_since: int | None = None
        self._ever_in_sync = False
        self._unkept: deque[JournalEntry] = deque()
        self._retry: asyncio.TimerHandle | None = None
        self.steps, self.keeping = Failing(), Failing()
        self.failed_calls = FailedCalls()
        self.broken = 0
        self._trunk_away_since: int | None = None
        self.events = 0
        self.lost = 0

    def use(self, hands: Hands) -> None:
        """Carry out commands with these from now on."""
        self._hands = hands

    # ---- the one door ----

    def post(self, event: SwitchEvent) -> None:
        """Something happened on the switch."""
        try:
            self._step(event)
        except Rejected as refusal:
            log.error("the switch was refused", happened=type(event).__name__, why=str(refusal))

    def ask(self, request: Request, also: tuple[AnyFact, ...] = ()) -> None:
        """Somebody wants something. `also` is kept in one line with what it led to.

        Raises Rejected, with nothing changed or by our fault.
        """
        if not self._step(request, also):
            raise Rejected(
                "floor-fault",
                "The floor failed at this; see its log.",
                "Le plateau a échoué à cette demande : voyez son journal.",
                500,
            )

    def _step(self, event: Event, also: tuple[AnyFact, ...] = ()) -> bool:
        """Whether the engine dealt with it. Raises Rejected."""
        self.events += event is not MEANS_NOTHING
        try:
            turn = self.engine.handle(event, self._clock.now_ms())
        except Rejected:
            self._worked(event)
            self._arm()
            raise
        except Exception as fault:  # noqa: BLE001 - logged with its trace by what follows
            self._broken(fault, event)
            return False
        self._worked(event)
        self._watch_trunk()
        self._keep_and_do(msgspec.structs.replace(turn, facts=turn.facts + also))
        return True

    def _watch_trunk(self) -> None:
        """Say when calls outwards begin to come no further than the trunk, and when they do."""
        away_since = self.engine.floor.trunk.away_since
        if (away_since is None) is (self._trunk_away_since is None):
            return
        self._trunk_away_since = away_since
        if away_since is None:
            log.info("the trunk carries calls again")
        else:
            log.error("the trunk carries no calls: callbacks wait", since=away_since)

    def _worked(self, event: Event | None) -> None:
        self.steps.succeeded()
        self.failed_calls.succeeded(_kind(event))

    def _broken(self, fault: Exception, event: Event | None) -> None:
        """A fault of ours: say so loudly, end the one call concerned, go on for all others."""
        self.broken += 1
        happened, now_ms = _kind(event), self._clock.now_ms()
        self.steps.failed(now_ms, f"{happened}: {type(fault).__name__}")
        self.failed_calls.failed(happened, _whom(event), now_ms)
        log.error("the engine failed", happened=happened, exc_info=fault)
        try:
            turn = self.engine.after_fault(event, self._clock.now_ms())
        except Exception:
            log.exception("the call could not be ended", happened=happened)
            turn = self.engine.floor.take_turn()
        self._keep_and_do(turn)

    def _tick(self) -> None:
        self._timer = None
        self._timer_at = None
        try:
            turn = self.engine.tick(self._clock.now_ms())
        except Exception as fault:  # noqa: BLE001 - logged with its trace by what follows
            self._broken(fault, None)
        else:
            self._worked(None)
            self._keep_and_do(turn)

    def _keep_and_do(self, turn: Turn) -> None:
        if turn.facts or turn.calls or turn.agents:
            self._keep(self._entry(turn))
        if self._hands is not None:
            for command in turn.commands:
                self._hands.carry_out(command)
        self._tell(turn)
        self._arm()

    def _tell(self, turn: Turn) -> None:
        """Whoever looks on must not be able to stop the telephone."""
        try:
            self._on_turn(turn)
        except Exception:
            self.broken += 1
            log.exception("an onlooker failed")

    def keep(self, facts: tuple[AnyFact, ...]) -> None:
        """Keep facts that another room found out (a recording verified)."""
        turn = Turn(facts=facts)
        self._keep(self._entry(turn))
        self._tell(turn)

    def _entry(self, turn: Turn) -> JournalEntry:
        now_ms = self._clock.now_ms()
        return JournalEntry(now_ms, turn.facts, turn.calls, turn.agents, self.blind_since)

    def _keep(self, entry: JournalEntry) -> None:
        """Write the entry, after those that could not be written before.

        A full disk must not stop the telephone: calls go on, what is not on disk is held in memory
        and tried again, loudly.
        """
        self._unkept.append(entry)
        try:
            while self._unkept:
                self._append(self._unkept[0])
                self._unkept.popleft()
        except OSError as error:
            self.keeping.failed(self._clock.now_ms(), str(error))
            log.critical("the journal cannot be written", held=len(self._unkept), why=str(error))
            if self._retry is None:
                loop = asyncio.get_running_loop()
                self._retry = loop.call_later(KEEP_AGAIN_S, self._keep_again)

    def _append(self, entry: JournalEntry) -> None:
        """Have the journal take the entry. Raises OSError, and nothing else: an entry that cannot
        be kept for what it holds must not stand in the way of those behind it.
        """
        try:
            kept = self._journal.append(entry)
        except OSError:
            raise
        except Exception as fault:
            self.lost += 1
            self.keeping.failed(self._clock.now_ms(), type(fault).__name__)
            calls = sorted({fact.subject for fact in entry.facts} | {c.id for c in entry.calls})
            log.critical("a step could not be kept and is lost", about=calls[:20], exc_info=fault)
            return
        self.keeping.succeeded()
        if kept is not None:
            self._mended(entry, kept)

    def _mended(self, entry: JournalEntry, kept: JournalEntry) -> None:
        """What the journal had to mend is mended on the floor too: the next step can be kept."""
        floor = self.engine.floor
        calls = {call.id: call for call in entry.calls}
        agents = {work.id: work for work in entry.agents}
        for call in kept.calls:
            floor.call_mended(calls[call.id], call)
        for work in kept.agents:
            floor.agent_mended(agents[work.id], work)

    def _keep_again(self) -> None:
        self._retry = None
        if self._unkept:
            self._keep(self._unkept.pop())

    @property
    def unkept(self) -> int:
        """Entries that the journal has not taken yet; 0 while all is well."""
        return len(self._unkept)

    @property
    def unkept_since(self) -> int | None:
        """When the oldest of these came to pass (UTC ms); None while all is well."""
        return self._unkept[0].at if self._unkept else None

    def _arm(self) -> None:
        due_at = self.engine.next_timer()
        if due_at == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = due_at
        if due_at is not None:
            delay_s = max(0, due_at - self._clock.now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def close(self) -> None:
        """Stop waking up; what the journal refused is tried a last time. The journal knows when."""
        self._beat()
        if self._retry is not None:
            self._retry.cancel()
            self._keep_again()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- the switch ----

    def on_ari_event(self, event: AriEvent) -> None:
        """From the event socket's reader: decode is done, decide now."""
        if isinstance(event, ContactStatusChange):
            happened: SwitchEvent | None = self._contacts.event_of(event)
        elif isinstance(event, ChannelHangupRequest):
            self.leg_ends.announced(event)
            return
        else:
            happened = event_of(event, self._country)
        if isinstance(happened, ChannelGone):
            if self.leg_ends.is_doubtful(happened.channel_id):
                loop = asyncio.get_running_loop()
                loop.call_later(DOUBT_S, self._leg_gone, happened, event)
                return
            happened = self.leg_ends.explained(happened, event)
        if happened is not None:
            self.post(happened)

    def _leg_gone(self, gone: ChannelGone, event: AriEvent) -> None:
        self.post(self.leg_ends.explained(gone, event))

    def lost_sight(self) -> None:
        """The switch is not heard any more: the journal is told since when."""
        if self.blind_since is None:
            self.blind_since = self._clock.now_ms()
            self._beat()

    def _beat(self) -> None:
        # What a full disk holds up in memory must not grow by beats.
        if not self._unkept:
            self._keep(self._entry(Turn()))

    async def beat_regularly(self) -> None:
        """Tell the journal now and then that the floor is alive. Runs until cancelled.

        Between, steps are tried, and a journal that failed: both tell `health` whether they work.
        """
        seconds = asyncio.get_running_loop().time
        next_at = seconds()
        while True:
            if seconds() >= next_at or self.keeping.since is not None:
                self._beat()
                next_at = seconds() + BEAT_EVERY_S
            self.post(MEANS_NOTHING)
            await asyncio.sleep(TRY_EVERY_S)

    def synchronise(self, snapshot: Snapshot, app: str, taken_at: int) -> None:
        """After a (re)connection: one truth again. `taken_at` is when the reading began."""
        restarted = self.startup_time is not None and snapshot.startup_time != self.startup_time
        self.startup_time = snapshot.startup_time
        self._contacts.forget()
        self.leg_ends.forget()
        seen = msgspec.structs.replace(
            seen_of(snapshot, app, self._country, taken_at, restarted),
            blind_since=self.blind_since,
            down=not self._ever_in_sync,
        )
        self.blind_since, self._ever_in_sync = None, True
        log.info(
            "in sync with the switch",
            legs=len(seen.channels),
            bridges=len(seen.bridges),
            calls=len(self.engine.floor.calls),
            restarted=restarted,
        )
        self.post(seen)

    async def look_regularly(self, conn: AriConnection, app: str) -> None:
        """Look at the switch now and then, and let go of what nobody owns. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if conn.state is not ConnectionState.CONNECTED:
                continue
            taken_at = self._clock.now_ms()
            try:
                snapshot = await conn.snapshot()
            except AriError as error:  # the connection's own watch decides whether it is lost
                log.warning("the switch could not be looked at", error=str(error))
                continue
            seen = seen_of(snapshot, app, self._country, taken_at, restarted=False, in_sync=False)
            self.post(seen)

    def live_call_ids(self) -> frozenset[CallId]:
        """The calls on the floor now."""
        return frozenset(self.engine.floor.calls)


def _kind(event: Event | None) -> str:
    return type(event).__name__ if event is not None else "a timer"


def _whom(event: Event | None) -> str:
    """Whom an event is about, to tell one from another; not more is needed."""
    for name in ("channel_id", "call_id", "agent_id", "phone", "playback_id", "recording_id"):
        whom = getattr(event, name, None)
        if whom is not None:
            return str(whom)
    return ""
