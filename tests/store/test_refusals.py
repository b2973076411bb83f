"""What databases refuse is one sentence that says what to set, without a password, and no trace."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from plateau.cli import app
from store.engine import open_store
from store.schema import newest_revision
from tests.store.conftest import _run_sql
from tests.store.postgres import Server

pytestmark = pytest.mark.store

COMMANDS = (["up"], ["migrate"], ["administrator"], ["config", "export"], ["config", "diff", "f"])
SECRET = "hush4hush"


@pytest.fixture(autouse=True)
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was started though the database refused: nothing may be."""
    for name in list(os.environ):
        if name.startswith("PLATEAU_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PLATEAU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PLATEAU_API_PORT", "28123")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f").write_text("plateau: 1\n")
    began: list[str] = []
    monkeypatch.setattr("switch.lifecycle.require_free_ports", lambda _: None)
    monkeypatch.setattr("switch.lifecycle.up", lambda *_, **__: began.append("Asterisk"))
    monkeypatch.setattr("plateau.daemons.Daemon.start", lambda self, _: began.append(self.name))
    return began


def refused(monkeypatch: pytest.MonkeyPatch, url: str, *commands: list[str]) -> Iterator[str]:
    """The sentence of each command, which is its only line."""
    monkeypatch.setenv("PLATEAU_DATABASE_URL", url)
    for command in commands or COMMANDS:
        result = CliRunner().invoke(app, command)
        assert isinstance(result.exception, SystemExit), (command, result.exception)
        assert result.exit_code in (1, 2)
        lines = [line for line in result.stderr.splitlines() if line != "Preparing the store"]
        assert len(lines) == 1, (command, result.stderr)
        assert SECRET not in result.output
        assert "Errno" not in lines[0]
        yield lines[0]


# ---- PostgreSQL --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def guarded(postgres: Server) -> Server:
    """The server with a role that needs its password, and one that may make no table."""
    asyncio.run(
        _run_sql(
            postgres.url("postgres"),
            f"CREATE ROLE guarded LOGIN PASSWORD '{SECRET}'",
            "CREATE ROLE guest LOGIN",
            "CREATE DATABASE kept",
        )
    )
    rules = postgres.folder / "data/pg_hba.conf"
    rules.write_text(
        "local all guarded scram-sha-256\nlocal all stranger reject\n" + rules.read_text()
    )
    asyncio.run(_run_sql(postgres.url("postgres"), "SELECT pg_reload_conf()"))
    return postgres


@pytest.mark.parametrize(
    ("login", "database", "said"),
    [
        (f"guarded:{SECRET}x", "kept", "it refuses the password"),
        ("guarded", "kept", "password"),
        (f"stranger:{SECRET}", "kept", "lets this user not in"),
        ("plateau", "other", "it has no database of that name"),
        ("guest", "kept", "this user may not do that there: make it the database's owner"),
    ],
)
def test_postgresql_refuses(
    monkeypatch: pytest.MonkeyPatch, guarded: Server, started: list[str], login: str,
    database: str, said: str,
) -> None:  # fmt: skip
    url = f"postgresql://{login}@/{database}?host={guarded.folder}"
    # Who only reads is told that the tables are missing, if it is let in.
    commands = COMMANDS[:2] if login == "guest" else COMMANDS
    for sentence in refused(monkeypatch, url, *commands):
        assert said in sentence
        assert f"The database {database} on " in sentence
    assert not started


