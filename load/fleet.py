"""Many agents' phones in one SIPp process, for loads.

Decides how phones ring, answer and talk on their own; refuses to know states of agents.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from load.figures import Counts
from load.process import SippProcess
from load.registering import FOREVER_MS, Account, FleetRegistrar, injection
from load.site import Site
from load.sound import ulaw_frames

_REGISTER = "register_fleet_expect_ok.xml"


class SippFleet:
    """Many agents' phones in one SIPp process; entering registers them all.

    They ring `ring_ms`, answer, and talk until BYE or for a time drawn from `talk_ms` (None:
    until BYE). They all send `tone_hz`, or nothing for None.
    """

    def __init__(
        self,
        site: Site,
        accounts: Sequence[Account],
        *,
        ring_ms: int = 20,
        talk_ms: Sequence[int] | None = None,
        tone_hz: int | None = None,
        expires_s: int = 300,
        trace_messages: bool = False,
    ) -> None:
        block = site.load_block()
        self.sipp = SippProcess(
            site,
            _REGISTER,
            receive="uas_fleet_expect_call.xml",
            name="fleet",
            keys={
                "expires_s": expires_s,
                "refresh_ms": expires_s * 500,
                "ring_ms": ring_ms,
            },
            options=["-min_rtp_port", str(block.start), "-max_rtp_port", str(block.stop - 2)],
            trace_messages=trace_messages,
            poll_s=0.05,
        )
        sound = self.sipp.folder / "tone.ulaw"
        if tone_hz is not None:
            sound.write_bytes(b"".join(ulaw_frames(tone_hz, 1.0)))
        self.sipp.add_options("-key", "tone", "none" if tone_hz is None else str(sound))
        self._registrar = FleetRegistrar(self.sipp, accounts)
        talk = self.sipp.folder / "talk.csv"
        talk.write_text(injection([f"{ms};" for ms in talk_ms or [FOREVER_MS]], "RANDOM"))
        self.sipp.add_options("-inf", str(talk))

    async def __aenter__(self) -> SippFleet:
        try:
            await self.sipp.start()
            await self._registrar.registered(30.0 + len(self._registrar.accounts) * 0.1)
        except BaseException:
            await self.sipp.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.sipp.running:
            await self._registrar.leave_if_possible(5.0)
        await self.sipp.close()

    def count(self, name: str) -> int:
        """Return how many events of that name there were: rung, answered, ended, refused."""
        return sum(1 for event in self.sipp.events if event.name == name)

    def counts(self) -> Counts:
        """Return SIPp's own counts (registrations and qualifies are among them)."""
        return self.sipp.counts()
