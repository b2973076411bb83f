"""Today's counts on the page equal SQL's, whatever happened: so a restart changes no figure."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from acd.tally import Tally
from store.engine import open_store
from store.restart import counts_since
from store.schema import migrate
from store.writer import write_facts
from tests.sim.switch_model import START_MS, SwitchModel

pytestmark = pytest.mark.sim

ZONE = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    asyncio.run(_migrated(path))
    return path


async def _migrated(path: Path) -> None:
    engine = open_store(f"sqlite:///{path}")
    await migrate(engine)
    await engine.dispose()


@pytest.mark.parametrize("seed", range(12))
async def test_counts_as_they_happen_are_the_stores(
    seed: int, template: Path, tmp_path: Path
) -> None:
    shutil.copy(template, tmp_path / "store.db")
    world, rng = SwitchModel(seed), random.Random(seed)
    for _ in range(150):
        world.act(rng.randrange(24 * 60))
        if rng.random() < 0.03:
            world.pass_time(4 * 3_600_000)  # the day turns now and then
    tally = Tally(ZONE, START_MS)
    for fact in world.facts:
        tally.count(fact)
    engine = open_store(f"sqlite:///{tmp_path}/store.db")
    try:
        async with engine.begin() as conn:
            await write_facts(conn, world.facts, world.now_ms)
        async with engine.connect() as conn:
            stored = await counts_since(conn, tally.counted_from)
    finally:
        await engine.dispose()
    assert {q: c for q, c in tally.queues.items() if c.offered} == stored
