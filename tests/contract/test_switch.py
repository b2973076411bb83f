"""The real Asterisk: started side by side, listening, complete, and polite when nobody is home."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
import wave
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from switch import lifecycle, process
from switch.finder import default_rootfs
from switch.model import RunningSwitch, SwitchConfig, SwitchUnavailable
from switch.sipp import sipp_argv
from tests.waiting import until_blocking

pytestmark = pytest.mark.contract

_BASE = int(os.environ.get("PLATEAU_SWITCH_TEST_PORT", "15060"))
_RTP = int(os.environ.get("PLATEAU_SWITCH_TEST_RTP", "30000"))

_CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller hears the fallback and is hung up on">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:+33612345678@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [rtp_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" timeout="5000"/>
<send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:+33612345678@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv request="BYE" timeout="40000"><action>
<ereg regexp="cause=41" search_in="hdr" header="Reason:" check_it="true" assign_to="cause"/>
</action></recv>
<Reference variables="cause"/>
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

_REGISTER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="phone made over ARI registers with digest">
<send retrans="500"><![CDATA[
REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:lea@[remote_ip]>;tag=[pid]c[call_number]
To: <sip:lea@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:lea@[local_ip]:[local_port]>
Expires: 60
Content-Length: 0

]]></send>
<recv response="401" auth="true"/>
<send retrans="500"><![CDATA[
REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:lea@[remote_ip]>;tag=[pid]c[call_number]
To: <sip:lea@[remote_ip]>
Call-ID: [call_id]
CSeq: 2 REGISTER
Contact: <sip:lea@[local_ip]:[local_port]>
Expires: 60
[authentication username=lea password=SECRET]
Content-Length: 0

]]></send>
<recv response="EXPECTED"/>
</scenario>
"""


