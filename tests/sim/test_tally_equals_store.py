"""Figures agree, whatever happened: the page's with SQL's, and every report with itself.

Histories of the engine, all features on; SQL is told them in any order.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.counting.tally import Tally
from acd.facts import ContactArrived
from acd.model import CallKind
from kpi.rows import Sums
from store.engine import open_store
from store.reporting import By, ReportQuery, report
from store.restart import counts_since
from store.schema import migrate
from store.writer import write_facts
from tests.sim.random_steps import KINDS, RandomSteps
from tests.sim.small_floor import START_MS

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


class _Unchecked(RandomSteps):
    """A world whose engine is judged elsewhere (test_engine_histories)."""

    def check(self) -> None:
        """Only what is told matters here."""


def _history(seed: int) -> RandomSteps:
    world, rng = _Unchecked(seed), random.Random(seed)
    for _ in range(400):
        world.act(rng.randrange(KINDS * 60))
        if rng.random() < 0.01:
            world.pass_time(4 * 3_600_000)  # the day turns now and then
    return world


@asynccontextmanager
async def _told(world: RandomSteps, seed: int, folder: Path) -> AsyncIterator[AsyncEngine]:
    """SQL with all facts of a history, told in any order."""
    facts = list(world.facts)
    random.Random(seed).shuffle(facts)
    engine = open_store(f"sqlite:///{folder}/store.db")
    try:
        for start in range(0, len(facts), 300):
            async with engine.begin() as conn:
                await write_facts(conn, facts[start : start + 300], world.now_ms)
        yield engine
    finally:
        await engine.dispose()


@pytest.mark.parametrize("seed", range(12))
async def test_counts_as_they_happen_are_the_stores(
    seed: int, template: Path, tmp_path: Path
) -> None:
    shutil.copy(template, tmp_path / "store.db")
    world = _history(seed)
    tally = Tally(ZONE, START_MS)
    for fact in world.facts:
        tally.count(fact)
    async with _told(world, seed, tmp_path) as engine, engine.connect() as conn:
        stored = await counts_since(conn, tally.counted_from)
    assert {q: c for q, c in tally.queues.items() if c.offered} == stored


def _everyone(sums: Sums) -> tuple[int, int]:
    """Contacts and visits, counted by how each ended."""
    contacts = (
        sums.handled + sums.abandoned + sums.overflow + sums.callback + sums.voicemail
        + sums.out_of_hours + sums.self_service + sums.flow_hang_up + sums.rejected + sums.failed
        + sums.in_progress
    )  # fmt: skip
    visits = (
        sums.answered + sums.queue_abandoned + sums.queue_overflow + sums.queue_callback
        + sums.queue_voicemail + sums.queue_moved + sums.queue_closed + sums.queue_error
        + sums.waiting
    )  # fmt: skip
    return contacts, visits


@pytest.mark.parametrize("seed", range(6))
async def test_every_report_adds_up(seed: int, template: Path, tmp_path: Path) -> None:
    shutil.copy(template, tmp_path / "store.db")
    world = _history(seed)
    span = (START_MS - 86_400_000, world.now_ms + 1, world.now_ms)
    async with _told(world, seed, tmp_path) as engine, engine.connect() as conn:
        (total,) = await report(conn, ReportQuery(*span))
        queues = await report(conn, ReportQuery(*span, by=By.QUEUE))
        agents = await report(conn, ReportQuery(*span, by=By.AGENT))
    arrived = [fact for fact in world.facts if isinstance(fact, ContactArrived)]
    callers = [fact for fact in arrived if fact.kind is CallKind.INBOUND]
    assert total.sums.received == len(callers) > 0
    for row in (total, *queues):
        assert _everyone(row.sums) == (row.sums.received, row.sums.offered)
    assert total.sums.offered == sum(row.sums.offered for row in queues)
    assert total.sums.answered == sum(row.sums.answered for row in agents)
    assert total.sums.talk_ms == sum(row.sums.talk_ms for row in queues)
    booked = [fact for fact in arrived if fact.kind is CallKind.CALLBACK]
    assert total.sums.callbacks_requested == len(booked)
    left = [fact for fact in arrived if fact.kind is CallKind.VOICEMAIL]
    assert total.sums.messages_left == len(left)
    for row in (total, *queues, *agents):
        for key, value in row.kpis().items():
            if key.endswith(("_rate", "_share", "coverage", "occupancy")) and value is not None:
                assert 0 <= value <= 1, (row.scope, key)
