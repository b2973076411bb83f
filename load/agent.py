"""A registered phone steered by a test: an agent's, a supervisor's, or a seat's.

Decides what a phone does on the wire; refuses to know states of agents.
"""

from __future__ import annotations

import contextlib
import re
from enum import StrEnum
from typing import ClassVar

from load.call import MOVED, PhoneCall
from load.dialog import EndedBy
from load.errors import PartyError, PartyTimeout, SippFailed
from load.figures import Event
from load.party import Party
from load.process import SippProcess
from load.registering import FOREVER_MS, injection
from load.site import Site
from load.wire import SipMessage

_LINES = 8
"""Calls of SIPp's own side at once: the registration, and the lines to dial on."""


class Behaviour(StrEnum):
    """What the phone does when it is rung."""

    ANSWER = "answer"  # after ring_ms
    MANUAL = "manual"  # rings until answer(), refuse_busy() or decline()
    AUTO = "auto"  # answers at once if the INVITE asks for it, else as MANUAL
    BUSY = "busy"  # 486
    DECLINE = "decline"  # 603
    RING = "ring"  # never answers; takes the CANCEL


_CALLED = "uas_phone_expect_call.xml"
_SCENARIO = {
    Behaviour.ANSWER: _CALLED,
    Behaviour.MANUAL: _CALLED,
    Behaviour.AUTO: _CALLED,
    Behaviour.BUSY: "uas_busy_expect_ack.xml",
    Behaviour.DECLINE: "uas_decline_expect_ack.xml",
    Behaviour.RING: "uas_ring_expect_cancel.xml",
}


def asks_auto_answer(invite: SipMessage) -> bool:
    """Return whether an INVITE asks the phone to answer by itself, as common phones understand it.

    `Call-Info: <…>;answer-after=0` or `Alert-Info: …auto-answer…`.
    """
    call_info = " ".join(invite.headers("Call-Info")).replace(" ", "")
    alert_info = " ".join(invite.headers("Alert-Info")).lower()
    return re.search(r"answer-after=0\b", call_info) is not None or "auto-answer" in alert_info


