"""What the tests of images and of other systems decide without starting anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import systems
from tests.images import building, compose
from tests.images.compose import ROOT, Build, Mount, Port

pytestmark = pytest.mark.unit


def test_every_system_that_the_readme_names_is_tried() -> None:
    text = (ROOT / "README.md").read_text()
    named = {f"Debian {each}" for each in re.findall(r"Debian (\d+)", text)}
    named |= {f"Ubuntu {each}" for each in re.findall(r"Ubuntu ([\d.]*\d)", text)}
    tried = {title for title, _ in systems.SYSTEMS.values()}
    assert {"Debian 12", "Ubuntu 24.04"} <= named <= tried
    # "Debian 12 or newer" is Debian 13 too.
    assert "Debian 13" in tried


def test_table_tells_passed_failed_and_not_tried() -> None:
    outcomes = [
        systems.Outcome("Debian 12", "3.11.2", passed=2100, seconds=1800.4, log=Path("a.log")),
        systems.Outcome("Debian 13", "3.13.5", passed=10, failed=1, log=Path("b.log")),
        systems.Outcome("Ubuntu 24.04", why="not tried: no keyring", tried=False),
        systems.Outcome("Debian forky", passed=5, why="make check failed"),
    ]
    assert [one.well for one in outcomes] == [True, False, True, False]
    lines = systems.table(outcomes).splitlines()
    assert lines[1].split() == ["Debian", "12", "3.11.2", "2100", "0", "1800", "a.log"]
    assert lines[3].endswith("not tried: no keyring")


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("==== 3 failed, 1951 passed, 2 skipped in 95.10s (0:01:35) ====", {"failed": 3}),
        ("== 10 passed, 1 error in 5.00s ==", {"error": 1}),
        ("===== 7 passed in 0.40s =====", {}),
    ],
)
def test_summary_of_pytest_is_counted(said: str, counted: dict[str, int]) -> None:
    (summary,) = systems.summaries(f"x\n{said}\ny\n")
    assert {k: v for k, v in summary.items() if k != "passed"} == counted
    assert summary["passed"] > 0


@pytest.mark.parametrize(
    ("said", "seconds"), [("5s", 5), ("1m30s", 90), ("500ms", 0.5), ("1h0m0s", 3600)]
)
def test_times_of_compose(said: str, seconds: float) -> None:
    assert compose.seconds(said) == seconds


@pytest.mark.parametrize("said", ["", "5", "5 s", "s5"])
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        compose.seconds(said)


def test_both_spellings_of_compose_mean_the_same() -> None:
    long = {"type": "volume", "source": "spool", "target": "/srv", "read_only": True}
    assert compose.mount("spool:/srv:ro") == compose.mount(long) == Mount("spool", "/srv", False)
    assert compose.mount("spool:/srv:rw").writable
    assert compose.mount("spool:/srv").is_volume
    assert not compose.mount("./load:/scenarios").is_volume
    port = {"mode": "ingress", "host_ip": "127.0.0.1", "target": 8000, "published": "8000"}
    expected = Port("127.0.0.1", 8000, 8000, "tcp")
    assert compose.port("127.0.0.1:8000:8000/tcp") == compose.port(port) == expected


def test_each_image_that_is_not_built_here_can_be_made_of_packages() -> None:
    files = [ROOT / "Dockerfile", ROOT / "asterisk-conf/Dockerfile"]
    named = {base for file in files for base in building.bases(Build(file.parent, file, None))}
    fetched = re.findall(r"^ +image: (postgres:\S+)$", (ROOT / compose.FILE).read_text(), re.M)
    for name in [*named, *fetched]:
        assert building.recipe(name)
    with pytest.raises(building.BuildFailed, match="nobody has said how"):
        building.recipe("alpine:3")


def test_nothing_of_a_working_copy_goes_into_an_image() -> None:
    left_out = set((ROOT / ".dockerignore").read_text().split())
    assert {".git", ".env", ".venv", ".cache", ".plateau", "tests"} <= left_out
