"""`ari/` against the real Asterisk: its description, its errors, its two ways in, its death."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ari import (
    AriConnection,
    AriEvent,
    AriSettings,
    ConnectionState,
    Snapshot,
    applications,
    asterisk,
    bridges,
    channels,
    endpoints,
    errors,
    events_gen,
    recordings,
)
from ari.generate import fetch, render
from switch import lifecycle
from switch.finder import default_rootfs
from switch.model import RunningSwitch, SwitchConfig
from switch.sipp import sipp_argv
from tests.waiting import until

pytestmark = pytest.mark.contract

_ROOT = Path(__file__).resolve().parents[2]
_BASE = int(os.environ.get("PLATEAU_ARI_TEST_PORT", "15180"))
_RTP = int(os.environ.get("PLATEAU_ARI_TEST_RTP", "32000"))
_DEADLINE_S = 10.0
_COMMITTED = Path(events_gen.__file__).read_text(encoding="utf-8")

_HEAD = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:+33612345678@[local_ip]:[local_port]>;tag=[pid]c[call_number]
Call-ID: [call_id]
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
"""
_CALLER = f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller is answered and hung up on">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
To: <sip:[service]@[remote_ip]:[remote_port]>
CSeq: 1 INVITE
{_HEAD}Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 40000 RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" timeout="5000" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
CSeq: 1 ACK
{_HEAD}Content-Length: 0

]]></send>
<recv request="BYE" timeout="10000"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> SwitchConfig:
    return SwitchConfig(
        home=tmp_path_factory.mktemp("ari-switch"),
        sip_port=_BASE,
        tls_port=_BASE + 1,
        http_port=_BASE + 3010,
        https_port=_BASE + 3011,
        rtp_first=_RTP,
        rtp_last=_RTP + 499,
        rootfs=default_rootfs(),
    )


@pytest.fixture(scope="module")
def running(config: SwitchConfig) -> Iterator[RunningSwitch]:
    yield lifecycle.up(config)
    lifecycle.down(config, grace_s=0.5)


@dataclass
class Client:
    """A connection with everything it told us."""

    conn: AriConnection
    events: list[AriEvent]
    states: list[ConnectionState]
    snapshots: list[Snapshot]

    async def seen(self, condition: Callable[[AriEvent], bool]) -> AriEvent:
        await until("the event", lambda: any(condition(event) for event in self.events), 10.0)
        return next(event for event in self.events if condition(event))


@asynccontextmanager
async def connected(running: RunningSwitch, **more: object) -> AsyncIterator[Client]:
    options: dict[str, object] = {
        "base_url": running.ari_url,
        "user": running.ari_user,
        "password": running.ari_password,
        "app": "contract",
        "backoff_longest_s": 0.2,
    }
    events: list[AriEvent] = []
    states: list[ConnectionState] = []
    snapshots: list[Snapshot] = []

    async def on_sync(snapshot: Snapshot) -> None:
        snapshots.append(snapshot)

    conn = AriConnection(
        AriSettings(**(options | more)),  # type: ignore[arg-type]
        on_event=events.append,
        on_state=states.append,
        on_sync=on_sync,
    )
    await conn.start(timeout_s=_DEADLINE_S)
    try:
        yield Client(conn, events, states, snapshots)
    finally:
        await conn.close()


def fresh(kind: str) -> str:
    return f"{kind}-{uuid.uuid4()}"


async def test_the_committed_classes_are_what_this_asterisk_describes(
    running: RunningSwitch,
) -> None:
    base = running.ari_url.rstrip("/").removesuffix("/ari")
    documents, version = await fetch(base, running.ari_user, running.ari_password)
    assert render(documents, version) == _COMMITTED, (
        "run: python -m ari.generate --url … > ari/events_gen.py"
    )


