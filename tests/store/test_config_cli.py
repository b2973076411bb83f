"""`plateau config` on a real store: out, in, compared, and refused by line and column."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from control.protocol import Reload
from plateau.cli import app
from store.engine import open_store
from store.schema import migrate
from tests.api_stand import ScriptedFloor
from tests.store.whole_configuration import WHOLE

pytestmark = pytest.mark.store


async def _migrated(url: str) -> None:
    engine = open_store(url)
    await migrate(engine)
    await engine.dispose()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PLATEAU_DATABASE_URL", "PLATEAU_DATABASE_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PLATEAU_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(home: Path) -> Path:
    asyncio.run(_migrated(f"sqlite:///{home}/plateau.db"))
    path = home / "floor.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    return path


def run(*words: object, told: str | None = None) -> Result:
    return CliRunner().invoke(app, ["config", *map(str, words)], input=told)


def test_in_out_and_in_again_is_the_same(file: Path) -> None:
    tried = run("import", file, "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert "nothing was changed (dry run)" in tried.output
    assert run("diff", file).exit_code == 1
    done = run("import", file, "--comment", "First", "--json")
    assert done.exit_code == 0, done.output
    saved = json.loads(done.stdout)
    assert (saved["version"], set(saved["sip"])) == (1, {"agent-1001", "desk-2", "place-1"})
    assert "does not run" in saved["warnings"][0]
    out = file.parent / "out.yaml"
    assert run("export", out).exit_code == 0
    assert run("export").stdout == out.read_text(encoding="utf-8")
    for same in (out, file):
        assert (run("diff", same).exit_code, run("diff", same).output) == (0, "No differences.\n")
    assert "Nothing to change." in run("import", "-", told=out.read_text(encoding="utf-8")).output


def test_differences_are_told_place_by_place(file: Path) -> None:
    run("import", file)
    changed = WHOLE.replace("ring_s: 15", "ring_s: 25").replace("name: Accueil", "name: Bienvenue")
    file.write_text(
        changed.replace("  nord: {name: Nord}\n", "  nord: {name: Nord}\n  sud: {name: Sud}\n")
    )
    said = run("diff", file)
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        '+ teams/sud: {"name": "Sud"}',
        "~ queues/support/ring_s: 15 → 25",
        "~ flows/welcome/version: 1 → 2",
        "~ flows/welcome/document:",
        "    @@ -1,3 +1,3 @@",
        "     flow: welcome",
        "    -name: Accueil",
        "    +name: Bienvenue",
        "     language: fr",
    ]
    as_json = json.loads(run("diff", file, "--json").stdout)
    assert [each["path"] for each in as_json][:2] == ["/teams/sud", "/queues/support/ring_s"]


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("ring_s: 15", "ring_s: 1", "1\n    rona", "must be 3 at least"),
        ("team: nord", "team: sud", "sud", "there is no team “sud”, which agent 1001 uses"),
        ("skills.fr >= 7", "skills.fr > x", "skills.fr > x", "column 13: expected a level"),
        ("queue: support\nnumbers", "queue: suport\nnumbers", "suport", "flow welcome: "),
    ],
)
def test_faults_name_file_line_and_column(
    file: Path, old: str, new: str, at: str, says: str
) -> None:
    text = WHOLE.replace(old, new)
    file.write_text(text, encoding="utf-8")
    before = text[: text.index(at)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    refused = run("import", file)
    assert refused.exit_code == 2
    assert f"{file}:{line}:{column}: " in refused.output
    assert says in refused.output
    assert json.loads(run("import", file, "--json").stdout)["faults"][0]["line"] == line
    assert "skills: {}" in run("export").output


def test_a_file_that_lacks_what_others_use_is_told_at_its_section(file: Path) -> None:
    assert run("import", file).exit_code == 0
    less = file.parent / "less.yaml"
    less.write_text("plateau: 1\n\nskills:\n  other: {name: Other}\n", encoding="utf-8")
    refused = run("import", less)
    assert refused.exit_code == 2
    said = refused.stderr.splitlines()
    assert said
    assert all(line.startswith(f"{less}:3:1: there is no skill “") for line in said)
    assert all("uses; it is configured already, and not in this file" in line for line in said)
    assert any("which agent 1001 uses" in line for line in said)


def test_what_cannot_be_read_is_one_sentence(home: Path) -> None:
    assert "cannot be read" in run("import", home / "none.yaml").output
    (home / "latin.yaml").write_bytes(b"teams: {a: {name: \xe9}}")
    latin = run("diff", home / "latin.yaml").output
    assert f"{home}/latin.yaml:1:19: the byte 0xE9 is not UTF-8" in latin
    empty = run("export")
    assert (empty.exit_code, "plateau migrate" in empty.output) == (2, True)


def test_a_floor_that_runs_is_told(file: Path) -> None:
    async def imported() -> tuple[Result, ScriptedFloor]:
        floor = ScriptedFloor(file.parent / "control.sock")
        await floor.start()
        try:
            return await asyncio.to_thread(run, "import", file), floor
        finally:
            await floor.stop()

    done, floor = asyncio.run(imported())
    assert done.exit_code == 0, done.output
    assert [type(wish) for wish in floor.asked] == [Reload]
