"""`plateau config`: the whole configuration as one YAML file, out of the store and into it.

Works on the store itself, so it needs no server; a floor that runs is told to read it again.
"""

from __future__ import annotations

import asyncio
import difflib
import getpass
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.errors import PlateauError
from api.changes import NewSecrets
from api.config_flows import flow_faults, named, settled
from api.config_shapes import of, write
from api.config_yaml import DocumentInvalid, Reading, read_yaml, to_yaml
from control.client import FloorAbsent, FloorClient
from control.protocol import Done, Refused, Reload
from plateau.clock import Clock
from plateau.settings import Settings, load_settings
from store.config_change import Changed, ConfigInvalid, Order, change
from store.config_diff import ChangeKind, Difference, differences
from store.config_document import Configuration, to_plain
from store.config_load import load_configuration
from store.engine import open_store
from store.errors import StoreError
from store.schema import require_current

app = typer.Typer(
    name="config", help="Export, import and compare the configuration.", no_args_is_help=True
)

T = TypeVar("T")
File = Annotated[Path, typer.Argument(help="YAML file; - is the standard input.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]

UNUSABLE = 2
"""Exit status for a file that cannot be used."""

_RELOAD_S = 15.0


class Imported(msgspec.Struct, frozen=True):
    """What an import came to; `sip` are new secrets by phone, `warnings` the floor's."""

    version: int
    dry_run: bool
    changes: tuple[Difference, ...]
    sip: dict[str, str]
    warnings: tuple[str, ...]


@app.command("export")
def export_config(
    file: Annotated[Path | None, typer.Argument(help="Where to; the standard output.")] = None,
) -> None:
    """Write the configuration as YAML, without passwords, PINs and SIP secrets."""
    text = _run(_export(_settings()))
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
    reading = _read(file, as_json)
    try:
        done = _run(_import(_settings(), reading, dry_run, comment))
    except ConfigInvalid as invalid:
        raise _faults(file, reading.placed(invalid.faults), as_json) from invalid
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(done)).decode())
        return
    for line in told(done.changes):
        typer.echo(line)
    typer.echo(_summary(done))
    for phone, secret in done.sip.items():
        typer.echo(f"New SIP account: {phone} / {secret}")
    for warning in done.warnings:
        typer.echo(warning, err=True)


@app.command("diff")
def diff_config(file: File, as_json: JsonFlag = False) -> None:
    """Say what importing a file would change; exit status 1 if anything, 2 if it is unusable."""
    reading = _read(file, as_json)
    found = _run(_diff(_settings(), reading))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        for line in told(found):
            typer.echo(line)
        if not found:
            typer.echo("No differences.")
    if found:
        raise typer.Exit(1)


# ---- the work ---------------------------------------------------------------------------------


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = open_store(settings.effective_store_url)
    try:
        await require_current(engine)
        yield engine
    finally:
        await engine.dispose()


async def _export(settings: Settings) -> str:
    async with _store(settings) as engine, engine.connect() as conn:
        return to_yaml(write(await load_configuration(conn, texts=True)))


async def _diff(settings: Settings, reading: Reading) -> tuple[Difference, ...]:
    async with _store(settings) as engine, engine.connect() as conn:
        present = await load_configuration(conn, texts=True)
        wanted = named(await settled(conn, of(reading.configuration, present), present))
    return differences(to_plain(present), to_plain(wanted))


async def _import(settings: Settings, reading: Reading, dry_run: bool, comment: str) -> Imported:
    async def edit(conn: AsyncConnection, found: Configuration) -> Configuration:
        return named(await settled(conn, of(reading.configuration, found), found))

    new = NewSecrets(settings.domain)
    actor, now_ms = f"cli:{getpass.getuser()}", Clock().now_ms()
    order = Order(actor, "import", "config", now_ms, new.digest, comment.strip())
    async with (
        _store(settings) as engine,
        engine.connect() as conn,
        conn.begin() as transaction,
    ):
        changed = await change(conn, order, edit, texts=True, strict=True, check=flow_faults)
        if dry_run:
            await transaction.rollback()
    return await _imported(settings, changed, new, dry_run)