@pytest.mark.parametrize("sockets", [2, 0])
async def test_socket_and_http_give_the_same_answers_and_errors(
    running: RunningSwitch, sockets: int
) -> None:
    async with connected(running, command_sockets=sockets) as me:
        conn, pin = me.conn, "call"
        if sockets:
            names = {f"contract-cmd-{n}" for n in range(sockets)}
            await _applications_serve(conn, names)
            conn.counters.http_requests = 0
        bridge = fresh("b /?#é%20")
        made = await bridges.create(conn, bridge, pin=pin, name="é, ü & co")
        assert (made.id, made.name, made.bridge_type) == (bridge, "é, ü & co", "mixing")
        assert (await bridges.get(conn, bridge, pin=pin)).id == bridge
        with pytest.raises(errors.Conflict, match="already exists"):
            await bridges.create(conn, bridge, pin=pin)
        with pytest.raises(errors.Gone, match="Channel not found"):
            await channels.answer(conn, fresh("c"), pin=pin)
        with pytest.raises(errors.BadRequest, match="Channel not found"):
            await bridges.add_channels(conn, bridge, [fresh("c"), fresh("c")], pin=pin)
        with pytest.raises(errors.ServerFault, match="Allocation failed"):
            await channels.originate(
                conn, fresh("c"), "PJSIP/nobody-of-this-name", app="contract", pin=pin
            )
        with pytest.raises(errors.Gone):
            await recordings.stop(conn, fresh("r"), pin=pin)
        await channels.hangup(conn, fresh("c"), pin=pin)
        await bridges.destroy(conn, bridge, pin=pin)
        await bridges.destroy(conn, bridge, pin=pin)
        with pytest.raises(errors.Gone, match="Bridge not found"):
            await bridges.record(conn, fresh("b"), fresh("r"), pin=pin)
        assert (conn.counters.http_requests == 0) is bool(sockets)


async def _applications_serve(conn: AriConnection, names: set[str]) -> None:
    async def all_serve() -> bool:
        try:
            for name in sorted(names):
                await applications.get(conn, name)
        except errors.Gone:
            return False
        return True

    await until(f"{sorted(names)} serve", all_serve, _DEADLINE_S)


async def test_one_pin_is_served_in_the_order_of_asking(running: RunningSwitch) -> None:
    async with connected(running) as me:
        await _applications_serve(me.conn, {f"contract-cmd-{n}" for n in range(4)})
        names = [fresh("b") for _ in range(40)]
        waits = [
            me.conn.request(method, f"/bridges/{name}", pin="call")
            for name in names
            for method in ("POST", "GET", "DELETE")
        ]
        statuses = [reply.status for reply in await asyncio.gather(*waits)]
        assert statuses == [200, 200, 204] * 40


async def test_destroying_a_bridge_twice_in_a_breath_is_success(running: RunningSwitch) -> None:
    async with connected(running) as me:
        for _ in range(20):
            name = fresh("b")
            await bridges.create(me.conn, name, pin="call")
            await asyncio.gather(*(bridges.destroy(me.conn, name, pin="call") for _ in range(3)))
        left = {bridge.id for bridge in await bridges.list_all(me.conn)}
        assert not {name for name in left if name.startswith("b-")}


async def test_the_filter_is_asterisks_own(running: RunningSwitch) -> None:
    async with connected(running, event_types=frozenset({"StasisStart"})) as me:
        application = await applications.get(me.conn, "contract")
        assert application.events_allowed == (
            {"type": "RESTResponse"},
            {"type": "StasisStart"},
        )


async def test_a_recording_is_made_fetched_and_refused_when_it_cannot_be(
    running: RunningSwitch,
) -> None:
    async with connected(running) as me:
        bridge = fresh("b")
        await bridges.create(me.conn, bridge, pin="c")
        with pytest.raises(errors.ServerFault):
            await bridges.record(me.conn, bridge, "../outside", pin="c")
        name = fresh("r")
        live = await bridges.record(me.conn, bridge, name, pin="c", max_duration_s=60)
        assert (live.name, live.format) == (name, "wav")
        await recordings.stop(me.conn, name, pin="c")
        await _stored(me.conn, name)
        with pytest.raises(errors.Conflict):
            await bridges.record(me.conn, bridge, name, pin="c")
        await bridges.destroy(me.conn, bridge, pin="c")
        data = b"".join([chunk async for chunk in recordings.download(me.conn, name)])
        assert data[:4] == b"RIFF"
        assert data == (running.recordings / f"{name}.wav").read_bytes()
        await recordings.delete(me.conn, name, pin="c")
        with pytest.raises(errors.Gone):
            await recordings.get_stored(me.conn, name, pin="c")


async def _stored(conn: AriConnection, name: str) -> None:
    async def is_stored() -> bool:
        try:
            await recordings.get_stored(conn, name, pin="c")
        except errors.Gone:
            return False
        return True

    await until(f"{name} is stored", is_stored, _DEADLINE_S)


