"""What a caller and an agent's phone share: SIPp for the signalling, Python for the sound.

Decides how a test asks a party what it hears; refuses to know who called whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

from tests.contract.harness.audio import RtpParty
from tests.contract.harness.errors import HarnessTimeout
from tests.contract.harness.figures import Event
from tests.contract.harness.process import SippProcess
from tests.contract.harness.site import Site
from tests.contract.harness.tones import (
    TONES,
    Pcm,
    ToneHeard,
    hears,
    hears_other_sound,
    is_silent,
    level_dbfs,
    tones_heard,
)

_LOOK_S = 0.02


class EndedBy(StrEnum):
    """How a call ended, seen from the party."""

    LOCAL = "local"  # it sent BYE
    REMOTE = "remote"  # BYE came
    CANCEL = "cancel"  # before the answer, with 487


class Party:
    """One phone: a SIPp process, a Call-ID to steer, and an RTP port with a tone."""

    def __init__(self, site: Site, *, tone_hz: int | None, name: str) -> None:
        self.site = site
        self.name = name
        self.audio = RtpParty(tone_hz, site.rtp_pool.take())
        self.sipp: SippProcess
        self._seen = 0

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
        """Sound begins with the answer and ends with the call, awaited by the test or not."""
        if event.name == "answered":
            self.start_sound(event)
        elif event.name == "ended":
            self.audio.pause()

    async def close(self) -> None:
        """End the process and the sound; what was heard stays readable."""
        await self.sipp.close()
        self.audio.close()
        self.site.rtp_pool.give_back(self.audio.port)

    async def vanish(self) -> None:
        """Kill SIPp and stop the sound without a word to the switch: the phone is gone."""
        await self.sipp.close()
        self.audio.close()

    def start_sound(self, event: Event) -> None:
        """Send sound to the RTP port that the other side named."""
        if port := event.fields.get("rtp"):
            self.audio.start((self.site.switch_host, int(port)))

    async def _await(self, names: tuple[str, ...], timeout_s: float, *, after: int = 0) -> Event:
        return await self.sipp.event(
            lambda event: event.name in names,
            what=f"«{' or '.join(names)}»",
            timeout_s=timeout_s,
            after=after,
        )

    # ---- hearing ----------------------------------------------------------------------------
    def now_s(self) -> float:
        """Return the present on this party's sound time line."""
        return self.audio.now_s()

    def hears_now(self, hz: int, *, for_s: float = 0.4) -> bool:
        """Return whether the tone filled the last `for_s` seconds."""
        return hears(self._last(for_s), hz)

    def heard(self, hz: int, from_s: float, to_s: float | None = None) -> bool:
        """Return whether the tone filled [from_s, to_s) of the party's time line."""
        end_s = self.now_s() if to_s is None else to_s
        return hears(self.audio.pcm(to_s=end_s), hz, from_s, end_s)

    def tones(self, from_s: float = 0.0, to_s: float | None = None) -> list[ToneHeard]:
        """Return the tones heard in [from_s, to_s), longest first."""
        return tones_heard(self.audio.pcm(from_s, to_s))

    async def until_hears(self, hz: int, *, within_s: float, for_s: float = 0.4) -> float:
        """Wait until the tone fills the last `for_s` seconds; return that moment (now_s).

        Raises:
            HarnessTimeout: it did not; the message says what was heard instead.
        """
        return await self._until(lambda: self.hears_now(hz, for_s=for_s), f"{hz} Hz", within_s)

    async def until_hears_other_sound(self, *, within_s: float, for_s: float = 0.6) -> float:
        """Wait until speech or music (sound that is no party's tone) fills the last `for_s`."""

        def music() -> bool:
            return self.now_s() > for_s and hears_other_sound(self._last(for_s))

        return await self._until(music, "music or speech", within_s)

    async def until_silent(self, *, within_s: float, for_s: float = 0.4) -> float:
        """Wait until nothing is heard during the last `for_s` seconds."""
        return await self._until(lambda: is_silent(self._last(for_s)), "silence", within_s)

    def _last(self, for_s: float) -> Pcm:
        # The newest frame may still be on its way: look at the piece that ended 40 ms ago.
        end_s = self.now_s() - 0.04
        return self.audio.pcm(max(0.0, end_s - for_s), end_s)

    async def _until(self, condition: Callable[[], bool], what: str, within_s: float) -> float:
        began_s = self.now_s()
        while not condition():
            if self.now_s() - began_s > within_s:
                piece = self.audio.pcm(from_s=began_s)
                instead = tones_heard(piece) or f"no tone of {TONES}"
                raise HarnessTimeout(
                    f"{self.name} did not hear {what} within {within_s} s, but {instead} at "
                    f"{level_dbfs(piece):.0f} dBFS, {len(self.audio.frames)} frames in all\n"
                    f"{self.sipp.report()}"
                )
            await asyncio.sleep(_LOOK_S)
        return self.now_s()
