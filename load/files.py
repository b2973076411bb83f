"""The files of a load on disk, and the commands that run SIPp on them, for use by hand.

Decides nothing: they are those that `Load` uses.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from load.callers import SippLoad
from load.fleet import SippFleet
from load.order import RING_MS, LoadOrder
from load.process import SippProcess
from load.registering import Account
from load.site import Site

CALLERS, PHONES = "callers.sh", "phones.sh"
"""Scripts that run SIPp on these files as it is found on this machine: PATH, or the root folder."""
_HZ = {"callers": 450, "phones": 1000}


def write_callers(order: LoadOrder, dnis: str, site: Site) -> str:
    """Scenario, calls, tone and script of a load's callers; returns the plain sipp command."""
    tone_s = min(order.talk_s + order.patience_s, 600.0)
    hz = _HZ["callers"] if order.sound else None
    return _written(SippLoad(site, order.plan(dnis), tone_hz=hz, tone_s=tone_s).sipp, CALLERS)


def write_phones(order: LoadOrder, accounts: Sequence[Account], site: Site) -> str:
    """Scenarios, accounts, talk times, tone and script of agents' phones; the sipp command."""
    fleet = SippFleet(
        site,
        accounts,
        ring_ms=RING_MS,
        talk_ms=[round(order.talk_s * 1000)],
        tone_hz=_HZ["phones"],
    )
    return _written(fleet.sipp, PHONES)


def read_accounts(file: Path) -> list[Account]:
    """Accounts of a file, one `user;password` a line. Raises OSError, ValueError with the line."""
    found = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        parts = [part.strip() for part in line.split(";") if part.strip()]
        if not parts:
            continue
        if len(parts) != 2:
            raise ValueError(f"{file}, line {number}: write USER;PASSWORD, not {line!r}.")
        found.append(Account(*parts))
    return found


def _written(sipp: SippProcess, script: str) -> str:
    sipp.write_scenarios()
    argv = sipp.argv()
    file = sipp.site.workdir / script
    file.write_text(f"#!/bin/sh\nexec {shlex.join(argv)}\n")
    file.chmod(0o755)
    return shlex.join(["sipp", *argv[len(sipp.site.sipp) :]])
