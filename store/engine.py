"""Opening the database: which address means what, and how each database is set up.

SQLite runs in WAL mode so that the web process reads while the floor writes; PostgreSQL through
asyncpg with a small pool. Knows no table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from store.errors import StoreError, StoreUnavailable

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    # In WAL mode only FULL has a commit on the disk before it returns. Journal files are deleted on
    # the strength of a commit, and what people configure stands in no journal.
    "PRAGMA synchronous=FULL",
)


def store_url(address: str) -> URL:
    """The address with its driver; `sqlite:///FILE` and `postgresql://…` are enough.

    Raises StoreError naming what is wrong with the address.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise StoreError(
            f"The store's address {address!r} is not a URL; "
            "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE."
        ) from error
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise StoreError(
            f"The store's address names {url.drivername!r}; Plateau keeps its records in "
            "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE."
        )
    if driver.startswith("sqlite") and url.database in (None, "", ":memory:"):
        raise StoreError(
            "The store's address names no file; a database in memory cannot be shared by the "
            "floor and the web process. Write sqlite:///FILE."
        )
    return url.set(drivername=driver)


def open_store(address: str) -> AsyncEngine:
    """An engine for the address; makes the folder of an SQLite file, connects to nothing yet.

    Raises StoreError for an address that cannot be used. Call `dispose()` at the end.
    """
    url = store_url(address)
    if url.drivername.startswith("sqlite"):
        folder = Path(url.database or "").parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder {folder} of the SQLite file cannot be made: {error.strerror}."
            ) from error
        engine = create_async_engine(url, pool_size=5, max_overflow=10, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        return engine
    return create_async_engine(
        url,
        pool_size=5,
        max_overflow=10,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={
            "timeout": 10,
            "command_timeout": 60,
            "server_settings": {"application_name": "plateau"},
        },
    )


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


async def check_store(engine: AsyncEngine) -> None:
    """One round trip. Raises StoreUnavailable with a sentence for people (no password in it)."""
    try:
        async with engine.connect() as conn:
            await conn.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        where = engine.url.render_as_string(hide_password=True)
        cause = getattr(error, "orig", None) or error
        raise StoreUnavailable(f"The store at {where} does not answer: {cause}") from error
