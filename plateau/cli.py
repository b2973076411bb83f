"""The command line: `plateau up`, `down`, `status`, the processes, and the rooms' own commands."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from dotenv import dotenv_values
from sqlalchemy.exc import DBAPIError

import ivr.cli
import switch.cli
from acd.errors import PlateauError
from ari.errors import AriUnavailable
from plateau import config_cli, stack
from plateau.floor_process import FloorProcess, run_floor
from plateau.logs import configure_logging
from plateau.settings import ENV_FILE, PREFIX, Settings, load_settings, unknown_variables
from store.errors import StoreError
from switch.model import SwitchUnavailable

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Plateau: a contact centre on Asterisk. Settings are PLATEAU_… variables; see docs.",
)
app.add_typer(switch.cli.app, name="switch")
app.add_typer(ivr.cli.app, name="flow")
app.add_typer(config_cli.app, name="config")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


_EXPECTED = (
    PlateauError,
    StoreError,
    AriUnavailable,
    SwitchUnavailable,
    DBAPIError,
    OSError,
)
"""What may go wrong outside of our code: told in a sentence, without a trace."""


def main() -> None:
    """The command `plateau`: what it writes is for its user and group, `.env` is for every part."""
    os.umask(os.umask(0o027) | 0o027)
    for name, value in dotenv_values(ENV_FILE).items():
        if name.startswith(PREFIX) and value is not None:
            os.environ.setdefault(name, value)
    app()


def _settings() -> Settings:
    """The settings, or a sentence and exit status 1."""
    for sentence in unknown_variables():
        typer.echo(sentence, err=True)
    try:
        return load_settings()
    except PlateauError as error:
        raise _fail(error) from error


def _fail(error: Exception) -> typer.Exit:
    sentence = str(error)
    if isinstance(error, DBAPIError | ConnectionError):
        cause = error.orig if isinstance(error, DBAPIError) else error
        sentence = f"The database does not answer ({cause}): see PLATEAU_DATABASE_URL."
    typer.echo(sentence, err=True)
    return typer.Exit(1)


@app.command()
def up(as_json: JsonFlag = False) -> None:
    """Start all there is: Asterisk, the store's tables, the floor, the API."""
    settings = _settings()
    try:
        started = stack.up(settings, lambda text: typer.echo(text, err=True))
    except _EXPECTED as error:
        raise _fail(error) from error
    if as_json:
        typer.echo(json.dumps(started.as_dict()))
        return
    typer.echo(f"Plateau runs: {started.url}  (SIP {started.sip})")


@app.command()
def down() -> None:
    """End the API, the floor and Asterisk, in this order. Calls in progress end with Asterisk."""
    settings = _settings()
    try:
        stopped = stack.down(settings, lambda text: typer.echo(text, err=True))
    except _EXPECTED as error:
        raise _fail(error) from error
    typer.echo(f"Stopped: {', '.join(stopped) or 'nothing ran'}")


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """Say what runs; exit status 3 if anything does not, or does not answer."""
    found = stack.status(_settings())
    if as_json:
        typer.echo(json.dumps(found.parts))
    else:
        for name, said in found.parts.items():
            typer.echo(f"{name:9} {said or 'does not run'}")
    if not found.well:
        raise typer.Exit(3)


@app.command()
def floor() -> None:
    """Run the call-control process in the foreground, until SIGTERM."""
    configure_logging(as_json=not sys.stderr.isatty())
    settings = _settings()

    def stoppable(process: FloorProcess) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, process.stop)

    # The writer's thread must not keep a ringing phone waiting for Python's lock (5 ms by default),
    # nor the collector walk what lives as long as the process.
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_floor(settings, stoppable))
    except _EXPECTED as error:
        raise _fail(error) from error


@app.command()
def api(
    bind: Annotated[str | None, typer.Option(help="Address instead of PLATEAU_API_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port instead of PLATEAU_API_PORT.")] = None,
) -> None:
    """Run the web process (REST, pages) in the foreground, until SIGTERM."""
    from api.serve import serve

    configure_logging(as_json=not sys.stderr.isatty())
    settings = _settings()
    try:
        told = stack.api_settings(settings)
    except _EXPECTED as error:
        raise _fail(error) from error
    serve(told, bind or settings.api_host, port or settings.api_port)


class Part(StrEnum):
    """A process whose health can be asked for."""

    FLOOR = "floor"
    API = "api"


@app.command()
def health(
    part: Annotated[Part, typer.Argument(help="Which process.")], as_json: JsonFlag = False
) -> None:
    """Ask a process how it is; exit status 3 unless it is well."""
    well, said = stack.health(_settings(), part)
    typer.echo(json.dumps({"well": well, "said": said}) if as_json else said)
    if not well:
        raise typer.Exit(3)


@app.command()
def migrate() -> None:
    """Bring the store's tables to this release; make the first administrator of a new one."""
    settings = _settings()

    try:
        password = asyncio.run(stack.prepare_store(settings))
    except _EXPECTED as error:
        raise _fail(error) from error
    typer.echo("The store is up to date.")
    if password is not None:
        typer.echo(f"First administrator: {stack.FIRST_LOGIN} / {password}")


@app.command()
def administrator(
    login: Annotated[str, typer.Argument(help="Sign-in name.")] = stack.FIRST_LOGIN,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password; made up and shown otherwise.")
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="A new password for an administrator there is.")
    ] = False,
) -> None:
    """Make the first administrator, unless there is one; or give one a new password."""
    settings = _settings()
    change = stack.reset_password if reset else stack.ensure_first_administrator
    try:
        password = password_file.read_text().strip() if password_file else None
        made = asyncio.run(change(settings, login, password))
    except _EXPECTED as error:
        raise _fail(error) from error
    if made:
        typer.echo(f"{login} / {made}")
    else:
        typer.echo("The password is set." if reset else "There is an administrator already.")
