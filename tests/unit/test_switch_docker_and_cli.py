"""What Docker is asked for, and what the command says and returns."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plateau import switch_cli as cli
from plateau.switch_cli import app
from switch import docker, lifecycle, prepare, process
from switch.model import SwitchConfig, SwitchUnavailable

pytestmark = pytest.mark.unit

_DOCKER = """#!/bin/sh
echo "$@" >>"{log}"
case "$*" in
  "image inspect"*) exit 1 ;;
  *"asterisk -V"*|*"asterisk "*" -V") echo "Asterisk {version}" ;;
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
    tag, version = docker.image(prepare.configuration_source(), said.append)
    assert tag.startswith("plateau-asterisk:")
    assert version == "22.10.1"
    assert any("building the image" in line for line in said)
    config = SwitchConfig(home=tmp_path / "home")
    name, pid = docker.run(config, tag, (1500, 1500))
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
    arguments = ["up", "--home", str(tmp_path / "home"), "--rootfs", str(tmp_path)]
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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--language", "de"], "PLATEAU_LANGUAGE=de: write fr or en"),
        (["--sip-port", "70000"], "PLATEAU_SIP_PORT=70000: write a whole number"),
        (["--rtp", "20000-90000"], "PLATEAU_RTP_LAST=90000: write a whole number"),
        (["--trunk", "carrier.example"], "PLATEAU_TRUNK_MATCH=carrier.example: "),
    ],
)
def test_values_that_asterisk_would_swallow_are_refused(
    tmp_path: Path, options: list[str], said: str
) -> None:
    answer = CliRunner().invoke(app, ["up", "--home", str(tmp_path), *options])
    assert answer.exit_code == 2
    assert answer.stderr.startswith("plateau switch: PLATEAU_")
    assert said in answer.stderr


def test_what_is_not_an_option_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[SwitchConfig] = []

    def up(config: SwitchConfig, *, progress: object) -> None:
        wanted.append(config)
        raise SwitchUnavailable("seen")

    monkeypatch.setattr("switch.lifecycle.up", up)
    for name, value in {
        "BIND_ADDRESS": "192.0.2.10", "TRUNK_MATCH": "198.51.100.7, 198.51.100.8",
        "RTP_FIRST": "30000", "RTP_LAST": "30099", "LANGUAGE": "en", "DOMAIN": "sip.example",
        "ARI_APP": "other", "RTP_TIMEOUT_S": "30",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"PLATEAU_{name}", value)
    CliRunner().invoke(app, ["up", "--home", str(tmp_path), "--domain", "typed.example"])
    config = wanted[0]
    assert config.bind_address == "192.0.2.10"
    assert config.trunk_match == ("198.51.100.7", "198.51.100.8")
    assert (config.rtp_first, config.rtp_last) == (30000, 30099)
    assert (config.language, config.domain, config.app) == ("en", "typed.example", "other")
    assert config.rtp_timeout_s == 30


def test_the_console_of_nothing_is_one_sentence(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["console", "core show version", "--home", str(tmp_path)])
    assert answer.exit_code == 1
    assert answer.stderr.startswith("plateau switch: No Asterisk console at ")


def test_in_the_foreground_an_asterisk_that_ends_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = subprocess.Popen(["sleep", "60"])
    write_record(tmp_path, child.pid)
    config = SwitchConfig(home=tmp_path)
    looks: list[float] = []

    def then_killed(seconds: float) -> bool:
        looks.append(seconds)
        child.kill()
        child.wait()
        return False

    with pytest.raises(SwitchUnavailable, match="Asterisk ended"):
        lifecycle.watch(config, then_killed)
    assert len(looks) == 1


def test_in_the_foreground_it_stays_until_it_is_asked_to_end(tmp_path: Path) -> None:
    write_record(tmp_path, os.getpid())
    answers = iter([False, False, True])
    lifecycle.watch(SwitchConfig(home=tmp_path), lambda _: next(answers))
    assert next(answers, None) is None


def write_record(home: Path, pid: int) -> None:
    """As if the process `pid` were the Asterisk of this home."""
    record = {
        "kind": "path", "version": "22.10.1", "pid": pid, "ticks": process.start_ticks(pid),
        "container": None, "folder": "/srv/plateau", "sip_port": 27060, "http_port": 27088,
        "http_address": "127.0.0.1", "ari_user": "plateau",
    }  # fmt: skip
    (home / "switch.json").write_text(json.dumps(record))


def test_systemd_is_told_only_where_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    cli._tell_systemd("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unit:
        unit.bind(str(tmp_path / "notify"))
        unit.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        cli._tell_systemd("READY=1")
        assert unit.recv(100) == b"READY=1"


def test_recordings_are_walked_only_when_they_are_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SwitchConfig(home=tmp_path / "home")
    prepare.make_folders(config)
    recording = config.recordings / "a.wav"
    recording.write_bytes(b"")
    given: list[Path] = []
    monkeypatch.setattr(os, "chown", lambda path, *_: given.append(Path(path)))
    monkeypatch.setattr(os, "lchown", lambda path, *_: given.append(Path(path)))
    here = config.recordings.stat().st_uid
    prepare.give_to(config, here, here)
    assert config.instance / "run/hosts" in given
    assert recording not in given
    prepare.give_to(config, here + 1, here + 1)
    assert recording in given
    assert stat.S_IMODE((config.instance / "sounds/plateau").stat().st_mode) == 0o2750


def test_a_new_home_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switch.finder._SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    home = tmp_path / "home"
    CliRunner().invoke(app, ["up", "--home", str(home), "--rootfs", str(tmp_path)])
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_damaged_record_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "switch.json").write_text("{}")
    answer = CliRunner().invoke(app, ["status", "--home", str(tmp_path)])
    assert answer.exit_code == 1
    assert "switch.json is damaged" in answer.stderr
