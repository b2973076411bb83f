"""What an operator installs beside the product: the units, the filter of fail2ban, logrotate."""

from __future__ import annotations

import configparser
import hashlib
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plateau.cli import app
from plateau.settings import Settings

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"

_HEAD = (
    "[2026-11-26 12:18:29.067] SECURITY[31529] res_security_log.c: SecurityEvent={event},"
    'EventTV="2026-11-26T12:18:29.067+0000",Severity="Error",Service="PJSIP",EventVersion="1",'
    'AccountID="{account}",SessionID="{session}",LocalAddress="IPV4/UDP/192.0.2.10/5060",'
    'RemoteAddress="IPV4/UDP/198.51.100.66/27161"'
)
_FORGED = '",LocalAddress="IPV4/UDP/1.2.3.4/1",RemoteAddress="IPV4/UDP/203.0.113.9/1"'


def line(event: str, tail: str = "", account: str = "<unknown>", session: str = "c1") -> str:
    """A line as Asterisk 22.10.1 writes it."""
    return _HEAD.format(event=f'"{event}"', account=account, session=session) + tail


def failures() -> list[re.Pattern[str]]:
    """The filter's expressions as fail2ban reads them."""
    reader = configparser.RawConfigParser()
    reader.read(DEPLOY / "fail2ban-filter.conf")
    texts = reader["Definition"]["failregex"].splitlines()
    assert len(texts) == 3
    return [re.compile(text.replace("<HOST>", "(?P<host>[0-9a-fA-F.:]+)")) for text in texts]


def banned(text: str) -> set[str]:
    """Whom the filter counts a line against, as it stands and in Docker's JSON."""
    wrapped = json.dumps({"log": text + "\n", "stream": "stdout", "time": "2026-11-26T12:18:29Z"})
    wrapped = wrapped.replace(", ", ",").replace(": ", ":")
    plain, inside = (
        {found["host"] for one in failures() if (found := one.search(form))}
        for form in (text, wrapped.replace("<", r"\u003c").replace(">", r"\u003e"))
    )
    assert plain == inside
    return plain


_ANSWERED = ',Challenge="1795695509/55ba66",Response="d73457ec",ExpectedResponse=""'


@pytest.mark.parametrize(
    "text",
    [
        line("ChallengeSent", ',Challenge=""'),
        line("ChallengeResponseFailed", _ANSWERED),
        line("ChallengeResponseFailed", _ANSWERED, account="1001"),
        line("InvalidAccountID", account="1001"),
        line("FailedACL", ',ACLName="registration"'),
    ],
)
def test_whoever_is_refused_is_counted(text: str) -> None:
    assert banned(text) == {"198.51.100.66"}


@pytest.mark.parametrize(
    "text",
    [
        line("ChallengeSent", ',Challenge=""', account="1001"),
        line("SuccessfulAuth", ',UsingPassword="1"', account="1001"),
        line("RequestBadFormat", account="1001"),
    ],
)
def test_a_phone_of_ours_is_not(text: str) -> None:
    assert banned(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        line("ChallengeSent", ',Challenge=""', session=f"x{_FORGED},Challenge="),
        line("InvalidAccountID", session=f"x{_FORGED}"),
        line("InvalidAccountID", account=f"x{_FORGED}"),
        line("ChallengeResponseFailed", _ANSWERED, session=f"x{_FORGED}{_ANSWERED}"),
        line("ChallengeResponseFailed", _ANSWERED.replace("d73457ec", r"a\",RemoteAddress=\"b")),
    ],
)
def test_nobody_can_have_somebody_else_shut_out(text: str) -> None:
    assert "203.0.113.9" in text or "RemoteAddress=\\" in text
    assert banned(text) <= {"198.51.100.66"}


def units() -> list[Path]:
    return sorted(DEPLOY.glob("plateau-*.service"))


