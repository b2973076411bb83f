"""A call as one end of it steers and reads it: hold, REFER, hang up, what was on the wire.

Decides how a test's wish becomes a word to SIPp and how its outcome is read; refuses to know who
began the call and what the switch makes of it.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from enum import StrEnum
from urllib.parse import quote

from load.audio import RtpParty
from load.errors import PartyError, PartyTimeout
from load.figures import Event
from load.process import SippProcess
from load.site import Site
from load.sounding import Sounding
from load.wire import SipMessage, media_of, sipfrag_code, user_of

_LOOK_S = 0.01
_NUMBER_SAFE = "+*;="


class EndedBy(StrEnum):
    """How a call ended, seen from the party."""

    LOCAL = "local"  # it sent BYE
    REMOTE = "remote"  # BYE came
    CANCEL = "cancel"  # before the answer, with 487


class Direction(StrEnum):
    """Which way sound is to go, seen from who offers it (RFC 3264, 5.1)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


def follow_sound(audio: RtpParty, host: str, event: Event) -> None:
    """Let the sound of a call do what its signalling just agreed: begin, move, rest, end.

    Who holds with sendonly sends silence; who may not send (held, or inactive) sends nothing.
    """
    name, way = event.name, event.fields.get("direction", Direction.SENDRECV)
    if name == "ended":
        audio.pause()
    elif name in ("early", "answered", "agreed", "offered"):
        quiet = (Direction.INACTIVE, Direction.RECVONLY)
        if name == "offered":
            quiet = (Direction.INACTIVE, Direction.SENDONLY)
        if name in ("answered", "agreed"):
            audio.mute(way == Direction.SENDONLY)
        port = event.fields.get("rtp")
        if way in quiet or not port:
            audio.pause()
        else:
            audio.start((host, int(port)))


class Transfer:
    """A REFER that was answered: what the switch said at once, and what it notified since."""

    def __init__(self, dialogs: Sequence[Dialog], code: int, after: int) -> None:
        self.code = code
        self._dialogs = dialogs
        self._call_ids = [dialog.dialog_id() for dialog in dialogs]
        self._after = after

    def statuses(self) -> list[int]:
        """Return the statuses notified so far (message/sipfrag), in order."""
        codes = (
            sipfrag_code(message)
            for message in self._dialogs[0].sipp.messages()[self._after :]
            if message.call_id == self._call_ids[0] and not message.sent
        )
        return [code for code in codes if code is not None]

    async def finished(self, *, within_s: float, hang_up: bool = True) -> int:
        """Wait for the final status and return it.

        When it says that the transfer succeeded the phone hangs up what it transferred, as phones
        do (RFC 3515, 2.4.5 leaves it to them), unless the switch did it first or not `hang_up`.

        Raises:
            PartyError: the REFER itself was refused.
            PartyTimeout: no final status was notified.
        """
        if self.code >= 300:
            raise PartyError(f"{self._dialogs[0].name}: the REFER was refused with {self.code}")
        await self._dialogs[0].until_wire(
            lambda: any(code >= 200 for code in self.statuses()),
            f"the final NOTIFY of its REFER (only {self.statuses()} so far)",
            within_s,
        )
        final = next(code for code in self.statuses() if code >= 200)
        if hang_up and final < 300:
            for dialog, call_id in zip(self._dialogs, self._call_ids, strict=True):
                over = (e.call_id == call_id and e.name == "ended" for e in dialog.sipp.events)
                if not any(over):
                    dialog.sipp.steer("HANGUP", call_id)
        return final


