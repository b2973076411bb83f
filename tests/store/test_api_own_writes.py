"""Who has done something over REST reads it at once, in the live picture and in history."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acd.events import CallArrived, GetReady
from acd.model import ChannelId
from control.protocol import Done, Kept
from tests.api_stand import Stand, running
from tests.store.floor_in_process import FloorInProcess, floor_of
from tests.waiting import until

pytestmark = pytest.mark.store

ACTS = 200


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Stand, FloorInProcess]]:
    many = {"floor_timeout_s": 20.0, "own_writes_s": 20.0, "requests_burst": 10_000}
    async with running(folder, **many) as stand, floor_of(stand, folder) as floor:
        yield stand, floor


async def agents_now(stand: Stand) -> dict[str, tuple[str, str | None]]:
    found = (await stand.call("GET", "/live/agents")).json()["items"]
    return {agent["id"]: (agent["state"], agent["reason"]) for agent in found}


async def test_two_hundred_random_acts_are_each_read_at_once(tmp_path: Path) -> None:
    rng = random.Random(7)
    booked: list[str] = []
    async with served(tmp_path) as (stand, floor):
        floor.service.post(CallArrived(ChannelId("caller"), "601", "+33612345678"))
        await until("a caller waits", lambda: _waits(stand))
        (waiting,) = (await stand.call("GET", "/live/calls?state=waiting")).json()["items"]
        for agent in ("1001", "1002"):
            await stand.call("POST", f"/agents/{agent}/sign-in", json={"ready": False})
        for number in range(ACTS):
            await _one(rng, stand, waiting["id"], booked, number)
        assert floor.writer.last_error is None
    assert len(booked) > 10


async def _one(
    rng: random.Random, stand: Stand, waiting: str, booked: list[str], number: int
) -> None:
    match rng.choice(("state", "state", "book", "cancel", "note", "priority", "data")):
        case "state":
            agent, state = rng.choice(("1001", "1002")), rng.choice(("paused", "signed_out"))
            reason = f"r{number}" if state == "paused" else None
            body: dict[str, object] = {"state": state, "reason": reason}
            said = await stand.call("POST", f"/agents/{agent}/state", json=body)
            if said.status_code == 409:  # who is signed out cannot be paused
                said = await stand.call("POST", f"/agents/{agent}/sign-in", json={"ready": False})
                state, reason = "paused", None
            assert (said.status_code, said.json()) == (200, {"warnings": []}), said.text
            now = (await agents_now(stand))[agent]
            assert now[0] == state
            assert reason in (None, now[1])
            await _is_audited(stand, f"agent:{agent}")
        case "book":
            phone = f"+336{10_000_000 + number}"
            body = {"queue_id": "sales", "number": phone, "at": "2027-01-20T10:00:00+01:00"}
            made = await stand.call("POST", "/callbacks", json=body)
            assert made.status_code == 201, made.text
            booked.append(made.json()["id"])
            listed = (await stand.call("GET", "/callbacks", params={"number": phone})).json()
            assert [one["id"] for one in listed["items"]] == [booked[-1]]
        case "cancel" if booked:
            gone = rng.choice(booked)
            said = await stand.call("DELETE", f"/callbacks/{gone}")
            read = (await stand.call("GET", f"/callbacks/{gone}")).json()
            assert read["state"] == "cancelled", said.text
        case "note":
            text = f"note {number}"
            assert (
                await stand.call("POST", f"/calls/{waiting}/notes", json={"text": text})
            ).status_code == 200
            told = (await stand.call("GET", f"/calls/{waiting}")).json()
            assert told["notes"][-1]["text"] == text
        case "priority":
            points = {"priority": rng.randrange(-100, 101)}
            await stand.call("POST", f"/calls/{waiting}/priority", json=points)
            (now,) = (await stand.call("GET", "/live/calls?state=waiting")).json()["items"]
            assert now["priority"] == points["priority"]
            await _is_audited(stand, f"call:{waiting}")
        case _:
            data = {"data": {"n": str(number)}}
            await stand.call("PATCH", f"/calls/{waiting}/data", json=data)
            told = (await stand.call("GET", f"/calls/{waiting}")).json()
            assert told["data"]["n"] == str(number)


async def _waits(stand: Stand) -> bool:
    return bool((await stand.call("GET", "/live/calls?state=waiting")).json()["items"])


async def _is_audited(stand: Stand, object_: str) -> None:
    """The newest line is that of what was done last."""
    lines = (await stand.call("GET", "/audit?limit=1")).json()["items"]
    assert lines[0]["object"] == object_


async def test_a_picture_that_lags_is_told_and_holds_nobody_up(tmp_path: Path) -> None:
    async with running(tmp_path, own_writes_s=0.1) as stand:
        assert (await stand.call("GET", "/live", "1001")).is_success
        stand.floor.answers[GetReady] = Done(version=99, kept=Kept("other", 1, 1))
        done = await stand.call("POST", "/agents/1001/ready", "1001")
        assert done.status_code == 200
        assert "does not show it yet" in done.json()["warnings"][0]
        # A journal of which SQL knows nothing cannot be waited for.
        assert (await stand.call("GET", "/calls", "1001")).status_code == 200
