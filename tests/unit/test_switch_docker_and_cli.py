"""What Docker is asked for, and what the command says and returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from switch import docker, prepare
from switch.cli import app
from switch.model import SwitchConfig, SwitchUnavailable

pytestmark = pytest.mark.unit

_DOCKER = """#!/bin/sh
echo "$@" >>"{log}"
case "$*" in
  "image inspect"*) exit 1 ;;
  *"asterisk -V"*|*"asterisk "*" -V") echo "Asterisk {version}" ;;
  *"id -u; id -g"*) echo 1500; echo 1500 ;;
  inspect*) echo 4242 ;;
  "build"*) [ "{version}" != broken ] || {{ echo "no space left" >&2; exit 1; }} ;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a docker on PATH that writes down what it is asked; return that file."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return write_docker(tmp_path, "22.10.1")


def write_docker(folder: Path, version: str) -> Path:
    log = folder / "asked"
    program = folder / "docker"
    program.write_text(_DOCKER.format(log=log, version=version))
    program.chmod(0o755)
    return log


def test_the_image_is_built_checked_and_run_without_privileges(asked: Path, tmp_path: Path) -> None:
    said: list[str] = []
    tag, version, user = docker.image(prepare.configuration_source(), said.append)
    assert tag.startswith("plateau-asterisk:")
    assert (version, user) == ("22.10.1", (1500, 1500))
    assert any("building the image" in line for line in said)
    config = SwitchConfig(home=tmp_path / "home")
    name, pid = docker.run(config, tag, user)
    assert pid == 4242
    lines = asked.read_text().splitlines()
    started = next(line for line in lines if line.startswith("run --detach"))
    for part in (
        f"--name {name}",
        "--network host",
        "--user 1500:1500",
        f"--volume {config.instance.resolve()}:/srv/plateau",
        f"{tag} -f -C /srv/plateau/etc/asterisk.conf",
    ):
        assert part in started
    assert "--privileged" not in started


def test_an_older_image_and_a_failing_build_are_one_sentence(asked: Path, tmp_path: Path) -> None:
    write_docker(tmp_path, "22.4.0")
    with pytest.raises(
        SwitchUnavailable, match=r"the image plateau-asterisk:\w+ is Asterisk 22\.4"
    ):
        docker.image(prepare.configuration_source(), lambda _: None)
    write_docker(tmp_path, "broken")
    with pytest.raises(SwitchUnavailable, match="docker build failed: no space left"):
        docker.image(prepare.configuration_source(), lambda _: None)


def test_status_of_nothing_exits_with_three(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["status", "--home", str(tmp_path), "--json"])
    assert answer.exit_code == 3
    assert json.loads(answer.stdout) == {"running": False}
    assert CliRunner().invoke(app, ["down", "--home", str(tmp_path)]).stdout == "was not running\n"


def test_up_without_any_asterisk_is_one_sentence_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switch.finder._SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = ["up", "--home", str(tmp_path / "home"), "--rootfs", str(tmp_path / "none")]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("plateau switch: No Asterisk 22.10.1 or later was found")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("wrong", ["10000", "2-1", "a-b", ""])
def test_a_wrong_range_is_refused(tmp_path: Path, wrong: str) -> None:
    answer = CliRunner().invoke(app, ["up", "--home", str(tmp_path), "--rtp", wrong])
    assert answer.exit_code == 2
    assert "FIRST-LAST" in answer.stderr


def test_a_damaged_record_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "switch.json").write_text("{}")
    answer = CliRunner().invoke(app, ["status", "--home", str(tmp_path)])
    assert answer.exit_code == 1
    assert "switch.json is damaged" in answer.stderr
