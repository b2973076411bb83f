"""The command line: `plateau up`, `down`, `status`, the processes, and the rooms' own commands.

What a command needs is imported when it runs: `plateau --help` and `plateau status` must not wait
for a web framework that they do not use.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import ivr.cli
from plateau import config_cli, load_cli, switch_cli

if TYPE_CHECKING:
    from plateau.floor_process import FloorProcess

FIRST_LOGIN = "admin"

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Plateau: a contact centre on Asterisk. Settings are PLATEAU_… variables; see docs.",
)
app.add_typer(switch_cli.app, name="switch")
app.add_typer(ivr.cli.app, name="flow")
app.add_typer(config_cli.app, name="config")
app.add_typer(load_cli.app, name="load")
app.command()(load_cli.call)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def main() -> None:
    """The command `plateau`: what it writes is for its user and group, `.env` is for every part."""
    os.umask(os.umask(0o027) | 0o027)
    if Path(".env").exists():
        from dotenv import dotenv_values

        for name, value in dotenv_values(".env").items():
            if name.startswith("PLATEAU_") and value is not None:
                os.environ.setdefault(name, value)
    app()


def _to_stderr(text: str) -> None:
    typer.echo(text, err=True)


@app.command()
def up(as_json: JsonFlag = False) -> None:
    """Start all there is: the store's tables, Asterisk, the floor, the API."""
    from plateau.saying import one_sentence, settings_or_exit

    settings = settings_or_exit()
    from plateau import stack

    with one_sentence(settings):
        started = stack.up(settings, _to_stderr)
    if as_json:
        typer.echo(json.dumps(started.as_dict()))
        return
    typer.echo(f"Plateau runs: {started.url}  (SIP {started.sip})")


@app.command()
def down() -> None:
    """End the API, the floor and Asterisk, in this order. Calls in progress end with Asterisk."""
    from plateau.saying import one_sentence, settings_or_exit

    settings = settings_or_exit()
    from plateau import stack

    with one_sentence(settings):
        stopped = stack.down(settings, _to_stderr)
    typer.echo(f"Stopped: {', '.join(stopped) or 'nothing ran'}")


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """Say what runs; exit status 3 if anything does not, or does not answer."""
    from plateau.saying import one_sentence, settings_or_exit

    settings = settings_or_exit()
    from plateau import stack

    with one_sentence(settings):
        found = stack.status(settings)
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
    from plateau.logs import configure_logging
    from plateau.saying import one_sentence, settings_or_exit

    configure_logging(as_json=not sys.stderr.isatty())
    settings = settings_or_exit()
    import asyncio

    import uvloop

    from plateau.floor_process import run_floor

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
    with (
        one_sentence(settings),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(run_floor(settings, stoppable))


@app.command()
def api(
    bind: Annotated[str | None, typer.Option(help="Address instead of PLATEAU_API_HOST.")] = None,
    port: Annotated[str | None, typer.Option(help="Port instead of PLATEAU_API_PORT.")] = None,
) -> None:
    """Run the web process (REST, pages) in the foreground, until SIGTERM."""
    from plateau.logs import configure_logging
    from plateau.saying import one_sentence, settings_or_exit

    configure_logging(as_json=not sys.stderr.isatty())
    settings = settings_or_exit(api_host=bind, api_port=port)
    from plateau.home import make_home
    from plateau.settings import require_folders
    from plateau.stack import require_free_port

    with one_sentence(settings):
        require_folders(settings, "recordings")
        make_home(settings.home)
        require_free_port(settings.api_host, settings.api_port)
        from plateau.web_process import api_settings

        told = api_settings(settings)
    from api.serve import serve

    serve(told, settings.api_host, settings.api_port)


class Part(StrEnum):
    """A process whose health can be asked for."""

    FLOOR = "floor"
    API = "api"


@app.command()
def health(
    part: Annotated[Part, typer.Argument(help="Which process.")], as_json: JsonFlag = False
) -> None:
    """Ask a process how it is; exit status 3 unless it is well."""
    from plateau.saying import one_sentence, settings_or_exit

    settings = settings_or_exit()
    from plateau import stack

    with one_sentence(settings):
        well, said = stack.health(settings, part)
    typer.echo(json.dumps({"well": well, "said": said}) if as_json else said)
    if not well:
        raise typer.Exit(3)


@app.command()
def migrate() -> None:
    """Bring the store's tables to this release; make the first administrator of a new one."""
    from plateau.saying import one_sentence, settings_or_exit

    settings = settings_or_exit()
    import asyncio

    from plateau.first_store import prepare_store
    from plateau.home import make_home

    with one_sentence(settings):
        make_home(settings.home)
        password = asyncio.run(prepare_store(settings))
    typer.echo("The store is up to date.")
    if password is not None:
        typer.echo(f"First administrator: {FIRST_LOGIN} / {password}")


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="What it is for, as the list of keys shows it.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good.")] = 1,
) -> None:
    """Make an API key of an administrator and print it, this once: for scripts on this machine."""
    from plateau.saying import one_sentence, settings_or_exit

    settings = settings_or_exit()
    import asyncio

    from plateau.first_store import make_api_key

    with one_sentence(settings):
        typer.echo(asyncio.run(make_api_key(settings, name, days)))


@app.command()
def administrator(
    login: Annotated[str, typer.Argument(help="Sign-in name.")] = FIRST_LOGIN,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password; made up and shown otherwise.")
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="A new password for an administrator there is.")
    ] = False,
) -> None:
    """Make the first administrator, unless there is one; or give one a new password."""
    from plateau.saying import one_sentence, settings_or_exit

    settings = settings_or_exit()
    import asyncio

    from plateau import first_store

    change = first_store.reset_password if reset else first_store.ensure_first_administrator
    with one_sentence(settings):
        password = password_file.read_text().strip() if password_file else None
        made = asyncio.run(change(settings, login, password))
    if made:
        typer.echo(f"{login} / {made}")
    else:
        typer.echo("The password is set." if reset else "There is an administrator already.")
