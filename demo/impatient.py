"""Callers who would rather be called back, and their telephones in the world outside.

Each is steered alone: keys in the menu, then, once waiting, the callback key. Who is answered
first just talks. Called back, they pick up, talk and hang up. An expert whom agents may ask can be
called outside as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from demo.cast import CALLBACK_KEY, EXPERT
from demo.people import Person
from demo.rest import LiveCall
from load.caller import SippCaller
from load.dialog import EndedBy
from load.outside import SippOutside, Subscriber
from load.site import Site

_RING_MS = 1500
_CUSTOMER_HZ, _EXPERT_HZ = 800, 600
_ANSWER_S = 10.0


@dataclass(slots=True)
class _One:
    person: Person
    caller: SippCaller
    menu: asyncio.Task[None]
    asked: bool = False
    told: bool = False
    called_back: set[str] = field(default_factory=set)


class Impatient:
    """All of them. `port` is where the trunk leads."""

    def __init__(self, site: Site, port: int) -> None:
        self._site = site
        self._outside = SippOutside(site, port=port)
        self._ones: dict[str, _One] = {}
        self._coming: list[asyncio.Task[None]] = []
        self._stopped = False

    async def open(self) -> None:
        """Their telephones can be called from now on."""
        self._outside.subscribe(EXPERT, Subscriber(tone_hz=_EXPERT_HZ))
        await self._outside.__aenter__()

    async def close(self) -> None:
        """End all of them."""
        self.stop()
        for one in self._ones.values():
            one.menu.cancel()
            await one.caller.close()
        await self._outside.close()

    # ---- arriving ----

    def start(self, people: Sequence[Person]) -> None:
        """Each dials at their own time from now."""
        self._coming += [asyncio.create_task(self._come(person)) for person in people]

    def stop(self) -> None:
        """Nobody dials any more."""
        self._stopped = True
        for task in self._coming:
            if not task.done():
                task.cancel()

    async def _come(self, person: Person) -> None:
        await asyncio.sleep(person.plan.at_ms / 1000)
        if self._stopped:
            return
        number = person.plan.caller
        self._outside.subscribe(number, Subscriber(tone_hz=_CUSTOMER_HZ, ring_ms=_RING_MS))
        caller = SippCaller(self._site, dnis=person.plan.dnis, caller=number, tone_hz=None)
        menu = asyncio.create_task(self._choose(person, caller))
        # Known before it dials, and never cancelled while it starts: nobody dials uncounted.
        self._ones[number] = _One(person, caller, menu)

    async def _choose(self, person: Person, caller: SippCaller) -> None:
        await caller.__aenter__()
        await caller.answered(timeout_s=_ANSWER_S)
        await asyncio.sleep(person.plan.digits_after_ms / 1000)
        await caller.press(person.plan.digits)

    # ---- what each does ----

    def person(self, number: str | None) -> Person | None:
        """Who calls from there, if it is one of them."""
        one = self._ones.get(number or "")
        return None if one is None else one.person

    async def wait(self, call: LiveCall) -> None:
        """One of them waits in a queue: press the key, once. Raises PartyError."""
        one = self._ones[call.number or ""]
        if not one.asked and one.menu.done():
            one.menu.result()
            one.asked = True
            await one.caller.press(CALLBACK_KEY)

    async def hang_up(self, call: LiveCall) -> None:
        """The caller, or the customer called back, hangs up."""
        one = self._ones[call.number or ""]
        if call.kind == "inbound":
            if not one.told:
                one.told = True
                await one.caller.hang_up()
            return
        for outside in self._outside.calls:
            fresh = outside.dialog_id() not in one.called_back
            if outside.number == call.number and fresh and not outside.over:
                one.called_back.add(outside.dialog_id())
                await outside.hang_up()

    async def hang_up_all(self) -> None:
        """Everybody hangs up now."""
        for one in self._ones.values():
            if not one.told and not _names(one.caller).isdisjoint({"dialled"}):
                one.told = True
                await one.caller.hang_up()
        for outside in self._outside.calls:
            if not outside.over and outside.happened("answered"):
                await outside.hang_up()

    # ---- counting ----

    @property
    def in_call(self) -> int:
        """Who has dialled or is called, and has not hung up."""
        dialled = (one.caller for one in self._ones.values())
        inside = sum(not _names(caller) & {"ended"} for caller in dialled)
        return inside + sum(not call.over for call in self._outside.calls)

    @property
    def dialled(self) -> int:
        """Who has dialled."""
        return sum("dialled" in _names(one.caller) for one in self._ones.values())

    @property
    def answered(self) -> int:
        """Who was answered."""
        return sum("answered" in _names(one.caller) for one in self._ones.values())

    def ended(self, *by: EndedBy) -> int:
        """Whose call was ended by these, as they see it."""
        return sum(
            event.name == "ended" and event.fields["by"] in by
            for one in self._ones.values()
            for event in one.caller.sipp.events
        )

    def picked_up(self, *, experts: bool) -> int:
        """Calls outside that were picked up: those to the expert, or those to customers."""
        return sum(
            call.happened("answered")
            for call in self._outside.calls
            if (call.number == EXPERT) is experts
        )

    @property
    def failed(self) -> int:
        """Callers whose SIPp judged the call failed."""
        return sum(one.caller.sipp.exit_code not in (0, None) for one in self._ones.values())


def _names(caller: SippCaller) -> set[str]:
    return {event.name for event in caller.sipp.events}
