"""Why a caller's network takes a call back: the Reason of a CANCEL, which ARI does not tell.

Asterisk makes one cause, 16, of `Reason: SIP;cause=200` (another place has answered, RFC 3326) and
of `Q.850;cause=16` (the caller hung up). But it can copy its SIP messages to a UDP port of this
machine (`res_hep_pjsip`, HEP version 3); of these the CANCELs are read, the others passed over.

Knows HEP and SIP's words; decides nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_MAGIC: Final = b"HEP3"
_PAYLOAD: Final = 0x000F
_KEPT: Final = 1_000
_CALL_ID: Final = re.compile(rb"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.I | re.M)
_REASON: Final = re.compile(rb"^Reason[ \t]*:(.*)$", re.I | re.M)
_QUOTED: Final = re.compile(r'"[^"]*"')
_CAUSE: Final = re.compile(r";\s*cause\s*=\s*(\d{1,3})\b", re.I)
_ELSEWHERE: Final = {("sip", 200), ("q.850", 26)}


def payload_of(packet: bytes) -> bytes:
    """The message that a HEP3 packet carries; empty for what is none."""
    if not packet.startswith(_MAGIC):
        return b""
    at = 6
    while at + 6 <= len(packet):
        kind = int.from_bytes(packet[at + 2 : at + 4], "big")
        length = int.from_bytes(packet[at + 4 : at + 6], "big")
        if length < 6:
            return b""
        if kind == _PAYLOAD:
            return packet[at + 6 : at + length]
        at += length
    return b""


def taken_back(message: bytes) -> str | None:
    """The Call-ID of a CANCEL that says "answered elsewhere"; None for every other message."""
    if not message.startswith(b"CANCEL "):
        return None
    call_id = _CALL_ID.search(message)
    values = b",".join(_REASON.findall(message)).decode("latin-1")
    for value in _QUOTED.sub("", values).split(","):
        protocol = value.partition(";")[0].strip().lower()
        cause = _CAUSE.search(value)
        if cause is not None and (protocol, int(cause[1])) in _ELSEWHERE:
            return call_id[1].decode("latin-1") if call_id is not None else None
    return None


class CancelReasons(asyncio.DatagramProtocol):
    """The calls of which a CANCEL said that another place has answered them."""

    def __init__(self) -> None:
        self._elsewhere: dict[str, None] = {}

    def datagram_received(self, data: bytes, addr: object) -> None:
        """A copy of a SIP message that Asterisk received or sent; from where does not matter."""
        del addr
        if b"CANCEL " not in data:
            return
        call_id = taken_back(payload_of(data))
        if call_id is not None:
            self._elsewhere[call_id] = None
            if len(self._elsewhere) > _KEPT:
                del self._elsewhere[next(iter(self._elsewhere))]

    def said_elsewhere(self, call_id: str | None) -> bool:
        """Whether it was said of the call with this Call-ID; told once."""
        return call_id in self._elsewhere and self._elsewhere.pop(call_id, None) is None


@asynccontextmanager
async def heard(reasons: CancelReasons, port: int) -> AsyncIterator[None]:
    """Hear the copies on this UDP port of 127.0.0.1; without it, such calls count as abandoned."""
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: reasons, local_addr=("127.0.0.1", port)
        )
    except OSError as error:
        log.warning("reasons_of_cancels_unheard", port=port, why=str(error))
        yield
        return
    try:
        yield
    finally:
        transport.close()
