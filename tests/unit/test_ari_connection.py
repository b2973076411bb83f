"""The connection against a small server that plays ARI on 127.0.0.1 and can fail on demand."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import WSMsgType, encode_basic_auth, web

from ari import channels, errors
from ari.connection import AriConnection, AriSettings, ConnectionState, Snapshot
from ari.events_gen import AriEvent, StasisStart
from tests.unit.test_ari_decode import ENDPOINT_STATE, STASIS_START
from tests.waiting import until

pytestmark = pytest.mark.unit

_DEADLINE_S = 5.0


@dataclass
class FakeAri:
    """What the server saw, and the ways in which it shall fail."""

    password: str = "pw"
    startup_time: str = "2026-11-22T15:35:29.071+0000"
    handshake_status: int = 101
    command_status: int = 101
    http_status: int = 200
    deaf: bool = False
    silent: bool = False
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    filters: list[tuple[str, list[str]]] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
    refused: int = 0
    port: int = 0

    async def events(self, request: web.Request) -> web.StreamResponse:
        app = request.query["app"]
        status = self.command_status if "-cmd-" in app else self.handshake_status
        if request.headers.get("Authorization") != encode_basic_auth("plateau", self.password):
            status = 401
        if status != 101:
            self.refused += 1
            return web.Response(status=status)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        self.sockets[app] = ws
        self.opened.append(app)
        async for message in ws:
            if message.type is WSMsgType.PING and not self.deaf:
                await ws.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                frame = json.loads(message.data)
                self.seen.append((app, frame["method"] + " " + frame["uri"]))
                if not self.silent:
                    await ws.send_str(_reply(app, frame))
        return ws

    async def http(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/ari")
        if self.http_status != 200:
            return web.json_response({"message": "booting"}, status=self.http_status)
        if path.endswith("/eventFilter"):
            allowed = [entry["type"] for entry in (await request.json())["allowed"]]
            self.filters.append((path.split("/")[2], allowed))
        elif path.endswith("/subscription"):
            self.subscriptions.append(f"{request.method} {request.query['eventSource']}")
        elif path == "/asterisk/info":
            status = {"startup_time": self.startup_time, "last_reload_time": self.startup_time}
            return web.json_response({"status": status})
        elif path in ("/channels", "/bridges", "/endpoints/PJSIP"):
            return web.json_response([])
        else:
            self.seen.append(("http", f"{request.method} {path[1:]}"))
            if "gone" in path:
                return web.json_response({"message": "Channel not found"}, status=404)
            return web.Response(status=204)
        return web.json_response({})

    async def tell(self, app: str, frame: str) -> None:
        await self.sockets[app].send_str(frame)


def _reply(app: str, frame: dict[str, str]) -> str:
    gone = "gone" in frame["uri"]
    return json.dumps(
        {
            "type": "RESTResponse",
            "transaction_id": frame["transaction_id"],
            "request_id": frame["request_id"],
            "status_code": 404 if gone else 200,
            "reason_phrase": "",
            "uri": frame["uri"],
            "message_body": json.dumps({"message": "Channel not found"} if gone else {}),
            "application": app,
            "timestamp": "2026-11-22T15:35:45.360+0000",
        }
    )


@asynccontextmanager
async def serving(fake: FakeAri, port: int = 0) -> AsyncIterator[FakeAri]:
    app = web.Application()
    app.router.add_get("/ari/events", fake.events)
    app.router.add_route("*", "/ari/{rest:.*}", fake.http)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    fake.port = runner.addresses[0][1]
    try:
        yield fake
    finally:
        for ws in list(fake.sockets.values()):
            if ws._req is not None and ws._req.transport is not None:
                ws._req.transport.abort()
        await runner.cleanup()


@dataclass
class Client:
    """A connection with everything it told us."""

    conn: AriConnection
    events: list[AriEvent]
    states: list[ConnectionState]
    snapshots: list[Snapshot]


@asynccontextmanager
async def client(
    fake: FakeAri,
    *,
    hook: Callable[[Snapshot], Awaitable[None]] | None = None,
    start: bool = True,
    **more: object,
) -> AsyncIterator[Client]:
    options: dict[str, object] = {
        "base_url": f"http://127.0.0.1:{fake.port}",
        "user": "plateau",
        "password": "pw",
        "app": "plateau",
        "command_sockets": 2,
        "request_timeout_s": 1.0,
        "connect_timeout_s": 1.0,
        "backoff_first_s": 0.01,
        "backoff_longest_s": 0.05,
    }
    events: list[AriEvent] = []
    states: list[ConnectionState] = []
    snapshots: list[Snapshot] = []

    async def on_sync(snapshot: Snapshot) -> None:
        snapshots.append(snapshot)
        if hook is not None:
            await hook(snapshot)

    conn = AriConnection(
        AriSettings(**(options | more)),  # type: ignore[arg-type]
        on_event=events.append,
        on_state=states.append,
        on_sync=on_sync,
        rng=random.Random(1),
    )
    made = Client(conn, events, states, snapshots)
    try:
        if start:
            await conn.start(timeout_s=_DEADLINE_S)
        yield made
    finally:
        await conn.close()


async def commands_open(fake: FakeAri, count: int = 2) -> None:
    await until(
        "the command sockets are open", lambda: sum("-cmd-" in app for app in fake.opened) >= count
    )


async def test_it_filters_synchronises_and_hands_events_on() -> None:
    async with serving(FakeAri()) as fake, client(fake) as me:
        assert me.states == ["connecting", "syncing", "connected"]
        assert [snapshot.startup_time for snapshot in me.snapshots] == [fake.startup_time]
        ((app, allowed),) = fake.filters
        assert app == "plateau"
        assert {"RESTResponse", "StasisStart"} <= set(allowed)
        assert "ChannelVarset" not in allowed
        await fake.tell("plateau", STASIS_START)
        await until("one event", lambda: len(me.events) == 1)
        assert isinstance(me.events[0], StasisStart)
        assert me.conn.counters.events == {"StasisStart": 1}
    assert me.states[-1] == "closed"


async def test_events_wait_until_the_reconciliation_is_done() -> None:
    fake = FakeAri()
    seen_during_sync: list[int] = []

    async def hook(_: Snapshot) -> None:
        await fake.tell("plateau", STASIS_START)
        await until("StasisStart is counted", lambda: me.conn.counters.events["StasisStart"] == 1)
        await channels.answer(me.conn, "c1", pin="call-1")  # commands work meanwhile
        seen_during_sync.append(len(me.events))

    async with serving(fake), client(fake, hook=hook, start=False) as me:
        await me.conn.start()
        assert seen_during_sync == [0]
        assert len(me.events) == 1


async def test_endpoints_are_watched_on_their_own_application() -> None:
    async with serving(FakeAri()) as fake:
        async with client(fake, watch_endpoints=True, command_sockets=0) as me:
            assert fake.opened == ["plateau", "plateau-phones"]
            assert fake.subscriptions == ["POST endpoint:PJSIP"]
            assert fake.filters[1] == (
                "plateau-phones",
                ["ContactStatusChange", "EndpointStateChange", "PeerStatusChange"],
            )
            await fake.tell("plateau-phones", ENDPOINT_STATE)
            await until("one event", lambda: len(me.events) == 1)
        assert fake.subscriptions[-1] == "DELETE endpoint:PJSIP"


async def test_one_pin_keeps_its_order_and_its_socket_without_waiting() -> None:
    async with serving(FakeAri()) as fake, client(fake) as me:
        await commands_open(fake)
        me.conn.counters.requests.clear()
        pins = [f"call-{n}" for n in range(20)]
        waits = [
            me.conn.request("POST", f"/channels/{pin}-{step}/ring", pin=pin)
            for step in range(10)
            for pin in pins
        ]
        await asyncio.gather(*waits)
        for pin in pins:
            own = [(app, what) for app, what in fake.seen if f"/{pin}-" in what]
            assert [what for _, what in own] == [
                f"POST channels/{pin}-{step}/ring" for step in range(10)
            ]
            assert len({app for app, _ in own}) == 1
        assert {app for app, _ in fake.seen} == {"plateau-cmd-0", "plateau-cmd-1"}
        assert me.conn.counters.requests["200"] == 200


async def test_order_holds_by_http_while_no_command_socket_opens() -> None:
    async with serving(FakeAri(command_status=503)) as fake, client(fake) as me:
        waits = [
            me.conn.request("POST", f"/channels/c{step}/ring", pin="call") for step in range(10)
        ]
        await asyncio.gather(*waits)
        assert fake.seen == [("http", f"POST channels/c{step}/ring") for step in range(10)]
        assert me.conn.counters.requests["204"] == 10


async def test_requests_by_socket_and_by_http_end_alike() -> None:
    async with serving(FakeAri()) as fake:
        for sockets in (1, 0):
            async with client(fake, command_sockets=sockets) as me:
                await commands_open(fake, 1)
                with pytest.raises(errors.Gone, match=r"Channel not found \(404\)"):
                    await channels.answer(me.conn, "gone", pin="c")
                await channels.hangup(me.conn, "gone", pin="c")
                assert me.conn.counters.requests["404"] == 2


async def test_no_reply_in_time_is_unknown() -> None:
    async with (
        serving(FakeAri(silent=True)) as fake,
        client(fake, request_timeout_s=0.1) as me,
    ):
        await commands_open(fake)
        with pytest.raises(errors.OutcomeUnknown, match="read the state"):
            await channels.answer(me.conn, "c", pin="c")
        assert me.conn.counters.timeouts == 1


async def test_a_command_socket_that_breaks_leaves_its_requests_unknown_and_comes_back() -> None:
    async with serving(FakeAri(silent=True)) as fake, client(fake, command_sockets=1) as me:
        await commands_open(fake, 1)
        waiting = asyncio.ensure_future(me.conn.request("POST", "/channels/c/answer", pin="c"))
        await until("one request arrives", lambda: len(fake.seen) == 1)
        fake.silent = False
        await fake.sockets["plateau-cmd-0"].close()
        with pytest.raises(errors.OutcomeUnknown, match="broke"):
            await waiting
        await commands_open(fake, 2)
        await until("a command socket came back", lambda: me.conn.counters.command_reconnects == 1)
        await me.conn.request("POST", "/channels/c/ring", pin="c")
        assert fake.seen.count(("plateau-cmd-0", "POST channels/c/answer")) == 1
        assert me.states[-1] == "connected"


async def test_a_dropped_event_socket_is_taken_up_again_with_a_new_snapshot() -> None:
    async with serving(FakeAri()) as fake, client(fake) as me:
        fake.startup_time = "2026-11-22T16:00:00.000+0000"
        await fake.sockets["plateau"].close()
        await until("a second snapshot", lambda: len(me.snapshots) == 2)
        await until("connected", lambda: me.conn.state is ConnectionState.CONNECTED)
        assert me.states[3:] == ["lost", "connecting", "syncing", "connected"]
        assert me.snapshots[1].startup_time != me.snapshots[0].startup_time
        assert [app for app, _ in fake.filters] == ["plateau", "plateau"]
        assert me.conn.counters.reconnects == 1


async def test_a_black_hole_is_noticed_by_the_ping() -> None:
    async with (
        serving(FakeAri()) as fake,
        client(fake, ping_every_s=0.05, ping_timeout_s=0.05) as me,
    ):
        fake.deaf = True
        await until("the loss is noticed", lambda: ConnectionState.LOST in me.states)
        fake.deaf = False
        await until("connected", lambda: me.conn.state is ConnectionState.CONNECTED)


async def test_a_live_but_quiet_socket_is_kept() -> None:
    async with (
        serving(FakeAri()) as fake,
        client(fake, ping_every_s=0.02, ping_timeout_s=0.5) as me,
    ):
        for _ in range(3):
            await fake.tell("plateau", STASIS_START)
        await until("three events", lambda: len(me.events) == 3)
        assert me.conn.counters.reconnects == 0


async def test_it_waits_for_an_asterisk_that_boots() -> None:
    fake = FakeAri(handshake_status=503, http_status=503)
    async with serving(fake), client(fake, start=False) as me:
        starting = asyncio.create_task(me.conn.start(wait=True))
        await until("a first attempt is refused", lambda: fake.refused > 0)
        fake.handshake_status = 101  # the socket opens first, requests still get 503
        await until("the event socket is open", lambda: "plateau" in fake.opened)
        assert not starting.done()
        fake.http_status = 200
        await starting
        assert me.conn.state is ConnectionState.CONNECTED


async def test_nobody_there_is_one_clear_sentence() -> None:
    async with serving(FakeAri()) as fake:
        pass
    async with client(fake, start=False) as me:
        with pytest.raises(errors.AriUnavailable) as caught:
            await me.conn.start(timeout_s=0.2)
        sentence = str(caught.value)
        assert sentence.startswith(f"Asterisk at http://127.0.0.1:{fake.port} did not serve")
        assert "within 0.2 s" in sentence
        assert "Connect call failed" in sentence
        assert me.conn.state is ConnectionState.CLOSED


async def test_a_wrong_password_is_told_at_once() -> None:
    async with serving(FakeAri(password="other")) as fake, client(fake, start=False) as me:
        with pytest.raises(errors.AriUnavailable, match=r"refuses the ARI user.*ari\.conf"):
            await me.conn.start(wait=True)


async def test_a_fault_in_the_first_reconciliation_comes_out_of_start() -> None:
    async def hook(_: Snapshot) -> None:
        raise LookupError("no such call")

    async with serving(FakeAri()) as fake, client(fake, hook=hook, start=False) as me:
        with pytest.raises(LookupError, match="no such call"):
            await me.conn.start()


@pytest.mark.parametrize("app", ["plateau", "plateau-cmd-1"])
async def test_when_replaced_it_stops_commanding_and_stays_away(app: str) -> None:
    async with serving(FakeAri()) as fake, client(fake) as me:
        await commands_open(fake)
        opened = len(fake.opened)
        await fake.tell(
            app,
            json.dumps({"type": "ApplicationReplaced", "application": app, "timestamp": "x"}),
        )
        await until(
            "it knows that it was replaced", lambda: me.conn.state is ConnectionState.REPLACED
        )
        with pytest.raises(errors.Replaced):
            await channels.answer(me.conn, "c", pin="c")
        await until(
            "every socket is closed", lambda: all(ws.closed for ws in fake.sockets.values())
        )
        assert len(fake.opened) == opened
        assert not fake.seen
    assert me.states[-2:] == ["replaced", "closed"]


async def test_a_listener_that_fails_does_not_stop_the_reader() -> None:
    async with serving(FakeAri()) as fake, client(fake, start=False) as me:
        calls: list[str] = []

        def fail_once(event: AriEvent) -> None:
            calls.append(type(event).__name__)
            if len(calls) == 1:
                raise KeyError("ours")

        me.conn._on_event = fail_once
        await me.conn.start()
        await fake.tell("plateau", STASIS_START)
        await fake.tell("plateau", STASIS_START)
        await until("two calls", lambda: len(calls) == 2)
        assert me.conn.counters.handler_errors == 1


async def test_before_start_and_after_close_requests_fail_as_not_carried_out() -> None:
    async with serving(FakeAri()) as fake, client(fake, start=False) as me:
        with pytest.raises(errors.Unavailable, match="not open"):
            await me.conn.request("GET", "/channels", pin="")
        await me.conn.start()
        await me.conn.close()
        with pytest.raises(errors.Unavailable, match="not open"):
            await me.conn.request("GET", "/channels", pin="")


async def test_close_ends_every_task_and_every_request() -> None:
    before = asyncio.all_tasks()
    async with serving(FakeAri(silent=True)) as fake:
        async with client(fake) as me:
            await commands_open(fake)
            waiting = asyncio.ensure_future(me.conn.request("GET", "/channels", pin="x"))
            await until("the request arrives", lambda: bool(fake.seen))
        with pytest.raises(errors.OutcomeUnknown):
            await waiting
        left = {t for t in asyncio.all_tasks() - before if t.get_name().startswith("ari-")}
        assert not left