class SippAgent(Party):
    """One registered phone with a tone of its own; entering registers it with digest.

    `ring_ms` and `talk_s` (None: until BYE) hold for each call that comes in. What is said of *the
    call* is of the one last rung; a call that the phone dials is a `PhoneCall`. Calls to another
    user than `user`, meant for who had this port before, get 404 and count nowhere. Leaving hangs
    up and unregisters.
    """

    _line_class: ClassVar[type[PhoneCall]] = PhoneCall

    def __init__(
        self,
        site: Site,
        *,
        user: str,
        password: str,
        tone_hz: int | None = 1000,
        behaviour: Behaviour = Behaviour.ANSWER,
        ring_ms: int = 100,
        talk_s: float | None = None,
        expires_s: int = 120,
    ) -> None:
        super().__init__(site, tone_hz=tone_hz, name=f"phone {user}")
        self.user = user
        self.calls: list[PhoneCall] = []
        self._behaviour = behaviour
        waits = behaviour in (Behaviour.MANUAL, Behaviour.AUTO)
        keys: dict[str, object] = {
            "user": user,
            "secret": password,
            "expires_s": expires_s,
            "refresh_ms": expires_s * 500,
            "ring_ms": FOREVER_MS if waits else ring_ms,
            "talk_ms": FOREVER_MS if talk_s is None else round(talk_s * 1000),
            "rtp_port": self.audio.port,
        }
        self.sipp = SippProcess(
            site,
            "uac_phone_expect_answer_or_refusal.xml",
            receive=_SCENARIO[behaviour],
            name=f"phone-{user}",
            keys=keys,
        )
        ports = self.sipp.folder / "ports.csv"
        ports.write_text(injection([f"{self.audio.port};"]))
        self.sipp.add_options("-inf", str(ports), "-l", str(_LINES), "-r", "200")
        self.sipp.add_options("-cid_str", f"{self.sipp.folder.name}-%u-%p")
        self._call: Event | None = None
        self._from = 0

    async def _open(self) -> None:
        await super()._open()
        await self._await(("registered",), 10.0)

    # ---- calls that come in -----------------------------------------------------------------
    def offers(self) -> int:
        """Return how many times the phone was rung so far."""
        return len(self._rung())

    async def rung(self, *, timeout_s: float = 5.0) -> float:
        """Wait for the next INVITE (each is awaited once); return when it came (seconds UTC)."""
        event = await self.sipp.event(
            self._is_ours, what="«rung»", timeout_s=timeout_s, after=self._from
        )
        self._take(event)
        return event.at_s

    async def answered(self, *, timeout_s: float = 5.0) -> float:
        """Wait until the call last rung (or the next) is answered; return when (seconds UTC)."""
        if self._call is None:
            await self.rung(timeout_s=timeout_s)
        return (await self._of_call(("answered",), timeout_s)).at_s

    async def answer(self) -> None:
        """Pick up now (Behaviour.MANUAL, or before ring_ms is over)."""
        self.sipp.steer("ANSWER", self.dialog_id())

    async def refuse_busy(self) -> None:
        """Answer 486 while ringing."""
        self.sipp.steer("BUSY", self.dialog_id())

    async def decline(self) -> None:
        """Answer 603 while ringing."""
        self.sipp.steer("DECLINE", self.dialog_id())

    async def redirect(self, contact: str, status: int = 302) -> None:
        """Answer 301, 302, 305 or 380 with this Contact while ringing, as phones forward calls."""
        self.sipp.steer(MOVED[status], self.dialog_id(), **{"Forward-To": contact})

    async def divert(self, diversion: str) -> None:
        """Say 181 with this Diversion (RFC 5806) and go on ringing."""
        self.sipp.steer("DIVERT", self.dialog_id(), **{"Forward-To": diversion})

    async def refused(self, *, timeout_s: float = 5.0) -> int:
        """Wait until the phone's refusal was acknowledged; return its code."""
        if self._call is None:
            await self.rung(timeout_s=timeout_s)
        return int((await self._of_call(("refused",), timeout_s)).fields["code"])

    async def ended(self, *, timeout_s: float = 5.0) -> EndedBy:
        """Wait for the end of the call last rung and say who brought it."""
        event = await self._of_call(("ended",), timeout_s)
        self._call = None
        return EndedBy(event.fields["by"])

    # ---- calls that it dials ----------------------------------------------------------------
    async def dial(
        self, number: str, *, tone_hz: int | None = None, timeout_s: float = 5.0
    ) -> PhoneCall:
        """Dial with the phone's account, also while another call is up; return the new call.

        It has an RTP port of its own and sends `tone_hz` (None: the phone's tone).
        """
        used = {call.dialog_id() for call in self.calls}
        line = await self.sipp.event(
            lambda event: event.name == "line" and event.call_id not in used,
            what="a line to dial on",
            timeout_s=timeout_s,
        )
        call = self._line_class(
            self.site,
            self.sipp,
            call_id=line.call_id,
            number=number,
            name=f"call of {self.user} to {number}",
            tone_hz=self.audio.tone_hz if tone_hz is None else tone_hz,
            rtp_port=self.site.rtp_pool.take(),
        )
        self.calls.append(call)
        port = str(call.audio.port)
        self.sipp.steer("DIAL", line.call_id, Number=number.replace("#", "%23"), Rtp_Port=port)
        return call

    # ---- the end ----------------------------------------------------------------------------
    async def close(self) -> None:
        """Hang up, unregister, end the process."""
        registered = [e for e in self.sipp.events if e.name == "registered"]
        if self.sipp.running and registered:
            over = {e.call_id for e in self.sipp.events if e.name in ("ended", "refused")}
            begun = [e for e in self.sipp.events if e.name in ("rung", "dialled")]
            for event in begun:
                if event.call_id not in over:
                    self.sipp.steer("HANGUP", event.call_id)
            self.sipp.steer("LEAVE", registered[0].call_id)
            # A switch that is down or gone makes no error here.
            with contextlib.suppress(PartyTimeout, SippFailed):
                await self._await(("unregistered",), 1.0)
        await super().close()
        for call in self.calls:
            call.audio.close()
            self.site.rtp_pool.give_back(call.audio.port)

    async def vanish(self) -> None:
        """Kill SIPp and stop all sound without a word to the switch: the phone is gone."""
        await super().vanish()
        for call in self.calls:
            call.audio.close()

    def dialog_id(self) -> str:
        """Return the Call-ID of the call last rung, or of the last one that ended."""
        return self._last_call().call_id

    def _on_event(self, event: Event) -> None:
        for call in self.calls:
            if call.dialog_id() == event.call_id:
                call.on_event(event)
                return
        if event.name == "rung":
            if not self._is_ours(event):
                if _SCENARIO[self._behaviour] == _CALLED:
                    self.sipp.steer("UNKNOWN", event.call_id)
            elif self._behaviour is Behaviour.AUTO and self._asked(event):
                self.sipp.steer("ANSWER", event.call_id)
        super()._on_event(event)

    def _asked(self, event: Event) -> bool:
        return any(
            message.method == "INVITE" and asks_auto_answer(message)
            for message in self.sipp.messages()
            if message.call_id == event.call_id
        )

    def _is_ours(self, event: Event) -> bool:
        return event.name == "rung" and event.fields.get("user") == self.user

    def _rung(self) -> list[Event]:
        return [event for event in self.sipp.events if self._is_ours(event)]

    def _take(self, event: Event) -> None:
        self._call = event
        self._from = self.sipp.events.index(event) + 1

    async def _of_call(self, names: tuple[str, ...], timeout_s: float) -> Event:
        call = self._last_call()
        return await self.sipp.event(
            lambda event: event.name in names and event.call_id == call.call_id,
            what=f"«{' or '.join(names)}» of its call",
            timeout_s=timeout_s,
            after=self.sipp.events.index(call),
        )

    def _last_call(self) -> Event:
        """The call last rung, whether the test awaited its ringing or not."""
        if self._call is None:
            rung = self._rung()
            if not rung:
                raise PartyError(f"{self.name}: no call was rung yet; await rung()")
            self._take(rung[-1])
        assert self._call is not None
        return self._call
