"""One real Asterisk for the session of contract tests; a floor of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
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
    """A floor with two queues and four agents, not started yet: `await floor.start()`."""
    password = tmp_path / "ari-password"
    password.write_text(real_switch.ari_password)
    home = tmp_path / "home"
    home.mkdir()
    settings = base_settings.model_copy(
        update={
            "home": home,
            "ari_url": real_switch.ari_url,
            "ari_user": real_switch.ari_user,
            "ari_password_file": password,
            "recordings": real_switch.recordings,
            "sounds": real_switch.sounds,
            "sounds_uri_prefix": real_switch.sounds_uri_prefix,
        }
    )
    workdir = tmp_path / "sipp"
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
