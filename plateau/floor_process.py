"""The call-control process: journal, engine, switch, store writer and control channel put together.

Order at the start: what the journal holds, what SQL configures, the engine, then the switch; so
that when the first event comes everybody who may be meant by it is known. Decides nothing of calls.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from zoneinfo import ZoneInfo

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.commands import StopRecording
from acd.config import FloorConfig
from acd.counting.tally import Tally
from acd.desk import phone_codes
from acd.engine import Engine
from acd.errors import PlateauError, Rejected
from acd.events import (
    BookCallback,
    CommandFailed,
    Configure,
    Consult,
    PlaceCall,
    RecordingEnded,
    RecordingVerified,
    Request,
    SwitchEvent,
)
from acd.facts import AnyFact, RecordingKept, RecordingLost
from acd.model import AgentWork, PhoneId, RecordingId
from acd.queues import announcing
from acd.shell.cancel_reasons import heard
from acd.shell.phones import PhoneAccount, PhoneBook
from acd.shell.service import FloorService
from acd.shell.switchboard import Switchboard
from acd.shell.translate import HEARD
from acd.state.floor import Turn
from ari import endpoints, recordings
from ari.connection import AriConnection, AriSettings, ConnectionState, Snapshot
from ari.errors import AriError, Gone
from ari.events_gen import AriEvent, RecordingFailed, RecordingFinished
from control.live import LivePicture
from control.protocol import (
    Ask,
    Done,
    Follow,
    Health,
    ReadHealth,
    ReadLive,
    Refused,
    Reload,
    Result,
)
from control.server import ControlServer
from ivr.interpreter import FlowKey
from ivr.service import FlowLibrary
from ivr.speech import EspeakVoice, Speech
from plateau import forecast_file, kept_file
from plateau.background import Background
from plateau.clock import Clock
from plateau.counted import counted, counted_of_ari
from plateau.home import make_home
from plateau.recollection import recollect
from plateau.settings import Settings
from plateau.stored_flows import bring_in, versions_in
from plateau.troubles import troubles_of
from plateau.where import SwitchPlace, find_switch
from recording.service import Expected, Recorder
from store import config as store_config
from store.engine import open_store
from store.journal import Journal, Recovered
from store.refusals import require_file, told
from store.restart import last_seqs, unverified_recordings
from store.schema import require_current
from store.writer_thread import WriterThread

log = structlog.get_logger(__name__)

ALERTS_EVERY_S = 2.0
"""How often figures are compared with alert rules."""


FORECAST_EVERY_S = 60.0
"""How often what was learnt about waiting times is kept on disk."""


def id_factory(rng: random.Random) -> Callable[[], str]:
    """Random UUIDs (version 4) out of one seeded source."""
    return lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4))


class FloorProcess:
    """Everything of one floor. `run` lasts until `stop` is called."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = Clock()
        self._started_at = self._clock.now_ms()
        self._stopping = asyncio.Event()
        self._ari_state, self._ari_since = ConnectionState.CONNECTING, self._started_at
        self._synced = False
        self._startup_file = settings.home / "switch-startup"
        self._forecast_file = settings.home / "forecast.json"
        self._reading_since = self._started_at
        self._background = Background()
        self._speaking: asyncio.Task[None] | None = None
        self._accounts: list[PhoneAccount] = []
        self._switch_version: str | None = None
        self._reloading = asyncio.Lock()

    def stop(self) -> None:
        """End `run`: no new step is taken, what is under way is finished."""
        self._stopping.set()

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve calls until `stop`; `ready` is called when the first synchronisation is done.

        A connection to the switch that ended by a fault of ours ends it too: nothing would open
        another. Raises PlateauError (one sentence for the operator), StoreError, AriUnavailable.
        """
        settings = self._settings
        place = find_switch(settings)
        self._switch_version = place.version
        seed = settings.seed if settings.seed is not None else secrets.randbits(64)
        rng = random.Random(seed)
        log.info("floor starts", seed=seed, home=str(settings.home), ari=place.ari_url)
        make_home(settings.home)
        async with AsyncExitStack() as stack:
            self._journal = Journal(settings.home / "journal")
            stack.callback(self._journal.close)
            store = open_store(settings.effective_store_url)
            stack.push_async_callback(store.dispose)
            require_file(store.url, there=True)
            with told(store.url):
                await require_current(store)
            self._writer = WriterThread(
                settings.effective_store_url, self._journal, self._clock.now_ms
            )
            self._writer.start()
            stack.push_async_callback(self._close_writer)
            await self._build(store, place, rng)
            stack.push_async_callback(self._recorder.close)
            stack.callback(self._service.close)
            reasons = self._service.leg_ends.reasons
            await stack.enter_async_context(heard(reasons, settings.http_port))
            await self._connect(place, rng, stack)
            control = ControlServer(
                settings.control_socket,
                self._picture,
                self._clock.now_ms,
                self._answer,
                self._journal,
            )
            await control.start()
            stack.push_async_callback(control.close)
            stack.callback(self._remember_forecast)
            self._work_beside()
            stack.push_async_callback(self._background.close)
            ready()
            await self._stopping.wait()
            log.info("floor stops", calls=len(self._service.live_call_ids()))
            if self._ari_state is ConnectionState.CLOSED:
                raise PlateauError(
                    "switch-connection-failed",
                    "The connection to Asterisk ended by a fault of ours; the log has its trace. "
                    "Start the floor again: calls go on meanwhile.",
                )

    def _work_beside(self) -> None:
        app = self._settings.ari_app
        self._background.keep_up("look", lambda: self._service.look_regularly(self._conn, app))
        self._background.keep_up("beat", self._service.beat_regularly)
        self._background.keep_up("answers", self._switchboard.look_for_answers)
        self._background.keep_up("thresholds", self._watch_thresholds)
        self._background.keep_up("forecast", self._remember_regularly)

    async def _close_writer(self) -> None:
        if not await self._writer.drain(timeout=10):
            log.warning("SQL lags behind; the journal keeps the rest", behind=self._writer.behind)
        await self._writer.close()

    # ---- putting together ----

    async def _build(self, store: AsyncEngine, place: SwitchPlace, rng: random.Random) -> None:
        settings, clock = self._settings, self._clock
        self._store = store
        self._library = FlowLibrary(Speech(EspeakVoice(), place.sounds))
        async with store.connect() as conn:
            config = await self._load_config(conn)
            await self._load_accounts(store)
        recovered = self._journal.recover()
        for warning in await self._load_flows(versions_in(recovered.calls.values())):
            log.error("a flow cannot be used", why=warning)
        instants = [call.since for call in recovered.calls.values()]
        instants += [work.since for work in recovered.agents.values()]
        instants.append(recovered.alive_at or 0)
        clock.not_before(max(instants))
        engine = Engine(config, self._library, id_factory(rng), clock.now_ms())
        engine.floor.foretelling.forecast = forecast_file.load(self._forecast_file)
        engine.restore(
            recovered.calls.values(),
            await self._agents_of(recovered, config),
            clock.now_ms(),
            recovered.alive_at,
        )
        log.info(
            "recovered",
            calls=len(recovered.calls),
            agents=len(recovered.agents),
            damaged=recovered.damaged,
            alive_at=recovered.alive_at,
        )
        # What an earlier life told must be in SQL before SQL is asked about that life.
        await self._writer.drain(timeout=30)
        zone = ZoneInfo(settings.time_zone)
        self._tally = Tally(zone, clock.now_ms())
        async with store.connect() as conn:
            self._alerts = await recollect(conn, engine, self._tally)
        self._speak(config)
        self._picture = LivePicture(engine.floor, self._tally, self._alerts)
        self._service = FloorService(
            engine, self._journal, clock, self._on_turn, settings.country_code
        )
        self._service.blind_since = recovered.blind_since or recovered.alive_at
        self._recorder = Recorder(place.recordings, clock.now_ms, self._keep_found)
        async with store.connect() as conn:
            live = self._service.live_call_ids()
            for row in await unverified_recordings(conn):
                message = row.recording_id in engine.floor.messages
                expected = Expected(row.recording_id, row.call_id, row.started_at, message)
                if row.call_id in live:
                    self._recorder.expect(expected)
                else:
                    self._recorder.catch_up(expected)

    async def _agents_of(self, recovered: Recovered, config: FloorConfig) -> list[AgentWork]:
        """The agents as the journal knows them; with a new journal, they go on counting."""
        async with self._store.connect() as conn:
            seqs = await last_seqs(conn)
        now_ms = self._clock.now_ms()
        known = dict(recovered.agents)
        for agent_id in config.agents:
            work = known.get(agent_id) or AgentWork(id=agent_id, since=now_ms)
            seq = max(work.seq, seqs.get(agent_id, 0))
            known[agent_id] = msgspec.structs.replace(work, seq=seq)
        return list(known.values())

    async def _connect(self, place: SwitchPlace, rng: random.Random, stack: AsyncExitStack) -> None:
        settings = self._settings
        self._conn = AriConnection(
            AriSettings(
                base_url=place.ari_url,
                user=place.ari_user,
                password=place.ari_password,
                app=settings.ari_app,
                event_types=HEARD,
                watch_endpoints=True,
            ),
            on_event=self._on_ari_event,
            on_state=self._on_ari_state,
            on_sync=self._on_sync,
            rng=random.Random(rng.getrandbits(64)),
        )
        switchboard = Switchboard(
            self._conn,
            settings.ari_app,
            place.sounds_prefix,
            settings.trunk_endpoint,
            settings.max_call_s,
            self._on_switch_event,
        )
        self._switchboard = switchboard
        everywhere = settings.bind_address in ("0.0.0.0", "::")
        media_address = None if settings.sip_address or everywhere else settings.bind_address
        self._phones = PhoneBook(self._conn, settings.domain, settings.rtp_timeout_s, media_address)
        self._service.use(switchboard)
        await self._conn.start(timeout_s=30.0)
        stack.push_async_callback(self._conn.close)
        stack.push_async_callback(switchboard.close)
        await self._settle_phones()

    # ---- the switch ----

    def _on_switch_event(self, event: SwitchEvent) -> None:
        """From the switchboard: what could not be done. A recording refused is lost at once."""
        if isinstance(event, CommandFailed):
            self._recorder.command_failed(event)
        self._service.post(event)

    def _on_ari_event(self, event: AriEvent) -> None:
        if isinstance(event, RecordingFinished | RecordingFailed):
            recording = event.recording
            failed = isinstance(event, RecordingFailed)
            cause = (recording.cause or "unknown cause") if failed else None
            self._recorder.switch_says_ended(RecordingId(recording.name), cause)
        self._service.on_ari_event(event)

    def _on_ari_state(self, state: ConnectionState) -> None:
        self._ari_state, self._ari_since = state, self._clock.now_ms()
        if state is ConnectionState.SYNCING:
            self._reading_since = self._clock.now_ms()
        if state is ConnectionState.LOST:
            self._service.lost_sight()
        if state is ConnectionState.REPLACED:
            log.critical("another floor took our application: this one stops commanding")
            self.stop()
        if state is ConnectionState.CLOSED and self._synced and not self._stopping.is_set():
            log.critical("the connection to Asterisk ended for good: this floor is deaf and ends")
            self.stop()

    async def _on_sync(self, snapshot: Snapshot) -> None:
        self._switch_version = snapshot.version
        before = kept_file.kept(self._startup_file) if not self._synced else None
        if before is not None:
            # Both may have died: then it is not the callers who hung up.
            self._service.startup_time = before.decode(errors="replace")
        self._service.synchronise(snapshot, self._settings.ari_app, self._reading_since)
        kept_file.keep(self._startup_file, snapshot.startup_time.encode())
        running = self._recorder.messages_running(self._reading_since)
        self._background.once("look-for-messages", lambda: self._look_for_messages(running))
        if self._synced:
            # What the switch kept of the accounts is not known after a gap: it may have been
            # killed before its own database was written. Calls do not wait for this.
            self._phones.forget()
            self._background.once("settle-phones", self._settle_phones)
        self._synced = True

    async def _look_for_messages(self, running: list[RecordingId]) -> None:
        """Which messages came to their end while nobody listened: nothing records them any more."""
        for recording_id in running:
            try:
                await recordings.get_live(self._conn, recording_id, pin=f"look-{recording_id}")
            except Gone:
                self._recorder.switch_says_ended(recording_id, None)
                self._service.post(RecordingEnded(recording_id))
            except AriError as error:
                log.error("whether a message is still recorded is not known", error=str(error))

    async def _settle_phones(self) -> tuple[str, ...]:
        """Make the switch hold the agents' accounts; what did not work, in sentences."""
        try:
            found = await endpoints.list_all(self._conn)
            on_switch = frozenset(PhoneId(endpoint.resource) for endpoint in found)
            await self._phones.settle(self._accounts, on_switch)
        except AriError as error:
            log.error("the phones' accounts are not all on the switch", error=str(error))
            said = f"The switch did not take the phones' accounts yet ({error})"
            return (f"{said}; they are sent again when it is back.",)
        return ()

    def _keep_found(self, facts: tuple[AnyFact, ...]) -> None:
        """Files that were verified: kept, and told to the floor, where a message may wait."""
        self._service.keep(facts)
        for fact in facts:
            if isinstance(fact, RecordingKept):
                self._service.post(RecordingVerified(fact.recording_id, fact.duration_ms))
            elif isinstance(fact, RecordingLost):
                self._service.post(RecordingVerified(fact.recording_id, None))

    def _remember_forecast(self) -> None:
        state = self._service.engine.floor.forecast.snapshot()
        forecast_file.save(self._forecast_file, state)

    async def _remember_regularly(self) -> None:
        """Keep what was learnt about waits; a new day counts its errors anew."""
        day = self._tally.counted_from
        while True:
            await asyncio.sleep(FORECAST_EVERY_S)
            if self._tally.counted_from != day:
                day = self._tally.counted_from
                self._service.engine.floor.forecast.forget_errors()
            self._remember_forecast()

    def _on_turn(self, turn: Turn) -> None:
        for command in turn.commands:
            if isinstance(command, StopRecording):
                self._recorder.told_to_stop(command.recording_id)
        for fact in turn.facts:
            self._tally.count(fact)
            self._recorder.on_fact(fact)
        self._picture.on_turn(turn)

    # ---- configuration ----

    async def _load_config(self, conn: AsyncConnection) -> FloorConfig:
        config = await store_config.load_floor_config(conn, self._clock.now_ms())
        return msgspec.structs.replace(config, language=self._settings.language)

    async def _load_accounts(self, store: AsyncEngine) -> None:
        async with store.connect() as conn:
            rows = await store_config.list_phones(conn)
        self._accounts = [PhoneAccount(row.phone, row.digest) for row in rows]

    async def _load_flows(self, in_use: frozenset[FlowKey]) -> list[str]:
        """Bring the stored flows into use; what could not be, in sentences."""
        async with self._store.connect() as conn:
            documents = await store_config.load_flow_documents(conn)
        return await bring_in(self._library, documents, in_use)

    def _speak(self, config: FloorConfig) -> None:
        """Make audible what the floor itself may say; telephones do not wait for it."""
        own = {announcing.chosen(each, config.language) for each in phone_codes.TEXTS.values()}
        if self._speaking is not None:
            self._speaking.cancel()
        texts = own | announcing.sayable(config)
        self._speaking = self._background.once("speak", lambda: self._spoken(texts))

    async def _spoken(self, texts: set[tuple[str, str]]) -> None:
        for warning in await self._library.prepare(texts):
            log.error("a text of the floor's own stays silent", why=warning)

    async def _reload(self) -> Result:
        async with self._reloading:
            floor = self._service.engine.floor
            warnings = await self._load_flows(versions_in(floor.calls.values()))
            async with self._store.connect() as conn:
                config = await self._load_config(conn)
            await self._load_accounts(self._store)
            self._speak(config)
            self._service.ask(Configure(config))
            self._library.retire(versions_in(floor.calls.values()))
            self._picture.reconfigured()
            warnings.extend(await self._settle_phones())
            return Done(tuple(warnings))

    # ---- control channel ----

    async def _answer(self, ask: Ask) -> Result:
        match ask.wish:
            case Reload():
                return await self._reload()
            case ReadHealth():
                return self.health()
            case ReadLive() | Follow():
                return Refused("not-here", 400, f"{type(ask.wish).__name__} is not answered here.")
            case wish:
                return self._ask(wish, () if ask.audit is None else (ask.audit,))

    def _ask(self, wish: Request, also: tuple[AnyFact, ...]) -> Result:
        """What people ask of the engine."""
        try:
            self._service.ask(wish, also)
        except Rejected as refusal:
            return Refused(refusal.slug, refusal.status, str(refusal), refusal.french)
        if isinstance(wish, PlaceCall | Consult):
            work = self._service.engine.floor.agents[wish.agent_id]
            return Done(id=work.consult_id if isinstance(wish, Consult) else work.call_id)
        return Done(id=wish.id if isinstance(wish, BookCallback) else None)

    async def _watch_thresholds(self) -> None:
        """Compare every queue's figures with the alert rules, a few times a minute."""
        while True:
            await asyncio.sleep(ALERTS_EVERY_S)
            rules = self._service.engine.floor.config.alerts
            now_ms = self._clock.now_ms()
            facts = self._alerts.look(rules, self._picture.figures(now_ms) if rules else {}, now_ms)
            if facts:
                self._service.keep(facts)

    def health(self) -> Health:
        """How the floor is now."""
        service, board, now_ms = self._service, self._switchboard, self._clock.now_ms()
        floor, ari = service.engine.floor, (self._ari_state, self._ari_since)
        return Health(
            switch=self._ari_state,
            switch_version=self._switch_version,
            started_at=self._started_at,
            now=now_ms,
            calls=len(floor.calls),
            agents_signed_in=len(floor.at_work),
            journal_behind=self._writer.behind,
            journal_unkept=service.unkept,
            store_error=self._writer.last_error,
            counters=counted(
                service, self._journal, board, self._recorder, self._writer, self._background
            )
            | counted_of_ari(self._conn.counters),
            unkept_since=service.unkept_since,
            trunk_away_since=floor.trunk.away_since,
            troubles=troubles_of(service, board, self._writer, ari, now_ms),
        )


async def run_floor(settings: Settings, on_process: Callable[[FloorProcess], None]) -> None:
    """Run a floor in this process; `on_process` gets it before it starts, to be able to stop it.

    Raises what `FloorProcess.run` raises.
    """
    process = FloorProcess(settings)
    on_process(process)
    await process.run(lambda: log.info("floor ready"))
