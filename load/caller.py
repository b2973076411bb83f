"""Callers steered by a test.

Decides what a caller does on the wire; refuses to know what the switch makes of it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from xml.sax.saxutils import escape

from load.dialog import EndedBy
from load.errors import PartyTimeout, SippFailed
from load.party import Party
from load.process import SippProcess
from load.site import Site

_CALL_ID = "caller"
_SENDER = '"[caller]" <sip:[caller]@[local_ip]:[local_port]>'
_DIALLED = "sip:[dnis]@[remote_ip]:[remote_port]"
_BEFORE_MORE = "      Content-Type: application/sdp\n"


def _as_told(text: str, sender: str | None, headers: Sequence[str], uri: str | None) -> str:
    """The scenario with another From, more headers beside each SDP, and another Request-URI."""
    if sender is not None:
        text = text.replace(_SENDER, sender)
        # In an attribute SIPp takes a backslash for the beginning of an escape.
        text = text.replace(_quoted(_SENDER), _quoted(sender).replace("\\", "\\\\"))
    if uri is not None:
        text = text.replace(f" {_DIALLED} SIP", f" {uri} SIP")
    more = "".join(f"      {line}\n" for line in headers)
    return text.replace(_BEFORE_MORE, more + _BEFORE_MORE)


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})


class SippCaller(Party):
    """One caller with a tone of its own; entering dials.

    Stays until the switch hangs up, `hang_up()`, or `max_talk_s`. With `expect_refusal` the
    caller must be refused before any answer (`refused()` returns the code).

    What its carrier says of it, as on the wire: `sender` is From's value (without tag) instead of
    one with `caller`, `headers` are lines of each INVITE, those in mid-call too. `uri` is
    dialled instead of `dnis` at the switch.
    """

    def __init__(
        self,
        site: Site,
        *,
        dnis: str,
        caller: str = "+33140000001",
        tone_hz: int | None = 450,
        max_talk_s: float = 300.0,
        expect_refusal: bool = False,
        sender: str | None = None,
        headers: Sequence[str] = (),
        uri: str | None = None,
    ) -> None:
        super().__init__(site, tone_hz=tone_hz, name=f"caller {caller}")
        scenario = "uac_steered_expect_answer_or_487.xml"
        keys: dict[str, object] = {"dnis": dnis, "caller": caller, "rtp_port": self.audio.port}
        if expect_refusal:
            scenario = "uac_call_expect_refusal.xml"
        else:
            keys["talk_ms"] = round(max_talk_s * 1000)
        folder_name = "caller"

        def edit(text: str) -> str:
            return _as_told(text, sender, headers, uri)

        options = ["-m", "1"]
        self.sipp = SippProcess(
            site, scenario, name=folder_name, keys=keys, options=options, edit=edit
        )
        # Never the same twice: the switch may still retransmit to an earlier call of this port.
        self.call_id = f"{_CALL_ID}-{uuid.uuid4().hex}"
        self.sipp.add_options("-cid_str", self.call_id)
        self._hanging_up = False

    def dialog_id(self) -> str:
        """Return the call's Call-ID."""
        return self.call_id

    async def ringing(self, *, timeout_s: float = 5.0) -> float:
        """Wait for 180; return when it came (seconds UTC)."""
        return (await self._await(("ringing",), timeout_s)).at_s

    async def early(self, *, timeout_s: float = 5.0) -> float:
        """Wait for early media (183 with SDP); return when it came (seconds UTC)."""
        return (await self._await(("early",), timeout_s)).at_s

    async def answered(self, *, timeout_s: float = 5.0) -> float:
        """Wait for 200 OK; return when it came (seconds UTC)."""
        return (await self._await(("answered",), timeout_s)).at_s

    async def setup_ms(self, *, timeout_s: float = 5.0) -> float:
        """Return INVITE to 200 OK in milliseconds."""
        dialled = await self._await(("dialled",), timeout_s)
        answered = await self._await(("answered",), timeout_s)
        return (answered.at_s - dialled.at_s) * 1000

    async def refused(self, *, timeout_s: float = 5.0) -> int:
        """Wait for the refusal and return its SIP code (needs `expect_refusal`)."""
        event = await self._await(("refused",), timeout_s)
        return int(event.fields["code"])

    async def hang_up(self) -> None:
        """Send BYE, or CANCEL before the answer; `ended()` tells when it is done."""
        if not self._hanging_up:
            self._hanging_up = True
            self.sipp.steer("HANGUP", self.call_id)

    async def give_up(self, reason: str) -> None:
        """Send CANCEL with this Reason (RFC 3326), before any answer; `ended()` tells when done."""
        self._hanging_up = True
        self.sipp.steer("GIVEUP", self.call_id, Why=reason)

    async def ended(self, *, timeout_s: float = 5.0) -> EndedBy:
        """Wait for the end and say who brought it.

        Raises:
            SippFailed: SIPp judged the call failed.
        """
        event = await self._await(("ended",), timeout_s)
        code = await self.sipp.finished(timeout_s)
        if code != 0:
            raise SippFailed(f"{self.name}: {self.sipp.report()}")
        return EndedBy(event.fields["by"])

    async def close(self) -> None:
        """Hang up if still in a call, then end the process."""
        if self.sipp.running and not any(e.name in ("ended", "refused") for e in self.sipp.events):
            await self.hang_up()
            # Without an answer it is killed below; the switch notices by itself.
            with contextlib.suppress(PartyTimeout):
                await self.sipp.finished(1.0)
        await super().close()
