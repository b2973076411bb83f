"""The parties of `load/` with ears: what they hear is told apart by its tones.

Adds nothing else to them.
"""

from __future__ import annotations

import load.agent
import load.call
import load.caller
import load.outside
from tests.contract.harness.hearing import Hearing


class SippCaller(Hearing, load.caller.SippCaller):
    """A caller that hears tones."""


class PhoneCall(Hearing, load.call.PhoneCall):
    """A call that a registered phone dialled, and hears tones."""


class OutsideCall(Hearing, load.call.OutsideCall):
    """A call to a number of the outside world that hears tones."""


class SippAgent(Hearing, load.agent.SippAgent):
    """A registered phone that hears tones, in the calls that it dials too."""

    _line_class = PhoneCall

    async def dial(
        self, number: str, *, tone_hz: int | None = None, timeout_s: float = 5.0
    ) -> PhoneCall:
        call = await super().dial(number, tone_hz=tone_hz, timeout_s=timeout_s)
        assert isinstance(call, PhoneCall)
        return call


class SippOutside(load.outside.SippOutside):
    """The outside world behind the trunk; its calls hear tones."""

    _call_class = OutsideCall

    async def called(self, number: str | None = None, *, timeout_s: float = 5.0) -> OutsideCall:
        call = await super().called(number, timeout_s=timeout_s)
        assert isinstance(call, OutsideCall)
        return call
