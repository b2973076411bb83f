"""Registrations with digest: of a fleet that also takes calls, and single ones.

Decides how accounts come to SIPp; refuses to know what the phones do when they are rung.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from load.errors import PartyError, PartyTimeout, SippFailed
from load.figures import Event
from load.process import SippProcess
from load.site import Site

FOREVER_MS = 86_400_000
_REGISTER_PER_S = 200
"""A switch reads each new account from its database: faster, its first 401 comes after 500 ms."""


@dataclass(frozen=True, slots=True)
class Account:
    """A SIP account: user name and digest password."""

    user: str
    password: str


def injection(lines: Sequence[str], order: str = "SEQUENTIAL") -> str:
    """Return a SIPp injection file of these lines, each ending with a semicolon.

    Raises:
        PartyError: a line holds a line break.
    """
    for line in lines:
        if "\n" in line:
            raise PartyError(f"a line of an injection file holds a line break: {line!r}")
    return "\n".join([order, *lines]) + "\n"


class FleetRegistrar:
    """The registrations of one SIPp process that also takes calls."""

    def __init__(self, sipp: SippProcess, accounts: Sequence[Account]) -> None:
        for account in accounts:
            if ";" in account.user + account.password:
                raise PartyError(f"{account.user}: SIPp's CSV cannot carry a semicolon")
        self.sipp = sipp
        self.accounts = list(accounts)
        users = sipp.folder / "accounts.csv"
        # The scenario counts its lines from 1 (a variable of value 0 prints as nothing).
        lines = ["unused;unused;", *(f"{a.user};{a.password};" for a in accounts)]
        users.write_text(injection(lines))
        # -l, not -m: -m would count incoming calls and qualifies as well and stop too early.
        sipp.add_options("-inf", str(users), "-l", str(len(accounts)), "-r", str(_REGISTER_PER_S))
        sipp.add_options("-cid_str", "reg-%u-%p")

    async def registered(self, timeout_s: float) -> None:
        """Wait until every account is registered. Raises PartyTimeout, SippFailed."""
        wanted = {account.user for account in self.accounts}

        def all_in() -> bool:
            return wanted <= {e.fields["user"] for e in self.sipp.events if e.name == "registered"}

        await self.sipp.until(
            all_in, what=f"registration of {len(wanted)} accounts", timeout_s=timeout_s
        )

    async def leave_if_possible(self, timeout_s: float) -> None:
        """Unregister all and wait for it; a switch that is down or gone makes no error here."""
        self.sipp.send_signal(signal.SIGUSR1)
        ids = {e.call_id for e in self.sipp.events if e.name == "registered"}
        for call_id in ids:
            self.sipp.steer("LEAVE", call_id)

        def all_out() -> bool:
            return ids <= {e.call_id for e in self.sipp.events if e.name == "unregistered"}

        with contextlib.suppress(PartyTimeout, SippFailed):
            await self.sipp.until(all_out, what="the end of registrations", timeout_s=timeout_s)


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
