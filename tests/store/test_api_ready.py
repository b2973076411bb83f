"""What a load balancer is told: ready means that a call can be served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from control.protocol import Health, ReadHealth
from tests.api_stand import Stand, running

pytestmark = pytest.mark.store


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as there:
        yield there


async def test_ready_needs_the_switch_and_the_floor(stand: Stand) -> None:
    well = await stand.http.get("/health/ready")
    assert (well.status_code, well.json()["ready"]) == (200, True)

    health = stand.floor._result(ReadHealth())
    assert isinstance(health, Health)
    stand.floor.answers[ReadHealth] = msgspec.structs.replace(health, switch="connecting")
    deaf = await stand.http.get("/health/ready")
    assert deaf.status_code == 503
    assert deaf.json() == {"ready": False, "store": "up", "floor": "up", "switch": "connecting"}

    await stand.floor.stop()
    alone = await stand.http.get("/health/ready")
    assert alone.status_code == 503
    assert alone.json() == {"ready": False, "store": "up", "floor": "absent", "switch": None}
    assert (await stand.http.get("/health/live")).status_code == 200
