"""`plateau config`: the whole configuration as one YAML file, out of the store and into it.

Options, output and exit statuses; the work is in `plateau.config_file`, imported when a command
runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from api.config_yaml import DocumentInvalid, Reading
    from plateau.settings import Settings

app = typer.Typer(
    name="config", help="Export, import and compare the configuration.", no_args_is_help=True
)

T = TypeVar("T")
File = Annotated[Path, typer.Argument(help="YAML file; - is the standard input.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]

UNUSABLE = 2
"""Exit status for a file that cannot be used."""


@app.command("export")
def export_config(
    file: Annotated[Path | None, typer.Argument(help="Where to; the standard output.")] = None,
) -> None:
    """Write the configuration as YAML, without passwords, PINs and SIP secrets."""
    settings = _settings()
    from plateau.config_file import export_configuration

    text = _run(settings, export_configuration(settings))
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _fail(f"{file} cannot be written: {error.strerror}") from error
    typer.echo(f"Written to {file}.")


@app.command("import")
def import_config(
    file: File,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; change nothing.")
    ] = False,
    comment: Annotated[str, typer.Option(help="Kept with the version.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Bring a file into force: sections that it leaves out stay, sections in it are whole.

    Nothing is changed if there is one fault. New phones get secrets, which are told once.
    """
    settings = _settings()
    reading = _read(file, as_json)
    import msgspec

    from plateau.config_file import import_configuration, summary, told
    from store.config_change import ConfigInvalid

    try:
        done = _run(settings, import_configuration(settings, reading, dry_run, comment))
    except ConfigInvalid as invalid:
        raise _faults(file, reading.placed(invalid.faults), as_json) from invalid
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(done)).decode())
        return
    for line in told(done.changes):
        typer.echo(line)
    typer.echo(summary(done))
    for phone, secret in done.sip.items():
        typer.echo(f"New SIP account: {phone} / {secret}")
    for warning in done.warnings:
        typer.echo(warning, err=True)


@app.command("diff")
def diff_config(file: File, as_json: JsonFlag = False) -> None:
    """Say what importing a file would change; exit status 1 if anything, 2 if it is unusable."""
    settings = _settings()
    reading = _read(file, as_json)
    import msgspec

    from plateau.config_file import diff_configuration, told

    found = _run(settings, diff_configuration(settings, reading))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for line in told(found):
            typer.echo(line)
        if not found:
            typer.echo("No differences.")
    if found:
        raise typer.Exit(1)


def _settings() -> Settings:
    from plateau.saying import settings_or_exit

    return settings_or_exit()


def _read(file: Path, as_json: bool) -> Reading:
    from api.config_yaml import DocumentFault, DocumentInvalid, read_json, read_yaml
    from ivr.document_text import TextFault, decoded

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        read = read_json if file.suffix.lower() == ".json" else read_yaml
        return read(decoded(raw))
    except OSError as error:
        raise _fail(f"{file} cannot be read: {error.strerror}") from error
    except TextFault as unread:
        fault = DocumentFault(unread.line, unread.column, "", unread.message)
        raise _faults(file, DocumentInvalid([fault]), as_json) from unread
    except DocumentInvalid as invalid:
        raise _faults(file, invalid, as_json) from invalid


def _faults(file: Path, invalid: DocumentInvalid, as_json: bool) -> typer.Exit:
    if as_json:
        import msgspec

        found = {"faults": [msgspec.to_builtins(fault) for fault in invalid.faults]}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for fault in invalid.faults:
            typer.echo(f"{file}:{fault}", err=True)
    return typer.Exit(UNUSABLE)


def _fail(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(UNUSABLE)


def _run(settings: Settings, work: Coroutine[None, None, T]) -> T:
    """The result of `work`; what may go wrong outside of our code ends with one sentence."""
    import asyncio

    from plateau.saying import one_sentence
    from store.config_change import ConfigInvalid

    try:
        with one_sentence(settings, passing=ConfigInvalid, status=UNUSABLE):
            return asyncio.run(work)
    finally:
        work.close()
