"""Bringing a database to this release's tables, by the Alembic scripts in `migrations`.

Decides where the scripts are (beside this package, installed or not) and what to say of a database
that does not fit.
"""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from store.errors import SchemaOutdated


def alembic_config() -> Config:
    """Alembic's settings without a file; a connection goes into `attributes["connection"]`."""
    config = Config()
    # Alembic reads % as interpolation.
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """The revision that this release's code needs."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise SchemaOutdated("This installation of Plateau has no migration scripts.")
    return head


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def read_revision(engine: AsyncEngine) -> str | None:
    """The revision of the database, None for an empty one."""
    async with engine.connect() as conn:
        return await conn.run_sync(_current)


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the database to `revision`; nothing happens if it is there already."""

    def upgrade(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with engine.begin() as conn:
        await conn.run_sync(upgrade)


async def require_current(engine: AsyncEngine) -> None:
    """Raises SchemaOutdated unless the database has exactly the tables of this release."""
    found, needed = await read_revision(engine), newest_revision()
    if found is None:
        raise SchemaOutdated("The database is empty; run `plateau migrate`.")
    if found != needed:
        raise SchemaOutdated(
            f"The database is at revision {found}, this release needs {needed}; "
            "run `plateau migrate` (an older release cannot use a newer database)."
        )
