"""Which ports and folders one demonstration takes, so that several run side by side.

A place is the settings' own ports, or the same moved up. Ports are looked at, and the choice is
held by a lock for as long as the demonstration lives. Decides nothing of what runs there.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from demo.errors import DemoFailed
from plateau import stack
from plateau.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "demo"
HOST = "127.0.0.1"
KEPT_HOMES = 3
_PLACES = 5
_PORT_STEP = 10
_RTP_WINDOW = 2000
_STEERED = 240
_PHONES_FIRST, _PHONES_EACH = 17000, 80


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that one demonstration has for itself. `moved`: not on the ports asked for.

    `rtp_phones` are SIPp's own, `rtp_steered` of those whom Python gives a voice; the trunk leads
    to `outside_port`.
    """

    settings: Settings
    sip_phones: range
    rtp_phones: range
    rtp_steered: range
    outside_port: int
    moved: bool

    @property
    def home(self) -> Path:
        """Folder of its store, logs, recordings and SIPp's files."""
        return self.settings.home


@contextmanager
def take_place(wanted: Settings) -> Iterator[Place]:
    """Find free ports, make a fresh home, and hold both.

    Raises DemoFailed when all the places are taken.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    _sweep(wanted)
    with ExitStack() as held:
        for number in range(_PLACES):
            settings, rtp_phones = _place(wanted, number)
            if settings is None or not _free(settings) or not _hold(held, settings.sip_port):
                continue
            phones = _phones(held)
            outside = phones[-1]
            trunk = {"trunk_contact": f"sip:{HOST}:{outside}"}
            settings = settings.model_copy(update=_own_home(held) | trunk)
            yield Place(
                settings,
                sip_phones=phones[:-1],
                rtp_phones=rtp_phones[:-_STEERED],
                rtp_steered=rtp_phones[-_STEERED:],
                outside_port=outside,
                moved=number > 0,
            )
            return
    raise DemoFailed(
        f"No free ports: SIP {wanted.sip_port}, HTTP {wanted.http_port} and API {wanted.api_port} "
        f"and {_PLACES - 1} places above them are in use. End another demonstration, or name "
        "others with PLATEAU_SIP_PORT, PLATEAU_HTTP_PORT, PLATEAU_API_PORT, PLATEAU_RTP_FIRST…"
    )


def _hold(held: ExitStack, port: int) -> bool:
    """Keep others of this checkout from a port that nobody has opened yet."""
    lock = held.enter_context((FOLDER / f"{port}.lock").open("a"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _phones(held: ExitStack) -> range:
    """SIP ports for SIPp, whichever place it is."""
    for number in range(2 * _PLACES):
        first = _PHONES_FIRST + number * _PHONES_EACH
        ports = range(first, first + _PHONES_EACH)
        if all(_can_bind(port, socket.SOCK_DGRAM) for port in ports) and _hold(held, first):
            return ports
    raise DemoFailed(f"SIPp finds no free UDP ports from {_PHONES_FIRST} on")


def _place(wanted: Settings, number: int) -> tuple[Settings | None, range]:
    first = wanted.rtp_first + number * _RTP_WINDOW
    last = min(first + _RTP_WINDOW - 1, wanted.rtp_last)
    if last - first < _RTP_WINDOW // 2:
        return None, range(0)
    middle = (first + (last - first + 1) // 2) // 2 * 2
    settings = wanted.model_copy(
        update={
            "sip_port": wanted.sip_port + _PORT_STEP * number,
            "tls_port": wanted.tls_port + _PORT_STEP * number,
            "http_port": wanted.http_port + _PORT_STEP * number,
            "https_port": wanted.https_port + _PORT_STEP * number,
            "api_port": wanted.api_port + _PORT_STEP * number,
            "rtp_first": first,
            "rtp_last": middle - 1,
        }
    )
    return settings, range(middle, last + 1)


def _free(settings: Settings) -> bool:
    # RTP ports are not looked at: who needs one passes over those in use.
    streams = [
        settings.sip_port,
        settings.tls_port,
        settings.http_port,
        settings.https_port,
        settings.api_port,
    ]
    return all(_can_bind(port, socket.SOCK_STREAM) for port in streams) and _can_bind(
        settings.sip_port, socket.SOCK_DGRAM
    )


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _own_home(held: ExitStack) -> dict[str, object]:
    """A fresh home, locked while it is in use."""
    home = FOLDER / f"run-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    home.mkdir()
    lock = held.enter_context((home / "demo.lock").open("a"))
    fcntl.flock(lock, fcntl.LOCK_EX)
    return {
        "home": home,
        "database_url": f"sqlite:///{home / 'plateau.db'}",
        "database_password_file": None,
        "ari_url": None,
        "rtp_timeout_s": 300,  # callers are silent once they have pressed their keys
    }


def _sweep(settings: Settings) -> None:
    """End what a killed demonstration left running; remove old homes, but for the last few."""
    former = sorted(path for path in FOLDER.glob("run-*") if path.is_dir() and not _in_use(path))
    for home in former:
        stack.down(settings.model_copy(update={"home": home}), lambda _: None)
    for home in former[: max(0, len(former) - KEPT_HOMES)]:
        shutil.rmtree(home)


def _in_use(home: Path) -> bool:
    try:
        with (home / "demo.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
