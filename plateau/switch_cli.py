"""`plateau switch up|down|status|console`: an Asterisk from the command line.

Options go before the settings of the same names. Exit statuses: 0 done, 1 failed (one sentence on
standard error), 2 a setting is wrong, 3 not running (status).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from plateau.settings import Settings
    from switch.model import RunningSwitch

app = typer.Typer(no_args_is_help=True, help="Start, end and look at this machine's Asterisk.")

Home = Annotated[Path | None, typer.Option(help="Folder of the instance instead of PLATEAU_HOME.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON (without the password).")]
_SAYS = "plateau switch: "


@app.command()
def up(
    home: Home = None,
    rootfs: Annotated[Path | None, typer.Option(help="Root folder, looked at last.")] = None,
    bind: Annotated[str | None, typer.Option(help="Address for SIP; PLATEAU_BIND_ADDRESS.")] = None,
    sip_address: Annotated[
        str | None, typer.Option(help="Public address in SIP and SDP; PLATEAU_SIP_ADDRESS.")
    ] = None,
    sip_port: Annotated[
        str | None, typer.Option(help="SIP over UDP and TCP; PLATEAU_SIP_PORT.")
    ] = None,
    tls_port: Annotated[str | None, typer.Option(help="SIP over TLS; PLATEAU_TLS_PORT.")] = None,
    http_port: Annotated[
        str | None, typer.Option(help="ARI and ws, this machine only; PLATEAU_HTTP_PORT.")
    ] = None,
    https_port: Annotated[
        str | None, typer.Option(help="wss for browsers' phones; PLATEAU_HTTPS_PORT.")
    ] = None,
    rtp: Annotated[
        str | None,
        typer.Option(help="RTP ports, FIRST-LAST; PLATEAU_RTP_FIRST and PLATEAU_RTP_LAST."),
    ] = None,
    trunk: Annotated[
        list[str] | None,
        typer.Option(
            help="Address or network of the carrier; repeatable, or with commas between; "
            "PLATEAU_TRUNK_MATCH."
        ),
    ] = None,
    trunk_contact: Annotated[
        str | None,
        typer.Option(help="SIP URI to which outbound calls go; PLATEAU_TRUNK_CONTACT."),
    ] = None,
    app_name: Annotated[
        str | None, typer.Option("--app", help="Stasis application; PLATEAU_ARI_APP.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Asterisk's own language; PLATEAU_LANGUAGE.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option(help="SIP realm of agents' accounts; PLATEAU_DOMAIN.")
    ] = None,
    max_call_s: Annotated[
        str | None, typer.Option(help="Longest life of a leg, seconds; PLATEAU_MAX_CALL_S.")
    ] = None,
    rtp_timeout_s: Annotated[
        str | None,
        typer.Option(help="A leg without audio for so long is hung up; PLATEAU_RTP_TIMEOUT_S."),
    ] = None,
    foreground: Annotated[
        bool,
        typer.Option(
            "--foreground", help="Stay until SIGTERM and end it then; exit status 1 if it ends."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Start Asterisk (PATH, Docker or root folder, whichever is there first).

    Options that are not given are settings: the variables named with them, or the file .env.
    """
    from plateau.saying import one_sentence, settings_or_exit

    first, last = _range(rtp)
    settings = settings_or_exit(
        _SAYS,
        home=home,
        rootfs=rootfs,
        bind_address=bind,
        sip_address=sip_address,
        sip_port=sip_port,
        tls_port=tls_port,
        http_port=http_port,
        https_port=https_port,
        rtp_first=first,
        rtp_last=last,
        trunk_match=",".join(trunk) if trunk else None,
        trunk_contact=trunk_contact,
        ari_app=app_name,
        language=language,
        domain=domain,
        max_call_s=max_call_s,
        rtp_timeout_s=rtp_timeout_s,
    )
    from plateau.home import make_home
    from plateau.settings import require_folders
    from plateau.where import switch_config
    from switch import lifecycle

    ending = _ending() if foreground else None
    with one_sentence(settings, _SAYS):
        require_folders(settings, "rootfs")
        make_home(settings.home)
        config = switch_config(settings)
        running = lifecycle.up(config, progress=_to_stderr)
        _show(running, as_json)
        if ending is not None:
            _tell_systemd("READY=1")
            lifecycle.watch(config, ending.wait)
            lifecycle.down(config, progress=_to_stderr)


def _range(rtp: str | None) -> tuple[str | None, str | None]:
    """The first and the last RTP port of the option, as written."""
    if rtp is None:
        return None, None
    first, _, last = rtp.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise typer.BadParameter(f"{rtp} is not FIRST-LAST", param_hint="--rtp")
    return first, last


def _ending() -> threading.Event:
    """What is set when somebody asks this process to end."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    return asked


def _tell_systemd(state: str) -> None:
    """Tell a unit of Type=notify; nothing without one. See sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)


@app.command()
def console(
    command: Annotated[str, typer.Argument(help="As typed there: 'pjsip show contacts'.")],
    home: Home = None,
) -> None:
    """Say what Asterisk's console answers to one command."""
    settings = _settings(home)
    from plateau.saying import one_sentence
    from plateau.where import switch_config
    from switch import lifecycle

    with one_sentence(settings, _SAYS):
        typer.echo(lifecycle.console(switch_config(settings), command))


@app.command()
def down(
    home: Home = None,
    grace_s: Annotated[float, typer.Option(help="Seconds that calls may take to end.")] = 5.0,
) -> None:
    """End Asterisk: gracefully, then at once, then by force."""
    settings = _settings(home)
    from plateau.saying import one_sentence
    from plateau.where import switch_config
    from switch import lifecycle

    with one_sentence(settings, _SAYS):
        config = switch_config(settings)
        ended = lifecycle.down(config, grace_s=grace_s, progress=_to_stderr)
    typer.echo("ended" if ended else "was not running")


@app.command()
def status(home: Home = None, as_json: Json = False) -> None:
    """Tell whether Asterisk runs and answers (exit status 3 when it does not run)."""
    settings = _settings(home)
    from plateau.saying import one_sentence
    from plateau.where import switch_config
    from switch import lifecycle

    with one_sentence(settings, _SAYS):
        running = lifecycle.status(switch_config(settings))
    if running is None:
        typer.echo('{"running": false}' if as_json else "not running")
        raise typer.Exit(3)
    _show(running, as_json)


def _settings(home: Path | None) -> Settings:
    from plateau.saying import settings_or_exit

    return settings_or_exit(_SAYS, home=home)


def _show(running: RunningSwitch, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        shown: dict[str, object] = {
            key: str(value) for key, value in asdict(running).items() if "password" not in key
        }
        shown |= {"pid": running.pid, "sip_port": running.sip_port, "running": True}
        typer.echo(json.dumps(shown))
        return
    typer.echo(f"Asterisk {running.version} ({running.kind}), pid {running.pid}")
    typer.echo(f"ARI {running.ari_url} (user {running.ari_user}), SIP port {running.sip_port}")


def _to_stderr(line: str) -> None:
    typer.echo(line, err=True)
