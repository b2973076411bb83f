"""A SIP address that answers each INVITE with a code that a test chooses, or not at all.

One UDP socket and a few lines of text: it refuses calls and never has one. It stands for a carrier
that carries nothing, or, once registered, for a phone that takes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from types import TracebackType
from typing import Self

from tests.waiting import until

_HEADER = re.compile(r"^([A-Za-z-]+)[ \t]*:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_PARAMETER = re.compile(r'(\w+)="?([^",]*)"?')
_REASONS = {180: "Ringing", 200: "OK", 487: "Request Terminated"}


class Refuser(asyncio.DatagramProtocol):
    """Answers every INVITE with `code` (None: never), after the response `provisional` if any.

    `invited` holds the user part of each INVITE's request URI, repetitions left out. Entering opens
    the port of 127.0.0.1.
    """

    def __init__(self, port: int, code: int | None, *, provisional: int | None = None) -> None:
        self.port = port
        self.code = code
        self.provisional = provisional
        self.invited: list[str] = []
        self._seen: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._answers: dict[int, str] = {}
        self._cseq = 0
        self._account: tuple[str, str, int] | None = None
        self._closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", self.port)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._account is not None:
            await self._register(*self._account, expires_s=0)
        if self._transport is not None:
            self._transport.close()
            await self._closed.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The port is free again."""
        self._closed.set()

    async def called(self, count: int, *, within_s: float = 5.0) -> None:
        """Wait until so many INVITEs have come in all."""

        async def enough() -> bool:
            return len(self.invited) >= count

        await until(f"{count} INVITEs at port {self.port}", enough, within_s=within_s)

    async def register(self, user: str, password: str, sip_port: int) -> None:
        """Register this port as `user`'s phone, with digest (RFC 2617); leaving ends that."""
        await self._register(user, password, sip_port, expires_s=300)
        self._account = (user, password, sip_port)

    async def _register(self, user: str, password: str, sip_port: int, expires_s: int) -> None:
        first = await self._ask(user, sip_port, f"Expires: {expires_s}\r\n")
        challenge = _first(first, "WWW-Authenticate")
        assert challenge is not None, first
        given = dict(_PARAMETER.findall(challenge))
        uri, nonce, cnonce = f"sip:127.0.0.1:{sip_port}", given["nonce"], secrets.token_hex(8)
        one = _md5(f"{user}:{given['realm']}:{password}")
        two = _md5(f"REGISTER:{uri}")
        proof = _md5(f"{one}:{nonce}:00000001:{cnonce}:auth:{two}")
        authorized = (
            f'Authorization: Digest username="{user}", realm="{given["realm"]}", nonce="{nonce}", '
            f'uri="{uri}", response="{proof}", algorithm=MD5, qop=auth, nc=00000001, '
            f'cnonce="{cnonce}", opaque="{given.get("opaque", "")}"\r\n'
        )
        told = await self._ask(user, sip_port, f"Expires: {expires_s}\r\n{authorized}")
        assert told.startswith("SIP/2.0 200"), told

    async def _ask(self, user: str, sip_port: int, more: str) -> str:
        self._cseq += 1
        cseq = self._cseq
        self._send(
            f"REGISTER sip:127.0.0.1:{sip_port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(8)};rport\r\n"
            f"From: <sip:{user}@127.0.0.1>;tag={secrets.token_hex(4)}\r\n"
            f"To: <sip:{user}@127.0.0.1>\r\n"
            f"Call-ID: register-{self.port}\r\nCSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{user}@127.0.0.1:{self.port}>\r\n{more}"
            "Content-Length: 0\r\n\r\n",
            ("127.0.0.1", sip_port),
        )

        async def answered() -> bool:
            return cseq in self._answers

        await until(f"an answer to {user}'s REGISTER", answered)
        return self._answers[cseq]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One message; what is no INVITE is answered 200 or passed over."""
        text = data.decode(errors="replace").replace("\r\n", "\n")
        first = text.partition("\n")[0]
        if first.startswith("SIP/2.0"):
            cseq = (_first(text, "CSeq") or "0").split()[0]
            self._answers[int(cseq)] = text
            return
        method = first.split()[0]
        if method == "INVITE":
            self._invited(text, first, addr)
        elif method != "ACK":
            self._answer(text, 200, addr)
            if method == "CANCEL":
                self._answer(text.replace("CANCEL", "INVITE"), 487, addr)

    def _invited(self, text: str, first: str, addr: tuple[str, int]) -> None:
        dialog = _first(text, "Call-ID") or ""
        if dialog not in self._seen:
            self._seen.add(dialog)
            self.invited.append(first.partition("sip:")[2].partition("@")[0])
        if self.provisional is not None:
            self._answer(text, self.provisional, addr)
        if self.code is not None:
            self._answer(text, self.code, addr)

    def _answer(self, request: str, code: int, addr: tuple[str, int]) -> None:
        kept = [
            f"{name}: {value}"
            for name, value in _HEADER.findall(request)
            if name.lower() in ("via", "from", "call-id", "cseq")
        ]
        to = _first(request, "To") or ""
        tagged = to if ";tag=" in to else f"{to};tag=refuser"
        lines = [f"SIP/2.0 {code} {_REASONS.get(code, 'No')}", *kept, f"To: {tagged}"]
        if code in (401, 407):
            name = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
            lines.append(f'{name}: Digest realm="carrier", nonce="{secrets.token_hex(8)}"')
        self._send("\r\n".join([*lines, "Content-Length: 0", "", ""]), addr)

    def _send(self, text: str, addr: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(text.encode(), addr)


def _first(message: str, name: str) -> str | None:
    found = (value for key, value in _HEADER.findall(message) if key.lower() == name.lower())
    return next(found, None)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