def test_units_call_commands_that_are_there() -> None:
    called = []
    for unit in units():
        for text in re.findall(r"^Exec\w+=(/opt/plateau/\S+/plateau .*)$", unit.read_text(), re.M):
            words = shlex.split(text)[1:]
            answer = CliRunner().invoke(app, [*words, "--help"])
            assert answer.exit_code == 0, f"{unit.name}: {words}"
            called.append(words[0])
    assert sorted(called) == ["api", "floor", "migrate", "switch"]


_EXPOSURE = {"switch": 6.9, "floor": 2.0, "api": 2.0, "logrotate": 7.9}
"""How much of the machine each unit may reach, out of 10, as `systemd-analyze security` counts."""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root folder in which the units are installed as docs/operations.md says."""
    assert shutil.which("systemd-analyze"), "setup/setup.sh dev installs systemd: run `make setup`"
    system = tmp_path / "etc/systemd/system"
    system.mkdir(parents=True)
    for unit in sorted(DEPLOY.glob("plateau-*.*")):
        shutil.copy(unit, system)
    for program in ("opt/plateau/.venv/bin/plateau", "usr/sbin/logrotate"):
        (tmp_path / program).parent.mkdir(parents=True)
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    own = tmp_path / "usr/lib/systemd/system"
    own.mkdir(parents=True)
    for target in ("network-online", "multi-user", "timers", "sysinit", "basic", "shutdown"):
        (own / f"{target}.target").write_text(f"[Unit]\nDescription={target}\n")
    return tmp_path


def analyze(machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = ["systemd-analyze", *words, f"--root={machine}", "--no-pager"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30)


def test_systemd_has_no_word_against_the_units(machine: Path) -> None:
    names = [unit.name for unit in sorted(DEPLOY.glob("plateau-*.*"))]
    assert len(names) == 5
    done = analyze(machine, "verify", "--man=no", *names)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("name", "most"), _EXPOSURE.items())
def test_a_unit_reaches_no_more_of_the_machine_than_it_needs(
    machine: Path, name: str, most: float
) -> None:
    unit = f"plateau-{name}.service"
    text = analyze(machine, "security", "--offline=true", unit).stdout
    found = re.search(rf"Overall exposure level for {re.escape(unit)}: ([0-9.]+)", text)
    assert found is not None, text
    assert float(found[1]) <= most


def test_only_asterisk_is_started_by_the_superuser_and_all_come_back() -> None:
    for name in ("switch", "floor", "api"):
        text = (DEPLOY / f"plateau-{name}.service").read_text()
        assert "Restart=always" in text
        assert "WantedBy=multi-user.target" in text
        assert ("User=plateau" in text) is (name != "switch")


def test_the_file_of_settings_names_settings_alone() -> None:
    text = (DEPLOY / "plateau.env").read_text()
    named = {name.lower() for name in re.findall(r"^#?PLATEAU_([A-Z_]+)=", text, re.M)}
    assert {"home", "trunk_match", "trusted_proxies"} <= named <= set(Settings.model_fields)


def test_every_log_of_a_home_is_rotated() -> None:
    text = (DEPLOY / "logrotate.conf").read_text()
    for name in ("asterisk/log/messages", "asterisk/log/security", "asterisk/log/console"):
        assert f"/var/lib/plateau/{name}.log" in text
    for name in ("floor", "api"):
        assert f"/var/lib/plateau/log/{name}.log" in text
    assert text.count("maxsize") == text.count("missingok") == 2


def backed_up(home: Path, target: Path, *command: str) -> subprocess.CompletedProcess[str]:
    argv = ["sh", str(DEPLOY / "backup.sh"), str(home), str(target), *command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30)


def test_a_backup_begins_again_when_the_journal_has_turned_over(tmp_path: Path) -> None:
    journal = tmp_path / "home/journal"
    journal.mkdir(parents=True)
    (journal / "00000004.jsonl").write_text("older\n")
    (journal / "00000005.jsonl").write_text("half")
    turn = (
        f"cd {journal}; if [ -e 00000004.jsonl ]; then "
        "echo ' whole' >>00000005.jsonl; echo new >00000006.jsonl; rm 00000004.jsonl; fi; "
        f"cat *.jsonl >{tmp_path}/copy/sql"
    )
    result = backed_up(tmp_path / "home", tmp_path / "copy", "sh", "-c", turn)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("once more") == 1
    copied = {file.name: file.read_text() for file in (tmp_path / "copy/journal").iterdir()}
    assert copied == {
        "00000004.jsonl": "older\n", "00000005.jsonl": "half whole\n", "00000006.jsonl": "new\n",
    }  # fmt: skip
    again = backed_up(tmp_path / "home", tmp_path / "copy", "true")
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)


def test_a_backup_without_sql_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "home/journal").mkdir(parents=True)
    (tmp_path / "home/journal/00000001.jsonl").write_text("x\n")
    assert backed_up(tmp_path / "home", tmp_path / "copy", "false").returncode != 0


# ---- setup/setup.sh ----------------------------------------------------------------------------


def a_machine(folder: Path, kind: str, *programs: str) -> dict[str, str]:
    """A checkout whose machine has everything but what a test takes away; what is run is noted."""
    for name in ("setup", "requirements", "asterisk-conf"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    bin_ = folder / "bin"
    bin_.mkdir()
    (folder / ".venv/bin").mkdir(parents=True)
    for place in (bin_ / "python3.11", folder / ".venv/bin/python", folder / ".venv/bin/pip"):
        place.write_text(f'#!/bin/sh\necho "${{0##*/}} $*" >>{folder}/ran\n')
        place.chmod(0o755)
    for name, body in {
        "dpkg-query": "echo install ok installed",
        "id": "echo 0",
        "asterisk": "echo Asterisk 22.10.1" if "asterisk" in programs else "exit 1",
        "docker": "exit 0" if "docker" in programs else "exit 1",
        "debootstrap": f"echo debootstrap >>{folder}/ran; exit 1",
        "apt-get": f'echo "apt-get $*" >>{folder}/ran',
    }.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{body}\n")
        (bin_ / name).chmod(0o755)
    if "rootfs" in programs:
        parts = ("packages.txt", "prompts.txt", "make-prompts.sh", "make-rootfs.sh")
        held = b"".join((folder / "asterisk-conf" / part).read_bytes() for part in parts)
        (folder / ".cache/rootfs/etc").mkdir(parents=True)
        (folder / ".cache/rootfs/etc/plateau-rootfs").write_text(
            hashlib.sha256(held).hexdigest() + "\n"
        )
    return {"PATH": f"{bin_}:/usr/bin:/bin", "HOME": str(folder), "kind": kind}


@pytest.mark.parametrize("there", ["asterisk", "docker", "rootfs"])
def test_production_gets_what_it_runs_and_no_more(tmp_path: Path, there: str) -> None:
    environment = a_machine(tmp_path, "run", there)
    command = ["sh", str(tmp_path / "setup/setup.sh"), "run"]
    first = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    ran = (tmp_path / "ran").read_text()
    assert "-r requirements/runtime.txt" in ran
    assert "requirements/dev.txt" not in ran
    assert "pip uninstall --yes setuptools" in ran
    assert "debootstrap" not in ran
    # Only what is done is told, and how much of it.
    assert "root folder" not in first.stderr
    assert re.search(r"setup: done in \d+ s: \.venv of \d+ MB\n$", first.stderr)
    again = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (again.returncode, again.stderr) == (0, "")


def test_a_demonstration_wants_sipp_where_docker_alone_will_not_do(tmp_path: Path) -> None:
    environment = a_machine(tmp_path, "demo", "docker")
    command = ["sh", str(tmp_path / "setup/setup.sh"), "demo"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert answer.returncode == 1
    assert "making the root folder" in answer.stderr
    assert "the root folder failed" in answer.stderr


def test_setup_knows_its_modes(tmp_path: Path) -> None:
    wrong = subprocess.run(
        ["sh", str(ROOT / "setup/setup.sh"), "prod"], capture_output=True, text=True
    )
    assert (wrong.returncode, wrong.stderr) == (2, "usage: setup/setup.sh run|demo|dev\n")
