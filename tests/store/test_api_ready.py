"""What a load balancer is told: ready means that a call can be served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from control.protocol import Health, ReadHealth, Trouble, TroubleKind
from tests.api_stand import T0, Stand, running

pytestmark = pytest.mark.store


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as there:
        yield there


async def test_a_floor_that_gets_nothing_done_is_not_ready_and_says_which(
    stand: Stand,
) -> None:
    health = stand.floor._result(ReadHealth())
    assert isinstance(health, Health)
    troubles = (
        Trouble(TroubleKind.STEPS, T0 - 5_000, "Every step fails."),
        Trouble(TroubleKind.STORE, T0 - 9_000, "Nothing reaches SQL: disk I/O error"),
    )
    stand.floor.answers[ReadHealth] = msgspec.structs.replace(
        health, now=T0, troubles=troubles, journal_unkept=2, unkept_since=T0 - 4_000
    )
    answer = await stand.http.get("/health/ready")
    assert answer.status_code == 503
    assert (answer.json()["ready"], answer.json()["wrong"]) == (
        False,
        [{"kind": "steps", "since": T0 - 5_000}, {"kind": "store", "since": T0 - 9_000}],
    )
    # Only who is signed in reads why: it may name files and addresses.
    assert "disk" not in answer.text
    told = (await stand.call("GET", "/floor", "boss")).json()
    assert told["troubles"][1]["detail"] == "Nothing reaches SQL: disk I/O error"
    assert told["unkept_since"] == T0 - 4_000
    metrics = (await stand.http.get("/metrics")).text
    assert "plateau_floor_ready 0.0" in metrics
    assert 'plateau_floor_trouble_seconds{kind="steps"} 5.0' in metrics
    assert 'plateau_floor_trouble_seconds{kind="journal"} 0.0' in metrics
    assert "plateau_floor_journal_unkept_seconds 4.0" in metrics
    stand.floor.answers[ReadHealth] = health
    assert (await stand.http.get("/health/ready")).status_code == 200
    assert "plateau_floor_ready 1.0" in (await stand.http.get("/metrics")).text


async def test_ready_needs_the_switch_and_the_floor(stand: Stand) -> None:
    well = await stand.http.get("/health/ready")
    assert (well.status_code, well.json()["ready"]) == (200, True)

    health = stand.floor._result(ReadHealth())
    assert isinstance(health, Health)
    stand.floor.answers[ReadHealth] = msgspec.structs.replace(health, switch="connecting")
    deaf = await stand.http.get("/health/ready")
    assert deaf.status_code == 503
    here = {"ready": False, "store": "up", "floor": "up", "switch": "connecting", "wrong": []}
    assert deaf.json() == here

    await stand.floor.stop()
    alone = await stand.http.get("/health/ready")
    assert alone.status_code == 503
    away = {"ready": False, "store": "up", "floor": "absent", "switch": None, "wrong": []}
    assert alone.json() == away
    assert (await stand.http.get("/health/live")).status_code == 200
