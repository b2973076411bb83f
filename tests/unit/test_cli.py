"""The command line says in one sentence what is wrong, and its exit status tells a script."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plateau.cli import app

pytestmark = pytest.mark.unit

runner = CliRunner()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLATEAU_HOME", str(tmp_path / "home"))
    for name in ("PLATEAU_ARI_URL", "PLATEAU_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def run_floor() -> subprocess.CompletedProcess[str]:
    """In a process of its own: `plateau floor` sets up logging and the collector for good."""
    command = [sys.executable, "-m", "plateau", "floor"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_floor_without_asterisk_is_one_sentence(tmp_path: Path) -> None:
    result = run_floor()
    assert result.returncode == 1
    assert result.stderr == (
        f"No Asterisk runs for {tmp_path / 'home'}: start it with `plateau switch up` "
        "(or everything with `plateau up`), or name one with PLATEAU_ARI_URL.\n"
    )


def test_floor_told_of_a_switch_elsewhere_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLATEAU_ARI_URL", "http://127.0.0.1:1/ari/")
    result = run_floor()
    assert result.returncode == 1
    assert "PLATEAU_ARI_PASSWORD_FILE, PLATEAU_RECORDINGS" in result.stderr


def test_status_and_health_tell_that_nothing_runs() -> None:
    status = runner.invoke(app, ["status", "--json"])
    assert status.exit_code == 3
    assert json.loads(status.stdout) == dict.fromkeys(["asterisk", "floor", "api", "page"])
    health = runner.invoke(app, ["health", "floor"])
    assert health.exit_code == 3
    assert "not running" in health.stdout


def test_down_when_nothing_runs_is_no_fault() -> None:
    result = runner.invoke(app, ["down"])
    assert (result.exit_code, result.stdout) == (0, "Stopped: nothing ran\n")


def test_migrate_makes_the_first_administrator_once() -> None:
    first = runner.invoke(app, ["migrate"])
    assert first.exit_code == 0, first.output
    assert "First administrator: admin / " in first.stdout
    second = runner.invoke(app, ["migrate"])
    assert (second.exit_code, second.stdout) == (0, "The store is up to date.\n")


def test_database_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEAU_DATABASE_URL", "postgresql://plateau@127.0.0.1:1/plateau")
    result = runner.invoke(app, ["migrate"])
    assert result.exit_code == 1
    assert result.stderr.startswith("The database does not answer (")
    assert result.stderr.count("\n") == 1


def test_database_of_another_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEAU_DATABASE_URL", "mysql://x/y")
    result = runner.invoke(app, ["migrate"])
    assert result.exit_code == 1
    assert "mysql" in result.stderr
