"""The command line says in one sentence what is wrong, and its exit status tells a script."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from acd.errors import PlateauError
from plateau import settings, stack
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
    assert result.returncode == 2
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
    assert result.stderr == (
        "The database plateau on 127.0.0.1:1 does not answer: nobody listens there; "
        "see PLATEAU_DATABASE_URL.\n"
    )
    assert result.stderr.count("\n") == 1


def test_database_of_another_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEAU_DATABASE_URL", "mysql://x/y")
    result = runner.invoke(app, ["migrate"])
    assert result.exit_code == 2
    assert "PLATEAU_DATABASE_URL: “mysql” is no database" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SIP_PORT", "abc", "PLATEAU_SIP_PORT=abc: write a whole number from 1 to 65535"),
        ("TIME_ZONE", "Europe/Pari", "no time zone of that name (Europe/Paris?)"),
        ("TIME_ZONE", "Europe", "no time zone of that name"),
        ("LANGUAGE", "de", "PLATEAU_LANGUAGE=de: write fr or en"),
        ("RTP_FIRST", "30000", "PLATEAU_RTP_FIRST=30000 must be below PLATEAU_RTP_LAST=19999"),
        ("API_PORT", "99999", "PLATEAU_API_PORT=99999: "),
        ("COUNTRY_CODE", "+33", "PLATEAU_COUNTRY_CODE=+33: "),
    ],
)
@pytest.mark.parametrize("command", [["migrate"], ["status"], ["down"], ["config", "export"]])
def test_a_wrong_setting_is_one_sentence_from_every_command(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str, command: list[str]
) -> None:
    monkeypatch.setenv(f"PLATEAU_{name}", value)
    result = runner.invoke(app, command)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEAU_TIME_ZONE", "")
    monkeypatch.setenv("PLATEAU_SIP_PORT", "")
    assert settings.load_settings().time_zone == "Europe/Paris"


def test_a_variable_that_nothing_reads_is_told(tmp_path: Path) -> None:
    named = {"PLATEAU_TIMEZONE": "UTC", "PLATEAU_HOME": "x", "TIME_ZONE": "UTC"}
    assert settings.unknown_variables(named) == [
        "PLATEAU_TIMEZONE is no setting of Plateau (PLATEAU_TIME_ZONE?)."
    ]
    (tmp_path / ".env").write_text("PLATEAU_TRUNK=192.0.2.1\n")
    result = runner.invoke(app, ["migrate"])
    assert result.exit_code == 0
    assert "PLATEAU_TRUNK is no setting of Plateau" in result.stderr


def damage_the_record(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/switch.json").write_text("{half")


def test_status_goes_on_where_the_switch_cannot_be_told(tmp_path: Path) -> None:
    damage_the_record(tmp_path)
    result = runner.invoke(app, ["status"])
    assert result.exit_code == 3
    assert "switch.json is damaged" in result.stdout
    assert "floor     does not run" in result.stdout


def test_down_with_a_damaged_record_is_one_sentence(tmp_path: Path) -> None:
    damage_the_record(tmp_path)
    result = runner.invoke(app, ["down"])
    assert result.exit_code == 1
    assert "switch.json is damaged" in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_a_missing_file_of_a_password_is_one_sentence() -> None:
    result = runner.invoke(app, ["administrator", "--password-file", "/missing"])
    assert result.exit_code == 1
    assert "/missing" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_lost_password_is_made_anew() -> None:
    first = runner.invoke(app, ["migrate"]).stdout.split()[-1]
    again = runner.invoke(app, ["administrator"])
    assert again.stdout == "There is an administrator already.\n"
    made = runner.invoke(app, ["administrator", "--reset"]).stdout.split()
    assert made[:2] == ["admin", "/"]
    assert len(made[2]) == len(first)
    assert made[2] != first
    nobody = runner.invoke(app, ["administrator", "eve", "--reset"])
    assert nobody.exit_code == 1
    assert nobody.stderr == "There is no administrator 'eve'.\n"


def test_a_port_in_use_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr("switch.lifecycle.up", lambda *args, **_: started.append(args))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("PLATEAU_API_PORT", str(port))
        result = runner.invoke(app, ["up"])
    assert result.exit_code == 1
    assert f"PLATEAU_API_PORT={port}, wanted for the API and the pages on 127" in result.stderr
    assert f"it is in use by {Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})" in (
        result.stderr
    )
    assert not started
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_the_password_is_told_before_what_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    monkeypatch.setattr("switch.lifecycle.up", lambda *_, **__: None)
    monkeypatch.setattr("switch.lifecycle.require_free_ports", lambda _: None)

    def down(*_: object, **__: object) -> bool:
        ended.append("Asterisk")
        return True

    monkeypatch.setattr("switch.lifecycle.down", down)

    def refuse(*_: object) -> int:
        raise OSError("no process")

    monkeypatch.setattr("plateau.daemons.Daemon.start", refuse)
    monkeypatch.setenv("PLATEAU_API_PORT", str(free_port()))
    result = runner.invoke(app, ["up"])
    assert result.exit_code == 1
    said = result.stderr.splitlines()
    assert any(line.startswith("First administrator: admin / ") for line in said)
    assert said[-2:] == ["Ended Asterisk again", "no process"]
    assert ended == ["Asterisk"]


def test_what_ran_before_runs_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    monkeypatch.setattr("switch.lifecycle.runs", lambda _: True)
    monkeypatch.setattr("switch.lifecycle.up", lambda *_, **__: None)
    monkeypatch.setattr("switch.lifecycle.down", lambda *_, **__: ended.append("Asterisk"))
    monkeypatch.setattr("plateau.daemons.Daemon.pid", lambda _: 1)
    monkeypatch.setattr("plateau.stack.health", lambda *_: (False, ""))
    monkeypatch.setattr("plateau.daemons.Daemon.stop", lambda self, _: ended.append(self.name))

    def hang(*_: object, **__: object) -> None:
        raise PlateauError("floor-slow", "the floor was not ready")

    monkeypatch.setattr("plateau.daemons.Daemon.wait_ready", hang)
    result = runner.invoke(app, ["up"])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "the floor was not ready"
    assert not ended


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_proxy_of_the_environment_is_not_asked_for_our_own_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with HTTPServer(("127.0.0.1", 0), Always) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert stack._answers(f"http://127.0.0.1:{server.server_port}/health/live")
        thread.join()


class Always(BaseHTTPRequestHandler):
    """Well, whatever is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_files_are_for_user_and_group_and_env_is_for_every_part(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PLATEAU_DOMAIN=sip.example\nPLATEAU_HOME=elsewhere\n")
    code = "from plateau import cli; cli.app = lambda: print(__import__('os').environ); cli.main()"
    command = [sys.executable, "-c", code + "; open('made', 'w').close()"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "'PLATEAU_DOMAIN': 'sip.example'" in made.stdout
    assert f"'PLATEAU_HOME': '{os.environ['PLATEAU_HOME']}'" in made.stdout
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o640
