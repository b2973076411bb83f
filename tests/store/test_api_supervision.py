"""What supervisors do and see over REST and in the stream; what agents do not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
import websockets
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import events as e
from acd.config import AlertMetric
from acd.model import AgentId, AgentState, CallId, CallState, MonitorMode, PhoneId, QueueId
from control.protocol import AlertView, Live, LiveChange, MonitorView, Refused, Wish
from store import tables as t
from store.engine import open_store
from store.writer import write_facts
from tests.api_stand import T0, Stand, agent_view, call_view, queue_view, running

pytestmark = pytest.mark.store

ONE = AgentId("1001")
BOSS = "user:boss"
CALL = CallId("c1")
ALERT = AlertView(
    "late",
    QueueId("support"),
    T0,
    7.0,
    5.0,
    "critical",
    {"fr": "Trop d’attente"},
    AlertMetric.WAITING,
)


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        yield made


def acts(stand: Stand) -> list[Wish]:
    """What the floor was asked, but for the stream."""
    return [wish for wish in stand.floor.asked if isinstance(wish, e.Request)]


SEAT = PhoneId("seat-1")
ACTS = [
    (
        "POST",
        "/agents/1001/state",
        {"state": "paused", "reason": "training"},
        e.ForceState(ONE, AgentState.PAUSED, BOSS, "training"),
        {"state": "paused", "reason": "training"},
    ),
    (
        "POST",
        "/agents/1001/supervision",
        {"mode": "listen", "phone": "seat-1"},
        e.Supervise(ONE, BOSS, SEAT, MonitorMode.LISTEN),
        {"mode": "listen", "phone": "seat-1"},
    ),
    (
        "POST",
        "/agents/1001/supervision",
        {"mode": "whisper", "phone": "seat-1"},
        e.Supervise(ONE, BOSS, SEAT, MonitorMode.WHISPER),
        {"mode": "whisper", "phone": "seat-1"},
    ),
    (
        "POST",
        "/agents/1001/supervision",
        {"mode": "barge", "phone": "seat-1"},
        e.Supervise(ONE, BOSS, SEAT, MonitorMode.BARGE),
        {"mode": "barge", "phone": "seat-1"},
    ),
    ("POST", "/agents/1001/supervision", {"mode": "take_over"}, e.TakeOver(ONE, BOSS), {}),
    ("DELETE", "/agents/1001/supervision", None, e.StopSupervising(ONE, BOSS), {}),
    (
        "POST",
        "/calls/c1/move",
        {"queue_id": "sales"},
        e.MoveCall(CALL, QueueId("sales"), BOSS),
        {"queue": "sales"},
    ),
    (
        "POST",
        "/calls/c1/priority",
        {"priority": -2},
        e.SetPriority(CALL, -2, BOSS),
        {"priority": -2},
    ),
    ("POST", "/calls/c1/notes", {"text": "VIP"}, e.AddNote(CALL, "VIP"), {}),
    ("PATCH", "/calls/c1/data", {"data": {"a": ""}}, e.SetData(CALL, {"a": ""}), {}),
]


async def audited(stand: Stand) -> list[tuple[str, str, dict[str, object]]]:
    """Action, object and detail of what the supervisor did, oldest first."""
    engine = open_store(stand.settings.store_url)
    query = select(t.audit).where(t.audit.c.actor == BOSS, t.audit.c.action != "sign-in")
    async with engine.connect() as conn:
        rows = (await conn.execute(query.order_by(t.audit.c.id))).all()
    await engine.dispose()
    return [(row.action, row.object, json.loads(row.detail)) for row in rows]


async def test_every_act_reaches_the_floor_and_the_audit_log(stand: Stand) -> None:
    of_agents = ["state", "supervise", "supervise", "supervise", "take-over", "leave"]
    words = [*of_agents, "move", "priority", "note", "data"]
    for said, (method, path, body, wish, detail) in zip(words, ACTS, strict=True):
        refused = await stand.call(method, path, "1001", json=body)
        assert refused.status_code == 403, (path, refused.text)
        answer = await stand.call(method, path, "boss", json=body)
        assert answer.status_code == 200, (path, answer.text)
        assert acts(stand)[-1] == wish
        object_ = "agent:1001" if path.startswith("/agents") else "call:c1"
        assert (await audited(stand))[-1] == (said, object_, detail)
    assert len(acts(stand)) == len(await audited(stand)) == len(ACTS)


async def test_what_the_floor_refuses_is_not_in_the_audit_log(stand: Stand) -> None:
    stand.floor.answers[e.MoveCall] = Refused("not-waiting", 409, "It waits in no queue.")
    answer = await stand.call("POST", "/calls/c1/move", "boss", json={"queue_id": "sales"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "It waits in no queue.")
    log = (await stand.call("GET", "/audit")).json()["items"]
    assert '"move"' not in json.dumps(log)


async def test_an_act_is_done_and_noted_while_sql_cannot_be_written(stand: Stand) -> None:
    """Or a client would be told to ask again for what was done, and its line would be lost."""
    await stand.sign_in("boss")
    store, stand.floor.store = stand.floor.store, None
    assert store is not None
    async with store.connect() as conn:
        await conn.exec_driver_sql("BEGIN IMMEDIATE")
        answer = await stand.call("POST", "/calls/c1/priority", "boss", json={"priority": 5})
    assert (answer.status_code, answer.json()) == (200, {"warnings": []})
    assert acts(stand)[-1] == e.SetPriority(CALL, 5, BOSS)
    lines = [(line.actor, line.action, line.object) for line in stand.floor.lines]
    assert lines == [(BOSS, "priority", "call:c1")]


async def test_lines_that_reach_sql_together_stand_in_the_order_of_the_acts(stand: Stand) -> None:
    store, stand.floor.store = stand.floor.store, None
    assert store is not None
    for n in range(8):
        await stand.call("POST", "/calls/c1/priority", "boss", json={"priority": n})
    async with store.begin() as conn:
        await write_facts(conn, stand.floor.lines, T0)
    said = [detail["priority"] for _, _, detail in await audited(stand)]
    assert said == list(range(8))


FAULTY = [
    ("/agents/1001/state", {"state": "talking"}, 422),
    ("/agents/1001/supervision", {"mode": "spy"}, 422),
    ("/agents/1001/supervision", {"mode": "listen"}, 422),
    ("/agents/none/supervision", {"mode": "take_over"}, 404),
    ("/calls/c1/priority", {"priority": 1000}, 422),
]


async def test_what_cannot_be_meant_is_refused(stand: Stand) -> None:
    for path, body, status in FAULTY:
        answer = await stand.call("POST", path, "boss", json=body)
        assert answer.status_code == status, (path, answer.text)
    assert acts(stand) == []


async def test_a_supervisor_who_is_an_agent_listens_where_they_sit(stand: Stand) -> None:
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await conn.execute(
            update(t.user_account).where(t.user_account.c.id == "boss").values(agent_id="1002")
        )
    await engine.dispose()
    there = msgspec.structs.replace(agent_view("1002", AgentState.PAUSED), phone=PhoneId("seat-7"))
    await stand.floor.show(Live(1, T0, (agent_view("1001"), there), (), ()))
    await stand.call("GET", "/live", "boss")
    answer = await stand.call("POST", "/agents/1001/supervision", "boss", json={})
    assert answer.status_code == 200, answer.text
    assert acts(stand) == [e.Supervise(ONE, BOSS, PhoneId("seat-7"), MonitorMode.LISTEN)]


async def two_teams(engine: AsyncEngine) -> None:
    """1001 in Lille; 1002, who is the supervisor, in Lyon."""
    async with engine.begin() as conn:
        for name in ("lille", "lyon"):
            await conn.execute(insert(t.team).values(id=name, name=name))
        for agent, team in (("1001", "lille"), ("1002", "lyon")):
            await conn.execute(update(t.agent).where(t.agent.c.id == agent).values(team=team))
        await conn.execute(
            update(t.user_account).where(t.user_account.c.id == "boss").values(agent_id="1002")
        )


async def test_a_teams_supervisor_acts_on_that_teams_agents_and_calls_alone(stand: Stand) -> None:
    engine = open_store(stand.settings.store_url)
    await two_teams(engine)
    await engine.dispose()
    agents = tuple(
        msgspec.structs.replace(agent_view(id_), team=team)
        for id_, team in (("1001", "lille"), ("1002", "lyon"), ("1003", "lyon"))
    )
    of_both = call_view("c3", CallState.TALKING, "1001")
    of_both = msgspec.structs.replace(of_both, agent_ids=(ONE, AgentId("1003")))
    ringing = call_view("c4", CallState.OFFERED, "1001")
    calls = (call_view("c1", CallState.TALKING, "1001"), call_view("c2"), of_both, ringing)
    await stand.floor.show(Live(1, T0, agents, (), calls, ()))
    await stand.call("GET", "/live", "boss")
    on_agent: list[tuple[str, str, object]] = [
        ("PUT", "/agents/1001/skills", {"skills": []}),
        ("PUT", "/agents/1001/queues", {"queues": []}),
    ]
    on_call: list[tuple[str, str, object]] = [
        ("POST", "hang-up", None),
        ("POST", "notes", {"text": "x"}),
        ("PATCH", "data", {"data": {"a": "b"}}),
    ]
    for method, path, body in on_agent:
        refused = await stand.call(method, path, "boss", json=body)
        assert refused.status_code == 403, (path, refused.text)
        own = path.replace("1001", "1002")
        assert (await stand.call(method, own, "boss", json=body)).is_success
        assert (await stand.call(method, path, "admin", json=body)).is_success
    for method, path, body in on_call:
        refused = await stand.call(method, f"/calls/c1/{path}", "boss", json=body)
        assert (refused.status_code, "lyon" in refused.json()["detail"]) == (403, True)
        for call_id in ("c2", "c3", "c4"):
            done = await stand.call(method, f"/calls/{call_id}/{path}", "boss", json=body)
            assert done.status_code == 200, (call_id, done.text)
        assert (await stand.call(method, f"/calls/c1/{path}", "admin", json=body)).is_success


async def test_a_teams_supervisor_acts_for_that_team(stand: Stand) -> None:
    engine = open_store(stand.settings.store_url)
    await two_teams(engine)
    pause = {"state": "paused"}
    other = await stand.call("POST", "/agents/1001/state", "boss", json=pause)
    assert other.status_code == 403
    assert "lyon" in other.json()["detail"]
    assert (await stand.call("POST", "/agents/1001/state", "admin", json=pause)).is_success
    async with engine.begin() as conn:
        await conn.execute(update(t.agent).where(t.agent.c.id == "1001").values(team="lyon"))
    await engine.dispose()
    assert (await stand.call("POST", "/agents/1001/state", "boss", json=pause)).is_success


# ---- seeing ------------------------------------------------------------------------------------


def floor_now() -> Live:
    listening = (MonitorView(BOSS, ONE, MonitorMode.LISTEN, True),)
    busy = msgspec.structs.replace(
        agent_view("1001", AgentState.TALKING),
        call_id=CallId("c3"),
        signed_in_at=T0 - 100_000_000,
        busy_ms=25_000_000,
    )
    calls = (
        call_view("c1", key=20, order=2, priority=0, enqueued_at=20),
        call_view("c2", key=10, order=1, priority=5, enqueued_at=10),
        call_view("c3", CallState.TALKING, "1001", monitors=listening),
        call_view("c4", CallState.TALKING, "1002"),
    )
    agents = (busy, agent_view("1002"))
    return Live(1, T0, agents, (queue_view("support", 2),), calls, (ALERT,))


async def test_snapshots_for_supervisors(stand: Stand) -> None:
    await stand.floor.show(floor_now())
    calls = (await stand.call("GET", "/live/calls", "boss")).json()["items"]
    assert [(call["id"], call["position"]) for call in calls] == [
        ("c2", 1),
        ("c1", 2),
        ("c3", None),
        ("c4", None),
    ]
    waiting = (await stand.call("GET", "/live/calls?state=waiting", "boss")).json()["items"]
    assert [call["id"] for call in waiting] == ["c2", "c1"]
    assert (await stand.call("GET", "/live/calls?queue=none", "boss")).json()["items"] == []
    agents = (await stand.call("GET", "/live/agents", "boss")).json()["items"]
    assert [agent["id"] for agent in agents] == ["1001", "1002"]
    # Long in comparison with what the test takes: the state goes on in real time.
    assert agents[0]["occupancy"] == pytest.approx(0.25, abs=0.001)
    ready = (await stand.call("GET", "/live/agents?state=ready", "boss")).json()["items"]
    assert [agent["id"] for agent in ready] == ["1002"]
    alerts = (await stand.call("GET", "/live/alerts", "boss")).json()["items"]
    shown = [(alert["rule_id"], alert["severity"], alert["metric"]) for alert in alerts]
    assert shown == [("late", "critical", "waiting")]
    assert alerts[0]["value"] == 7.0


async def test_an_agent_sees_no_more_than_is_theirs(stand: Stand) -> None:
    await stand.floor.show(floor_now())
    live = (await stand.call("GET", "/live", "1001")).json()
    assert [agent["id"] for agent in live["agents"]] == ["1001"]
    assert [(call["id"], call["monitors"]) for call in live["calls"]] == [("c3", [])]
    assert live["alerts"] == []
    assert (await stand.call("GET", "/live/alerts", "1001")).status_code == 403
    calls = (await stand.call("GET", "/live/calls", "1001")).json()["items"]
    assert [call["id"] for call in calls] == ["c3"]
    colleagues = (await stand.call("GET", "/live/colleagues", "1001")).json()["items"]
    assert colleagues == [
        {"id": "1002", "name": "Agent 1002", "team": None, "signed_in": True, "free": True}
    ]
    await stand.floor.stop()
    for path in ("queues", "agents", "calls", "colleagues"):
        absent = await stand.call("GET", f"/live/{path}", "1001")
        assert (absent.status_code, absent.json()["type"]) == (
            503,
            "urn:plateau:problem:floor-absent",
        )


async def socket_of(stand: Stand, login: str) -> websockets.ClientConnection:
    answer = await stand.call("POST", "/live/ticket", login)
    return await websockets.connect(
        stand.url.replace("http", "ws") + "/api/v1/live/stream",
        subprotocols=["plateau.live", f"ticket.{answer.json()['ticket']}"],  # type: ignore[list-item]
    )


async def test_alerts_are_in_the_supervisors_stream_alone(stand: Stand) -> None:
    await stand.floor.show(floor_now())
    async with await socket_of(stand, "boss") as boss, await socket_of(stand, "1001") as agent:
        assert len(json.loads(await boss.recv())["alerts"]) == 1
        assert json.loads(await agent.recv())["alerts"] == []
        stand.floor.push(LiveChange(2, T0 + 1, alerts=()))
        change = json.loads(await asyncio.wait_for(boss.recv(), 5))
        assert (change["type"], change["alerts"]) == ("change", [])
        stand.floor.push(LiveChange(3, T0 + 2, queues=(queue_view("support", 9),)))
        change = json.loads(await asyncio.wait_for(boss.recv(), 5))
        assert (change["alerts"], change["queues"][0]["waiting"]) == (None, 9)
        # The agent heard nothing of the alert: the next message is the queue's.
        change = json.loads(await asyncio.wait_for(agent.recv(), 5))
        assert (change["alerts"], change["queues"][0]["waiting"]) == (None, 9)
        gone = call_view("c3", CallState.TALKING, "1002")
        stand.floor.push(LiveChange(4, T0 + 3, calls=(gone,)))
        change = json.loads(await asyncio.wait_for(agent.recv(), 5))
        assert (change["calls"], change["calls_gone"]) == ([], ["c3"])