async def test_an_endpoint_made_at_run_time_is_told_and_listed(running: RunningSwitch) -> None:
    async with connected(running, watch_endpoints=True) as me:
        name = fresh("agent")
        await asterisk.put_dynamic(
            me.conn, "res_pjsip", "aor", name, {"max_contacts": "1"}, pin="a"
        )
        await asterisk.put_dynamic(
            me.conn, "res_pjsip", "endpoint", name, {"aors": name, "allow": "ulaw"}, pin="a"
        )
        await me.seen(
            lambda e: isinstance(e, events_gen.EndpointStateChange) and e.endpoint.resource == name
        )
        fields = await asterisk.get_dynamic(me.conn, "res_pjsip", "aor", name, pin="a")
        assert fields is not None
        assert fields["max_contacts"] == "1"
        assert (await endpoints.get(me.conn, "PJSIP", name)).state == "offline"
        for kind in ("endpoint", "aor"):
            await asterisk.delete_dynamic(me.conn, "res_pjsip", kind, name, pin="a")
        assert await asterisk.get_dynamic(me.conn, "res_pjsip", "aor", name, pin="a") is None


async def test_a_second_client_takes_over_and_the_first_stops(running: RunningSwitch) -> None:
    async with connected(running) as first, connected(running) as second:
        await until("the first is replaced", lambda: first.conn.state is ConnectionState.REPLACED)
        with pytest.raises(errors.Replaced):
            await asterisk.ping(first.conn)
        assert (await asterisk.ping(second.conn)).ping == "pong"
        assert second.conn.state is ConnectionState.CONNECTED


async def test_a_wrong_password_is_one_sentence(running: RunningSwitch) -> None:
    with pytest.raises(errors.AriUnavailable, match="refuses the ARI user"):
        async with connected(running, password="wrong"):
            pytest.fail("a wrong password was let in")


def _page_program() -> str:
    page = (_ROOT / "docs" / "ari.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert block is not None
    return block.group(1)


def test_the_pages_program_is_as_short_as_it_says() -> None:
    lines = [line for line in _page_program().splitlines() if line.strip()]
    assert len(lines) == 15


async def test_the_pages_program_answers_a_call(running: RunningSwitch, tmp_path: Path) -> None:
    program = tmp_path / "hello.py"
    program.write_text(_page_program().replace('"hello"', '"plateau"'))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            **os.environ,
            "ARI_URL": running.ari_url,
            "ARI_PASSWORD": running.ari_password,
            "PYTHONPATH": str(_ROOT),
            "PYTHONUNBUFFERED": "1",
        },
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_DEADLINE_S):
            said = ""
            while "connected" not in said.splitlines():
                line = await process.stdout.readline()
                assert line, f"the program ended: {said}"
                said += line.decode()
        code, text = await _call(running, tmp_path)
        assert code == 0, text
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _call(running: RunningSwitch, folder: Path) -> tuple[int, str]:
    """Call once; SIPp succeeds when it was answered and hung up on."""
    scenario = folder / "uac_expect_answer_and_hangup.xml"
    scenario.write_text(_CALLER)
    argv = [
        *sipp_argv(default_rootfs(), visible=[folder]),
        *(f"127.0.0.1:{running.sip_port}", "-sf", str(scenario), "-s", "1000", "-i", "127.0.0.1"),
        *("-p", str(_BASE + 5), "-m", "1", "-nostdin", "-trace_err", "-timeout", "15"),
    ]
    sipp = await asyncio.create_subprocess_exec(
        *argv,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    out, _ = await sipp.communicate()
    return sipp.returncode or 0, out.decode(errors="replace")[-2000:]


async def test_killing_asterisk_is_lost_then_synchronised_again(
    config: SwitchConfig, running: RunningSwitch
) -> None:
    async with connected(running) as me:
        os.kill(running.pid, signal.SIGKILL)
        await until("the loss is noticed", lambda: ConnectionState.LOST in me.states, 10.0)
        with pytest.raises((errors.Unavailable, errors.OutcomeUnknown)):
            await asterisk.ping(me.conn)
        await asyncio.to_thread(lifecycle.up, config)
        await until("connected", lambda: me.conn.state is ConnectionState.CONNECTED, 30.0)
        assert len(me.snapshots) == 2
        assert me.snapshots[1].startup_time != me.snapshots[0].startup_time
        assert (await asterisk.ping(me.conn)).ping == "pong"
        assert me.states[-3:] == ["connecting", "syncing", "connected"]
