"""`python -m demo`: see `make demo`. Exit status 0 only if every count agrees."""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from acd.errors import PlateauError
from demo import screen
from demo.errors import DemoFailed, DemoStopped
from demo.places import take_place
from demo.show import Result, Show, write_json
from load.errors import PartyError
from load.rest import RestFailed
from plateau.settings import Settings
from store.errors import StoreError
from switch.model import SwitchUnavailable

_FAILURES = (
    DemoFailed,
    PlateauError,
    StoreError,
    SwitchUnavailable,
    PartyError,
    RestFailed,
    SQLAlchemyError,
    OSError,
)


def main(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Traffic for so long; left out, until Ctrl-C.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option(help="Write all the figures here.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same callers again.")] = None,
) -> None:
    """A contact centre with six agents and as many callers as keep them busy."""
    began = time.monotonic()
    console = screen.console()
    try:
        wanted = Settings()
    except ValidationError as error:
        console.print(f"A setting is wrong: {error}", style="red", markup=False)
        raise typer.Exit(1) from error
    home: Path | None = None
    try:
        with take_place(wanted) as place:
            home = place.home
            chosen = secrets.randbits(32) if seed is None else seed
            console.print("Starting the demonstration")
            result = asyncio.run(Show(place, console, chosen, seconds).run())
            if json_file is not None:
                write_json(result, json_file)
    except DemoStopped:
        console.print("Stopped before it had begun.")
        raise typer.Exit(130) from None
    except _FAILURES as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        console.print(f"The demonstration failed: {lines[0]}", style="bold red", markup=False)
        if home is not None:
            if len(lines) > 1:
                (home / "failure.txt").write_text("\n".join(lines) + "\n")
            console.print(f"See {home} (log/, sipp/, asterisk/log/).", markup=False)
        raise typer.Exit(1) from error
    _conclude(console, result, time.monotonic() - began)


def _conclude(console: Console, result: Result, took_s: float) -> None:
    if result.ok:
        console.print(
            f"[bold green]OK[/]: {result.sql.all_contacts} calls, each with one terminal record; "
            f"SIPp, SQL and REST count the same. {took_s:.0f} s in all."
        )
        return
    console.print("[bold red]The counts differ:[/]")
    for line in result.disagreements:
        console.print(f"  {line}", markup=False)
    console.print(f"See {result.home} (log/, sipp/, asterisk/log/).", markup=False)
    raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