class Dialog(Sounding):
    """One end of a call, or of the calls of a phone one after another."""

    site: Site
    sipp: SippProcess

    @abstractmethod
    def dialog_id(self) -> str:
        """Return the Call-ID of the call that the test speaks of."""

    def report(self) -> str:
        """Return what SIPp did and saw."""
        return self.sipp.report()

    # ---- steering ---------------------------------------------------------------------------
    async def hold(
        self, direction: Direction = Direction.SENDONLY, *, timeout_s: float = 5.0
    ) -> float:
        """Offer that direction by re-INVITE and wait for the 200; return when (seconds UTC).

        Raises:
            PartyError: the other side refused (488, 491, 500).
        """
        already = len(self.sipp.events)
        call_id = self.dialog_id()
        self.sipp.steer("OFFER", call_id, Direction=direction)
        event = await self.sipp.event(
            lambda event: event.name in ("agreed", "not_agreed") and event.call_id == call_id,
            what=f"the answer to its re-INVITE ({direction})",
            timeout_s=timeout_s,
            after=already,
        )
        if event.name == "not_agreed":
            raise PartyError(f"{self.name}: its re-INVITE was refused\n{self.report()}")
        return event.at_s

    async def resume(self, *, timeout_s: float = 5.0) -> float:
        """Take the other side back (re-INVITE sendrecv) and wait for the 200."""
        return await self.hold(Direction.SENDRECV, timeout_s=timeout_s)

    async def refer(self, number: str, *, timeout_s: float = 5.0) -> Transfer:
        """Send the other side to `number` of the switch (blind REFER); wait for the answer."""
        return await self._refer([self], f"<{self._uri(number)}>", timeout_s)

    async def refer_attended(self, other: Dialog, *, timeout_s: float = 5.0) -> Transfer:
        """Join the other side with that of `other`, a call of the same phone (REFER, Replaces).

        The tags are the switch's and the phone's of that dialog (RFC 3891, 3).
        """
        call_id = other.dialog_id()
        ours, theirs = other.tags()
        replaces = quote(f"{call_id};to-tag={theirs};from-tag={ours}", safe="")
        number = other.far_number()
        refer_to = f"<{self._uri(number)}?Replaces={replaces}>"
        return await self._refer([self, other], refer_to, timeout_s)

    async def _refer(self, dialogs: Sequence[Dialog], refer_to: str, timeout_s: float) -> Transfer:
        call_id, after = self.dialog_id(), len(self.sipp.messages())
        number = self.sipp.steer("TRANSFER", call_id, **{"Refer-To": refer_to})

        def answers() -> list[int]:
            return [
                message.code
                for message in self.sipp.messages()[after:]
                if message.call_id == call_id
                and message.cseq == (number, "REFER")
                and message.code is not None
                and message.code >= 200
            ]

        await self.until_wire(lambda: bool(answers()), "the answer to its REFER", timeout_s)
        return Transfer(dialogs, answers()[0], after)

    async def hang_up(self) -> None:
        """Send BYE (CANCEL before the answer of a call it dialled); `ended()` tells when done."""
        self.sipp.steer("HANGUP", self.dialog_id())

    # ---- reading ----------------------------------------------------------------------------
    def wire(self) -> list[SipMessage]:
        """Return all messages of the call so far, sent and received."""
        call_id = self.dialog_id()
        return [message for message in self.sipp.messages() if message.call_id == call_id]

    @property
    def invite(self) -> SipMessage:
        """The call's first INVITE, received or sent."""
        found = next((message for message in self.wire() if message.method == "INVITE"), None)
        if found is None:
            raise PartyError(f"{self.name}: no INVITE of its call\n{self.report()}")
        return found

    def offers_received(self) -> list[Direction]:
        """Return the directions that re-INVITEs of the other side offered, in order."""
        invites = {
            message.cseq: message
            for message in self.wire()
            if message.method == "INVITE" and not message.sent and message.tag("To")
        }
        media = [media_of(message) for message in invites.values()]
        return [Direction(found[1]) for found in media if found is not None]

    def callers_shown(self) -> list[str]:
        """Return the numbers that the phone was told it talks with, in order, each change once.

        From the INVITE that rang it, and from re-INVITEs and UPDATEs since: P-Asserted-Identity
        (RFC 3325), else From.
        """
        shown: list[str] = []
        for message in self.wire():
            if message.sent or message.method not in ("INVITE", "UPDATE"):
                continue
            identity = message.header("P-Asserted-Identity")
            number = message.caller if identity is None else user_of(identity)
            if number not in shown[-1:]:
                shown.append(number)
        return shown

    def cancel_reason(self) -> str | None:
        """Return the Reason of the CANCEL received; None when it had none.

        Raises:
            PartyError: no CANCEL was received.
        """
        return self._received("CANCEL").header("Reason")

    def bye_reason(self) -> str | None:
        """Return the Reason of the BYE received; None when it had none.

        Raises:
            PartyError: no BYE was received.
        """
        return self._received("BYE").header("Reason")

    def tags(self) -> tuple[str, str]:
        """Return (this party's tag, the other side's) of the established dialog.

        Raises:
            PartyError: the call was not answered.
        """
        for message in self.wire():
            if message.code == 200 and message.cseq[1] == "INVITE":
                caller, called = message.tag("From") or "", message.tag("To") or ""
                return (called, caller) if message.sent else (caller, called)
        raise PartyError(f"{self.name}: its call was not answered\n{self.report()}")

    def far_number(self) -> str:
        """Return the number of the other side: dialled by this party, or shown by the caller."""
        invite = self.invite
        return invite.number if invite.sent else invite.caller

    async def until_wire(self, condition: Callable[[], bool], what: str, within_s: float) -> None:
        """Wait until the messages on the wire fulfil the condition.

        Raises:
            PartyTimeout: they did not.
        """
        deadline_s = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline_s:
                raise PartyTimeout(
                    f"{self.name}: {what} did not come within {within_s} s\n{self.report()}"
                )
            await asyncio.sleep(_LOOK_S)

    def _received(self, method: str) -> SipMessage:
        found = [m for m in self.wire() if m.method == method and not m.sent]
        if not found:
            raise PartyError(f"{self.name}: no {method} was received\n{self.report()}")
        return found[0]

    def _uri(self, number: str) -> str:
        user = quote(number, safe=_NUMBER_SAFE)
        return f"sip:{user}@{self.site.switch_host}:{self.site.switch_port}"
