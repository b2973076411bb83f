"""One real Asterisk for the session of contract tests; a floor of its own for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acd.model import QueueId, SkillId, SkillLevel
from plateau.settings import Settings
from plateau.where import switch_config
from store.rows import QueueRow
from switch import lifecycle
from switch.cli import default_rootfs
from switch.model import RunningSwitch
from tests.contract.real_floor import RealFloor, harness_site
from tests.store.postgres import Server


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
    )


@pytest.fixture(scope="session")
def real_switch(base_settings: Settings) -> Iterator[RunningSwitch]:
    config = switch_config(base_settings)
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
