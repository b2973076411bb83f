"""A wrong home is named with what is wrong; a command that only reads makes nothing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acd.errors import PlateauError
from plateau.cli import app
from plateau.home import make_home, told_of_home

pytestmark = pytest.mark.unit

runner = CliRunner()
SOMEBODY = 65534

WRITING = (["up"], ["migrate"], ["switch", "up"])
READING: tuple[list[str], ...] = (
    *(["status"], ["down"], ["health", "floor"], ["health", "api"], ["floor"]),
    *(["config", "export"], ["config", "diff", "floor.yaml"], ["config", "import", "floor.yaml"]),
    *(["flow", "check", "flow.yaml"], ["flow", "try", "flow.yaml"], ["administrator"]),
    *(["switch", "status"], ["switch", "down"], ["switch", "console", "core show version"]),
    *([], ["--help"], ["up", "--help"], ["switch", "--help"], ["config", "import", "--help"]),
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PLATEAU_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    # Where a command starts something in spite of all, it must fail.
    monkeypatch.setattr("switch.lifecycle.up", lambda *_, **__: 1 / 0)


def wrong_homes(folder: Path) -> dict[Path, str]:
    (folder / "file").touch()
    (folder / "link").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder / "loop")
    return {
        folder / "file": "it is a file, and a folder is needed",
        folder / "file/home": "is a file, and no folder can be in it",
        folder / "none/home": f"the folder {folder}/none does not exist: make it",
        folder / "link": f"it is a link to {folder}/nowhere, which is not there",
        folder / "loop": "its links go round in a circle",
        folder / ("n" * 300): "too long",
        folder / "/".join(["deep" * 10] * 3): "too long for the control channel",
    }


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_a_wrong_home_is_named_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    for home, why in wrong_homes(tmp_path).items():
        monkeypatch.setenv("PLATEAU_HOME", str(home))
        result = runner.invoke(app, command)
        assert result.exit_code == 1, home
        assert f"PLATEAU_HOME={home}: " in result.stderr
        assert why in result.stderr
        assert result.stderr.count("\n") == 1
        assert "Errno" not in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "loop"]


@contextmanager
def as_somebody(folder: Path) -> Iterator[None]:
    """Without the superuser's rights, which no mode stops."""
    if os.geteuid() != 0:
        yield
        return
    for above in [folder, *folder.parents]:
        above.chmod(above.stat().st_mode | stat.S_IXOTH | stat.S_IXGRP)
    os.seteuid(SOMEBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_home_of_somebody_else_is_named(tmp_path: Path) -> None:
    theirs, closed = tmp_path / "theirs", tmp_path / "closed"
    for folder in (theirs, closed):
        folder.mkdir()
        folder.chmod(0o555)
    with as_somebody(tmp_path):
        for home, why in ((theirs, "belongs to user id"), (closed / "home", "may not write there")):
            with pytest.raises(PlateauError, match=f"PLATEAU_HOME={home}: this user .*{why}"):
                make_home(home)


def test_a_full_and_a_read_only_disk_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(number: int) -> None:
        def fsync(_: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("os.fsync", fsync)

    for number, why in ((28, "its disk is full: make room"), (30, "read-only"), (5, "cannot be")):
        refuse(number)
        with pytest.raises(PlateauError, match=why):
            make_home(tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_new_home_is_its_owners_and_a_link_may_be_one(tmp_path: Path) -> None:
    make_home(tmp_path / "home")
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "home")
    make_home(tmp_path / "link")
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_who_only_reads_makes_nothing(tmp_path: Path, command: list[str]) -> None:
    """In a process of its own, as some set up the whole process."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work/floor.yaml").write_text("plateau: 1\nskills: {}\n")
    (tmp_path / "work/flow.yaml").write_text("flow: x\nstart: a\nnodes: {a: {kind: hang_up}}\n")
    for home in (tmp_path / "none/home", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        answer = subprocess.run(
            [sys.executable, "-m", "plateau", *command],
            cwd=tmp_path / "work",
            env={**os.environ, "PLATEAU_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in answer.stderr
        assert "Errno" not in answer.stderr
    made = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert made == ["empty", "work", "work/floor.yaml", "work/flow.yaml"]


def test_an_error_of_a_file_says_which_and_whose_folder_it_is(tmp_path: Path) -> None:
    error = PermissionError(13, "Permission denied", str(tmp_path / "switch.json"))
    assert told_of_home(error, tmp_path) == (
        f"{tmp_path}/switch.json: permission denied (in PLATEAU_HOME={tmp_path})."
    )
    assert told_of_home(error, tmp_path / "other") == f"{tmp_path}/switch.json: permission denied."
    assert told_of_home(OSError("no answer"), tmp_path) == "no answer"
