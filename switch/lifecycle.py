"""Start, find again and end an instance of Asterisk.

Decides the order of things and what "running" means (process alive and ARI answering); refuses
to know what the calls are for. Everything is synchronous: use asyncio.to_thread in a loop.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import pwd
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from switch import docker, listening, prepare, process
from switch.finder import FoundSwitch, find_switch
from switch.model import INNER_HOME, RunningSwitch, SwitchConfig, SwitchKind, SwitchUnavailable
from switch.namespace import clean_environment, fixed_path_argv, require_root

Progress = Callable[[str], None]
_BOOT_S = 60.0
_ANSWER_S = 15.0
_LOOK_S = 0.5
_OWN_ID = 1500
"""User and group of an Asterisk that the superuser starts, where the home does not say: the
container's. A root folder's own numbers would be somebody else's on this machine."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What is remembered of a started instance, in home/switch.json."""

    kind: str
    version: str
    pid: int
    ticks: int
    container: str | None
    folder: str
    sip_port: int
    http_port: int
    http_address: str
    ari_user: str


def _silent(_: str) -> None:
    """Show nothing."""


def up(config: SwitchConfig, *, progress: Progress = _silent) -> RunningSwitch:
    """Start the instance, or return it when it already runs; wait until ARI answers.

    Raises:
        SwitchUnavailable: no Asterisk, an older one, a port in use, or no answer from ARI.
    """
    config = _absolute(config)
    config.home.mkdir(mode=0o700, exist_ok=True)
    with _locked(config):
        record = _read_record(config)
        if record is not None:
            wanted = (config.sip_port, config.http_port)
            if (record.sip_port, record.http_port) != wanted:
                raise SwitchUnavailable(
                    f"{config.home} already runs a switch on SIP port {record.sip_port} and HTTP "
                    f"port {record.http_port}, not {wanted[0]} and {wanted[1]}: end it first"
                )
            running = _running(config, record)
            _wait_for_ari(config, running, record, _ANSWER_S)
            return running
        found = find_switch(config.rootfs)
        progress(_said(found, config))
        require_free_ports(config)
        return _start(config, found, progress)


def down(config: SwitchConfig, *, grace_s: float = 5.0, progress: Progress = _silent) -> bool:
    """End the instance: gracefully (calls may end) for `grace_s`, then at once, then by force.

    Returns False when it was not running.
    """
    config = _absolute(config)
    if not (_lock_file(config).exists() or _record_file(config).exists()):
        return False  # nothing was ever started here: make nothing either
    with _locked(config):
        record = _read_record(config)
        if record is None:
            return False
        _stop(config, record, grace_s, progress)
        _record_file(config).unlink(missing_ok=True)
        return True


def runs(config: SwitchConfig) -> bool:
    """Tell whether the instance's process lives, whether or not it answers."""
    return _read_record(_absolute(config)) is not None


def status(config: SwitchConfig) -> RunningSwitch | None:
    """Return the running instance, None when there is none.

    Raises:
        SwitchUnavailable: its process lives but ARI does not answer.
    """
    config = _absolute(config)
    record = _read_record(config)
    if record is None:
        return None
    running = _running(config, record)
    answer = _ping(running)
    if answer != "":
        raise SwitchUnavailable(
            f"Asterisk (pid {record.pid}) runs but ARI at {running.ari_url} does not answer: "
            f"{answer}; see {config.instance / 'log/messages.log'}, and if it hangs, end it with "
            "`plateau switch down`"
        )
    return running


def watch(config: SwitchConfig, ended: Callable[[float], bool]) -> None:
    """Stay until `ended` says so. It waits for the seconds it is given at most.

    Raises:
        SwitchUnavailable: the instance does not run (any more).
    """
    config = _absolute(config)
    record = _read_record(config)
    while record is not None and process.is_same_process(record.pid, record.ticks):
        if ended(_LOOK_S):
            return
    raise SwitchUnavailable(f"Asterisk ended: what it said is in {config.instance / 'log'}")


def console(config: SwitchConfig, command: str) -> str:
    """Return the answer of the instance's Asterisk console to `command`.

    Raises:
        SwitchUnavailable: the instance does not run.
    """
    try:
        return process.console(config.instance / "run", command)
    except OSError as error:
        raise SwitchUnavailable(
            f"No Asterisk console at {config.instance / 'run'} "
            f"({(error.strerror or str(error)).lower()}): `plateau switch status` says what runs"
        ) from error


