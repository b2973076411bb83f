"""Resources over real HTTP and SQLite, with a scripted floor: changes, problems, live, audio."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
import websockets

from acd.events import EndCall, Pause, SignIn
from acd.model import AgentState
from control.client import FloorAbsent, FloorClient
from control.protocol import Live, LiveChange, ReadHealth, Refused, Reload
from store import tables as t
from store.engine import open_store
from tests.api_stand import T0, Stand, agent_view, queue_view, running
from tests.waiting import until

pytestmark = pytest.mark.store

FLOW = """\
flow: welcome
name: Accueil
language: fr
start: line
nodes:
  line:
    kind: queue
    queue: support
"""


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        yield made


async def test_a_new_agent_gets_a_sip_account_once_the_floor_has_it(stand: Stand) -> None:
    body = {"id": "2001", "name": "Zoé", "skills": []}
    made = await stand.call("POST", "/agents", json=body)
    assert made.status_code == 201, made.text
    sip = made.json()["sip"]
    assert (sip["user"], sip["realm"], sip["transports"]) == (
        "agent-2001",
        "plateau",
        ["udp", "tcp"],
    )
    assert made.json()["warnings"] == []
    assert any(isinstance(wish, Reload) for wish in stand.floor.asked)
    engine = open_store(stand.settings.store_url)
    async with engine.connect() as conn:
        kept = await conn.scalar(
            t.agent.select().with_only_columns(t.agent.c.phone_digest).where(t.agent.c.id == "2001")
        )
    await engine.dispose()
    text = f"agent-2001:plateau:{sip['secret']}"
    assert kept == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    assert sip["secret"] not in (await stand.call("GET", "/agents")).text
    again = await stand.call("POST", "/agents/2001/sip-secret")
    assert again.json()["sip"]["secret"] != sip["secret"]


async def test_without_the_floor_changes_are_saved_with_a_warning(stand: Stand) -> None:
    await stand.floor.stop()
    made = await stand.call("POST", "/skills", json={"id": "fr", "name": "Français"})
    assert made.status_code == 201
    assert "not running" in made.json()["warnings"][0]
    acted = await stand.call("POST", "/agents/1001/ready", "1001")
    assert acted.status_code == 503
    assert acted.json()["type"].endswith("floor-absent")
    ready = (await stand.http.get("/health/ready")).json()
    assert (ready["store"], ready["floor"]) == ("up", "absent")
    assert "plateau_floor_up 0.0" in (await stand.http.get("/metrics")).text


async def test_a_silent_floor_is_not_waited_for_without_end(stand: Stand) -> None:
    stand.floor.silent.add(SignIn)
    answer = await stand.call("POST", "/agents/1001/sign-in", "1001")
    assert answer.status_code == 503
    assert "may have been carried out" in answer.json()["detail"]


async def test_agents_act_on_themselves_only(stand: Stand) -> None:
    paused = await stand.call("POST", "/agents/1001/pause", "1001", json={"reason": "déjeuner"})
    assert paused.status_code == 200, paused.text
    assert Pause(agent_id="1001", reason="déjeuner") in stand.floor.asked  # type: ignore[arg-type]
    assert (await stand.call("POST", "/agents/1002/pause", "1001")).status_code == 403
    assert (await stand.call("POST", "/agents/1002/pause", "boss")).status_code == 200
    stand.floor.answers[SignIn] = Refused("no-phone", 409, "The phone is not registered.")
    refused = await stand.call("POST", "/agents/1001/sign-in", "1001")
    assert (refused.status_code, refused.json()["detail"]) == (409, "The phone is not registered.")


async def test_queues_flows_and_numbers_hang_together(stand: Stand) -> None:
    queue = {"id": "support", "name": "Support", "ring_s": 15}
    assert (await stand.call("POST", "/queues", json=queue)).status_code == 201
    yaml = {"content-type": "application/yaml"}
    made = await stand.call("POST", "/flows", content=FLOW, headers=yaml)
    assert made.status_code == 201, made.text
    number = {"dnis": "33170000001", "flow": "welcome"}
    assert (await stand.call("POST", "/numbers", json=number)).status_code == 201
    assert (await stand.call("PUT", "/flows/welcome", content=FLOW, headers=yaml)).json()[
        "latest"
    ] == 2
    assert len((await stand.call("GET", "/flows/welcome/versions")).json()["items"]) == 2
    in_use = await stand.call("DELETE", "/queues/support")
    assert in_use.status_code == 409
    assert "flow welcome" in in_use.json()["detail"]
    assert (await stand.call("DELETE", "/flows/welcome")).status_code == 409
    for path in ("/numbers/33170000001", "/flows/welcome", "/queues/support"):
        assert (await stand.call("DELETE", path)).status_code == 200
        assert (await stand.call("GET", path)).status_code == 404


async def test_a_faulty_flow_names_line_and_column(stand: Stand) -> None:
    yaml = {"content-type": "application/yaml"}
    answer = await stand.call("POST", "/flows", content=FLOW, headers=yaml)
    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert fault["line"] == 8
    assert "support" in fault["message"]
    checked = await stand.call("POST", "/flows/check", content=FLOW, headers=yaml)
    assert checked.json()["usable"] is False


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointer"),
    [
        ("POST", "/queues", {"id": "a b", "name": "x"}, 422, "/id"),
        ("POST", "/queues", {"id": "a", "name": "x", "rings": 3}, 422, "/rings"),
        ("POST", "/queues", {"id": "a", "name": "x\u0007"}, 422, "/name"),
        ("POST", "/queues", {"id": "a", "name": "x", "required": [{"skill": "no", "level": 5}]}, 422, "/required/0/skill"),  # noqa: E501
        ("POST", "/queues", {"id": "a", "name": "x", "required": [{"skill": "s", "level": 11}]}, 422, "/required/0/level"),  # noqa: E501
        ("POST", "/numbers", {"dnis": "1", "flow": "none"}, 422, "/flow"),
        ("POST", "/agents", {"id": "1001", "name": "again"}, 409, "/id"),
        ("PUT", "/queues/none", {"name": "x"}, 404, None),
        ("GET", "/agents/none", None, 404, None),
        ("GET", "/calls/none", None, 404, None),
        ("GET", "/calls?limit=100000", None, 422, None),
        ("GET", "/calls?cursor=%21", None, 422, None),
        ("GET", "/calls?queue=none", None, 404, None),
        ("GET", "/kpi/queues?since=1800000000005&until=1800000000005", None, 422, None),
        ("GET", "/kpi/queues?since=0&until=1800000000009&zone=Mars/One", None, 422, None),
        ("GET", "/nothing", None, 404, None),
        ("PATCH", "/queues", {}, 405, None),
    ],
)  # fmt: skip
async def test_bad_requests_are_problems(
    stand: Stand, method: str, path: str, body: object, status: int, pointer: str | None
) -> None:
    answer = await stand.call(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    if pointer is not None:
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


async def test_large_bodies_are_refused(stand: Stand) -> None:
    big = b"#" * (stand.settings.max_body_bytes + 1)

    async def chunks() -> AsyncIterator[bytes]:
        yield big

    yaml = {"content-type": "application/yaml"}
    for content in (big, chunks()):
        answer = await stand.call("POST", "/flows/check", content=content, headers=yaml)
        assert answer.status_code == 413


async def put_call(stand: Stand, agent: str = "1001") -> None:
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        for id_, at in (("c1", T0), ("c2", T0 + 1000)):
            await conn.execute(
                t.contact.insert().values(
                    id=id_,
                    arrived_at=at,
                    dnis="33170000001",
                    number="0612345678",
                    name="<script>alert(1)</script>",
                    outcome="answered",
                    ended_at=at + 60_000,
                )
            )
        await conn.execute(
            t.segment.insert().values(
                id="s1", contact_id="c1", agent_id=agent, kind="talk", started_at=T0
            )
        )
        candidates = [
            {"agent_id": "1001", "verdict": "chosen", "idle_ms": 5000},
            {"agent_id": "1002", "verdict": "below:fr:2<5", "idle_ms": None},
        ]
        await conn.execute(
            t.routing_decision.insert().values(
                subject="c1",
                seq=4,
                contact_id="c1",
                visit_id="v",
                queue_id="support",
                trigger="arrival",
                agent_id="1001",
                decided_at=T0,
                signed_in=2,
                waiting_ahead=0,
                candidates=json.dumps(candidates),
            )
        )
        kept = {"path": "aa/r1.wav", "kept_at": T0, "size_bytes": 10, "duration_ms": 1}
        kept["fault"] = "disk full"
        for id_, more in (
            ("r1", kept),
            ("r2", {"lost_at": T0, "lost_reason": "empty"}),
            ("r3", {}),
            ("r4", kept | {"path": "../plateau.db"}),
        ):
            await conn.execute(
                t.recording.insert().values(
                    id=id_, contact_id="c1", agent_id=agent, started_at=T0, **more
                )
            )
    await engine.dispose()
    (stand.settings.recordings / "aa").mkdir()
    (stand.settings.recordings / "aa" / "r1.wav").write_bytes(b"0123456789")


async def test_calls_pages_and_reasons(stand: Stand) -> None:
    await put_call(stand)
    page = (await stand.call("GET", "/calls?limit=1", "boss")).json()
    assert [call["id"] for call in page["items"]] == ["c2"]
    rest = (await stand.call("GET", f"/calls?limit=1&cursor={page['next']}", "boss")).json()
    assert ([call["id"] for call in rest["items"]], rest["next"]) == (["c1"], None)
    english = (await stand.call("GET", "/calls/c1/routing?lang=en", "1001")).json()["items"]
    assert english[0]["candidates"][1]["sentence"] == "Agent 1002 has level 2 in fr, 5 is needed."
    french = await stand.call("GET", "/calls/c1/routing", headers={"accept-language": "fr-FR"})
    assert "il faut 5" in french.json()["items"][0]["candidates"][1]["sentence"]
    assert (await stand.call("GET", "/calls/c2", "1001")).status_code == 404  # not this agent's
    assert (await stand.call("GET", "/calls/c1", "1001")).status_code == 200
    ended = await stand.call("POST", "/calls/c1/hang-up", "boss")
    assert ended.status_code == 200
    assert EndCall(call_id="c1", by="user:boss") in stand.floor.asked  # type: ignore[arg-type]


async def test_audio_by_ranges_and_its_problems(stand: Stand) -> None:
    await put_call(stand, "1002")
    listed = (await stand.call("GET", "/recordings", "boss")).json()["items"]
    assert {each["id"]: each["fault"] for each in listed if each["id"] in ("r1", "r2")} == {
        "r1": "disk full",
        "r2": None,
    }
    whole = await stand.call("GET", "/recordings/r1/audio", "boss")
    assert (whole.content, whole.headers["content-type"]) == (b"0123456789", "audio/wav")
    part = await stand.call("GET", "/recordings/r1/audio", "boss", headers={"range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    expected = {"r2": 410, "r3": 409, "r4": 410, "r9": 404}
    for id_, status in expected.items():
        assert (await stand.call("GET", f"/recordings/{id_}/audio", "boss")).status_code == status
    assert (await stand.call("GET", "/recordings/r1/audio", "1001")).status_code == 404
    assert (await stand.call("GET", "/recordings", "1001")).json()["items"] == []


async def test_kpis_have_definitions_and_nulls(stand: Stand) -> None:
    keys = {
        item["key"]
        for item in (await stand.call("GET", "/kpi/definitions", "1001")).json()["items"]
    }
    answer = await stand.call(
        "GET", f"/kpi/intervals?since={T0}&until={T0 + 3_600_000}&interval=30m"
    )
    rows = answer.json()["items"]
    assert len(rows) >= 2
    assert set(rows[0]["values"]) == keys
    assert rows[0]["values"]["qs"] is None


# ---- live -------------------------------------------------------------------------------------


async def socket_of(stand: Stand, login: str, **headers: str) -> websockets.ClientConnection:
    answer = await stand.call("POST", "/live/ticket", login)
    return await websockets.connect(
        stand.url.replace("http", "ws") + "/api/v1/live/stream",
        subprotocols=["plateau.live", f"ticket.{answer.json()['ticket']}"],  # type: ignore[list-item]
        additional_headers=headers,
    )


def fill_floor(stand: Stand) -> None:
    agents = (agent_view("1001"), agent_view("1002"))
    stand.floor.live = Live(1, T0, agents, (queue_view("support"),), ())


async def follow_again(stand: Stand) -> None:
    await stand.floor.stop()
    fill_floor(stand)
    await stand.floor.start()
    await until("the page follows the floor", lambda: stand.floor.following() == 1)


async def test_stream_gives_a_snapshot_then_changes(stand: Stand) -> None:
    await follow_again(stand)
    async with await socket_of(stand, "boss") as boss, await socket_of(stand, "1001") as agent:
        first = json.loads(await boss.recv())
        assert (first["type"], len(first["agents"])) == ("snapshot", 2)
        assert [view["id"] for view in json.loads(await agent.recv())["agents"]] == ["1001"]
        for waiting in range(1, 30):
            views = (queue_view("support", waiting),)
            stand.floor.push(LiveChange(1 + waiting, T0 + waiting, queues=views))
        stand.floor.push(LiveChange(40, T0 + 40, agents=(agent_view("1002", AgentState.TALKING),)))
        seen: list[dict[str, list[dict[str, int]]]] = []
        while not any(message["agents"] for message in seen):
            seen.append(json.loads(await asyncio.wait_for(boss.recv(), 5)))
        assert len(seen) < 20  # coalesced
        queues = [message for message in seen if message["queues"]]
        assert queues[-1]["queues"][0]["waiting"] == 29
        others = json.loads(await asyncio.wait_for(agent.recv(), 5))
        assert others["agents"] == []
        await stand.floor.stop()
        while (last := json.loads(await asyncio.wait_for(boss.recv(), 5)))["type"] != "snapshot":
            pass
        assert last["floor"] is False


async def test_stream_refuses_other_origins_and_used_tickets(stand: Stand) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await socket_of(stand, "boss", Origin="https://evil.example")
    assert refused.value.response.status_code == 403
    url = stand.url.replace("http", "ws") + "/api/v1/live/stream"
    with pytest.raises(websockets.InvalidStatus) as unknown:
        await websockets.connect(url, subprotocols=["plateau.live", "ticket.x"])  # type: ignore[list-item]
    assert unknown.value.response.status_code == 401


async def test_stream_ends_with_the_token(tmp_path: Path) -> None:
    async with running(tmp_path, access_token_s=2) as stand:
        socket = await socket_of(stand, "boss")
        await asyncio.wait_for(socket.wait_closed(), 10)
        assert socket.close_code == 4401


# ---- the control client ------------------------------------------------------------------------


async def test_client_answers_by_id_and_reconnects(stand: Stand) -> None:
    client = FloorClient(stand.settings.control_socket)
    results = await asyncio.gather(*(client.ask(ReadHealth()) for _ in range(20)))
    assert len({msgspec.json.encode(result) for result in results}) == 1
    await stand.floor.stop()
    with pytest.raises(FloorAbsent, match="not running"):
        await client.ask(ReadHealth())
    await stand.floor.start()
    assert await client.ask(ReadHealth()) == results[0]
    await client.close()


async def test_openapi_is_complete(stand: Stand) -> None:
    described = (await stand.http.get("/openapi.json")).json()
    operations = [op for path in described["paths"].values() for op in path.values()]
    ids = [op["operationId"] for op in operations]
    assert len(ids) == len(set(ids)) > 50
    assert all(op.get("summary") and op.get("tags") for op in operations)
    assert "ProblemDetails" in described["components"]["schemas"]
    assert set(described["components"]["securitySchemes"]) == {
        "OAuth2PasswordBearer",
        "APIKeyHeader",
    }
