"""Both databases, for real: a test that takes `url` or `engine` runs on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from store.engine import open_store, store_url
from store.schema import migrate
from tests.store.postgres import Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


async def _run_sql(url: str, *statements: str) -> None:
    engine = create_async_engine(store_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as conn:
        for statement in statements:
            await conn.execute(text(statement))
    await engine.dispose()


async def _migrated(url: str) -> None:
    engine = open_store(url)
    await migrate(engine)
    await engine.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    asyncio.run(_migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def template(postgres: Server) -> str:
    asyncio.run(_run_sql(postgres.url("postgres"), "CREATE DATABASE template_plateau"))
    asyncio.run(_migrated(postgres.url("template_plateau")))
    return "template_plateau"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    server: Server = request.getfixturevalue("postgres")
    name = f"empty_{next(_numbers)}"
    asyncio.run(_run_sql(server.url("postgres"), f"CREATE DATABASE {name}"))
    yield server.url(name)
    asyncio.run(_run_sql(server.url("postgres"), f"DROP DATABASE {name}"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database without rows."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.db")
        yield f"sqlite:///{tmp_path}/store.db"
        return
    server: Server = request.getfixturevalue("postgres")
    name, source = f"test_{next(_numbers)}", request.getfixturevalue("template")
    create = f"CREATE DATABASE {name} TEMPLATE {source}"
    asyncio.run(_run_sql(server.url("postgres"), create))
    yield server.url(name)
    asyncio.run(_run_sql(server.url("postgres"), f"DROP DATABASE {name}"))


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_store(url)
    yield opened
    await opened.dispose()
