"""`make demo` as somebody runs it: a process that starts all, plays, counts and ends all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.contract.real_floor import ROOT

pytestmark = pytest.mark.contract

SIP_PORT = 15360
PORTS = {
    "PLATEAU_SIP_PORT": str(SIP_PORT),
    "PLATEAU_TLS_PORT": str(SIP_PORT + 1),
    "PLATEAU_HTTP_PORT": "18388",
    "PLATEAU_HTTPS_PORT": "18389",
    "PLATEAU_API_PORT": "18390",
    "PLATEAU_RTP_FIRST": "28000",
    "PLATEAU_RTP_LAST": "29999",
}


@asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[Process]:
    """The demonstration as a process; asked to end when the test leaves it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo", *arguments,
        cwd=ROOT, env={**os.environ, **PORTS}, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.communicate(), 60)


async def said_until(process: Process, wanted: Callable[[str], bool], within_s: float) -> str:
    """What it printed up to and with the first line that is wanted."""
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(within_s):
        while line := (await process.stdout.readline()).decode():
            lines.append(line)
            if wanted(line):
                return "".join(lines)
    raise AssertionError(f"it ended without the line:\n{''.join(lines)}")


def nobody_listens() -> None:
    """Every port of the demonstration can be had again."""
    for name, port in PORTS.items():
        if "RTP" not in name:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", int(port)))


async def test_ten_seconds_of_traffic_count_the_same_everywhere(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    async with demo("--seconds", "10", "--seed", "7", "--json-file", str(file)) as process:
        output = (await asyncio.wait_for(process.communicate(), 150))[0].decode()
    assert process.returncode == 0, output
    found = json.loads(file.read_text())
    assert found["ok"] is True
    assert found["disagreements"] == []
    assert found["seed"] == 7
    sipp, sql = found["sipp"], found["sql"]
    assert sipp["dialled"] == sql["contacts"] == found["floor"]["received"] >= 4
    assert sql["terminal_records"] == sql["all_contacts"] >= sql["contacts"]
    assert sipp["phones_answered"] == sql["rings_answered"] + 1 >= 2, "a connected line is no ring"
    assert sql["recordings_kept"] == sql["recordings"] >= sql["talks"] >= 2
    assert sipp["customers_called_back"] == sql["callbacks_reached"]
    assert all(one["left_count"] == one["right_count"] for one in found["comparisons"])
    assert sum(queue["answered"] for queue in found["queues"].values()) == sql["talks"]
    assert found["acts"]["disposition"] == sql["dispositions"] >= 2
    assert "Niveau de service" in output
    assert "Qualifications" in output
    nobody_listens()


async def test_ctrl_c_lets_calls_end_and_ends_everything() -> None:
    async with demo("--seed", "3") as process:
        start = await said_until(process, lambda line: line.startswith("0:05 of traffic"), 60)
        assert "superviseur / " in start
        process.send_signal(signal.SIGINT)
        output = (await asyncio.wait_for(process.communicate(), 90))[0].decode()
    assert process.returncode == 0, output
    assert "each with one terminal record" in output
    nobody_listens()


async def test_no_free_port_is_one_sentence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", SIP_PORT))
        async with demo("--seconds", "5") as process:
            output = (await asyncio.wait_for(process.communicate(), 30))[0].decode()
    assert process.returncode == 1
    assert "No free ports" in output
    assert "Traceback" not in output
