"""The images and the compose file, tried as Docker would start them.

One project for the whole file, in the order of an operator's week: a first start, what its services
may do, a call, load testers, a second start, a lost `.env`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.harness import wav_tones
from tests.images import compose, machine
from tests.images.compose import ComposeRefused
from tests.images.containers import Container
from tests.images.floor import AGENT, CALLER, ENV, OFFICE, Floor
from tests.images.rows import sql

pytestmark = pytest.mark.images

CAP_SETUID = 7
STAYS = ("asterisk", "floor", "api", "postgres")


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    made = Floor.make(tmp_path_factory.mktemp("compose"))
    yield made
    made.close()


def test_first_start_is_well_and_shows_one_password(floor: Floor) -> None:
    floor.start()
    (floor.password,) = floor.passwords()
    for name in STAYS:
        floor.project.until_well(name)
    assert floor.password not in "".join(floor.project.said(n) for n in STAYS)
    assert floor.project.said("secrets").count("made ") == 2


@pytest.mark.parametrize("name", ["asterisk", "floor", "api"])
def test_service_runs_as_nobody_of_importance(floor: Floor, name: str) -> None:
    container = floor.project.containers[name]
    status = container.status()
    assert set(status["Uid"].split()) == {"1500"}
    assert [int(status[each], 16) for each in ("CapEff", "CapPrm", "CapInh")] == [0, 0, 0]
    # buildah's own: it becomes the user after the others are dropped. Docker leaves none.
    assert int(status["CapBnd"], 16) in (0, 1 << CAP_SETUID)
    assert status["NoNewPrivs"] == "1"
    assert floor.project.containers["postgres"].status()["Uid"].split()[0] != "0"
    if container.open_files is not None:
        found = re.search(r"Max open files +(\d+) +(\d+)", container.limits())
        assert found is not None
        assert {int(found[1]), int(found[2])} == {container.open_files}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("asterisk", "/usr/share/plateau/etc/pjsip.conf"),
        ("asterisk", "/usr/sbin/asterisk"),
        ("asterisk", "/etc/passwd"),
        ("asterisk", "/run/plateau/ari/ari_password"),
        ("asterisk", "/run/plateau/ari/new"),
        ("floor", "/opt/plateau/bin/plateau"),
        ("floor", "/etc/passwd"),
        ("floor", "/run/plateau/ari/ari_password"),
        ("floor", "/run/plateau/db/postgres_password"),
        ("api", "/opt/plateau/bin/plateau"),
        ("api", "/srv/plateau/spool/recording/new"),
        ("api", "/run/plateau/db/new"),
    ],
)
def test_service_cannot_write_where_it_should_not(floor: Floor, name: str, path: str) -> None:
    done = floor.project.containers[name].execute("sh", "-c", f"echo x >>{path}")
    assert done.returncode != 0
    assert re.search("Permission denied|Read-only file system", done.stderr), done.stderr


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("asterisk", "/run/plateau/db/postgres_password"),
        ("api", "/run/plateau/ari/ari_password"),
        ("postgres", "/run/plateau/ari/ari_password"),
        ("floor", "/var/lib/postgresql/data"),
        ("asterisk", "/var/lib/plateau/token-key"),
    ],
)
def test_service_does_not_see_what_is_not_its_own(floor: Floor, name: str, path: str) -> None:
    assert floor.project.containers[name].execute("test", "-e", path).returncode == 1


@pytest.mark.parametrize("name", ["asterisk", "floor"])
def test_nothing_of_the_machine_that_built_it_is_in_an_image(floor: Floor, name: str) -> None:
    files = f"/etc/pip.conf /etc/apt/apt.conf.d/99machine {machine.REACH}/*"
    looked = f"cat {files} 2>/dev/null; find / -xdev -name .env -o -name .git"
    done = floor.project.containers[name].execute("sh", "-c", looked)
    assert done.stdout == ""


def open_ports(container: Container, address: str, *ports: int) -> list[int]:
    """Which TCP ports take a connection from inside a container's network."""
    script = (
        "import socket, sys\n"
        "for port in sys.argv[2:]:\n"
        "    try: socket.create_connection((sys.argv[1], int(port)), 2).close(); print(port)\n"
        "    except OSError: pass\n"
    )
    done = container.execute("python", "-c", script, address, *map(str, ports))
    return [int(port) for port in done.stdout.split()]


