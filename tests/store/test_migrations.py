"""From an empty database to exactly the tables of `store.tables`."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text

from acd.model import CallKind
from store.engine import check_store, open_store
from store.errors import SchemaOutdated, StoreError, StoreUnavailable
from store.queries import CallFilter, count_calls
from store.reporting import ReportQuery, report
from store.schema import (
    alembic_config,
    migrate,
    newest_revision,
    read_revision,
    require_current,
)
from store.tables import metadata

pytestmark = pytest.mark.store


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def _checks(connection: Connection) -> set[str | None]:
    inspector = inspect(connection)
    return {
        check["name"]
        for table in metadata.tables
        for check in inspector.get_check_constraints(table)
    }


async def test_from_empty_to_the_tables_of_this_release(empty_url: str) -> None:
    engine = open_store(empty_url)
    try:
        assert await read_revision(engine) is None
        with pytest.raises(SchemaOutdated, match="plateau migrate"):
            await require_current(engine)
        await migrate(engine)
        await migrate(engine)
        await require_current(engine)
        assert await read_revision(engine) == newest_revision()
        async with engine.connect() as conn:
            assert await conn.run_sync(_differences) == []
            # Alembic does not compare checks.
            named = {
                str(c.name) for table in metadata.tables.values() for c in table.constraints
                if isinstance(c, CheckConstraint)
            }  # fmt: skip
            assert named
            assert named <= {f"{name}" for name in await conn.run_sync(_checks)}
    finally:
        await engine.dispose()


async def test_calls_of_the_release_before_are_callers(empty_url: str) -> None:
    engine = open_store(empty_url)
    try:
        await migrate(engine, "0001")
        async with engine.begin() as conn:
            await conn.execute(text("INSERT INTO contact (id, arrived_at) VALUES ('c', 1)"))
            await conn.execute(
                text(
                    "INSERT INTO queue_visit (id, contact_id, queue_id, enqueued_at,"
                    " service_level_ms, short_abandon_ms) VALUES ('v', 'c', 'sales', 1, 0, 0)"
                )
            )
        await migrate(engine)
        async with engine.connect() as conn:
            (row,) = await report(conn, ReportQuery(0, 1_000, 1_000))
            calls = await count_calls(conn, CallFilter(queue_id="sales", kind=CallKind.INBOUND))
        assert (row.sums.received, row.sums.offered, row.sums.waiting) == (1, 1, 1)
        assert (calls.calls, calls.visits) == (1, 1)
        async with engine.begin() as conn:
            await conn.run_sync(_back_to, "0001")
        await migrate(engine)
        async with engine.connect() as conn:
            assert await conn.run_sync(_differences) == []
    finally:
        await engine.dispose()


def _back_to(connection: Connection, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "not a URL"),
        ("mysql://host/db", "names 'mysql'"),
        ("sqlite://", "names no file"),
    ],
)
def test_bad_addresses_say_what_to_write(address: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        open_store(address)


async def test_a_server_that_is_not_there_is_one_sentence_without_its_password() -> None:
    engine = open_store("postgresql://me:hushhush@127.0.0.1:1/plateau")
    with pytest.raises(StoreUnavailable) as caught:
        await check_store(engine)
    await engine.dispose()
    assert "127.0.0.1:1" in str(caught.value)
    assert "hushhush" not in str(caught.value)
