"""Whether a port of this machine can be had, and if not, why: in words for who chose it.

Looks by binding, which tells an address that is not this machine's from a port in use. Who uses it
is read from /proc, where we may look.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a port cannot be had, without a period; `address`: it is the address that is wrong."""

    why: str
    address: bool = False


def why_not(kind: socket.SocketKind, address: str, port: int) -> Refusal | None:
    """None if `port` can be had on `address` (a number or a name).

    `kind` is SOCK_STREAM for TCP, SOCK_DGRAM for UDP.
    """
    try:
        found = socket.getaddrinfo(address, port, type=kind, flags=socket.AI_PASSIVE)
    except OSError as error:
        return Refusal(f"{address} is no name that this machine knows ({error.strerror})", True)
    family, _, protocol, _, place = found[0]
    try:
        with socket.socket(family, kind, protocol) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        return _reason(error, kind, address, port)
    return None


SUPERUSERS = "it is for the superuser alone: choose a port from 1024 on"


def _reason(error: OSError, kind: socket.SocketKind, address: str, port: int) -> Refusal:
    match error.errno:
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return Refusal(f"{address} is not an address of this machine", True)
        case errno.EADDRINUSE:
            who = users(kind, port)
            used = f"it is in use{' by ' if who else ''}{', '.join(who)}"
            return Refusal(f"{used}: end what uses it or choose another port")
        case errno.EACCES:
            return Refusal(SUPERUSERS)
        case _:
            return Refusal(error.strerror or str(error))


def below_everybodys(port: int) -> bool:
    """Whether a process without privileges may not have this port (ip(7))."""
    try:
        first = int((_PROC / "sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        first = 1024
    return port < first


def users(kind: socket.SocketKind, port: int) -> list[str]:
    """The processes that have this port, as "asterisk (pid 12)"; none where we may not look."""
    inodes = _inodes("tcp" if kind is socket.SOCK_STREAM else "udp", port)
    return sorted({said for inode in inodes for said in _holders(inode)}) if inodes else []


def _inodes(protocol: str, port: int) -> set[str]:
    """Inodes of the sockets that listen there: fields 1, 3 and 9 of proc(5) /proc/net/tcp."""
    found: set[str] = set()
    for name in (protocol, f"{protocol}6"):
        try:
            lines = (_PROC / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            field = line.split()
            listens = field[3] == "0A" if protocol == "tcp" else True
            if listens and int(field[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{field[9]}]")
    return found


def _holders(inode: str) -> list[str]:
    found = []
    for process in _PROC.glob("[0-9]*"):
        try:
            if any(str(handle.readlink()) == inode for handle in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
        except OSError:
            continue  # gone, or not ours to look at
    return found