def test_ari_and_sql_are_reached_on_the_inner_network_alone(floor: Floor) -> None:
    at = floor.ground.addresses
    api = floor.project.containers["api"]
    assert open_ports(api, at["postgres"]["control"], 5432) == [5432]
    assert open_ports(api, at["asterisk"]["control"], 8088) == [8088]
    assert open_ports(api, at["asterisk"]["telephony"], 5060, 8088) == []
    with socket.socket() as outside:
        outside.settimeout(2)
        outside.bind((OFFICE, 0))
        assert outside.connect_ex((at["asterisk"]["telephony"], 8088)) != 0
    published = {
        (name, port.target) for name, one in floor.compose.services.items() for port in one.ports
    }
    assert {name for name, _ in published} == {"asterisk", "api"}
    assert ("asterisk", 8088) not in published


async def test_one_call_is_talked_told_kept_and_recorded(floor: Floor) -> None:
    await floor.furnish()
    call = await floor.takes_a_call()
    assert (call["outcome"], call["ended_by"]) == ("answered", "caller")
    kept = sql(floor, f"SELECT outcome, ended_by FROM contact WHERE id = '{call['id']}'")
    assert kept == ["answered|caller"]
    async with floor.administrator() as chief:
        recordings = (await chief.read(f"/calls/{call['id']}"))["recordings"]
        audio = await chief.rest("GET", f"/recordings/{recordings[0]['id']}/audio")
    files = list((floor.project.volume("spool") / "recording").rglob("*.wav"))
    assert [file.read_bytes() for file in files] == [audio.content]
    assert {heard.hz for heard in wav_tones(files[0])} >= {AGENT, CALLER}
    assert {(file.stat().st_uid, file.stat().st_mode & 0o007) for file in files} == {(1500, 0)}


async def test_load_testers_call_as_the_compose_file_says(floor: Floor) -> None:
    said = re.search(
        r"run --rm sipp (.*)$", (compose.ROOT / compose.FILE).read_text(), re.MULTILINE
    )
    assert said is not None
    sipp = floor.project.made("sipp")
    sipp.start(*said[1].split(), "-nostdin")
    assert sipp.wait(60) == 0, sipp.said()
    assert sql(floor, "SELECT count(*) FROM contact") == ["11"]
    floor.project.stop("sipp")


async def test_second_start_keeps_everything_and_shows_no_password(floor: Floor) -> None:
    before = sql(floor, "SELECT id, outcome FROM contact ORDER BY id")
    secrets = {
        path: path.read_bytes()
        for volume in ("secrets-ari", "secrets-db")
        for path in floor.project.volume(volume).iterdir()
    }
    certificate = (floor.project.volume("asterisk-var") / "tls/plateau.crt").read_bytes()
    floor.project.stop()
    floor.start()
    assert floor.passwords() == []
    assert {path: path.read_bytes() for path in secrets} == secrets
    assert (floor.project.volume("asterisk-var") / "tls/plateau.crt").read_bytes() == certificate
    assert sql(floor, "SELECT id, outcome FROM contact ORDER BY id") == before
    call = await floor.takes_a_call()
    assert call["outcome"] == "answered"


@pytest.mark.parametrize("kept", [None, "", *ENV.splitlines()[:2]])
def test_without_its_env_compose_names_the_setting_and_starts_nothing(
    tmp_path: Path, kept: str | None
) -> None:
    folder = compose.project(tmp_path / "plateau", kept)
    with pytest.raises(ComposeRefused, match=r"write PLATEAU_\w+ into the file \.env, see README"):
        compose.read(folder)
