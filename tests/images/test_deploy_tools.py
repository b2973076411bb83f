"""The files of `deploy/` before the programs that read them, as packaged by Debian."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.building import TOOLS
from tests.images.compose import ROOT
from tests.images.storage import BUILDAH, buildah, environment
from tests.unit.test_deploy import line

pytestmark = pytest.mark.images

DEPLOY = ROOT / "deploy"
_ANSWERED = ',Challenge="1795695509/55ba66",Response="d73457ec",ExpectedResponse=""'
REFUSED = [
    line("ChallengeSent", ',Challenge=""'),
    line("ChallengeResponseFailed", _ANSWERED, account="1001"),
    line("InvalidAccountID", account="1001"),
    line("FailedACL", ',ACLName="registration"'),
]
PASSED = [
    line("ChallengeSent", ',Challenge=""', account="1001"),
    line("SuccessfulAuth", ',UsingPassword="1"', account="1001"),
]


class Tools:
    """A Debian with fail2ban, logrotate and systemd; `folder` is its /tried."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = buildah("from", "--pull-never", TOOLS).strip()
        self.root = Path(buildah("mount", self.name).strip())

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [*BUILDAH, "run", "--isolation", "chroot", f"--volume={self.folder}:/tried:rw"]
        argv += [f"--volume={DEPLOY}:/deploy:ro", self.name, "--", *words]
        return subprocess.run(
            argv, capture_output=True, text=True, timeout=60, env=environment(),
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def install(self, source: Path | str, target: str, mode: int = 0o644) -> None:
        """Put a file, or a program that does nothing but note its words, into its place."""
        path = self.root / target.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, Path):
            shutil.copy(source, path)
        else:
            path.write_text(source)
        path.chmod(mode)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    made = Tools(tmp_path_factory.mktemp("tools"))
    yield made
    buildah("rm", made.name)


def as_docker_keeps_it(text: str) -> str:
    """A line of a container's output in Docker's json-file."""
    entry = {"log": f"{text}\n", "stream": "stdout", "time": "2026-11-26T12:18:29.067Z"}
    return json.dumps(entry, separators=(",", ":")).replace("<", r"\u003c").replace(">", r"\u003e")


@pytest.mark.parametrize("kept", ["by-asterisk", "by-docker"])
def test_fail2ban_counts_who_was_refused_and_nobody_else(tools: Tools, kept: str) -> None:
    tools.install(DEPLOY / "fail2ban-filter.conf", "/etc/fail2ban/filter.d/plateau.conf")
    tools.install(DEPLOY / "fail2ban-jail.conf", "/etc/fail2ban/jail.d/plateau.conf")
    lines = [*REFUSED, *PASSED]
    if kept == "by-docker":
        lines = [as_docker_keeps_it(each) for each in lines]
    (tools.folder / "security.log").write_text("".join(f"{each}\n" for each in lines))
    done = tools.run("fail2ban-regex", "/tried/security.log", "plateau")
    summary = re.search(
        r"Lines: (\d+) lines, \d+ ignored, (\d+) matched, (\d+) missed", done.stdout
    )
    assert summary is not None, done.stdout + done.stderr
    assert summary.groups() == ("6", "4", "2"), done.stdout
    hosts = tools.run("fail2ban-regex", "-o", "ip", "/tried/security.log", "plateau").stdout.split()
    assert set(hosts) == {"198.51.100.66"}
    assert "Date template hits" in done.stdout
    assert re.search(r"\[6\] ", done.stdout), done.stdout


def test_fail2ban_takes_the_jail(tools: Tools) -> None:
    tools.install(DEPLOY / "fail2ban-filter.conf", "/etc/fail2ban/filter.d/plateau.conf")
    tools.install(DEPLOY / "fail2ban-jail.conf", "/etc/fail2ban/jail.d/plateau.conf")
    tools.install("[sshd]\nenabled = false\n", "/etc/fail2ban/jail.d/defaults-debian.conf")
    tools.install("", "/var/lib/plateau/asterisk/log/security.log")
    done = tools.run("fail2ban-client", "-t")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stdout + done.stderr


def test_logs_are_put_away_and_asterisk_is_told_once(tools: Tools) -> None:
    tools.install(DEPLOY / "logrotate.conf", "/etc/plateau/logrotate.conf")
    tools.install('#!/bin/sh\necho "$@" >>/tried/told\n', "/opt/plateau/.venv/bin/plateau", 0o755)
    home = "/var/lib/plateau"
    named = [f"{home}/asterisk/log/{name}.log" for name in ("messages", "security", "console")]
    named += [f"{home}/log/{name}.log" for name in ("floor", "api")]
    for name in named:
        tools.install("a line\n", name)
    for folder in ("var/lib/plateau/asterisk/log", "var/lib/plateau/log"):
        (tools.root / folder).chmod(0o750)
    said = tools.run("logrotate", "--debug", "/etc/plateau/logrotate.conf")
    assert said.returncode == 0
    assert "error:" not in said.stderr, said.stderr
    done = tools.run(
        "logrotate", "--force", "--state", "/tried/state", "/etc/plateau/logrotate.conf"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tools.folder / "told").read_text() == f"switch console logger reload --home {home}\n"
    for name in named:
        there = tools.root / name.lstrip("/")
        assert list(there.parent.glob(f"{there.name}.1*")), name


def test_systemd_of_the_oldest_system_has_no_word_against_the_units(tools: Tools) -> None:
    tools.install("#!/bin/sh\n", "/opt/plateau/.venv/bin/plateau", 0o755)
    names = []
    for unit in sorted(DEPLOY.glob("plateau-*.*")):
        tools.install(unit, f"/etc/systemd/system/{unit.name}")
        names.append(unit.name)
    done = tools.run("systemd-analyze", "verify", "--man=no", *names)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
