"""What was learnt about waits survives a restart; a damaged file costs only the learning."""

from __future__ import annotations

from pathlib import Path

import pytest

from acd.model import AgentId, QueueId
from acd.routing.forecast import Forecast
from plateau import forecast_file

pytestmark = pytest.mark.unit

ANA, SALES = AgentId("ana"), QueueId("sales")


def learnt() -> Forecast:
    forecast = Forecast()
    forecast.staffed(ANA, (SALES,))
    for _ in range(10):
        forecast.served(ANA, SALES, 5_000, 100_000)
    return forecast


def test_what_was_learnt_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "forecast.json"
    before = learnt()
    forecast_file.save(path, before.snapshot())
    after = forecast_file.load(path)
    after.staffed(ANA, (SALES,))
    assert after.predict(SALES, lambda _: 3) == before.predict(SALES, lambda _: 3)
    assert [each.name for each in tmp_path.iterdir()] == ["forecast.json"]


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"floor": 3}', b"\xff"])
def test_without_a_usable_file_it_begins_anew(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "forecast.json"
    if content is not None:
        path.write_bytes(content)
    after = forecast_file.load(path)
    after.staffed(ANA, (SALES,))
    assert after.predict(SALES, lambda _: 3) is None


def test_a_folder_that_is_not_there_stops_nobody(tmp_path: Path) -> None:
    forecast_file.save(tmp_path / "gone" / "forecast.json", learnt().snapshot())
    assert not (tmp_path / "gone").exists()
