"""Volumes of another day: an upgrade from the last release, and a backup put back.

`r0002.sql` is the database of a floor of the last release, after one call through its own images;
`r0002.json` holds its administrator's password and its agent's phone.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.schema import newest_revision
from tests.images.compose import ROOT
from tests.images.floor import Floor
from tests.images.rows import sql

pytestmark = pytest.mark.images

HERE = Path(__file__).parent


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor.make(tmp_path / "compose")
    yield made
    made.close()


def restore(floor: Floor, dump: Path) -> None:
    """PostgreSQL alone, with the database of the dump (plain SQL, or pg_dump's own form)."""
    floor.project.up("postgres")
    floor.project.until_well("postgres")
    inside = floor.project.volume("postgres-data") / dump.name
    shutil.copy(dump, inside)
    path = f"/var/lib/postgresql/data/{dump.name}"
    psql = ("psql", "-v", "ON_ERROR_STOP=1", "--quiet", "--username", "plateau", "-f", path)
    custom = ("pg_restore", "--username", "plateau", "--dbname", "plateau", path)
    words = psql if dump.suffix == ".sql" else custom
    done = floor.project.containers["postgres"].execute(*words, timeout_s=60)
    assert done.returncode == 0, done.stderr
    inside.unlink()


async def test_upgrade_from_the_last_release_keeps_calls_accounts_and_phones(floor: Floor) -> None:
    known: dict[str, Any] = json.loads((HERE / "r0002.json").read_text())
    restore(floor, HERE / "r0002.sql")
    assert sql(floor, "SELECT version_num FROM alembic_version") == ["0002"]
    before = sql(floor, "SELECT id, arrived_at, outcome, ended_by FROM contact ORDER BY id")
    assert [row.split("|")[2] for row in before] == ["answered"]
    floor.start()
    assert floor.passwords() == []
    assert sql(floor, "SELECT version_num FROM alembic_version") == [newest_revision()]
    columns = "SELECT id, arrived_at, outcome, ended_by FROM contact ORDER BY id"
    assert sql(floor, columns) == before
    floor.password, floor.phone = known["password"], known["phone"]
    async with floor.administrator() as chief:
        (call,) = (await chief.read("/calls"))["items"]
        assert call["outcome"] == "answered"
    # The agent's phone of then, the number and the queue of then.
    assert (await floor.takes_a_call())["outcome"] == "answered"


async def test_backup_of_a_live_floor_put_back_elsewhere_misses_nothing(
    floor: Floor, tmp_path: Path
) -> None:
    floor.start()
    (floor.password,) = floor.passwords()
    await floor.furnish()
    call = await floor.takes_a_call()
    kept = tmp_path / "backup"
    home = floor.project.volume("plateau-home")
    postgres = floor.project.containers["postgres"]
    copy = postgres.argv("pg_dump", "-U", "plateau", "-Fc", "plateau")
    words = ["sh", "-c", '"$@" >plateau.dump', "sh", *copy]
    script = ["sh", str(ROOT / "deploy/backup.sh"), str(home), str(kept), *words]
    copied = await asyncio.to_thread(
        subprocess.run, script, capture_output=True, text=True, timeout=60
    )
    assert copied.returncode == 0, copied.stderr
    for name in ("plateau-home", "sounds", "asterisk-var", "secrets-ari", "secrets-db"):
        take(floor.project.volume(name), kept / name, but="journal")
    take(floor.project.volume("spool") / "recording", kept / "recording")
    before = sql(floor, "SELECT id, outcome FROM contact")
    phone, password = floor.phone, floor.password
    floor.close()
    again = Floor.make(tmp_path / "again")
    try:
        again.project.make("secrets", "asterisk", "postgres", "migrate", "floor", "api")
        for name in ("plateau-home", "sounds", "asterisk-var", "secrets-ari", "secrets-db"):
            take(kept / name, again.project.volume(name))
        take(kept / "journal", again.project.volume("plateau-home") / "journal")
        take(kept / "recording", again.project.volume("spool") / "recording")
        restore(again, kept / "plateau.dump")
        again.start()
        assert again.passwords() == []
        again.phone, again.password = phone, password
        assert sql(again, "SELECT id, outcome FROM contact") == before
        async with again.administrator() as chief:
            recordings = (await chief.read(f"/calls/{call['id']}"))["recordings"]
            audio = await chief.rest("GET", f"/recordings/{recordings[0]['id']}/audio")
        assert audio.content[:4] == b"RIFF"
        assert (await again.takes_a_call())["outcome"] == "answered"
    finally:
        again.close()


def take(source: Path, target: Path, but: str = "") -> None:
    """Copy a folder with owners and modes, as rsync -a does; `but` is left out."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copystat(source, target)
    os.chown(target, source.stat().st_uid, source.stat().st_gid)
    names = [path.name for path in source.iterdir() if path.name != but]
    if names:
        argv = ["cp", "-a", *(str(source / name) for name in names), str(target)]
        subprocess.run(argv, check=True)
