"""What a test asks one end of a call: which tones it hears, and which it never does.

Decides how long is listened and what counts as heard; refuses to know SIP. Times are seconds on
the party's own sound time line (`now_s`).
"""

from __future__ import annotations

from collections.abc import Sequence

from load.errors import PartyError
from load.sound import TONES
from load.sounding import Sounding
from tests.contract.harness.tones import (
    BLOCK_S,
    Pcm,
    ToneHeard,
    hears,
    hears_other_sound,
    is_silent,
    level_dbfs,
    longest_run_s,
    pcm_of,
    tones_heard,
)

_LOOK_S = 0.02
_LATE_S = 0.04
"""The newest frame may still be on its way: listening ends this much before now."""
_FRAMES_PER_S = 50
_ENOUGH_FRAMES = 0.8
_NEVER_S = 0.1
"""A tone of this length was heard; less is a click at the edge of another sound."""


class Hearing(Sounding):
    """A party that tells tones apart."""

    def hears_now(self, hz: int, *, for_s: float = 0.4) -> bool:
        """Return whether the tone alone filled the last `for_s` seconds."""
        return hears(self._last(for_s), hz)

    def hears_all_now(self, hzs: Sequence[int], *, for_s: float = 0.4) -> bool:
        """Return whether each of the tones, sounding together, filled the last `for_s` seconds."""
        piece = self._last(for_s)
        return all(hears(piece, hz, mixed=True) for hz in hzs)

    def heard(self, hz: int, from_s: float, to_s: float | None = None) -> bool:
        """Return whether the tone alone filled [from_s, to_s) of the party's time line."""
        end_s = self.now_s() if to_s is None else to_s
        return hears(pcm_of(self.audio, to_s=end_s), hz, from_s, end_s)

    def tones(self, from_s: float = 0.0, to_s: float | None = None) -> list[ToneHeard]:
        """Return the tones that sounded alone in [from_s, to_s), longest first."""
        return tones_heard(pcm_of(self.audio, from_s, to_s))

    def tones_together(self, from_s: float = 0.0, to_s: float | None = None) -> list[ToneHeard]:
        """Return the tones heard in [from_s, to_s), alone or with others, longest first."""
        return tones_heard(pcm_of(self.audio, from_s, to_s), mixed=True)

    async def until_hears(self, hz: int, *, within_s: float, for_s: float = 0.4) -> float:
        """Wait until the tone alone fills the last `for_s` seconds; return that moment (now_s).

        Raises:
            PartyTimeout: it did not; the message says what was heard instead.
        """
        return await self._until(lambda: self.hears_now(hz, for_s=for_s), f"{hz} Hz", within_s)

    async def until_hears_all(
        self, hzs: Sequence[int], *, within_s: float, for_s: float = 0.4
    ) -> float:
        """Wait until all the tones together fill the last `for_s` seconds; return that moment.

        Raises:
            PartyTimeout: they did not; the message says what was heard instead.
        """
        what = " and ".join(f"{hz} Hz" for hz in hzs)
        return await self._until(lambda: self.hears_all_now(hzs, for_s=for_s), what, within_s)

    async def until_hears_other_sound(self, *, within_s: float, for_s: float = 0.6) -> float:
        """Wait until speech or music (sound that is no party's tone) fills the last `for_s`."""

        def music() -> bool:
            return self.now_s() > for_s and hears_other_sound(self._last(for_s))

        return await self._until(music, "music or speech", within_s)

    async def until_silent(self, *, within_s: float, for_s: float = 0.4) -> float:
        """Wait until nothing is heard during the last `for_s` seconds."""
        return await self._until(lambda: is_silent(self._last(for_s)), "silence", within_s)

    async def until_past(self, at_s: float) -> None:
        """Listen until that moment of the time line (`now_s`) is over and all before it arrived."""
        within_s = at_s - self.now_s() + _LOOK_S + 1.0
        await self._until(lambda: self.now_s() >= at_s + _LATE_S, "to the end", within_s)

    async def never_hears(self, *hzs: int, for_s: float, even_if_quiet: bool = False) -> None:
        """Listen for `for_s` seconds from now on; none of the tones may sound for 0.1 s in a row.

        Music and speech hold many tones: ask this of a party that hears parties.

        Raises:
            PartyError: a tone was heard, or so few frames came that nothing would be proven
                (unless `even_if_quiet`: the party is meant to receive nothing).
        """
        from_s = self.now_s()
        to_s = from_s + for_s
        await self.until_past(to_s)
        frames = self.audio.frames_between(from_s, to_s)
        if not even_if_quiet and frames < _ENOUGH_FRAMES * _FRAMES_PER_S * for_s:
            raise PartyError(
                f"{self.name} received {frames} frames in {for_s:g} s: too few to prove that it "
                f"did not hear {hzs} Hz\n{self.report()}"
            )
        piece = pcm_of(self.audio, from_s, to_s)
        for hz in hzs:
            if (run_s := longest_run_s(piece, hz)) >= _NEVER_S:
                raise PartyError(
                    f"{self.name} heard {hz} Hz for {run_s:.2f} s within {for_s:g} s, and was "
                    f"never to hear it; all it heard: {tones_heard(piece, mixed=True)}\n"
                    f"{self.report()}"
                )

    def _last(self, for_s: float) -> Pcm:
        end_s = self.now_s() - _LATE_S
        # The last block begins BLOCK_S before the end: a piece as long as one block is the least.
        return pcm_of(self.audio, max(0.0, end_s - max(for_s, BLOCK_S)), end_s)

    def _instead(self, from_s: float) -> str:
        piece = pcm_of(self.audio, from_s)
        instead = tones_heard(piece, mixed=True) or f"no tone of {TONES}"
        return f"{instead} at {level_dbfs(piece):.0f} dBFS"
