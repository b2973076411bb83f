"""One change of the configuration: checked as a whole, written, numbered, kept and audited.

Works in the caller's transaction, so that nothing has happened if it is rolled back (a dry run is
just that). What flows mean is checked by a function that the caller gives.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from store.accounts import write_audit
from store.config_apply import NewDigest, Way, apply
from store.config_diff import Difference, differences
from store.config_document import (
    Configuration,
    normal,
    to_plain,
    without_texts,
)
from store.config_load import load_configuration
from store.config_rules import ConfigFault, faults
from store.config_versions import (
    ConfigVersionRow,
    keep_version,
    keep_what_was,
    lock_version,
)
from store.errors import StoreError

Edit = Callable[[AsyncConnection, Configuration], Awaitable[Configuration]]
"""From the configuration as it is to the wanted one. May read more, may raise ConfigError."""

Check = Callable[[Configuration, Configuration], Sequence[ConfigFault]]
"""More rules of the caller's, of the configuration as it is and the wanted one."""


async def unchanged(_: AsyncConnection, found: Configuration) -> Configuration:
    """The edit that changes nothing which the document shows: for secrets alone."""
    return found


class ConfigInvalid(StoreError):
    """The wanted configuration does not make sense: each fault with its place."""

    slug = "invalid"

    def __init__(self, found: Sequence[ConfigFault]) -> None:
        first = found[0]
        more = f" ({len(found)} faults in all)" if len(found) > 1 else ""
        super().__init__(f"{first.pointer}: {first.message}{more}")
        self.faults = tuple(found)


class Order(msgspec.Struct, frozen=True):
    """Who changes what: `action` and `object` for the audit log, `comment` for the version."""

    actor: str
    action: str
    object: str
    now_ms: int
    new_digest: NewDigest
    comment: str = ""


class Changed(msgspec.Struct, frozen=True):
    """What a change came to; `version` is the number in force after it.

    `noted`: something was changed (also if it is nothing that the document shows, as a PIN).
    """

    version: int
    before: Configuration
    after: Configuration
    differences: tuple[Difference, ...]
    noted: bool


async def change(
    conn: AsyncConnection,
    order: Order,
    edit: Edit,
    *,
    texts: bool = False,
    strict: bool = False,
    check: Check | None = None,
    secrets: Callable[[AsyncConnection], Awaitable[bool]] | None = None,
) -> Changed:
    """Carry out `edit`. Must be called first in its transaction.

    `texts`: flows come with their texts. `strict`: every fault counts; else only those that were
    not there before, so that an old one keeps nobody from working. `secrets` writes what the
    document does not show, after all else, and says whether it did.

    Raises ConfigInvalid, ConfigError.
    """
    number = await lock_version(conn)
    before = await load_configuration(conn, texts=texts)
    after = normal(await edit(conn, before))
    found = [*faults(after), *(check(before, after) if check is not None else ())]
    if found and not strict:
        old = set(faults(before))
        found = [fault for fault in found if fault not in old]
    if found:
        raise ConfigInvalid(found)
    differing = differences(to_plain(before), to_plain(after))
    if differing or secrets is not None:
        await keep_what_was(conn, number, without_texts(before), order.now_ms)
    if differing:
        way = Way(order.actor, order.now_ms, order.new_digest)
        await apply(conn, before, after, way)
    hidden = await secrets(conn) if secrets is not None else False
    noted = bool(differing) or hidden
    if noted:
        number += 1
        await _keep(conn, order, number, after, differing)
    return Changed(number, before, after, differing, noted)


async def _keep(
    conn: AsyncConnection,
    order: Order,
    number: int,
    after: Configuration,
    differing: Sequence[Difference],
) -> None:
    row = ConfigVersionRow(number, order.now_ms, order.actor, order.comment)
    await keep_version(conn, row, without_texts(after))
    shown = [difference for difference in differing if not difference.path.endswith("/document")]
    await write_audit(
        conn,
        at=order.now_ms,
        actor=order.actor,
        action=order.action,
        object_=order.object,
        detail={
            "version": number,
            "comment": order.comment,
            "changes": [msgspec.to_builtins(difference) for difference in shown],
        },
    )
