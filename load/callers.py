"""A load of callers from one SIPp process, following a plan made beforehand.

Decides how a plan becomes SIPp's work and what the load's figures are; refuses to know why a
caller does what it does.

Why the plan is in the CSV: SIPp paces calls evenly and its exponential pauses cannot be seeded.
Here every call is created at once and waits in <recv timeout="[field0]"> for its own arrival, so
arrivals are exact to a few milliseconds, truly Poisson when the plan is, and the same again with
the same seed. A waiting call costs SIPp some kilobytes and no CPU.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from load.errors import SippFailed
from load.figures import (
    Counts,
    Percentiles,
    exit_meaning,
    percentiles,
    setup_times_ms,
)
from load.plan import CallPlan, injection_file
from load.process import SippProcess
from load.rtp import rtp_capture
from load.site import Site
from load.sound import TONES, ulaw_frames

_CREATED_PER_S = 1000
_LEAD_MS = 300
_ABOUT_TO_DIAL_S = 1.0
_BURST = 50
_READ_UP_S = 5.0


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What the callers of a load met; `failed` are SIPp's failed calls, of any reason."""

    planned: int
    dialled: int
    answered: int
    ended_by_caller: int
    ended_by_switch: int
    cancelled: int
    skipped: int
    failed: int
    setup: Percentiles


class SippLoad:
    """Callers by plan; entering starts them.

    With `tone_hz` each caller sends that tone for `tone_s` seconds after its digits (SIPp plays a
    capture once, it cannot loop it); with None it sends digits only.
    """

    def __init__(
        self,
        site: Site,
        plan: Sequence[CallPlan],
        *,
        tone_hz: int | None = None,
        tone_s: float = 120.0,
        trace_messages: bool = False,
    ) -> None:
        self.plan = list(plan)
        self._started_s = time.monotonic()
        self._told: set[str] = set()
        block = site.load_block()
        self.sipp = SippProcess(
            site,
            "uac_load_expect_answer_or_487.xml",
            name="load",
            trace_messages=trace_messages,
            poll_s=0.05,
        )
        capture = self.sipp.folder / "tone.pcap"
        # SIPp opens the capture when it starts, wanted or not.
        frames = ulaw_frames(tone_hz or TONES[0], tone_s if tone_hz else 0.02)
        capture.write_bytes(rtp_capture(frames))
        sound = "no" if tone_hz is None else "yes"
        self.sipp.add_options("-key", "tone", str(capture), "-key", "sound", sound)
        csv = self.sipp.folder / "plan.csv"
        csv.write_text(injection_file(plan, lead_ms=_LEAD_MS, created_per_s=_CREATED_PER_S))
        count = str(len(plan))
        self.sipp.add_options("-inf", str(csv), "-m", count, "-l", count)
        self.sipp.add_options("-r", str(_CREATED_PER_S), "-cid_str", "load-%u-%p")
        self.sipp.add_options("-min_rtp_port", str(block.start))
        self.sipp.add_options("-max_rtp_port", str(block.stop - 2))

    async def __aenter__(self) -> SippLoad:
        self._started_s = time.monotonic()
        await self.sipp.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.sipp.close()

    async def finished(self, *, timeout_s: float) -> int:
        """Wait until the last call of the plan ended; return SIPp's exit code."""
        return await self.sipp.finished(timeout_s)

    async def stop(self) -> None:
        """Let nobody dial any more (a second later at most); SIPp ends after the last call."""
        # Only a call that exists can be told to skip; SIGUSR1 would abort those that wait. Until
        # when they are created is the plan's own clock: SIPp says it only once a second.
        created_s = len(self.plan) / _CREATED_PER_S + _LEAD_MS / 1000
        await asyncio.sleep(max(0.0, self._started_s + created_s - time.monotonic()))
        # A call about to dial must not be told: its INVITE would be on the way when the word comes.
        safe_ms = (time.monotonic() - self._started_s + _ABOUT_TO_DIAL_S) * 1000 - _LEAD_MS
        for number, call in enumerate(self.plan, start=1):
            if call.at_ms > safe_ms:
                self.sipp.steer("SKIP", f"load-{number}-{self.sipp.pid}")
            if number % _BURST == 0:
                await self.sipp.read_up(timeout_s=_READ_UP_S)

    async def hang_up_all(self) -> None:
        """Make every caller that is in a call hang up now; each is told once."""
        over = {e.call_id for e in self.sipp.events if e.name == "ended"} | self._told
        for event in self.sipp.events:
            if event.name == "dialled" and event.call_id not in over:
                self._told.add(event.call_id)
                self.sipp.steer("HANGUP", event.call_id)

    def counts(self) -> Counts:
        """Return SIPp's own counts, at most a second old."""
        return self.sipp.counts()

    def setup_times(self) -> Percentiles:
        """Return INVITE to 200 OK over the calls answered so far."""
        return percentiles(setup_times_ms(self.sipp.events))

    def figures(self) -> LoadFigures:
        """Return the load's figures so far."""
        by = [e.fields["by"] for e in self.sipp.events if e.name == "ended"]
        dialled = sum(1 for e in self.sipp.events if e.name == "dialled")
        return LoadFigures(
            planned=len(self.plan),
            dialled=dialled,
            answered=sum(1 for e in self.sipp.events if e.name == "answered"),
            ended_by_caller=by.count("local"),
            ended_by_switch=by.count("remote"),
            cancelled=by.count("cancel"),
            skipped=0 if self.sipp.running else len(self.plan) - dialled,
            failed=self.counts().failed,
            setup=self.setup_times(),
        )

    def check(self) -> None:
        """Raise SippFailed unless SIPp ended and every call met its scenario."""
        code = self.sipp.exit_code
        if code != 0:
            state = "still runs" if code is None else exit_meaning(code)
            raise SippFailed(f"load: {state}\n{self.figures()}\n{self.sipp.report()}")