@dataclass
class Phone:
    """One SIPp process and what it needs to be judged."""

    process: subprocess.Popen[str]
    folder: Path

    def outcome(self, timeout_s: float) -> tuple[int, str]:
        try:
            out, err = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
        errors = "".join(file.read_text() for file in self.folder.glob("*_errors.log"))
        return self.process.returncode, (out + err)[-1500:] + errors[-1500:]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> SwitchConfig:
    # Deeper than the 108 bytes of a socket's address: the console must be reached all the same.
    home = tmp_path_factory.mktemp("switch") / ("deep" * 20)
    return SwitchConfig(
        home=home, sip_port=_BASE, tls_port=_BASE + 1, http_port=_BASE + 3028,
        https_port=_BASE + 3029, rtp_first=_RTP, rtp_last=_RTP + 499, rootfs=default_rootfs(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def running(config: SwitchConfig) -> Iterator[RunningSwitch]:
    yield lifecycle.up(config)
    lifecycle.down(config, grace_s=1.0)


def ask(running: RunningSwitch, method: str, path: str, body: object = None) -> tuple[int, object]:
    token = base64.b64encode(f"{running.ari_user}:{running.ari_password}".encode()).decode()
    request = urllib.request.Request(
        running.ari_url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def start_sipp(
    running: RunningSwitch,
    folder: Path,
    scenario: str,
    *options: str,
    port: int,
    to: int | None = None,
) -> Phone:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scenario.xml"
    file.write_text(scenario)
    argv = [
        *sipp_argv(default_rootfs(), visible=[folder]),
        f"127.0.0.1:{to or running.sip_port}", "-sf", str(file), "-i", "127.0.0.1", "-p", str(port),
        "-m", "1", "-l", "1", "-nostdin", "-trace_err", "-error_file",
        str(folder / "sipp_errors.log"), *options,
    ]  # fmt: skip
    return Phone(
        subprocess.Popen(
            argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        ),
        folder,
    )  # fmt: skip


def make_phone(running: RunningSwitch, name: str, password: str) -> None:
    objects = {
        "auth": {"auth_type": "userpass", "username": name, "password": password},
        "aor": {"max_contacts": "1", "remove_existing": "yes"},
        "endpoint": {"context": "from-agents", "aors": name, "auth": name, "allow": "alaw,ulaw"},
    }
    for kind, fields in objects.items():
        body = {"fields": [{"attribute": key, "value": text} for key, text in fields.items()]}
        code, answer = ask(running, "PUT", f"asterisk/config/dynamic/res_pjsip/{kind}/{name}", body)
        assert code == 200, (kind, code, answer)


def test_it_is_recent_complete_and_unprivileged(
    running: RunningSwitch, config: SwitchConfig
) -> None:
    code, modules = ask(running, "GET", "asterisk/modules")
    assert code == 200
    assert isinstance(modules, list)
    lines = (config.instance / "etc/modules.conf").read_text().splitlines()
    listed = {line.split("=")[1].strip() for line in lines if line.startswith(("require", "load"))}
    states = {module["name"]: module["status"] for module in modules}
    assert {name: states.get(name) for name in listed} == dict.fromkeys(listed, "Running")
    assert {name for name in states if name.endswith(".so")} == listed
    assert Path(f"/proc/{running.pid}").stat().st_uid != 0 or os.geteuid() != 0
    assert lifecycle.console(config, "core show version").startswith(f"Asterisk {running.version}")
    log = (config.instance / "log/console.log").read_text()
    assert "ERROR" not in log


def test_every_transport_listens_on_the_wanted_address(
    running: RunningSwitch, config: SwitchConfig
) -> None:
    with socket.create_connection(("127.0.0.1", config.sip_port), timeout=3):
        pass
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    for port in (config.tls_port, config.https_port):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=3) as plain,
            unverified.wrap_socket(plain) as secured,
        ):
            assert secured.version() in {"TLSv1.2", "TLSv1.3"}
    for secure, port in ((False, config.http_port), (True, config.https_port)):
        with socket.create_connection(("127.0.0.1", port), timeout=3) as plain:
            link = unverified.wrap_socket(plain) if secure else plain
            with link:
                link.sendall(
                    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
                )
                assert link.recv(200).startswith(b"HTTP/1.1 101 ")


def test_ari_wants_the_password_and_hides_the_rest(running: RunningSwitch) -> None:
    assert ask(running, "GET", "asterisk/ping")[0] == 200
    assert ask(replace(running, ari_password="wrong"), "GET", "asterisk/ping")[0] == 401
    assert ask(running, "GET", "../httpstatus")[0] == 404
    # live_dangerously=no: ARI must not run programs on the machine.
    code, answer = ask(running, "GET", "asterisk/variable?variable=SHELL(id)")
    assert "uid" not in json.dumps(answer), code


def test_up_again_returns_the_same_and_other_ports_are_refused(
    running: RunningSwitch, config: SwitchConfig
) -> None:
    assert lifecycle.up(config) == running
    assert lifecycle.status(config) == running
    with pytest.raises(SwitchUnavailable, match=f"already runs a switch on SIP port {_BASE}"):
        lifecycle.up(replace(config, sip_port=_BASE + 9))


def test_a_second_instance_runs_beside_the_first(
    running: RunningSwitch, config: SwitchConfig, tmp_path: Path
) -> None:
    with pytest.raises(
        SwitchUnavailable, match=f"PLATEAU_SIP_PORT={_BASE}, wanted .* it is in use"
    ):
        lifecycle.up(replace(config, home=tmp_path / "clash"))
    second_config = replace(
        config, home=tmp_path / "second", sip_port=_BASE + 10, tls_port=_BASE + 11,
        http_port=_BASE + 3030, https_port=_BASE + 3031, rtp_first=_RTP + 500, rtp_last=_RTP + 999,
    )  # fmt: skip
    second = lifecycle.up(second_config)
    try:
        assert second.pid != running.pid
        assert second.ari_password != running.ari_password
        assert ask(second, "GET", "asterisk/ping")[0] == 200
        assert ask(running, "GET", "asterisk/ping")[0] == 200
        # One's password does not open the other.
        assert ask(replace(second, ari_password=running.ari_password), "GET", "channels")[0] == 401
    finally:
        assert lifecycle.down(second_config, grace_s=2.0) is True
    assert lifecycle.status(second_config) is None
    assert lifecycle.down(second_config) is False
    assert lifecycle.status(config) == running


def test_killed_is_seen_and_started_again_with_the_same_secret(
    config: SwitchConfig, tmp_path: Path
) -> None:
    mine = replace(
        config, home=tmp_path / "killed", sip_port=_BASE + 12, tls_port=_BASE + 13,
        http_port=_BASE + 3032, https_port=_BASE + 3033, rtp_first=_RTP + 500, rtp_last=_RTP + 999,
    )  # fmt: skip
    first = lifecycle.up(mine)
    try:
        ticks = process.start_ticks(first.pid)
        assert ticks is not None
        make_phone(first, "paul", "x1")
        os.kill(first.pid, signal.SIGKILL)
        assert process.wait_gone(first.pid, ticks, 5.0)
        assert lifecycle.status(mine) is None
        again = lifecycle.up(mine)
        assert again.pid != first.pid
        assert again.ari_password == first.ari_password
    finally:
        lifecycle.down(mine, grace_s=2.0)


def test_a_phone_made_over_ari_registers_though_the_trunk_has_its_address(
    running: RunningSwitch, config: SwitchConfig, tmp_path: Path
) -> None:
    def registers(password: str, expected: str) -> None:
        scenario = _REGISTER.replace("SECRET", password).replace("EXPECTED", expected)
        code, said = start_sipp(running, tmp_path / "sipp", scenario, port=_BASE + 20).outcome(15)
        assert code == 0, (password, expected, said)

    make_phone(running, "lea", "right")
    registers("right", "200")
    registers("wrong", "401")
    # A changed or removed account takes effect at once, in spite of the cache before astdb.
    make_phone(running, "lea", "changed")
    registers("right", "401")
    registers("changed", "200")
    for kind in ("endpoint", "aor", "auth"):
        assert ask(running, "DELETE", f"asterisk/config/dynamic/res_pjsip/{kind}/lea")[0] == 204
    # Removed, its address is all that is left of it: the trunk's, which registers nobody.
    gone = _REGISTER.split('<recv response="401"')[0] + '<recv response="404"/></scenario>'
    code, said = start_sipp(running, tmp_path / "sipp", gone, port=_BASE + 20).outcome(15)
    assert code == 0, said
    make_phone(running, "lea", "back")
    # One line for each time the object is built, not for each request.
    before = (config.instance / "log/messages.log").read_text().count("stir_shaken")
    for _ in range(3):
        registers("back", "200")
    after = (config.instance / "log/messages.log").read_text().count("stir_shaken")
    assert after - before <= 1


@pytest.mark.parametrize(("transport", "name"), [("t1", "tcp"), ("l1", "tls")])
def test_a_phone_registers_over_streams_too(
    running: RunningSwitch, config: SwitchConfig, tmp_path: Path, transport: str, name: str
) -> None:
    make_phone(running, "lea", "right")
    folder = tmp_path / "sipp"
    folder.mkdir()
    # SIPp wants a certificate of its own for TLS; Asterisk does not ask for it.
    for file in ("plateau.crt", "plateau.key"):
        (folder / file).write_bytes((config.instance / "etc/tls" / file).read_bytes())
    certificate = [
        "-tls_cert",
        str(folder / "plateau.crt"),
        "-tls_key",
        str(folder / "plateau.key"),
    ]
    phone = start_sipp(
        running, folder, _REGISTER.replace("SECRET", "right").replace("EXPECTED", "200"),
        "-t", transport, *(certificate if name == "tls" else ()),
        port=_BASE + 24, to=config.tls_port if name == "tls" else None,
    )  # fmt: skip
    code, said = phone.outcome(15)
    assert code == 0, said
    told = f"Contact: .*lea/sip:lea@127.0.0.1:{_BASE + 24}"
    assert re.search(told, lifecycle.console(config, "pjsip show contacts"))


def test_a_caller_hears_the_fallback_when_no_floor_is_connected(
    running: RunningSwitch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(1.0)
        caller = start_sipp(
            running, tmp_path / "sipp", _CALLER, "-s", "0155667788",
            "-key", "rtp_port", str(ear.getsockname()[1]), port=_BASE + 21,
        )  # fmt: skip
        voiced = 0
        deadline = time.monotonic() + 40
        while caller.process.poll() is None and time.monotonic() < deadline:
            try:
                packet = ear.recv(2048)
            except TimeoutError:
                continue
            # A-law: 0xD5 and 0x55 are silence; a voiced frame has few of them.
            if packet[1] & 0x7F == 8 and packet.count(0xD5) + packet.count(0x55) < 80:
                voiced += 1
        code, said = caller.outcome(10)
    assert code == 0, said
    # 20 ms each: both languages together speak for more than six seconds.
    assert voiced > 300, f"only {voiced * 20} ms of speech"


def test_an_unknown_address_is_not_a_trunk(config: SwitchConfig, tmp_path: Path) -> None:
    strict = replace(
        config, home=tmp_path / "strict", sip_port=_BASE + 14, tls_port=_BASE + 15,
        http_port=_BASE + 3034, https_port=_BASE + 3035, rtp_first=_RTP + 500,
        rtp_last=_RTP + 999, trunk_match=("192.0.2.1",),
    )  # fmt: skip
    running = lifecycle.up(strict)
    try:
        refused = _CALLER.split('<recv response="200"')[0] + '<recv response="401"/></scenario>'
        phone = start_sipp(
            running, tmp_path / "sipp", refused, "-s", "0155667788", "-key", "rtp_port", "9",
            port=_BASE + 22,
        )  # fmt: skip
        code, said = phone.outcome(15)
        assert code == 0, said
        log = strict.instance / "log/security.log"
        told = f'SecurityEvent="ChallengeSent".*RemoteAddress="IPV4/UDP/127.0.0.1/{_BASE + 22}"'
        until_blocking(f"{told} in {log}", lambda: re.search(told, log.read_text()))
    finally:
        lifecycle.down(strict, grace_s=1.0)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_prompt_played_to_a_bridge_is_recorded_where_we_are_told(
    running: RunningSwitch, language: str
) -> None:
    bridge = f"bridge-{language}"
    name = f"recorded-{language}"
    assert ask(running, "POST", f"bridges?type=mixing&bridgeId={bridge}")[0] == 200
    try:
        code, said = ask(
            running, "POST", f"bridges/{bridge}/record?name={name}&format=wav&ifExists=overwrite"
        )
        assert code == 201, said
        media = f"{running.sounds_uri_prefix}plateau/welcome"
        code, said = ask(running, "POST", f"bridges/{bridge}/play?media={media}&lang={language}")
        assert code == 201, said
        assert isinstance(said, dict)
        # With nobody else in the bridge the recorder leaves it when the announcer does.
        until_blocking(
            "the end of the prompt",
            lambda: ask(running, "GET", f"recordings/live/{name}")[0] != 200,
            within_s=15,
        )
        assert ask(running, "GET", f"recordings/stored/{name}")[0] == 200
        file = running.recordings / f"{name}.wav"
        with wave.open(str(file)) as wav:
            assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2)
            samples = memoryview(wav.readframes(wav.getnframes())).cast("h")
        loud = sum(1 for sample in samples if abs(sample) > 1000)
        assert loud > 1600, f"{loud} loud samples of {len(samples)}: the prompt is not in {file}"
    finally:
        ask(running, "DELETE", f"bridges/{bridge}")
