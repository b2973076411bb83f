"""Which Asterisk is taken, and the sentence said when none may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from switch.finder import find_switch, is_new_enough, parse_asterisk_version, version_text
from switch.model import SwitchKind, SwitchUnavailable
from switch.sipp import parse_sipp_version

pytestmark = pytest.mark.unit

_DEBIAN = "Asterisk 22.10.1+dfsg+~cs6.17.60671434-1"


def program(folder: Path, name: str, prints: str, status: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{prints}'\nexit {status}\n")
    file.chmod(0o755)
    return file


def root_folder(folder: Path, version: str) -> Path:
    program(folder / "usr/sbin", "asterisk", f"Asterisk {version}")
    status = folder / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    status.write_text(
        f"Package: asterisk-config\nVersion: 1:1.0-1\n\nPackage: asterisk\nVersion: 1:{version}\n"
    )
    return folder


@pytest.mark.parametrize(
    ("text", "version", "accepted"),
    [
        (_DEBIAN, (22, 10, 1), True),
        ("Asterisk 22.10.1", (22, 10, 1), True),
        ("Asterisk 22.10.0", (22, 10, 0), False),
        ("Asterisk 22.9.0", (22, 9, 0), False),
        ("Asterisk 22.11", (22, 11, 0), True),
        ("Asterisk 23.0.0-rc1", (23, 0, 0), True),
        ("Asterisk certified/22.8-cert1", (22, 8, 0), False),
        ("Asterisk GIT-master-abc", None, False),
        ("", None, False),
    ],
)
def test_versions_are_read_as_numbers(
    text: str, version: tuple[int, int, int] | None, accepted: bool
) -> None:
    assert parse_asterisk_version(text) == version
    assert is_new_enough(text) is accepted


def test_the_version_shown_keeps_the_packagers_suffix() -> None:
    assert version_text(_DEBIAN + "\n") == "22.10.1+dfsg+~cs6.17.60671434-1"


def test_path_comes_first(tmp_path: Path) -> None:
    found_at = program(tmp_path / "bin", "asterisk", _DEBIAN)
    program(tmp_path / "bin", "docker", "engine")
    found = find_switch(root_folder(tmp_path / "root", "22.10.1"), path=str(tmp_path / "bin"))
    assert (found.kind, found.program) == (SwitchKind.PATH, str(found_at))


def test_docker_is_taken_only_when_its_engine_answers(tmp_path: Path) -> None:
    rootfs = root_folder(tmp_path / "root", "22.10.1")
    program(tmp_path / "yes", "docker", "engine")
    program(tmp_path / "no", "docker", "Cannot connect", status=1)
    assert find_switch(rootfs, path=str(tmp_path / "yes")).kind is SwitchKind.DOCKER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.geteuid", lambda: 1000)  # the version is then read without chroot
        found = find_switch(rootfs, path=str(tmp_path / "no"))
    assert (found.kind, found.version) == (SwitchKind.ROOTFS, "22.10.1")


def test_an_older_one_is_refused_in_one_sentence(tmp_path: Path) -> None:
    old = program(tmp_path / "bin", "asterisk", "Asterisk 22.9.0")
    with pytest.raises(SwitchUnavailable) as refused:
        find_switch(root_folder(tmp_path / "root", "22.10.1"), path=str(tmp_path / "bin"))
    said = str(refused.value)
    assert said.startswith(f"Asterisk 22.10.1 or later is needed, but {old} is Asterisk 22.9.0:")
    assert "make-rootfs.sh" in said
    assert "\n" not in said


def test_an_older_root_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    rootfs = root_folder(tmp_path / "root", "22.5.2")
    with pytest.raises(SwitchUnavailable, match=r"the root folder .*root is Asterisk 22\.5\.2"):
        find_switch(rootfs, path=str(tmp_path / "empty"))


@pytest.mark.parametrize("given", [True, False])
def test_none_says_where_was_looked_and_what_to_do(tmp_path: Path, given: bool) -> None:
    rootfs = tmp_path / "nothing" if given else None
    with pytest.raises(SwitchUnavailable) as refused:
        find_switch(rootfs, path=str(tmp_path))
    said = str(refused.value)
    for part in ("22.10.1", "not on PATH", "no Docker engine answers", "make-rootfs.sh"):
        assert part in said
    assert (str(rootfs) if given else "no root folder was given") in said


def test_sipp_banners() -> None:
    assert parse_sipp_version("\n SIPp v3.8.0-TLS-SCTP-PCAP.") == (3, 8)
    assert parse_sipp_version("SIPp v3.6.1") == (3, 6)
    assert parse_sipp_version("sipp: not found") is None