def _absolute(config: SwitchConfig) -> SwitchConfig:
    """Return the same with folders that mean the same from any current folder."""
    rootfs = None if config.rootfs is None else config.rootfs.resolve()
    return replace(config, home=config.home.resolve(), rootfs=rootfs)


def _start(config: SwitchConfig, found: FoundSwitch, progress: Progress) -> RunningSwitch:
    began = time.monotonic()
    superuser = os.geteuid() == 0
    if found.kind is SwitchKind.ROOTFS:
        require_root("Asterisk")
    direct = found.kind is SwitchKind.PATH and not superuser
    folder = str(config.instance.resolve()) if direct else INNER_HOME
    if direct and len(folder) > 85:
        raise SwitchUnavailable(
            f"{folder} is too long a path for Asterisk's console socket: choose a shorter home"
        )
    prepare.make_folders(config)
    password = prepare.generated_secret(config.secrets, "ari_password")
    prepare.render(config, password, folder=folder)
    prepare.make_certificate(config, found.root)
    if not prepare.put_prompts(config, found.root):
        progress("no spoken prompts: install espeak-ng and sox, or record your own")
    log = config.instance / "log/console.log"
    log.unlink(missing_ok=True)
    container: str | None = None
    version = found.version or ""
    if found.kind is SwitchKind.DOCKER:
        image, version = docker.image(prepare.configuration_source(), progress)
        user = _unprivileged(config, found.kind) if superuser else None
        if user is not None:
            prepare.give_to(config, *user)
        container, pid = docker.run(config, image, user)
    else:
        command = [found.program, "-f", "-C", f"{folder}/etc/asterisk.conf"]
        if superuser:
            uid, gid = _unprivileged(config, found.kind)
            prepare.give_to(config, uid, gid)
            root = found.root or Path("/")
            command = fixed_path_argv(root, config.instance, folder, f"{uid}:{gid}", command)
        environment = clean_environment({"HOME": folder})
        pid = process.start_detached(command, log=log, environment=environment)
    ticks = process.start_ticks(pid)
    record = _Record(
        found.kind.value, version, pid, ticks or 0, container, folder,
        config.sip_port, config.http_port, config.http_address, config.ari_user,
    )  # fmt: skip
    _record_file(config).write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    prepare.give_home_to_its_owner(config)
    running = _running(config, record)
    try:
        _wait_for_ari(config, running, record, _BOOT_S)
    except SwitchUnavailable:
        _stop(config, record, 0.0, progress)
        _record_file(config).unlink(missing_ok=True)
        raise
    progress(f"Asterisk answers after {time.monotonic() - began:.1f} s (pid {pid})")
    return running


def _stop(config: SwitchConfig, record: _Record, grace_s: float, progress: Progress) -> None:
    gone = False
    if grace_s > 0:
        try:
            process.console(config.instance / "run", "core stop gracefully", timeout_s=2.0)
        except OSError as error:
            progress(f"the console did not take the order ({error})")
        gone = process.wait_gone(record.pid, record.ticks, grace_s)
    for number, wait_s in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        if gone:
            break
        progress(f"still there: {number.name} to pid {record.pid}")
        process.send(record.pid, record.ticks, number)
        gone = process.wait_gone(record.pid, record.ticks, wait_s)
    if record.container:
        docker.remove(record.container)
    if not gone:
        raise SwitchUnavailable(
            f"Asterisk (pid {record.pid}) survived SIGKILL: it is in the kernel"
        )


def _wait_for_ari(
    config: SwitchConfig, running: RunningSwitch, record: _Record, timeout_s: float
) -> None:
    answer = "not asked"
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = _ping(running)
        if answer == "":
            return
        if not process.is_same_process(record.pid, record.ticks):
            log = config.instance / "log"
            raise SwitchUnavailable(
                f"Asterisk ended while starting: {_last_words(log)} (all of it is in {log})"
            )
        time.sleep(0.02)
    raise SwitchUnavailable(
        f"Asterisk (pid {record.pid}) runs but ARI at {running.ari_url} did not answer within "
        f"{timeout_s:.0f} s: {answer}; see {config.instance / 'log/messages.log'}, "
        "and if it hangs, end it with `plateau switch down`"
    )


