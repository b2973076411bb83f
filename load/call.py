"""One call with a Call-ID of its own, apart from its phone: dialled by a phone, or from outside.

Decides how such a call is followed; refuses to know who dialled what.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from load.audio import RtpParty
from load.dialog import Dialog, EndedBy, follow_sound
from load.figures import Event
from load.process import SippProcess
from load.site import Site

MOVED: Final[Mapping[int, str]] = {
    301: "MOVED301",
    302: "MOVED302",
    305: "MOVED305",
    380: "MOVED380",
}
"""The word that steers a called phone to that answer."""


class Call(Dialog):
    """One call of a SIPp process that has many, with an RTP port and a tone of its own."""

    def __init__(
        self,
        site: Site,
        sipp: SippProcess,
        *,
        call_id: str,
        number: str,
        name: str,
        tone_hz: int | None,
        rtp_port: int,
    ) -> None:
        self.site = site
        self.sipp = sipp
        self.number = number
        self.name = name
        self.audio = RtpParty(tone_hz, rtp_port, site.host)
        self._call_id = call_id

    def dialog_id(self) -> str:
        """Return this call's Call-ID."""
        return self._call_id

    async def ringing(self, *, timeout_s: float = 5.0) -> float:
        """Wait for 180 to the call it dialled; return when it came (seconds UTC)."""
        return (await self._event("ringing", timeout_s)).at_s

    async def answered(self, *, timeout_s: float = 5.0) -> float:
        """Wait until the call is answered; return when (seconds UTC)."""
        return (await self._event("answered", timeout_s)).at_s

    async def refused(self, *, timeout_s: float = 5.0) -> int:
        """Wait until the call is refused, by whichever side was called; return the code."""
        return int((await self._event("refused", timeout_s)).fields["code"])

    async def ended(self, *, timeout_s: float = 5.0) -> EndedBy:
        """Wait for the end of the call and say who brought it."""
        return EndedBy((await self._event("ended", timeout_s)).fields["by"])

    def happened(self, *names: str) -> bool:
        """Return whether an event of one of these names was seen for this call."""
        return any(
            event.call_id == self._call_id and event.name in names for event in self.sipp.events
        )

    @property
    def over(self) -> bool:
        """Whether the call ended or was refused."""
        return self.happened("ended", "refused")

    def on_event(self, event: Event) -> None:
        """Let the sound follow an event of this call."""
        follow_sound(self.audio, self.site.switch_host, event)

    async def _event(self, name: str, timeout_s: float) -> Event:
        return await self.sipp.event(
            lambda event: event.name == name and event.call_id == self._call_id,
            what=f"«{name}» of the {self.name}",
            timeout_s=timeout_s,
        )


class PhoneCall(Call):
    """A call that a registered phone dialled: a phone code, an extension, an outside number."""


class OutsideCall(Call):
    """A call that the switch made to a number of the outside world."""

    async def answer(self) -> None:
        """Pick up now, if it still rings."""
        self.sipp.steer("ANSWER", self.dialog_id())

    async def refuse_busy(self) -> None:
        """Answer 486 while ringing."""
        self.sipp.steer("BUSY", self.dialog_id())

    async def decline(self) -> None:
        """Answer 603 while ringing."""
        self.sipp.steer("DECLINE", self.dialog_id())

    async def redirect(self, contact: str, status: int = 302) -> None:
        """Answer 301, 302, 305 or 380 with this Contact while ringing (RFC 3261, 8.1.3.4)."""
        self.sipp.steer(MOVED[status], self.dialog_id(), **{"Forward-To": contact})

    async def divert(self, diversion: str) -> None:
        """Say 181 with this Diversion (RFC 5806) and go on ringing: it forwards by itself."""
        self.sipp.steer("DIVERT", self.dialog_id(), **{"Forward-To": diversion})
