"""Bringing a database to this release's tables, by the Alembic scripts in `migrations`.

Decides where the scripts are (beside this package, installed or not) and what to say of a database
that does not fit.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from store.errors import SchemaOutdated

if TYPE_CHECKING:
    from alembic.config import Config

_REVISION: Final = re.compile(
    r'^(revision|down_revision)[^=\n]*= *(?:"([^"\n]*)"|None)', re.MULTILINE
)
"""What a script says of itself. Alembic is imported only where it has to work: it takes a while."""


def alembic_config() -> Config:
    """Alembic's settings without a file; a connection goes into `attributes["connection"]`."""
    from alembic.config import Config

    config = Config()
    # Alembic reads % as interpolation.
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def revisions() -> dict[str, str | None]:
    """Each revision that this release knows, and the one before it."""
    found: dict[str, str | None] = {}
    for script in (files("migrations") / "versions").iterdir():
        if script.name.endswith(".py"):
            said = {name: value or None for name, value in _REVISION.findall(script.read_text())}
            if revision := said.get("revision"):
                found[revision] = said.get("down_revision")
    return found


def newest_revision() -> str:
    """The revision that this release's code needs."""
    known = revisions()
    heads = set(known) - set(known.values())
    if len(heads) != 1:
        raise SchemaOutdated("This installation of Plateau has no migration scripts.")
    return heads.pop()


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def read_revision(engine: AsyncEngine) -> str | None:
    """The revision of the database, None for an empty one."""
    async with engine.connect() as conn:
        return await conn.run_sync(_current)


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the database to `revision`; nothing happens if it is there already.

    Raises SchemaOutdated for a database of a newer release, or one that holds what is not ours.
    """

    def upgrade(connection: Connection) -> None:
        found = _current(connection)
        if found is not None and found not in revisions():
            raise SchemaOutdated(newer(found))
        if found is None and (others := _tables_of_ours(connection)):
            raise SchemaOutdated(
                f"The database has tables of the same names ({', '.join(others)}) that no release "
                "of Plateau made: name an empty database with PLATEAU_DATABASE_URL."
            )
        if revision == "head" and found == newest_revision():
            return
        from alembic import command

        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with engine.begin() as conn:
        await conn.run_sync(upgrade)


def newer(found: str) -> str:
    """What is to be said of a database at a revision that this release does not know."""
    return (
        f"The database is at revision {found}, which this release does not know (its own is "
        f"{newest_revision()}): it belongs to a newer release, or to something else. Install that "
        "release, or name another database with PLATEAU_DATABASE_URL."
    )


def _tables_of_ours(connection: Connection) -> list[str]:
    from store.tables import metadata

    return sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))[:3]


async def require_current(engine: AsyncEngine) -> None:
    """Raises SchemaOutdated unless the database has exactly the tables of this release."""
    found, needed = await read_revision(engine), newest_revision()
    if found is None:
        raise SchemaOutdated("The database is empty; run `plateau migrate`.")
    if found not in revisions():
        raise SchemaOutdated(newer(found))
    if found != needed:
        raise SchemaOutdated(
            f"The database is at revision {found}, this release needs {needed}; "
            "run `plateau migrate`."
        )