async def _imported(
    settings: Settings, changed: Changed, new: NewSecrets, dry_run: bool
) -> Imported:
    saved = changed.noted and not dry_run
    return Imported(
        version=changed.version,
        dry_run=dry_run,
        changes=changed.differences,
        sip={} if dry_run else {str(phone): secret for phone, secret in new.told.items()},
        warnings=await _reload(settings) if saved else (),
    )


async def _reload(settings: Settings) -> tuple[str, ...]:
    """Have a floor that runs read the configuration; what an operator should know."""
    client = FloorClient(settings.control_socket)
    try:
        result = await client.ask(Reload(), _RELOAD_S)
    except FloorAbsent as absent:
        if absent.maybe_done:
            return (f"{absent} It takes effect when the floor has read it.",)
        return ("The floor does not run; it takes effect when it starts.",)
    finally:
        await client.close()
    match result:
        case Done():
            return result.warnings
        case Refused():
            return (f"Not in force yet: {result.detail}",)
        case _:
            return ("Not in force yet: the floor gave an answer of an unexpected kind.",)


# ---- what is said -----------------------------------------------------------------------------


def told(found: Sequence[Difference]) -> list[str]:
    """Differences as lines: `~` changed, `+` added, `-` removed; texts line by line."""
    lines: list[str] = []
    for each in found:
        path = each.path.removeprefix("/")
        match each.kind:
            case ChangeKind.ADDED:
                lines.append(f"+ {path}: {_short(each.new)}")
            case ChangeKind.REMOVED:
                lines.append(f"- {path}: {_short(each.old)}")
            case ChangeKind.CHANGED if _is_text(each.old) or _is_text(each.new):
                lines.append(f"~ {path}:")
                lines += _text_diff(str(each.old), str(each.new))
            case ChangeKind.CHANGED:
                lines.append(f"~ {path}: {_short(each.old)} → {_short(each.new)}")
    return lines


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\n" in value


def _text_diff(old: str, new: str) -> list[str]:
    unified = difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
    return [f"    {line}" for line in list(unified)[2:]]


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _summary(done: Imported) -> str:
    count = len(done.changes)
    if not count:
        return "Nothing to change."
    places = f"{count} difference{'s' if count > 1 else ''}"
    if done.dry_run:
        return f"{places}; nothing was changed (dry run)."
    return f"{places}; the configuration is at version {done.version}."


def _read(file: Path, as_json: bool) -> Reading:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return read_yaml(raw.decode("utf-8-sig"))
    except OSError as error:
        raise _fail(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _fail(f"{file} is not UTF-8 text (byte {error.start})") from error
    except DocumentInvalid as invalid:
        raise _faults(file, invalid, as_json) from invalid


def _faults(file: Path, invalid: DocumentInvalid, as_json: bool) -> typer.Exit:
    if as_json:
        found = {"faults": [msgspec.to_builtins(fault) for fault in invalid.faults]}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for fault in invalid.faults:
            typer.echo(f"{file}:{fault}", err=True)
    return typer.Exit(UNUSABLE)


def _fail(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(UNUSABLE)


def _settings() -> Settings:
    try:
        return load_settings()
    except PlateauError as error:
        raise _fail(str(error)) from error


def _run(work: Coroutine[None, None, T]) -> T:
    """The result of `work`; what may go wrong outside of our code ends with one sentence."""
    try:
        return asyncio.run(work)
    except ConfigInvalid:
        raise
    except DBAPIError as error:
        said = f"The database does not answer ({error.orig}): see PLATEAU_DATABASE_URL."
        raise _fail(said) from error
    except (PlateauError, StoreError, OSError) as error:
        raise _fail(str(error)) from error
