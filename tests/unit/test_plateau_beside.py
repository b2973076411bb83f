"""What goes on beside the calls: a full disk and a fault of ours stop nobody, and are heard of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from acd.counting.alerts import Alerts
from acd.shell.service import FloorService
from ari.connection import Snapshot
from plateau import background, floor_process, kept_file
from plateau.background import Background
from plateau.floor_process import FloorProcess
from plateau.settings import Settings
from recording.service import Recorder

pytestmark = pytest.mark.unit

# ---- files -------------------------------------------------------------------------------------


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "switch-startup"
    assert kept_file.kept(path) is None
    assert kept_file.keep(path, b"monday")
    assert kept_file.keep(path, b"tuesday")
    assert kept_file.kept(path) == b"tuesday"
    assert [each.name for each in tmp_path.iterdir()] == ["switch-startup"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "switch-startup"
    kept_file.keep(path, b"monday")
    (tmp_path / "switch-startup.part").mkdir()
    assert not kept_file.keep(path, b"tuesday")
    assert kept_file.kept(path) == b"monday"


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "switch-startup"
    path.touch()
    assert kept_file.kept(path) is None


class Told:
    """What a synchronisation asks of the floor's other parts."""

    def __init__(self) -> None:
        self.startup_time: str | None = None
        self.synchronised: list[str | None] = []

    def synchronise(self, snapshot: Snapshot, app: str, taken_at: int) -> None:
        self.synchronised.append(self.startup_time)

    def messages_running(self, since: int) -> list[str]:
        return []


def process(home: Path) -> tuple[FloorProcess, Told]:
    floor, told = FloorProcess(Settings(home=home)), Told()
    floor._service = cast(FloorService, told)
    floor._recorder = cast(Recorder, told)
    return floor, told


def snapshot(startup_time: str) -> Snapshot:
    return cast(Snapshot, SimpleNamespace(version="22", startup_time=startup_time))


async def test_a_full_disk_does_not_make_the_floor_deaf(tmp_path: Path) -> None:
    floor, told = process(tmp_path)
    (tmp_path / "switch-startup.part").mkdir()
    await floor._on_sync(snapshot("monday"))
    assert told.synchronised == [None]
    assert floor._synced
    await floor._background.close()


async def test_the_next_start_knows_when_the_switch_had_started(tmp_path: Path) -> None:
    first, _ = process(tmp_path)
    await first._on_sync(snapshot("monday"))
    second, told = process(tmp_path)
    await second._on_sync(snapshot("tuesday"))
    assert told.synchronised == ["monday"]
    (tmp_path / "switch-startup").write_text("")
    third, told = process(tmp_path)
    await third._on_sync(snapshot("tuesday"))
    assert told.synchronised == [None]
    for floor in (first, second, third):
        await floor._background.close()


# ---- tasks -------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "AGAIN_S", 0)


async def test_work_that_failed_is_begun_anew_and_counted() -> None:
    beside, begun = Background(), 0
    enough = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 3:
            enough.set()
        raise ZeroDivisionError("a fault of ours")

    beside.keep_up("work", work)
    async with asyncio.timeout(5):
        await enough.wait()
    await beside.close()
    assert begun == 3
    assert beside.faults == 3


async def test_work_done_once_is_not_begun_anew_and_its_fault_counts() -> None:
    beside, begun = Background(), 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        raise ZeroDivisionError("a fault of ours")

    await beside.once("work", work)
    assert (begun, beside.faults) == (1, 1)
    await beside.close()


async def test_closing_stops_what_runs_and_what_has_not_begun() -> None:
    beside, ended = Background(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    beside.keep_up("work", work)
    await asyncio.sleep(0)
    late = beside.once("late", work)
    await beside.close()
    assert ended.is_set()
    assert late.cancelled()
    assert beside.faults == 0


async def test_thresholds_are_watched_again_after_a_fault_in_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(floor_process, "ALERTS_EVERY_S", 0)
    floor, looked = FloorProcess(Settings(home=tmp_path)), asyncio.Event()

    class Broken:
        looks = 0

        def look(self, *_: object) -> list[object]:
            self.looks += 1
            if self.looks == 1:
                raise ZeroDivisionError("a fault of ours")
            looked.set()
            return []

    config = SimpleNamespace(config=SimpleNamespace(alerts={}))
    engine = SimpleNamespace(engine=SimpleNamespace(floor=config))
    floor._service = cast(FloorService, engine)
    floor._alerts = cast(Alerts, Broken())
    floor._background.keep_up("thresholds", floor._watch_thresholds)
    async with asyncio.timeout(5):
        await looked.wait()
    assert floor._background.faults == 1
    await floor._background.close()
