"""The outside world behind the trunk: numbers that answer, are busy, refuse or let it ring.

Decides what each number does when the switch calls it; refuses to know why it is called.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import unquote

from load.agent import Behaviour
from load.call import OutsideCall
from load.errors import PartyError, PartyTimeout, SippFailed
from load.figures import Event
from load.process import SippProcess
from load.registering import FOREVER_MS, injection
from load.site import Site

_PORTS = 64
"""RTP ports in turn, one a call: so many calls at once (SIPp counts qualifies too)."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What a number of the outside world does when it is called.

    It rings `ring_ms`, then answers with `tone_hz` (None: silence) and talks `talk_s` (None: until
    BYE). BUSY and DECLINE refuse after `ring_ms` as well; RING and MANUAL only ring.
    """

    behaviour: Behaviour = Behaviour.ANSWER
    ring_ms: int = 100
    tone_hz: int | None = 2200
    talk_s: float | None = None


class SippOutside:
    """A SIP address behind the trunk where any number of `subscribers` can be called.

    Numbers that nobody has get 404. Several calls at once, also to one number; each has its own
    sound. Leaving hangs up whatever still talks.
    """

    _call_class: ClassVar[type[OutsideCall]] = OutsideCall

    def __init__(
        self, site: Site, subscribers: Mapping[str, Subscriber] | None = None, *, port: int
    ) -> None:
        self.site = site
        self.calls: list[OutsideCall] = []
        self._subscribers = dict(subscribers or {})
        self._awaited: set[str] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._ports = [site.rtp_pool.take() for _ in range(_PORTS)]
        self.sipp = SippProcess(
            site,
            "uas_phone_expect_call.xml",
            name="outside",
            keys={"ring_ms": FOREVER_MS, "talk_ms": FOREVER_MS},
            port=port,
        )
        ports = self.sipp.folder / "ports.csv"
        ports.write_text(injection([f"{number};" for number in self._ports]))
        self.sipp.add_options("-inf", str(ports))
        self.sipp.on_event = self._on_event

    async def __aenter__(self) -> Self:
        try:
            await self.sipp.start()
            await self.sipp.listening(5.0)
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

    def subscribe(self, number: str, subscriber: Subscriber) -> None:
        """Let the number do that from its next call on."""
        self._subscribers[number] = subscriber

    def numbers_called(self) -> list[str]:
        """Return the numbers called so far, in order."""
        return [call.number for call in self.calls]

    async def called(self, number: str | None = None, *, timeout_s: float = 5.0) -> OutsideCall:
        """Wait for the next call to `number` (None: to any); each call is given once.

        Raises:
            PartyTimeout: it was not called; the message says which numbers were.
        """
        found: list[OutsideCall] = []

        def rung() -> bool:
            found[:] = [
                call
                for call in self.calls
                if call.dialog_id() not in self._awaited and number in (None, call.number)
            ]
            return bool(found)

        what = f"a call to {number or 'the outside'} (called so far: {self.numbers_called()})"
        await self.sipp.until(rung, what=what, timeout_s=timeout_s)
        self._awaited.add(found[0].dialog_id())
        return found[0]

    async def close(self) -> None:
        """Hang up, end SIPp and all sounds; what was heard stays readable."""
        for timer in self._timers:
            timer.cancel()
        left = [call for call in self.calls if not call.over]
        if self.sipp.running and left:
            for call in left:
                verb = "HANGUP" if call.happened("answered") else "BUSY"
                self.sipp.steer(verb, call.dialog_id())
            with contextlib.suppress(PartyTimeout, SippFailed):
                await self.sipp.until(
                    lambda: all(call.over for call in left), what="its ends", timeout_s=1.0
                )
        await self.sipp.close()
        for call in self.calls:
            call.audio.close()
        for port in self._ports:
            self.site.rtp_pool.give_back(port)

    def _on_event(self, event: Event) -> None:
        if event.name == "rung":
            self._ring(event)
            return
        for call in self.calls:
            if call.dialog_id() == event.call_id:
                call.on_event(event)
                if call.over:
                    call.audio.close()
                elif event.name == "answered":
                    self._talk(call)

    def _ring(self, event: Event) -> None:
        number = unquote(event.fields.get("user", ""))
        subscriber = self._subscribers.get(number)
        try:
            call = self._call_class(
                self.site,
                self.sipp,
                call_id=event.call_id,
                number=number,
                name=f"call to the outside's {number}",
                tone_hz=subscriber.tone_hz if subscriber else None,
                rtp_port=int(event.fields["port"]),
            )
        except OSError as error:
            raise PartyError(f"outside: more than {_PORTS} calls at once ({error})") from error
        self.calls.append(call)
        if subscriber is None:
            self.sipp.steer("UNKNOWN", event.call_id)
            return
        verb = {
            Behaviour.ANSWER: "ANSWER",
            Behaviour.BUSY: "BUSY",
            Behaviour.DECLINE: "DECLINE",
        }.get(subscriber.behaviour)
        if verb is not None:
            self._later(subscriber.ring_ms / 1000, verb, call)

    def _talk(self, call: OutsideCall) -> None:
        subscriber = self._subscribers.get(call.number)
        if subscriber is not None and subscriber.talk_s is not None:
            self._later(subscriber.talk_s, "HANGUP", call)

    def _later(self, after_s: float, verb: str, call: OutsideCall) -> None:
        def due() -> None:
            self._timers.discard(timer)
            if not call.over:
                self.sipp.steer(verb, call.dialog_id())

        timer = asyncio.get_running_loop().call_later(after_s, due)
        self._timers.add(timer)
