"""Agents' phones: one steered by a test, or a fleet in one process; and single registrations.

Decides what a phone does on the wire; refuses to know states of agents.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType

from tests.contract.harness.audio import ulaw_frames
from tests.contract.harness.errors import HarnessError, HarnessTimeout, SippFailed
from tests.contract.harness.figures import Counts, Event
from tests.contract.harness.party import EndedBy, Party
from tests.contract.harness.process import SippProcess
from tests.contract.harness.site import Site

_FOREVER_MS = 86_400_000
_REGISTER = "register_fleet_expect_ok.xml"
_REGISTER_PER_S = 200
"""A switch reads each new account from its database: faster, its first 401 comes after 500 ms."""


class Behaviour(StrEnum):
    """What the phone does when it is rung."""

    ANSWER = "answer"  # after ring_ms
    MANUAL = "manual"  # rings until answer(), refuse_busy() or decline()
    BUSY = "busy"  # 486
    DECLINE = "decline"  # 603
    RING = "ring"  # never answers; takes the CANCEL


_SCENARIO = {
    Behaviour.ANSWER: "uas_agent_expect_call.xml",
    Behaviour.MANUAL: "uas_agent_expect_call.xml",
    Behaviour.BUSY: "uas_busy_expect_ack.xml",
    Behaviour.DECLINE: "uas_decline_expect_ack.xml",
    Behaviour.RING: "uas_ring_expect_cancel.xml",
}


@dataclass(frozen=True, slots=True)
class Account:
    """A SIP account: user name and digest password."""

    user: str
    password: str


def _injection(lines: Sequence[str], order: str = "SEQUENTIAL") -> str:
    for line in lines:
        if "\n" in line:
            raise HarnessError(f"a line of an injection file holds a line break: {line!r}")
    return "\n".join([order, *lines]) + "\n"


class _Registrar:
    """The registrations of one SIPp process that also takes calls."""

    def __init__(self, sipp: SippProcess, accounts: Sequence[Account]) -> None:
        for account in accounts:
            if ";" in account.user + account.password:
                raise HarnessError(f"{account.user}: SIPp's CSV cannot carry a semicolon")
        self.sipp = sipp
        self.accounts = list(accounts)
        users = sipp.folder / "accounts.csv"
        # The scenario counts its lines from 1 (a variable of value 0 prints as nothing).
        lines = ["unused;unused;", *(f"{a.user};{a.password};" for a in accounts)]
        users.write_text(_injection(lines))
        # -l, not -m: -m would count incoming calls and qualifies as well and stop too early.
        sipp.add_options("-inf", str(users), "-l", str(len(accounts)), "-r", str(_REGISTER_PER_S))
        sipp.add_options("-cid_str", "reg-%u-%p")

    async def registered(self, timeout_s: float) -> None:
        wanted = {account.user for account in self.accounts}

        def all_in() -> bool:
            return wanted <= {e.fields["user"] for e in self.sipp.events if e.name == "registered"}

        await self.sipp.until(
            all_in, what=f"registration of {len(wanted)} accounts", timeout_s=timeout_s
        )

    async def leave_if_possible(self, timeout_s: float) -> None:
        """Unregister all and wait for it; a switch that is down or gone makes no error here."""
        self.sipp.send_signal(signal.SIGUSR1)
        await asyncio.sleep(0)
        ids = {e.call_id for e in self.sipp.events if e.name == "registered"}
        for call_id in ids:
            self.sipp.steer("LEAVE", call_id)

        def all_out() -> bool:
            return ids <= {e.call_id for e in self.sipp.events if e.name == "unregistered"}

        with contextlib.suppress(HarnessTimeout, SippFailed):
            await self.sipp.until(all_out, what="the end of registrations", timeout_s=timeout_s)


class SippAgent(Party):
    """One agent's phone with a tone of its own; entering registers it with digest.

    `ring_ms` and `talk_s` (None: until BYE) hold for each call. Leaving unregisters.
    """

    def __init__(
        self,
        site: Site,
        *,
        user: str,
        password: str,
        tone_hz: int | None = 1000,
        behaviour: Behaviour = Behaviour.ANSWER,
        ring_ms: int = 100,
        talk_s: float | None = None,
        expires_s: int = 120,
    ) -> None:
        super().__init__(site, tone_hz=tone_hz, name=f"agent {user}")
        keys: dict[str, object] = {
            "expires_s": expires_s,
            "refresh_ms": expires_s * 500,
            "rtp_port": self.audio.port,
            "ring_ms": _FOREVER_MS if behaviour is Behaviour.MANUAL else ring_ms,
            "talk_ms": _FOREVER_MS if talk_s is None else round(talk_s * 1000),
        }
        self.sipp = SippProcess(
            site, _REGISTER, receive=_SCENARIO[behaviour], name=f"agent-{user}", keys=keys
        )
        self._registrar = _Registrar(self.sipp, [Account(user, password)])
        self._call: Event | None = None
        self._from = 0

    async def _open(self) -> None:
        await super()._open()
        await self._registrar.registered(10.0)

    def offers(self) -> int:
        """Return how many times the phone was rung so far."""
        return sum(1 for event in self.sipp.events if event.name == "rung")

    async def rung(self, *, timeout_s: float = 5.0) -> float:
        """Wait for the next INVITE (each is awaited once); return when it came (seconds UTC)."""
        event = await self._await(("rung",), timeout_s, after=self._from)
        self._from = self.sipp.events.index(event) + 1
        self._call = event
        return event.at_s

    async def answered(self, *, timeout_s: float = 5.0) -> float:
        """Wait until the call last rung (or the next) is answered; return when (seconds UTC)."""
        if self._call is None:
            await self.rung(timeout_s=timeout_s)
        return (await self._of_call(("answered",), timeout_s)).at_s

    async def answer(self) -> None:
        """Pick up now (Behaviour.MANUAL, or before ring_ms is over)."""
        self._steer("ANSWER")

    async def refuse_busy(self) -> None:
        """Answer 486 while ringing."""
        self._steer("BUSY")

    async def decline(self) -> None:
        """Answer 603 while ringing."""
        self._steer("DECLINE")

    async def refused(self, *, timeout_s: float = 5.0) -> int:
        """Wait until the phone's refusal was acknowledged; return its code."""
        if self._call is None:
            await self.rung(timeout_s=timeout_s)
        return int((await self._of_call(("refused",), timeout_s)).fields["code"])

    async def hold(self, *, timeout_s: float = 5.0) -> float:
        """Put the caller on hold (re-INVITE sendonly, silence sent) and wait for the 200."""
        self._steer("HOLD")
        event = await self._of_call(("held",), timeout_s)
        self.audio.mute()
        return event.at_s

    async def resume(self, *, timeout_s: float = 5.0) -> float:
        """Take the caller back (re-INVITE sendrecv) and wait for the 200."""
        self._steer("RESUME")
        event = await self._of_call(("resumed",), timeout_s)
        self.audio.mute(False)
        return event.at_s

    async def hang_up(self) -> None:
        """Send BYE; `ended()` tells when it is done."""
        self._steer("HANGUP")

    async def ended(self, *, timeout_s: float = 5.0) -> EndedBy:
        """Wait for the end of the call last rung and say who brought it."""
        event = await self._of_call(("ended",), timeout_s)
        self._call = None
        self.audio.pause()
        return EndedBy(event.fields["by"])

    async def close(self) -> None:
        """Hang up, unregister, end the process."""
        if self.sipp.running and any(e.name == "registered" for e in self.sipp.events):
            over = {e.call_id for e in self.sipp.events if e.name in ("ended", "refused")}
            for event in self.sipp.events:
                if event.name == "rung" and event.call_id not in over:
                    self.sipp.steer("HANGUP", event.call_id)
            await self._registrar.leave_if_possible(1.0)
        await super().close()

    def _steer(self, verb: str) -> None:
        self.sipp.steer(verb, self._last_call().call_id)

    async def _of_call(self, names: tuple[str, ...], timeout_s: float) -> Event:
        call = self._last_call()
        return await self.sipp.event(
            lambda event: event.name in names and event.call_id == call.call_id,
            what=f"«{' or '.join(names)}» of its call",
            timeout_s=timeout_s,
            after=self.sipp.events.index(call),
        )

    def _last_call(self) -> Event:
        """The call last rung, whether the test awaited its ringing or not."""
        if self._call is None:
            rung = [event for event in self.sipp.events if event.name == "rung"]
            if not rung:
                raise HarnessError(f"{self.name}: no call was rung yet; await rung()")
            self._call = rung[-1]
            self._from = self.sipp.events.index(self._call) + 1
        return self._call


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
        self._registrar = _Registrar(self.sipp, accounts)
        talk = self.sipp.folder / "talk.csv"
        talk.write_text(_injection([f"{ms};" for ms in talk_ms or [_FOREVER_MS]], "RANDOM"))
        self.sipp.add_options("-inf", str(talk))

    async def __aenter__(self) -> SippFleet:
        try:
            await self.sipp.start()
            await self._registrar.registered(10.0 + len(self._registrar.accounts) * 0.05)
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


async def register(site: Site, account: Account, *, expires_s: int = 60) -> None:
    """Register once and go (the contact stays); raises SippFailed unless it was accepted."""
    await _once(site, "register_expect_ok.xml", account, expires_s)


async def register_refused(site: Site, account: Account) -> int:
    """Try to register, expect a refusal after the digest; return its code (401 or 403)."""
    events = await _once(site, "register_expect_forbidden.xml", account, 60)
    return next(int(event.fields["code"]) for event in events if event.name == "refused")


async def unregister(site: Site, account: Account) -> None:
    """Unregister the contact of `register`; raises SippFailed unless it was accepted."""
    await _once(site, "unregister_expect_ok.xml", account, 0)


async def _once(site: Site, scenario: str, account: Account, expires_s: int) -> list[Event]:
    keys = {"user": account.user, "secret": account.password, "expires_s": expires_s}
    process = SippProcess(site, scenario, name=f"register-{account.user}", keys=keys)
    process.add_options("-m", "1", "-timeout", "10s", "-timeout_error")
    async with process:
        await process.succeeded(15.0)
    return process.events
