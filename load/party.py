"""What every party is: SIPp for the signalling, Python for the sound.

Decides when its sound begins and ends; refuses to know who called whom.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from load.audio import RtpParty
from load.dialog import Dialog, follow_sound
from load.figures import Event
from load.process import SippProcess
from load.site import Site


class Party(Dialog):
    """One phone: a SIPp process, and an RTP port with a tone."""

    def __init__(self, site: Site, *, tone_hz: int | None, name: str) -> None:
        self.site = site
        self.name = name
        self.audio = RtpParty(tone_hz, site.rtp_pool.take(), site.host)
        self.sipp: SippProcess
        self._sounding: str | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _open(self) -> None:
        self.sipp.on_event = self._on_event
        await self.sipp.start()

    def _on_event(self, event: Event) -> None:
        """Sound begins with the answer and ends with that call, awaited by the test or not.

        A phone in talk may be rung and given up meanwhile: that is no end of its talk.
        """
        if event.name in ("early", "answered"):
            self._sounding = event.call_id
        if event.call_id == self._sounding:
            follow_sound(self.audio, self.site.switch_host, event)
            if event.name == "ended":
                self._sounding = None

    async def close(self) -> None:
        """End the process and the sound; what was heard stays readable."""
        await self.sipp.close()
        self.audio.close()
        self.site.rtp_pool.give_back(self.audio.port)

    async def vanish(self) -> None:
        """Kill SIPp and stop the sound without a word to the switch: the phone is gone."""
        await self.sipp.close()
        self.audio.close()

    def report(self) -> str:
        """Return what SIPp did and saw."""
        return self.sipp.report()

    async def _await(self, names: tuple[str, ...], timeout_s: float, *, after: int = 0) -> Event:
        return await self.sipp.event(
            lambda event: event.name in names,
            what=f"«{' or '.join(names)}»",
            timeout_s=timeout_s,
            after=after,
        )
