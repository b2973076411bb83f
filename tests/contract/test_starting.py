"""`plateau up` on a real Asterisk: after a refusal or a failure nothing runs that it started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from plateau.settings import Settings
from plateau.where import switch_config
from switch import lifecycle, listening
from switch.finder import default_rootfs

pytestmark = pytest.mark.contract

PORTS = {
    "SIP_PORT": "15860", "TLS_PORT": "15861", "HTTP_PORT": "18888", "HTTPS_PORT": "18889",
    "API_PORT": "18890", "RTP_FIRST": "34000", "RTP_LAST": "34999",
}  # fmt: skip


def up(home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    told = {"HOME": str(home), "ROOTFS": str(default_rootfs()), **PORTS, **settings}
    return subprocess.run(
        [sys.executable, "-m", "plateau", "up"],
        env=os.environ | {f"PLATEAU_{name}": value for name, value in told.items()},
        capture_output=True,
        text=True,
        timeout=120,
    )


def running(home: Path) -> bool:
    here = listening.users(socket.SOCK_STREAM, int(PORTS["SIP_PORT"]))
    return lifecycle.runs(switch_config(Settings(home=home))) or bool(here)


def test_a_floor_that_fails_leaves_no_asterisk_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "journal").touch()  # where the floor needs a folder
    failed = up(home)
    assert failed.returncode == 1
    assert "Asterisk answers after" in failed.stderr
    assert "Ended Asterisk again" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith(
        f"`plateau floor` ended: The journal folder {home}/journal cannot be made: "
    )
    assert not running(home)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"BIND_ADDRESS": "192.0.2.77"}, "PLATEAU_BIND_ADDRESS=192.0.2.77: 192.0.2.77 is not an"),
        ({"API_HOST": "192.0.2.77"}, "PLATEAU_API_HOST=192.0.2.77: 192.0.2.77 is not an address"),
        (
            {"SIP_PORT": "80"},
            "PLATEAU_SIP_PORT=80, wanted for SIP over UDP on 127.0.0.1: it is for",
        ),
        (
            {"DATABASE_URL": "postgresql://me:hush4hush@127.0.0.1:1/x"},
            "The database x on 127.0.0.1:1 does not answer: nobody listens there",
        ),
    ],
)
def test_what_can_be_judged_is_judged_before_anything_starts(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    refused = up(tmp_path / "home", **settings)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(said)
    assert "starting Asterisk" not in refused.stderr
    assert "hush4hush" not in refused.stderr
    assert not running(tmp_path / "home")
