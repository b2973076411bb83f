"""Where parties work: SIPp's argv, folders, the switch's address, ports to use.

Decides which ports and folders a party gets; refuses to know what the party does.
"""

from __future__ import annotations

import copy
import itertools
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from load.errors import PartyError

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
HOST = "127.0.0.1"


class PortPool:
    """UDP ports handed out in turn from a range, so that a port just freed rests a while.

    All sites on one switch share their pools. The switch repeats an INVITE that nobody answered
    for 32 s (RFC 3261, 17.1.1.2), however soon its caller gave up: a pool that began anew with
    each test would hand such a port to the next test's phone, and it would be rung.
    """

    def __init__(self, ports: range) -> None:
        self._ports = ports
        self._turn: Iterator[int] = itertools.cycle(ports)
        self._taken: set[int] = set()

    def take(self) -> int:
        """Return a port that nobody holds.

        Raises:
            PartyError: all ports of the range are taken.
        """
        for _ in range(len(self._ports)):
            port = next(self._turn)
            if port not in self._taken and is_free(port):
                self._taken.add(port)
                return port
        raise PartyError(f"no free UDP port left in {self._ports}: give the site a wider range")

    def give_back(self, port: int) -> None:
        """Let the port be taken again."""
        self._taken.discard(port)


def is_free(port: int) -> bool:
    """Return whether nobody holds the UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def unread_bytes(port: int) -> int:
    """Return how much waits to be read at the UDP port, as the kernel counts it; 0 if none has it.

    From `rx_queue` of /proc/net/udp (proc(5)), whose ports and sizes are hexadecimal.
    """
    rows = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    queues = ((row[1].split(":")[1], row[4].split(":")[1]) for row in rows)
    return sum(int(queue, 16) for held, queue in queues if int(held, 16) == port)


@dataclass(frozen=True, slots=True)
class Site:
    """One switch under test and what the parties around it may use.

    `sipp` is the argv prefix that runs SIPp 3.8 (`switch.sipp.sipp_argv`); it must see `workdir`
    and `SCENARIOS` at their own paths. RTP ports of steered parties come from `rtp_pool`; SIPp's
    own RTP (loads) takes blocks of `load_rtp_ports`. `host` is the parties' own address.
    """

    sipp: tuple[str, ...]
    workdir: Path
    switch_port: int
    sip_pool: PortPool
    rtp_pool: PortPool
    load_rtp_ports: range = range(40000, 48000)
    switch_host: str = HOST
    host: str = HOST
    _numbers: Iterator[int] = field(init=False, default_factory=itertools.count)
    _load_blocks: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.load_rtp_ports) // 4
        starts = [self.load_rtp_ports.start + size * i for i in range(4)]
        object.__setattr__(self, "_load_blocks", itertools.cycle(starts))

    def toward(self, port: int) -> Site:
        """Return this site with another address in the switch's place; folders and ports shared."""
        other = copy.copy(self)
        object.__setattr__(other, "switch_port", port)
        return other

    def load_block(self) -> range:
        """Return the next quarter of `load_rtp_ports`, in turn."""
        start = next(self._load_blocks)
        return range(start, start + len(self.load_rtp_ports) // 4)

    def folder(self, name: str) -> Path:
        """Make and return a new folder for one party's files."""
        path = self.workdir / f"{next(self._numbers):04d}-{name}"
        path.mkdir(parents=True)
        return path
