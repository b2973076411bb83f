"""`plateau switch up|down|status`: an Asterisk from the command line.

Decides options, output and exit codes; refuses to know how a switch is started.
Exit codes: 0 done, 1 failed (one sentence on standard error), 3 not running (status).
"""

from __future__ import annotations

import json
import os
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
    bind: Annotated[str, typer.Option(help="Address for SIP.")] = "127.0.0.1",
    sip_address: Annotated[
        str | None, typer.Option(help="Public address written into SIP and SDP.")
    ] = None,
    sip_port: Annotated[int, typer.Option(help="SIP over UDP and TCP.")] = 5060,
    tls_port: Annotated[int, typer.Option(help="SIP over TLS.")] = 5061,
    http_port: Annotated[int, typer.Option(help="ARI and ws, this machine only.")] = 8088,
    https_port: Annotated[int, typer.Option(help="wss for browsers' phones.")] = 8089,
    rtp: Annotated[str, typer.Option(help="Range of RTP ports, FIRST-LAST.")] = "10000-19999",
    trunk: Annotated[
        list[str] | None, typer.Option(help="Address or network of the carrier; repeatable.")
    ] = None,
    trunk_contact: Annotated[
        str | None, typer.Option(help="SIP URI to which outbound calls go.")
    ] = None,
    max_call_s: Annotated[int, typer.Option(help="Longest life of a leg, seconds.")] = 14400,
    as_json: Json = False,
) -> None:
    """Start Asterisk (PATH, Docker or root folder, whichever is there first)."""
    first, _, last = rtp.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise typer.BadParameter(f"{rtp} is not FIRST-LAST", param_hint="--rtp")
    config = SwitchConfig(
        home=home,
        rootfs=rootfs or default_rootfs(),
        bind_address=bind,
        sip_address=sip_address,
        sip_port=sip_port,
        tls_port=tls_port,
        http_port=http_port,
        https_port=https_port,
        rtp_first=int(first),
        rtp_last=int(last),
        trunk_match=tuple(trunk) if trunk else ("127.0.0.1",),
        trunk_contact=trunk_contact,
        max_call_s=max_call_s,
    )
    try:
        running = lifecycle.up(config, progress=_to_stderr)
    except SwitchUnavailable as error:
        raise _failed(error) from error
    _show(running, as_json)


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
