"""What the web process refuses at its door, and what becomes of faults: always problem details."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
import websockets

from store import queries
from tests.api_stand import Stand, running
from tests.waiting import until

pytestmark = pytest.mark.store

PROBLEM = "application/problem+json"


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        yield made


async def test_a_misspelt_parameter_changes_nothing(stand: Stand) -> None:
    refused = await stand.call("DELETE", "/agents/1002?dryrun=true")
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {
            "parameter": "dryrun",
            "message": "There is no parameter 'dryrun' here; did you mean 'dry_run'?",
        }
    ]
    assert (await stand.call("GET", "/agents/1002")).status_code == 200
    tried = await stand.call("DELETE", "/agents/1002?dry_run=true&comment=x")
    assert (tried.status_code, tried.json()["dry_run"]) == (200, True)
    for path in ("/audit?acter=x", "/calls?limit=5&queu=support", "/me?x=1"):
        assert (await stand.call("GET", path)).status_code == 422, path
    assert (
        await stand.call("GET", "/kpi/queues?since=1800000000000&until=1800000000009&zone=UTC")
    ).is_success
    assert (await stand.http.get("/?v=3")).status_code == 200


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


FORGED = [cursor(f"{2**63} x"), cursor("-1 x"), cursor(f"{10**40} x"), cursor("5 \0"), "§", "x"]


@pytest.mark.parametrize("path", ["calls", "recordings", "callbacks", "recall-list", "voicemails"])
async def test_forged_cursors_are_refused(stand: Stand, path: str) -> None:
    for forged in FORGED:
        answer = await stand.call("GET", f"/{path}", params={"cursor": forged})
        assert answer.status_code == 422, (forged, answer.text)
        assert answer.json()["errors"][0]["parameter"] == "cursor"


async def test_numbers_beyond_what_sql_holds_are_refused(stand: Stand) -> None:
    large = 2**63
    for method, path in (
        ("GET", f"/config/versions/{large}"),
        ("GET", f"/config/versions/1/diff/{large}"),
        ("POST", f"/config/versions/{large}/restore"),
        ("GET", f"/config/versions?cursor={large}"),
        ("GET", f"/audit?cursor={large}"),
        ("GET", f"/flows/x/versions/{large}"),
        ("GET", f"/flows/x/versions/{2**31}"),
    ):
        answer = await stand.call(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), path


async def test_control_characters_in_an_address_are_refused(stand: Stand) -> None:
    for path in ("/queues/a%00b", "/calls?number=%00", "/calls/%1f", "/kpi/queues?queue=%7F"):
        answer = await stand.call("GET", path)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), path
        assert answer.headers["x-content-type-options"] == "nosniff"
    form = {"username": "a\0b", "password": "x"}
    assert (await stand.http.post("/api/v1/token", data=form)).status_code == 401


async def test_a_zone_that_is_a_folder_is_no_zone(stand: Stand) -> None:
    answer = await stand.call("GET", "/kpi/queues?since=0&until=1800000000009&zone=Europe")
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)


async def test_a_fault_of_ours_is_a_problem_too(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(queries, "list_calls", broken)
    answer = await stand.call("GET", "/calls")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert answer.json()["type"] == "urn:plateau:problem:fault"
    assert "planted" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_large_floor_goes_out_and_comes_in_again(stand: Stand) -> None:
    skills = {f"skill-{n}": {"name": f"Skill {n}"} for n in range(12)}
    queues = {f"queue-{n}": {"name": f"Queue {n}"} for n in range(8)}
    agents = {
        f"a{n}": {
            "name": f"Agent {n}",
            "skills": [{"skill": key, "level": 5} for key in skills],
            "queues": [{"queue": key, "priority": 1} for key in queues],
        }
        for n in range(500)
    }
    agents |= {id_: {"name": f"Agent {id_}"} for id_ in ("1001", "1002")}
    whole = {"skills": skills, "queues": queues, "agents": agents}
    text = msgspec.json.format(msgspec.json.encode(whole), indent=4)
    assert len(text) > stand.settings.max_body_bytes
    headers = {"Content-Type": "application/json"}
    dry = await stand.call("PUT", "/config?dry_run=true", content=text, headers=headers)
    assert dry.status_code == 200, dry.text[:300]
    other = await stand.call("POST", "/flows/check", content=text, headers=headers)
    assert other.status_code == 413


async def test_a_key_that_stands_twice_in_json_is_refused(stand: Stand) -> None:
    text = '{"skills": {"x": {"name": "X"}, "x": {"name": "Y"}}}'
    headers = {"Content-Type": "application/json"}
    answer = await stand.call("PUT", "/config", content=text, headers=headers)
    assert answer.status_code == 422
    said = "Line 1, column 33: “x” stands twice here; first on line 1"
    assert answer.json()["detail"] == said


async def test_whoever_comes_back_by_a_restore_has_no_pin_and_it_is_said(stand: Stand) -> None:
    body = {"id": "2001", "name": "Zoé", "pin": "4711"}
    made = await stand.call("POST", "/agents", json=body)
    await stand.call("DELETE", "/agents/2001")
    back = await stand.call("POST", f"/config/versions/{made.json()['version']}/restore")
    assert back.status_code == 200, back.text
    assert any("PIN" in said and "2001" in said for said in back.json()["warnings"])
    again = await stand.call("POST", f"/config/versions/{made.json()['version']}/restore")
    assert again.json()["warnings"] == []


async def test_a_principal_that_runs_wild_is_slowed_and_others_are_not(tmp_path: Path) -> None:
    async with running(tmp_path, requests_per_s=0.1, requests_burst=3) as stand:
        answers = [await stand.call("GET", "/me", "boss") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["content-type"] == PROBLEM
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
        assert (await stand.call("GET", "/me", "admin")).status_code == 200


async def test_streams_are_bounded_and_beat(tmp_path: Path) -> None:
    async with running(tmp_path, streams_each=1, stream_beat_s=0.05) as stand:
        url = stand.url.replace("http", "ws") + "/api/v1/live/stream"
        headers = await stand.sign_in("boss")
        async with websockets.connect(url, additional_headers=headers) as socket:
            kinds = [json.loads(await asyncio.wait_for(socket.recv(), 5)) for _ in range(4)]
            assert [kind["type"] for kind in kinds] == ["snapshot", "beat", "beat", "beat"]
            assert kinds[-1]["at"] >= kinds[1]["at"]
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(url, additional_headers=headers)
            assert refused.value.response.status_code == 429

        async def again() -> bool:
            try:
                async with websockets.connect(url, additional_headers=headers):
                    return True
            except websockets.InvalidStatus:
                return False

        await until("the place of a closed stream is given back", again)


async def test_every_operation_with_a_body_says_that_it_may_be_too_large(stand: Stand) -> None:
    paths = (await stand.http.get("/openapi.json")).json()["paths"]
    bodies = [op for path in paths.values() for op in path.values() if "requestBody" in op]
    assert len(bodies) > 50
    assert all("413" in operation["responses"] for operation in bodies)