def _ping(running: RunningSwitch) -> str:
    """Return "" when ARI answers and Asterisk is fully booted, else what is wrong."""
    token = base64.b64encode(f"{running.ari_user}:{running.ari_password}".encode()).decode()
    request = urllib.request.Request(
        running.ari_url + "asterisk/ping", headers={"Authorization": f"Basic {token}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=2.0) as answer:
            return "" if answer.status == 200 else f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        with error:
            return f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return str(error)


def _running(config: SwitchConfig, record: _Record) -> RunningSwitch:
    host = "127.0.0.1" if record.http_address in prepare.WILDCARDS else record.http_address
    return RunningSwitch(
        kind=SwitchKind(record.kind),
        version=record.version,
        pid=record.pid,
        ari_url=f"http://{host}:{record.http_port}/ari/",
        ari_user=record.ari_user,
        ari_password=prepare.generated_secret(config.secrets, "ari_password"),
        sip_port=record.sip_port,
        spool=config.instance / "spool",
        recordings=config.instance / "spool/recording",
        sounds=config.instance / "sounds",
        sounds_uri_prefix=f"sound:{record.folder}/sounds/",
    )


def _record_file(config: SwitchConfig) -> Path:
    return config.home / "switch.json"


def _lock_file(config: SwitchConfig) -> Path:
    return config.home / "switch.lock"


def _read_record(config: SwitchConfig) -> _Record | None:
    """Return what was started, None when nothing was or when it has ended since."""
    try:
        record = _Record(**json.loads(_record_file(config).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise SwitchUnavailable(
            f"{_record_file(config)} is damaged ({error}): remove it and look for a stray asterisk"
        ) from error
    return record if process.is_same_process(record.pid, record.ticks) else None


@contextmanager
def _locked(config: SwitchConfig) -> Iterator[None]:
    """Let only one command at a time work on this instance."""
    with _lock_file(config).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def require_free_ports(config: SwitchConfig) -> None:
    """Refuse ports in use: Asterisk itself would start without that transport and say nothing.

    Raises:
        SwitchUnavailable: which one, for which setting, and who has it.
    """
    here, web = config.bind_address, config.https_address or config.bind_address
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    wanted = [
        (datagram, "BIND_ADDRESS", here, "SIP_PORT", config.sip_port, "SIP over UDP"),
        (stream, "BIND_ADDRESS", here, "SIP_PORT", config.sip_port, "SIP over TCP"),
        (stream, "BIND_ADDRESS", here, "TLS_PORT", config.tls_port, "SIP over TLS"),
        (stream, None, config.http_address, "HTTP_PORT", config.http_port, "ARI"),
        (stream, "BIND_ADDRESS", web, "HTTPS_PORT", config.https_port, "WSS"),
    ]
    for kind, place, address, name, port, purpose in wanted:
        # Asterisk has no privileges, whoever starts it.
        refused = (
            listening.Refusal(listening.SUPERUSERS)
            if listening.below_everybodys(port)
            else listening.why_not(kind, address, port)
        )
        if refused is not None and refused.address and place is not None:
            raise SwitchUnavailable(
                f"PLATEAU_{place}={address}: {refused.why}; `ip address` lists those that are, "
                "0.0.0.0 is all of them"
            )
        if refused is not None:
            raise SwitchUnavailable(
                f"PLATEAU_{name}={port}, wanted for {purpose} on {address}: {refused.why}"
            )


def _unprivileged(config: SwitchConfig, kind: SwitchKind) -> tuple[int, int]:
    """Return (uid, gid) of the Asterisk that the superuser starts: the home's owner if it is not
    the superuser; else the system's asterisk or nobody where Asterisk is the system's, else a
    number of our own."""
    owner = config.home.stat()
    if owner.st_uid != 0:
        return owner.st_uid, owner.st_gid
    if kind is not SwitchKind.PATH:
        return _OWN_ID, _OWN_ID
    for name in ("asterisk", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise SwitchUnavailable("This system has neither a user asterisk nor nobody")


def _last_words(log: Path) -> str:
    """Return what Asterisk printed last, errors rather than anything else."""
    file = log / "console.log"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if "ERROR" in line]
    return " | ".join((errors or said)[:3]) or "without a word"


def _said(found: FoundSwitch, config: SwitchConfig) -> str:
    if found.kind is SwitchKind.DOCKER:
        return "starting Asterisk in Docker"
    where = found.program if found.kind is SwitchKind.PATH else f"the root folder {found.root}"
    return f"starting Asterisk {found.version} from {where} on SIP port {config.sip_port}"
