"""One real Asterisk for the session of contract tests; a floor of its own for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from acd.model import QueueId, SkillId, SkillLevel
from plateau.settings import Settings
from plateau.where import switch_config
from store.rows import QueueRow
from switch import lifecycle
from switch.finder import default_rootfs
from switch.model import RunningSwitch
from tests.contract.office import MUSIC_HZ, TONE_MUSIC, OfficeFloor, write_tone
from tests.contract.people import People, hired
from tests.contract.real_floor import OUTSIDE_PORT, RealFloor, harness_site
from tests.contract.team import TeamFloor
from tests.store.postgres import Server
from tests.waiting import until


@pytest.fixture(scope="session")
def base_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        home=tmp_path_factory.mktemp("switch"),
        sip_port=15960,
        tls_port=15961,
        http_port=15988,
        https_port=15989,
        rtp_first=26000,
        rtp_last=27999,
        rootfs=default_rootfs(),
        rtp_timeout_s=10,
        trunk_contact=f"sip:127.0.0.1:{OUTSIDE_PORT}",
    )


@pytest.fixture(scope="session")
def real_switch(base_settings: Settings) -> Iterator[RunningSwitch]:
    config = switch_config(base_settings)
    music = config.instance / "sounds/music" / TONE_MUSIC
    music.mkdir(parents=True)
    write_tone(music / "tone.wav", MUSIC_HZ, 10)
    running = lifecycle.up(config)
    yield running
    lifecycle.down(config)


@pytest.fixture
async def floor(
    base_settings: Settings, real_switch: RunningSwitch, tmp_path: Path
) -> AsyncIterator[RealFloor]:
    """A floor on SQLite with two queues and four agents, started."""
    settings = settings_for(base_settings, real_switch, tmp_path, None)
    async with seeded_floor(settings, tmp_path) as made:
        yield made


@pytest.fixture
async def floor_on_postgresql(
    base_settings: Settings, real_switch: RunningSwitch, tmp_path: Path
) -> AsyncIterator[RealFloor]:
    """The same floor on a PostgreSQL of its own."""
    server = await asyncio.to_thread(Server)
    try:
        url = server.url("postgres")
        settings = settings_for(base_settings, real_switch, tmp_path, url)
        async with seeded_floor(settings, tmp_path) as made:
            yield made
    finally:
        await asyncio.to_thread(server.stop)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_floor(
    base_settings: Settings, real_switch: RunningSwitch, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TeamFloor]:
    """One floor with a whole team for a file of tests, started."""
    folder = tmp_path_factory.mktemp("team")
    settings = settings_for(base_settings, real_switch, folder, None)
    workdir = folder / "sipp"
    workdir.mkdir()
    site = harness_site(settings.effective_rootfs, workdir, settings.sip_port)
    async with TeamFloor(settings, site) as made:
        await made.furnish()
        await made.start()
        await until("the floor's own words are audible", made.can_speak, within_s=30)
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def team(shared_floor: TeamFloor) -> TeamFloor:
    """The shared floor on a clean page; tests that use it run on the loop of their file."""
    await shared_floor.turn_page()
    return shared_floor


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_office(
    base_settings: Settings, real_switch: RunningSwitch, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OfficeFloor]:
    """One floor with its web process for a file of tests, started."""
    folder = tmp_path_factory.mktemp("office")
    settings = settings_for(base_settings, real_switch, folder, None)
    workdir = folder / "sipp"
    workdir.mkdir()
    site = harness_site(settings.effective_rootfs, workdir, settings.sip_port)
    async with OfficeFloor(settings, site) as made:
        await made.furnish()
        await made.start()
        await until("the floor's own words are audible", made.can_speak, within_s=30)
        async with made.web():
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def office(shared_office: OfficeFloor) -> OfficeFloor:
    """The shared office on a clean page, configured as at the beginning."""
    await shared_office.turn_page()
    return shared_office


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(shared_office: OfficeFloor) -> People:
    """Everybody of the office, hired once for a file of tests."""
    return await hired(shared_office)


@pytest_asyncio.fixture(loop_scope="module")
async def people(staff: People, office: OfficeFloor) -> People:
    """The same; the audit log begins with the test."""
    assert staff.office is office
    await staff.turn_page()
    return staff


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure on the shared floor shows what that floor said during the test."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    floor = arguments.get("team") or arguments.get("office")
    if report.when == "call" and report.failed and isinstance(floor, TeamFloor):
        report.sections.append(("floor log of this test", floor.said()))
    return report


def settings_for(
    base: Settings, switch: RunningSwitch, folder: Path, database_url: str | None
) -> Settings:
    """A home of its own on the session's Asterisk."""
    password = folder / "ari-password"
    password.write_text(switch.ari_password)
    home = folder / "home"
    home.mkdir()
    return base.model_copy(
        update={
            "home": home,
            "database_url": database_url,
            "ari_url": switch.ari_url,
            "ari_user": switch.ari_user,
            "ari_password_file": password,
            "recordings": switch.recordings,
            "sounds": switch.sounds,
            "sounds_uri_prefix": switch.sounds_uri_prefix,
        }
    )


@asynccontextmanager
async def seeded_floor(settings: Settings, folder: Path) -> AsyncIterator[RealFloor]:
    """Two queues and four agents; sales rings 3 s, wraps up for 1 s and is recorded."""
    workdir = folder / "sipp"
    workdir.mkdir()
    site = harness_site(settings.effective_rootfs, workdir, settings.sip_port)
    async with RealFloor(settings, site) as made:
        await made.seed(
            {
                "ana": {"sales": 5},
                "bob": {"sales": 3, "support": 5},
                "cleo": {"support": 7, "english": 5},
                "dan": {"sales": 8},
            },
            [
                QueueRow(
                    QueueId("sales"),
                    "Ventes",
                    (SkillLevel(SkillId("sales"), 1),),
                    ring_s=3,
                    wrap_up_s=1,
                ),
                QueueRow(
                    QueueId("support"),
                    "Assistance",
                    (SkillLevel(SkillId("support"), 5),),
                    ring_s=3,
                    recorded=False,
                ),
            ],
        )
        await made.start()
        yield made
