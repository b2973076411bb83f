"""`plateau flow`: check flow documents and try them without a telephone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # imported where it is used: `plateau --help` need not wait for it
    from ivr.document import Reading

app = typer.Typer(name="flow", help="Check and try flows of the SVI.", no_args_is_help=True)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Flow documents, YAML or JSON.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print faults as JSON.")] = False,
) -> None:
    """Print every fault as FILE:LINE:COLUMN: SEVERITY: MESSAGE; exit 1 if any is an error."""
    readings = [(file, _read(file)) for file in files]
    if as_json:
        found = [
            {
                "file": str(file),
                "line": fault.line,
                "column": fault.column,
                "severity": str(fault.severity),
                "message": fault.message,
            }
            for file, reading in readings
            for fault in reading.faults
        ]
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for file, reading in readings:
            for fault in reading.faults:
                typer.echo(f"{file}:{fault}")
            if reading.flow is not None:
                count = len(reading.flow.nodes)
                typer.echo(f"{file}: flow {reading.flow.id} is sound, {count} nodes")
    if any(reading.flow is None for _, reading in readings):
        raise typer.Exit(1)


@app.command("try")
def try_flow(
    file: Annotated[Path, typer.Argument(help="A flow document.")],
    digits: Annotated[
        str, typer.Option(help="Entries for the menus in their order, as 1,2; empty: time out.")
    ] = "",
    at: Annotated[
        str | None, typer.Option(help="Time of the call, ISO 8601; Paris time without an offset.")
    ] = None,
) -> None:
    """Walk a flow step by step, as a caller who hears each prompt out."""
    from ivr.rehearsal import rehearse

    reading = _read(file)
    for fault in reading.faults:
        typer.echo(f"{file}:{fault}", err=True)
    if reading.flow is None:
        raise typer.Exit(1)
    entries = digits.split(",") if digits else []
    bad = next((each for entry in entries for each in entry if each not in "0123456789*#ABCD"), "")
    if bad:
        raise typer.BadParameter(f"“{bad}” is not a key; use 0-9, *, #, A-D", param_hint="--digits")
    for step in rehearse(reading.flow, entries, _instant_ms(at)):
        typer.echo(f"{step.at_ms / 1000:7.1f} s  {step.node:<16} {step.text}")


def _read(file: Path) -> Reading:
    from ivr.document import Reading, read
    from ivr.document_text import TextFault, decoded
    from ivr.faults import FlowFault, Severity

    line = column = 1
    try:
        return read(decoded(file.read_bytes()), json=file.suffix.lower() == ".json")
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except TextFault as fault:
        line, column, message = fault.line, fault.column, fault.message
    return Reading(None, (FlowFault(line, column, message, Severity.ERROR),))


def _instant_ms(at: str | None) -> int:
    from zoneinfo import ZoneInfo

    from ivr.calendars import DEFAULT_ZONE

    if at is None:
        return int(datetime.now(UTC).timestamp() * 1000)
    try:
        when = datetime.fromisoformat(at)
    except ValueError as error:
        raise typer.BadParameter(
            f"“{at}” is not a time; write it like 2026-07-14T10:30", param_hint="--at"
        ) from error
    if when.tzinfo is None:
        shown = when
        when = when.replace(tzinfo=ZoneInfo(DEFAULT_ZONE))
        if when.astimezone(UTC).astimezone(when.tzinfo).replace(tzinfo=None) != shown:
            raise typer.BadParameter(
                f"“{at}” does not exist in {DEFAULT_ZONE}: clocks go forward over it",
                param_hint="--at",
            )
    return int(when.timestamp() * 1000)


if __name__ == "__main__":
    app()
