"""Opening the database: which address means what, and how each database is set up.

SQLite runs in WAL mode so that the web process reads while the floor writes; PostgreSQL through
asyncpg with a small pool. Knows no table.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from store.errors import StoreError
from store.refusals import require_file, told

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
            "The store's address is not a URL (PLATEAU_DATABASE_URL); "
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
    """An engine for the address; connects to nothing and makes nothing yet.

    Raises StoreError for an address that cannot be used. Call `dispose()` at the end.
    """
    url = store_url(address)
    if url.drivername.startswith("sqlite"):
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


@asynccontextmanager
async def opened(address: str, *, there: bool = True) -> AsyncIterator[AsyncEngine]:
    """An engine for the time of the block; what the database refuses inside is one sentence.

    `there`: an SQLite file must exist already, so that who only reads makes none.
    Raises StoreError for an address that cannot be used, StoreUnavailable for what is refused.
    """
    engine = open_store(address)
    try:
        require_file(engine.url, there=there)
        with told(engine.url):
            yield engine
    finally:
        await engine.dispose()


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


async def check_store(engine: AsyncEngine) -> None:
    """One round trip. Raises StoreUnavailable with a sentence for people (no password in it)."""
    with told(engine.url):
        async with engine.connect() as conn:
            await conn.execute(text("SELECT 1"))