class Web:
    """Something that listens and is no database."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            with link:
                link.recv(100)
                link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def close(self) -> None:
        self._socket.close()


def test_a_server_that_is_none_or_elsewhere(
    monkeypatch: pytest.MonkeyPatch, started: list[str]
) -> None:
    web = Web()
    try:
        for url, said in (
            (f"postgresql://me:{SECRET}@127.0.0.1:1/x", "nobody listens there"),
            (f"postgresql://me:{SECRET}@no-such-host.invalid/x", "no host of that name is known"),
            (f"postgresql://me:{SECRET}@127.0.0.1:{web.port}/x", "see PLATEAU_DATABASE_URL"),
        ):
            for sentence in refused(monkeypatch, url, ["up"], ["migrate"], ["config", "export"]):
                assert said in sentence
    finally:
        web.close()
    assert not started


# ---- both --------------------------------------------------------------------------------------


def test_a_newer_release_s_database_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, url: str, started: list[str]
) -> None:
    asyncio.run(_set_revision(url, "9999"))
    for sentence in refused(monkeypatch, url):
        assert "revision 9999, which this release does not know" in sentence
        assert newest_revision() in sentence
    assert not started


async def _set_revision(url: str, number: str) -> None:
    engine = open_store(url)
    async with engine.begin() as conn:
        await conn.execute(text(f"UPDATE alembic_version SET version_num = '{number}'"))
    await engine.dispose()


def test_tables_of_somebody_else_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, empty_url: str, started: list[str]
) -> None:
    asyncio.run(_make_foreign(empty_url))
    for sentence in refused(monkeypatch, empty_url, ["up"], ["migrate"]):
        assert "tables of the same names (agent)" in sentence
    assert not started


async def _make_foreign(url: str) -> None:
    engine = open_store(url)
    async with engine.begin() as conn:
        await conn.execute(text("CREATE TABLE agent (id INTEGER)"))
    await engine.dispose()


def test_the_newest_revision_is_what_alembic_calls_head() -> None:
    from alembic.script import ScriptDirectory

    from store.schema import alembic_config, revisions

    scripts = ScriptDirectory.from_config(alembic_config())
    assert newest_revision() == scripts.get_current_head()
    assert revisions() == {each.revision: each.down_revision for each in scripts.walk_revisions()}


# ---- SQLite ------------------------------------------------------------------------------------


def test_sqlite_files_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no database at all, but longer than a header\n" * 20)
    for place, said in (
        ("folder", "it is a folder, and a file is needed"),
        ("text", "the file is no SQLite database"),
        ("none/plateau.db", f"there is no folder {tmp_path}/none: make it"),
        ("text/plateau.db", f"there is no folder {tmp_path}/text: make it"),
    ):
        for sentence in refused(monkeypatch, f"sqlite:///{tmp_path}/{place}", ["up"], ["migrate"]):
            assert f"The SQLite database {tmp_path}/{place}: " in sentence
            assert said in sentence
    for sentence in refused(monkeypatch, f"sqlite:///{tmp_path}/none.db", *COMMANDS[2:]):
        assert "there is no such file; `plateau migrate` makes it" in sentence
    assert not (tmp_path / "none.db").exists()
    assert not (tmp_path / "none").exists()
    assert not started


def test_a_locked_file_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, migrated_file: Path, started: list[str]
) -> None:
    monkeypatch.setattr(
        "store.engine._SQLITE_PRAGMAS", ("PRAGMA busy_timeout=50", "PRAGMA foreign_keys=ON")
    )
    file = tmp_path / "locked.db"
    file.write_bytes(migrated_file.read_bytes())
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        for sentence in refused(monkeypatch, f"sqlite:///{file}", ["up"], ["migrate"]):
            assert "another program holds it locked" in sentence
        other.execute("ROLLBACK")
    other.close()
    assert not started


def test_a_file_that_may_not_be_written_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[str]
) -> None:
    from store.engine import store_url
    from store.refusals import sentence

    url = store_url(f"sqlite:///{tmp_path}/x.db")
    for raised, said in (
        ("attempt to write a readonly database", "this user may not write"),
        ("unable to open database file", "cannot be opened or made there"),
        ("database or disk is full", "its disk is full: make room"),
        ("database disk image is malformed", "the file is damaged"),
    ):
        assert said in sentence(url, sqlite3.OperationalError(raised))


def test_right_databases_are_taken_by_every_command(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PLATEAU_DATABASE_URL", url)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    assert run("migrate").exit_code == 0
    assert run("administrator").stdout == "There is an administrator already.\n"
    assert run("config", "export").stdout.startswith("# Plateau's configuration")
