"""One end of a call that sends a tone and digits, and keeps what it hears.

Decides how long is waited for keys; refuses to know SIP. Times are seconds on the party's own
sound time line (`now_s`).
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from load.audio import RtpParty
from load.errors import PartyError, PartyTimeout
from load.sound import seconds_of_sound

_LOOK_S = 0.02


class Sounding(ABC):
    """A party with a voice."""

    name: str
    audio: RtpParty

    @abstractmethod
    def report(self) -> str:
        """Return what a failure message needs to say of the party."""

    def now_s(self) -> float:
        """Return the present on this party's sound time line."""
        return self.audio.now_s()

    def sound_heard_s(self) -> float:
        """Return for how long in all anything but silence was heard, seconds."""
        return seconds_of_sound(self.audio.frames_since(0.0))

    async def press(self, digits: str, *, on_ms: int = 100, gap_ms: int = 100) -> None:
        """Press keys (RFC 4733) and wait until they were sent; at any moment there is sound.

        Raises:
            PartyError: the other side has not named a port for sound yet, or sending stalled.
        """
        if not self.audio.has_peer:
            raise PartyError(
                f"{self.name} cannot press {digits!r}: the call was not answered (nor has it early "
                f"media), or it is over\n{self.report()}"
            )
        seconds = self.audio.press(digits, on_ms=on_ms, gap_ms=gap_ms)
        await self._until(lambda: not self.audio.pressing, f"its {digits} sent", seconds + 1)

    def digits(self) -> str:
        """Return the digits received so far (RFC 4733 telephone events)."""
        return self.audio.digits_received()

    async def until_digits(self, digits: str, *, within_s: float) -> float:
        """Wait until the digits received end with `digits`; return that moment (now_s)."""
        what = f"the digits {digits} (received {self.digits()!r} before)"
        return await self._until(lambda: self.digits().endswith(digits), what, within_s)

    def _instead(self, from_s: float) -> str:
        """What was heard from `from_s` on, for a failure message."""
        frames = self.audio.frames_since(from_s)
        return f"{seconds_of_sound(frames):.1f} s of sound"

    async def _until(self, condition: Callable[[], bool], what: str, within_s: float) -> float:
        began_s = self.now_s()
        while not condition():
            if self.now_s() - began_s > within_s:
                raise PartyTimeout(
                    f"{self.name} did not hear {what} within {within_s} s, but "
                    f"{self._instead(began_s)}, {len(self.audio.frames)} frames in all, "
                    f"digits {self.digits()!r}\n{self.report()}"
                )
            await asyncio.sleep(_LOOK_S)
        return self.now_s()
