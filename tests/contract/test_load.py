"""`plateau load` and `plateau call` where things do not go by plan: stopped, killed, refused.

That they do what they say otherwise is proved by the pages of the documentation that use them.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.contract.installation import Ground, variables

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def plateau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("load")
    made = Ground(folder, variables(folder / "home"))
    try:
        made.run("plateau up", name="up")
        yield made
    finally:
        made.run("plateau down", name="down")


@asynccontextmanager
async def loading(plateau: Ground, *options: str) -> AsyncIterator[Process]:
    """A load as a process; killed if the test leaves it running."""
    process = await asyncio.create_subprocess_exec(
        "plateau", "load", *options, cwd=plateau.folder, env=plateau.environment,
        stdout=PIPE, stderr=PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said(process: Process, words: str) -> None:
    """Wait for a line of its progress."""
    assert process.stderr is not None
    lines: list[str] = []
    async with asyncio.timeout(120):
        while line := (await process.stderr.readline()).decode():
            lines.append(line)
            if words in line:
                return
    raise AssertionError(f"it ended without «{words}»:\n{''.join(lines)}")


def left(plateau: Ground) -> list[str]:
    """What a `load clean` finds, and removes."""
    found = json.loads(plateau.run("plateau load clean --json", name="clean"))
    assert found["stayed"] == []
    return [path.rsplit("/", 1)[1] for path in found["found"]]


def call(plateau: Ground, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["plateau", "call", *options], cwd=plateau.folder, env=plateau.environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


async def test_ctrl_c_ends_the_calls_counts_them_and_removes_everything(plateau: Ground) -> None:
    options = ("--rate", "4", "--seconds", "600", "--agents", "3", "--talk", "300", "--json")
    async with loading(plateau, *options) as process:
        await said(process, "3 with an agent")
        process.send_signal(signal.SIGINT)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    report = json.loads(output)
    # A machine that is busy elsewhere may let SIPp miss the word to stop; that is then said.
    well = not report["failed"] and not report["refused"] and report["agree"]
    assert process.returncode == (0 if well else 3), report
    assert report["left_behind"] == []
    assert report["talks"] == report["floor"]["answered"] >= 3
    assert report["offered"] < report["planned"] / 2
    assert left(plateau) == []


async def test_what_a_killed_load_leaves_is_found_and_removed(plateau: Ground) -> None:
    async with loading(plateau, "--agents", "2", "--seconds", "600") as process:
        await said(process, "Calling")
        process.kill()
        await process.wait()
    found = left(plateau)
    assert len(found) == 6, found  # number, flow, two agents, queue, skill
    assert all(one.startswith("load-") or one.isdigit() for one in found)
    assert left(plateau) == []


async def test_stopped_before_the_first_call_it_says_so(plateau: Ground) -> None:
    async with loading(plateau, "--agents", "100") as process:
        await said(process, "Making agents")
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 130
    assert left(plateau) == []


def test_a_number_that_nobody_has_is_said_with_what_to_do(plateau: Ground) -> None:
    done = call(plateau, "0199")
    assert done.returncode == 3
    assert "404" in done.stdout
    assert "GET /api/v1/numbers" in done.stdout
    told = json.loads(call(plateau, "0199", "--json").stdout)
    assert told["refused"].startswith("404")
    assert told["answered_s"] is None


def test_an_agent_whom_nobody_knows_cannot_be_played(plateau: Ground, tmp_path: Path) -> None:
    done = call(plateau, "0100", "--answer-as", "nobody")
    assert done.returncode == 1
    assert "nobody" in done.stderr
    assert left(plateau) == []
