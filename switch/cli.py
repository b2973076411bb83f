"""`plateau switch up|down|status|console`: an Asterisk from the command line.

Decides options, output and exit codes; refuses to know how a switch is started.
Exit codes: 0 done, 1 failed (one sentence on standard error), 3 not running (status).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from switch import lifecycle
from switch.model import RunningSwitch, SwitchConfig, SwitchUnavailable

app = typer.Typer(no_args_is_help=True, help="Start, end and look at this machine's Asterisk.")

Home = Annotated[
    Path, typer.Option(envvar="PLATEAU_HOME", help="Folder of the instance (state, logs, sounds).")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON (without the password).")]
_HOME = Path(".plateau")


def default_rootfs() -> Path:
    """Return $PLATEAU_ROOTFS, else .cache/rootfs beside the source."""
    named = os.environ.get("PLATEAU_ROOTFS")
    if named:
        return Path(named)
    return Path(__file__).resolve().parent.parent / ".cache" / "rootfs"


@app.command()
def up(
    home: Home = _HOME,
    rootfs: Annotated[Path | None, typer.Option(help="Root folder, looked at last.")] = None,
    bind: Annotated[
        str, typer.Option(envvar="PLATEAU_BIND_ADDRESS", help="Address for SIP.")
    ] = "127.0.0.1",
    sip_address: Annotated[
        str | None,
        typer.Option(envvar="PLATEAU_SIP_ADDRESS", help="Public address written into SIP and SDP."),
    ] = None,
    sip_port: Annotated[
        int, typer.Option(envvar="PLATEAU_SIP_PORT", help="SIP over UDP and TCP.")
    ] = 5060,
    tls_port: Annotated[int, typer.Option(envvar="PLATEAU_TLS_PORT", help="SIP over TLS.")] = 5061,
    http_port: Annotated[
        int, typer.Option(envvar="PLATEAU_HTTP_PORT", help="ARI and ws, this machine only.")
    ] = 8088,
    https_port: Annotated[
        int, typer.Option(envvar="PLATEAU_HTTPS_PORT", help="wss for browsers' phones.")
    ] = 8089,
    rtp: Annotated[
        str | None,
        typer.Option(
            help="Range of RTP ports, FIRST-LAST; else PLATEAU_RTP_FIRST and PLATEAU_RTP_LAST."
        ),
    ] = None,
    trunk: Annotated[
        list[str] | None,
        typer.Option(
            envvar="PLATEAU_TRUNK_MATCH",
            help="Address or network of the carrier; repeatable, or with commas between.",
        ),
    ] = None,
    trunk_contact: Annotated[
        str | None,
        typer.Option(envvar="PLATEAU_TRUNK_CONTACT", help="SIP URI to which outbound calls go."),
    ] = None,
    app_name: Annotated[
        str, typer.Option("--app", envvar="PLATEAU_ARI_APP", help="Name of the Stasis application.")
    ] = "plateau",
    language: Annotated[
        str, typer.Option(envvar="PLATEAU_LANGUAGE", help="Asterisk's own language, fr or en.")
    ] = "fr",
    domain: Annotated[
        str, typer.Option(envvar="PLATEAU_DOMAIN", help="SIP realm of agents' accounts.")
    ] = "plateau.local",
    max_call_s: Annotated[
        int, typer.Option(envvar="PLATEAU_MAX_CALL_S", help="Longest life of a leg, seconds.")
    ] = 14400,
    rtp_timeout_s: Annotated[
        int,
        typer.Option(
            envvar="PLATEAU_RTP_TIMEOUT_S", help="A leg without audio for so long is hung up."
        ),
    ] = 60,
    foreground: Annotated[
        bool,
        typer.Option(
            "--foreground", help="Stay until SIGTERM and end it then; exit status 1 if it ends."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Start Asterisk (PATH, Docker or root folder, whichever is there first).

    Options that are not given are taken from the variables named with them.
    """
    first, last = _range(rtp)
    try:
        config = SwitchConfig(
            home=home,
            rootfs=rootfs or default_rootfs(),
            bind_address=bind,
            sip_address=sip_address,
            sip_port=sip_port,
            tls_port=tls_port,
            http_port=http_port,
            https_port=https_port,
            rtp_first=first,
            rtp_last=last,
            trunk_match=_parts(trunk or ["127.0.0.1"]),
            trunk_contact=trunk_contact,
            app=app_name,
            language=language,
            domain=domain,
            max_call_s=max_call_s,
            rtp_timeout_s=rtp_timeout_s,
        )
        ending = _ending() if foreground else None
        running = lifecycle.up(config, progress=_to_stderr)
        _show(running, as_json)
        if ending is not None:
            _tell_systemd("READY=1")
            lifecycle.watch(config, ending.wait)
            lifecycle.down(config, progress=_to_stderr)
    except SwitchUnavailable as error:
        raise _failed(error) from error


def _range(rtp: str | None) -> tuple[int, int]:
    """The first and the last RTP port of the option, else of the environment."""
    if rtp is None:
        rtp = (
            f"{os.environ.get('PLATEAU_RTP_FIRST') or 10000}-"
            f"{os.environ.get('PLATEAU_RTP_LAST') or 19999}"
        )
    first, _, last = rtp.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise typer.BadParameter(f"{rtp} is not FIRST-LAST", param_hint="--rtp")
    return int(first), int(last)


def _parts(given: list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for text in given for part in text.split(",") if part.strip())


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
    home: Home = _HOME,
) -> None:
    """Say what Asterisk's console answers to one command."""
    try:
        typer.echo(lifecycle.console(SwitchConfig(home=home), command))
    except SwitchUnavailable as error:
        raise _failed(error) from error


@app.command()
def down(
    home: Home = _HOME,
    grace_s: Annotated[float, typer.Option(help="Seconds that calls may take to end.")] = 5.0,
) -> None:
    """End Asterisk: gracefully, then at once, then by force."""
    try:
        ended = lifecycle.down(SwitchConfig(home=home), grace_s=grace_s, progress=_to_stderr)
    except SwitchUnavailable as error:
        raise _failed(error) from error
    typer.echo("ended" if ended else "was not running")


@app.command()
def status(home: Home = _HOME, as_json: Json = False) -> None:
    """Tell whether Asterisk runs and answers (exit status 3 when it does not run)."""
    try:
        running = lifecycle.status(SwitchConfig(home=home))
    except SwitchUnavailable as error:
        raise _failed(error) from error
    if running is None:
        typer.echo('{"running": false}' if as_json else "not running")
        raise typer.Exit(3)
    _show(running, as_json)


def _show(running: RunningSwitch, as_json: bool) -> None:
    if as_json:
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


def _failed(error: SwitchUnavailable) -> typer.Exit:
    typer.echo(f"plateau switch: {error}", err=True)
    return typer.Exit(1)
