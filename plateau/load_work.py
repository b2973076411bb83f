"""What `plateau load` and `plateau call` do: the API, the ground for SIPp, the run, its telling."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from acd.errors import PlateauError
from load import files as load_files
from load import first_call
from load.errors import LoadStopped, PartyError
from load.first_call import CallOrder, CallReport
from load.order import LoadOrder
from load.registering import Account
from load.report import LoadReport
from load.rest import RestFailed
from load.run import Load
from load.site import Site
from load.staff import remove_all
from plateau.load_access import api_session, ground, is_loopback, sip_server
from plateau.load_screen import LoadScreen, call_lines, report_tables
from plateau.saying import settings_or_exit
from plateau.settings import Settings
from store.errors import StoreError
from switch.model import SwitchUnavailable

FAILED, DIFFERS, STOPPED = 1, 3, 130
_EXPECTED = (
    PlateauError,
    StoreError,
    SwitchUnavailable,
    RestFailed,
    PartyError,
    SQLAlchemyError,
    OSError,
    ValueError,
)


def load(order: LoadOrder, api: str | None, sip: str | None, own: bool, as_json: bool) -> int:
    """Run a load and tell its figures; the exit status."""

    def work(settings: Settings) -> int:
        if faults := order.faults():
            raise PlateauError("load-order", " ".join(faults))
        server = sip_server(settings, sip)
        _must_be_own(own, server[0], api)
        report = asyncio.run(_load(settings, order, api, server))
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
        else:
            console = Console()
            for table in report_tables(report):
                console.print(table)
        return 0 if report.ok and not report.left_behind else DIFFERS

    return _done(work)


async def _load(
    settings: Settings, order: LoadOrder, api: str | None, server: tuple[str, int]
) -> LoadReport:
    with ExitStack() as held, LoadScreen(Console(stderr=True)) as screen:
        site = held.enter_context(ground(settings, server))
        async with api_session(settings, api) as rest:
            run = Load(order, rest, site, screen.show)
            with _Interrupts(run.stop):
                return await run.run()


class _Interrupts:
    """Ctrl-C and SIGTERM ask to stop; a second time the work is cancelled, and still cleans up."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._asked = False

    def __enter__(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def asked() -> None:
            if self._asked and task is not None:
                task.cancel()
            self._asked = True
            self._stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked)

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)


def files(order: LoadOrder, folder: Path, sip: str | None, accounts: Path | None, own: bool) -> int:
    """Write a load's files and print the commands; the exit status."""

    def work(settings: Settings) -> int:
        if faults := order.faults():
            raise PlateauError("load-order", " ".join(faults))
        server = sip_server(settings, sip)
        _must_be_own(own, server[0], None)
        known = load_files.read_accounts(accounts) if accounts is not None else []
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise PlateauError("folder", f"{folder} is not empty: name a new folder.")
        with ground(settings, server, folder) as site:
            asyncio.run(_write(order, known, site))
        return 0

    return _done(work)


async def _write(order: LoadOrder, accounts: list[Account], site: Site) -> None:
    if accounts:
        command = load_files.write_phones(order, accounts, site)
        typer.echo(f"# {len(accounts)} phones; they register, ring and talk until Ctrl-C.")
        typer.echo(f"# Here: {site.workdir / load_files.PHONES}; where sipp 3.8 is on PATH:")
        typer.echo(command)
    command = load_files.write_callers(order, order.dnis or "", site)
    typer.echo(f"# {len(order.plan(order.dnis or ''))} callers.")
    typer.echo(f"# Here: {site.workdir / load_files.CALLERS}; where sipp 3.8 is on PATH:")
    typer.echo(command)


def clean(api: str | None, as_json: bool) -> int:
    """Remove what killed loads left; the exit status."""

    async def removed(settings: Settings) -> tuple[list[str], list[str]]:
        async with api_session(settings, api) as rest:
            return await remove_all(rest)

    def work(settings: Settings) -> int:
        paths, stayed = asyncio.run(removed(settings))
        if as_json:
            typer.echo(msgspec.json.encode({"found": paths, "stayed": stayed}).decode())
        else:
            typer.echo(f"Removed {len(paths) - len(stayed)} of {len(paths)}.")
            for sentence in stayed:
                typer.echo(sentence, err=True)
        return DIFFERS if stayed else 0

    return _done(work)


def call(order: CallOrder, api: str | None, sip: str | None, own: bool, as_json: bool) -> int:
    """Place one call and tell it; the exit status."""

    def say(line: str) -> None:
        if not as_json:
            typer.echo(line)

    def work(settings: Settings) -> int:
        server = sip_server(settings, sip)
        if sip is not None or api is not None:
            _must_be_own(own, server[0], api)
        say(f"Calling {order.dnis} at {server[0]}:{server[1]} as {order.caller}")
        report = asyncio.run(_call(settings, order, api, server, say))
        if as_json:
            typer.echo(msgspec.json.encode(report).decode())
        else:
            for line in call_lines(report, settings.trunk_match):
                typer.echo(line)
        return 0 if report.ok else DIFFERS

    return _done(work)


async def _call(
    settings: Settings,
    order: CallOrder,
    api: str | None,
    server: tuple[str, int],
    say: Callable[[str], None],
) -> CallReport:
    with ground(settings, server) as site:
        if order.answer_as is None:
            return await first_call.place(order, site, None, say)
        async with api_session(settings, api) as rest:
            return await first_call.place(order, site, rest, say)


def _must_be_own(own: bool, host: str, api: str | None) -> None:
    """Raise PlateauError for a target elsewhere, unless it was said to be one's own."""
    hosts = [host, *([urlsplit(api).hostname or api] if api is not None else [])]
    strange = [one for one in hosts if not is_loopback(one)]
    if strange and not own:
        raise PlateauError(
            "not-loopback",
            f"{strange[0]} is not this machine's 127.0.0.1. Calls are only for a system of your "
            "own: if it is, say so with --my-own-system.",
        )


def _done(work: Callable[[Settings], int]) -> int:
    """Do it; what may go wrong outside of our code becomes a sentence and a status."""
    settings = settings_or_exit()
    try:
        return work(settings)
    except (LoadStopped, asyncio.CancelledError, KeyboardInterrupt) as error:
        typer.echo(str(error) or "Stopped.", err=True)
        return STOPPED
    except _EXPECTED as error:
        typer.echo(str(error), err=True)
        return FAILED
