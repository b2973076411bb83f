"""The whole configuration out of the store, into it, and compared: the work of `plateau config`.

Works on the store itself, so it needs no server; a floor that runs is told to read it again.
"""

from __future__ import annotations

import difflib
import getpass
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.config_flows import flow_faults, named, settled
from api.config_shapes import of, write
from api.config_yaml import Reading, to_yaml
from api.sip_secrets import NewSecrets
from control.client import FloorAbsent, FloorClient
from control.protocol import Done, Refused, Reload
from plateau.clock import Clock
from plateau.settings import Settings
from store.config_change import Changed, Order, change
from store.config_diff import ChangeKind, Difference, differences
from store.config_document import Configuration, to_plain
from store.config_load import load_configuration
from store.engine import opened
from store.schema import require_current

_RELOAD_S = 15.0


class Imported(msgspec.Struct, frozen=True):
    """What an import came to; `sip` are new secrets by phone, `warnings` the floor's."""

    version: int
    dry_run: bool
    changes: tuple[Difference, ...]
    sip: dict[str, str]
    warnings: tuple[str, ...]


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[AsyncEngine]:
    async with opened(settings.effective_store_url) as engine:
        await require_current(engine)
        yield engine


async def export_configuration(settings: Settings) -> str:
    """The whole configuration as YAML. Raises StoreError."""
    async with _store(settings) as engine, engine.connect() as conn:
        return to_yaml(write(await load_configuration(conn, texts=True)))


async def diff_configuration(settings: Settings, reading: Reading) -> tuple[Difference, ...]:
    """What importing `reading` would change. Raises StoreError."""
    async with _store(settings) as engine, engine.connect() as conn:
        present = await load_configuration(conn, texts=True)
        wanted = named(await settled(conn, of(reading.configuration, present), present))
    return differences(to_plain(present), to_plain(wanted))


async def import_configuration(
    settings: Settings, reading: Reading, dry_run: bool, comment: str
) -> Imported:
    """Bring `reading` into force, or with `dry_run` say what that would be.

    Raises ConfigInvalid with each fault, StoreError.
    """

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


def summary(done: Imported) -> str:
    """How many differences there are, and what became of them."""
    count = len(done.changes)
    if not count:
        return "Nothing to change."
    places = f"{count} difference{'s' if count > 1 else ''}"
    if done.dry_run:
        return f"{places}; nothing was changed (dry run)."
    return f"{places}; the configuration is at version {done.version}."
