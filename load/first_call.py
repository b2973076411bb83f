"""One call to a running Plateau, as a caller makes it, told as it happens.

With `answer_as` the phone of an agent is played too: on a seat made for it, so that the agent's
own phone keeps its password. Both have a tone, so that each can tell that it hears the other.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import msgspec

from load.agent import SippAgent
from load.caller import SippCaller
from load.errors import SippFailed
from load.rest import Nothing, RestFailed, RestSession
from load.site import Site
from load.sound import seconds_of_tone
from load.staff import TAG, LiveAgent, Made, until

CALLER_HZ, AGENT_HZ = 450, 1000
_RING_MS = 700
_LOOK_S = 0.05
_END_S = 5.0


class _Live(msgspec.Struct, frozen=True):
    agents: list[LiveAgent]


@dataclass(frozen=True, slots=True)
class CallOrder:
    """A call. `seconds` is how long it lasts from the answer, `patience_s` how long it rings."""

    dnis: str
    caller: str
    digits: str = ""
    digits_after_s: float = 1.0
    seconds: float = 10.0
    patience_s: float = 30.0
    answer_as: str | None = None


class CallReport(msgspec.Struct, frozen=True):
    """What became of it. Seconds count from dialling; None: it did not happen.

    `refused` is the switch's final answer instead (404, 401…). `ended_by` is caller, plateau, or
    None. `heard_s` is how long the caller heard anything but silence; `agent_tone_s` how long
    they heard the agent's tone, `caller_tone_s` how long the agent heard theirs (None: no agent).
    """

    dnis: str
    ringing_s: float | None
    answered_s: float | None
    agent_rang_s: float | None
    agent_answered_s: float | None
    refused: str | None
    ended_by: str | None
    heard_s: float
    agent_tone_s: float | None
    caller_tone_s: float | None

    @property
    def ok(self) -> bool:
        """Whether it was answered, and where an agent was played, whether both heard the other."""
        if self.answered_s is None:
            return False
        return self.agent_tone_s is None or bool(self.agent_tone_s and self.caller_tone_s)


async def place(
    order: CallOrder, site: Site, rest: RestSession | None, say: Callable[[str], None]
) -> CallReport:
    """Place the call and tell it. Raises PartyError, RestFailed (`rest` None: no agent)."""
    async with AsyncExitStack() as ending:
        phone: SippAgent | None = None
        if order.answer_as is not None:
            if rest is None:
                raise RestFailed("To play an agent's phone Plateau's API is needed.")
            phone = await ending.enter_async_context(_seated(order.answer_as, site, rest))
            say(f"Agent {order.answer_as} is signed in on a phone of this call's, and ready.")
        return await _place(order, site, phone, say)


@asynccontextmanager
async def _seated(agent: str, site: Site, rest: RestSession) -> AsyncIterator[SippAgent]:
    """A phone for the agent on a seat of its own; the seat and the sign-in end with it."""
    seat = f"{TAG}seat-{secrets.token_hex(3)}"
    body = {"phone": seat, "name": "Test call"}
    made = await rest.ask("POST", "/seats", Made, json=body)
    try:
        if made.sip is None or made.warnings:
            raise RestFailed(f"The seat has no phone: {' '.join(made.warnings)}")
        user, secret = made.sip.user, made.sip.secret
        async with SippAgent(
            site, user=user, password=secret, tone_hz=AGENT_HZ, ring_ms=_RING_MS
        ) as phone:
            sign_in = {"phone": seat, "ready": True}
            await rest.ask("POST", f"/agents/{agent}/sign-in", Nothing, json=sign_in)
            try:
                await until(f"agent {agent} is ready", lambda: _ready(rest, agent), 30.0)
                yield phone
            finally:
                await rest.ask("POST", f"/agents/{agent}/sign-out", Nothing)
    finally:
        await rest.ask("DELETE", f"/seats/{seat}", Nothing)


async def _ready(rest: RestSession, agent: str) -> bool:
    live = await rest.ask("GET", "/live", _Live)
    return any(one.id == agent and one.state == "ready" for one in live.agents)


async def _place(
    order: CallOrder, site: Site, phone: SippAgent | None, say: Callable[[str], None]
) -> CallReport:
    caller = SippCaller(
        site, dnis=order.dnis, caller=order.caller, tone_hz=CALLER_HZ, max_talk_s=order.seconds
    )
    telling = _Telling(caller, phone, say)
    async with caller:
        await telling.follow(order)
        refused = _refusal(caller)
    if refused is not None:
        say(f"        refused: {refused}")
    ends = {"local": "caller", "cancel": "caller", "remote": "plateau"}
    by = next((e.fields["by"] for e in caller.sipp.events if e.name == "ended"), None)
    told = telling.told
    return CallReport(
        dnis=order.dnis,
        ringing_s=told.get("ringing"),
        answered_s=told.get("answered"),
        agent_rang_s=told.get("agent rung"),
        agent_answered_s=told.get("agent answered"),
        refused=refused,
        ended_by=None if by is None else ends[by],
        heard_s=round(caller.sound_heard_s(), 1),
        agent_tone_s=None if phone is None else _tone_s(caller, AGENT_HZ),
        caller_tone_s=None if phone is None else _tone_s(phone, CALLER_HZ),
    )


def _tone_s(party: SippCaller | SippAgent, hz: int) -> float:
    return round(seconds_of_tone(party.audio.frames_since(0.0), hz), 1)


class _Telling:
    """Follows a call to its end. `told`: what happened, in seconds after dialling."""

    def __init__(
        self, caller: SippCaller, phone: SippAgent | None, say: Callable[[str], None]
    ) -> None:
        self.told: dict[str, float] = {}
        self._caller = caller
        self._phone = phone
        self._say = say
        self._began_s = 0.0

    async def follow(self, order: CallOrder) -> None:
        """Look until it is over; press the digits; give up after the caller's patience."""
        deadline = time.monotonic() + order.patience_s
        gave_up = False
        while self._caller.sipp.running:
            self._look()
            now = time.monotonic()
            if "answered" not in self.told and now > deadline and not gave_up:
                gave_up = True
                self._say(f"Nobody answered for {order.patience_s:g} s: the caller gives up.")
                await self._caller.hang_up()
            if order.digits and "pressed" not in self.told and self._may_press(order):
                await self._caller.press(order.digits)
                self._tell("pressed", f"pressed {order.digits}", self._now_s())
            if gave_up and now > deadline + _END_S:
                break
            await asyncio.sleep(_LOOK_S)
        self._look()

    def _may_press(self, order: CallOrder) -> bool:
        answered = self.told.get("answered")
        if answered is None or "ended" in self.told:
            return False
        return self._now_s() >= self._began_s + answered + order.digits_after_s

    @staticmethod
    def _now_s() -> float:
        return time.time_ns() / 1e9  # SIPp stamps its events by this clock

    def _look(self) -> None:
        for event in self._caller.sipp.events:
            if event.name == "dialled":
                self._began_s = event.at_s
                self._tell("dialled", f"dialled {self._caller.invite.number}", event.at_s)
            elif event.name in ("ringing", "answered"):
                self._tell(event.name, event.name, event.at_s)
            elif event.name == "ended":
                by = "Plateau" if event.fields["by"] == "remote" else "the caller"
                self._tell("ended", f"hung up by {by}", event.at_s)
        if self._phone is not None and self._began_s:
            for event in self._phone.sipp.events:
                if event.at_s >= self._began_s and event.name in ("rung", "answered"):
                    how = "rings" if event.name == "rung" else "answers"
                    self._tell(f"agent {event.name}", f"the agent's phone {how}", event.at_s)

    def _tell(self, what: str, text: str, at_s: float) -> None:
        if what not in self.told:
            self.told[what] = round(at_s - self._began_s, 2)
            self._say(f"{self.told[what]:6.2f} s  {text}")


def _refusal(caller: SippCaller) -> str | None:
    """The final answer that was none: code and reason; None where there was an answer."""
    for message in caller.wire():
        if message.code is not None and not message.sent and message.cseq[1] == "INVITE":
            if message.code == 487:
                return None
            if message.code >= 300:
                return message.first_line.partition(" ")[2]
    if not {event.name for event in caller.sipp.events} & {"answered", "ended"}:
        raise SippFailed(f"The call got no answer at all.\n{caller.report()}")
    return None
